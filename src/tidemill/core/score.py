"""What evaluation says: evidence in, scores between a floor and a ceiling out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tidemill.core.dataset import Dataset
from tidemill.core.finding import Findings
from tidemill.core.light import Light, worst
from tidemill.core.notebook import paragraph, table
from tidemill.core.picture import Picture, Sheet, Table
from tidemill.core.run import Run
from tidemill.core.states import HasState
from tidemill.core.words import ratio


@dataclass(frozen=True)
class Evidence:
    """Training rows, holdout rows that the generator never saw, synthetic rows, and the floor's
    rows.

    Attributes:
        train, holdout, synthetic: The three sets; no score is computed without the third.
        floor: Rows of the ``independent`` model learned from the same training rows, as many as
            synthetic.
        found: What mining found in train and confirmed on holdout; None where nothing was mined.
        mine: Mines a (train, holdout) pair in the same way, handed in by whoever stands above.
        attack: Attacks the privacy of training rows by the synthetic ones, handed in likewise.
        fair: So many rows of the generator with equal rates of an outcome, as ``fair({"sex":
            "income"}, 1000)``; None where there is no generator at hand.
    """

    train: Dataset
    holdout: Dataset
    synthetic: Dataset
    floor: Dataset
    found: Findings | None = None
    mine: Callable[[Dataset, Dataset], Findings] | None = None
    attack: Callable[[Evidence, Run], Iterable[Score]] | None = None
    fair: Callable[[Mapping[str, str], int], Dataset] | None = None


@dataclass(frozen=True, slots=True)
class Score(HasState):
    """One figure about synthetic data, between what is worthless and what is real.

    Attributes:
        metric: The registered metric that gave it.
        name: What was measured ("detection by trees (AUC)").
        value: The figure; None where it cannot be computed, and then ``why`` says why.
        floor: The same figure for independent columns.
        ceiling: The same figure for a real sample in the place of the synthetic one.
        better: Whether "high" or "low" is better, or "ceiling" where the nearest to the ceiling is.
        sentence: The figure in plain words.
        why: Why it cannot be computed.
        column: The column it is about, where it is about one.
        table, picture: Its evidence, to be shown.
        figures: Further named numbers, for machines.
        interval: (low, high) of value at 95 %, where its sampling error is known.
        light: What it means for privacy; None where it is not about that.
        columns: Where it points to single columns, which.

    Raises:
        ValueError: There is neither a finite value nor a reason why not.

    Example:
        >>> Score("detection", "detection by trees (AUC)", 0.6, floor=0.9, ceiling=0.5,
        ...     better="low").reach
        0.75
    """

    STATE = (
        "metric",
        "name",
        "value",
        "floor",
        "interval",
        "ceiling",
        "better",
        "sentence",
        "why",
        "column",
        "table",
        "picture",
        "figures",
        "light",
        "columns",
    )

    metric: str
    name: str
    value: float | None
    floor: float | None = None
    ceiling: float | None = None
    better: Literal["high", "low", "ceiling"] = "high"
    sentence: str = ""
    why: str = ""
    column: str | None = None
    table: Table | None = None
    picture: Picture | Sheet | None = None
    figures: Mapping[str, float] = field(default_factory=dict)
    interval: tuple[float, float] | None = None
    light: Light | None = None
    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.value is None and not self.why:
            raise ValueError(f"the score '{self.name}' has neither a value nor a reason why not")
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"the score '{self.name}' is not a finite number")

    @property
    def reach(self) -> float | None:
        """How far the value got from the floor (0) to the ceiling (1); None where the two do not
        stand apart."""
        if self.value is None or self.floor is None or self.ceiling is None:
            return None
        if self.floor == self.ceiling:
            return None
        return round((self.value - self.floor) / (self.ceiling - self.floor), 12)


@dataclass(frozen=True)
class Scores(HasState):
    """All scores of one evaluation and the verdict in words.

    Attributes:
        scores: In the order of the metrics; those about a single column follow the overall ones of
            their metric.
        verdict: What the scores say together, in plain words.
        limit: What they cannot say.
        light: The worst light of those about privacy; None where privacy was not measured.
    """

    STATE = ("verdict", "limit", "light", "scores")

    scores: tuple[Score, ...]
    verdict: str = ""
    limit: str = ""

    def __iter__(self) -> Iterator[Score]:
        return iter(self.scores)

    def __str__(self) -> str:
        lines = [f"{score.name}: {score.sentence or score.why}" for score in self.overall()]
        return "\n".join([*lines, "", self.verdict, self.limit]).strip()

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def light(self) -> Light | None:
        """The worst light of the scores about privacy; None where it was not measured."""
        lights = [score.light for score in self.scores if score.light is not None]
        return worst(lights) if lights else None

    def of(self, metric: str) -> tuple[Score, ...]:
        """The scores of one metric."""
        return tuple(score for score in self.scores if score.metric == metric)

    def __getitem__(self, name: str) -> Score:
        """The overall score of this name (not one about a single column).

        Raises:
            KeyError: There is none.
        """
        for score in self.scores:
            if score.name == name and score.column is None:
                return score
        raise KeyError(name)

    def overall(self) -> tuple[Score, ...]:
        """The scores that are not about a single column."""
        return tuple(score for score in self.scores if score.column is None)

    def _repr_html_(self) -> str:
        titles = ("score", "independent columns", "synthetic", "real")
        rows = []
        for score in self.overall():
            value = _decimals(score.value) or score.why
            rows.append((score.name, _decimals(score.floor), value, _decimals(score.ceiling)))
        return paragraph("", bold=self.verdict) + paragraph(self.limit) + table(titles, rows)


def _decimals(value: float | None) -> str:
    return "" if value is None else ratio(value)

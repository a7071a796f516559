"""What the page of a loop is made from, and how its figures are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Literal

from tidemill.core.dataset import Dataset
from tidemill.core.finding import Findings
from tidemill.core.verdict import Contrast, RoundRecord, Verdict
from tidemill.reporting.blocks import PictureBlock, Series

COST = "cost"
"""The measure that is money, and the lower the better."""


@dataclass(frozen=True)
class LoopReportInput:
    """Everything that the page of a loop tells.

    Attributes:
        name: What the data are called.
        verdict: Whether generated rows help.
        turns: The rounds; the first is the real rows alone.
        train, test: The real rows, cleaned.
        strategy: What is best, in words.
        kind: Where the best strategy's rows come from.
        generated: Rows that it adds to all training rows.
        measures: A measure's name -> its words ("average precision").
        learners: A learner's name -> its words ("boosted trees").
        stopped: Why the loop ended, as "round 2 did not pay".
        findings: What mining found in the training rows.
        cost: What a false alarm ("fp") and a missed case ("fn") cost, where that was given.
        generator: How rows were generated, in words.
        folder: Where the results lie, for the example of how to use the winner; "" for nowhere.
        command, seed, threads, versions, generated_at, seconds: How the loop was started, and what
            it took, step by step.
        rows, columns: What was read, before any split.
        warnings: What the run told the user.
    """

    name: str
    verdict: Verdict
    turns: tuple[RoundRecord, ...]
    train: Dataset
    test: Dataset
    strategy: str
    kind: Literal["real", "interpolated", "generated", "elsewhere"]
    generated: int = 0
    measures: Mapping[str, str] = field(default_factory=dict)
    learners: Mapping[str, str] = field(default_factory=dict)
    stopped: str = ""
    findings: Findings | None = None
    cost: Mapping[str, float] | None = None
    generator: str = ""
    folder: str = ""
    command: str = ""
    seed: int | None = None
    threads: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    generated_at: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    rows: int | None = None
    columns: int | None = None
    warnings: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """The column that is predicted."""
        column = self.train.target
        return "the target" if column is None else column.name

    @property
    def measure(self) -> str:
        """The name of the measure that decides."""
        return self.verdict.contrasts[0].measure if self.verdict.contrasts else ""

    @property
    def tried(self) -> int:
        """How many strategies that add rows competed."""
        return len(self._tried_kinds)

    @property
    def rows_added(self) -> str:
        """What such strategies add, in words."""
        return "added rows" if "elsewhere" in self._tried_kinds else "generated rows"

    @property
    def from_elsewhere(self) -> bool:
        """Whether the best strategy adds rows of another source."""
        return "rows from elsewhere" in self.strategy and self.kind != "real"

    @property
    def _tried_kinds(self) -> list[str]:
        kinds = [candidate.kind for turn in self.turns for candidate in turn.candidates]
        return [kind for kind in kinds if kind in ("generated", "elsewhere")]

    def words(self, name: str) -> str:
        """A measure or a learner in words."""
        return self.measures.get(name) or self.learners.get(name) or name.replace("_", " ")


def forest(
    title: str,
    rows: Sequence[tuple[str, float | None, float | None, float | None]],
    account: LoopReportInput,
    measure: str,
) -> PictureBlock:
    """Gains with their intervals beside a line at 0: (name, gain, lower end, upper end) of each."""
    scale, _ = unit_of(measure)
    label = f"points of {account.words(measure)} (hundredths)"
    if measure == COST:
        label = "lower cost per 1,000 rows, in your currency"
    names, gains, lows, highs = zip(*rows, strict=True)
    series = (
        Series("gain", _scaled(gains, scale)),
        Series("lower end", _scaled(lows, scale)),
        Series("upper end", _scaled(highs, scale)),
    )
    return PictureBlock("intervals", title, names, series, label)


def _scaled(numbers: Sequence[float | None], scale: float) -> tuple[float | None, ...]:
    """Times the scale; None for what is unknown or not finite."""
    scaled: list[float | None] = []
    for number in numbers:
        if number is None or not isfinite(number):
            scaled.append(None)
        else:
            scaled.append(round(scale * number, 4))
    return tuple(scaled)


def value(measure: str, number: float) -> str:
    """A figure of a measure: money, or a ratio with three decimals."""
    if not isfinite(number):
        return "–"
    return in_money(number) if measure == COST else f"{number:.3f}"


def gain(contrast: Contrast) -> str:
    """ "+2.1 (0.8 to 3.3)", in points or money."""
    return interval(contrast.measure, contrast.gain, contrast.low, contrast.high)


def interval(measure: str, middle: float, low: float | None, high: float | None) -> str:
    """A gain with its interval, in points (hundredths) or money."""
    if low is None or high is None or not isfinite(low):
        return "not known"
    scale, _ = unit_of(measure)
    gained, below, above = same_places(scale, middle, low, high)
    sign = "+" if middle > 0 and gained.strip("0.") else ""
    return f"{sign}{gained} ({below} to {above})"


def same_places(scale: float, *numbers: float) -> tuple[str, ...]:
    """Numbers with as many decimals as the widest of them needs."""
    widest = max(abs(scale * number) for number in numbers)
    places = 2
    if widest >= 0.4:
        places = 0 if widest >= 100 else 1
    return tuple(f"{round(scale * number, places) + 0.0:,.{places}f}" for number in numbers)


def unit_of(measure: str) -> tuple[float, str]:
    """What a gain is multiplied by, and the word behind it: points (hundredths), nothing for
    money."""
    return (1.0, "") if measure == COST else (100.0, " points")


def in_money(amount: float) -> str:
    """An amount in the user's currency, which is not known."""
    whole = abs(amount) >= 100 or float(amount).is_integer()
    return f"{amount:,.0f}" if whole else f"{amount:,.2f}"

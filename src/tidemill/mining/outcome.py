"""The target as numbers to learn: classes as codes, or the number itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.condition import Test
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.words import number, percent, share_interval
from tidemill.mining.binning import as_floats
from tidemill.mining.scale import PLAIN, TargetScale, learn_scale
from tidemill.mining.significance import mean_interval, median_interval
from tidemill.supervised.arrays import Floats
from tidemill.supervised.intervals import wilson
from tidemill.supervised.levels import level_codes

MOST_CLASSES = 20
FEWEST_ROWS = 30
FEWEST_IN_CLASS = 8
OTHER = "any other level"
_YES = {"true", "yes", "1", "1.0", "y", "t", "ja", "oui", "是"}


@dataclass(frozen=True)
class Outcome:
    """What is to be predicted, as learned from the training rows.

    Attributes:
        column: The target's name.
        kind: Two classes, several, or a number.
        levels: The class names by code; of two classes, the second is the one that is spoken of.
            Empty for a number.
        values: The classes as they stand in the column; None for the class that joins rare levels.
        scale: Of a number, the scale on which it is predicted.
    """

    column: str
    kind: Literal["binary", "classes", "number"]
    levels: tuple[str, ...] = ()
    values: tuple[Any, ...] = ()
    scale: TargetScale = PLAIN

    def codes(self, data: Dataset) -> Floats:
        """The class codes, or the numbers, of the rows (n,); NaN where the target is missing or
        infinite."""
        series = data[self.column]
        if self.kind == "number":
            numbers = as_floats(series)
            return np.where(np.isfinite(numbers), numbers, np.nan)
        rest = float(self.levels.index(OTHER)) if OTHER in self.levels else np.nan
        return level_codes(series, self.levels, other=rest, missing=np.nan)

    def learned(self, data: Dataset) -> Floats:
        """What is predicted of each row, (n,): the codes, or the numbers on their scale."""
        return self.scale.of(self.codes(data))

    def event(self, code: int = 1) -> str:
        """A class in words: ``Churn = Yes``."""
        value = self.values[code]
        if value is None:
            value = "another level"
        return f"{self.column} = {value}"

    def test(self, code: int) -> tuple[Test, ...]:
        """The rows of a class; no test for the class that joins rare levels."""
        return () if self.values[code] is None else (Test(self.column, "=", self.values[code]),)


@dataclass(frozen=True, slots=True)
class Level:
    """The target among some rows: a share, a mean or a median with its 95 % interval, and the same
    among all rows."""

    name: str
    value: float
    low: float
    high: float
    overall: float
    rows: int
    words: str


def learn_outcome(train: Dataset, run: Run, *, warn: bool = True) -> Outcome | None:
    """What the target is, or None where there is none that can be learned (a warning then says
    why)."""
    target = train.target
    if target is None:
        return None
    outcome = _learned(train[target.name].drop_nulls(), target.kind)
    if isinstance(outcome, Outcome):
        return outcome
    if warn:
        run.warn(f"The target '{target.name}' cannot be mined: {outcome}.", "mine")
    return None


def _learned(series: pl.Series, kind: str) -> Outcome | str:
    """What the target is, or why it cannot be learned."""
    if kind not in ("number", "boolean", "category"):
        return (
            f"it is of the kind '{kind}', and only numbers, categories and booleans can be "
            "predicted"
        )
    if len(series) < FEWEST_ROWS:
        return f"it is known in {len(series)} training rows only"
    if series.n_unique() < 2:
        return "it is the same in every training row"
    if kind == "number" and series.n_unique() > 2:
        numbers = as_floats(series)
        scale = learn_scale(numbers[np.isfinite(numbers)])
        return Outcome(series.name, "number", scale=scale)
    classes = _classes(series)
    if classes is None:
        return "fewer than two of its levels have enough training rows to learn from"
    return classes


def _classes(series: pl.Series) -> Outcome | None:
    """The levels with enough rows as classes; None where there are fewer than two."""
    counts = (
        series.rename("value")
        .to_frame()
        .with_columns(level=pl.col("value").cast(pl.String))
        .group_by("level")
        .agg(pl.len().alias("rows"), pl.col("value").first())
        .sort(["rows", "level"], descending=[True, False])
    )
    least: float = FEWEST_IN_CLASS
    if counts.height > 2:
        least = max(least, 0.002 * len(series))
    kept = counts.filter(pl.col("rows") >= least).head(MOST_CLASSES)
    levels = kept["level"].to_list()
    values = kept["value"].to_list()
    if sum(counts["rows"]) - sum(kept["rows"]) >= least:
        levels.append(OTHER)
        values.append(None)
    if len(levels) < 2:
        return None
    if len(levels) == 2:
        # the class that is spoken of: the one that says yes, else the rarer
        if levels[0].lower() in _YES:
            levels.reverse()
            values.reverse()
        return Outcome(series.name, "binary", tuple(levels), tuple(values))
    return Outcome(series.name, "classes", tuple(levels), tuple(values))


def level_among(outcome: Outcome, codes: Floats, inside: NDArray[np.bool_]) -> Level | None:
    """The target among the rows inside, beside all rows; None where no row inside has a target.

    Of several classes, the one that is most over-represented inside is spoken of.
    """
    known = ~np.isnan(codes)
    these, every = codes[inside & known], codes[known]
    if len(these) == 0:
        return None
    if outcome.kind == "number":
        return _centre_among(outcome, these, every)
    code = 1
    if outcome.kind == "classes":
        code = _most_raised(these, every, len(outcome.levels))
    event = outcome.event(code)
    hits = int((these == code).sum())
    share = hits / len(these)
    overall = float((every == code).mean())
    low, high = wilson(hits, len(these))
    words = (
        f"{event} on {percent(share)} of them ({share_interval(low, high)}) against "
        f"{percent(overall)} overall"
    )
    return Level(event, share, low, high, overall, len(these), words)


def _centre_among(outcome: Outcome, these: Floats, every: Floats) -> Level:
    scale = outcome.scale
    centre, overall = scale.centre(these), scale.centre(every)
    low, high = mean_interval(these) if scale.kind == "plain" else median_interval(these)
    words = f"the {scale.centre_name} of {outcome.column} is {number(centre)}"
    if np.isfinite(low) and np.isfinite(high):
        words += f" (95 % interval {number(low)} to {number(high)})"
    words += f" against {number(overall)} overall"
    name = f"{scale.centre_name} {outcome.column}"
    return Level(name, centre, low, high, overall, len(these), words)


def _most_raised(these: Floats, every: Floats, classes: int) -> int:
    inside = np.bincount(these.astype(int), minlength=classes) / len(these)
    overall = np.bincount(every.astype(int), minlength=classes) / len(every)
    return int(np.argmax((inside - overall) / np.sqrt(np.maximum(overall * (1 - overall), 1e-9))))

"""Columns cut into bins that can be named: frequent single values, round-numbered ranges,
levels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.condition import Test
from tidemill.core.persons import FEWEST_PERSONS
from tidemill.core.schema import Column
from tidemill.core.words import format_value
from tidemill.mining.wording import range_words
from tidemill.supervised.levels import level_codes

Codes = NDArray[np.int16]

FEW_VALUES = 6
"""A number with at most so many different values keeps each as a bin of its own."""


@dataclass(frozen=True)
class NumberBins:
    """Ordered bins of a number or datetime column, and one last bin for missing values.

    Beside a frequent single value a bin may be empty in training: it stands for values that were
    never seen.

    Attributes:
        column: The column's name.
        dtype: Its polars dtype, for values in tests.
        cuts: Where one bin ends and the next begins: a position, and whether a value exactly there
            is in the later bin.
        whole: Whether every value is a whole number.
    """

    column: str
    dtype: pl.DataType
    cuts: tuple[tuple[float, bool], ...]
    whole: bool

    @property
    def size(self) -> int:
        """Bins, the one for missing values included."""
        return len(self.cuts) + 2

    def codes(self, series: pl.Series) -> Codes:
        """The bin of each row, (n,)."""
        values = as_floats(series)
        later = np.array([value for value, closed in self.cuts if closed])
        after = np.array([value for value, closed in self.cuts if not closed])
        codes = np.searchsorted(later, values, "right") + np.searchsorted(after, values, "left")
        return np.where(np.isnan(values), self.size - 1, codes).astype(np.int16)

    def tests(self, code: int) -> tuple[Test, ...]:
        """What a row of this bin fulfils."""
        if code == self.size - 1:
            return (Test(self.column, "missing"),)
        before = self.cuts[code - 1] if code else None
        behind = self.cuts[code] if code < len(self.cuts) else None
        if before and behind and (before[0] == behind[0] or self._next(before, behind)):
            return (Test(self.column, "=", self.native(before[0])),)
        tests = []
        if before:
            tests.append(self.above(code - 1))
        if behind:
            tests.append(self.below(code))
        return tuple(tests)

    def _next(self, before: tuple[float, bool], behind: tuple[float, bool]) -> bool:
        return self.whole and before[1] and behind == (before[0] + 1, True)

    def above(self, cut: int) -> Test:
        """The test that a row lies behind this cut."""
        value, closed = self.cuts[cut]
        return Test(self.column, ">=" if closed else ">", self.native(value))

    def below(self, cut: int) -> Test:
        """The test that a row lies before this cut."""
        value, closed = self.cuts[cut]
        return Test(self.column, "<" if closed else "<=", self.native(value))

    def native(self, value: float) -> Any:
        """A position as a value of the column."""
        if self.dtype.is_temporal():
            return pl.Series([int(value)], dtype=pl.Int64).cast(self.dtype)[0]
        return int(value) if self.whole else value

    def label(self, code: int) -> str:
        """The bin in words, without the column's name."""
        return range_words(self.tests(code)) if self.tests(code) else "any value"


@dataclass(frozen=True)
class LevelBins:
    """The frequent levels of a category, and one last bin for missing values; other levels are in
    no bin (-1).

    Attributes:
        column: The column's name.
        levels: Level names (text), the most frequent first.
        values: The same levels as they stand in the column.
    """

    column: str
    levels: tuple[str, ...]
    values: tuple[Any, ...]

    @property
    def size(self) -> int:
        """Bins, the one for missing values included."""
        return len(self.levels) + 1

    def codes(self, series: pl.Series) -> Codes:
        """The bin of each row, (n,)."""
        codes = level_codes(series, self.levels, other=-1, missing=self.size - 1)
        return codes.astype(np.int16)

    def tests(self, code: int) -> tuple[Test, ...]:
        """What a row of this bin fulfils."""
        if code == self.size - 1:
            return (Test(self.column, "missing"),)
        return (Test(self.column, "=", self.values[code]),)

    def label(self, code: int) -> str:
        """The bin in words, without the column's name."""
        return "missing" if code == self.size - 1 else format_value(self.values[code]).strip("'")


Bins = NumberBins | LevelBins


def learn_bins(
    series: pl.Series,
    column: Column,
    *,
    parts: int | Sequence[float] = 4,
    atom: float = 0.15,
    levels: int = 20,
) -> Bins:
    """Bins of a column's values, with round-numbered cuts near the quantiles.

    Args:
        series: Training values.
        column: What the schema says of them.
        parts: Ranges that the rest of a number is cut into, of about equal counts; or the quantiles
            of the cuts.
        atom: A single number that at least this share of rows has is a bin of its own.
        levels: Most levels of a category.
    """
    if column.kind in ("category", "boolean"):
        return _level_bins(series, levels)
    values = as_floats(series)
    values = np.sort(values[np.isfinite(values)])
    whole = series.dtype.is_integer() or (
        len(values) > 0
        and bool(np.all(values == np.round(values)))
        and not series.dtype.is_temporal()
    )
    quantiles = [at / parts for at in range(1, parts)] if isinstance(parts, int) else list(parts)
    cuts = _number_cuts(values, quantiles, atom, whole, series.dtype)
    return NumberBins(series.name, series.dtype, cuts, whole)


def as_floats(series: pl.Series) -> NDArray[np.float64]:
    """Numbers, or datetimes as counts of their unit since 1970; NaN where missing."""
    physical = series.to_physical() if series.dtype.is_temporal() else series
    return physical.cast(pl.Float64).fill_null(math.nan).to_numpy()


def _level_bins(series: pl.Series, most: int) -> LevelBins:
    counts = (
        series.drop_nulls()
        .rename("value")
        .to_frame()
        .with_columns(level=pl.col("value").cast(pl.String))
        .group_by("level")
        .agg(pl.len().alias("rows"), pl.col("value").first())
        .filter(pl.col("rows") >= FEWEST_PERSONS)
        .sort(["rows", "level"], descending=[True, False])
        .head(most)
    )
    levels, values = counts["level"].to_list(), counts["value"].to_list()
    return LevelBins(series.name, tuple(levels), tuple(values))


def _number_cuts(
    values: NDArray[np.float64],
    quantiles: list[float],
    atom: float,
    whole: bool,
    dtype: pl.DataType,
) -> tuple[tuple[float, bool], ...]:
    """Cuts for sorted finite values: both sides of each atom, and round numbers near the quantiles
    between atoms."""
    if len(values) == 0:
        return ()
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) <= FEW_VALUES and not dtype.is_temporal():
        atoms = distinct
    else:
        atoms = distinct[counts >= max(atom * len(values), 2)]
    cuts: list[tuple[float, bool]] = []
    edges = [-math.inf, *atoms.tolist(), math.inf]
    for low, high in pairwise(edges):
        inside = values[(values > low) & (values < high)]
        wanted = round((len(quantiles) + 1) * len(inside) / len(values))
        between = quantiles
        if wanted <= len(quantiles):
            between = [at / wanted for at in range(1, wanted)]
        cuts += [(cut, True) for cut in _round_quantiles(inside, between, whole, dtype)]
        if high < math.inf:
            cuts += [(high, True), (high, False)]
    return tuple(cuts)


def _round_quantiles(
    values: NDArray[np.float64], quantiles: list[float], whole: bool, dtype: pl.DataType
) -> list[float]:
    if not quantiles or values[0] == values[-1]:
        return []
    cuts: list[float] = []
    edges = [0.0, *quantiles, 1.0]
    for place, at in enumerate(quantiles, start=1):
        slack = 0.3 * min(at - edges[place - 1], edges[place + 1] - at)
        low, middle, high = np.quantile(values, [at - slack, at, at + slack])
        if dtype.is_temporal():
            cut = _round_date(low, high, dtype)
        else:
            cut = round_number(low, middle, high, whole=whole)
        if values[0] < cut <= values[-1] and (not cuts or cut > cuts[-1]):
            cuts.append(cut)
    return cuts


def round_number(low: float, middle: float, high: float, *, whole: bool = False) -> float:
    """The number with the fewest digits in [low, high], near the middle where there is a choice.

    Example:
        >>> (round_number(33.1, 35.7, 38.2), round_number(0.0123, 0.0125, 0.0127),
        ...     round_number(-3.0, 1.0, 2.0))
        (35.0, 0.0125, 0.0)
    """
    if low <= 0 <= high:
        return 0.0
    exponent = math.floor(math.log10(max(abs(low), abs(high)))) + 1
    for power in range(exponent, max(exponent - 17, -300), -1):
        for step in (5 * 10.0**power, 2 * 10.0**power, 10.0**power):
            if whole and step < 1:
                return float(round(middle))
            for candidate in (round(middle / step) * step, math.ceil(low / step) * step):
                exact = float(f"{candidate:.15g}")
                if low <= exact <= high:
                    return exact
    return middle


def _round_date(low: float, high: float, dtype: pl.DataType) -> float:
    end = pl.Series([int(high)], dtype=pl.Int64).cast(dtype)
    every = ("1y", "1mo", "1d") if dtype == pl.Date else ("1y", "1mo", "1d", "1h", "1m")
    for unit in every:
        start = float(end.dt.truncate(unit).to_physical()[0])
        if start >= low:
            return start
    return float(int(high))


def code_matrix(frame: pl.DataFrame, bins: Sequence[Bins]) -> Codes:
    """The bin of each row in each binned column, (n, columns)."""
    if not bins:
        return np.empty((frame.height, 0), np.int16)
    return np.column_stack([each.codes(frame[each.column]) for each in bins])

"""Mixed columns as one matrix of real numbers in which every column has the same say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column
from tidemill.mining.binning import as_floats
from tidemill.supervised.arrays import Floats
from tidemill.supervised.levels import frequent_levels, level_codes

MOST_LEVELS = 20


@dataclass(frozen=True)
class NumberAxis:
    """A number on one axis: logarithm where it is skewed, clipped to its usual range, variance 1 in
    training.

    Attributes:
        column: The column's name.
        low, high: The range values are clipped to.
        log: Whether log(1 + |x|), with x's sign, is taken first.
        mean, scale: Of the clipped training values.
        missing: Scale of a second axis that marks missing values; 0 where none were missing.
    """

    column: str
    low: float
    high: float
    log: bool
    mean: float
    scale: float
    missing: float

    def place(self, series: pl.Series) -> Floats:
        """The rows on the axis, (n, 1 or 2); missing values lie in the middle."""
        values = _clipped(as_floats(series), self.low, self.high, self.log)
        gone = np.isnan(values)
        axis = np.where(gone, 0.0, (values - self.mean) / self.scale)
        return np.column_stack([axis, gone * self.missing]) if self.missing else axis[:, None]


@dataclass(frozen=True)
class LevelAxes:
    """A category on one axis per frequent level, scaled so that all its axes together have variance
    1 in training.

    Attributes:
        column: The column's name.
        levels: Its frequent levels; missing and rare ones have an axis each at the end.
        means: Share of each axis, (levels + 2,).
        scale: What the 0/1 axes are divided by.
    """

    column: str
    levels: tuple[str, ...]
    means: tuple[float, ...]
    scale: float

    def place(self, series: pl.Series) -> Floats:
        """The rows on the axes, (n, levels + 2)."""
        return np.asarray((_one_hot(series, self.levels) - np.array(self.means)) / self.scale)


Axis = NumberAxis | LevelAxes


def learn_axes(train: Dataset, columns: tuple[Column, ...]) -> tuple[Axis, ...]:
    """The axes of these columns, without those that do not vary.

    Numbers of variance 1 beside categories of total variance 1 are what factor analysis of mixed
    data (Pagès 2004) uses, but for the division of a category's weight by its number of levels,
    which keeps wide categories from ruling.
    """
    found: list[Axis] = []
    for column in columns:
        series = train[column.name]
        axis = (
            _number_axis(series) if column.kind in ("number", "datetime") else _level_axes(series)
        )
        if axis is not None:
            found.append(axis)
    return tuple(found)


def embed(data: Dataset, axes: tuple[Axis, ...]) -> Floats:
    """The rows of a table as points, (n, dimensions)."""
    if not axes:
        return np.empty((len(data), 0))
    return np.hstack([axis.place(data[axis.column]) for axis in axes])


def _number_axis(series: pl.Series) -> NumberAxis | None:
    values = as_floats(series)
    known = values[np.isfinite(values)]
    if len(np.unique(known)) < 2:
        return None
    spread = known.std()
    log = bool(np.mean((known - known.mean()) ** 3) > 2 * spread**3 and np.abs(known).max() > 10)
    low, high = np.quantile(known, [0.005, 0.995])
    clipped = _clipped(known, low, high, log)
    scale = float(clipped.std())
    if scale == 0:  # nearly all values are one: keep the others within ten times the usual distance
        low, high = float(known.min()), float(known.max())
        clipped = _clipped(known, low, high, log)
        scale = float(clipped.std())
    gone = float(np.isnan(values).mean())
    marker = 1 / np.sqrt(gone * (1 - gone)) if gone >= 0.01 else 0.0
    mean = float(clipped.mean())
    return NumberAxis(
        series.name, float(low), float(high), log, mean, scale, float(min(marker, 3.0))
    )


def _clipped(values: Floats, low: float, high: float, log: bool) -> Floats:
    values = np.clip(values, low, high)
    return np.sign(values) * np.log1p(np.abs(values)) if log else values


def _level_axes(series: pl.Series) -> LevelAxes | None:
    levels = frequent_levels(series, MOST_LEVELS)
    means = _one_hot(series, levels).mean(axis=0)
    variance = float((means * (1 - means)).sum())
    if variance <= 0:
        return None
    return LevelAxes(series.name, levels, tuple(means.tolist()), float(np.sqrt(variance)))


def _one_hot(series: pl.Series, levels: tuple[str, ...]) -> Floats:
    at = level_codes(series, levels, other=len(levels) + 1, missing=len(levels)).astype(int)
    return np.eye(len(levels) + 2)[at]

"""How much groups of rows differ."""

from __future__ import annotations

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column

MOST_LEVELS = 5
"""Of a category, so many levels are told."""


def numbers_of(data: Dataset, column: Column) -> list[np.ndarray]:
    """A column as numbers with NaN for what is missing: itself, or whether it is each of its most
    frequent levels."""
    values = data.frame[column.name]
    if column.kind in ("number", "datetime", "boolean"):
        return [as_numbers(values)]
    if column.kind != "category":
        return []
    return [as_numbers(values, level) for level in levels_of(data, column)]


def as_numbers(values: pl.Series, level: str | None = None) -> np.ndarray:
    """(n,) numbers and truths as they are, times in microseconds since 1970, and of a category
    whether it is a level; NaN for what is missing."""
    if level is not None:
        values = values.cast(pl.String) == level
    elif values.dtype.is_temporal():
        values = values.cast(pl.Datetime("us")).to_physical()
    return values.cast(pl.Float64, strict=False).to_numpy()


def levels_of(data: Dataset, column: Column) -> list[str]:
    """The MOST_LEVELS most frequent levels of a category, in the order of their names."""
    return sorted(most_frequent(data.frame[column.name], MOST_LEVELS))


def most_frequent(values: pl.Series, most: int) -> list[str]:
    """So many levels, the most frequent first."""
    texts = values.cast(pl.String).drop_nulls().alias("level")
    counts = texts.value_counts(name="rows").sort("rows", "level", descending=[True, False])
    return counts["level"].head(most).to_list()


def group_means(values: np.ndarray, group: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """(rows,) how many values are known of each group, and their mean; NaN of none."""
    known = np.isfinite(values)
    sizes = np.bincount(group[known], minlength=rows)
    sums = np.bincount(group[known], values[known], minlength=rows)
    return sizes, np.where(sizes > 0, sums / np.maximum(sizes, 1), np.nan)


def between(values: np.ndarray, group: np.ndarray) -> float:
    """The share of the variance that lies between groups, beyond chance; 0 where there is none.

    Example:
        >>> between(np.array([1.0, 1.0, 3.0, 3.0, 5.0, 5.0]), np.array([0, 0, 1, 1, 2, 2]))
        1.0
    """
    known = np.isfinite(values)
    values, group = values[known], np.unique(group[known], return_inverse=True)[1]
    n, groups = len(values), int(group.max(initial=-1)) + 1
    if n - groups < 2 or groups < 2:
        return 0.0
    values = values - values.mean()
    sizes = np.bincount(group)
    means = np.bincount(group, values) / sizes
    total = float(values @ values)
    if not total:
        return 0.0
    explained = float(sizes @ means**2)
    noise = (total - explained) / (n - groups)
    return max((explained - (groups - 1) * noise) / (total + noise), 0.0)

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
        return [values.to_physical().cast(pl.Float64, strict=False).to_numpy()]
    if column.kind != "category":
        return []
    texts = values.cast(pl.String)
    return [(texts == level).cast(pl.Float64).to_numpy() for level in levels_of(data, column)]


def levels_of(data: Dataset, column: Column) -> list[str]:
    """The most frequent levels of a category, in the order of their names."""
    texts = data.frame[column.name].cast(pl.String).drop_nulls().alias("level")
    counts = texts.value_counts(name="rows").sort("rows", "level", descending=[True, False])
    return sorted(counts["level"].head(MOST_LEVELS).to_list())


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

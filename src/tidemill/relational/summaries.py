"""What rows that point to a row tell of it: how many they are, and their means, spreads and shares,
where groups of them differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column
from tidemill.supervised.groups import between, numbers_of

FEWEST, ROWS_A_SUMMARY, MOST = 4, 60, 40
"""Of a link there are so many summaries at least, one for so many rows that are pointed to, and so
many at most: few rows do not tell what many say of each other."""
LEAST_BETWEEN = 0.01
"""Less of the variance between groups is not worth a summary."""
DIGITS, TINY = 9, 1e-9
"""Of a summary so many digits are told, and no number that is smaller."""
DAY = 86_400_000_000
"""Microseconds, as those of :func:`tidemill.supervised.groups.as_numbers`."""


@dataclass(frozen=True)
class Summary:
    """One number or time for each row that is pointed to; NaN or NaT where nothing tells it.

    Attributes:
        column: What it is.
        values: Of each row.
        between: The share of the variance between groups that it tells of.
    """

    column: Column
    values: pl.Series
    between: float


def count_name(label: str) -> str:
    """What the column is called that tells how many rows point to a row."""
    return f"{label}: rows"


def same_name(label: str, column: str) -> str:
    """What the column is called that tells what rows that point to a row have in common."""
    return f"{label}: {column}"


def summaries(child: Dataset, at: np.ndarray, rows: int, label: str) -> list[Summary]:
    """What the rows of a table tell of those that they point to.

    Args:
        child: The rows that point.
        at: (rows of the child,) the row that each points to; below 0 for none.
        rows: How many rows can be pointed to.
        label: What the columns are called by.
    """
    here = np.flatnonzero(at >= 0)
    group = at[here]
    counts = np.bincount(group, minlength=rows)
    name = count_name(label)
    first = Column(name, "number", step="1", dtype="Int64", reason="it counts rows")
    found = [Summary(first, pl.Series(name, counts, pl.Int64), 1.0)]
    rivals: list[Summary] = []
    for column in child.schema.modelled:
        rivals += _of_column(child, column, here, group, rows, label)
    rivals = [one for one in rivals if one.between >= LEAST_BETWEEN]
    rivals.sort(key=lambda one: -one.between)
    return found + rivals[: int(np.clip(rows // ROWS_A_SUMMARY, FEWEST, MOST))]


def _of_column(
    child: Dataset, column: Column, here: np.ndarray, group: np.ndarray, rows: int, label: str
) -> Iterator[Summary]:
    parts = [values[here] for values in numbers_of(child, column)]
    for at, values in enumerate(parts):
        sizes, means = _means(values, group, rows)
        told = between(values, group)
        which = f"{column.name} ({at + 1})" if len(parts) > 1 else column.name
        if column.kind == "datetime":
            yield _time(f"{label}: first {which}", child, column, values, group, rows, told)
        else:
            yield _number(f"{label}: mean of {which}", means, told)
        if column.kind in ("number", "datetime"):
            away = np.abs(values - means[group])
            spread = np.sqrt(_means(away**2, group, rows)[1])
            spread[sizes < 2] = np.nan
            if column.kind == "datetime":
                spread = spread / DAY
            yield _number(f"{label}: spread of {which}", spread, between(away, group))


def _means(values: np.ndarray, group: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """(rows,) how many values are known of each group, and their mean; NaN of none."""
    known = np.isfinite(values)
    sizes = np.bincount(group[known], minlength=rows)
    sums = np.bincount(group[known], values[known], minlength=rows)
    return sizes, np.where(sizes > 0, sums / np.maximum(sizes, 1), np.nan)


def _number(name: str, values: np.ndarray, told: float) -> Summary:
    values = np.where(np.abs(values) < TINY, 0.0, values)
    scale = 10.0 ** (DIGITS - 1 - np.floor(np.log10(np.abs(np.where(values == 0, 1, values)))))
    values = np.round(values * scale) / scale  # means of equal values are equal
    series = pl.Series(name, values, pl.Float64, nan_to_null=True)
    missing = bool(series.is_null().any())
    return Summary(Column(name, "number", nullable=missing, dtype="Float64"), series, told)


def _time(
    name: str,
    child: Dataset,
    column: Column,
    values: np.ndarray,
    group: np.ndarray,
    rows: int,
    told: float,
) -> Summary:
    """The first time of each group, in the type of the column."""
    earliest = np.full(rows, np.inf)
    known = np.isfinite(values)
    np.minimum.at(earliest, group[known], values[known])
    whole = pl.Series(name, np.where(np.isfinite(earliest), earliest, np.nan), nan_to_null=True)
    dtype = child.frame[column.name].dtype
    series = whole.cast(pl.Int64).cast(pl.Datetime("us")).cast(dtype)
    missing = bool(series.is_null().any())
    return Summary(Column(name, "datetime", nullable=missing, dtype=str(dtype)), series, told)

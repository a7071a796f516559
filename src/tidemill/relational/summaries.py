"""What rows that point to a row tell of it: how many they are, and their means, spreads and shares,
where groups of them differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column
from tidemill.relational.promises import MEAN, SPREAD, Promise
from tidemill.relational.running import Running
from tidemill.supervised.groups import between, group_means, levels_of, numbers_of

FEWEST, ROWS_A_SUMMARY, MOST = 4, 30, 40
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
        promise: What it says of the rows that point; None where these need not keep it.
    """

    column: Column
    values: pl.Series
    between: float
    promise: Promise | None = None


def count_name(label: str) -> str:
    """What the column is called that tells how many rows point to a row."""
    return f"{label}: rows"


def same_name(label: str, column: str) -> str:
    """What the column is called that tells what rows that point to a row have in common."""
    return f"{label}: {column}"


def opening_name(label: str, column: str) -> str:
    """What the column is called that tells where a column stood before the rows of a row."""
    return f"{label}: {column} before"


def summaries(child: Dataset, at: np.ndarray, rows: int, label: str) -> list[Summary]:
    """What the rows of a table tell of those that they point to.

    Args:
        child: The rows that point.
        at: (rows of the child,) the row that each points to; below 0 for none.
        rows: How many rows can be pointed to.
        label: What the columns are called by.
    """
    counts = np.bincount(at[at >= 0], minlength=rows)
    name = count_name(label)
    first = Column(name, "number", step="1", dtype="Int64", reason="it counts rows")
    found = [Summary(first, pl.Series(name, counts, pl.Int64), 1.0)]
    here = np.flatnonzero(at >= 0)
    rivals: list[Summary] = []
    for column in child.schema.modelled:
        rivals += _of_column(child, column, here, at[here], rows, label)
    return found + _strongest(rivals, rows)


def telling_traits(
    sort: pl.Series, traits: np.ndarray, at: np.ndarray, rows: int, label: str
) -> list[Summary]:
    """What rows tell of those that they are made for, by the sorts of what they point to besides.

    Args:
        sort: The sort of each.
        traits: (sorts, k) where each sort stands.
        at, rows, label: As for :func:`summaries`.
    """
    here = np.flatnonzero((at >= 0) & sort.is_not_null().to_numpy())
    group, own = at[here], sort.gather(here).cast(pl.Int64).to_numpy()
    rivals: list[Summary] = []
    for k, along in enumerate(traits.T):
        mean = Promise(f"{label}: mean of trait {k + 1}", sort.name, MEAN, trait=k)
        spread = Promise(f"{label}: spread of trait {k + 1}", sort.name, SPREAD, trait=k)
        rivals += _mean_and_spread(along[own], group, rows, mean, spread)
    return _strongest(rivals, rows)


def telling_steps(
    rule: Running, child: pl.DataFrame, at: np.ndarray, rows: int, label: str
) -> list[Summary]:
    """How far a column that goes on from row to row gets with those of each row, as the mean of
    its steps.

    Args:
        rule: How it goes on.
        child, at, rows, label: As for :func:`summaries`.
    """
    here = np.flatnonzero(at >= 0)
    values = rule.steps(child)[here]
    mean = Promise(f"{label}: mean step of {rule.column}", rule.column, MEAN, running=rule)
    return _mean_and_spread(values, at[here], rows, mean, None)


def _strongest(rivals: Sequence[Summary], rows: int) -> list[Summary]:
    found = sorted(
        (one for one in rivals if one.between >= LEAST_BETWEEN), key=lambda one: -one.between
    )
    return found[: int(np.clip(rows // ROWS_A_SUMMARY, FEWEST, MOST))]


def _of_column(
    child: Dataset, column: Column, here: np.ndarray, group: np.ndarray, rows: int, label: str
) -> Iterator[Summary]:
    parts = [values[here] for values in numbers_of(child, column)]
    levels: list[str | None] = [None]
    if column.kind == "category":
        levels = list(levels_of(child, column))
    for at, (values, level) in enumerate(zip(parts, levels, strict=False)):
        which = f"{column.name} ({at + 1})" if len(parts) > 1 else column.name
        mean = Promise(f"{label}: mean of {which}", column.name, MEAN, level)
        spread = None
        if column.kind in ("number", "datetime"):
            unit = DAY if column.kind == "datetime" else 1.0
            spread = Promise(f"{label}: spread of {which}", column.name, SPREAD, unit=unit)
        found = _mean_and_spread(values, group, rows, mean, spread)
        if column.kind == "datetime":
            name, told = f"{label}: first {which}", between(values, group)
            yield _time(name, child, column, values, group, rows, told)
            found = found[1:]
        yield from found


def _mean_and_spread(
    values: np.ndarray, group: np.ndarray, rows: int, mean: Promise, spread: Promise | None
) -> list[Summary]:
    """The means of groups and, where that is asked for, their spreads."""
    sizes, means = group_means(values, group, rows)
    rng = np.random.default_rng(0)  # so that what is told does not depend on the seed
    shuffled = rng.permutation(values)
    found = [_number(mean, means, _beyond(between(values, group), between(shuffled, group)))]
    if spread is not None:
        off = values - means[group]
        told = np.sqrt(group_means(off**2, group, rows)[1]) / spread.unit
        told[sizes < 2] = np.nan
        # the distances of a small group hang together, as its mean is reckoned from them
        by_chance = shuffled - group_means(shuffled, group, rows)[1][group]
        apart = _beyond(between(np.abs(off), group), between(np.abs(by_chance), group))
        found.append(_number(spread, told, apart))
    return found


def _beyond(found: float, chance: float) -> float:
    """The share of the variance that lies between groups, beyond what it is where the rows stand in
    any group."""
    return max(found - chance, 0.0) / (1 - chance) if chance < 1 else 0.0


def rounded(values: np.ndarray) -> np.ndarray:
    """(n,) numbers in DIGITS digits, so that means of equal values are equal."""
    values = np.where(np.abs(values) < TINY, 0.0, values)
    scale = 10.0 ** (DIGITS - 1 - np.floor(np.log10(np.abs(np.where(values == 0, 1, values)))))
    return np.round(values * scale) / scale


def _number(promise: Promise, values: np.ndarray, told: float) -> Summary:
    series = pl.Series(promise.name, rounded(values), pl.Float64, nan_to_null=True)
    missing = bool(series.is_null().any())
    column = Column(promise.name, "number", nullable=missing, dtype="Float64")
    return Summary(column, series, told, promise)


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

"""How odd rows are, each detector on a scale of its own (higher is odder)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.mining.binning import as_floats
from tidemill.supervised.arrays import Floats

TREES = 100


def numeric(train: Dataset, columns: Sequence[Column], data: Dataset) -> Floats:
    """Rows as numbers, (n, columns): a category's level as its surprise, missing numbers as the
    training median.

    A level's surprise is minus the logarithm of its share of the training rows; missing counts as a
    level of a category.
    """
    return np.column_stack(
        [_numbers(train[column.name], data[column.name], column) for column in columns]
    )


def is_ordered(column: Column) -> bool:
    """Whether a column's values have an order, so that they can be extreme."""
    return column.kind in ("number", "datetime")


def surprises(train: Floats, rows: Floats, columns: Sequence[Column]) -> Floats:
    """How far out each value lies: minus log of the share of training rows that are as far out, (n,
    columns).

    As far out are, for a number, twice the rows in the smaller of its two tails; for a category,
    the rows with a level as rare or rarer. Summed over columns this is the idea of ECOD (Li et al.
    2022).

    Args:
        train, rows: As :func:`numeric` gives them.
        columns: The columns.
    """
    result = np.empty(rows.shape)
    for at, column in enumerate(columns):
        low, high = tail_shares(train[:, at], rows[:, at])
        as_far = np.minimum(2 * np.minimum(low, high), 1.0) if is_ordered(column) else high
        result[:, at] = -np.log(as_far)
    return result


def tail_shares(train: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Share of the training values that are not above, and not below, each value; never 0."""
    ordered, size = np.sort(train), len(train)
    low = (np.searchsorted(ordered, values, "right") + 0.5) / (size + 1)
    high = (size - np.searchsorted(ordered, values, "left") + 0.5) / (size + 1)
    return low, high


def isolation(train: Floats, others: Sequence[Floats], run: Run) -> list[Floats]:
    """How few random cuts set each row apart (isolation forest, Liu et al. 2008), for each set of
    rows."""
    from sklearn.ensemble import IsolationForest

    seed = run.seed_of("mining/anomalies/forest")
    forest = IsolationForest(n_estimators=TREES, random_state=seed).fit(train)
    return [-forest.score_samples(rows) for rows in others]


def alike(values: Floats, rng: np.random.Generator) -> Floats:
    """As many rows drawn anew, whose columns have the same values and go together by their ranks as
    these do, and in no other way (a Gaussian copula), (n, columns)."""
    from scipy.special import ndtr, ndtri
    from scipy.stats import rankdata

    rows = len(values)
    scores = ndtri(rankdata(values, axis=0) / (rows + 1))
    scores -= scores.mean(axis=0)
    scores /= np.maximum(scores.std(axis=0), 1e-12)
    spread, turn = np.linalg.eigh(scores.T @ scores / rows)
    drawn = rng.normal(size=values.shape) * np.sqrt(np.maximum(spread, 0)) @ turn.T
    places = (ndtr(drawn) * rows).astype(np.int64).clip(0, rows - 1)
    return np.asarray(np.take_along_axis(np.sort(values, axis=0), places, axis=0))


def _numbers(train: pl.Series, series: pl.Series, column: Column) -> Floats:
    if is_ordered(column):
        seen = as_floats(train)
        finite = seen[np.isfinite(seen)]
        if not len(finite):
            return np.zeros(len(series))
        values = as_floats(series)
        known = np.where(np.isnan(values), np.median(finite), values)
        return np.clip(known, finite.min(), finite.max())
    counts = train.cast(pl.String).fill_null("").value_counts(name="rows")
    levels = series.cast(pl.String).fill_null("")
    rows = levels.replace_strict(
        counts[train.name], counts["rows"], default=0.5, return_dtype=pl.Float64
    )
    return np.asarray(-np.log(rows.to_numpy() / len(train)))

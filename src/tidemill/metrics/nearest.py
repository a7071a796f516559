"""Whether rows are closer to training rows than to unseen rows, and whether they equal them."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.columns import by_name
from tidemill.core.dataset import Dataset
from tidemill.core.picture import Table
from tidemill.core.run import Run
from tidemill.core.schema import Schema
from tidemill.core.words import percent
from tidemill.supervised.arrays import Floats
from tidemill.supervised.auc import NORMAL_95
from tidemill.supervised.excess import Excess
from tidemill.supervised.points import Points
from tidemill.supervised.points import nearest as search

MOST_ROWS = 20_000
"""Training and unseen rows, each, that are looked at one by one."""
NEAR = 0.01
"""A generated row is a near-copy if it is nearer to a training row than all but this share of
held-out rows are."""
MULTIPLICATIONS = 250_000_000_000
"""What the search may cost: synthetic rows x real rows x axes; about 4 s on two cores."""
FLOOR_ROWS = 5000
# squared distances that differ by less are equal; they are exact in float64 but for the order of
# sums
_SAME = 1e-9


class Closeness(NamedTuple):
    """The share of rows that are nearer to training than to holdout rows (ties count half), and its
    standard error."""

    share: float
    error: float
    to_train: Floats
    to_holdout: Floats

    @property
    def excess(self) -> Excess:
        """The share beyond one half, doubled: 0 by chance, 1 where every row is nearer to a
        training row."""
        return Excess(2 * self.share - 1, 2 * self.error)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval, within 0 and 1."""
        return max(0.0, self.share - NORMAL_95 * self.error), min(
            1.0, self.share + NORMAL_95 * self.error
        )


class Suspects(NamedTuple):
    """Points of rows that a generator has seen, of rows that it has not seen, and of those that it
    made.

    Attributes:
        train, holdout: (n, axes) each: equally many, so that a row that has nothing to do with
            either is as often nearer to the one as to the other.
        synthetic, floor: (m, axes) each, for m of their own.
    """

    train: Points
    holdout: Points
    synthetic: Points
    floor: Points


class Compared(NamedTuple):
    """The closeness of synthetic rows, and what it lies between."""

    mine: Closeness
    floor: Closeness
    ceiling: Closeness


def closeness(rows: Points, train: Points, holdout: Points, run: Run) -> Closeness:
    """Whether rows are nearer to training than to holdout rows.

    The standard error is that of giving the labels "training" and "holdout" to the real rows at
    random, as many of each: then the share is 0.5 on average, and strays the more, the more rows
    have the same nearest real row.

    Args:
        rows: (m, axes).
        train, holdout: (n, axes) each, equally many.
        run: Its threads and cancelling.
    """
    at_train, to_train = search(rows, train, run)
    at_holdout, to_holdout = search(rows, holdout, run)
    nearer, tied = to_train < to_holdout - _SAME, np.abs(to_train - to_holdout) <= _SAME
    share = float(nearer.mean() + tied.mean() / 2)
    which = np.where(nearer, at_train, len(train) + at_holdout)[~tied]
    # rows that have each real row for their nearest, (2 n,); the variance of their sum over half of
    # the real rows
    weight = np.bincount(which, minlength=len(train) + len(holdout)).astype(float)
    variance = max(0.0, float(weight @ weight - weight.sum() ** 2 / len(weight))) / 4
    return Closeness(share, sqrt(variance) / len(rows), np.sqrt(to_train), np.sqrt(to_holdout))


def compared(found: Suspects, run: Run) -> Compared:
    """The closeness of synthetic rows, of the floor's, and of one half of the holdout in their
    place.

    Args:
        found: The points of all sets.
        run: Draws the halves, and rows where there are too many for the search.
    """
    rng = run.rng("metrics", "nearest", "halves")
    most = max(1000, MULTIPLICATIONS // (2 * len(found.train) * max(1, found.train.shape[1])))
    mine = closeness(some(found.synthetic, most, rng), found.train, found.holdout, run)
    floor = closeness(some(found.floor, FLOOR_ROWS, rng), found.train, found.holdout, run)
    order = rng.permutation(len(found.holdout))
    half = len(order) // 2
    a, b = found.holdout[order[:half]], found.holdout[order[half : 2 * half]]
    ceiling = closeness(some(a, FLOOR_ROWS, rng), some(found.train, half, rng), b, run)
    return Compared(mine, floor, ceiling)


def by_chance(found: Closeness) -> str:
    """The range that the share keeps to at 95 % by chance alone, in words."""
    ends = (min(max(0.5 + side * NORMAL_95 * found.error, 0.0), 1.0) for side in (-1, 1))
    return " to ".join(dict.fromkeys(map(percent, ends)))


def distances(found: Closeness) -> Table:
    """How near rows come to training and to holdout rows."""
    rows = []
    for part in (0.01, 0.05, 0.25, 0.5):
        to_train = float(np.quantile(found.to_train, part))
        to_holdout = float(np.quantile(found.to_holdout, part))
        quotient = round(to_train / to_holdout, 3) if to_holdout else None
        words = f"{percent(part)} of them are nearer than"
        rows.append((words, round(to_train, 4), round(to_holdout, 4), quotient))
    return Table(
        ("synthetic rows", "distance to training", "distance to holdout", "ratio"),
        tuple(rows),
        "How near synthetic rows come to real ones (1 is one category that differs)",
    )


def equal_rows(rows: Dataset, others: Dataset) -> NDArray[np.bool_]:
    """Which rows equal one of the others in each of the others' columns, (n,); missing equals
    missing.

    Rows are compared by 64-bit hashes: two different ones among a million are taken for equal in 1
    of 10 million cases.
    """
    return np.isin(_hashes(rows, others.schema), _hashes(others, others.schema))


def _hashes(data: Dataset, schema: Schema) -> NDArray[np.uint64]:
    dtypes = {"number": pl.Float64(), "datetime": pl.Datetime("us")}
    cells = data.frame.select(
        by_name(column.name).cast(dtypes.get(column.kind, pl.String())) for column in schema
    )
    return cells.hash_rows().to_numpy()


def some(points: Points, rows: int, rng: np.random.Generator) -> Points:
    """So many points drawn without repetition; all where there are no more."""
    if len(points) <= rows:
        return points
    return points[np.sort(rng.choice(len(points), rows, replace=False))]

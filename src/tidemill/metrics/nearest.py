"""Whether synthetic rows are closer to training rows than to rows that the generator has not
seen."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.dataset import Dataset
from tidemill.core.picture import Table
from tidemill.core.run import Run
from tidemill.core.schema import Schema
from tidemill.core.score import Evidence, Score
from tidemill.core.words import percent
from tidemill.metrics.privacy import Suspects, some, suspects
from tidemill.supervised.arrays import Floats
from tidemill.supervised.auc import NORMAL_95
from tidemill.supervised.points import Points
from tidemill.supervised.points import nearest as search
from tidemill.supervised.sampling import sampled, thinned

CLOSENESS, COPIES = "closeness to training rows (share)", "exact copies of training rows (share)"
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
    def interval(self) -> tuple[float, float]:
        """The 95 % interval, within 0 and 1."""
        return max(0.0, self.share - NORMAL_95 * self.error), min(
            1.0, self.share + NORMAL_95 * self.error
        )


class Compared(NamedTuple):
    """The closeness of synthetic rows, and what it lies between."""

    mine: Closeness
    floor: Closeness
    ceiling: Closeness


def nearest(evidence: Evidence, run: Run) -> Iterable[Score]:
    """Closeness to training rows, and exact copies of them.

    Closeness: the share of synthetic rows whose nearest training row is nearer than their nearest
    holdout row, in the space of :mod:`tidemill.supervised.points`; 0.5 is chance. Training rows are
    cut to the holdout's number and all of both are searched; where a share f of the synthetic rows
    are near-copies of training rows, the score is 0.5 + f / 2 times the share of the training rows
    that the cut left. Copies: the share of synthetic rows that equal a training row in every
    modelled column. Some of that is chance: so do some of the holdout rows, and some synthetic rows
    equal one of as many holdout rows.

    Floor: rows of independent columns. Ceiling: of closeness, one half of the holdout rows in the
    place of the synthetic ones, against the other half and as many training rows; of copies,
    holdout rows in that place.

    Args:
        evidence: The sets.
        run: Draws the cut of the training rows, and synthetic rows where there are too many for the
            search.
    """
    found = suspects(evidence, run, "nearest")
    if isinstance(found, str):
        yield Score("nearest", CLOSENESS, None, better="low", why=found)
    else:
        yield _closeness_score(found, evidence, run)
    yield _copies_score(evidence, run)


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


def _closeness_score(found: Suspects, evidence: Evidence, run: Run) -> Score:
    mine, floor, ceiling = compared(found, run)
    rows = len(mine.to_train)
    note = sampled(rows) if rows < len(evidence.synthetic) else ""
    searched = len(found.train) / len(evidence.train)
    copied = 0.5 + searched / 2
    sentence = (
        f"{percent(mine.share)} of the synthetic rows are closer to one of {len(found.train):,} "
        f"training rows than to any of as many held-out rows; by chance it would be "
        f"{by_chance(mine)}. Mere copies of training rows would reach {percent(copied)}{note}."
    )
    figures = {
        "rows": rows,
        "references": len(found.train),
        "error": mine.error,
        "if_copied": copied,
        "ceiling_error": ceiling.error,
    }
    return Score(
        "nearest",
        CLOSENESS,
        mine.share,
        floor.share,
        ceiling.share,
        "low",
        sentence=sentence,
        table=_distances(mine),
        figures=figures,
        interval=mine.interval,
    )


def _distances(found: Closeness) -> Table:
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


def _copies_score(evidence: Evidence, run: Run) -> Score:
    names = [column.name for column in evidence.train.schema.modelled]
    train, holdout, synthetic, floor = (
        data.select(names)
        for data in (evidence.train, evidence.holdout, evidence.synthetic, evidence.floor)
    )
    of_any = equal_rows(synthetic, train)
    size = min(len(train), len(holdout))
    rng = run.rng("metrics", "nearest", "copies")
    of_train, of_holdout = (
        equal_rows(synthetic, thinned(data, size, rng)) for data in (train, holdout)
    )
    discordant = synthetic.rows(of_train != of_holdout)
    excess = float(of_train.mean() - of_holdout.mean())
    value = float(of_any.mean())
    ceiling = float(equal_rows(holdout, train).mean())
    if of_any.any():
        sentence = (
            f"{int(of_any.sum()):,} synthetic rows ({percent(value)}) equal a training row in "
            f"every column; of held-out real rows {percent(ceiling)} do. {int(of_train.sum()):,} "
            f"synthetic rows equal one of {size:,} training rows, {int(of_holdout.sum()):,} equal "
            "one of as many held-out rows."
        )
    else:
        sentence = (
            "No synthetic row equals a training row in every column; of held-out real rows "
            f"{percent(ceiling)} do."
        )
    return Score(
        "nearest",
        COPIES,
        value,
        float(equal_rows(floor, train).mean()),
        ceiling,
        "low",
        sentence=sentence,
        figures={
            "of_equally_many_training": float(of_train.mean()),
            "of_equally_many_holdout": float(of_holdout.mean()),
            "excess": excess,
            "excess_error": _toss_error(discordant, len(synthetic)),
            "references": size,
        },
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
        pl.col(column.name).cast(dtypes.get(column.kind, pl.String())) for column in schema
    )
    return cells.hash_rows().to_numpy()


def _toss_error(discordant: Dataset, rows: int) -> float:
    """Standard error of (share equal to training) - (share equal to holdout), by chance alone.

    Args:
        discordant: Synthetic rows that equal a row of one side only. Those that equal each other
            stand or fall together: by a toss, all of them belong to the one side or to the other.
        rows: Number of all synthetic rows.
    """
    counts = discordant.frame.group_by(pl.all()).len()["len"].cast(pl.Float64).to_numpy()
    return sqrt(float(counts @ counts)) / rows

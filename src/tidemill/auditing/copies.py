"""Exact and near copies: are training rows repeated more than chance would have it?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from tidemill.auditing.base import AttackData, AttackSummary, AttackTargets, Release, leak
from tidemill.core.leak import Leak
from tidemill.core.picture import Table
from tidemill.core.run import Run
from tidemill.core.words import percent
from tidemill.metrics.light import FEW_LIMIT
from tidemill.metrics.nearest import NEAR, equal_rows
from tidemill.supervised.arrays import Floats
from tidemill.supervised.excess import of_hits

COPIES = "exact and near copies"
Sides = tuple[NDArray[np.bool_], NDArray[np.bool_]]
"""Which training rows, and which unseen rows, are repeated."""


def copies(data: AttackData, run: Run) -> Iterable[Leak]:
    """Training rows that a synthetic row equals, or lies nearer to than all but 1 % of unseen rows
    lie to training rows.

    Unseen rows are sometimes equalled by chance; the leak is what training rows are equalled beyond
    that.

    Args:
        data: People and releases.
        run: For cancelling.
    """
    limit = float(np.quantile(data.ceiling.to_holdout, NEAR))
    exact = []
    near = []
    for release in data.releases:
        run.check()
        copied = _equalled(data.train, release.to_train, release)
        chance = _equalled(data.holdout, release.to_holdout, release)
        exact.append((copied, chance))
        near.append((copied | (release.to_train < limit), chance | (release.to_holdout < limit)))
    copied, chance = exact[0]
    nearly, nearly_chance = near[0]
    sentence = (
        f"{int(copied.sum()):,} of {len(copied):,} training rows ({percent(copied.mean())}) are "
        f"equalled by a synthetic row in every column; of unseen rows {percent(chance.mean())} "
        f"are, by chance. Near copies included, it is {percent(nearly.mean())} of training rows "
        f"and {percent(nearly_chance.mean())} of unseen ones."
    )
    summary = AttackSummary(
        "copies",
        COPIES,
        FEW_LIMIT,
        sentence,
        table=_table(exact[0], near),
        figures={
            "exact": float(copied.mean()),
            "exact_by_chance": float(chance.mean()),
            "near": float(nearly.mean()),
            "near_by_chance": float(nearly_chance.mean()),
            **_made(data),
        },
        exposed=data.train.places[: len(nearly)][nearly],
        why="a synthetic row is equal or a near copy",
    )
    yield leak(summary, *(of_hits(*sides) for sides in near))


def _made(data: AttackData) -> dict[str, float]:
    """The shares of synthetic rows that equal one of equally many training or unseen rows, and of
    unseen rows that equal a training row."""
    size = np.arange(min(len(data.train), len(data.holdout)))
    train, holdout = data.train.rows.rows(size), data.holdout.rows.rows(size)
    made = data.synthetic.rows
    return {
        "made_exact": float(equal_rows(made, train).mean()),
        "made_exact_by_chance": float(equal_rows(made, holdout).mean()),
        "unseen_exact": float(equal_rows(holdout, train).mean()),
    }


def _table(exact: Sides, near: Sequence[Sides]) -> Table:
    repeated = (
        ("equal in every column", exact),
        ("equal or a near copy", near[0]),
        ("equal or a near copy: independent columns", near[1]),
        ("equal or a near copy: training rows published", near[2]),
    )
    rows = []
    for what, (training, unseen) in repeated:
        rows.append((what, float(training.mean()), float(unseen.mean())))
    titles = ("share of rows that are repeated", "training", "unseen")
    return Table(titles, tuple(rows), "Copies and near copies")


def _equalled(people: AttackTargets, distances: Floats, release: Release) -> NDArray[np.bool_]:
    tried = people.rows.rows(np.arange(len(distances)))
    return equal_rows(tried, release.rows)

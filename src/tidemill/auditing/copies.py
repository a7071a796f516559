"""Exact and near copies: are training rows repeated more than chance would have it?"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tidemill.auditing.base import (
    FEW_LIMIT,
    AttackData,
    AttackSummary,
    AttackTargets,
    Release,
    leak,
)
from tidemill.auditing.excess import of_hits
from tidemill.core.leak import Leak
from tidemill.core.picture import Table
from tidemill.core.run import Run
from tidemill.core.words import percent
from tidemill.metrics.nearest import equal_rows
from tidemill.pipeline.feedback import NEAR
from tidemill.supervised.arrays import Floats


def copies(scene: AttackData, run: Run) -> Iterable[Leak]:
    """Training rows that a synthetic row equals, or lies nearer to than all but 1 % of unseen rows
    lie to training rows.

    Unseen rows are sometimes equalled by chance; the leak is what training rows are equalled beyond
    that.

    Args:
        scene: People and releases.
        run: For cancelling.
    """
    limit = float(np.quantile(scene.ceiling.to_holdout, NEAR))
    exact, near = [], []
    for release in scene.releases:
        run.check()
        equal = [
            _equalled(side, distances, release)
            for side, distances in (
                (scene.train, release.to_train),
                (scene.holdout, release.to_holdout),
            )
        ]
        exact.append(equal)
        near.append(
            [
                same | (distances < limit)
                for same, distances in zip(
                    equal, (release.to_train, release.to_holdout), strict=True
                )
            ]
        )
    (copied, chance), (nearly, nearly_chance) = exact[0], near[0]
    sentence = (
        f"{int(copied.sum()):,} of {len(copied):,} training rows ({percent(copied.mean())}) are "
        f"equalled by a synthetic row in every column; of unseen rows {percent(chance.mean())} "
        f"are, by chance. Near copies included, it is {percent(nearly.mean())} of training rows "
        f"and {percent(nearly_chance.mean())} of unseen ones."
    )
    rows = tuple(
        (name, *(float(side.mean()) for side in pair))
        for name, pair in (
            ("equal in every column", exact[0]),
            ("equal or a near copy", near[0]),
            ("equal or a near copy: independent columns", near[1]),
            ("equal or a near copy: training rows published", near[2]),
        )
    )
    told = AttackSummary(
        "copies",
        "exact and near copies",
        FEW_LIMIT,
        sentence,
        Table(
            ("share of rows that are repeated", "training", "unseen"),
            rows,
            "Copies and near copies",
        ),
        {
            "exact": float(copied.mean()),
            "exact_by_chance": float(chance.mean()),
            "near": float(nearly.mean()),
            "near_by_chance": float(nearly_chance.mean()),
        },
        scene.train.places[: len(nearly)][nearly],
        "a synthetic row is equal or a near copy",
    )
    yield leak(told, *(of_hits(*pair) for pair in near))


def _equalled(people: AttackTargets, distances: Floats, release: Release) -> np.ndarray:
    tried = people.rows.rows(np.arange(len(distances)))
    return equal_rows(tried, release.rows)

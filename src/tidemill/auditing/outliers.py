"""Outlier exposure: are the rarest training rows reproduced?"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tidemill.auditing.base import AttackData, AttackSummary, Release, leak, unknown
from tidemill.core.leak import Leak
from tidemill.core.run import Run
from tidemill.core.words import percent, plural
from tidemill.supervised.arrays import Floats
from tidemill.supervised.excess import of_hits

WANTED = 120
"""Unseen outliers that are wanted."""
FEWEST = 30
"""Unseen outliers that are needed."""
LEAST_SHARE = 0.02
MOST_SHARE = 0.25
"""The share of rows that are called outliers."""
NEARER = 1 / 3
"""A row is reproduced if a synthetic row lies within this part of the distance to the nearest other
real row."""


def outliers(data: AttackData, run: Run) -> Iterable[Leak]:
    """The rarest real rows, those farthest from all others, that a synthetic row comes nearer to
    than a third of that way.

    Unseen outliers are the control: between them and other people, too, a synthetic row may fall by
    chance.

    Args:
        data: People and releases.
        run: Not drawn from.
    """
    name = "outliers reproduced"
    share = min(MOST_SHARE, max(LEAST_SHARE, WANTED / len(data.holdout)))
    if share * len(data.holdout) < FEWEST:
        yield unknown(
            "outliers",
            name,
            f"there are {plural(len(data.holdout), 'held-out row')}, too few to have "
            f"{FEWEST} outliers among them",
        )
        return
    apart = data.apart
    size = min(len(apart[0]), len(apart[1]))
    limit = float(np.quantile(np.concatenate([apart[0][:size], apart[1][:size]]), 1 - share))
    if limit == 0:
        yield unknown(
            "outliers", name, "every row equals another one, so that there are no outliers"
        )
        return
    found = [_reproduced(release, apart, limit) for release in data.releases]
    mine, chance = found[0]
    published, _ = found[2]
    rare = np.flatnonzero(apart[0] >= limit)
    sentence = (
        f"Of the {len(mine):,} rarest training rows (the {percent(share)} farthest from all "
        f"others), {percent(mine.mean())} have a synthetic row within a third of the way to the "
        f"nearest other real row; of the {len(chance):,} rarest unseen rows "
        f"{percent(chance.mean())}. With the training rows published it would be "
        f"{percent(published.mean())}."
    )
    summary = AttackSummary(
        "outliers",
        name,
        sentence=sentence,
        figures={
            "outliers": len(mine),
            "unseen_outliers": len(chance),
            "reproduced": float(mine.mean()),
            "by_chance": float(chance.mean()),
        },
        exposed=data.train.places[rare[mine]],
        why="an outlier that a synthetic row comes near to",
    )
    yield leak(summary, *(of_hits(*sides) for sides in found))


def _reproduced(
    release: Release, apart: tuple[Floats, Floats], limit: float
) -> tuple[np.ndarray, np.ndarray]:
    found = []
    for distances, far in zip((release.to_train, release.to_holdout), apart, strict=True):
        rare = np.flatnonzero(far[: len(distances)] >= limit)
        found.append(distances[rare] < NEARER * far[rare])
    return found[0], found[1]

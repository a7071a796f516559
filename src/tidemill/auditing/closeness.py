"""Closeness: do synthetic rows lie nearer to training rows than to unseen ones?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from tidemill.auditing.base import AttackData, AttackSummary, leak
from tidemill.auditing.inference import column_axes
from tidemill.core.leak import Leak
from tidemill.core.run import Run
from tidemill.core.words import percent
from tidemill.metrics.nearest import Closeness, by_chance, closeness, distances
from tidemill.supervised.points import nearest

CLOSENESS = "closeness to training rows"
MULTIPLICATIONS = 80_000_000_000
"""What the search may cost: synthetic rows x real rows x axes; about 5 s on two cores."""
FEWEST_SEARCHED = 1000
LEANING_ROWS = 2000
"""Synthetic rows by which the columns are found that make them near."""
MOST_LEANING = 3
_SAME = 1e-4  # numbers that differ by less of all rows are taken for equal
SCALE_ROWS = 5000
"""Rows of the floor and of the training rows that are searched: they only give the scale."""


def closeness_to_training(data: AttackData, run: Run) -> Iterable[Leak]:
    """The share of synthetic rows whose nearest training row is nearer than their nearest unseen
    row, among as many of both; one half is chance.

    Args:
        data: People and releases.
        run: Its threads and cancelling.
    """
    mine, floor, ceiling = compared(data, run)
    rows, references = len(mine.to_train), min(len(data.train), len(data.holdout))
    sentence = (
        f"{percent(mine.share)} of {rows:,} synthetic rows are nearer to one of {references:,} "
        f"training rows than to any of as many unseen ones. Chance: {by_chance(mine)}. The "
        f"published training rows themselves: {percent(ceiling.share)}."
    )
    summary = AttackSummary(
        "closeness",
        CLOSENESS,
        sentence=sentence,
        table=distances(mine),
        figures={
            "share": mine.share,
            "share_floor": floor.share,
            "share_ceiling": ceiling.share,
            "share_error": mine.error,
        },
    )
    found = leak(summary, mine.excess, floor.excess, ceiling.excess)
    if found.light in ("amber", "red"):
        columns = leaning(data, run)
        found = replace(found, score=replace(found.score, columns=columns))
    yield found


def leaning(data: AttackData, run: Run) -> tuple[str, ...]:
    """The columns that make rows lean towards training rows: which have more often the value of the
    nearest training row than that of the nearest unseen row, the rarer the value the more it
    counts.

    Args:
        data: People and releases.
        run: Its threads and cancelling.
    """
    size = min(len(data.train), len(data.holdout))
    made = data.synthetic.points[:LEANING_ROWS]
    sides = [side.points[:size] for side in (data.train, data.holdout)]
    near = [side[nearest(made, side, run)[0]] for side in sides]
    weight = {}
    for name, axes in zip(data.layout.names, column_axes(data), strict=True):
        same = [(np.abs(made[:, axes] - side[:, axes]) < _SAME).all(axis=1) for side in near]
        _, at, counts = np.unique(made[:, axes], axis=0, return_inverse=True, return_counts=True)
        surprise = -np.log2(counts[at] / len(made))
        weight[name] = float((surprise * (same[0].astype(float) - same[1])).mean())
    names = sorted(weight, key=lambda name: -weight[name])
    most = weight[names[0]]
    return tuple(name for name in names[:MOST_LEANING] if weight[name] > max(0.0, most / 3))


def compared(data: AttackData, run: Run) -> tuple[Closeness, Closeness, Closeness]:
    """The closeness of the synthetic rows, of the floor's, and of the training rows."""
    size = min(len(data.train), len(data.holdout))
    train, holdout = data.train.points[:size], data.holdout.points[:size]
    most = max(FEWEST_SEARCHED, MULTIPLICATIONS // (2 * size * max(1, train.shape[1])))
    found = []
    for release, rows in zip(data.releases, (most, SCALE_ROWS, SCALE_ROWS), strict=True):
        run.check()
        found.append(closeness(release.points[:rows], train, holdout, run))
    return found[0], found[1], found[2]

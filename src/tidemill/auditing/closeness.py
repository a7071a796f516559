"""Closeness: do synthetic rows lie nearer to training rows than to unseen ones?"""

from __future__ import annotations

from collections.abc import Iterable

from tidemill.auditing.base import AttackData, AttackSummary, leak
from tidemill.core.leak import Leak
from tidemill.core.run import Run
from tidemill.core.words import percent
from tidemill.metrics.nearest import Closeness, by_chance, closeness, distances

CLOSENESS = "closeness to training rows"
MULTIPLICATIONS = 80_000_000_000
"""What the search may cost: synthetic rows x real rows x axes; about 5 s on two cores."""
FEWEST_SEARCHED = 1000
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
    yield leak(summary, mine.excess, floor.excess, ceiling.excess)


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

"""Linkability: do the synthetic rows tell which two halves of records are of one person?"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from tidemill.auditing.base import AttackData, AttackSummary, AttackTargets, Release, leak, unknown
from tidemill.auditing.inference import column_axes, pooled
from tidemill.core.leak import Leak
from tidemill.core.run import Run
from tidemill.core.words import percent
from tidemill.supervised.arrays import Floats
from tidemill.supervised.points import nearest

NAME = "records linked"
SPLITS = 3
"""How often the columns are divided at random between the attacker's two tables."""
ATTEMPTS = 1000
"""People on each side whose halves are looked for in the synthetic rows."""
TRIED = 400
"""The same in the two other releases, which only give the scale."""
FEWEST_ATTEMPTS = 300
MULTIPLICATIONS = 40_000_000_000
"""What all searches in one release may cost: attempts x splits x released rows x axes."""
_SAME = 1e-6  # squared distances that differ by less are equal


def linkability(data: AttackData, run: Run) -> Iterable[Leak]:
    """An attacker has two tables without names, each with other columns of the same people, and
    takes two records for one person's that are most similar to the same synthetic row.

    The linkability attack of Giomi et al. (2023): what is linked of training rows beyond what is
    linked of unseen ones. The columns are divided at random, SPLITS times; where several synthetic
    rows are equally similar, one in common is enough.

    Args:
        data: People and releases.
        run: Draws the columns.
    """
    if len(data.layout.names) < 2:
        yield unknown("linkability", NAME, "there is only one column, so that nothing is linked")
        return
    halves = [_half(data, run, number) for number in range(SPLITS)]
    found = []
    for release, attempts in zip(data.releases, (ATTEMPTS, TRIED, TRIED), strict=True):
        run.check()
        cost = release.points.size * SPLITS
        tried = min(attempts, max(FEWEST_ATTEMPTS, MULTIPLICATIONS // cost))
        sides = ((data.train, release.to_train), (data.holdout, release.to_holdout))
        found.append([linked(*side, release, halves, tried, run) for side in sides])
    mine, _, ceiling = found
    linked_share, of_unseen = (float(side.mean()) for side in mine)
    sentence = (
        "An attacker who has two tables with other columns of the same people, and takes two "
        "records that are most similar to the same synthetic row for one person's, links "
        f"{percent(linked_share)} of {len(mine[0]):,} training rows, and "
        f"{percent(of_unseen)} of unseen ones. With the training rows published it would be "
        f"{percent(float(ceiling[0].mean()))}."
    )
    summary = AttackSummary(
        "linkability",
        NAME,
        sentence=sentence,
        figures={"linked": linked_share, "by_chance": of_unseen, "splits": SPLITS},
    )
    yield leak(summary, *(pooled(*sides) for sides in found))


def linked(
    people: AttackTargets,
    distances: Floats,
    release: Release,
    halves: list[NDArray[np.int64]],
    attempts: int,
    run: Run,
) -> NDArray[np.bool_]:
    """(n, splits): whose two halves have a nearest released row in common.

    That is so where the whole record is as near to a row as its halves are together.

    Args:
        people: Whose records are looked for.
        distances: Of their whole records to the nearest released row.
        release: The table that the attacker has.
        halves: The axes of the one half, for each split.
        attempts: How many people.
        run: Its threads and cancelling.
    """
    points = people.points[: min(attempts, len(distances))]
    whole = distances[: len(points)] ** 2
    found = np.zeros((len(points), len(halves)), bool)
    for k, axes in enumerate(halves):
        apart = np.zeros(len(points))
        others = np.setdiff1d(np.arange(points.shape[1]), axes)
        for half in (axes, others):
            apart += nearest(points[:, half], release.points[:, half], run)[1]
        found[:, k] = whole <= apart + _SAME
    return found


def _half(data: AttackData, run: Run, number: int) -> NDArray[np.int64]:
    """The axes of every second column in random order."""
    columns = column_axes(data)
    order = run.rng("auditing", "linkability", number).permutation(len(columns))
    return np.sort(np.concatenate([columns[k] for k in order[: len(columns) // 2]]))

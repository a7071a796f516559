"""Which row of a further table a row points to: of what sort is drawn with it, and the rows of a
sort are dealt out by the shares that they have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

NEAR, TRIES = 50, 50
"""A row that would repeat one swaps with one of so many that stand near, of which so many are
looked at."""


def dealt(
    wanted: np.ndarray,
    sort: np.ndarray,
    weight: np.ndarray,
    group: np.ndarray | None,
    rng: np.random.Generator,
) -> np.ndarray:
    """(n,) the row that each of n rows points to; -1 where all are taken.

    Rows are dealt in the shares of their weights, exactly but for rounding. Each gets one of the
    sort that it asks for, as far as there are any; what is left on both sides stands in the order
    of the sorts, and each gets what stands in its place.

    Args:
        wanted: (n,) the sort that each asks for.
        sort: (m,) the sort of each row that can be pointed to.
        weight: (m,) how often each is pointed to, in proportion.
        group: (n,) rows of one group do not point to the same row; None where they may.
        rng: Source of chance.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> at = dealt(np.array([1, 0, 0, 1]), np.array([0, 1, 1]), np.array([2, 1, 1]), None, rng)
        >>> np.bincount(at).tolist(), at[1:3].tolist()
        ([2, 1, 1], [0, 0])
    """
    n, m = len(wanted), len(sort)
    found = np.full(n, -1)
    if not n or not m:
        return found
    able = np.lexsort((rng.random(m), sort))
    share = np.maximum(weight[able].astype(np.float64), 0)
    if not share.sum():
        share = np.ones(m, np.float64)
    passed = np.floor(np.cumsum(share) / share.sum() * n + rng.random())
    passed[-1] = n
    times = np.diff(np.r_[0, np.minimum(passed, n)]).astype(np.int64)
    turn = np.zeros(n, np.int64) if group is None else _turns(wanted, group, rng)
    order = np.lexsort((rng.random(n), turn, wanted))
    slots = np.repeat(able, times)
    asks, has = _same_sort(wanted[order], sort[slots], rng)
    found[order[asks]] = slots[has]
    found[order[~asks]] = slots[~has]
    return found if group is None else _without_repeats(found, order, group, weight, rng)


def _same_sort(
    wanted: np.ndarray, offered: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Which of n sorts that are asked for, and of n that are offered, are matched: of each sort as
    many as there are on both sides, drawn by chance."""
    sorts = np.union1d(wanted, offered)
    sides = [np.searchsorted(sorts, side) for side in (wanted, offered)]
    counts = [np.bincount(side, minlength=len(sorts)) for side in sides]
    both = np.minimum(*counts)
    found = []
    for side, count in zip(sides, counts, strict=True):
        shuffled = np.lexsort((rng.random(len(side)), side))
        rank = np.empty(len(side), np.int64)
        rank[shuffled] = np.arange(len(side)) - np.repeat(np.cumsum(count) - count, count)
        found.append(rank < both[side])
    return found[0], found[1]


def _turns(wanted: np.ndarray, group: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n,) which of the rows of its group that want the same sort each row is, 0 for the first."""
    order = np.lexsort((rng.random(len(wanted)), wanted, group))
    first = np.r_[True, (np.diff(wanted[order]) != 0) | (np.diff(group[order]) != 0)]
    start = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    turn = np.empty(len(wanted), np.int64)
    turn[order] = np.arange(len(order)) - start
    return turn


def _without_repeats(
    found: np.ndarray,
    order: np.ndarray,
    group: np.ndarray,
    weight: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """The rows, of which those that repeat one of their group have swapped with another that stands
    near in an order, or point to any other; -1 where their group points to all."""
    taken: Counter[tuple[int, int]] = Counter()
    repeats = []
    for row, pair in enumerate(zip(group.tolist(), found.tolist(), strict=True)):
        if taken[pair]:
            repeats.append(row)
        taken[pair] += 1
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    for row in repeats:
        own = int(group[row])
        if taken[own, int(found[row])] == 1:  # the other one has swapped already
            continue
        for reach in (NEAR, 10 * NEAR, len(order)):
            first = max(int(place[row]) - reach, 0)
            near = order[first : first + 2 * reach]
            other = _partner(row, rng.choice(near, TRIES), found, group, taken)
            if other >= 0:
                for one in (row, other):
                    taken[int(group[one]), int(found[one])] -= 1
                found[row], found[other] = found[other], found[row]
                for one in (row, other):
                    taken[int(group[one]), int(found[one])] += 1
                break
        else:
            taken[own, int(found[row])] -= 1
            found[row] = _free(own, weight, taken, rng)
            taken[own, int(found[row])] += 1
    return found


def _partner(
    row: int,
    others: np.ndarray,
    found: np.ndarray,
    group: np.ndarray,
    taken: Counter[tuple[int, int]],
) -> int:
    """One of some rows with which a row can swap so that neither repeats one of its group; -1 where
    none is."""
    for other in others.tolist():
        gives = int(group[row]), int(found[other])
        takes = int(group[other]), int(found[row])
        if group[other] != group[row] and not taken[gives] and not taken[takes]:
            return int(other)
    return -1


def _free(
    own: int, weight: np.ndarray, taken: Counter[tuple[int, int]], rng: np.random.Generator
) -> int:
    """A row that a group does not point to yet; -1 where there is none."""
    free = np.array([k for k in range(len(weight)) if not taken[own, k]], np.int64)
    if not len(free):
        return -1
    chance = np.maximum(weight[free].astype(float), 0) + 1e-9
    return int(rng.choice(free, p=chance / chance.sum()))


def dealt_by_depth(depth: np.ndarray, weight: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n,) the row that each row of a table points to in it: one that is a step less deep, in the
    shares of the weights; -1 for rows of depth 0.

    Args:
        depth: (n,) of each row; gaps are closed.
        weight: (n,) how often each is pointed to, in proportion.
        rng: Source of chance.
    """
    level = np.unique(depth, return_inverse=True)[1]
    found = np.full(len(depth), -1)
    names: Sequence[int] = range(1, int(level.max(initial=0)) + 1)
    for step in names:
        below, above = np.flatnonzero(level == step), np.flatnonzero(level == step - 1)
        one = np.zeros(len(below), np.int64)
        picked = dealt(one, np.zeros(len(above), np.int64), weight[above], None, rng)
        found[below] = above[picked]
    return found

"""The courses of numbers on one calendar: what wanders, and what keeps near to something else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from tidemill.models.volatility import TINY
from tidemill.supervised.arrays import Floats

SLOW = 0.97
"""By which a day counts less than the one after it in a number's own slow mean."""
RETURNS_T, RETURNS_BY = -6.0, 0.1
"""A distance comes back if this is the most that the t-statistic of Dickey and Fuller (1979) may
be, and if this part of it at least is gone after a day."""
RARE = 0.005
"""Distances so rare are looked at as the next ones within."""
NEAR = 3.0
"""A distance is one of size, which grows with the volatility, if its mean is within so many of its
standard deviations of 0."""
NEARER = 0.5
"""What keeps near to another number is on average nearer to it than so large a part of how near it
is to its own slow mean."""
WANDERS = -1
OF_ITSELF = -2
LARGEST = 2**53
"""Ticks beyond it are no exact floats."""
HIGHEST = float(np.log(LARGEST))


@dataclass(frozen=True)
class Courses:
    """How each of R numbers goes from day to day.

    A number that wanders, such as a price, is drawn by its moves. One that keeps near to a
    wandering one, such as the day's highest price, or to its own slow mean, such as a volume, is
    drawn by its distance from it. Numbers that are above 0 are looked at as logarithms.

    Attributes:
        tick: (T, R) the days.
        ratio: (R,) whether logarithms are looked at.
        leader: (R,) which number it keeps near to; WANDERS, or OF_ITSELF.
    """

    tick: NDArray[np.int64]
    ratio: NDArray[np.bool_]
    leader: NDArray[np.int64]

    @staticmethod
    def learned(tick: NDArray[np.int64]) -> Courses:
        """Of (T, R) days; of two that keep near to each other the first one leads."""
        ratio = np.asarray((tick > 0).all(axis=0))
        level = _levels(tick, ratio)
        leader = np.full(tick.shape[1], WANDERS)
        away = level[1:] - _slow(level, level[0])[:-1]
        itself = _comes_back(away) & (np.ptp(level, axis=0) > 0)
        for k in range(tick.shape[1]):
            before = np.flatnonzero((leader[:k] == WANDERS) & (ratio[:k] == ratio[k]))
            distance = level[:, k : k + 1] - level[:, before]
            near = before[
                _comes_back(distance) & (distance.std(axis=0) < NEARER * away[:, k].std())
            ]
            if itself[k]:
                leader[k] = OF_ITSELF
            if len(near):
                leader[k] = near[0]
        return Courses(tick, ratio, leader)

    @property
    def wandering(self) -> NDArray[np.int64]:
        """The numbers that wander."""
        return np.flatnonzero(self.leader == WANDERS)

    @property
    def returns(self) -> Floats:
        """(T - 1, W) moves of what wanders."""
        return self.moves(self.tick)

    def levels(self, tick: NDArray[np.int64]) -> Floats:
        """Ticks of all numbers as what is looked at."""
        return _levels(tick, self.ratio)

    def moves(self, tick: NDArray[np.int64]) -> Floats:
        """(t, R) ticks -> (t - 1, W) moves of what wanders."""
        found: Floats = np.diff(self.levels(tick)[:, self.wandering], axis=0)
        return found

    def distances(self) -> tuple[Floats, NDArray[np.bool_]]:
        """(T - 1, R) how far each number is on each day but the first from what it keeps near to, 0
        of what wanders; and (R,) whether that grows with the volatility of what it keeps near
        to."""
        level = self.levels(self.tick)
        found = np.zeros((len(level) - 1, level.shape[1]))
        slow = _slow(level, level[0])
        for k, leader in enumerate(self.leader.tolist()):
            if leader == OF_ITSELF:
                found[:, k] = level[1:, k] - slow[:-1, k]
            elif leader != WANDERS:
                found[:, k] = level[1:, k] - level[1:, leader]
        is_size = np.abs(found.mean(axis=0)) <= NEAR * found.std(axis=0)
        return found, is_size & (self.leader >= 0)

    def slow(self, tick: NDArray[np.int64]) -> Floats:
        """(t, R) ticks -> (R,) the slow mean of each number after these days."""
        level = self.levels(tick)
        first = self.levels(self.tick).mean(axis=0) if len(tick) < 1 / (1 - SLOW) else level[0]
        found: Floats = _slow(level, first)[-1]
        return found

    def ticks(self, level: Floats) -> NDArray[np.int64]:
        """The inverse of :meth:`levels`, to the nearest tick."""
        with np.errstate(over="ignore"):
            value = np.where(self.ratio, np.exp(np.minimum(level, HIGHEST)), level)
        least = np.where(self.ratio, 1, -LARGEST)
        return np.clip(np.rint(value), least, LARGEST).astype(np.int64)


def _levels(tick: NDArray[np.int64], ratio: NDArray[np.bool_]) -> Floats:
    found: Floats = np.where(ratio, np.log(np.maximum(tick, 1)), tick)
    return found


def _slow(level: Floats, first: Floats) -> Floats:
    """(t, R) -> (t, R) the mean of each day and those before it, which fade; ``first`` before
    them."""
    found, _ = signal.lfilter([1 - SLOW], [1, -SLOW], level, axis=0, zi=SLOW * first[None])
    return np.asarray(found)


def _comes_back(distance: Floats) -> NDArray[np.bool_]:
    """(t, k) distances -> (k,) whether each comes back to its mean rather than to wander."""
    if len(distance) < 3:
        return np.zeros(distance.shape[1], bool)
    # single days far off, such as slips, say nothing of all others
    distance = np.clip(distance, *np.quantile(distance, [RARE, 1 - RARE], axis=0))
    before = distance[:-1] - distance[:-1].mean(axis=0)
    change = np.diff(distance, axis=0)
    change = change - change.mean(axis=0)
    spread = np.square(before).sum(axis=0)
    slope = (before * change).sum(axis=0) / np.maximum(spread, TINY**2)
    rest = np.square(change - slope * before).sum(axis=0) / max(len(change) - 2, 1)
    # what never moves apart is 0 over 0: it keeps near for sure
    t = slope / np.sqrt(np.maximum(rest / np.maximum(spread, TINY**2), TINY**2))
    still = spread <= TINY**2 * len(distance)
    return np.asarray(still | ((t <= RETURNS_T) & (slope <= -RETURNS_BY)))

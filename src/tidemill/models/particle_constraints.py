"""What is known of candidates for rows, channel by channel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidemill.core.grid import Channel, Constraints, LinearBound
from tidemill.models.variables import Variables

FAR = 1 << 62
"""Beyond every tick."""


@dataclass(frozen=True, slots=True)
class GivenValues:
    """Values of one channel that rows are given.

    Attributes:
        known: (rows,) bool, the rows whose value is given.
        value: (rows,); what is not given is arbitrary.
    """

    known: np.ndarray
    value: np.ndarray


class ParticleConstraints:
    """What is known of the rows that candidates are for.

    Args:
        variables: The channels in drawing order.
        constraints: What is known of all rows, and of single ones.

    Attributes:
        levels: Code channel -> (levels,) bool, those that are allowed.
        intervals: Real channel -> (k, 2) intervals of ticks that are allowed.
        given: Channel -> the values that single rows are given.
        sums: Real channel -> the bounds on sums that it is part of.
    """

    def __init__(self, variables: Variables, constraints: Constraints) -> None:
        self.variables = variables
        self.levels = constraints.code
        self.intervals = constraints.tick
        self.given = _given(constraints)
        self.sums: dict[int, list[LinearBound]] = {}
        for bound in constraints.sums:
            for i in bound.channels:
                self.sums.setdefault(i, []).append(bound)
        reals = [i for kind, i in variables.channels if kind == "real"]
        self.place = {i: place for place, i in enumerate(reals)}  # in drawing order

    def limited(self, kind: Channel, i: int) -> bool:
        """Whether a channel is bounded by what is known of all rows, or by a sum."""
        if kind == "code":
            return i in self.levels
        return i in self.intervals or i in self.sums

    def bear_on(self, kind: Channel, i: int) -> bool:
        """Whether anything is known of a channel."""
        return (kind, i) in self.given or self.limited(kind, i)

    def only_given(self, kind: Channel, i: int, row: np.ndarray) -> np.ndarray:
        """(n,) whether a channel of these rows is given, and nothing else that is known of it alone
        speaks against it.

        Such a value stays, however unlikely it is; the row's chance is 0.
        """
        given = self.given.get((kind, i))
        if given is None:
            return np.zeros(len(row), bool)
        if kind == "real" and i in self.intervals:
            low, high = self.intervals[i].T
            value = given.value[row][:, None]
            return given.known[row] & ((value >= low) & (value <= high)).any(axis=1)
        if kind == "code" and i in self.levels:
            return np.asarray(given.known[row] & self.levels[i][given.value[row]])
        return given.known[row]

    def bounds(self, i: int, row: np.ndarray, tick: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The intervals that are left to a real channel that is not given.

        Args:
            i: The channel.
            row: (n,) the row that each candidate is for.
            tick: (n, R) of the candidates, those of earlier channels drawn.

        Returns:
            (n, k) first and (n, k) last ticks.
        """
        intervals = self.intervals.get(i, np.array([[-FAR, FAR]]))
        low = np.tile(intervals[:, 0], (len(row), 1))
        high = np.tile(intervals[:, 1], (len(row), 1))
        for bound in self.sums.get(i, ()):
            first, last = self._left_over(bound.of_rows(row), i, row, tick)
            low = np.maximum(low, first[:, None])
            high = np.minimum(high, last[:, None])
        return low, high

    def fits(self, i: int, row: np.ndarray, tick: np.ndarray) -> np.ndarray:
        """(n,) whether the sums leave room for the ticks that a real channel is given."""
        fitting = np.ones(len(row), bool)
        for bound in self.sums.get(i, ()):
            first, last = self._left_over(bound.of_rows(row), i, row, tick)
            fitting &= (tick[:, i] >= first) & (tick[:, i] <= last)
        return fitting

    def _left_over(
        self, bound: LinearBound, i: int, row: np.ndarray, tick: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """(n,) first and last tick that the other channels of a sum leave to channel i."""
        weights = dict(zip(bound.channels, bound.weights, strict=True))
        own = weights.pop(i)
        least = np.zeros(len(tick), np.int64)
        most = np.zeros(len(tick), np.int64)
        for other, weight in weights.items():
            if self.place[other] < self.place[i]:
                first, last = tick[:, other], tick[:, other]
            else:
                first, last = self._reach(other, row)
            least = least + np.minimum(weight * first, weight * last)
            most = most + np.maximum(weight * first, weight * last)
        first, last = bound.low - most, bound.high - least
        if own < 0:
            first, last = last, first
        return -(-first // own), last // own  # the first is rounded up

    def _reach(self, i: int, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First and last tick that a real channel can still get; one for all candidates, or one for
        each where single values are given."""
        low, high = self._outermost(i)
        given = self.given.get(("real", i))
        if given is None:
            return np.asarray(low), np.asarray(high)
        known, value = given.known[row], given.value[row]
        return np.where(known, value, low), np.where(known, value, high)

    def _outermost(self, i: int) -> tuple[int, int]:
        """First and last tick that the model and the intervals allow."""
        pieces = self.variables.pieces[i]
        if not len(pieces):
            low, high = 0, 0
        else:
            low, high = int(pieces.low[0]), int(pieces.high[-1])
        intervals = self.intervals.get(i)
        if intervals is not None and len(intervals):
            low = max(low, int(intervals[0, 0]))
            high = min(high, int(intervals[-1, 1]))
        return low, high


def _given(constraints: Constraints) -> dict[tuple[Channel, int], GivenValues]:
    """The channels of which any value is given."""
    given: dict[tuple[Channel, int], GivenValues] = {}
    rows = constraints.rows
    if rows is None:
        return given
    for i in np.flatnonzero(rows.code.any(axis=0)).tolist():
        given["code", i] = GivenValues(rows.code[:, i], rows.batch.code[:, i])
    for i in np.flatnonzero(rows.tick.any(axis=0)).tolist():
        given["real", i] = GivenValues(rows.tick[:, i], rows.batch.tick[:, i])
    return given

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
    """Values of one channel that particles are given.

    Attributes:
        known: (size,) bool, the particles whose value is given.
        value: (size,); what is not given is arbitrary.
    """

    known: np.ndarray
    value: np.ndarray


class ParticleConstraints:
    """What is known of particles.

    Args:
        variables: The channels in drawing order.
        constraints: What is known; where it is known of single rows, a row for each group.
        group: (size,) the group that each particle belongs to.

    Attributes:
        levels: Code channel -> (levels,) bool, those that are allowed.
        intervals: Real channel -> (k, 2) intervals of ticks that are allowed.
        given: Channel -> the values that single particles are given.
        sums: Real channel -> the bounds on sums that it is part of, a row for each particle.
    """

    def __init__(self, variables: Variables, constraints: Constraints, group: np.ndarray) -> None:
        self.variables, self.size = variables, len(group)
        self.levels = constraints.code
        self.intervals = constraints.tick
        self.given = _given(constraints, group)
        self.sums: dict[int, list[LinearBound]] = {}
        for bound in constraints.sums:
            of_particles = bound.of_rows(group)
            for i in bound.channels:
                self.sums.setdefault(i, []).append(of_particles)
        reals = [i for kind, i in variables.channels if kind == "real"]
        self.place = {i: place for place, i in enumerate(reals)}  # in drawing order

    def bear_on(self, kind: Channel, i: int) -> bool:
        """Whether anything is known of a channel."""
        # where the levels of code i are bounded, real i counts as bounded too: by nothing, but it
        # is drawn by another way, so without this the same seed would give other rows
        if (kind, i) in self.given or i in self.levels:
            return True
        return kind == "real" and (i in self.intervals or i in self.sums)

    def only_given(self, kind: Channel, i: int) -> np.ndarray:
        """(size,) whether a channel is given, and nothing else that is known speaks against it.

        Such a value stays, however unlikely it is; the row's chance is 0.
        """
        given = self.given.get((kind, i))
        bounded = kind == "real" and (i in self.intervals or i in self.sums)
        if given is None or bounded:
            return np.zeros(self.size, bool)
        if kind == "code" and i in self.levels:
            return np.asarray(given.known & self.levels[i][given.value])
        return given.known

    def bounds(
        self, i: int, particles: np.ndarray, tick: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The intervals that are left to a real channel.

        Args:
            i: The channel.
            particles: (n,) those that are asked about.
            tick: (size, R) of all particles, those of earlier channels drawn.

        Returns:
            (n, k) first and (n, k) last ticks.
        """
        intervals = self.intervals.get(i, np.array([[-FAR, FAR]]))
        low = np.tile(intervals[:, 0], (len(particles), 1))
        high = np.tile(intervals[:, 1], (len(particles), 1))
        given = self.given.get(("real", i))
        if given is not None:
            known = given.known[particles]
            value = given.value[particles[known]]
            low[known] = value[:, None]
            high[known] = value[:, None]
            high[known, 1:] = -FAR - 1  # one interval is enough
        for bound in self.sums.get(i, ()):
            first, last = self._left_over(bound, i, tick)
            low = np.maximum(low, first[particles, None])
            high = np.minimum(high, last[particles, None])
        return low, high

    def _left_over(
        self, bound: LinearBound, i: int, tick: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """(size,) first and last tick that the other channels of a sum leave to channel i."""
        weights = dict(zip(bound.channels, bound.weights, strict=True))
        own = weights.pop(i)
        least = np.zeros(len(tick), np.int64)
        most = np.zeros(len(tick), np.int64)
        for other, weight in weights.items():
            if self.place[other] < self.place[i]:
                first, last = tick[:, other], tick[:, other]
            else:
                first, last = self._reach(other)
            least = least + np.minimum(weight * first, weight * last)
            most = most + np.maximum(weight * first, weight * last)
        first, last = bound.low - most, bound.high - least
        if own < 0:
            first, last = last, first
        return -(-first // own), last // own  # the first is rounded up

    def _reach(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """First and last tick that a real channel can still get; one for all particles, or one for
        each where single values are given."""
        low, high = self._outermost(i)
        given = self.given.get(("real", i))
        if given is None:
            return np.asarray(low), np.asarray(high)
        return np.where(given.known, given.value, low), np.where(given.known, given.value, high)

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


def _given(constraints: Constraints, group: np.ndarray) -> dict[tuple[Channel, int], GivenValues]:
    """The channels of which any value is given, a row for each particle."""
    given: dict[tuple[Channel, int], GivenValues] = {}
    rows = constraints.rows
    if rows is None:
        return given
    for i in np.flatnonzero(rows.code.any(axis=0)).tolist():
        given["code", i] = GivenValues(rows.code[group, i], rows.batch.code[group, i])
    for i in np.flatnonzero(rows.tick.any(axis=0)).tolist():
        given["real", i] = GivenValues(rows.tick[group, i], rows.batch.tick[group, i])
    return given

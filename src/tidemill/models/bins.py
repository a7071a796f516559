"""A channel of numbers as an ordered list of pieces: atoms that occur often, and intervals between
them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MIN_COUNT = 5
"""No value of fewer rows than this is kept by a model as it is; no interval is bounded so as to
hold fewer."""
MAX_PIECES = 4096


@dataclass(frozen=True, slots=True)
class Bins:
    """A piecewise uniform distribution over integers.

    Attributes:
        low, high: (m,) int64, first and last tick of each piece; equal for an atom.
        count: (m,) int64, training rows in each piece.
    """

    low: np.ndarray
    high: np.ndarray
    count: np.ndarray

    def __len__(self) -> int:
        return len(self.low)

    @staticmethod
    def of(ticks: np.ndarray, least: int = MIN_COUNT, most: int = MAX_PIECES) -> Bins:
        """Learn the pieces of (n,) int64 ticks.

        Args:
            ticks: The values.
            least: Rows of an atom at least; more than MIN_COUNT where rows are several times in the
                values.
            most: About so many pieces.

        A value with at least MIN_COUNT rows is an atom. The rows between two atoms are cut into
        intervals of at least MIN_COUNT rows, bounded half-way between neighbouring values; only
        where so few rows stand alone between two atoms does an interval hold fewer, and it then
        spans all the room between them.
        """
        values, counts = np.unique(ticks, return_counts=True)
        if not len(values):
            empty = np.zeros(0, np.int64)
            return Bins(empty, empty, empty)
        atom = counts >= least
        if atom.sum() > most // 2:  # keep the most frequent ones only
            atom &= counts > np.partition(counts, -most // 2)[-most // 2]
        chunk = max(least, -(-2 * len(ticks) // most))
        group = _groups(atom, counts, chunk)
        first = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
        last = np.r_[first[1:], len(values)] - 1
        low, high = _bounds(values, counts, atom, first, last)
        return Bins(low, high, np.add.reduceat(counts, first))

    def index(self, ticks: np.ndarray) -> np.ndarray:
        """(n,) ticks -> (n,) the piece of each; -1 where no piece covers it."""
        if not len(self.low):
            return np.full(len(ticks), -1)
        at = np.searchsorted(self.low, ticks, side="right") - 1
        return np.where((at >= 0) & (ticks <= self.high[np.maximum(at, 0)]), at, -1)

    def nearest(self, ticks: np.ndarray) -> np.ndarray:
        """(n,) ticks -> (n,) the piece of each, or the one below where none covers it."""
        below: np.ndarray = np.searchsorted(self.low, ticks, side="right") - 1
        return below.clip(0, len(self.low) - 1)

    def draw(self, piece: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(n,) pieces -> (n,) ticks, uniform within each."""
        return rng.integers(self.low[piece], self.high[piece], endpoint=True)


def _groups(atom: np.ndarray, counts: np.ndarray, chunk: int) -> np.ndarray:
    """(v,) flags and counts of ascending values -> (v,) the ascending number of each value's
    piece."""
    run = np.cumsum(atom | np.r_[False, atom[:-1]])  # a new run at each atom and behind it
    before = np.cumsum(counts) - counts
    start = np.r_[True, run[1:] != run[:-1]]
    # rows of the run that stand before each value; whole chunks of them number the pieces within
    # the run
    within = before - np.maximum.accumulate(np.where(start, before, 0))
    ends = np.r_[np.flatnonzero(start)[1:], len(counts)] - 1
    total = (within + counts)[ends]
    pieces = np.maximum(1, total // chunk)
    length = np.diff(np.r_[np.flatnonzero(start), len(counts)])
    part = np.minimum(
        within * np.repeat(pieces, length) // np.repeat(total, length),
        np.repeat(pieces, length) - 1,
    )
    group: np.ndarray = run * (len(counts) + 1) + part
    return group


def _bounds(
    values: np.ndarray, counts: np.ndarray, atom: np.ndarray, first: np.ndarray, last: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """First and last tick of each piece: atoms as they are, intervals up to half-way to the
    neighbours."""
    # may exceed int64 only for ticks beyond 2**62, which no codec gives
    gap = values[1:] - values[:-1]
    middle = values[:-1] + gap // 2
    low, high = values[first].copy(), values[last].copy()
    is_atom = atom[first]
    behind_atom, before_atom = np.r_[False, is_atom[:-1]], np.r_[is_atom[1:], False]
    inner = np.flatnonzero(~is_atom & (first > 0))
    at = first[inner] - 1
    low[inner] = np.where(behind_atom[inner], values[at] + 1, middle[at] + 1)
    inner = np.flatnonzero(~is_atom & (last < len(values) - 1))
    at = last[inner]
    high[inner] = np.where(before_atom[inner], values[at + 1] - 1, middle[at])
    if len(first) > 1:
        start, end = slice(first[0], last[0] + 1), slice(first[-1], last[-1] + 1)
        if not is_atom[0]:
            reach = _reach(values[start], counts[start], high[0])
            low[0] = max(int(high[0]) - reach, int(low[0]))
        if not is_atom[-1]:
            reach = _reach(values[end], counts[end], low[-1])
            high[-1] = min(int(low[-1]) + reach, int(high[-1]))
    return low, high


def _reach(values: np.ndarray, counts: np.ndarray, inner: int) -> int:
    """How far an outermost piece reaches from its inner bound to keep its mean, instead of to the
    extreme row."""
    mean = np.average(np.abs(values - inner).astype(float), weights=counts)
    return int(np.ceil(2 * mean))

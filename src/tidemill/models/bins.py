"""A channel of numbers as an ordered list of pieces: atoms that occur often, and intervals between
them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidemill.core.extremes import around, outward
from tidemill.core.persons import FEWEST_PERSONS, sharing

MAX_PIECES = 4096
FAR, NEAR = 8, 4
"""A gap is one that nothing lies in if it is FAR times as wide as the NEAR values on one side of
it."""
FEW_BETWEEN = 0.1
"""Share of the rows, without those of the most frequent value, up to which values between those
that occur often are taken for the nearest of these."""


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
    def of(
        ticks: np.ndarray,
        least: int = FEWEST_PERSONS,
        most: int = MAX_PIECES,
        persons: np.ndarray | None = None,
        largest: int | None = None,
    ) -> Bins:
        """Learn the pieces of (n,) int64 ticks.

        Args:
            ticks: The values.
            least: Rows of an atom at least.
            most: About so many pieces.
            persons: (n,) whose each value is; None where each is a person's own.
            largest: The largest tick that there may be, the smallest being 0; None for any.

        A value that FEWEST_PERSONS share is an atom. The rows between two atoms, or between gaps
        that are wide beside the values near them, are cut into intervals of at least as many
        persons, bounded half-way between neighbouring values, but not far into a gap; only where so
        few rows stand alone between two atoms does an interval hold fewer, and it then spans all
        the room between them. Fewer persons beside a gap or an end belong to the nearest piece, and
        so do values between the atoms of a column that has hardly any others. The smallest and the
        largest value are rounded outward.
        """
        values, counts = np.unique(ticks, return_counts=True)
        if not len(values):
            empty = np.zeros(0, np.int64)
            return Bins(empty, empty, empty)
        shared, place = counts, np.zeros(0, np.int64)
        if persons is not None:
            place = np.searchsorted(values, ticks)
            shared = sharing(place, len(values), persons)
        atom = (counts >= least) & (shared >= FEWEST_PERSONS)
        if atom.sum() > most // 2:  # keep the most frequent ones only
            atom &= counts > np.partition(counts, -most // 2)[-most // 2]
        chunk = max(least, -(-2 * len(ticks) // most))
        gap = _gaps(values)
        group = _groups(atom, counts, chunk, gap)
        few = np.add.reduceat(counts, _starts(group)) < FEWEST_PERSONS
        if persons is not None:
            group, few = _of_enough(group, atom, gap, place, persons)
        first = _starts(group)
        last = np.r_[first[1:], len(values)] - 1
        low, high = _bounds(values, counts, atom, first, last, largest)
        kept = _kept(values, counts, atom, first, last, gap, few)
        low, high = _beside_gaps(values, gap, first, last, low, high)
        if not kept.any():
            enough = sharing(np.zeros(len(ticks), np.int64), 1, persons)[0] >= FEWEST_PERSONS
            ends = (outward if enough else around)(int(values[0]), int(values[-1]))
            low, high, kept = np.array(ends[:1]), np.array(ends[1:]), np.ones(1, bool)
        pieces = Bins(low[kept], high[kept], np.zeros(int(kept.sum()), np.int64))
        held = np.zeros(len(pieces), np.int64)
        np.add.at(held, pieces.nearest(values), counts)
        return Bins(pieces.low, pieces.high, held)

    def index(self, ticks: np.ndarray) -> np.ndarray:
        """(n,) ticks -> (n,) the piece of each; -1 where no piece covers it."""
        if not len(self.low):
            return np.full(len(ticks), -1)
        at = np.searchsorted(self.low, ticks, side="right") - 1
        return np.where((at >= 0) & (ticks <= self.high[np.maximum(at, 0)]), at, -1)

    def nearest(self, ticks: np.ndarray) -> np.ndarray:
        """(n,) ticks -> (n,) the piece of each, or the nearest one where none covers it."""
        below: np.ndarray = np.searchsorted(self.low, ticks, side="right") - 1
        above = (below + 1).clip(0, len(self.low) - 1)
        below = below.clip(0, len(self.low) - 1)
        nearer = np.abs(self.low[above] - ticks) < np.maximum(ticks - self.high[below], 0)
        return np.where(nearer, above, below)

    def draw(self, piece: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(n,) pieces -> (n,) ticks, uniform within each."""
        return rng.integers(self.low[piece], self.high[piece], endpoint=True)


def _gaps(values: np.ndarray) -> np.ndarray:
    """(v,) ascending values -> (v,) whether there is a wide gap below each."""
    step = np.diff(values.astype(float))
    wide = np.zeros(len(values), bool)
    if len(step) < NEAR:
        return wide
    near = np.full(len(step), np.inf)
    span = values[NEAR - 1 :].astype(float) - values[: 1 - NEAR]
    near[NEAR - 1 :] = span[:-1]  # of the values up to the gap
    near[: 1 - NEAR] = np.minimum(near[: 1 - NEAR], span[1:])  # and behind it
    wide[1:] = step > FAR * near
    return wide


def _kept(
    values: np.ndarray,
    counts: np.ndarray,
    atom: np.ndarray,
    first: np.ndarray,
    last: np.ndarray,
    gap: np.ndarray,
    few: np.ndarray,
) -> np.ndarray:
    """(m,) which pieces there are; the rows of the others belong to the nearest of these. ``few``
    says which hold too few persons."""
    behind = np.r_[gap, False][last + 1]
    beside = gap[first] | behind
    joined = np.r_[False, ~atom[first[1:] - 1]] & ~gap[first]  # to the piece below
    alone = ~joined & ~np.r_[joined[1:] & ~atom[first[1:]], False]
    outer = np.zeros(len(first), bool)
    outer[[0, -1]] = True
    lone = ~atom[first] & few & (beside | outer) & alone
    upper = np.where(behind, last, np.minimum(last + 1, len(values) - 1))
    lower = np.where(gap[first], first, np.maximum(first - 1, 0))
    room = values[upper] - values[lower]
    sparse = ~atom[first] & (room > 4.0 * (last - first + 2))
    between = int(counts[~atom].sum())
    others = int(counts.sum() - counts.max())
    if atom.any() and 0 < between <= FEW_BETWEEN * others:
        lone |= sparse
    return ~lone


def _beside_gaps(
    values: np.ndarray,
    gap: np.ndarray,
    first: np.ndarray,
    last: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The bounds, which reach no farther into a wide gap than values of the piece lie apart."""
    apart = np.maximum((values[last] - values[first]) // np.maximum(last - first, 1), 1)
    low = np.where(gap[first], np.maximum(low, values[first] - apart), low)
    behind = np.r_[gap, False][last + 1]
    high = np.where(behind, np.minimum(high, values[last] + apart), high)
    return low, high


def _groups(atom: np.ndarray, counts: np.ndarray, chunk: int, gap: np.ndarray) -> np.ndarray:
    """(v,) flags and counts of ascending values -> (v,) the ascending number of each value's
    piece."""
    # a new run at each atom and behind it, and behind each gap
    run = np.cumsum(atom | np.r_[False, atom[:-1]] | gap)
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


def _starts(group: np.ndarray) -> np.ndarray:
    """Where each piece begins in its values."""
    return np.flatnonzero(np.r_[True, group[1:] != group[:-1]])


def _of_enough(
    group: np.ndarray, atom: np.ndarray, gap: np.ndarray, place: np.ndarray, persons: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(v,) the number of each value's piece after intervals of too few persons were joined with
    their neighbours up to the next atom or gap, and (m,) which pieces still hold too few."""
    while True:
        first = _starts(group)
        piece = np.repeat(np.arange(len(first)), np.diff(np.r_[first, len(group)]))
        few = sharing(piece[place], len(first), persons) < FEWEST_PERSONS
        few &= ~atom[first]
        # whether a piece may be joined with the one before it
        joins = ~atom[first] & ~gap[first] & np.r_[False, ~atom[first[:-1]]]
        above = few & np.r_[joins[1:], False]
        below = few & ~above & joins
        if not (above | below).any():
            return group, few
        # of several in a row each second one is joined, so that none grows more than it must
        at = np.arange(len(first))
        taken = above & ((at - np.maximum.accumulate(np.where(above, -1, at))) % 2 == 1)
        merged = np.r_[False, taken[:-1]] | below
        group = np.cumsum(~merged)[piece]


def _bounds(
    values: np.ndarray,
    counts: np.ndarray,
    atom: np.ndarray,
    first: np.ndarray,
    last: np.ndarray,
    largest: int | None,
) -> tuple[np.ndarray, np.ndarray]:
    """First and last tick of each piece: atoms as they are, intervals up to half-way to the
    neighbours, the outermost up to a round number."""
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
    below, above = outward(int(values[0]), int(values[-1]))
    if largest is not None:
        above = min(above, max(largest, int(values[-1])))
    if not is_atom[0]:
        low[0] = below
    if not is_atom[-1]:
        high[-1] = above
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

"""Numbers that no id has: where fresh ones count on, or lie scattered."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from tidemill.core.errors import DataError

GOLDEN = 0.6180339887498949
MOST_RESIDUES = 64
MOST_GAPS = 4
DENSE = 50
"""Ids lie dense where their numbers span less than so many times as many."""
FAR = 20
"""A number that lies so many times the others' span away from them is no number that counts."""
LARGEST = 2**63 - 1
PARTS = 20
"""Ends are rounded to at most one part of so many of what they are the ends of."""


@dataclass(frozen=True, slots=True)
class Stretches:
    """Free numbers in the order in which they are used.

    Attributes:
        parts: (first, step, how many) of each stretch; None for without end.
    """

    parts: tuple[tuple[int, int, int | None], ...] = ((1, 1, None),)

    def numbers(self, row: np.ndarray) -> list[int] | np.ndarray:
        """(n,) rows -> (n,) numbers, each row's own: int64 where they fit in.

        Raises:
            DataError: There are no more.
        """
        out = np.zeros(len(row), object if self._large(row) else np.int64)
        left = np.asarray(row, np.int64)
        open_rows = np.arange(len(row))
        for first, step, count in self.parts:
            here = np.ones(len(left), bool) if count is None else left < count
            rows, steps = open_rows[here], left[here]
            out[rows] = first + step * (steps.astype(object) if out.dtype == object else steps)
            if count is None or here.all():
                return out
            open_rows, left = open_rows[~here], left[~here] - count
        if len(open_rows):
            raise DataError(
                f"there are no further numbers for {len(open_rows):,} new ids",
                hint="make fewer rows at a time, or store the ids as text",
            )
        return out

    def texts(self, row: np.ndarray) -> pl.Series:
        """(n,) rows -> (n,) their numbers as text."""
        numbers = self.numbers(row)
        if isinstance(numbers, np.ndarray) and numbers.dtype != object:
            return pl.Series(numbers).cast(pl.String)
        return pl.Series([str(number) for number in numbers], dtype=pl.String)

    def room(self, least: int, most: int) -> int:
        """How many of them lie within bounds."""
        total = 0
        for first, step, count in self.parts:
            whole = most - least + 1 if count is None else count
            last = first + step * (whole - 1)
            low, high = max(min(first, last), least), min(max(first, last), most)
            total += max(high - low + 1, 0)
        return total

    def _large(self, row: np.ndarray) -> bool:
        rows = int(row.max(initial=0)) + 1
        return any(
            abs(first) + (rows if count is None else count) > LARGEST
            for first, _, count in self.parts
        )


def free_stretches(
    numbers: Sequence[int], least: int, most: int | None, width: int | None = None
) -> Stretches:
    """Where numbers count on: behind the largest, unless it is a marker far away from all others;
    below the smallest where all are negative or nothing is left above; in the largest gaps between
    them.

    Args:
        numbers: Different ones, ascending.
        least, most: Bounds of their type; None for none.
        width: Digits that all of them have, which fresh ones had better have too.
    """
    if not len(numbers):
        return Stretches(((1, 1, None if most is None else most),))
    low, high = bulk(numbers)
    first, last = numbers[low], numbers[high]
    end = numbers[high + 1] - 1 if high + 1 < len(numbers) else most
    above = _above(last, end, width, last - first)
    start = numbers[low - 1] + 1 if low > 0 else _lowest(first, least)
    below = _below(first, start, last - first)
    gaps = _gaps(numbers[low : high + 1])
    behind = _above(numbers[-1], most, None, last - first)
    if last < 0:
        parts = [below, above, *gaps]
    elif width is not None and last - first > DENSE * len(numbers):
        within = min(10**width - 1, last if end is None else end)
        parts = [(above[0], 1, within - above[0] + 1), *gaps, above]
    else:
        parts = [above, *gaps, below]
    if high + 1 < len(numbers):
        parts.append(behind)
    return Stretches(_useful(parts, len(numbers)))


def _useful(
    parts: list[tuple[int, int, int | None]], ids: int
) -> tuple[tuple[int, int, int | None], ...]:
    """The stretches that hold anything, those that hold less than there are ids behind the others;
    none of them twice, and none behind one without end."""
    kept: list[tuple[int, int, int | None]] = []
    small: list[tuple[int, int, int | None]] = []
    for part in parts:
        count = part[2]
        if count is not None and count < 1:
            continue
        if any(other[0] == part[0] for other in [*kept, *small]):
            kept = [part if other[0] == part[0] else other for other in kept]
            continue
        (small if count is not None and count < ids else kept).append(part)
    ordered = [*kept, *small]
    endless = [k for k, part in enumerate(ordered) if part[2] is None]
    return tuple(ordered[: endless[0] + 1] if endless else ordered)


def bulk(numbers: Sequence[int]) -> tuple[int, int]:
    """First and last place of the numbers, without the few that lie far away from all others."""
    low, high = 0, len(numbers) - 1
    if len(numbers) < 10:
        return low, high
    spare = max(len(numbers) // 100, 1)
    for _ in range(spare):
        span = numbers[high - 1] - numbers[low]
        if numbers[high] - numbers[high - 1] > FAR * max(span, len(numbers)):
            high -= 1
        span = numbers[high] - numbers[low + 1]
        if numbers[low + 1] - numbers[low] > FAR * max(span, len(numbers)):
            low += 1
    return low, high


def _lowest(first: int, least: int) -> int:
    """The smallest number that may stand for an id: none below 0, or 1, where none is."""
    if first < 0:
        return least
    return max(least, min(first, 1))


def _gaps(numbers: Sequence[int]) -> list[tuple[int, int, int | None]]:
    """The largest stretches between the numbers."""
    if len(numbers) < 2:
        return []
    values = np.array(numbers, float)
    places = np.argsort(-np.diff(values), kind="stable")[:MOST_GAPS].tolist()
    gaps: list[tuple[int, int, int | None]] = []
    for at in sorted(places):
        begin, end = rounded_inward(numbers[at] + 1, numbers[at + 1] - 1)
        if end - begin + 1 >= len(numbers):
            gaps.append((begin, 1, end - begin + 1))
    return gaps


def rounded_inward(low: int, high: int) -> tuple[int, int]:
    """The ends of a stretch, each moved inward to a round number, so that they do not tell which
    number comes before or behind.

    Example:
        >>> rounded_inward(1_037, 8_966), rounded_inward(13, 17)
        ((1100, 8900), (14, 16))
    """
    unit = _unit((high - low) // PARTS)
    if unit == 1:
        return low + 1, high - 1
    return -(-low // unit) * unit, high // unit * unit


def _unit(size: int) -> int:
    """The largest power of ten that is not above a size; at least 1."""
    return int(10 ** (len(str(max(size, 1))) - 1))


def _above(last: int, end: int | None, width: int | None, span: int) -> tuple[int, int, int | None]:
    """The stretch above the largest number, from a round number on if there is one: synthetic ids
    do not tell which real one was the last."""
    most = end
    if width is not None and last < 10**width - 1:
        most = 10**width - 1 if end is None else min(end, 10**width - 1)
    unit = max(_unit(span // PARTS), 10)
    begin = (last // unit + 1) * unit
    # at most half of what is left is given up
    while unit > 1 and most is not None and begin - last > max((most - last) // 2, 1):
        unit //= 10
        begin = (last // unit + 1) * unit
    return begin, 1, None if end is None else end - begin + 1


def _below(first: int, start: int, span: int) -> tuple[int, int, int | None]:
    """The stretch below the smallest number, from a round number down."""
    unit = min(max(_unit(span // PARTS), 10), _unit(max(first - start, 1)))
    begin = (first - 1) // unit * unit
    return begin, -1, begin - start + 1


def free_residues(taken: np.ndarray, space: int) -> tuple[int, tuple[int, ...]]:
    """A modulus, and some residues that no taken number has."""
    modulus = max(min(len(taken), space // MOST_RESIDUES), 1)
    while modulus % 2 == 0 or modulus % 5 == 0 or modulus % 3 == 0:
        modulus += 1
    free = np.flatnonzero(np.bincount(taken % modulus, minlength=modulus) == 0)
    if not len(taken):
        free = np.zeros(1, np.int64)
    chosen = free[:: max(len(free) // MOST_RESIDUES, 1)][:MOST_RESIDUES]
    return modulus, tuple(chosen.tolist())


def check_residues(space: int, modulus: int, residues: Sequence[int]) -> None:
    """See that numbers below ``space`` with these residues can be drawn.

    Raises:
        ValueError: They cannot.
    """
    whole = 1 <= modulus <= space and len(residues) > 0
    if not whole or not all(0 <= one < modulus for one in residues):
        raise ValueError("a form has no room")


def scattered(
    row: np.ndarray, space: int, modulus: int, residues: Sequence[int], key: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """(n,) different rows -> (n,) numbers below ``space`` with one of the residues, spread by steps
    of the golden ratio, each different, and (n,) whether there were no more, so that a number comes
    again."""
    room = len(residues) * (space // modulus)
    step = int(room * GOLDEN) or 1
    while math.gcd(step, room) > 1:
        step += 1
    keyed = np.random.default_rng(key)
    at = np.full(len(row), int(keyed.integers(room)))
    for bit in range(int(row.max(initial=0)).bit_length()):  # row * step itself would leave int64
        at = np.where(row >> bit & 1, (at - room + (step << bit) % room) % room, at)
    chosen = np.array(residues, np.int64)[at % len(residues)]
    return chosen + modulus * (at // len(residues)), row >= room

"""The number line of a column: its reals put together to one whole number, so that values can be
compared and added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from tidemill.codecs.columns.intervals import LARGEST, between, meet, union
from tidemill.core.grid import Constraints, LinearBound


@dataclass(frozen=True, slots=True)
class NumberLine:
    """``number = sum of weights[r] * tick of real r``; the first real counts most, as weeks do
    before days and times.

    Attributes:
        weights: One whole number for each real of the column, the last one 1, each a multiple of
            the next.
        step: What one of the number is worth: in the column's unit, or in days for dates.
        shift: Added to the number before the first real counts it, so that weeks can begin on any
            day.
        sort: Only columns of one sort can be compared: numbers, dates without a zone, dates with
            one, dates of the same calendar.
        ends: The smallest and the largest number in training; None where they are not known.
    """

    weights: tuple[int, ...]
    step: Fraction
    sort: str
    shift: int = 0
    ends: tuple[int, int] | None = None

    def number(self, tick: np.ndarray) -> np.ndarray:
        """(n, R) ticks -> (n,) int64 numbers."""
        return np.asarray(tick @ np.array(self.weights, np.int64))

    def ticks(self, number: np.ndarray) -> np.ndarray:
        """(n,) numbers -> (n, R) int64 ticks."""
        out = np.empty((len(number), len(self.weights)), np.int64)
        rest = np.asarray(number, np.int64)
        shift = self.shift
        for r, weight in enumerate(self.weights):
            out[:, r] = (rest + shift) // weight
            rest = rest - out[:, r] * weight
            shift = 0
        return out

    def inside(self, tick: np.ndarray) -> np.ndarray:
        """(n, R) ticks -> the same, but for those of the first week (or day) that lie before the
        first number, and of the last that lie behind the last: these go to the week beside."""
        weight = self.weights[0]
        if self.ends is None or weight == 1:
            return tick
        first, last = self.ends
        number = self.number(tick)
        low = (number < first) & (tick[:, 0] == (first + self.shift) // weight)
        high = (number > last) & (tick[:, 0] == (last + self.shift) // weight)
        if not (low | high).any():
            return tick
        moved = number + weight * (low.astype(np.int64) - high)
        return self.ticks(np.where(low | high, np.clip(moved, first, last), number))

    def reached(self, numbers: np.ndarray) -> np.ndarray:
        """(k, 2) intervals -> the numbers in them that :meth:`inside` leaves in them."""
        weight = self.weights[0]
        if self.ends is None or weight == 1:
            return numbers
        first, last = self.ends
        spans = []
        for low, high in numbers.tolist():
            begins = (high + self.shift) // weight >= (first + self.shift) // weight
            goes_on = (low + self.shift) // weight <= (last + self.shift) // weight
            if begins and high < first - 1 + weight:
                low = max(low, first)
            if goes_on and low > last + 1 - weight:
                high = min(high, last)
            spans.append((low, high))
        return union(spans)

    def known(self, numbers: np.ndarray) -> Constraints | None:
        """What intervals of the number mean for the reals; None where a :class:`Constraints` cannot
        say it."""
        return spread(self.weights, numbers, self.shift)


def spread(
    weights: Sequence[int], numbers: np.ndarray, shift: int = 0, first: int = 0
) -> Constraints | None:
    """Bounds on the reals of a line, for intervals of its number.

    Args:
        weights: Of the reals in use, as in :class:`NumberLine`.
        numbers: (k, 2) intervals.
        shift: As in :class:`NumberLine`.
        first: Index of the first of these reals.

    Returns:
        Exactly these numbers; None where several intervals cut through what the first real counts.
    """
    if len(weights) == 1:
        return Constraints({first: numbers})
    weight = weights[0]
    spans = numbers.tolist()
    ticks = [((low + shift) // weight, (high + shift) // weight) for low, high in spans]
    tops = union(ticks)
    if not any(_cuts(low, high, weight, shift) for low, high in spans):
        return Constraints({first: tops})
    # what the other reals have to make, where each span lies within one tick of the first
    inner = {
        (low - tick * weight, high - tick * weight)
        for (low, high), (tick, _) in zip(spans, ticks, strict=True)
    }
    if len(inner) == 1 and all(low_tick == high_tick for low_tick, high_tick in ticks):
        [(low, high)] = inner
        rest = spread(weights[1:], between(low, high), first=first + 1)
        if rest is None:
            return None
        return Constraints({first: tops, **rest.tick}, sums=rest.sums)
    if len(spans) > 1:
        return None
    [(low, high)] = spans
    channels = tuple(range(first, first + len(weights)))
    return Constraints({first: tops}, sums=(LinearBound(channels, tuple(weights), low, high),))


def _cuts(low: int, high: int, weight: int, shift: int) -> bool:
    """Whether a span begins or ends within what one tick of the first real counts."""
    if low > -LARGEST and (low + shift) % weight:
        return True
    return high < LARGEST and (high + shift + 1) % weight != 0


def met(one: Constraints, other: Constraints) -> Constraints | None:
    """What both say of the same channels; None where they exclude each other. Single rows are taken
    from ``one``."""
    tick, code = dict(one.tick), dict(one.code)
    for channel, numbers in other.tick.items():
        tick[channel] = meet(tick[channel], numbers) if channel in tick else numbers
    for channel, levels in other.code.items():
        code[channel] = code[channel] & levels if channel in code else levels
    if not all(len(numbers) for numbers in tick.values()):
        return None
    if not all(levels.any() for levels in code.values()):
        return None
    new_sums = tuple(bound for bound in other.sums if bound not in one.sums)
    return Constraints(tick, code, one.sums + new_sums, one.rows)

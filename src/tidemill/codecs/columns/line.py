"""The number line of a column: its reals put together to one whole number, so that values can be
compared and added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from tidemill.codecs.columns.intervals import LARGEST, between, meet, union
from tidemill.core.grid import Constraints, LinearBound

Sort = Literal["number", "date", "zoned"]


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
            one.
    """

    weights: tuple[int, ...]
    step: Fraction
    sort: Sort
    shift: int = 0

    def number(self, tick: np.ndarray) -> np.ndarray:
        """(n, R) ticks -> (n,) int64 numbers."""
        return np.asarray(tick @ np.array(self.weights, np.int64))

    def ticks(self, number: np.ndarray) -> np.ndarray:
        """(n,) numbers -> (n, R) int64 ticks."""
        out = np.empty((len(number), len(self.weights)), np.int64)
        rest = np.asarray(number, np.int64)
        for r, weight in enumerate(self.weights):
            out[:, r] = (rest + (0 if r else self.shift)) // weight
            rest = rest - out[:, r] * weight
        return out

    def known(self, numbers: np.ndarray) -> Constraints | None:
        """What intervals of the number say of the reals; None where reals of a :class:`Constraints`
        cannot say it."""
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
    weight = weights[0]
    if len(weights) == 1:
        return Constraints({first: numbers})
    spans = numbers.tolist()
    tops = union(((low + shift) // weight, (high + shift) // weight) for low, high in spans)
    cut = [
        (low, high)
        for low, high in spans
        if ((low + shift) % weight and low > -LARGEST)
        or ((high + shift + 1) % weight and high < LARGEST)
    ]
    if not cut:
        return Constraints({first: tops})
    within = {
        (low - (low + shift) // weight * weight, high - (low + shift) // weight * weight)
        for low, high in spans
    }
    if len(within) == 1 and all(
        (low + shift) // weight == (high + shift) // weight for low, high in spans
    ):
        rest = spread(weights[1:], between(*next(iter(within))), first=first + 1)
        return None if rest is None else Constraints({first: tops, **rest.tick}, sums=rest.sums)
    if len(spans) > 1:
        return None
    low, high = spans[0]
    return Constraints(
        {first: tops},
        sums=(LinearBound(tuple(range(first, first + len(weights))), tuple(weights), low, high),),
    )


def met(one: Constraints, other: Constraints) -> Constraints | None:
    """What both say of the same channels; None where they exclude each other. Single rows are taken
    from ``one``."""
    tick, code = dict(one.tick), dict(one.code)
    for channel, numbers in other.tick.items():
        tick[channel] = meet(tick[channel], numbers) if channel in tick else numbers
    for channel, levels in other.code.items():
        code[channel] = code[channel] & levels if channel in code else levels
    if any(not len(numbers) for numbers in tick.values()) or any(
        not levels.any() for levels in code.values()
    ):
        return None
    return Constraints(
        tick, code, one.sums + tuple(s for s in other.sums if s not in one.sums), one.rows
    )

"""Ends of a column that are no person's own: rounded outward."""

from __future__ import annotations

import datetime as dt

PARTS = 20
"""A unit to which ends are rounded is at most one part of so many of what lies between them."""
LARGEST = 2**62
"""No end is rounded beyond it, so that sums of a few fit in 64 bits."""


def round_number(most: int) -> int:
    """The largest of 1, 2 and 5 times a power of ten that is not above a positive whole number.

    Example:
        >>> round_number(73), round_number(1), round_number(4)
        (50, 1, 2)
    """
    power = 10 ** (len(str(most)) - 1)
    return next(factor * power for factor in (5, 2, 1) if factor * power <= most)


def outward(low: int, high: int) -> tuple[int, int]:
    """The ends of some whole numbers, rounded outward to a unit of their scale; what lies on one
    side of 0 stays there. Ends of fewer than PARTS steps stay as they are.

    Example:
        >>> outward(17, 89), outward(3, 7_777), outward(0, 9), outward(-700, -3)
        ((16, 90), (2, 7800), (0, 9), (-700, -2))
    """
    unit = round_number(max((high - low) // PARTS, 1))
    below, above = low // unit * unit, -(-high // unit) * unit
    if low > 0 and not below:
        below = round_number(low)
    if high < 0 and not above:
        above = -round_number(-high)
    return max(below, min(low, -LARGEST)), min(above, max(high, LARGEST))


def around(low: int, high: int) -> tuple[int, int]:
    """The ends of whole numbers that are too few to say what their scale is: the round numbers
    outside of them.

    Example:
        >>> around(52_341, 52_341), around(-3, 40)
        ((50000, 100000), (-5, 50))
    """
    return -_above(-low), _above(high)


def _above(end: int) -> int:
    """The nearest of 1, 2 and 5 times a power of ten, and of 0, that is not below a number."""
    if end == 0:
        return 0
    if end < 0:
        return -round_number(-end)
    power = 10 ** (len(str(end)) - 1)
    found = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= end)
    return min(found, max(end, LARGEST))


def outward_days(first: int, last: int) -> tuple[int, int]:
    """The first and the last of some days since 1970 rounded outward: to years, months or a round
    number of days.

    Example:
        >>> days = [(dt.date(2021, 3, 9) - dt.date(1970, 1, 1)).days + n for n in (0, 900)]
        >>> [str(dt.date(1970, 1, 1) + dt.timedelta(end)) for end in outward_days(*days)]
        ['2021-03-01', '2023-08-31']
    """
    months = 12 if last - first > 365 * PARTS else 1
    if last - first <= 30 * PARTS or not _FIRST <= first <= last <= _LAST:
        return outward(first, last)
    begin = (_DAY_0 + dt.timedelta(first)).replace(day=1)
    end = (_DAY_0 + dt.timedelta(last)).replace(day=1)
    if months == 12:
        begin, end = begin.replace(month=1), end.replace(month=12)
    behind = (end + dt.timedelta(31)).replace(day=1)
    return (begin - _DAY_0).days, (behind - _DAY_0).days - 1


_DAY_0 = dt.date(1970, 1, 1)
_FIRST, _LAST = (dt.date.min - _DAY_0).days, (dt.date.max - _DAY_0).days - 366

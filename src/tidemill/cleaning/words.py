"""Figures and lists as the sentences of the checks write them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def share(count: float, total: float) -> str:
    """A part of a whole in per cent, with digits that make sense.

    Example:
        >>> share(1, 3), share(5, 1000), share(1, 70000), share(69999, 70000)
        ('33 %', '0.5 %', 'under 0.1 %', 'over 99.9 %')
    """
    percent = 100 * count / total if total else 0.0
    if 0 < percent < 0.095:
        return "under 0.1 %"
    if 99.9 < percent < 100:
        return "over 99.9 %"
    return f"{percent:.1f} %" if 0 < percent < 1.95 or 98 < percent < 100 else f"{percent:.0f} %"


def figure(value: float | int) -> str:
    """A number for a reader: thousands are marked, and no more than six digits of a fraction.

    Example:
        >>> figure(1234567), figure(1234567.891), figure(0.000123456789), figure(27.0)
        ('1,234,567', '1,234,568', '0.000123457', '27')
    """
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}" if abs(value) < 1e15 else f"{value:.6g}"
    return f"{value:,.0f}" if abs(value) >= 1e6 else f"{value:,.6g}"


def times(count: int) -> str:
    """How often, in words.

    Example:
        >>> times(1), times(12000)
        ('once', '12,000 times')
    """
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


def many(count: int, one: str, more: str = "") -> str:
    """A count and its noun.

    Example:
        >>> many(1, "row"), many(1200, "row"), many(2, "is", "are")
        ('1 row', '1,200 rows', '2 are')
    """
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def listed(names: Sequence[Any], most: int = 5) -> str:
    """Names in quotation marks, and how many more there are.

    Example:
        >>> listed(["a", "b"]), listed(["a", "b", "c", "d"], most=2)
        ("'a' and 'b'", "'a', 'b' and 2 more")
    """
    quoted = [f"'{name}'" for name in names[:most]]
    rest = len(names) - len(quoted)
    if rest:
        return f"{', '.join(quoted)} and {rest:,} more"
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)

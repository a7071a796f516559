"""Axes: where round numbers and dates lie on them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tidemill.core.words import number

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = ((1.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "bn"), (1e12, "tn"))


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten apart) within [low, high].

    Example:
        >>> ticks(0, 97)
        [0.0, 20.0, 40.0, 60.0, 80.0]
    """
    if not high > low:
        return [low]
    least = (high - low) / (wanted + 1)
    power = 10.0 ** math.floor(math.log10(least))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 12) + 0.0 for i in range(first, last + 1)]


def labels(values: Sequence[float]) -> list[str]:
    """The ticks as short text, all in one unit.

    Example:
        >>> labels([0, 50_000, 100_000]), labels([0, 0.25, 0.5])
        (['0', '50k', '100k'], ['0', '0.25', '0.50'])
    """
    size = max((abs(value) for value in values), default=0.0)
    if size >= 1e15 or 0 < size < 1e-4:
        return [number(value, 2) for value in values]
    unit, suffix = _unit(size)
    scaled = [value / unit for value in values]
    places = min(6, max((_places(value) for value in scaled), default=0))
    return ["0" if value == 0 else f"{value:,.{places}f}{suffix}" for value in scaled]


def _unit(size: float) -> tuple[float, str]:
    """The largest unit that the size reaches; thousands only from 10,000 on."""
    chosen = _UNITS[0]
    for unit, suffix in _UNITS:
        if size >= (10_000 if unit == 1e3 else unit):
            chosen = (unit, suffix)
    return chosen


def date_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Evenly spaced instants (seconds since 1970) with a text as exact as the span asks for."""
    span = high - low
    part = _date_part(span / 86_400)
    instants = [low + span * place for place in (0.1, 0.5, 0.9)]
    return [(instant, date(instant)[part]) for instant in instants]


def _date_part(days: float) -> slice:
    """Which part of "2011-03-01 09:30:00" tells instants within so many days apart."""
    if days > 6 * 366:
        return slice(0, 4)
    if days > 180:
        return slice(0, 7)
    if days > 3:
        return slice(0, 10)
    return slice(8, 16)


def date(instant: float) -> str:
    """Seconds since 1970 as text, such as "2011-03-01 09:30:00"; "–" beyond the years 1 to 9999."""
    try:
        return (_EPOCH + timedelta(seconds=instant)).replace(tzinfo=None).isoformat(" ", "seconds")
    except OverflowError:
        return "–"


def _places(value: float) -> int:
    text = f"{value:.6f}".rstrip("0")
    return len(text.partition(".")[2])

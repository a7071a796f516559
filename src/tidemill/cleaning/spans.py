"""Numbers that count the days (hours, minutes, seconds) from one date to another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np

UNITS = {"1 day": 86_400, "1 hour": 3_600, "1 minute": 60, "1 second": 1}
"""Seconds of what a number may count."""
_SCREENED = 12
_FEWEST = 30
_SHUFFLED = 2_000
_BROKEN = 30.0
_MOST_DATES = 12


@dataclass(frozen=True, slots=True)
class SpanRule:
    """The date ``start``, and ``count`` times a ``unit`` behind it the date ``end``.

    Attributes:
        start, end: Positions of the dates.
        count: Position of the number.
        unit: One of UNITS.
        support: Rows in which all are known.
    """

    start: int
    count: int
    end: int
    unit: str
    support: int


def spans(dates: np.ndarray, numbers: np.ndarray, rng: np.random.Generator) -> list[SpanRule]:
    """Every number that always tells how far two dates lie apart, and would often be wrong if it
    were shuffled.

    Args:
        dates: (n, d) Microseconds; NaN where missing.
        numbers: (n, m) NaN where missing.
        rng: Draws the rows that are looked at first, and the shuffling.
    """
    found: list[SpanRule] = []
    if not len(dates):
        return found
    some = rng.permutation(len(dates))[:_SHUFFLED]
    for start, end in permutations(range(min(dates.shape[1], _MOST_DATES)), 2):
        apart = (dates[:, end] - dates[:, start]) / 1e6
        for count, unit in _possible(apart[some], numbers[some]):
            support = _support(apart, numbers[:, count] * UNITS[unit], rng)
            if support:
                found.append(SpanRule(start, count, end, unit, support))
    return found


def _possible(apart: np.ndarray, numbers: np.ndarray) -> Iterator[tuple[int, str]]:
    for count in range(numbers.shape[1]):
        known = np.flatnonzero(~np.isnan(apart) & ~np.isnan(numbers[:, count]))[:_SCREENED]
        number, seconds = numbers[known, count], apart[known]
        for unit, size in UNITS.items():
            if len(known) and (number * size == seconds).all() and number.any():
                yield count, unit


def _support(apart: np.ndarray, told: np.ndarray, rng: np.random.Generator) -> int:
    """The rows that tell; 0 where one is wrong, or hardly any would be by shuffling."""
    known = ~np.isnan(apart) & ~np.isnan(told)
    seconds, told = apart[known], told[known]
    if len(told) < _FEWEST or (seconds != told).any():
        return 0
    differs = float((rng.permutation(told) != seconds).mean())
    return len(told) if len(told) * differs >= _BROKEN else 0

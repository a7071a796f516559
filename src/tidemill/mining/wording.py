"""Tests in plain words."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from tidemill.core.condition import Test
from tidemill.core.words import format_value, listing

DIGITS = 4
"""Significant digits of a value that a test compares with."""
_IN_WORDS = {
    "=": "{}",
    "!=": "not {}",
    "<": "below {}",
    ">": "above {}",
    "<=": "{} or less",
    ">=": "{} or more",
}
_IN_TIME = {
    "=": "{}",
    "!=": "not {}",
    "<": "before {}",
    ">": "after {}",
    "<=": "{} or before",
    ">=": "{} or later",
}


def test_words(tests: Iterable[Test]) -> str:
    """Tests as a phrase, those of one column together.

    Example:
        >>> test_words([Test("age", ">=", 30), Test("plan", "=", "team"), Test("age", "<", 40)])
        "age is 30 to 39 and plan is 'team'"
        >>> test_words([Test("gain", ">", 0.5)])
        'gain is above 0.5'
    """
    columns: dict[str, list[Test]] = {}
    for test in tests:
        columns.setdefault(test.column, []).append(test)
    parts = [f"{name} is {range_words(group)}" for name, group in columns.items()]
    return listing(parts) if parts else "every row"


def range_words(tests: Sequence[Test]) -> str:
    """Tests of one column as the range of values that they leave.

    Example:
        >>> (range_words([Test("x", ">=", 0.5), Test("x", "<", 2.5)]),
        ...     range_words([Test("x", ">=", 7)]))
        ('0.5 to below 2.5', '7 or more')
    """
    lower = _tightest(tests, (">", ">="))
    upper = _tightest(tests, ("<", "<="))
    parts = []
    if lower and upper:
        parts.append(_between(lower, upper))
    elif lower:
        parts.append(_single(lower))
    elif upper:
        parts.append(_single(upper))
    for test in tests:
        if test.operator not in ("<", "<=", ">", ">="):
            parts.append(_single(test))
    return listing(parts)


def _tightest(tests: Sequence[Test], operators: tuple[str, str]) -> Test | None:
    """The bound that the others follow from; of equal values the strict one."""
    bounds = [test for test in tests if test.operator in operators]
    if not bounds:
        return None
    bounds.sort(key=lambda test: len(test.operator))  # the strict ones first
    if ">" in operators:
        return max(bounds, key=lambda test: test.value)
    return min(bounds, key=lambda test: test.value)


def _between(lower: Test, upper: Test) -> str:
    low, high = lower.value, upper.value
    if isinstance(low, int) and isinstance(high, int) and not isinstance(low, bool):
        if lower.operator == ">":
            low += 1
        if upper.operator == "<":
            high -= 1
        return _value(low) if low == high else f"{_value(low)} to {_value(high)}"
    start = f"above {_value(low)}" if lower.operator == ">" else _value(low)
    end = f"below {_value(high)}" if upper.operator == "<" else _value(high)
    return f"{start} to {end}"


def _single(test: Test) -> str:
    if test.operator in ("missing", "present"):
        return "missing" if test.operator == "missing" else "filled in"
    if test.operator == "in":
        return "one of " + listing([_value(value) for value in test.value], "or")
    words = _IN_TIME if isinstance(test.value, datetime.date) else _IN_WORDS
    return words[test.operator].format(_value(test.value))


def _value(value: object) -> str:
    return format_value(value, DIGITS)

"""Tests in plain words."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from tidemill.core.condition import Test
from tidemill.core.words import format_value, listing

DIGITS = 4
"""Significant digits of a value that a test compares with."""


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
    others = [_single(test) for test in tests if test.operator not in ("<", "<=", ">", ">=")]
    if lower and upper:
        others.insert(0, _pair(lower, upper))
    elif lower or upper:
        others.insert(0, _single(lower or upper))  # type: ignore[arg-type]
    return listing(others)


def _tightest(tests: Sequence[Test], operators: tuple[str, ...]) -> Test | None:
    found = [test for test in tests if test.operator in operators]
    if not found:
        return None
    pick = max if ">" in operators else min
    value = pick(test.value for test in found)
    return sorted((t for t in found if t.value == value), key=lambda t: len(t.operator))[0]


def _pair(lower: Test, upper: Test) -> str:
    low, high = lower.value, upper.value
    if isinstance(low, int) and isinstance(high, int) and not isinstance(low, bool):
        low += lower.operator == ">"
        high -= upper.operator == "<"
        return _value(low) if low == high else f"{_value(low)} to {_value(high)}"
    start = f"above {_value(low)}" if lower.operator == ">" else _value(low)
    return f"{start} to {'below ' if upper.operator == '<' else ''}{_value(high)}"


def _single(test: Test) -> str:
    value = test.value
    if test.operator in ("missing", "present"):
        return test.operator
    if test.operator == "in":
        return "one of " + listing([_value(v) for v in value], "or")
    dated = isinstance(value, datetime.date)
    words = {
        "=": "{}",
        "!=": "not {}",
        "<": "before {}" if dated else "below {}",
        ">": "after {}" if dated else "above {}",
        "<=": "{} or before" if dated else "{} or less",
        ">=": "{} or later" if dated else "{} or more",
    }
    return words[test.operator].format(_value(value))


def _value(value: object) -> str:
    return format_value(value, DIGITS)

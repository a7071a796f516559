"""Figures and tests in plain words."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Sequence
from typing import Any

from tidemill.core.condition import Test


def number(value: float, digits: int = 3) -> str:
    """A number with so many significant digits, never fewer than its whole part has.

    Example:
        >>> number(1234567.8), number(0.123456), number(12.0), number(99999)
        ('1,234,568', '0.123', '12', '99,999')
    """
    if not math.isfinite(value):
        return "infinity" if value > 0 else "-infinity"
    if float(value).is_integer():
        return f"{int(value):,}"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    places = max(digits - 1 - math.floor(math.log10(abs(value))), 0)
    text = f"{value:,.{places}f}" if abs(value) >= 1e-6 else f"{value:.{digits - 1}g}"
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def percent(share: float) -> str:
    """A share as a percentage that keeps the figures which matter near 0 and near 1.

    Example:
        >>> percent(0.1834), percent(0.0752), percent(0.0035), percent(0.9962), percent(1.0)
        ('18 %', '7.5 %', '0.35 %', '99.6 %', '100 %')
    """
    value = 100 * share
    if value in (0, 100):
        return f"{value:.0f} %"
    if value < 1:
        return f"{value:.2g} %" if value >= 0.001 else "under 0.001 %"
    if value > 99.95:
        return f"{value:.2f} %" if value < 99.995 else "nearly 100 %"
    return f"{value:.0f} %" if 10 <= value < 99 else f"{value:.1f} %"


def between(low: float, high: float) -> str:
    """A 95 % interval of shares.

    Example:
        >>> between(0.561, 0.66)
        '95 % interval 56 to 66 %'
    """
    return f"95 % interval {percent(low).removesuffix(' %')} to {percent(high)}"


def points(difference: float) -> str:
    """A difference of two shares in percentage points, without its sign.

    Example:
        >>> points(-0.123), points(0.012), points(0.01)
        ('12 points', '1.2 points', '1 point')
    """
    value = abs(100 * difference)
    text = f"{value:.0f}" if value >= 9.95 else f"{value:.1f}".removesuffix(".0")
    return f"{text} point" if text == "1" else f"{text} points"


def listing(parts: Sequence[str], last: str = "and") -> str:
    """Parts joined as in a sentence.

    Example:
        >>> listing(["a", "b", "c"])
        'a, b and c'
    """
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def counted(count: int, noun: str) -> str:
    """A count with its noun in the right number.

    Example:
        >>> counted(1, "row"), counted(2000, "row")
        ('1 row', '2,000 rows')
    """
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def chance(p_value: float) -> str:
    """A p-value in the usual short form.

    Example:
        >>> chance(1e-12), chance(0.0312)
        ('p < 0.001', 'p = 0.031')
    """
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"


def shown(value: Any) -> str:
    """One value of a table as it stands in a sentence.

    Example:
        >>> shown("fibre"), shown(0.25), shown(datetime.datetime(2011, 3, 1)), shown(True)
        ("'fibre'", '0.25', '2011-03-01', 'True')
    """
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, float)):
        return number(value, 4)
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(" ", "minutes")
    if isinstance(value, datetime.date):
        return value.isoformat()
    text = " ".join(str(value).split())
    return f"'{text if len(text) <= 60 else text[:57] + '...'}'"


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
        return shown(low) if low == high else f"{shown(low)} to {shown(high)}"
    start = f"above {shown(low)}" if lower.operator == ">" else shown(low)
    return f"{start} to {'below ' if upper.operator == '<' else ''}{shown(high)}"


def _single(test: Test) -> str:
    value = test.value
    if test.operator in ("missing", "present"):
        return test.operator
    if test.operator == "in":
        return "one of " + listing([shown(v) for v in value], "or")
    dated = isinstance(value, datetime.date)
    words = {
        "=": "{}",
        "!=": "not {}",
        "<": "before {}" if dated else "below {}",
        ">": "after {}" if dated else "above {}",
        "<=": "{} or before" if dated else "{} or less",
        ">=": "{} or later" if dated else "{} or more",
    }
    return words[test.operator].format(shown(value))

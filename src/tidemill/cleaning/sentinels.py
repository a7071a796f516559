"""Numbers and dates that stand for "missing": -1, 999, -9999, 9999-12-31 and their like.

A value is *plainly* a marker only where its form or its behaviour, its count and its distance from
all other values say so together: -200 that comes again and again, and lies farther from all other
values than they are apart, is one whatever its form, and what is one in several columns needs less
proof in the next. A value that could as well be a cap ("99,999 or more") is reported, and left.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from tidemill.cleaning.base import counted, finite
from tidemill.core.change import Issue
from tidemill.core.schema import Column
from tidemill.core.shown import rounded_ends
from tidemill.core.words import format_value, percent, times

_LIMITS = frozenset({2**31 - 1, -(2**31), 2**63 - 1, -(2**63), 65535})
_FEWEST = 3
_SHARE = 0.0005
# of a value without the form of a marker
_FEWEST_FORMLESS = 5
_SHARE_FORMLESS = 0.002
_SPIKE = 0.01
_HUGE = 1e6
_SHARED_GAP = 0.1
"""Between a marker of other columns and the values, in the width of these."""
_TEN_YEARS = timedelta(days=3_650)
_DATES = frozenset(
    date.fromisoformat(text)
    for text in (
        "0001-01-01",
        "1753-01-01",
        "1800-01-01",
        "1899-12-30",
        "1899-12-31",
        "1900-01-01",
        "1970-01-01",
        "2099-12-31",
        "2199-12-31",
        "2999-01-01",
        "2999-12-31",
        "9999-01-01",
        "9999-12-31",
    )
)


@dataclass(frozen=True, slots=True)
class Marker:
    """One value that stands, or may stand, for "missing".

    Attributes:
        value: The value as JSON has it: a number, or a date as ISO text.
        count: Training rows that hold it.
        total: Training rows in which the column is not missing.
        plain: Whether there is no doubt.
        others: What the other values are, in words.
    """

    value: float | int | str
    count: int
    total: int
    plain: bool
    others: str

    def issue(self, column: str) -> Issue:
        """The marker in words."""
        shown = self.value if isinstance(self.value, str) else format_value(self.value)
        held = (
            f"'{column}' is {shown} {times(self.count)} ({percent(self.count, self.total)}), "
            f"while {self.others}"
        )
        if self.plain:
            return Issue(
                "missing",
                f"{held}: {shown} plainly stands for a missing value.",
                (column,),
                self.count,
                shown,
                applied=True,
                action="made missing",
            )
        below = not isinstance(self.value, str) and self.value < 0
        end = "this much or less" if below else "this much or more"
        return Issue(
            "missing",
            f"{held}: {shown} may stand for a missing value, or for “{end}”.",
            (column,),
            self.count,
            shown,
            action="kept; look up what the value means",
        )


def shared(found: Mapping[str, Sequence[Marker]]) -> frozenset[float | int]:
    """The numbers that are plainly markers in at least two columns.

    Args:
        found: Column -> its markers.
    """
    counts = Counter(
        marker.value
        for markers in found.values()
        for marker in markers
        if marker.plain and not isinstance(marker.value, str)
    )
    return frozenset(value for value, count in counts.items() if count > 1)


def markers(
    column: Column, values: pl.Series, elsewhere: frozenset[float | int] = frozenset()
) -> Iterator[Marker]:
    """The markers of one column of numbers or dates, the plain ones first.

    Args:
        column: Its role: in a target nothing is plain.
        values: (rows,) Numbers, Date or Datetime.
        elsewhere: Numbers that are markers in other columns.
    """
    if values.dtype.is_temporal():
        yield from _dates(values.dt.date().drop_nulls(), column.role == "target")
        return
    if not values.dtype.is_numeric():
        return
    rest = finite(values.drop_nulls())
    total = len(rest)
    for _ in range(6):
        marker = _number(rest, total, column.role == "target", elsewhere)
        if marker is None:
            return
        yield marker
        if not marker.plain:
            return
        rest = rest.filter(rest != marker.value)


def _number(
    values: pl.Series, total: int, doubted: bool, elsewhere: frozenset[float | int]
) -> Marker | None:
    """A marker at either end of the values, or None."""
    if not len(values):
        return None
    ends: dict[Any, bool] = {values.max(): True, values.min(): False}
    for value, top in ends.items():
        if not (top or value < 0):
            continue
        same = values == value
        rest, count = values.filter(~same), int(same.sum())
        if count < max(_FEWEST, math.ceil(_SHARE * total)) or rest.n_unique() < 2:
            continue
        low, high = float(rest.min()), float(rest.max())  # type: ignore[arg-type]
        if _has_form(value):
            plain = _far_above(value, low, high)
            if not top:
                plain = _far_below(value, rest, low, high, count)
            likely = top and value > 99 and value >= 1.5 * high > 0
        else:
            plain, likely = _by_behaviour(value, rest, count, total)
        plain |= value in elsewhere and _is_apart(value, low, high)
        if plain or likely:
            others = f"all other values lie between {' and '.join(rounded_ends(low, high))}"
            return Marker(value, count, total, plain and not doubted, others)
    return None


def _by_behaviour(value: float | int, rest: pl.Series, count: int, total: int) -> tuple[bool, bool]:
    """Whether a round number that comes again and again, farther from all others than these are
    apart, is plainly a marker, and whether it may be one."""
    often = count >= max(_FEWEST_FORMLESS, math.ceil(_SHARE_FORMLESS * total))
    if not often or not _is_round(value) or rest.n_unique() < 5:
        return False, False
    low, high = float(rest.min()), float(rest.max())  # type: ignore[arg-type]
    if value > high:
        ten = value >= _HUGE and math.log10(value).is_integer()
        far = _far_above(value, low, high)
        return far and ten and value >= 100 * max(abs(high), 1.0), far
    # what is below zero, where else is nothing; else, as with temperatures, twice as far
    gap, width = low - value, high - low
    commonest = int(counted(rest)["count"][0])
    plain = gap > (1 if low >= 0 else 2) * width and count >= 0.5 * commonest
    likely = gap > width or (gap > 0.25 * width and count >= max(5 * commonest, _SPIKE * total))
    return plain, likely


def _is_round(value: float | int) -> bool:
    """Whether a number has one digit that is not zero, or two before a zero (-200, -50, 1500)."""
    digits = f"{abs(value):.10f}".strip("0").replace(".", "").rstrip("0")
    return float(value).is_integer() and 1 <= len(digits) <= (1 if abs(value) < 100 else 2)


def _is_apart(value: float | int, low: float, high: float) -> bool:
    """Whether a number that is a marker in other columns lies outside the values of this one."""
    if value < low:
        return low >= 0 > value or low - value > _SHARED_GAP * (high - low)
    return value - high > _SHARED_GAP * (high - low)


def _has_form(value: float | int) -> bool:
    if value in _LIMITS or value == -1:
        return True
    digits = f"{abs(value):.10g}".replace(".", "")
    return re.fullmatch(r"9+|88+|77+", digits) is not None and (value < 0 or value >= 9)


def _far_above(value: float, low: float, high: float) -> bool:
    """Farther from the others than they are from each other, also as a ratio (a cap lies near the
    largest value)."""
    return value - high > high - low and value >= 5 * max(abs(high), abs(low), 1.0)


def _far_below(value: float, rest: pl.Series, low: float, high: float, count: int) -> bool:
    """The only negative value, and no mere end of the distribution; or farther away than the others
    are wide."""
    if low - value > high - low and abs(value) >= 5 * max(abs(high), abs(low), 1.0):
        return True
    if low < 0 or rest.n_unique() < 5:
        return False
    if value != -1:
        return True
    near = int((rest <= low + 2 * abs(value)).sum())
    return count >= 5 * near  # -1, 0, 1, 2: a difference, not a marker


def _dates(values: pl.Series, doubted: bool) -> Iterator[Marker]:
    total = len(values)
    # twice: with a marker at either end, the second is plain once the first is gone
    for value in sorted(_DATES) * 2:
        same = values == value
        count = int(same.sum())
        rest = values.filter(~same)
        if count < max(_FEWEST, math.ceil(_SHARE * total)) or rest.n_unique() < 2:
            continue
        low, high = rest.min(), rest.max()
        if not (isinstance(low, date) and isinstance(high, date)) or low <= value <= high:
            continue
        gap = low - value if value < low else value - high
        commonest = int(counted(rest)["count"][0])
        if gap > max(high - low, _TEN_YEARS) or count > 20 * commonest:
            others = f"all other dates lie between {' and '.join(rounded_ends(low, high))}"
            yield Marker(value.isoformat(), count, total, not doubted, others)
            values = rest

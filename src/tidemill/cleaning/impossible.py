"""Values that cannot be, judged by the column's name and its distribution together: what is sure
becomes missing, so that nothing learns or makes the like; what is doubtful is reported.

A name alone proves nothing ("age" may be a standardised score), so a bound counts only where nearly
all values keep it. Births are judged by the newest other date of the table, where there is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import polars as pl

from tidemill.cleaning import changes
from tidemill.cleaning.base import Check, Diagnosis, Repaired, considered, numeric
from tidemill.cleaning.quantities import ELSE, QUANTITIES, Quantity
from tidemill.core.change import Issue
from tidemill.core.column_words import BIRTHS, says
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.shown import rounded, rounded_ends
from tidemill.core.words import format_value, listing, percent, plural

_FEWEST = 20
_RANGE_BROKEN = 0.05
_ZERO_BROKEN = 0.6
_FEW = 0.01
"""The share of values beyond a bound that are surely wrong; more may mean something else."""
_YEARS = (1900, 2100)
_FAR = timedelta(days=36_525)
_GAP = 0.25
"""Between values and those that surely are wrong, in the distance of the outermost from the
middle."""
_APART = timedelta(days=7_300)
_LATER = timedelta(days=366)
_PAST = (
    *BIRTHS,
    "hire",
    "hired",
    "eintrittsdatum",
    "einstellungsdatum",
    "embauche",
    "contratación",
    "assunzione",
    "入职",
    "入社日",
)
_AHEAD = (
    "due",
    "expiry",
    "expires",
    "expiration",
    "valid",
    "until",
    "end",
    "maturity",
    "next",
    "planned",
    "delivery",
    "deadline",
    "to",
)
_SCALES = (
    "rating",
    "ratings",
    "stars",
    "satisfaction",
    "review score",
    "likert",
    "grade",
    "评分",
    "星级",
    "满意度",
    "bewertung",
    "note moyenne",
    "calificación",
)
_TOPS = (5, 7, 10, 100)


@dataclass(frozen=True, slots=True)
class _Bounds:
    """What values of a column surely lie between, both included, and what they are.

    Attributes:
        low, high: A number, or a date as ISO text; None for none.
        why: The reason, for the log.
    """

    low: float | str | None
    high: float | str | None
    why: str

    def beyond(self, values: pl.Series) -> pl.Series:
        """(rows,) True where a value cannot be; never null."""
        if values.dtype.is_temporal():
            values = values.dt.date()
        odd = pl.repeat(False, len(values), eager=True)
        if self.low is not None:
            odd |= (values < _end(self.low)).fill_null(False)
        if self.high is not None:
            odd |= (values > _end(self.high)).fill_null(False)
        return odd


def _end(end: float | str) -> float | date:
    return date.fromisoformat(end) if isinstance(end, str) else end


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Look for numbers beyond what their name allows, for zeros far from all other values, and for
    dates that cannot be."""
    issues: list[Issue | None] = []
    bounds: dict[str, _Bounds] = {}
    for column in numeric(train):
        known = train[column.name].drop_nulls()
        if len(known) < _FEWEST or known.n_unique() < 3:
            continue
        sure = _sure(column, known)
        if sure is not None:
            bounds[column.name] = sure
            rest = known.filter(~sure.beyond(known))
            issues += [_missing(column.name, known, sure), _doubtful(column, rest)]
        else:
            issues.append(_doubtful(column, known))
    newest = _newest(train)
    for column in considered(train, "datetime"):
        known = train[column.name].drop_nulls()
        sure = _sure_dates(column, known, newest)
        if sure is not None:
            bounds[column.name] = sure
            issues.append(_missing(column.name, known, sure))
            known = known.filter(~sure.beyond(known))
        issues.append(_dates(column, known, newest))
    found = tuple(issue for issue in issues if issue is not None)
    learned = {name: [one.low, one.high, one.why] for name, one in bounds.items()}
    return Diagnosis(found, {"bounds": learned} if learned else {})


# --- what cannot be -------------------------------------------------------------------------------


def _sure(column: Column, known: pl.Series) -> _Bounds | None:
    """Bounds of a column of numbers that few values break, and these without doubt; None where none
    do."""
    if column.role == "target":
        return None
    quantity = _quantity(column)
    if quantity is not None and quantity.verdict == "cannot be":
        low = None if quantity.low is None else quantity.low - quantity.below
        high = None if quantity.high is None else quantity.high + quantity.above
        if low is not None and quantity.below and not _lies_apart(-known, -low):
            low = None
        if high is not None and quantity.above and not _lies_apart(known, high):
            high = None
        return _kept(_Bounds(low, high, _range(quantity)), known)
    if any(says(column.name, name) for name in _SCALES):
        for top in _TOPS:
            within = known.filter((known >= 0) & (known <= top))
            if len(within) >= (1 - _FEW) * len(known) and within.max() == top:
                return _kept(_Bounds(0.0, 2.0 * top, f"the scale ends at {top}"), known)
    return None


def _lies_apart(known: pl.Series, bound: float) -> bool:
    """Whether the values above a bound lie farther from all others than these are wide, and are
    not the end of a long tail (the ages of houses, the years of paintings)."""
    inside, outside = known.filter(known <= bound), known.filter(known > bound)
    if not len(inside) or not len(outside):
        return False
    edge, nearest = float(inside.max()), float(outside.min())  # type: ignore[arg-type]
    return nearest - edge > _GAP * (edge - float(inside.median() or 0))  # type: ignore[arg-type]


def _range(quantity: Quantity) -> str:
    """What a quantity keeps, in words."""
    if quantity.high is None:
        return f"{quantity.what} is never negative"
    low = format_value(0 if quantity.low is None else quantity.low)
    return f"{quantity.what} lies between {low} and {format_value(quantity.high)}"


def _kept(bounds: _Bounds, known: pl.Series) -> _Bounds | None:
    """The bounds where few values break them; more may, if they are one value again and again."""
    beyond = known.filter(bounds.beyond(known))
    most = max(3, _FEW * len(known))
    if beyond.n_unique() <= 2:
        most = max(most, _RANGE_BROKEN * len(known))
    return bounds if 0 < len(beyond) <= most else None


def _missing(name: str, known: pl.Series, bounds: _Bounds) -> Issue:
    odd = known.filter(bounds.beyond(known))
    shown = [_value(value) for value in odd.unique().sort().head(3)]
    values = ", ".join([*shown, "..."]) if odd.n_unique() > len(shown) else listing(shown, "or")
    return Issue(
        "impossible",
        f"'{name}' is {values} in {plural(len(odd), 'row')} "
        f"({percent(len(odd), len(known))}), which cannot be: {bounds.why}.",
        (name,),
        len(odd),
        shown[0],
        applied=True,
        severity="warning",
        action="made missing, so that nothing learns from it",
    )


def _value(value: Any) -> str:
    if isinstance(value, datetime):
        value = value.date()
    return rounded(value)


# --- numbers --------------------------------------------------------------------------------------


def _quantity(column: Column) -> Quantity | None:
    for quantity in QUANTITIES:
        if any(says(column.name, name) for name in quantity.names):
            if any(says(column.name, word) for word in (*ELSE, *quantity.unless)):
                return None
            return quantity
    return None


def _doubtful(column: Column, known: pl.Series) -> Issue | None:
    """The issue on values that are kept."""
    quantity = _quantity(column)
    beyond = None if quantity is None else _beyond(column.name, known, quantity)
    named = any(says(column.name, name) for one in QUANTITIES for name in one.names)
    return beyond or (None if named and quantity is None else _lonely_zero(column, known))


def _beyond(name: str, known: pl.Series, quantity: Quantity) -> Issue | None:
    """The values beyond a quantity's bounds, if they are few enough for the name to be understood
    rightly."""
    parts = _parts_beyond(known, quantity)
    count = sum(len(part) for part in parts.values())
    zeros = len(parts.get("zero", ()))
    if not count or count - zeros > _RANGE_BROKEN * len(known) or zeros > _ZERO_BROKEN * len(known):
        return None
    texts = []
    for what, part in parts.items():
        texts.append(f"{what} in {plural(len(part), 'row')} ({percent(len(part), len(known))})")
    *_, last = parts.values()
    return Issue(
        "impossible",
        f"'{name}' is {' and '.join(texts)}, which {quantity.what} {quantity.verdict}.",
        (name,),
        count,
        rounded(last[0]),
        severity="warning" if quantity.verdict == "cannot be" else "note",
        action="kept; find out whether it means “not known”, or something else than the name says",
    )


def _parts_beyond(known: pl.Series, quantity: Quantity) -> dict[str, pl.Series]:
    """How values lie beyond the bounds, in words -> these values; only what occurs."""
    low, high = quantity.low, quantity.high
    parts = {}
    if not quantity.zero:
        parts["zero"] = known.filter(known == 0)
    if low is not None and (not quantity.below or _lies_apart(-known, -low)):
        below = "negative" if low == 0 else f"below {format_value(low)}"
        parts[below] = known.filter(known < low)
    if high is not None and (not quantity.above or _lies_apart(known, high)):
        parts[f"above {format_value(high)}"] = known.filter(known > high)
    return {what: part for what, part in parts.items() if len(part)}


def _lonely_zero(column: Column, known: pl.Series) -> Issue | None:
    """Zeros far below all other values, where these are a measure that comes nowhere near zero."""
    zeros = int((known == 0).sum())
    rest = known.filter(known != 0)
    if not 0 < zeros <= 0.25 * len(known) or rest.n_unique() < 20:
        return None
    low, high = float(rest.min()), float(rest.max())  # type: ignore[arg-type]
    ends = " and ".join(rounded_ends(low, high))
    median = float(rest.median() or 0)  # type: ignore[arg-type]
    narrow = float(rest.quantile(0.75) or 0) - float(rest.quantile(0.25) or 0) <= 0.8 * median
    near = int((rest <= max(2.0, 0.05 * median)).sum())
    if low <= 0 or near * 5 > zeros:
        return None
    if not (narrow and zeros >= 3) and zeros > 0.001 * len(known):
        return None
    return Issue(
        "impossible",
        f"'{column.name}' is 0 in {plural(zeros, 'row')} ({percent(zeros, len(known))}), while all "
        f"other values lie between {ends}: zero may stand for “not measured”.",
        (column.name,),
        zeros,
        "0",
        severity="warning",
        action="kept; make them missing if zero cannot be",
    )


# --- dates ----------------------------------------------------------------------------------------


def _newest(train: Dataset) -> date | None:
    """The newest date of the columns that are about the past; None where there are none."""
    found: list[date] = []
    for column in considered(train, "datetime"):
        if not any(says(column.name, word) for word in (*_PAST, *_AHEAD)):
            newest = train[column.name].dt.date().drop_nulls()
            newest = newest.filter(newest.dt.year() < _YEARS[1])
            if len(newest):
                found.append(newest.max())  # type: ignore[arg-type]
    return max(found, default=None)


def _sure_dates(column: Column, known: pl.Series, newest: date | None) -> _Bounds | None:
    """Bounds of a column of dates that few dates break, and these without doubt."""
    if column.role in ("target", "time") or len(known) < _FEWEST:
        return None
    days = known.dt.date()
    future = _future(column, newest)
    if future is not None and 0 < future.beyond(known).sum() <= _RANGE_BROKEN * len(known):
        return future
    usual = _together(days)
    low = max(usual[0], date.min + _FAR) - _FAR
    high = min(usual[-1], date.max - _FAR) + _FAR
    why = "more than 100 years from all other dates"
    return _kept(_Bounds(low.isoformat(), high.isoformat(), why), known)


def _together(days: pl.Series) -> pl.Series:
    """Most of the dates, in their order, of which none lies 100 years from the one before."""
    days = days.sort()
    gaps = (days.diff() > _FAR).fill_null(False).arg_true().to_list()
    parts = [days[start:end] for start, end in pairwise([0, *gaps, len(days)])]
    return max(parts, key=len)


def _future(column: Column, newest: date | None) -> _Bounds | None:
    """The day after which no birth and no hire lies; None for other dates."""
    if not any(says(column.name, word) for word in _PAST):
        return None
    latest = (newest or date.today()) + _LATER
    said = "the table's other dates" if newest else "today"
    return _Bounds(None, latest.isoformat(), f"more than a year later than {said}")


def _dates(column: Column, known: pl.Series, newest: date | None) -> Issue | None:
    future = _future(column, newest)
    ahead = 0 if future is None else int(future.beyond(known).sum())
    if future is not None and ahead:
        return Issue(
            "impossible",
            f"{plural(ahead, 'date')} of '{column.name}' ({percent(ahead, len(known))}) lie "
            f"{future.why}.",
            (column.name,),
            ahead,
            rounded(known.max()),
            severity="warning",
            action="kept; look whether years of two digits were read as they are meant",
        )
    years = known.dt.year()
    odd = (years < _YEARS[0]) | (years >= _YEARS[1])
    count = int(odd.sum())
    if not 0 < count <= _RANGE_BROKEN * len(known):
        return None
    if future is None and not _is_slip(known.dt.date(), odd):
        return None
    lie = "lies" if count == 1 else "lie"
    said = (
        f"{plural(count, 'date')} of '{column.name}' ({percent(count, len(known))}) {lie} before "
        f"{_YEARS[0]} or after {_YEARS[1] - 1}."
    )
    return Issue(
        "impossible",
        said,
        (column.name,),
        count,
        rounded(known.filter(odd)[0]),
        severity="warning",
        action="kept; look for a mistyped year",
    )


def _is_slip(days: pl.Series, odd: pl.Series) -> bool:
    """Whether odd dates lie far from all others, as those of old firms and battles do not."""
    rest, far = days.filter(~odd), days.filter(odd)
    low, high = rest.min(), rest.max()
    if not (isinstance(low, date) and isinstance(high, date)):
        return False
    apart = [max(low - day, day - high) for day in far]
    return min(apart) > _APART


def repair(data: Dataset, learned: Mapping[str, Any]) -> Repaired:
    """Make missing what cannot be."""
    frame, schema = data.frame, data.schema
    log = []
    for name, (low, high, why) in learned["bounds"].items():
        values = data[name]
        where = _Bounds(low, high, why).beyond(values)
        if not where.any():
            continue
        after = values.set(where, None)
        reason = f"a value that cannot be ({why})"
        log.append(changes.cells(values, after, where, reason, schema[name].spelling))
        frame = frame.with_columns(after)
        schema = schema.replacing(replace(schema[name], nullable=True))
    return Repaired(replace(data, frame=frame, schema=schema), changes.joined(log))


CHECK = Check(diagnose, repair)

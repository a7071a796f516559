"""Values that cannot be, judged by the column's name and its distribution together, are reported.

A name alone proves nothing ("age" may be a standardised score), so a bound counts only where nearly
all values keep it.
"""

from __future__ import annotations

import polars as pl

from tidemill.cleaning.base import Check, Diagnosis, considered, numeric
from tidemill.cleaning.names import says
from tidemill.cleaning.quantities import ELSE, QUANTITIES, Quantity
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.words import format_value, percent, plural

_FEWEST = 20
_RANGE_BROKEN = 0.05
_ZERO_BROKEN = 0.6
_YEARS = (1900, 2100)


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Look for numbers beyond what their name allows, for zeros far from all other values, and for
    odd dates."""
    issues = []
    for column in numeric(train):
        known = train[column.name].drop_nulls()
        if len(known) < _FEWEST or known.n_unique() < 3:
            continue
        issues.append(_by_name(column, known) or _lonely_zero(column, known))
    for column in considered(train, "datetime"):
        issues.append(_dates(column, train[column.name].drop_nulls()))
    return Diagnosis(tuple(issue for issue in issues if issue is not None))


def _by_name(column: Column, known: pl.Series) -> Issue | None:
    for quantity in QUANTITIES:
        if any(says(column.name, name) for name in quantity.names):
            if any(says(column.name, word) for word in (*ELSE, *quantity.unless)):
                return None
            return _beyond(column.name, known, quantity)
    return None


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
        format_value(last[0]),
        severity="warning" if quantity.verdict == "cannot be" else "note",
        action="kept; find out whether it means “not known”, or something else than the name says",
    )


def _parts_beyond(known: pl.Series, quantity: Quantity) -> dict[str, pl.Series]:
    """How values lie beyond the bounds, in words -> these values; only what occurs."""
    low, high = quantity.low, quantity.high
    parts = {}
    if not quantity.zero:
        parts["zero"] = known.filter(known == 0)
    if low is not None:
        below = "negative" if low == 0 else f"below {format_value(low)}"
        parts[below] = known.filter(known < low)
    if high is not None:
        parts[f"above {format_value(high)}"] = known.filter(known > high)
    return {what: part for what, part in parts.items() if len(part)}


def _lonely_zero(column: Column, known: pl.Series) -> Issue | None:
    """Zeros far below all other values, where these are a measure that comes nowhere near zero."""
    zeros = int((known == 0).sum())
    rest = known.filter(known != 0)
    if not 0 < zeros <= 0.25 * len(known) or rest.n_unique() < 20:
        return None
    low, high = float(rest.min()), float(rest.max())  # type: ignore[arg-type]
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
        f"other values lie between {format_value(low)} and {format_value(high)}: zero may "
        "stand for “not measured”.",
        (column.name,),
        zeros,
        "0",
        severity="warning",
        action="kept; make them missing if zero cannot be",
    )


def _dates(column: Column, known: pl.Series) -> Issue | None:
    years = known.dt.year()
    odd = (years < _YEARS[0]) | (years >= _YEARS[1])
    count = int(odd.sum())
    if not 0 < count <= _RANGE_BROKEN * len(known):
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
        str(known.filter(odd)[0]),
        severity="warning",
        action="kept; look for a mistyped year",
    )


CHECK = Check(diagnose)

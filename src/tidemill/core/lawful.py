"""Which rows obey a rule, and how exactly: what finds rules, compiles them and looks at generated
rows asks here.

Orders and ranges hold to the last bit, as ``a <= b`` says of the values. Sums, products and
multiples hold but for the noise of floats: :data:`NOISE` of the numbers' size, or :data:`FINEST` of
the largest number of the column where it has no last decimal.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from tidemill.core.columns import by_name
from tidemill.core.date_parts import tells_one_date
from tidemill.core.schema import Rule

NOISE = 1e-9
"""Of floats that were reckoned and never rounded, relative to their size."""
FINEST = 1e-12
"""The step of a column without a last decimal, relative to its largest number."""
_PLACES = 9
MOST_KEYS = 50
"""Numbers by which a column is skipped; where there are more, only their absence counts."""
_DAY = 86_400_000_000
"""Microseconds of a day."""


def obeys(rule: Rule, frame: pl.DataFrame, reference: pl.DataFrame) -> np.ndarray:
    """(n,) whether each row obeys the rule; rows in which one of its columns is missing do.

    Args:
        rule: From the schema of the training rows.
        frame: The rows to look at.
        reference: Training rows, which say what decides what, and to which step a number is
            rounded.
    """
    names = list(rule.columns)
    match rule.kind:
        case "range":
            return _within(rule, frame[names[0]])
        case "allowed combinations":
            return _allowed(names, frame, reference)
        case "one date":
            return tells_one_date(rule, frame, reference)
        case "b only if a":
            return _known_beside(names, frame, reference)
        case "a decides b":
            return _decided(names, frame, reference)
        case "a<=b":
            obeyed = frame.select((by_name(names[0]) <= by_name(names[1])).fill_null(True))
            return obeyed.to_series().to_numpy()
    columns = [as_numbers(frame[name]) for name in names]
    *parts, total = columns
    if rule.kind == "a+b=c":
        return _adds_up(rule, frame, parts, total)
    step = finest_step(as_numbers(reference[names[-1]]))
    if frame[names[0]].dtype.is_temporal():
        return np.asarray(np.isnan(sum(columns)) | (total - parts[0] == float(rule.shift * _DAY)))
    if rule.kind == "a*b=c":
        made = parts[0] * parts[1]
    else:
        made = parts[0] * float(rule.scale) + float(rule.shift)
    return np.asarray(np.isnan(made + total) | agrees(made, total, step))


def _adds_up(
    rule: Rule, frame: pl.DataFrame, parts: list[np.ndarray], total: np.ndarray
) -> np.ndarray:
    signed = [sign * part for sign, part in zip(rule.signed(), parts, strict=True)]
    missing = np.isnan(sum(parts) + total)
    if not frame[rule.columns[-1]].dtype.is_temporal():
        return np.asarray(missing | adds_up(signed, total))
    unit = float(rule.scale * _DAY)
    made = np.zeros(len(total))
    for name, part in zip(rule.columns, signed, strict=False):
        made = made + (part if frame[name].dtype.is_temporal() else part * unit)
    return np.asarray(missing | (np.abs(made - total) < 1))


def as_numbers(values: pl.Series) -> np.ndarray:
    """(n,) numbers as floats, dates in microseconds; NaN where missing."""
    if values.dtype == pl.Date:
        values = values.cast(pl.Datetime("us"))
    if values.dtype.is_temporal():
        values = values.dt.cast_time_unit("us").to_physical()
    return values.cast(pl.Float64).to_numpy()


def adds_up(parts: list[np.ndarray], total: np.ndarray) -> np.ndarray:
    """(n,) whether parts make a total, up to the last digits of a float; False where one is
    missing."""
    size = np.abs(total) + sum(np.abs(part) for part in parts)
    return np.asarray(np.abs(sum(parts) - total) <= NOISE * size)


def agrees(made: np.ndarray, seen: np.ndarray, step: float, noise: float = NOISE) -> np.ndarray:
    """(n,) whether what was reckoned, rounded to a step, is what was seen, but for the noise of
    floats; False where one is missing."""
    room = step / 2 * (1 + 1e-6) + noise * np.abs(seen)
    return np.asarray(np.abs(made - seen) <= room)


def step_of(values: np.ndarray) -> float:
    """The step of which all numbers are multiples; 0 where they have no decimal one.

    Example:
        >>> step_of(np.array([1.25, 3.5])), step_of(np.array([10.0, 25.0]))
        (0.25, 5.0)
    """
    known = np.unique(values[np.isfinite(values)])
    for places in range(_PLACES + 1):
        ticks = np.rint(known * 10.0**places)
        if np.abs(ticks).max(initial=0) >= 2**53:
            return 0.0
        if (ticks / 10.0**places == known).all():
            return float(np.gcd.reduce(ticks.astype(np.int64), initial=0)) / 10.0**places
    return 0.0


def finest_step(values: np.ndarray) -> float:
    """The step of numbers; where they have no decimal one, that of floats of their size."""
    largest = float(np.abs(values[np.isfinite(values)]).max(initial=0))
    return step_of(values) or FINEST * largest


def _decided(names: list[str], frame: pl.DataFrame, reference: pl.DataFrame) -> np.ndarray:
    a, b = map(by_name, names)
    decided = (
        reference.select(a.alias("a"), b.alias("b"))
        .drop_nulls()
        .unique("a", keep="first", maintain_order=True)
    )
    looked_up = frame.select(a.alias("a"), b.alias("b")).join(
        decided, on="a", how="left", suffix="_real", maintain_order="left"
    )
    same = looked_up["b"] == looked_up["b_real"]
    if frame[names[1]].dtype.is_float():
        same |= (looked_up["b"] - looked_up["b_real"]).abs() <= NOISE * looked_up["b_real"].abs()
    return same.fill_null(True).to_numpy()


def _known_beside(names: list[str], frame: pl.DataFrame, reference: pl.DataFrame) -> np.ndarray:
    """Whether the second is missing wherever the first has a value, or none, beside which it was
    always missing; of numbers the nearest one counts."""
    first, second = names
    key, other = reference[first], frame[first]
    seen = key.filter(reference[second].is_not_null())
    if key.dtype.is_numeric() or key.dtype.is_temporal():
        beside = _near_values(as_numbers(key), as_numbers(seen), as_numbers(other))
    else:
        beside = other.is_in(seen.drop_nulls().unique().implode()).fill_null(False).to_numpy()
    if seen.has_nulls():
        beside = beside | other.is_null().to_numpy()
    return np.asarray(frame[second].is_null().to_numpy() | beside)


def _near_values(key: np.ndarray, seen: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(n,) whether the value of the key that is nearest to another was seen; of many values it only
    counts that there is one."""
    values = np.unique(key[~np.isnan(key)])
    if len(values) > MOST_KEYS or not len(values):
        return ~np.isnan(other)
    middles = (values[1:] + values[:-1]) / 2
    place = np.searchsorted(middles, np.nan_to_num(other), side="right")
    return np.asarray(np.isin(values, seen)[place] & ~np.isnan(other))


def _within(rule: Rule, values: pl.Series) -> np.ndarray:
    low, high = (_end(end, values.dtype) for end in (rule.low, rule.high))
    obeyed = pl.repeat(True, len(values), eager=True)
    if low is not None:
        obeyed &= values >= low
    if high is not None:
        obeyed &= values <= high
    return obeyed.fill_null(True).to_numpy()


def _allowed(names: list[str], frame: pl.DataFrame, reference: pl.DataFrame) -> np.ndarray:
    keys = [str(place) for place in range(len(names))]  # none is called "seen"
    combinations, rows = (
        side.select(by_name(name).alias(key) for name, key in zip(names, keys, strict=True))
        for side in (reference, frame)
    )
    known = combinations.unique().with_columns(seen=True)
    joined_rows = rows.join(known, on=keys, how="left", maintain_order="left")
    seen = joined_rows["seen"].fill_null(False)
    incomplete = rows.select(pl.any_horizontal(pl.all().is_null())).to_series()
    return (seen | incomplete).to_numpy()


def _end(end: float | str | None, dtype: pl.DataType) -> Any:
    """An end of a range as the column has it; a moment without a zone is one of the column's."""
    if not isinstance(end, str):
        return end
    moment = dt.datetime.fromisoformat(end)
    zone = getattr(dtype, "time_zone", None)
    if zone and moment.tzinfo is None:
        return moment.replace(tzinfo=ZoneInfo(zone))
    return moment

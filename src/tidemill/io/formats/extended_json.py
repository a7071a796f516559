"""MongoDB's extended JSON: objects such as {"$oid": "..."} stand for one value each."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from typing import Any

MARKS = (b'"$oid"', b'"$date"', b'"$number', b'"$uuid"', b'"$symbol"', b'"$undefined"')


def plain(value: Any) -> Any:
    """The value with each such object made the value that it stands for: ids and moments texts,
    numbers numbers.

    Example:
        >>> plain({"_id": {"$oid": "5ca4"}, "n": {"$numberInt": "7"}, "at": {"$date": 0}})
        {'_id': '5ca4', 'n': 7, 'at': '1970-01-01T00:00:00.000Z'}
    """
    if isinstance(value, list):
        return [plain(part) for part in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        mark, inner = next(iter(value.items()))
        if mark in ("$oid", "$uuid", "$symbol"):
            return str(inner)
        if mark == "$undefined":
            return None
        if mark == "$date":
            return _moment(plain(inner))
        if mark in ("$numberInt", "$numberLong"):
            return _whole(str(inner))
        if mark in ("$numberDouble", "$numberDecimal"):
            return _number(str(inner))
    return {name: plain(part) for name, part in value.items()}


def _whole(text: str) -> Any:
    """The whole number; as text where it is none, or longer than any column's."""
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,40}", text) else text


def _moment(value: Any) -> Any:
    """A moment as text in UTC with milliseconds; as it is where it is none of the calendar's."""
    try:
        if isinstance(value, (int, float)):
            moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=value)
        else:
            moment = dt.datetime.fromisoformat(str(value))
    except (ValueError, OverflowError):
        return str(value)
    if moment.tzinfo is not None:
        moment = moment.astimezone(dt.UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds") + "Z"


def _number(text: str) -> Any:
    """The number, where a float holds it exactly; NaN is missing."""
    try:
        exact = Decimal(text)
    except InvalidOperation:
        return text
    if exact.is_nan():
        return None
    if not exact.is_finite() or Decimal(repr(float(text))) != exact:
        return text
    return float(text)

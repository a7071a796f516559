"""Declared rules beside the columns that they speak of: what can never hold is refused at once."""

from __future__ import annotations

import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.errors import SchemaError
from tidemill.core.schema import Rule

_MENDED = 0.5
"""A column of texts of which so many hold a digit may be read as numbers or dates by cleaning."""
_OF_NUMBERS = ("a<=b", "a+b=c", "a*b=c", "b=k*a+m", "range")


def check_rules(data: Dataset, where: str) -> None:
    """See that every declared rule speaks of columns that can be compared or reckoned with.

    Raises:
        SchemaError: It compares a number with a category, a date with a number, and so on.
    """
    for rule in data.schema.rules:
        ignored = any(data.schema[name].role == "ignore" for name in rule.columns)
        if ignored or rule.kind not in _OF_NUMBERS:
            continue
        sorts = [_sort(data, name) for name in rule.columns]
        if "" in sorts or _fits(rule, sorts):
            continue
        told = ", ".join(
            f"'{name}' holds {sort}" for name, sort in zip(rule.columns, sorts, strict=True)
        )
        raise SchemaError(
            f"a rule '{rule.kind}' cannot be kept between such columns: {told}",
            where=where,
            hint="name columns of one kind, or give them their kind below [columns.NAME]",
        )


def _fits(rule: Rule, sorts: list[str]) -> bool:
    of_numbers = set(sorts) == {"numbers"}
    of_dates = len(set(sorts)) == 1 and sorts[0].startswith("dates")
    match rule.kind:
        case "a<=b":
            return of_numbers or of_dates
        case "a*b=c":
            return of_numbers
        case "b=k*a+m":
            return of_numbers or (of_dates and rule.scale == 1)
        case "range":
            is_text = [isinstance(end, str) for end in (rule.low, rule.high) if end is not None]
            return (of_dates and all(is_text)) or (of_numbers and not any(is_text))
    first, *between, last = sorts
    days = first == last and first.startswith("dates") and set(between) == {"numbers"}
    return of_numbers or (days and len(sorts) == 3)


def _sort(data: Dataset, name: str) -> str:
    """What a column holds, in words; nothing where cleaning may find that it holds numbers or
    dates."""
    values, kind = data[name], data.schema[name].kind
    if kind == "number":
        return "numbers"
    if kind == "datetime" and values.dtype.is_temporal():
        zone = getattr(values.dtype, "time_zone", None)
        return "dates with a time zone" if zone else "dates"
    if values.dtype == pl.String:
        digits = values.drop_nulls().str.contains(r"\d").to_numpy()
        if len(digits) and digits.mean() >= _MENDED:
            return ""
    return {
        "category": "categories",
        "boolean": "true and false",
        "text": "text",
        "id": "ids",
        "image": "images",
        "sound": "sounds",
        "tiles": "levels",
        "score": "pieces of music",
    }.get(kind, kind)

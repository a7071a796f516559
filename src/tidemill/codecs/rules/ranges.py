"""The ends of a declared range on a column's line."""

from __future__ import annotations

import datetime as dt

from tidemill.codecs.columns.base import ColumnCodec
from tidemill.core.condition import Operator, Test
from tidemill.core.errors import ConditionError
from tidemill.core.schema import Column, Rule


def range_numbers(rule: Rule, column: Column, codec: ColumnCodec) -> tuple[int, int]:
    """The smallest and the largest number that a column may have.

    Raises:
        ConditionError: An end is no value of the column's kind, or no value lies between the ends.
    """
    tests = [
        Test(column.name, operator, _value(end, column))
        for operator, end in _ends(rule)
        if end is not None
    ]
    numbers = codec.allowed(column, tests).numbers
    assert numbers is not None
    return int(numbers[0, 0]), int(numbers[-1, 1])


def _ends(rule: Rule) -> list[tuple[Operator, float | str | None]]:
    return [(">=", rule.low), ("<=", rule.high)]


def _value(end: float | str | None, column: Column) -> object:
    if column.kind != "datetime" or not isinstance(end, str):
        return end
    try:
        return dt.date.fromisoformat(end) if len(end) == 10 else dt.datetime.fromisoformat(end)
    except ValueError as error:
        raise ConditionError(
            f"'{end}' is no date", where=f"column '{column.name}'", hint="write it as 2024-12-31"
        ) from error

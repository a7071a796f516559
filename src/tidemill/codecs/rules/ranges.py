"""Keeps declared and found ranges: bounds on a column's number, whatever the channels hold."""

from __future__ import annotations

import datetime as dt

import numpy as np

from tidemill.codecs.columns.base import ColumnCodec
from tidemill.codecs.columns.intervals import LARGEST
from tidemill.codecs.rules.decided import Lookup
from tidemill.codecs.rules.filling import within
from tidemill.codecs.rules.linear import LinearRule
from tidemill.codecs.rules.plan import BlockPlan
from tidemill.codecs.rules.reckoned import Reckoned
from tidemill.core.condition import Test
from tidemill.core.errors import ConditionError
from tidemill.core.grid import Batch
from tidemill.core.persons import ends_of
from tidemill.core.schema import Column, Rule


def keep_range(plan: BlockPlan, rule: Rule) -> str:
    """Why a range cannot be kept; nothing where it is kept now."""
    [name] = rule.columns
    column, codec = plan.codecs[name]
    if codec.line is None:
        return f"'{name}' is no number and no date"
    try:
        low, high = _range_numbers(rule, column, codec)
    except ConditionError as error:
        return error.what
    if _outside(plan, name, low, high).any():  # their values lie inside, but for rounding
        number = np.where(plan.has_number(name), np.clip(plan.number(name), low, high), 0)
        part = plan.rows.parts[name]
        plan.rows.parts[name] = Batch(plan.line(name).ticks(number), part.code)
    before = dict(plan.bounds)
    why = limit(plan, name, low, high)
    if not why and not plan.holds():
        why = "it does not hold through rows in which values are missing"
    if why:
        plan.bounds = before
    return why


def keep_reach(plan: BlockPlan) -> None:
    """Keeps columns of which one is made above or below another between their own smallest and
    largest values, rounded outward, where other rules allow it."""
    for unit in plan.linear():
        if not unit.law.slack:
            continue
        for name in (*unit.bases, unit.law.column):
            here = plan.has_number(name)
            if not here.any():
                continue
            before = dict(plan.bounds)
            low, high = _own_ends(plan, name, here)
            if limit(plan, name, low, high) or not plan.holds():
                plan.bounds = before


def _own_ends(plan: BlockPlan, name: str, here: np.ndarray) -> tuple[int, int]:
    """The smallest and the largest number of a column, rounded outward to numbers that it may
    have."""
    low, high = ends_of(plan.number(name)[here], plan.whose(here))
    codec = plan.codec(name)
    low = int(codec.own_numbers(np.array([low]), 1, -LARGEST, LARGEST)[0])
    return low, int(codec.own_numbers(np.array([high]), -1, -LARGEST, LARGEST)[0])


def _outside(plan: BlockPlan, name: str, low: int, high: int) -> np.ndarray:
    """(n,) whether a column has a number outside of bounds in the training rows."""
    return np.asarray(plan.has_number(name) & ~within(plan.number(name), (low, high)))


def limit(plan: BlockPlan, name: str, low: int, high: int) -> str:
    """Keeps a column's number within bounds, or says why not."""
    if _outside(plan, name, low, high).any():
        return f"'{name}' lies outside of it where other columns are missing"
    maker = plan.makers.get(name)
    if isinstance(maker, Lookup):
        return ""  # what is looked up are values of training rows
    if isinstance(maker, Reckoned):
        return f"'{name}' is reckoned from {maker.said}"
    if isinstance(maker, LinearRule):
        why = _limit_base(plan, maker, low, high)
        if why or not maker.law.slack:
            return why
    least, most = plan.bounds_of(name)
    plan.bounds[name] = max(low, least, -LARGEST), min(high, most, LARGEST)
    return ""


def _limit_base(plan: BlockPlan, unit: LinearRule, low: int, high: int) -> str:
    """Keeps the column that another is computed from within the bounds that follow for it."""
    law = unit.law
    if len(law.bases) > 1:
        return f"'{law.column}' is a sum, and its parts alone say how large it is"
    [base] = law.bases
    [weight] = law.weights
    # where d is 0 the base alone must lie within
    base_low, base_high = -LARGEST, LARGEST
    if law.slack <= 0 and low > -LARGEST:
        base_low = -(-law.own * low // weight)
    if law.slack >= 0 and high < LARGEST:
        base_high = law.own * high // weight
    return limit(plan, base, base_low, base_high)


def _range_numbers(rule: Rule, column: Column, codec: ColumnCodec) -> tuple[int, int]:
    """The smallest and the largest number that a column may have.

    Raises:
        ConditionError: An end is no value of the column's kind, or no value lies between the ends.
    """
    tests = []
    if rule.low is not None:
        tests.append(Test(column.name, ">=", _value(rule.low, column)))
    if rule.high is not None:
        tests.append(Test(column.name, "<=", _value(rule.high, column)))
    numbers = codec.allowed(column, tests).numbers
    assert numbers is not None
    return int(numbers[0, 0]), int(numbers[-1, 1])


def _value(end: float | str, column: Column) -> object:
    if column.kind != "datetime" or not isinstance(end, str):
        return end
    try:
        return dt.date.fromisoformat(end) if len(end) == 10 else dt.datetime.fromisoformat(end)
    except ValueError as error:
        raise ConditionError(
            f"'{end}' is no date", where=f"column '{column.name}'", hint="write it as 2024-12-31"
        ) from error

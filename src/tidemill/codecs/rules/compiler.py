"""Rules compiled into blocks, so that every row that is made keeps them.

Each column is made once: from its own channels, as one of several categories with a common code, or
from columns made before it. Rules are taken in a fixed order: combinations, what decides what,
equal columns, sums, multiples, products, orders, skips, ranges; of several ways to keep a rule the
first that leaves no cycle. Rules that cannot be kept are reported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from tidemill.codecs.columns.base import ColumnCodec
from tidemill.codecs.columns.category import CategoryCodec
from tidemill.codecs.rules.categories import keep_combinations, keep_lookup
from tidemill.codecs.rules.common_scale import share_scales
from tidemill.codecs.rules.decided import Lookup
from tidemill.codecs.rules.filling import filled_columns
from tidemill.codecs.rules.joint import JointCode
from tidemill.codecs.rules.linear import LinearRule
from tidemill.codecs.rules.one_date import OneDate, dates_first, keep_one_date
from tidemill.codecs.rules.plan import BlockPlan
from tidemill.codecs.rules.products import keep_affine, keep_product
from tidemill.codecs.rules.ranges import keep_range, keep_reach
from tidemill.codecs.rules.reckoned import Reckoned
from tidemill.codecs.rules.skips import Skip, keep_skip
from tidemill.codecs.rules.sums import TOO_LARGE, keep_order, keep_sum
from tidemill.codecs.rules.units import Block, BlockRows, Codecs, Free
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, SchemaError
from tidemill.core.lawful import as_numbers
from tidemill.core.schema import Column, Rule

_ORDER = (
    "allowed combinations",
    "a decides b",
    "a+b=c",
    "b=k*a+m",
    "a*b=c",
    "a<=b",
    "b only if a",
    "range",
    "one date",
)

INFINITE = "holds infinite values"
TOO_DIFFERENT = "its columns hold numbers of too different sizes for one smallest step"
_OF_STEPS = ("a<=b", "a+b=c")
_FLOATS = {"Float16", "Float32", "Float64"}
_OF_VALUES = ("allowed combinations", "a decides b", "b only if a", "one date")
"""Kinds of rules that take values as they are, of whatever kind."""


@dataclass
class Compiled:
    """What became of a table's rules.

    Attributes:
        units: In the order in which they are decoded: what a unit reads stands before it.
        filled: Columns whose numbers are made in every row.
        spreads: For each of these some numbers to fill with.
        refused: Rules that are not kept by the units, and why.
        skips: Of columns that are known only beside some values of another.
        dates: Columns that tell one date.
    """

    units: list[Block]
    filled: set[str]
    spreads: dict[str, list[int]]
    refused: list[tuple[Rule, str]]
    skips: dict[str, Skip] = field(default_factory=dict)
    dates: list[OneDate] = field(default_factory=list)


def compiled(
    rules: Sequence[Rule],
    codecs: dict[str, tuple[Column, ColumnCodec]],
    data: Dataset,
    persons: np.ndarray | None = None,
) -> Compiled:
    """Takes one rule after the other.

    Args:
        rules: Those of columns that have no codec are left out.
        codecs: Column codecs in the order of the table; changed, as columns of floats get a common
            scale, and a sum may get a finer one.
        data: The training rows.
        persons: (n,) whose each row is; None where each is a person of its own.

    Raises:
        DataError: A rule that the user declared is broken by a training row, or cannot be kept.
        SchemaError: It compares columns of different kinds.
    """
    known = [rule for rule in rules if codecs.keys() >= set(rule.columns)]
    apart = share_scales(codecs, data, known)
    rows = BlockRows({name: codec.encode(data[name]) for name, (_, codec) in codecs.items()})
    plan = BlockPlan(codecs, rows, data, persons)
    refused: list[tuple[Rule, str]] = []
    for rule in _ordered(known, plan):
        unlike = _unlike(plan, rule)
        why = unlike or plan.see_kept(rule)
        if not why and rule.kind in _OF_STEPS and apart & set(rule.columns):
            why = TOO_DIFFERENT
        if not why and _rounded_apart(plan, rule):
            why = "its columns are floats of different lengths"
        why = why or _keep(plan, rule, known)
        if why and rule.declared:
            raise _not_kept(plan, rule, why, SchemaError if unlike else DataError)
        if why:
            refused.append((rule, why))
    keep_reach(plan)
    return _finished(plan, refused)


def _not_kept(
    plan: BlockPlan, rule: Rule, why: str, error: type[SchemaError | DataError]
) -> SchemaError | DataError:
    """For a declared rule; where numbers are too large, or of too different sizes, it says where
    the largest is."""
    where = None
    if why in (TOO_LARGE, TOO_DIFFERENT) or why.endswith(INFINITE):
        numbers = np.stack([np.abs(as_numbers(plan.data[name])) for name in rule.columns])
        where = f"row {plan.data.row_number(int(np.nanargmax(np.nanmax(numbers, axis=0)))):,}"
    return error(
        f"the rule that {rule} cannot be kept: {why}",
        where=where,
        hint="take the rule out of the schema file, or mend the columns",
    )


def _ordered(rules: Sequence[Rule], plan: BlockPlan) -> list[Rule]:
    """Rules in the order in which they are taken; of two that decide each other, categories are
    looked up by first; of orders first those whose columns lie nearest to each other, as one of
    them is learned as its distance from the other."""

    def place(rule: Rule) -> tuple[int, bool, float]:
        by_category = isinstance(plan.codec(rule.columns[0]), CategoryCodec)
        looks_up = rule.kind == "a decides b" and not by_category
        apart = 0.0
        if rule.kind == "a<=b":
            apart = _distance(plan.data, *rule.columns)
        return _ORDER.index(rule.kind), looks_up, apart

    return sorted(rules, key=place)


def _distance(data: Dataset, low: str, high: str) -> float:
    """How far two columns usually lie apart, in parts of what the second one is spread by."""
    one, other = as_numbers(data[low]), as_numbers(data[high])
    known = np.isfinite(one) & np.isfinite(other)
    if not known.any():
        return 1.0
    spread = float(np.std(other[known]))
    return float(np.median(np.abs(other[known] - one[known]))) / spread if spread else 1.0


def _unlike(plan: BlockPlan, rule: Rule) -> str:
    """Why nothing can be said of a rule's columns together; nothing where it can."""
    sorts = set()
    for name in rule.columns:
        line = plan.codec(name).line
        sorts.add(None if line is None else line.sort)
    if rule.kind in _OF_VALUES:
        return ""
    if rule.kind == "a*b=c" and sorts != {"number"}:
        return "its columns are no numbers"
    if rule.kind == "range":
        return f"'{rule.columns[0]}' is no number and no date" if None in sorts else ""
    if rule.kind == "a+b=c" and len(sorts) == 2 and None not in sorts and "number" in sorts:
        dates = [name for name in rule.columns if plan.line(name).sort != "number"]
        if len(dates) == 2 and dates[1] == rule.columns[-1]:
            sorts.remove("number")  # a date, a number of days, and a date
    return "its columns cannot be compared" if None in sorts or len(sorts) > 1 else ""


def _rounded_apart(plan: BlockPlan, rule: Rule) -> bool:
    """Whether a rule compares floats of different lengths, which are rounded apart where they are
    given back."""
    lengths = {plan.data.schema[name].dtype for name in rule.columns}
    short = lengths & {"Float16", "Float32"}
    return rule.kind in _OF_STEPS and bool(short) and len(lengths & _FLOATS) > 1


def _keep(plan: BlockPlan, rule: Rule, rules: Sequence[Rule]) -> str:
    """Why a rule cannot be kept; nothing where it is."""
    if rule.kind == "allowed combinations":
        return keep_combinations(plan, rule.columns)
    for name in rule.columns:
        presence = getattr(plan.codec(name), "presence", None)
        if presence is not None and set(presence.absences) - {"missing"}:
            return f"'{name}' {INFINITE}"
    if rule.kind == "a<=b":
        return keep_order(plan, rule, rules)
    return _KEEPERS[rule.kind](plan, rule)


_KEEPERS: Mapping[str, Callable[[BlockPlan, Rule], str]] = {
    "a decides b": keep_lookup,
    "b only if a": keep_skip,
    "range": keep_range,
    "a+b=c": keep_sum,
    "b=k*a+m": keep_affine,
    "a*b=c": keep_product,
    "one date": keep_one_date,
}


def _finished(plan: BlockPlan, refused: list[tuple[Rule, str]]) -> Compiled:
    """The blocks as they decode: with what is filled, and their bounds."""
    linear = plan.linear()
    filled = filled_columns(linear, plan.rows, plan.codecs)
    units: list[Block] = []
    for unit in plan.in_order():
        name = unit.columns[0]
        low, high = plan.bounds_of(name)
        if isinstance(unit, Free):
            units.append(Free(unit.column, unit.codec, name in filled, low, high))
        elif isinstance(unit, LinearRule):
            bounded = LinearRule(unit.law, plan.codecs, name in filled, low, high)
            bounded.floors, bounded.ceilings = unit.floors, unit.ceilings
            bounded.filled_bases = frozenset(filled & set(unit.bases))
            units.append(bounded)
        else:
            units.append(unit)
    spreads = {name: some for name, some in plan.spreads(linear).items() if name in filled}
    units = dates_first(units, plan.dates)
    return Compiled(units, filled, spreads, refused, plan.skips, plan.dates)


def restored(states: Sequence[object], codecs: Codecs) -> list[Block]:
    """Units from their states.

    Raises:
        ValueError: Columns are made twice or not at all, or before what they are made from.
    """
    units: list[Block] = []
    made: set[str] = set()
    for state in states:
        unit = _restored_unit(cast(dict[str, Any], state), codecs)
        if made & set(unit.columns) or not made.issuperset((*unit.bases, *unit.guards)):
            raise ValueError("a column is made twice, or before what it is made from")
        made |= set(unit.columns)
        units.append(unit)
    if made != set(codecs):
        raise ValueError("a column is never made")
    return units


def _restored_unit(state: dict[str, Any], codecs: Codecs) -> Block:
    match state["unit"]:
        case "own":
            return Free.from_state(state, codecs)
        case "linear":
            return LinearRule.from_state(state, codecs)
        case "decided":
            return Lookup.from_state(state, codecs)
        case "joint":
            return JointCode.from_state(state, codecs)
        case "reckoned":
            return Reckoned.from_state(state, codecs)
        case other:
            raise KeyError(other)

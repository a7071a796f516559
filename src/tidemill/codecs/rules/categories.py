"""Keeps ``allowed combinations`` and ``a decides b``: every function answers why a rule cannot be
kept, and nothing where it is kept now."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tidemill.codecs.columns.category import CategoryCodec
from tidemill.codecs.rules.decided import Lookup
from tidemill.codecs.rules.joint import MOST_COMBINATIONS, JointCode
from tidemill.codecs.rules.linear import LinearLaw, LinearRule
from tidemill.codecs.rules.plan import BlockPlan
from tidemill.codecs.rules.sums import keep_law
from tidemill.core.schema import Rule


def keep_combinations(plan: BlockPlan, names: Sequence[str]) -> str:
    """Joins columns of categories into one code, with those that they are joined with already or
    looked up by."""
    together: dict[str, None] = {}
    for name in names:
        group = _joined_with(plan, name)
        if isinstance(group, str):
            return group
        together |= dict.fromkeys(group)
    unit = JointCode.learned(
        tuple(together), plan.codecs, plan.rows, MOST_COMBINATIONS, plan.persons
    )
    if isinstance(unit, str):
        return unit
    plan.makers |= dict.fromkeys(together, unit)
    return ""


def _joined_with(plan: BlockPlan, name: str) -> tuple[str, ...] | str:
    """The columns that must get one code if this one does; or why it cannot get one."""
    maker = plan.makers.get(name)
    if not isinstance(plan.codec(name), CategoryCodec):
        return f"'{name}' is no category"
    if isinstance(maker, JointCode):
        return maker.columns
    if not isinstance(maker, Lookup):
        return (name,)
    group = _joined_with(plan, maker.key)
    if isinstance(group, str):
        return group
    return (*group, name)


def keep_lookup(plan: BlockPlan, rule: Rule) -> str:
    """Looks the decided column up by the other one; else keeps the combinations of both."""
    key, name = rule.columns
    for column in rule.columns:
        codec = plan.codec(column)
        if codec.line is None and not isinstance(codec, CategoryCodec):
            return f"'{column}' is made afresh"
    if why := _not_by_name(plan, key, name):
        return why
    if _are_equal(plan, key, name, set()) or _keep_equal(plan, key, name):
        return ""
    lookup = Lookup.learned(name, key, plan.codecs, plan.rows, plan.persons)
    if isinstance(lookup, str):
        return lookup
    if _follows(plan, key, name):
        return ""
    free = name not in plan.makers and name not in plan.sources(key)
    if free and not _is_loose(plan, lookup):
        plan.makers[name] = lookup
        return ""
    # in the combinations of training rows each decides what it decided there
    why = keep_combinations(plan, (key, name))
    if not why:
        return ""
    if free:
        return f"there are rows with '{name}' but without what decides it, and {why}"
    return f"'{name}' follows from other columns already, or '{key}' follows from it; and {why}"


def _not_by_name(plan: BlockPlan, key: str, name: str) -> str:
    """Why the levels of a column do not say what goes with them: one stands for all rare ones, or
    they are made afresh; nothing where they do."""
    for column in (key, name):
        codec = plan.codec(column)
        rest = codec.rest if isinstance(codec, CategoryCodec) else None
        if rest is not None and (column == key or rest.codes is not None):
            return (
                f"most values of '{column}' occur too rarely to be learned by name; option "
                f"'keep={column}' learns them"
            )
    return ""


def _are_equal(plan: BlockPlan, one: str, other: str, seen: set[str]) -> bool:
    """Whether the blocks make two columns equal."""
    if one == other:
        return True
    seen.add(one)
    for unit in plan.makers.values():
        if not isinstance(unit, LinearRule) or unit.law.slack or len(unit.bases) > 1:
            continue
        pair = {unit.law.column, *unit.bases}
        if one in pair and any(_are_equal(plan, near, other, seen) for near in pair - seen):
            return True
    return False


def _keep_equal(plan: BlockPlan, one: str, other: str) -> bool:
    """Whether two columns are equal in all rows, and are made so."""
    line, other_line = plan.codec(one).line, plan.codec(other).line
    if line is None or other_line is None or line.sort != other_line.sort:
        return False
    law = LinearLaw.between(other, other_line, {one: line}, 0, (1,))
    return law.own == 1 and not keep_law(plan, law)


def _is_loose(plan: BlockPlan, lookup: Lookup) -> bool:
    """Whether a column with values of its own, where its key is missing, could not be asked for
    beside other rules."""
    if not lookup.keeps:
        return plan.is_read_loosely(lookup.columns[0])
    if lookup.starts is None and lookup.codec.line is None:
        return True
    maker = plan.makers.get(lookup.key)
    return maker is not None and not isinstance(maker, JointCode)


def _follows(plan: BlockPlan, key: str, name: str) -> bool:
    """Whether the blocks keep "key decides name" already."""
    at = name
    while isinstance(maker := plan.makers.get(at), Lookup) and not maker.keeps:
        if maker.key == key:
            return True
        at = maker.key
    maker = plan.makers.get(name)
    if isinstance(maker, JointCode) and key in maker.columns:
        return True
    back = plan.makers.get(key)
    if isinstance(back, Lookup) and back.key == name and back.starts is None:
        table = np.concatenate([back.table.tick, back.table.code], axis=1)[back.mapped]
        return len(np.unique(table, axis=0)) == len(table)
    return False

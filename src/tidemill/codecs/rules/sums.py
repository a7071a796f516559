"""Keeps ``a<=b`` and ``a+b=c``: every function answers why a rule cannot be kept, and nothing where
it is kept now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import prod

import numpy as np

from tidemill.codecs.columns.intervals import LARGEST
from tidemill.codecs.columns.number import NumberCodec
from tidemill.codecs.rules.linear import LinearLaw, LinearRule
from tidemill.codecs.rules.plan import BlockPlan
from tidemill.codecs.rules.reckoned import Reckoned
from tidemill.core.grid import Batch
from tidemill.core.lawful import NOISE
from tidemill.core.schema import Rule

TOO_LARGE = "its numbers are too large"


def keep_order(plan: BlockPlan, rule: Rule, rules: Sequence[Rule]) -> str:
    """Computes one column from the other one: as the same where there is the opposite rule among
    these, else as a part above or below it."""
    low, high = rule.columns
    if _is_below(plan, low, high, set()):
        return ""
    if any(other.kind == "a<=b" and other.columns == (high, low) for other in rules):
        laws = [_law(plan, high, low, slack=0), _law(plan, low, high, slack=0)]
    else:
        laws = [_law(plan, high, low, slack=1), _law(plan, low, high, slack=-1)]
    exact = [law for law in laws if law.own == 1]
    rounded = [law for law in laws if law.own > 1 and law.slack]
    why = _keep_first(plan, [*exact, *rounded])
    return why and _keep_beside(plan, low, high, why)


def _keep_beside(plan: BlockPlan, low: str, high: str, why: str) -> str:
    """Moves one of two columns that follow from others to the other one where it would lie beyond;
    where that cannot be, still why not."""
    line, other_line = plan.line(low), plan.line(high)
    if line.step != other_line.step or line.sort != other_line.sort:
        return why
    for column, guard in ((high, low), (low, high)):
        unit = plan.makers.get(column)
        if not isinstance(unit, LinearRule) or not unit.law.slack or column in plan.sources(guard):
            continue
        if not all(_is_always_a_sum(plan, name) for name in (column, guard)):
            continue
        floors, ceilings = unit.floors, unit.ceilings
        if guard == low:
            floors = (*floors, guard)
        else:
            ceilings = (*ceilings, guard)
        base = unit.bases if len(unit.bases) == 1 else ()
        under = floors + (base if unit.law.slack > 0 else ())
        over = ceilings + (base if unit.law.slack < 0 else ())
        if len(unit.bases) > 1 or not all(
            _is_below(plan, one, other, set()) for one in under for other in over
        ):
            continue
        unit.floors, unit.ceilings = floors, ceilings
        return ""
    return why


def _is_always_a_sum(plan: BlockPlan, name: str) -> bool:
    """Whether a column is never missing, exact, and a sum of channels."""
    makers = [plan.makers.get(source) for source in plan.sources(name)]
    codec = plan.codec(name)
    return (
        codec.exact
        and codec.missing_level is None
        and all(maker is None or isinstance(maker, LinearRule) for maker in makers)
    )


def _law(plan: BlockPlan, column: str, base: str, slack: int) -> LinearLaw:
    law = LinearLaw.between(column, plan.line(column), {base: plan.line(base)}, slack, (1,))
    return _with_noise(plan, law)


def _with_noise(plan: BlockPlan, law: LinearLaw) -> LinearLaw:
    """The law, which training rows keep as values, with what their ticks may break it by."""
    loose = 0
    for name, weight in zip((law.column, *law.bases), (law.own, *law.weights), strict=True):
        loose += 0 if plan.codec(name).exact else abs(weight)
    is_sum = law.slack == 0 and plan.line(law.column).sort == "number"
    return replace(law, noise=NOISE if is_sum else 0.0, loose=loose)


def _is_below(plan: BlockPlan, low: str, high: str, seen: set[str]) -> bool:
    """Whether the blocks make ``low`` never above ``high``."""
    if low == high:
        return True
    if low in seen:
        return False
    seen.add(low)
    return any(_is_below(plan, other, high, seen) for other in _just_above(plan, low))


def _just_above(plan: BlockPlan, name: str) -> Iterator[str]:
    """Columns that a column is computed to be below of, or that are computed above it."""
    maker = plan.makers.get(name)
    if isinstance(maker, LinearRule):
        yield from maker.ceilings
    if isinstance(maker, LinearRule) and maker.law.slack <= 0 and len(maker.bases) == 1:
        yield maker.bases[0]
    for other, unit in plan.makers.items():
        if not isinstance(unit, LinearRule):
            continue
        if (unit.bases == (name,) and unit.law.slack >= 0) or name in unit.floors:
            yield other


def keep_sum(plan: BlockPlan, rule: Rule) -> str:
    """Computes the total from its parts, or one part from the total and the other."""
    *parts, total = rule.columns
    signs = dict(zip(parts, rule.signed(), strict=True))
    laws = [_sum_law(plan, rule, total, signs)]
    for part, sign in reversed(signs.items()):
        others = {other: -sign * one for other, one in signs.items() if other != part}
        laws.append(_sum_law(plan, rule, part, {total: sign, **others}))
    return _keep_first(plan, laws)


def _sum_law(plan: BlockPlan, rule: Rule, column: str, signs: Mapping[str, int]) -> LinearLaw:
    """A column of a sum from the others; beside dates, numbers are counted in days."""
    lines = {name: plan.line(name) for name in (column, *signs)}
    if any(line.sort != "number" for line in lines.values()):
        for name, line in lines.items():
            if line.sort == "number":
                lines[name] = replace(line, step=line.step * rule.scale)
    own = lines.pop(column)
    return _with_noise(plan, LinearLaw.between(column, own, lines, 0, tuple(signs.values())))


def _keep_first(plan: BlockPlan, laws: Sequence[LinearLaw]) -> str:
    """Keeps the first law that can be kept."""
    why = "its columns have steps that do not fit"
    for law in laws:
        why = keep_law(plan, law)
        if not why:
            return ""
    return why


def keep_law(plan: BlockPlan, law: LinearLaw) -> str:
    """Computes the law's column from its bases."""
    why = plan.why_not_made(law.column, law.bases)
    if why:
        return why
    if law.slack == 0 and law.own > 1:
        law = _refined(plan, law)
        if law.own > 1:
            return "the sum has a coarser step than its parts"
    # no sum of learned numbers may come near the end of 64 bits
    if _reach(plan, law) * 4 >= LARGEST:
        return TOO_LARGE
    return plan.made_by(LinearRule(law, plan.codecs))


def _refined(plan: BlockPlan, law: LinearLaw) -> LinearLaw:
    """The law after its column got a finer step; the same where that cannot be."""
    column, codec = plan.codecs[law.column]
    is_read = any(law.column in unit.bases for unit in plan.makers.values())
    if is_read or not isinstance(codec, NumberCodec):
        return law
    finer = codec.refined(column, law.own)
    if finer is None:
        return law
    part = plan.rows.parts[law.column]
    plan.rows.parts[law.column] = Batch(part.tick * law.own, part.code)
    plan.codecs[law.column] = (column, finer)
    return replace(law, own=1)


def _reach(plan: BlockPlan, law: LinearLaw) -> int:
    """How large the numbers of a law can get."""
    reach = 0
    for base, weight in zip(law.bases, law.weights, strict=True):
        maker = plan.makers.get(base)
        if isinstance(maker, LinearRule):
            largest = _reach(plan, maker.law)
        elif isinstance(maker, Reckoned):
            factors = [_largest(plan.number(name)) for name in maker.bases]
            raw = abs(maker.law.times) * prod(factors) + abs(maker.law.plus)
            largest = raw // maker.law.parts + 1
        else:
            largest = _largest(plan.number(base))
        reach += abs(weight) * largest
    reach = max(reach, law.own * _largest(plan.number(law.column)))
    return 2 * reach if law.slack else reach


def _largest(numbers: np.ndarray) -> int:
    if not len(numbers):
        return 0
    return max(abs(int(numbers.min())), abs(int(numbers.max())))

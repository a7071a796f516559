"""Keeps ``a*b=c`` and ``b=k*a+m``: every function answers why a rule cannot be kept, and nothing
where it is kept now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import lcm

import numpy as np

from tidemill.codecs.columns.number import NumberCodec
from tidemill.codecs.rules.decided import Lookup
from tidemill.codecs.rules.linear import common_step
from tidemill.codecs.rules.plan import BlockPlan
from tidemill.codecs.rules.reckoned import MOST_USUAL, ProductLaw, Reckoned
from tidemill.core.grid import Batch
from tidemill.core.lawful import NOISE, as_numbers, finest_step
from tidemill.core.persons import FEWEST_PERSONS, sharing
from tidemill.core.schema import Rule

_FINE = 1_000
"""So many times finer than what it is reckoned from is a step that noise makes."""


def keep_product(plan: BlockPlan, rule: Rule) -> str:
    """Reckons the product from its factors."""
    *factors, product = rule.columns
    factors.sort(key=lambda name: len(np.unique(plan.number(name))))
    return _keep_first(plan, [(product, factors, Fraction(1), Fraction(0))])


def keep_affine(plan: BlockPlan, rule: Rule) -> str:
    """Reckons the second column from the first, or else the first from the second."""
    first, second = rule.columns
    one, other = plan.makers.get(first), plan.makers.get(second)
    if isinstance(one, Lookup) and isinstance(other, Lookup) and _read_alike(one, other):
        return ""
    scale, shift = rule.scale, rule.shift
    return _keep_first(
        plan, [(second, [first], scale, shift), (first, [second], 1 / scale, -shift / scale)]
    )


def _read_alike(one: Lookup, other: Lookup) -> bool:
    """Whether two columns are always values of one training row."""
    return one.key == other.key and not one.keeps and not other.keeps


_Way = tuple[str, Sequence[str], Fraction, Fraction]
"""A column, what it is reckoned from, the factor and the offset."""


def _keep_first(plan: BlockPlan, ways: Sequence[_Way]) -> str:
    """Keeps the first way that can be kept: of whole ticks, else of floats."""
    whys = []
    for learned in (Reckoned.learned, Reckoned.of_floats):
        for column, bases, scale, shift in ways:
            lines = {name: plan.line(name) for name in bases}
            law = ProductLaw.between(column, plan.line(column), lines, scale, shift)
            whys.append(_keep(plan, law, learned))
            if not whys[-1]:
                return ""
    return whys[len(ways)]


def _keep(plan: BlockPlan, law: ProductLaw, learned: Callable[..., Reckoned | str]) -> str:
    law = _without_noise(plan, law)
    finest = finest_step(as_numbers(plan.data[law.column]))
    if learned == Reckoned.of_floats and float(plan.line(law.column).step) > finest * (1 + NOISE):
        return "its numbers have more digits than the column's step"
    unit = learned(law, plan.codecs, plan.rows, [_usual(plan, base) for base in law.bases])
    if isinstance(unit, str):
        return unit
    return plan.why_not_made(law.column, law.bases) or plan.made_by(unit)


def _without_noise(plan: BlockPlan, law: ProductLaw) -> ProductLaw:
    """The law after its column got the step of what it is reckoned from, where its own is that of
    floats that were never rounded; the same where that cannot be."""
    column, codec = plan.codecs[law.column]
    is_read = any(law.column in unit.bases for unit in plan.makers.values())
    if is_read or not isinstance(codec, NumberCodec) or codec.line is None:
        return law
    step = common_step(
        Fraction(law.times, law.parts) * codec.line.step,
        Fraction(law.plus, law.parts) * codec.line.step,
    )
    if codec.line.step >= step / _FINE:
        return law
    coarse = codec.coarsened(column, step)
    if coarse is None or coarse.line is None:
        return law
    part = plan.rows.parts[law.column]
    values = plan.number(law.column) * float(codec.line.step)
    ticks = np.rint(values / float(step))
    if (np.abs(ticks * float(step) - values) > NOISE * np.abs(values)).any():
        return law
    plan.rows.parts[law.column] = Batch(ticks.astype(np.int64)[:, None], part.code)
    plan.codecs[law.column] = (column, coarse)
    scale, shift = Fraction(law.times, law.parts), Fraction(law.plus, law.parts)
    ratio = codec.line.step / step
    scale, shift = scale * ratio, shift * ratio
    parts = lcm(scale.denominator, shift.denominator)
    return ProductLaw(law.column, law.bases, int(scale * parts), int(shift * parts), parts)


def _usual(plan: BlockPlan, name: str) -> list[int]:
    """The commonest numbers of a column; where none is common, some that are spread as it is."""
    here = plan.has_number(name)
    values, place, counts = np.unique(
        plan.number(name)[here], return_inverse=True, return_counts=True
    )
    common = np.argsort(-counts, kind="stable")[:MOST_USUAL]
    shared = sharing(place, len(values), plan.whose(here))
    common = common[shared[common] >= FEWEST_PERSONS]
    return [int(value) for value in values[common]] or plan.spread(name)

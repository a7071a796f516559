"""Numbers for rows in which a column is missing, but others are reckoned from it.

Where ``b = a + d`` and a row has ``b`` but no ``a``, the row still gets a number for ``a`` that
keeps every rule; a code says that ``a`` itself is missing. So all channels stand side by side,
whatever is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

import numpy as np

from tidemill.codecs.columns.base import ColumnCodec
from tidemill.codecs.columns.intervals import LARGEST
from tidemill.codecs.rules.linear import LinearLaw, LinearRule
from tidemill.codecs.rules.units import BlockRows, Codecs, has_number
from tidemill.core.extremes import round_number
from tidemill.core.persons import is_of_enough

FINEST = 100
"""Rounded numbers are whole multiples of at most so many parts of what lies between them."""
LEVELS = 9
"""Numbers are filled in turn with so many that are spread as the column's own are."""


def spread_of(numbers: np.ndarray, persons: np.ndarray | None) -> list[int]:
    """Numbers that are spread as these are: quantiles, rounded where fewer than enough persons have
    such a number."""
    if not len(numbers):
        return [0]
    shares = np.array([0.5])
    if len(numbers) >= 10 * LEVELS:
        shares = (np.arange(LEVELS) + 0.5) / LEVELS
    quantiles = np.quantile(numbers.astype(float), shares)
    unit = round_number(max(int(numbers.max() - numbers.min()) // FINEST, 1))
    spread = []
    for quantile in np.rint(quantiles).astype(np.int64).tolist():
        if not is_of_enough(numbers == quantile, persons):
            quantile = round(quantile / unit) * unit
        spread.append(quantile)
    return spread


def within(numbers: np.ndarray, bounds: tuple[int, int]) -> np.ndarray:
    """(n,) whether numbers lie within bounds, both included."""
    return np.asarray((numbers >= bounds[0]) & (numbers <= bounds[1]))


def filled_columns(units: Sequence[LinearRule], rows: BlockRows, codecs: Codecs) -> set[str]:
    """Columns that need numbers where they are missing.

    Args:
        units: In the order in which they are decoded.
        rows: Training rows in their natural form.
        codecs: Of all columns.
    """
    filled: set[str] = set()
    for unit in reversed(units):
        name = unit.law.column
        here = has_number(rows.parts[name], codecs[name][1])
        for base in unit.bases:
            gone = ~has_number(rows.parts[base], codecs[base][1])
            if gone.any() and (name in filled or (gone & here).any()):
                filled.add(base)
    return filled


def fill(
    rows: BlockRows,
    units: Sequence[LinearRule],
    filled: set[str],
    spreads: Mapping[str, Sequence[int]],
    codecs: Codecs,
    bounds: Mapping[str, tuple[int, int]],
) -> None:
    """Sets ``rows.numbers`` and ``rows.filled``; a row that cannot be filled so that it keeps every
    rule breaks one then.

    Args:
        rows: In their natural form; changed.
        units: In the order in which they are decoded.
        filled: The columns to be filled.
        spreads: For each of them some of its numbers.
        codecs: Of all columns.
        bounds: Of columns whose numbers must lie within some.
    """
    if not filled:
        return
    names: dict[str, None] = {}
    for unit in units:
        names |= dict.fromkeys([*unit.bases, unit.law.column])
    number = {name: rows.number(name, codecs[name][1]).copy() for name in names}
    here = {name: has_number(rows.parts[name], codecs[name][1]) for name in names}
    sums = [unit for unit in units if unit.law.slack == 0]
    _solve(sums, number, here)
    low, high = _bounds(units, number, here)
    own = {unit.law.column: unit for unit in units}
    for name in _in_order(names, own, codecs):
        gone = ~here[name]
        if name not in filled or not gone.any():
            continue
        first, last = bounds.get(name, (-LARGEST, LARGEST))
        least = np.maximum(low[name], first)
        most = np.minimum(high[name], last)
        if name in own:
            law = own[name].law
            base = _sum_of_bases(law, number)
            if law.slack >= 0:
                least = np.maximum(least, -(-base // law.own))
            if law.slack <= 0:
                most = np.minimum(most, base // law.own)
        wanted = np.resize(np.array(spreads.get(name, [0]), np.int64), len(gone))
        number[name] = np.where(gone, np.clip(wanted, least, np.maximum(most, least)), number[name])
        here[name] = np.ones(len(gone), bool)
        _solve(sums, number, here)
    rows.filled = set(filled)
    rows.numbers = number


def _sum_of_bases(law: LinearLaw, number: Mapping[str, np.ndarray]) -> np.ndarray:
    terms = [weight * number[base] for base, weight in zip(law.bases, law.weights, strict=True)]
    return np.asarray(sum(terms))


def _in_order(names: Iterable[str], own: Mapping[str, LinearRule], codecs: Codecs) -> list[str]:
    """Columns that are reckoned from nothing first, then the units' in their order.

    Of the first those with the coarsest step lead, so that what a sum leaves over falls to one that
    can take it.
    """
    free = [name for name in names if name not in own]
    return sorted(free, key=lambda name: -_step(codecs[name][1])) + list(own)


def _step(codec: ColumnCodec) -> Fraction:
    assert codec.line is not None
    return codec.line.step


def _bounds(
    units: Sequence[LinearRule], number: Mapping[str, np.ndarray], here: Mapping[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Bounds on each column's numbers from those that are reckoned from it alone, directly or
    through others."""
    low = {name: np.full(len(n), -LARGEST) for name, n in number.items()}
    high = {name: np.full(len(n), LARGEST) for name, n in number.items()}
    for unit in reversed(units):
        law = unit.law
        if len(law.bases) > 1:
            continue
        [base] = law.bases
        [weight] = law.weights
        known = here[law.column]
        if law.slack >= 0:
            most = np.where(known, number[law.column], high[law.column])
            bounded = most != LARGEST
            bound = law.own * np.where(bounded, most, 0) // weight
            high[base] = np.minimum(high[base], np.where(bounded, bound, LARGEST))
        if law.slack <= 0:
            least = np.where(known, number[law.column], low[law.column])
            bounded = least != -LARGEST
            bound = -(-law.own * np.where(bounded, least, 0) // weight)
            low[base] = np.maximum(low[base], np.where(bounded, bound, -LARGEST))
    return low, high


def _solve(
    sums: Sequence[LinearRule], number: dict[str, np.ndarray], here: dict[str, np.ndarray]
) -> None:
    """Sets what sums leave no choice for: the total of known parts, and the one part that is not
    known."""
    changed = True
    while changed:
        changed = False
        for unit in sums:
            law = unit.law
            weights = {law.column: -law.own, **dict(zip(law.bases, law.weights, strict=True))}
            for name in weights:
                changed |= _solve_for(name, weights, number, here)


def _solve_for(
    name: str,
    weights: Mapping[str, int],
    number: dict[str, np.ndarray],
    here: dict[str, np.ndarray],
) -> bool:
    """Sets one part of a weighted sum that is 0, in rows that have all others; whether there are
    such rows."""
    solvable = ~here[name]
    rest = np.zeros(len(solvable), np.int64)
    for other, weight in weights.items():
        if other != name:
            solvable = solvable & here[other]
            rest += weight * number[other]
    if not solvable.any():
        return False
    number[name] = np.where(solvable, -rest // weights[name], number[name])
    here[name] = here[name] | solvable
    return True

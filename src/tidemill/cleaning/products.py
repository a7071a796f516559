"""Triples of columns of which the first two, multiplied, make the third."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from tidemill.core.lawful import NOISE, agrees, step_of

_SCREENED = 16
_MATCHING = 13  # of those screened: one in six may be a slip
_SHUFFLED = 2_000
_FEWEST = 25
_BROKEN = 15.0
_MOVING = 0.02
SLIPS = 0.02
"""Rows that may break what holds in all others, for these to be told as slips."""


@dataclass(frozen=True, slots=True)
class ProductRule:
    """``first`` * ``second`` = ``product``, rounded to the step of the product.

    Attributes:
        first, second, product: Positions of the columns.
        support: Rows in which all three are known.
        broken: Rows in which it does not hold: none, or so few that they look like errors.
    """

    first: int
    second: int
    product: int
    support: int
    broken: int = 0


def products(values: np.ndarray, rng: np.random.Generator) -> list[ProductRule]:
    """Every a * b = c that (nearly) always holds and that would often be broken if a, or b, were
    shuffled.

    Args:
        values: (n, m) Numbers; NaN where missing.
        rng: Draws the rows on which most triples are ruled out, and the shuffling.
    """
    many = values[rng.permutation(len(values))[:_SHUFFLED]]
    steps = np.array([step_of(column) for column in many.T])
    trivial = np.isnan(many) | (many == 0) | (np.abs(many) == 1)
    order = np.argsort(trivial.sum(axis=1), kind="stable")
    few = many[order[:_SCREENED]]
    moving = np.flatnonzero((~trivial).mean(axis=0) >= _MOVING)
    found = []
    for first, second in combinations(moving.tolist(), 2):
        for product in _possible(few, first, second, steps):
            at = [first, second, product]
            result = _judged(values[:, at], many[:, at], rng)
            if result is not None:
                found.append(ProductRule(first, second, product, *result))
    return found


def _possible(few: np.ndarray, first: int, second: int, steps: np.ndarray) -> list[int]:
    """Columns that are the product in nearly all screened rows in which the three are known."""
    made = few[:, [first]] * few[:, [second]]
    known = ~np.isnan(made) & ~np.isnan(few)
    room = steps / 2 * (1 + 1e-6) + NOISE * np.abs(few)
    with np.errstate(invalid="ignore"):
        right = (np.abs(made - few) <= room) & known
    fits = right.sum(axis=0) * _SCREENED >= known.sum(axis=0) * _MATCHING
    fits &= known.sum(axis=0) >= 3
    fits[[first, second]] = False
    return [int(at) for at in np.flatnonzero(fits)]


def _judged(
    values: np.ndarray, some: np.ndarray, rng: np.random.Generator
) -> tuple[int, int] | None:
    """Rows in which the three are known, and rows that break the product; None for none.

    Args:
        values: (n, 3) The two factors and their product in all rows.
        some: (k, 3) The same in the rows that are shuffled.
        rng: Shuffles them.
    """
    known = values[~np.isnan(values).any(axis=1)]
    if len(known) < _FEWEST:
        return None
    step = step_of(known[:, 2])
    broken = int((~agrees(known[:, 0] * known[:, 1], known[:, 2], step)).sum())
    if broken > SLIPS * len(known):
        return None
    first, second, product = some[~np.isnan(some).any(axis=1)].T
    if any(len(np.unique(column)) < 3 for column in (first, second, product)):
        return None
    for one, other in ((first, second), (second, first)):
        differs = 1 - float(agrees(rng.permutation(one) * other, product, step).mean())
        if differs < 0.1 or len(known) * differs < _BROKEN:
            return None
    # a step as coarse as the numbers would let anything pass
    if step > np.quantile(np.abs(known[:, 2]), 0.75) / 4:
        return None
    return len(known), broken

"""Triples of columns of which the first two add up to the third."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

_SCREENED = 12
_SHUFFLED = 2_000
_FEWEST = 50
_BROKEN = 30.0
_NONZERO = 0.02
_EXACT = 1e-9


@dataclass(frozen=True, slots=True)
class SumRule:
    """``first`` + ``second`` = ``total``.

    Attributes:
        first, second, total: Positions of the columns.
        support: Rows in which all three are known.
    """

    first: int
    second: int
    total: int
    support: int


def sums(values: np.ndarray, rng: np.random.Generator) -> list[SumRule]:
    """Every a + b = c that always holds and that would often be broken if a were shuffled.

    Args:
        values: (n, m) Numbers; NaN where missing.
        rng: Draws the rows on which most triples are ruled out, and the shuffling.
    """
    many = values[rng.permutation(len(values))[:_SHUFFLED]]
    few = many[
        np.argsort(np.isnan(many).sum(axis=1), kind="stable")[:_SCREENED]
    ]  # the rows that miss least
    moving = np.flatnonzero((np.nan_to_num(many) != 0).mean(axis=0) >= _NONZERO)
    found = []
    for first, second in combinations(moving.tolist(), 2):
        for total in _possible(few, first, second):
            support = _support(values, many, first, second, total, rng)
            if support:
                found.append(SumRule(first, second, total, support))
    return found


def adds_up(first: np.ndarray, second: np.ndarray, total: np.ndarray) -> np.ndarray:
    """(n,) True where first + second is total, up to the last digits of a float; False where one is
    missing."""
    size = np.abs(first) + np.abs(second) + np.abs(total)
    return np.asarray(np.abs(first + second - total) <= _EXACT * size)


def _possible(few: np.ndarray, first: int, second: int) -> list[int]:
    """Columns that are the sum in all screened rows in which the three are known, and in at least
    one."""
    together = few[:, [first]] + few[:, [second]]
    known = ~np.isnan(together) & ~np.isnan(few)
    size = np.abs(few[:, [first]]) + np.abs(few[:, [second]]) + np.abs(few)
    with np.errstate(invalid="ignore"):
        wrong = np.abs(together - few) > _EXACT * size
    fits = ~wrong.any(axis=0) & known.any(axis=0)
    fits[[first, second]] = False
    return [int(at) for at in np.flatnonzero(fits)]


def _support(
    values: np.ndarray,
    many: np.ndarray,
    first: int,
    second: int,
    total: int,
    rng: np.random.Generator,
) -> int:
    """The rows on which the sum holds; 0 if it is broken once, or would seldom be broken by
    shuffling."""
    a, b, c = values[:, first], values[:, second], values[:, total]
    known = ~(np.isnan(a) | np.isnan(b) | np.isnan(c))
    support = int(known.sum())
    if support < _FEWEST or not adds_up(a, b, c)[known].all():
        return 0
    a, b, c = (many[:, at] for at in (first, second, total))
    known = ~(np.isnan(a) | np.isnan(b) | np.isnan(c))
    if not known.any() or len(np.unique(a[known])) < 3 or len(np.unique(b[known])) < 3:
        return 0
    chance = adds_up(rng.permutation(a[known]), b[known], c[known]).mean()
    return support if support * (1 - chance) >= _BROKEN and chance <= 0.9 else 0

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
    missing = np.isnan(many).sum(axis=1)
    few = many[np.argsort(missing, kind="stable")[:_SCREENED]]
    moving = np.flatnonzero((np.nan_to_num(many) != 0).mean(axis=0) >= _NONZERO)
    found = []
    for first, second in combinations(moving.tolist(), 2):
        for total in _possible(few, first, second):
            columns = [first, second, total]
            support = _support(values[:, columns], many[:, columns], rng)
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


def _support(values: np.ndarray, some: np.ndarray, rng: np.random.Generator) -> int:
    """The rows on which the sum holds; 0 if it is broken once, or would seldom be broken by
    shuffling.

    Args:
        values: (n, 3) The two parts and their sum in all rows.
        some: (k, 3) The same in the rows that are shuffled.
        rng: Shuffles them.
    """
    known = values[~np.isnan(values).any(axis=1)]
    if len(known) < _FEWEST or not adds_up(*known.T).all():
        return 0
    first, second, total = some[~np.isnan(some).any(axis=1)].T
    if len(np.unique(first)) < 3 or len(np.unique(second)) < 3:
        return 0
    probability = adds_up(rng.permutation(first), second, total).mean()
    if probability > 0.9 or len(known) * (1 - probability) < _BROKEN:
        return 0
    return len(known)

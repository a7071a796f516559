"""Pairs of columns of which one is never, or nearly never, above the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

_SCREENED = 1_000
_BROKEN_IN_SCREEN = 2
_FEWEST = 50
_SHUFFLED_SHARE = 0.02
_SHUFFLED_COUNT = 30.0
_TIGHT = 0.1
_SLIPS = 0.001  # of all rows, and of the rows that shuffling would break


@dataclass(frozen=True, slots=True)
class Ordering:
    """``low`` is never above ``high``, but for some slips.

    Attributes:
        low, high: Positions of the two columns.
        support: Rows in which both are known.
        broken: Rows in which it does not hold: none, or so few that they look like errors.
        equal: Whether the two are equal in all these rows (then only one of the two orderings is
            given).
    """

    low: int
    high: int
    support: int
    broken: int = 0
    equal: bool = False


def orderings(values: np.ndarray, whole: np.ndarray, rng: np.random.Generator) -> list[Ordering]:
    """Every pair a <= b that (nearly) always holds and is no matter of course.

    It is a matter of course where shuffling the columns would seldom break it, since their ranges
    hardly overlap; where the two never come near each other, as if neither bounded the other; and
    where one counts and the other measures. What follows from two others (a <= b <= c) is left out.

    Args:
        values: (n, m) Numbers that may be compared with each other; NaN where missing.
        whole: (m,) True for columns of whole numbers.
        rng: Draws the rows on which most pairs are ruled out.
    """
    few = values
    if len(values) > _SCREENED:
        few = values[rng.choice(len(values), _SCREENED, replace=False)]
    possible = _seldom_broken(few) & _overlapping(few) & (whole[:, None] == whole[None, :])
    found = {}
    for low, high in np.argwhere(possible).tolist():
        shuffled = _broken_by_shuffling(few[:, low], few[:, high])
        result = _judged(values[:, low], values[:, high], shuffled)
        if result is not None:
            found[low, high] = Ordering(low, high, *result)
    return _reduced(found)


def _seldom_broken(values: np.ndarray) -> np.ndarray:
    """(m, m) True where hardly a row of the sample has column i above column j."""
    broken = np.stack([(values[:, [at]] > values).sum(axis=0) for at in range(values.shape[1])])
    np.fill_diagonal(broken, _BROKEN_IN_SCREEN + 1)
    return np.asarray(broken <= _BROKEN_IN_SCREEN)


def _overlapping(values: np.ndarray) -> np.ndarray:
    """(m, m) False where even the largest per cent of column i lies below the smallest per cent of
    column j."""
    known = ~np.isnan(values).all(axis=0)
    low, high = np.full((2, values.shape[1]), np.nan)
    low[known], high[known] = np.nanquantile(values[:, known], [0.01, 0.99], axis=0)
    return np.asarray(high[:, None] > low[None, :])


def _broken_by_shuffling(low: np.ndarray, high: np.ndarray) -> float:
    """The chance that a value of one column lies above a value of the other from any row."""
    low, high = low[~np.isnan(low)], np.sort(high[~np.isnan(high)])
    if not len(low) or not len(high):
        return 0.0
    return float(np.searchsorted(high, low, side="left").mean() / len(high))


def _judged(low: np.ndarray, high: np.ndarray, shuffled: float) -> tuple[int, int, bool] | None:
    """Rows in which both are known, rows that break the order, and whether all are equal; None for
    no ordering."""
    apart = high - low
    apart = apart[~np.isnan(apart)]
    support, broken = len(apart), int((apart < 0).sum())
    if shuffled < _SHUFFLED_SHARE or support < _FEWEST or support * shuffled < _SHUFFLED_COUNT:
        return None
    if broken > _SLIPS * support * min(1.0, 10 * shuffled):
        return None
    kept = apart[apart >= 0]
    if kept.min() > _TIGHT * np.median(kept):
        return None
    return support, broken, bool((apart == 0).all())


def _reduced(found: dict[tuple[int, int], Ordering]) -> list[Ordering]:
    """Those that do not follow from others: of equal columns the first speaks for all, and a <= b
    <= c says a <= c."""
    first: dict[int, int] = {}  # of a column that equals others: the first of these
    equal = []
    for (low, high), ordering in found.items():
        if ordering.equal and low < high:
            first.setdefault(high, first.get(low, low))
            if first[high] == low:
                equal.append(ordering)
    others = {}
    for (low, high), ordering in found.items():
        if not ordering.equal and low not in first and high not in first:
            others[low, high] = ordering
    return equal + [ordering for ordering in others.values() if not _follows(ordering, others)]


def _follows(ordering: Ordering, others: Mapping[tuple[int, int], Ordering]) -> bool:
    """Whether two others that are never broken say the same on as many rows."""
    for low, middle in others:
        if low != ordering.low or (middle, ordering.high) not in others:
            continue
        one, other = others[low, middle], others[middle, ordering.high]
        if one.broken or other.broken:
            continue
        if min(one.support, other.support) >= ordering.support:
            return True
    return False

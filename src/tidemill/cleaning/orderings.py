"""Pairs of columns of which one is never, or nearly never, above the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

_SCREENED = 1_000
_BROKEN_IN_SCREEN = 2
_SLIPS = 0.001  # of all rows, and of the rows that shuffling would break
_ATOM = 0.01  # of all rows: so often does a value occur that is looked at by itself
_SCALES = 10.0  # so many times larger may be what nothing says to be of the same sort


@dataclass(frozen=True, slots=True)
class OrderEvidence:
    """What a pair of columns must show before it counts as an ordering.

    Attributes:
        rows: Rows in which both are known.
        share: Part of the rows that shuffling would break.
        surprise: Minus the logarithm of the chance that no row breaks the order if the two had
            nothing to do with each other.
        near: How near the two must come at the least, in parts of the middle distance; None where
            what they are called says enough.
        next: Whether it is near enough that they come within one step of each other: that there is
            never less than a night between two days.
        scaled: Whether the two must also be of like size.
    """

    rows: int = 50
    share: float = 0.02
    surprise: float = 30.0
    near: float | None = 0.1
    next: bool = False
    scaled: bool = False


USUAL = OrderEvidence()
UNNAMED = OrderEvidence(scaled=True)
DATES = OrderEvidence(rows=20, surprise=12.0, near=0.2, next=True)
IN_TURN = OrderEvidence(rows=10, share=0.005, surprise=5.0, near=None)


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


def orderings(
    values: np.ndarray,
    whole: np.ndarray,
    rng: np.random.Generator,
    evidence: Callable[[int, int], OrderEvidence | None] = lambda low, high: USUAL,
) -> list[Ordering]:
    """Every pair a <= b that (nearly) always holds and is no matter of course.

    It is a matter of course where shuffling the columns would seldom break it, since their ranges
    hardly overlap; where the two never come near each other, as if neither bounded the other; and
    where one counts and the other measures. Rows in which both have the same frequent outermost
    value (a marker of missing values, a zero for "none") say nothing of that. What follows from two
    others (a <= b <= c) is left out.

    Args:
        values: (n, m) Numbers that may be compared with each other; NaN where missing.
        whole: (m,) True for columns of whole numbers.
        rng: Draws the rows on which most pairs are ruled out.
        evidence: What the pair of two columns must show; None where they cannot be compared.
    """
    few = values
    if len(values) > _SCREENED:
        few = values[rng.choice(len(values), _SCREENED, replace=False)]
    possible = _seldom_broken(few) & _overlapping(few) & (whole[:, None] == whole[None, :])
    found = {}
    for low, high in np.argwhere(possible).tolist():
        wanted = evidence(low, high)
        if wanted is None:
            continue
        result = _judged(values[:, low], values[:, high], few[:, [low, high]], wanted)
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


def _judged(
    low: np.ndarray, high: np.ndarray, few: np.ndarray, wanted: OrderEvidence
) -> tuple[int, int, bool] | None:
    """Rows in which both are known, rows that break the order, and whether all are equal; None for
    no ordering.

    Args:
        low, high: (n,) The two columns.
        few: (k, 2) The same in the rows of the screen.
        wanted: What they must show.
    """
    apart = high - low
    known = ~np.isnan(apart)
    support, broken = int(known.sum()), int((apart[known] < 0).sum())
    telling = known & ~_at_common_end(low, high, apart)
    if not telling.any():  # they are equal, and hardly ever another value than one
        telling = known
    low, high, apart = low[telling], high[telling], apart[telling]
    one, other = few[:, 0], few[:, 1]
    ended = _at_common_end(one, other, other - one)
    shuffled = _broken_by_shuffling(one[~ended], other[~ended])
    surprise = -len(apart) * float(np.log1p(-min(shuffled, 1 - 1e-9)))
    if shuffled < wanted.share or len(apart) < wanted.rows or surprise < wanted.surprise:
        return None
    if broken > _SLIPS * support * min(1.0, 10 * shuffled):
        return None
    kept = apart[apart >= 0]
    near = 0.0 if wanted.near is None else wanted.near * np.median(kept)
    if wanted.next:
        near = max(near, np.gcd.reduce(kept.astype(np.int64)))
    if wanted.near is not None and kept.min() > near:
        return None
    if wanted.scaled and not _of_like_size(low, high):
        return None
    return support, broken, bool((apart == 0).all())


def _at_common_end(low: np.ndarray, high: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """(n,) rows in which both have the same value, which is the smallest or the largest of both
    columns and frequent."""
    equal = apart == 0
    found = np.zeros(len(apart), bool)
    if not equal.any() or equal.sum() == (~np.isnan(apart)).sum():
        return found
    for end in (np.nanmin, np.nanmax):
        value = end(low)
        at = equal & (low == value)
        if end(high) == value and at.sum() >= max(2, _ATOM * len(apart)):
            found |= at
    return found


def _of_like_size(low: np.ndarray, high: np.ndarray) -> bool:
    """Whether neither column is many times larger than the other."""
    one, other = np.quantile(np.abs(low), 0.9), np.quantile(np.abs(high), 0.9)
    return bool(max(one, other) <= _SCALES * min(one, other))


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

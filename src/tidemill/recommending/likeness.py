"""How like real customers made ones are, by what they take."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from tidemill.supervised.arrays import Bools, Floats, Ints

MOST_FREQUENT = 1_000
"""Items, the most often taken, whose pairs are looked at."""
LEAST_TOGETHER, LEAST_SHARE = 20, 0.01
"""Customers, and their share, who took both items of a frequent pair at least."""
STANDING_OUT = 0.1
"""The share of frequent pairs that are most often taken together beyond chance."""
NEAREST = 0.05
"""The share of real customers that count as near to a learned one."""
TOGETHER = 1 << 24


@dataclass(frozen=True)
class BasketLikeness:
    """How far the baskets of some customers are from those of real ones who were not learned from.

    Attributes:
        items: The share of what they took that would have to be of other items.
        pairs: By which factor it is off, on average, how many times as often as by chance the items
            of a frequent pair are taken together.
        lift: How many times as often as by chance that is of pairs that stand out, in all.
        size: By how many items their baskets are off, largest against largest, on average.
        near: The share that is nearer to a learned customer than most real ones are.
    """

    items: float
    pairs: float
    lift: float
    size: float
    near: float


@dataclass(frozen=True)
class RealBaskets:
    """What real customers took, against which others are held.

    Attributes:
        learned: (n, m) of those who were learned from.
        others: (k, m) of those who were not.
        first, second: (pairs,) the items of each pair that is frequent among the learned ones.
        standing_out: (pairs,) whether it is one of those that are most often taken together beyond
            chance.
        limit: The likeness to the nearest learned customer that few others reach.
    """

    learned: sparse.csr_array
    others: sparse.csr_array
    first: Ints
    second: Ints
    standing_out: Bools
    limit: float

    @staticmethod
    def of(learned: sparse.csr_array, others: sparse.csr_array) -> RealBaskets:
        """Of (n, m) and (k, m) real customers, the most frequent items first."""
        together = _together(learned)
        least = max(LEAST_TOGETHER, LEAST_SHARE * learned.shape[0])
        first, second = np.nonzero(np.triu(together, 1) >= least)
        taken = np.diag(together)
        lift = together[first, second] / (taken[first] * taken[second])
        standing_out = lift >= np.quantile(lift, 1 - STANDING_OUT) if len(lift) else lift > 0
        limit = float(np.quantile(nearest(others, learned), 1 - NEAREST))
        return RealBaskets(learned, others, first, second, standing_out, limit)

    def likeness(self, pairs: sparse.csr_array) -> BasketLikeness:
        """Of (n, m) what some customers took."""
        own, real = _together(pairs), _together(self.others)
        n = pairs.shape[0]
        at = self.first, self.second
        off = np.log(_beyond_chance(own, n, at) / _beyond_chance(real, self.others.shape[0], at))
        taken = np.diag(own)
        out = self.first[self.standing_out], self.second[self.standing_out]
        chance = (taken[out[0]] * taken[out[1]]).sum() / n
        steps = np.linspace(0.005, 0.995, 100)
        size = [np.quantile(np.diff(each.indptr), steps) for each in (pairs, self.others)]
        return BasketLikeness(
            items=float(np.abs(_shares(pairs) - _shares(self.others)).sum() / 2),
            pairs=float(np.exp(np.abs(off).mean())) if len(off) else 1.0,
            lift=float(own[out].sum() / chance) if chance else 1.0,
            size=float(np.abs(size[0] - size[1]).mean()),
            near=float((nearest(pairs, self.learned) > self.limit).mean()),
        )

    def group(self, rng: np.random.Generator) -> BasketLikeness:
        """The likeness of a real group as large as the others, drawn from the learned ones; how
        strongly items go together and how near customers are to learned ones is that of others,
        drawn again."""
        size, learned = self.others.shape[0], self.learned.shape[0]
        rows = rng.choice(learned, size, replace=size > learned)
        drawn = self.likeness(self.others[rng.choice(size, size)])
        return replace(self.likeness(self.learned[rows]), lift=drawn.lift, near=drawn.near)


def nearest(pairs: sparse.csr_array, learned: sparse.csr_array) -> Floats:
    """(k,) the likeness of each customer to the nearest learned one: of all items that either took
    the share that both did (Jaccard).

    Example:
        >>> one = sparse.csr_array(np.array([[1.0, 1, 0]]))
        >>> nearest(one, sparse.csr_array(np.array([[1.0, 0, 0], [0, 1, 1]]))).tolist()
        [0.5]
    """
    size = np.diff(learned.indptr)
    found = [np.zeros(0)]
    step = max(TOGETHER // max(learned.shape[0], 1), 1)
    for start in range(0, pairs.shape[0], step):
        part = pairs[start : start + step]
        both = (part @ learned.T).toarray().astype(np.float64)
        either = np.diff(part.indptr)[:, None] + size - both
        found.append((both / np.maximum(either, 1)).max(axis=1))
    return np.concatenate(found)


def _shares(pairs: sparse.csr_array) -> Floats:
    """(m,) of all that was taken, the share of each item."""
    return np.asarray(pairs.sum(axis=0), np.float64) / max(pairs.nnz, 1)


def _together(pairs: sparse.csr_array) -> Floats:
    """How many customers took both of two items, of the most frequent ones."""
    part = pairs[:, :MOST_FREQUENT]
    found: Floats = (part.T @ part).toarray().astype(np.float64)
    return found


def _beyond_chance(together: Floats, n: int, at: tuple[Ints, Ints]) -> Floats:
    """(pairs,) how many times as often as by chance n customers took both items; half a customer is
    added everywhere, so that none is 0."""
    taken = np.diag(together) + 0.5
    found: Floats = (together[at] + 0.5) * (n + 1) / (taken[at[0]] * taken[at[1]])
    return found

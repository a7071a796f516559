"""A rehearsal: customers whose tastes are known are made in the shape of a shop's, and recommenders
compete for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from tidemill.core.run import Run
from tidemill.recommending.choosing import FLOOR, contest
from tidemill.recommending.splitting import FEWEST_TESTED, at_random
from tidemill.supervised.arrays import Floats
from tidemill.supervised.auc import NORMAL_95

CUSTOMERS, ITEMS = 400, 150
"""Of a rehearsal at most: customers drawn at random, and items as popular as theirs."""
TASTES = 4
STRONG, WEAK, NONE = 10.0, 3.0, 1.0
"""How many times as readily an item of a customer's own taste is taken."""


@dataclass(frozen=True)
class ShopRehearsal:
    """What was said of customers whose tastes are known.

    Attributes:
        times: How often each was rehearsed.
        strong, weak: How often a gain was claimed where such tastes had been planted.
        claimed: How often one was claimed where there was none.
        customers, items: Of each rehearsal.
    """

    times: int
    strong: int
    weak: int
    claimed: int
    customers: int
    items: int


def rehearse_tastes(
    pairs: sparse.csr_array, names: Sequence[str], run: Run, times: int
) -> ShopRehearsal:
    """Make customers with and without tastes, and see where a recommender is said to be better than
    best-sellers.

    Args:
        pairs: (n, m) which customer took which item, the most frequent first.
        names: The recommenders that compete.
        run: Draws customers.
        times: How often, with strong tastes, with weak ones and without.
    """
    said = {STRONG: 0, WEAK: 0, NONE: 0}
    sizes = (0, 0)
    for k in run.track(range(times), "rehearsal", "making customers with known tastes"):
        for liked in said:
            rng = run.rng("recommend", "rehearsal", k, round(liked))
            made = made_customers(pairs, liked, rng)
            sizes = made.shape
            said[liked] += _is_claimed(made, names, rng, run.child("rehearsal", k, quiet=True))
    return ShopRehearsal(times, said[STRONG], said[WEAK], said[NONE], *sizes)


def made_customers(
    pairs: sparse.csr_array, liked: float, rng: np.random.Generator
) -> sparse.csr_array:
    """(n, m) customers who take as many items as those of a shop do, of items as popular as its
    own; each likes one of a few groups of items more.

    Args:
        pairs: (n, m) which customer took which item, the most frequent first.
        liked: How many times as readily an item of the own group is taken; 1 for no taste.
        rng: Draws customers.
    """
    rows = np.sort(rng.permutation(pairs.shape[0])[:CUSTOMERS])
    items = np.arange(min(pairs.shape[1], ITEMS))
    each = np.diff(pairs[rows][:, items].indptr)
    popular = np.maximum(np.asarray(pairs[:, items].sum(axis=0), np.float64), 0.5)
    own = rng.integers(TASTES, size=len(items)) == rng.integers(TASTES, size=(len(rows), 1))
    readiness = np.log(popular) + np.log(liked) * own
    # the largest of these are a draw without replacement (Efraimidis and Spirakis 2006)
    keys = readiness + rng.gumbel(size=readiness.shape)
    return _first(keys, np.minimum(each, len(items) // 2))


def _first(keys: Floats, each: NDArray[np.int64]) -> sparse.csr_array:
    """(n, m) 1 at the places of each row's largest keys, so many of each."""
    rank = np.argsort(np.argsort(-keys, axis=1, kind="stable"), axis=1, kind="stable")
    return sparse.csr_array((rank < each[:, None]).astype(np.float32))


def _is_claimed(
    made: sparse.csr_array, names: Sequence[str], rng: np.random.Generator, run: Run
) -> bool:
    """Whether a recommender is said to be better than best-sellers, as on the page."""
    row, item = made.nonzero()
    after = at_random(pl.Series(row), pl.Series(item), rng)
    found = contest(after.taken.pairs, after.held, after.validation, run, names)
    more = found.more_than(FLOOR)
    if len(more) < FEWEST_TESTED:
        return False
    return bool(more.mean() > NORMAL_95 * more.std(ddof=1) / np.sqrt(len(more)))

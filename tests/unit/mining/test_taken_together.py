"""Items that belong together are found; items of those who take much are not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from tidemill.core.run import Run
from tidemill.mining.taken_together import expected_chances, taken_together


def customers(seed: int, *, pair: bool = False, count: int = 800) -> sparse.csr_array:
    """Who takes few or many of 60 items, popular ones more; 10 % like items 50 and 51."""
    rng = np.random.default_rng(seed)
    readiness = rng.gumbel(size=(count, 60)) - np.log1p(np.arange(60))
    if pair:
        readiness[:, 50:52] += 5.0 * (rng.random((count, 1)) < 0.1)
    each = rng.lognormal(2, 0.8, count).clip(1, 45).astype(int)
    rank = np.argsort(np.argsort(-readiness, axis=1), axis=1)
    return sparse.csr_array((rank < each[:, None]).astype(np.float32))


def test_a_pair_that_goes_together_is_found() -> None:
    rules, held = taken_together(customers(0, pair=True, count=3000), Run(0), 8)
    assert held >= 1
    first = rules[0]
    assert {first.first, first.then} == {50, 51}
    low, high = first.times_interval
    assert 1 < low < first.times < high
    assert first.p_value <= 0.001


def test_those_who_take_much_make_no_pair() -> None:
    """Where nobody has a taste, most pairs are together more often than their shares say."""
    pairs = customers(1)
    share = np.asarray(pairs.mean(axis=0))
    both = (pairs.T @ pairs).toarray() / pairs.shape[0]
    assert np.median(both[20:40, 20:40] / np.outer(share, share)[20:40, 20:40]) > 1.2
    assert [taken_together(customers(seed), Run(seed), 8)[1] for seed in range(10)] == [0] * 10


def test_what_is_expected_has_the_margins() -> None:
    pairs = customers(2)
    sizes = np.asarray(pairs.sum(axis=1)).astype(int)
    items = np.asarray(pairs.sum(axis=0)).astype(int)
    level, many = np.unique(sizes, return_counts=True)
    chance = expected_chances(level, many, items)
    assert np.allclose(chance.sum(axis=1), level, rtol=1e-3)
    assert np.allclose(many @ chance, items, rtol=1e-3)


@pytest.mark.parametrize("shape", [(0, 0), (3, 0), (0, 5), (40, 1), (12, 4)])
def test_small_shops_have_no_rules(shape: tuple[int, int]) -> None:
    assert taken_together(sparse.csr_array(np.ones(shape, np.float32)), Run(0), 5) == ([], 0)

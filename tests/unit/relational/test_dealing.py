"""What rows point to is dealt out by shares."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tidemill.core.database import depths
from tidemill.relational.dealing import dealt, dealt_by_depth


@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(0, 300))
def test_shares_are_kept_but_for_rounding(seed: int, m: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    weight = rng.integers(0, 9, m)
    at = dealt(rng.integers(0, 5, n), rng.integers(0, 5, m), weight, None, rng)
    if weight.sum():
        assert np.abs(np.bincount(at, minlength=m) - weight / weight.sum() * n).max(initial=0) <= 1


@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(0, 60))
def test_nobody_points_twice_to_the_same(seed: int, m: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 8, n)
    at = dealt(rng.integers(0, 3, n), rng.integers(0, 3, m), rng.integers(0, 9, m), group, rng)
    pairs = [pair for pair in zip(group.tolist(), at.tolist(), strict=True) if pair[1] >= 0]
    assert len(set(pairs)) == len(pairs)
    for own in np.unique(group):
        left = (at[group == own] < 0).sum()
        assert left == max((group == own).sum() - m, 0)  # only where all are taken


@given(st.integers(0, 10_000), st.integers(1, 60))
def test_nothing_points_to_itself_by_any_way(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    depth = rng.integers(0, 5, n)
    at = dealt_by_depth(depth, rng.integers(0, 4, n), rng)
    found = depths(at)
    level = np.unique(depth, return_inverse=True)[1]
    assert (found == level).all()
    assert ((at < 0) == (level == 0)).all()


def test_circles_are_no_depth() -> None:
    assert depths(np.array([1, 0, 1])).tolist() == [0, 0, 0]

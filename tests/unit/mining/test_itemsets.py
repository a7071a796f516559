from __future__ import annotations

import time
from itertools import combinations

import numpy as np
import pytest

from tidemill.mining.itemsets import frequent_itemsets, pack


@pytest.mark.parametrize("seed", range(3))
def test_itemsets_are_those_of_counting_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    held = rng.random((8, 130)) < rng.uniform(0.1, 0.7, (8, 1))
    group = np.array([0, 0, 1, 2, 3, 4, 5, 6])
    found = frequent_itemsets(pack([np.flatnonzero(item) for item in held], 130), 15, 4, group)
    for length, (sets, counts) in enumerate(found, start=1):
        wanted = {
            items: int(held[list(items)].all(axis=0).sum())
            for items in combinations(range(8), length)
            if len(set(group[list(items)])) == length
        }
        assert {tuple(s): int(c) for s, c in zip(sets, counts, strict=True)} == {
            items: rows for items, rows in wanted.items() if rows >= 15
        }


def test_nothing_frequent_gives_empty_levels() -> None:
    found = frequent_itemsets(pack([np.array([0]), np.array([1])], 2), 2)
    assert [sets.shape for sets, _ in found] == [(0, 1), (0, 2), (0, 3)]


def test_ten_thousand_baskets_take_well_under_a_second() -> None:
    rng = np.random.default_rng(0)
    rows = [np.flatnonzero(rng.random(10_000) < 0.2 / (k + 1) ** 0.7) for k in range(170)]
    began = time.process_time()
    frequent_itemsets(pack(rows, 10_000), 10, 3)
    assert time.process_time() - began < 1

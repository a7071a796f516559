"""A group that is served worse is found; groups that are served alike are not called so."""

from __future__ import annotations

import numpy as np
import polars as pl

from tidemill.recipes.shop_groups import served_groups


def customers(rng: np.random.Generator) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "client": [f"c{k:03d}" for k in range(400)],
            "sex": rng.choice(["w", "m", None], 400, p=[0.4, 0.5, 0.1]).tolist(),
            "age": rng.integers(18, 90, 400),
            "town": rng.choice([f"t{k}" for k in range(12)], 400),
        },
    )


def test_a_group_that_is_served_worse_is_found() -> None:
    rng = np.random.default_rng(0)
    table = customers(rng)
    worse = (table["age"] > 71).to_numpy()
    recall = rng.random(400) * np.where(worse, 0.4, 1.0)
    found = served_groups(table["client"], table, recall)
    assert found[0].words.startswith("age: over 7")
    assert found[0].low > 0
    # 71 to 90 is the highest quarter: no end of it is a customer's own age
    assert {one.words.split(":")[0] for one in found} == {"sex", "age", "town"}
    assert [one.words for one in found[1:] if one.low > 0] == []


def test_groups_that_are_served_alike_are_told_so() -> None:
    claimed = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        table = customers(rng)
        found = served_groups(table["client"], table, rng.random(400))
        claimed += any(one.low > 0 for one in found)
    assert claimed <= 4  # of 40 pages, 1 in 20 on either side

"""Columns that tell tastes propose items that nobody took; columns that tell nothing do not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import sparse

from tidemill.core.run import Run
from tidemill.recommending.cold import ByColumns, chosen_setting, cold_gain
from tidemill.recommending.own_columns import design_of, own_columns


def shop_with_kinds(
    seed: int, *, told: bool, customers: int = 200, items: int = 100
) -> tuple[sparse.csr_array, pl.DataFrame]:
    """Customers who like one of four kinds of goods, and a column that names the kind, or does
    not; some items are far more popular than others."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(4, size=items)
    readiness = rng.gumbel(size=(customers, items)) + rng.normal(0, 1, items)
    readiness += 2.0 * (kind == rng.integers(4, size=(customers, 1)))
    rank = np.argsort(np.argsort(-readiness, axis=1), axis=1)
    pairs = sparse.csr_array((rank < rng.integers(4, 20, (customers, 1))).astype(np.float32))
    said = kind if told else rng.permutation(kind)
    names = [["green tea", "black tea", "plum jam", "rye bread"][k] for k in said]
    return pairs, pl.DataFrame({"item": [f"i{k:03d}" for k in range(items)], "kind": names})


def test_a_column_that_tells_the_taste_is_found() -> None:
    pairs, table = shop_with_kinds(0, told=True)
    found = cold_gain(pairs, design_of(table), Run(0))
    assert found is not None
    assert found.low > 0
    assert found.taken > 1.4 * found.by_chance
    assert found.items >= 95  # some nobody took


def test_columns_that_say_nothing_are_not_claimed_to() -> None:
    claimed = 0
    for seed in range(20):
        pairs, table = shop_with_kinds(seed, told=False)
        found = cold_gain(pairs, design_of(table), Run(seed))
        assert found is not None
        claimed += found.low > 0
    assert claimed <= 1


def test_what_is_expected_by_chance_is_what_lists_by_lot_bring() -> None:
    pairs, table = shop_with_kinds(3, told=False)
    found = cold_gain(pairs, design_of(table) * 0, Run(0))
    assert found is not None
    assert abs(found.gain) < 3 * found.error


def test_few_items_are_not_measured() -> None:
    pairs, table = shop_with_kinds(1, told=True, items=20)
    assert cold_gain(pairs, design_of(table), Run(0)) is None


def test_a_new_item_is_proposed_to_those_who_like_its_kind() -> None:
    pairs, table = shop_with_kinds(2, told=True)
    design = design_of(table)
    model = ByColumns(design, pairs, chosen_setting(pairs, design, Run(0)))
    tea = np.array(["tea" in kind for kind in table["kind"]])
    share = np.asarray(pairs[:, tea].sum(axis=1)) / np.asarray(pairs.sum(axis=1))
    new = design[np.flatnonzero(tea)[:1]]
    scores = model.scores(pairs, new)[:, 0]
    assert np.corrcoef(scores, share)[0, 1] > 0.4


def test_columns_are_the_items_own_where_lines_agree() -> None:
    rng = np.random.default_rng(0)
    item = rng.integers(30, size=600)
    lines = pl.DataFrame(
        {
            "item": [f"i{k}" for k in item],
            "kind": [f"k{k % 3}" for k in item],
            "nearly": [f"k{k % 5}" if at % 100 else "odd" for at, k in enumerate(item)],
            "till": rng.integers(4, size=600),
            "rare": rng.random(600) < 0.01,
            "price": item * 1.5 + 1,
        }
    )
    names = ["kind", "nearly", "till", "rare", "price"]
    assert own_columns(lines, "item", names, certain=False).columns[1:] == [
        "kind",
        "nearly",
        "price",
    ]
    assert own_columns(lines, "item", ["till"], certain=True).columns[1:] == ["till"]


@pytest.mark.parametrize("values", [[None] * 12, ["same"] * 12, list(range(12))])
def test_columns_without_levels_that_are_shared_make_an_empty_design(values: list) -> None:
    table = pl.DataFrame({"item": [f"i{k}" for k in range(12)], "x": values}, strict=False)
    design = design_of(table)
    assert design.shape[0] == 12
    assert np.isfinite(design).all()

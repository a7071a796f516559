from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from tests.unit.mining.tables import customers, halves, table
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Kind
from tidemill.mining.baskets import find_baskets, learn_baskets
from tidemill.mining.rules import rules
from tidemill.mining.significance import excess_p


def shop(baskets: int = 1500, seed: int = 0, *, related: bool = True) -> Dataset:
    """A long table of baskets in which bread brings butter, and nothing else goes together."""
    rng = np.random.default_rng(seed)
    names = ["bread", "butter", *(f"thing {k}" for k in range(18))]
    held = rng.random((baskets, len(names))) < 0.15
    if related:
        held[:, 1] |= held[:, 0] & (rng.random(baskets) < 0.7)
    held[~held.any(axis=1), 5] = True
    basket, item = np.nonzero(held)
    frame = pl.DataFrame(
        {
            "order_id": basket + 1000,
            "item": np.array(names)[item],
            "price": rng.gamma(2, 3, len(item)),
        }
    )
    return table(frame, {"order_id": "id", "item": "category", "price": "number"})


def test_the_rule_of_the_baskets_is_found_and_nothing_else() -> None:
    found = list(rules(*halves(shop()), Run()))
    told = [finding for finding in found if finding.name == "rule"]
    assert [finding.condition.tests[0].value for finding in told] == [("bread", "butter")] or [
        finding.condition.tests[0].value for finding in told
    ] == [("butter", "bread")]
    low, high = told[0].interval or (0, 0)
    assert 2.5 < told[0].strength < 5
    assert low < told[0].strength < high
    assert "baskets were split anew by 'order_id'" in found[-2].sentence


def test_a_premise_that_no_held_out_row_has_tells_nothing() -> None:
    none, some = np.array([0, 3]), np.array([0, 4])
    p_values = excess_p(none, some, some, np.array([0, 9]))
    assert p_values[0] == 1
    assert p_values[1] < 1


def test_unrelated_baskets_give_nothing() -> None:
    assert not [
        f
        for seed in range(5)
        for f in rules(*halves(shop(seed=seed, related=False), seed), Run(seed))
    ]


def test_whole_baskets_stay_where_the_caller_put_them() -> None:
    data = shop()
    late = (data["order_id"] >= 2000).to_numpy()
    baskets = learn_baskets(data.rows(~late), data.rows(late), "order_id", "item", Run())
    assert (baskets.split_again, baskets.train_rows, baskets.holdout_rows) == (False, 1000, 500)
    cut = learn_baskets(*halves(data), "order_id", "item", Run())
    assert cut.split_again
    assert cut.train_rows + cut.holdout_rows == 1500


@pytest.mark.parametrize(
    ("column", "kind", "baskets"),
    [("order_id", "id", True), ("order_id", "number", True), ("amount", "number", False)],
)
def test_what_counts_as_a_basket(column: str, kind: Kind, baskets: bool) -> None:
    frame = shop().frame.rename({"order_id": column})
    data = table(frame, {column: kind, "item": "category", "price": "number"})
    assert find_baskets(*halves(data)) == ((column, "item") if baskets else None)


def test_an_ordinary_table_has_no_baskets_and_rules_about_its_target() -> None:
    train, holdout = halves(customers())
    assert find_baskets(train, holdout) is None
    told = [
        f for f in rules(train, holdout, Run()) if f.name == "rule" and f.columns[-1] == "leaves"
    ]
    assert told
    for finding in told:
        rows = finding.condition.mask(holdout.frame).to_numpy()
        share = (holdout["leaves"].to_numpy()[rows] == "Yes").mean()
        assert finding.support == rows.sum()
        assert finding.figures["confidence"] == pytest.approx(share)
        assert finding.strength == pytest.approx(share / (holdout["leaves"] == "Yes").mean())


def test_columns_that_repeat_each_other_make_no_rule() -> None:
    data = customers()
    copied = data.frame.with_columns(
        pl.col("contract")
        .replace_strict({"monthly": "M", "yearly": "Y", "none": "N"})
        .alias("code"),
        band=(pl.col("tenure") // 10).cast(pl.String),
    )
    kinds: dict[str, Kind] = {column.name: column.kind for column in data.schema} | {
        "code": "category",
        "band": "category",
    }
    for finding in rules(*halves(table(copied, kinds)), Run()):
        if finding.name == "rule":
            assert not {"contract", "code"} <= set(finding.columns)
            assert not {"tenure", "band"} <= set(finding.columns)


def test_groceries(real: Callable[[str], pl.DataFrame]) -> None:
    frame = real("groceries/groceries.parquet")
    data = table(
        frame,
        {"transaction_id": "id", "item": "category", "level2": "category", "level1": "category"},
    )
    began = time.process_time()
    found = list(rules(*halves(data), Run()))
    assert time.process_time() - began < 4  # well under 2 s by itself; tests share the machine
    items = next(f for f in found if f.name == "items")
    assert items.table is not None
    assert items.table.rows[0][0] == "whole milk"
    assert items.table.rows[0][2] == 0.2555
    assert "all 9,835 baskets" in items.sentence
    assert len(found) <= 15
    assert all(f.strength > 1 for f in found if f.name == "rule")

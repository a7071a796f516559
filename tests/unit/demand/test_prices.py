"""Prices within items: what is found, and what is refused."""

from __future__ import annotations

import numpy as np
import polars as pl

from tests.unit.demand.shop import priced_sales, sales_lines
from tidemill.demand.prices import NotWithin, WithinItems, price_within, promotion_within
from tidemill.demand.weeks import item_weeks


def test_an_elasticity_is_found_within_items_and_not_between_them() -> None:
    held = 0
    for seed in range(20):
        sold, price = priced_sales(-2.0, np.random.default_rng(seed))
        found = price_within(item_weeks(sales_lines(sold, price=price), "shop"))
        assert isinstance(found, WithinItems)
        assert -2.2 < found.value < -1.8
        held += found.low <= -2.0 <= found.high
    # between items, dear ones sell more: that would be above 0
    assert held >= 17


def test_no_elasticity_is_made_up() -> None:
    wrong = 0
    for seed in range(20):
        sold, price = priced_sales(0.0, np.random.default_rng(100 + seed))
        found = price_within(item_weeks(sales_lines(sold, price=price), "shop"))
        assert isinstance(found, WithinItems)
        wrong += not found.low <= 0 <= found.high
    assert wrong <= 3


def test_prices_that_hardly_move_are_refused() -> None:
    rng = np.random.default_rng(0)
    sold = rng.poisson(50, (30, 60)).astype(float)
    price = np.exp(rng.normal(1, 1, (30, 1)) + rng.normal(0, 0.005, (30, 60)))
    found = price_within(item_weeks(sales_lines(sold, price=price), "shop"))
    assert found == NotWithin("still", 30, 0)


def test_prices_that_move_with_promotions_only_are_refused_and_the_promotion_is_told() -> None:
    rng = np.random.default_rng(1)
    promoted = rng.random((30, 80)) < 0.2
    price = np.exp(rng.normal(1, 1, (30, 1)) - 0.25 * promoted)
    sold = rng.poisson(np.exp(4 + 0.7 * promoted)).astype(float)
    lines = sales_lines(sold, price=price, promoted=promoted.astype(float))
    past = item_weeks(lines, "shop")
    found = price_within(past)
    assert isinstance(found, NotWithin)
    assert found.sort == "promotions"
    lift = promotion_within(past)
    assert isinstance(lift, WithinItems)
    assert lift.low < 0.7 < lift.high
    assert lift.high - lift.low < 0.1


def test_prices_by_the_amount_bought_are_refused() -> None:
    rng = np.random.default_rng(2)
    small = rng.poisson(20, (20, 60)).astype(float)
    large = rng.poisson(60, (20, 60)).astype(float) * (rng.random((20, 60)) < 0.5)
    lines = pl.concat(
        [
            sales_lines(small, price=np.full((20, 60), 3.0)),
            sales_lines(large, price=np.full((20, 60), 2.0)),
        ]
    )
    found = price_within(item_weeks(lines, "shop"))
    assert isinstance(found, NotWithin)
    assert found.sort == "several"

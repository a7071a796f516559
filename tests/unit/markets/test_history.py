"""What prices did, from lines as people have them."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from tests.unit.markets.market import garch_returns, price_lines
from tidemill.core.errors import DataError
from tidemill.markets.history import history


@pytest.fixture(scope="module")
def lines() -> pl.DataFrame:
    returns, _ = garch_returns(300, 4, np.random.default_rng(0))
    return price_lines(returns)


def test_the_order_of_lines_does_not_matter(lines: pl.DataFrame) -> None:
    straight, mixed = (
        history(lines, "t"),
        history(lines.sample(fraction=1, shuffle=True, seed=1), "t"),
    )
    assert straight.assets == mixed.assets == ("A0", "A1", "A2", "A3")
    np.testing.assert_array_equal(straight.returns, mixed.returns)
    assert straight.unit.one == "day"
    assert straight.notes == ()


def test_the_same_line_twice_counts_once_and_two_prices_are_refused(lines: pl.DataFrame) -> None:
    twice = pl.concat([lines, lines.head(5)])
    np.testing.assert_array_equal(history(twice, "t").returns, history(lines, "t").returns)
    other = lines.head(1).with_columns(price=pl.col("price") + 1)
    with pytest.raises(DataError, match="'A0' has 2 prices on 2010-01-04"):
        history(pl.concat([lines, other]), "t")


def test_no_prices_are_told_and_left_out(lines: pl.DataFrame) -> None:
    day = lines["time"][10]
    gone = lines.with_columns(
        price=pl.when((pl.col("time") == day) & (pl.col("asset") == "A1"))
        .then(0.0)
        .otherwise(pl.col("price"))
    )
    found = history(gone, "t")
    assert len(found.returns) == 299
    assert found.notes[0].startswith("Lines without an asset, a time or a price above 0")
    assert "On 1 day not every asset has a price" in found.notes[1]
    # what happened on the day that is left out counts to the day after
    np.testing.assert_allclose(found.returns.sum(axis=0), history(lines, "t").returns.sum(axis=0))


def test_a_price_that_never_moves_and_an_asset_that_is_rarely_there_are_left_out(
    lines: pl.DataFrame,
) -> None:
    still = lines.filter(pl.col("asset") == "A0").with_columns(asset=pl.lit("B"), price=pl.lit(7.0))
    rare = still.head(30).with_columns(asset=pl.lit("C"))
    found = history(pl.concat([lines, still, rare]), "t")
    assert found.assets == ("A0", "A1", "A2", "A3")
    assert any("The price of B never moves" in note for note in found.notes)
    assert any("C had a price on fewer than 90 % of the days" in note for note in found.notes)
    with pytest.raises(DataError, match="no asset has a price that moves"):
        history(still, "t")


def test_a_split_is_told_and_a_crash_of_all_is_not_one(lines: pl.DataFrame) -> None:
    day = lines["time"][100]
    halved = lines.with_columns(
        price=pl.when((pl.col("time") >= day) & (pl.col("asset") == "A2"))
        .then(pl.col("price") / 2)
        .otherwise(pl.col("price"))
    )
    [note] = history(halved, "t").notes
    assert f"A2 on {day:%Y-%m-%d}" in note
    crashed = lines.with_columns(
        price=pl.when(pl.col("time") >= day).then(pl.col("price") / 2).otherwise(pl.col("price"))
    )
    assert history(crashed, "t").notes == ()


def test_exchanges_that_close_at_other_hours_are_told(lines: pl.DataFrame) -> None:
    first = lines.filter(pl.col("asset") == "A0")
    late = first.with_columns(
        asset=pl.lit("Z"), price=pl.col("price").shift(1, fill_value=first["price"][0])
    )
    [note] = history(pl.concat([first, late]), "t").notes
    assert "Z follows others by a day" in note


def test_prices_of_hours_are_refused_and_weeks_are_weeks() -> None:
    start = dt.datetime(2024, 1, 1)
    prices = 100 + np.random.default_rng(0).normal(size=400).cumsum() / 10

    def every(hours: float) -> pl.DataFrame:
        times = [start + dt.timedelta(hours=hours * k) for k in range(len(prices))]
        return pl.DataFrame({"asset": "A", "time": times, "price": prices})

    with pytest.raises(DataError, match="prices are 1 hours apart"):
        history(every(1), "t")
    assert history(every(24 * 7), "t").unit.many == "weeks"


def test_prices_of_every_day_have_a_year_of_365(lines: pl.DataFrame) -> None:
    assert history(lines, "t").unit.a_year == 252
    prices = 100 + np.random.default_rng(0).normal(size=400).cumsum() / 10
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=k) for k in range(len(prices))]
    every = pl.DataFrame({"asset": "A", "time": days, "price": prices})
    assert history(every, "t").unit.a_year == 365

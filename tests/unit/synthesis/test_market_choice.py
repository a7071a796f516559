"""Which model of a market is taken where none is named."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from tests.unit.markets.market import garch_returns, price_lines
from tidemill.codecs.calendar import CalendarCodec
from tidemill.codecs.choosing import is_market, looks_like_market
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.run import Run
from tidemill.core.states import from_state, to_state
from tidemill.io.reading import read
from tidemill.supervised.arrays import Floats
from tidemill.synthesis.market_choice import _chosen, crps, energy, market_choice
from tidemill.synthesis.model_choice import ModelChoice
from tidemill.synthesis.synthesizer import Synthesizer


def prices(days: int = 300, assets: int = 3) -> pl.DataFrame:
    returns, _ = garch_returns(days, assets, np.random.default_rng(0))
    return price_lines(returns).with_columns(pl.col("price").round(2))


def readings(who: str, what: str) -> Dataset:
    """What has the form of a market."""
    rows = [
        (f"H{k:03d}", date(2020, 1, 1) + timedelta(days=day), 1.5 + (day * (k + 3)) % 17)
        for k in range(6)
        for day in range(300)
    ]
    frame = pl.DataFrame(rows, schema=[who, "day", what], orient="row")
    return read(frame, Run(), entity=who, time="day")


@pytest.mark.parametrize(
    ("who", "what", "looks", "says"),
    [
        ("ticker", "value", True, True),
        ("Name", "Adj Close", True, True),
        ("代码", "收盘价", True, True),
        ("meter", "kwh", True, False),
        ("patient_id", "weight", False, False),
        ("household", "price", False, False),
    ],
)
def test_what_is_kept_whole_must_be_named_as_a_market(
    who: str, what: str, *, looks: bool, says: bool
) -> None:
    data = readings(who, what)
    assert (looks_like_market(data), is_market(data)) == (looks, says)
    assert says or market_choice(data, Run()) is None


def test_what_a_shop_sells_is_no_market_though_goods_have_prices() -> None:
    goods = readings("stock_code", "price").frame
    assert is_market(read(goods, Run(), entity="stock_code", time="day"))
    for name in ("Quantity", "daily_sales", "销量"):
        sold = goods.with_columns((pl.col("price") * 3 + 1).alias(name))
        data = read(sold, Run(), entity="stock_code", time="day")
        assert (looks_like_market(data), is_market(data)) == (True, False)


def test_persons_are_refused_by_what_keeps_every_number() -> None:
    with pytest.raises(DataError, match="these are persons"):
        Synthesizer.fit(readings("patient_id", "weight"), Run(), "fhs")


def test_the_choice_is_told_with_its_figures_and_the_same_again() -> None:
    said: list[str] = []
    data = read(prices(), Run(), entity="asset", time="time")
    choice = market_choice(data, Run(listener=lambda event: said.append(event.text)))
    assert choice is not None
    assert choice == market_choice(data, Run())
    assert {one.model for one in choice.scores} >= {choice.model, "fhs"}
    assert "autoregressive" not in {one.model for one in choice.scores}  # its time has no end
    assert choice.stretches == 12
    assert str(choice) in said
    assert from_state(ModelChoice, to_state(choice)) == choice


def test_an_entity_that_came_late_and_a_constant_price_do_no_harm() -> None:
    late = prices(assets=4).filter((pl.col("asset") != "A3") | (pl.col("time").dt.year() > 2010))
    constant = pl.when(pl.col("asset") == "A1").then(5.0).otherwise(pl.col("price"))
    data = read(late.with_columns(price=constant), Run(), entity="asset", time="time")
    choice = market_choice(data, Run())
    assert choice is None or all(np.isfinite(one.energy) for one in choice.scores)


def of(energies: list[float]) -> Floats:
    return np.column_stack([energies, energies])


def test_a_model_is_preferred_until_another_is_better_beyond_chance() -> None:
    noise = np.random.default_rng(1).normal(size=20)
    first, hardly, clearly = of(5 + noise), of(4.9 + noise[::-1]), of(3 + noise)
    assert _chosen({"a": first, "b": hardly}, Run()).model == "a"
    assert _chosen({"a": first, "b": clearly}, Run()).model == "b"
    assert _chosen({"a": clearly, "b": first}, Run()).model == "a"


def test_scores_are_least_for_the_truth() -> None:
    rng = np.random.default_rng(0)
    narrow, right, wide = (width * rng.normal(size=(100, 5)) for width in (0.3, 1.0, 3.0))
    came = rng.normal(size=(60, 5))
    for score in (crps, energy):
        means = [np.mean([score(made, one) for one in came]) for made in (narrow, right, wide)]
        assert means[1] == min(means)


def warned(frame: pl.DataFrame) -> str:
    run = Run()
    codec = CalendarCodec().fit(read(frame, Run(), entity="asset", time="time"), run)
    assert codec.names == tuple(c for c in frame.columns if c not in ("asset", "time"))
    return " ".join(run.warnings)


def test_what_looks_like_a_mistake_and_would_come_again_is_told() -> None:
    table = prices()
    assert not warned(table)
    is_split = (pl.col("asset") == "A1") & (pl.col("time") >= date(2010, 6, 1))
    price = pl.when(is_split).then(pl.col("price") / 4).otherwise("price").round(2)
    assert "A1 at 2010-06-01 (0.25 times)" in warned(table.with_columns(price=price))
    low = pl.when(pl.int_range(pl.len()) == 400).then(-1.0).otherwise("price")
    assert "1 value of 'price' is 0 or below" in warned(table.with_columns(price=low))
    volume = np.exp(13 + np.random.default_rng(0).normal(size=len(table))).round()
    assert not warned(table.with_columns(volume=volume))


def test_why_a_market_is_not_learned_as_one_is_told() -> None:
    run, table = Run(), prices()
    doubled = pl.concat([table, table.tail(2)])
    assert market_choice(read(doubled, Run(), entity="asset", time="time"), run) is None
    assert "2 rows have the time of another row of the same entity" in run.warnings[0]

"""What customers are expected to do, beside what they do."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from tests.unit.customers.buyers import FIRST, PLANTED, buyer_lines
from tidemill.core.errors import DataError
from tidemill.core.run import Run
from tidemill.customers import VALUE_MODELS
from tidemill.customers.base import KnownCustomers, Purchases
from tidemill.customers.bgnbd import FittedValue
from tidemill.customers.judging import ValueBands, backtested_value
from tidemill.customers.purchases import purchases_of
from tidemill.customers.rehearsing import rehearsed_customers
from tidemill.customers.segments import SEGMENTS, segment_of

SPAN = 7 * 13


@pytest.fixture(scope="module")
def purchases() -> Purchases:
    return purchases_of(buyer_lines(1500, 60, np.random.default_rng(0)), "shop")


def day(after: int) -> dt.date:
    return FIRST + dt.timedelta(days=after)


def few(rows: list[tuple[str | None, int, float]]) -> pl.DataFrame:
    names = [(who, day(after), money) for who, after, money in rows]
    return pl.DataFrame(names, schema=["customer", "time", "money"], orient="row")


def test_lines_of_a_day_are_one_purchase_and_refunds_are_taken_off() -> None:
    lines = few(
        [
            ("a", 0, 10.0),
            ("a", 0, 5.0),
            ("a", 9, 40.0),
            ("a", 12, -40.0),  # undoes the day 9
            ("a", 20, 8.0),
            ("a", 21, -3.0),  # a part of something
            ("b", 4, 7.0),
            ("b", 5, 0.0),
            ("c", 6, 9.0),
            ("c", 8, -9.0),  # has bought nothing, then
            (None, 3, 1.0),
        ]
    )
    found = purchases_of(lines.sample(fraction=1, shuffle=True, seed=2), "shop")
    assert found.names == ("a", "b")
    assert found.money is not None
    assert found.money.tolist() == [15.0, 8.0, 7.0]
    assert found.back_money.tolist() == [3.0]
    times, money = found.between(found.begin, found.end)
    assert times.tolist() == [2.0, 1.0]
    assert money.tolist() == [20.0, 7.0]
    known = KnownCustomers.of(found, found.end, 7)
    assert known.repeats.tolist() == [1.0, 0.0]
    assert known.recency.tolist() == [20 / 7, 0.0]
    assert known.refunded == pytest.approx(3 / 30)


def test_without_money_every_line_counts() -> None:
    found = purchases_of(few([("a", 0, 1.0), ("a", 3, 1.0)]).drop("money"), "shop")
    assert found.money is None
    assert found.between(found.begin, found.end)[0].tolist() == [2.0]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (few([("a", 0, -1.0)]), "no line says that a customer bought something"),
        (few([(None, 0, 1.0)]), "no line says that a customer bought something"),
        (few([("a", 0, 1.0)]).with_columns(time=pl.lit(3)), "times are no dates"),
    ],
)
def test_what_is_no_purchase(lines: pl.DataFrame, words: str) -> None:
    with pytest.raises(DataError, match=words):
        purchases_of(lines, "shop")


@pytest.mark.parametrize("name", list(VALUE_MODELS))
def test_what_comes_changes_nothing_that_is_expected(name: str, purchases: Purchases) -> None:
    at = purchases.end - SPAN
    before = purchases.day < at
    assert purchases.money is not None
    money = np.where(before, purchases.money, 1e6)
    first = VALUE_MODELS.load(name).expect(purchases, at, SPAN, Run(0))
    changed = Purchases(
        purchases.names,
        purchases.who,
        np.where(before, purchases.day, purchases.end),
        money,
        purchases.back_who,
        purchases.back_day,
        purchases.back_money,
        purchases.end,
        (),
    )
    again = VALUE_MODELS.load(name).expect(changed, at, SPAN, Run(0))
    assert np.array_equal(first.purchases, again.purchases)
    assert np.array_equal(first.money, again.money)


def test_customers_who_behave_as_the_model_says_are_foretold(purchases: Purchases) -> None:
    found = backtested_value(purchases, SPAN, Run(0))
    assert found is not None
    judged = found.judged
    total = judged.total("BG/NBD", money=True, rng=np.random.default_rng(0))
    assert total.low < 1 < total.high
    # nobody who has stopped comes back, which "as before" does not know
    rng = np.random.default_rng(0)
    assert judged.error("BG/NBD", rng).value < judged.error("as before", rng).value
    bands = ValueBands.of(
        FittedValue.of(purchases, purchases.end - SPAN, SPAN), 13.0, np.random.default_rng(0)
    )
    assert 0.9 <= bands.held(judged.came) <= 1
    low, high = np.quantile(bands.total_times, (0.005, 0.995))
    assert low <= judged.came.purchases.sum() <= high
    said, came = bands.buys.mean(), (judged.came.purchases > 0).mean()
    assert said == pytest.approx(came, abs=0.03)


def test_where_everybody_buys_at_random_no_list_is_better() -> None:
    rng = np.random.default_rng(4)
    rows = [
        (f"c{k}", FIRST + dt.timedelta(days=int(after)), 10.0)
        for k in range(600)
        for after in np.unique(rng.integers(0, 364, rng.poisson(9)))
    ]
    lines = pl.DataFrame(rows, schema=["customer", "time", "money"], orient="row")
    found = backtested_value(purchases_of(lines, "shop"), SPAN, Run(0))
    assert found is not None
    for name in VALUE_MODELS:
        gain = found.judged.gain(name, "as before", np.random.default_rng(0))
        assert gain.low < 0.02


def test_too_few_customers_are_not_judged(purchases: Purchases) -> None:
    assert backtested_value(purchases, 7 * 40, Run(0)) is None
    small = purchases_of(buyer_lines(100, 60, np.random.default_rng(1)), "shop")
    assert backtested_value(small, SPAN, Run(0)) is None


def test_a_rehearsal_finds_what_it_should() -> None:
    age = np.linspace(10, 50, 1500)
    found = rehearsed_customers(PLANTED, age, 13.0, 8, Run(0))
    assert abs(found.off.mean() - 1) < 0.04
    assert found.held >= 0.88
    assert np.array_equal(found.off, rehearsed_customers(PLANTED, age, 13.0, 8, Run(0)).off)


def test_segments(purchases: Purchases) -> None:
    known = KnownCustomers.of(purchases, purchases.end, SPAN)
    names = np.array(segment_of(known))
    assert set(names) <= set(SEGMENTS)
    quiet = known.age - known.recency
    assert quiet[names == "best"].max() < quiet[names == "slipping"].min()
    assert (known.repeats[names == "new"] == 0).all()
    assert known.repeats[names == "best"].mean() > known.repeats[names == "away"].mean()

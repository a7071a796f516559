from datetime import date, timedelta

import numpy as np
import pytest

from tidemill.cleaning.rules import CHECK
from tidemill.core.run import Run

N = 2_000


def rules(data):
    return {(rule.kind, rule.columns) for rule in CHECK.diagnose(data, Run()).rules}


@pytest.fixture
def rng():
    return np.random.default_rng(6)


def test_never_above(table, rng):
    low = rng.lognormal(3, 1, N).round(2)
    middle = low + rng.exponential(5, N).round(2)
    data = table(
        low=low,
        middle=middle,
        high=(middle + rng.exponential(5, N).round(2)),
        free=rng.lognormal(3, 1, N),
    )
    assert rules(data) == {("a<=b", ("low", "middle")), ("a<=b", ("middle", "high"))}


def test_dates(table, rng):
    start = [date(2020, 1, 1) + timedelta(days=int(d)) for d in rng.integers(0, 900, N)]
    end = [
        day + timedelta(days=int(d)) for day, d in zip(start, rng.integers(0, 60, N), strict=True)
    ]
    data = table(start=start, end=[None, *end[1:]])
    assert rules(data) == {("a<=b", ("start", "end"))}
    assert "never later than" in CHECK.diagnose(data, Run()).issues[0].sentence


def test_chance_and_matters_of_course_are_no_rules(table, rng):
    climate = np.repeat(rng.normal(0, 1, 8), N // 8)
    data = table(
        children=rng.integers(0, 4, N),
        age=rng.integers(18, 90, N),  # ranges hardly meet
        small=rng.random(N).round(3),
        large=rng.random(N).round(3) + 0.97,  # nor do these
        rate=climate.round(2),
        index=(climate + 4 + rng.normal(0, 0.2, N)).round(2),
    )  # these stay far apart
    assert not {rule for rule in rules(data) if rule[0] == "a<=b"}


def test_few_rows_that_break_an_order_are_told(table, rng):
    low = rng.lognormal(3, 1, 10_000)
    high = low + rng.exponential(5, 10_000)
    high[:4] = low[:4] - 1
    diagnosis = CHECK.diagnose(table(low=low, high=high), Run())
    assert not diagnosis.rules
    (issue,) = diagnosis.issues
    assert issue.severity == "warning"
    assert "'low' is above 'high' in 4 rows, but in none of the other 9,996" in issue.sentence


def test_equal_columns(table, rng):
    values = rng.normal(size=N)
    data = table(a=values, b=values, c=rng.normal(size=N))
    assert rules(data) == {("a<=b", ("a", "b")), ("a<=b", ("b", "a"))}
    (issue,) = CHECK.diagnose(data, Run()).issues
    assert "'a' and 'b' are equal" in issue.sentence


def test_sums(table, rng):
    net, tax = rng.lognormal(3, 1, N).round(2), rng.lognormal(1, 1, N).round(2)
    tax[:5] = np.nan
    data = table(total=net + tax, net=net, tax=tax, other=rng.lognormal(3, 1, N).round(2))
    data = data.with_frame(data.frame.fill_nan(None))
    assert rules(data) == {("a+b=c", ("net", "tax", "total"))}


def test_a_sum_with_nothing_is_no_sum(table, rng):
    net = rng.lognormal(3, 1, N).round(2)
    extra = np.zeros(N)
    extra[:3] = 5
    assert not {
        rule for rule in rules(table(net=net, extra=extra, total=net + extra)) if rule[0] == "a+b=c"
    }


def test_decides(table, rng):
    item = rng.integers(0, 60, N)
    data = table(
        item=[f"i{i}" for i in item],
        shelf=[f"s{i // 5}" for i in item],
        hall=[f"h{i // 20}" for i in item],
        day=rng.integers(0, 7, N),
    )
    assert rules(data) == {("a decides b", ("item", "shelf")), ("a decides b", ("shelf", "hall"))}


def test_two_names_of_one_thing(table, rng):
    code = rng.integers(0, 9, N)
    data = table(word=[f"w{i}" for i in code], code=code, same=code * 2.5, part=code // 3)
    assert rules(data) >= {
        ("a decides b", ("word", "code")),
        ("a decides b", ("code", "word")),
        ("a decides b", ("word", "part")),
    }
    assert ("a decides b", ("code", "part")) not in rules(data)
    first = CHECK.diagnose(data, Run()).issues[0]
    assert "say the same in two ways" in first.sentence


def test_keys_and_rare_flags_decide_nothing(table, rng):
    flag = np.zeros(N, dtype=bool)
    flag[:4] = True
    data = table(
        near_key=rng.permutation(N) // 2,
        flag=flag,
        town=rng.integers(0, 300, N),
        sex=rng.integers(0, 2, N),
    )
    assert not rules(data)


def test_ids_and_ignored_columns_are_left_out(table, rng):
    item = rng.integers(0, 60, N)
    data = table(
        kinds={"item": "id"}, roles={"hall": "ignore"}, item=item, shelf=item // 5, hall=item // 20
    )
    assert not rules(data)


def test_a_very_wide_table_is_said_to_be_cut(table, rng):
    data = table(**{f"x{i}": rng.normal(size=60) for i in range(210)})
    assert "this table has 210" in CHECK.diagnose(data, Run()).issues[-1].sentence


def test_daily_prices(real, table):
    frame = real("dow30_ohlcv/dow30_ohlcv.parquet")
    diagnosis = CHECK.diagnose(table(**frame.to_dict()), Run())
    assert ("a<=b", ("Low", "High")) in {(rule.kind, rule.columns) for rule in diagnosis.rules}
    assert any("'Open' is above 'High'" in issue.sentence for issue in diagnosis.issues)


def test_baskets(real, table):
    frame = real("groceries/groceries.parquet").drop("transaction_id")
    assert rules(table(**frame.to_dict())) == {
        ("a decides b", ("item", "level2")),
        ("a decides b", ("level2", "level1")),
    }


# --- orders only between things of one sort -------------------------------------------------------


def orders(data):
    return {columns for kind, columns in rules(data) if kind == "a<=b"}


def test_a_shared_marker_makes_no_order(table, rng):
    gone = rng.random(N) < 0.05
    data = table(
        AH=np.where(gone, -200, rng.uniform(0.2, 2.2, N)).round(4),
        RH=np.where(gone, -200, rng.uniform(9, 89, N)).round(1),
    )
    assert not orders(data)


@pytest.mark.parametrize(
    ("small", "large"),
    [
        ("number_of_reviews", "estimated_revenue"),
        ("price", "amount"),
        ("单价", "金额"),
        ("Menge", "Umsatz"),
        ("nights", "income"),
        ("mass (kg)", "mass (lb)"),
        ("occupied", "takings"),
    ],
)
def test_no_order_between_things_of_different_sorts(table, rng, small, large):
    count = rng.poisson(2, N) * (rng.random(N) < 0.8)
    other = count * rng.integers(1, 400, N)
    assert not orders(table(**{small: count, large: other}))


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ("list_price", "max_price"),
        ("used_amount", "credit_balance"),
        ("num_errors", "num_requests"),
        ("net", "gross"),
        ("temp_min", "temp_max"),
    ],
)
def test_orders_within_one_sort_are_found(table, rng, low, high):
    values = rng.lognormal(3, 1, N).round(2)
    data = table(**{low: values, high: values + rng.exponential(8, N).round(2)})
    assert orders(data) == {(low, high)}


def days(*offsets):
    return [None if d is None else date(2015, 1, 1) + timedelta(days=int(d)) for d in offsets]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("DateofHire", "DateofTermination"),
        ("order_date", "ship_date"),
        ("入院日期", "出院日期"),
        ("Bestelldatum", "Lieferdatum"),
        ("start", "end"),
        ("a", "b"),
    ],
)
def test_orders_of_dates_in_small_tables_with_open_ends(table, rng, first, second):
    begun = rng.integers(0, 2000, 311)
    ended = begun + rng.integers(1, 1200, 311)
    left = rng.random(311) < 0.33
    data = table(
        **{
            second: days(*np.where(left, ended, None)),
            first: days(*begun),
        }
    )
    assert orders(data) == {(first, second)}


def test_unrelated_dates_in_small_tables_have_no_order(table, rng):
    for _ in range(30):
        data = table(seen=days(*rng.integers(0, 900, 40)), paid=days(*rng.integers(600, 1500, 40)))
        assert not orders(data)


def test_dates_that_never_fall_together_are_ordered_by_their_names(table, rng):
    ordered = rng.integers(0, 900, 400)
    data = table(OrderDate=days(*ordered), ShippedDate=days(*ordered + rng.integers(3, 12, 400)))
    assert orders(data) == {("OrderDate", "ShippedDate")}

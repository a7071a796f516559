"""Sums, products, multiples and offsets that were planted are found; slips in them are told."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from tidemill.cleaning.rules import CHECK
from tidemill.core.run import Run

N = 1_500


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def said(data):
    return [str(rule) for rule in CHECK.diagnose(data, Run()).rules]


def ledger(rng, n=N):
    quantity = rng.choice([1, 1, 1, 2, 3, 4, 6, 10, 12, 24], n)
    price = rng.choice(rng.integers(50, 4000, 300), n)
    return {"quantity": quantity, "price": price / 100, "amount": quantity * price / 100}


def test_quantity_times_price_is_amount(table, rng):
    assert said(table(**ledger(rng))) == ["'quantity' × 'price' = 'amount'"]


def test_returns_and_gaps_break_no_product(table, rng):
    columns = ledger(rng)
    back = rng.random(N) < 0.05
    columns["quantity"] = np.where(back, -columns["quantity"], columns["quantity"])
    columns["amount"] = np.where(back, -columns["amount"], columns["amount"])
    columns["price"] = [None if k % 50 == 0 else v for k, v in enumerate(columns["price"])]
    assert said(table(**columns)) == ["'quantity' × 'price' = 'amount'"]


@pytest.mark.parametrize("how", ["up", "even", "float"])
def test_a_product_that_is_rounded(table, rng, how):
    rate, net = rng.choice([0.07, 0.19, 0.25], N), rng.integers(1, 90_000, N) / 100
    tax = np.round(rate * net, 2)
    if how == "up":
        tax = (np.rint(rate * 100).astype(int) * np.rint(net * 100).astype(int) + 50) // 100 / 100
    if how == "float":
        tax = rate * net
    found = said(table(rate=rate, net=net, tax=tax))
    assert "'rate' × 'net' = 'tax'" in found


@pytest.mark.parametrize(
    ("factor", "offset", "sentence"),
    [
        (1.19, 0, "'derived' = 1.19 × 'base'"),
        (0.453592, 0, "'derived' = 0.453592 × 'base'"),
        (1.8, 32, "'derived' = 1.8 × 'base' + 32"),
        (1, 273.15, "'derived' = 'base' + 273.15"),
        (1, -7, "'derived' = 'base' - 7"),
        (-1, 0, "'derived' = -1 × 'base'"),
    ],
)
def test_multiples_and_offsets(table, rng, factor, offset, sentence):
    base = rng.integers(-9000, 90_000, N) / 10
    derived = np.round(base * factor + offset, 2 if factor != 0.453592 else 4)
    found = said(table(base=base, derived=derived, free=rng.normal(size=N)))
    assert found == [sentence]


def test_net_tax_and_gross_give_no_rule_twice(table, rng):
    net = rng.integers(100, 90_000, N)
    tax = (net * 19 + 50) // 100
    found = said(table(net=net / 100, tax=tax / 100, gross=(net + tax) / 100))
    assert sorted(found) == ["'net' + 'tax' = 'gross'", "'tax' = 0.19 × 'net'"]


@pytest.mark.parametrize(
    ("span", "sentence"),
    [
        (timedelta(days=30), "'due' = 'invoiced' + 30 days"),
        (timedelta(days=-1), "'due' = 'invoiced' - 1 day"),
        (timedelta(hours=8), "'due' = 'invoiced' + 8 hours"),
        (timedelta(minutes=90), "'due' = 'invoiced' + 90 minutes"),
        (timedelta(seconds=28_801), "'due' = 'invoiced' + 28801 seconds"),
    ],
)
def test_offsets_of_dates(table, rng, span, sentence):
    days = rng.integers(0, 900, N)
    start: list = [date(2022, 1, 1) + timedelta(days=int(day)) for day in days]
    if span.seconds:
        start = [datetime(2022, 1, 1) + timedelta(minutes=int(day) * 37) for day in days]
    data = table(invoiced=start, due=[None, *(day + span for day in start[1:])])
    assert said(data) == [sentence]


def test_three_parts_and_more(table, rng):
    parts = {name: rng.poisson(4, N) for name in ("food", "rent", "fun", "rest")}
    data = table(**parts, age=rng.integers(18, 80, N), spent=sum(parts.values()))
    assert said(data) == ["'food' + 'rent' + 'fun' + 'rest' = 'spent'"]


@pytest.mark.parametrize("shuffled", ["price", "amount"])
def test_shuffled_columns_have_no_rule(table, rng, shuffled):
    columns = ledger(rng)
    columns[shuffled] = rng.permutation(columns[shuffled])
    assert not said(table(**columns))


def test_slips_are_told_and_no_rule(table, rng):
    columns = ledger(rng)
    columns["amount"] = np.where(rng.random(N) < 0.01, columns["amount"] * 0.9, columns["amount"])
    columns["gross"] = np.round(columns["price"] * 1.19, 2)
    columns["gross"][:10] += 1
    diagnosis = CHECK.diagnose(table(**columns), Run())
    assert not [rule for rule in diagnosis.rules if rule.kind in ("a*b=c", "b=k*a+m")]
    told = " ".join(issue.sentence for issue in diagnosis.issues if issue.severity == "warning")
    assert "'quantity' × 'price' = 'amount' in 1,4" in told
    assert "'gross' = 1.19 × 'price' in 1,490 rows, but not in 10 other rows" in told


def test_noise_has_no_rules(table, rng):
    columns = {f"n{k}": rng.normal(size=N) for k in range(7)}
    columns |= {f"i{k}": rng.integers(0, 4**k, N) for k in range(1, 8)}
    columns |= {f"m{k}": rng.lognormal(k, 1, N).round(2) for k in range(6)}
    assert not said(table(**columns))


def test_tenure_times_monthly_charges_is_not_the_total(table, rng):
    tenure, monthly = rng.integers(1, 72, N), rng.integers(20, 110, N) + 0.25
    total = np.round(tenure * monthly * rng.normal(1, 0.03, N), 2)
    data = table(tenure=tenure, MonthlyCharges=monthly, TotalCharges=total)
    assert not [text for text in said(data) if "×" in text]


def test_what_is_told_of_a_column_is_not_told_of_its_twin(table, rng):
    days = [date(2022, 1, 1) + timedelta(days=int(day)) for day in rng.integers(0, 900, N)]
    later = [day + timedelta(days=30) for day in days]
    seen = [day if rng.random() < 0.5 else None for day in later]
    found = said(table(invoiced=days, due=later, reminded=seen))
    assert "'due' = 'invoiced' + 30 days" in found
    assert "'reminded' = 'invoiced' + 30 days" not in found


def test_what_is_subtracted_in_a_long_sum_is_found(table, rng):
    cents = {
        name: rng.integers(0, 90_000, N) for name in ("subtotal", "discount", "tax", "freight")
    }
    total = cents["subtotal"] - cents["discount"] + cents["tax"] + cents["freight"]
    columns = {name: values / 100 for name, values in cents.items()}
    columns["rating"] = [None if k % 2 else float(k % 5) for k in range(N)]
    found = said(table(**columns, total=total / 100))
    assert found == ["'subtotal' - 'discount' + 'tax' + 'freight' = 'total'"]


@pytest.mark.parametrize(
    ("unit", "step"),
    [
        ("days", timedelta(days=1)),
        ("hours", timedelta(hours=1)),
        ("minutes", timedelta(minutes=1)),
    ],
)
def test_a_number_that_tells_how_far_dates_lie_apart(table, rng, unit, step):
    start = [datetime(2024, 1, 1) + timedelta(minutes=int(m)) for m in rng.integers(0, 500_000, N)]
    count = rng.integers(0, 40, N).tolist()
    end = [day + k * step for day, k in zip(start, count, strict=True)]
    other = rng.integers(0, 40, N)
    found = said(table(start=start, end=end, count=count, other=other))
    assert found == [f"'start' + 'count' {unit} = 'end'"]
    wrong = [k + (row == 7) for row, k in enumerate(count)]
    assert not any("count" in one for one in said(table(start=start, end=end, count=wrong)))


def test_what_is_rounded_is_reckoned_from_what_it_is_a_part_of(table, rng):
    salary = rng.integers(200, 900, N) * 100
    found = said(table(salary=salary, monthly=np.round(salary / 12, 2)))
    assert found == ["'monthly' = 1/12 × 'salary'"]


def test_a_total_decides_none_of_its_parts(table, rng):
    kind = rng.integers(0, 3, N)
    nights, rate = rng.choice([1, 2, 3, 7], N), np.array([89, 119, 243])[kind]
    room = np.array(["single", "double", "suite"])[kind].tolist()
    found = said(table(room=room, nights=nights, rate=rate, amount=nights * rate))
    assert sorted(found) == [
        "'nights' × 'rate' = 'amount'",
        "'rate' decides 'room'",
        "'room' decides 'rate'",
    ]


def test_days_between_dates_are_told_once(table, rng):
    start = [date(2024, 1, 1) + timedelta(days=int(d)) for d in rng.integers(0, 300, N)]
    count = rng.integers(0, 40, N).tolist()
    end = [day + timedelta(days=k) for day, k in zip(start, count, strict=True)]
    found = said(table(start=start, end=end, closed=end, count=count))
    assert [one for one in found if "count" in one] == ["'start' + 'count' days = 'end'"]


def test_a_rounded_share_may_be_part_of_a_sum(table, rng):
    base, bonus = rng.integers(2_000, 8_000, N), rng.choice([0, 0, 250, 500, 1_000], N)
    tax = np.round(base * 0.123, 2)
    net = np.round(base + bonus - tax, 2)
    found = said(table(base=base, bonus=bonus, tax=tax, net=net))
    assert sorted(found) == ["'base' + 'bonus' - 'tax' = 'net'", "'tax' = 0.123 × 'base'"]

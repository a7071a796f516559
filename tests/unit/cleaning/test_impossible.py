"""What cannot be becomes missing and is logged; what is doubtful is told and kept."""

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from tidemill.cleaning.impossible import CHECK
from tidemill.core.run import Run

RNG = np.random.default_rng(3)
N = 400


def repaired(data):
    diagnosis = CHECK.diagnose(data, Run())
    if not diagnosis.repair:
        return diagnosis.issues, data, 0
    done = CHECK.repair(data, diagnosis.repair)
    return diagnosis.issues, done.data, done.changes.height


@pytest.mark.parametrize(
    ("name", "values", "count"),
    [
        ("age", [*RNG.integers(18, 90, N), 323, -3], 2),
        ("Alter_age", [*RNG.integers(18, 90, N), 999], 1),
        ("age", [*RNG.integers(18, 90, N), *[323] * 14], 14),
        ("年龄", [*RNG.integers(18, 90, N), 250], 1),
        ("discount_pct", [*RNG.uniform(0, 60, N), 130.0], 1),
        ("shop_latitude", [*RNG.uniform(40, 60, N), 412.0], 1),
        ("Rating", [*RNG.choice([1.0, 2.5, 4.0, 5.0], N), 19.0], 1),
        ("评分", [*RNG.integers(1, 11, N), 95], 1),
        ("month", [*RNG.integers(1, 13, N), 14], 1),
        ("tenure", [*RNG.integers(0, 72, N), -4], 1),
    ],
)
def test_what_cannot_be_becomes_missing(table, name, values, count):
    issues, data, changed = repaired(table(**{name: values}))
    assert data[name].null_count() == changed == count
    assert [issue.applied for issue in issues] == [True]
    assert data.schema[name].nullable


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("age", [*RNG.integers(18, 90, N), 121, 130]),  # of a house, perhaps
        ("meanbp", [*RNG.normal(80, 12, N), *[0.0] * 9]),
        ("UnitPrice", [*RNG.lognormal(3, 1, N), -5.0]),
        ("quantity", [*RNG.integers(1, 20, N), -5]),
        ("pct_of_target", [*RNG.uniform(20, 130, N)]),
        ("rating", [*RNG.integers(600, 850, N)]),  # of credit
        ("age", RNG.normal(size=N)),
        ("stars", [*RNG.integers(1, 6, N), 6]),
    ],
)
def test_what_is_doubtful_is_kept(table, name, values):
    issues, _, changed = repaired(table(**{name: values}))
    assert changed == 0
    assert not any(issue.applied for issue in issues)


def test_a_target_is_never_changed(table):
    issues, _, changed = repaired(
        table(roles={"age": "target"}, age=[*RNG.integers(18, 90, N), 323])
    )
    assert changed == 0
    assert len(issues) == 1


def days(first, count, step):
    return [first + timedelta(days=int(step * i)) for i in range(count)]


def test_births_after_the_newest_other_date_become_missing(table):
    births = [*days(date(1950, 1, 1), N, 45), date(2031, 5, 5)]
    visits = [*days(date(2019, 1, 1), N + 1, 1)]
    issues, data, changed = repaired(table(dob=births, visit=visits))
    assert changed == 1
    assert data["dob"][N] is None
    assert "later than the table's other dates" in issues[0].sentence


def test_births_in_a_table_without_other_dates_are_judged_by_today(table):
    later = date.today() + timedelta(days=800)
    _, data, changed = repaired(table(DateofHire=[*days(date(1999, 1, 1), N, 9), later]))
    assert changed == 1
    assert data["DateofHire"][N] is None


def test_dates_that_may_lie_ahead_are_kept(table):
    visits = days(date(2019, 1, 1), N, 1)
    ahead = [*days(date(2019, 1, 1), N - 3, 1), *[date(2030, 1, 1)] * 3]
    _, _, changed = repaired(table(visit=visits, contract_end=ahead, valid_until=ahead))
    assert changed == 0


def test_mistyped_years_become_missing(table):
    seen = [datetime(2020, 1, 1) + timedelta(hours=i) for i in range(N)]
    odd = [*seen, datetime(2205, 1, 1), datetime(1020, 5, 5)]
    _, data, changed = repaired(table(seen=odd))
    assert changed == data["seen"].null_count() == 2


def test_old_births_are_kept(table):
    issues, _, changed = repaired(
        table(birth=[*days(date(1905, 1, 1), N, 90), date(1893, 1, 1)], x=range(N + 1))
    )
    assert changed == 0
    assert len(issues) == 1


def test_many_births_in_the_future_are_told_and_kept(table):
    births = days(date(1970, 1, 1), N, 90)
    issues, _, changed = repaired(table(dob=births, visit=days(date(2019, 1, 1), N, 1)))
    assert changed == 0
    assert "years of two digits" in issues[0].action


@pytest.mark.parametrize(
    "name", ["Alter", "âge", "edad", "età", "idade", "возраст", "年齢", "나이", "patient_alter"]
)
def test_ages_are_known_in_any_language(table, name):
    *_, changed = repaired(table(**{name: [*RNG.integers(0, 104, N).tolist(), 323, -4]}))
    assert changed == 2


def test_a_long_tail_may_mean_something_else(table):
    houses = RNG.lognormal(3.7, 0.5, N).astype(int).tolist()
    paintings = RNG.normal(1920, 45, N).clip(1650, 2020).astype(int).tolist()
    shares = RNG.normal(85, 14, N).round(1).tolist()
    issues, _, changed = repaired(table(age=houses, year=paintings, percent=shares))
    assert changed == 0
    assert not issues


def test_mistyped_years_are_known(table):
    *_, changed = repaired(table(year=[*RNG.integers(1990, 2020, N).tolist(), 202, 20204]))
    assert changed == 2


def test_old_firms_are_no_slips(table):
    founded = [*days(date(1850, 1, 1), N, 60), *days(date(1759, 1, 1), 5, 900)]
    issues, _, changed = repaired(table(founded=founded))
    assert changed == 0
    assert not issues

"""Duplicates, constant and unique columns, impossible values and outliers."""

from datetime import date, datetime

import numpy as np
import polars as pl
import pytest

from tidemill.cleaning import CHECKS
from tidemill.core.run import Run

RNG = np.random.default_rng(2)
N = 500


def issues(check, data):
    return CHECKS.load(check).diagnose(data, Run()).issues


def test_rows_that_repeat_an_earlier_row_are_counted(table):
    (issue,) = issues("duplicates", table(a=[1, 1, 2, 1], b=["x", "x", "x", "x"]))
    assert issue.count == 2
    assert "2 rows repeat" in issue.sentence
    assert issue.example == "row 2"


def test_rows_alike_but_for_the_key_are_counted_where_that_says_something(table):
    columns = {f"x{i}": [*RNG.normal(size=N - 1), 0.0] for i in range(5)}
    for values in columns.values():
        values[-1] = values[0]
    (issue,) = issues(
        "duplicates", table(kinds={"id": "id"}, id=[f"k{i}" for i in range(N)], **columns)
    )
    assert "in every column but 'id'" in issue.sentence
    assert not issues(
        "duplicates", table(kinds={"id": "id"}, id=[f"k{i}" for i in range(N)], x=["a"] * N)
    )


def test_keys_must_be_there_and_unique(table):
    found = issues("duplicates", table(roles={"k": "key"}, k=["a", "a", "b", None], x=[1, 2, 3, 4]))
    assert [issue.count for issue in found] == [1, 1]
    assert all(issue.severity == "warning" for issue in found)


def test_empty_sparse_constant_and_nearly_constant_columns_are_told(table):
    found = issues(
        "constant",
        table(
            empty=pl.Series([None] * N, dtype=pl.Int64),
            sparse=[1, 2, *[None] * (N - 2)],
            same=["x"] * (N - 1) + [None],
            nearly=[0] * (N - 2) + [1, 2],
            fine=[1, 2] * (N // 2),
        ),
    )
    assert [issue.columns for issue in found] == [("empty",), ("sparse",), ("same",), ("nearly",)]


def test_a_rare_target_is_no_constant(table):
    assert not issues("constant", table(roles={"fraud": "target"}, fraud=[0] * (N - 2) + [1, 1]))


def test_columns_that_name_rows_are_told(table):
    found = issues(
        "unique",
        table(
            kinds={"id": "id"},
            id=[f"a{i}" for i in range(N)],
            code=[f"b{i}" for i in range(N)],
            row=RNG.permutation(N),
            money=RNG.normal(size=N),
            sales=RNG.permutation(N * 100)[:N],
        ),
    )
    assert [issue.columns for issue in found] == [("code", "row"), ("id",)]
    assert "a" not in found[1].example.replace("x", "")


@pytest.mark.parametrize(
    ("name", "values", "count"),
    [
        ("meanbp1", [*RNG.normal(80, 12, N), *[0.0] * 9], 9),
        ("age", [*RNG.integers(18, 90, N), -3, 178], 2),
        ("UnitPrice", [*RNG.lognormal(3, 1, N), -5.0], 1),
        ("discount_pct", [*RNG.uniform(0, 60, N), 130.0], 1),
        ("hrt1", [*RNG.normal(100, 15, N).round(), *[0.0] * 12], 12),  # by its distribution only
        ("shop_latitude", [*RNG.uniform(40, 60, N), 412.0], 1),
    ],
)
def test_impossible_values_are_told(table, name, values, count):
    (issue,) = issues("impossible", table(**{name: values}))
    assert issue.count == count


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("age", RNG.normal(size=N)),  # a standardised score
        ("percent_change", RNG.normal(0, 80, N)),
        ("tenure", RNG.integers(0, 72, N)),
        ("pdays", RNG.integers(0, 28, N)),
        ("spend", np.where(RNG.random(N) < 0.9, 0.0, RNG.normal(100, 5, N))),  # most buy nothing
        ("age_group", RNG.integers(-1, 5, N)),
    ],
)
def test_possible_values_are_not(table, name, values):
    assert not issues("impossible", table(**{name: values}))


def test_dates_far_away_are_told(table):
    days = [date(2020, 1, 1 + i % 28) for i in range(N)]
    (issue,) = issues("impossible", table(seen=[*days, date(2205, 1, 1), date(1020, 5, 5)]))
    assert issue.count == 2
    assert not issues("impossible", table(seen=[datetime(2020, 1, 1)] * N))


@pytest.mark.parametrize(
    ("values", "far"),
    [
        ([*RNG.normal(10, 2, N), 400.0], 1),
        ([*RNG.lognormal(3, 1, N), 1e7], 1),
        ([*np.where(RNG.random(N) < 0.8, 0, RNG.integers(1, 20, N)), 4000], 1),  # mostly zero
        ([*RNG.normal(10, 2, N), -500.0, -501.0], 2),
        ([*RNG.normal(size=N), *[8.0] * 10], 10),
        ([*RNG.lognormal(3, 0.5, N), *[3000.0] * 20], 20),
    ],
)
def test_extreme_outliers_are_told(table, values, far):
    (issue,) = issues("outliers", table(x=values))
    assert issue.count == far


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng, n: rng.normal(size=n),
        lambda rng, n: rng.lognormal(3, 1.5, n),
        lambda rng, n: rng.exponential(size=n),
        lambda rng, n: rng.standard_t(3, n),
        lambda rng, n: rng.poisson(2, n),
        lambda rng, n: rng.random(n) ** 9,
        lambda rng, n: rng.laplace(size=n),
        lambda rng, n: np.where(rng.random(n) < 0.9, 0, rng.lognormal(8, 1, n)),
    ],
)
def test_long_tails_are_no_outliers(table, draw):
    data = table(**{f"x{i}": draw(np.random.default_rng(i), 3_000) for i in range(10)})
    assert not issues("outliers", data)


def test_a_broad_cloud_of_extremes_is_no_outlier(table):
    assert not issues("outliers", table(x=[*RNG.normal(size=N), *RNG.normal(50, 1, N // 10)]))


@pytest.mark.parametrize("with_id", [True, False])
def test_rows_of_few_levels_that_are_alike_by_chance_are_no_copies(table, with_id):
    columns = {f"q{i}": RNG.integers(1, 6, N).tolist() for i in range(5)}
    if with_id:
        columns["id"] = list(range(N))
    kinds = {"id": "id"} if with_id else None
    assert not issues("duplicates", table(kinds, **columns))
    copied = {name: [*values, *values[:N]] for name, values in columns.items() if name != "id"}
    copied["amount"] = [*RNG.normal(size=N)] * 2
    (issue,) = issues("duplicates", table(**copied))
    assert issue.count == N


def test_a_column_without_gaps_is_plainly_the_same(table):
    (issue,) = issues("constant", table(unit=["kg"] * N, x=[1, 2] * (N // 2)))
    assert issue.sentence == "'unit' is the same in every row."

"""Tables that no one would make on purpose: each is cleaned without a crash, by a plan that JSON
carries."""

import json
from datetime import date, datetime

import numpy as np
import polars as pl
import pytest

from tidemill.cleaning.plan import Plan, apply, learn
from tidemill.core.run import Run

RNG = np.random.default_rng(0)
N = 60
NORMAL = RNG.normal(size=N)
TABLES = {
    "no rows": {"a": pl.Series([], dtype=pl.Int64), "b": pl.Series([], dtype=pl.String)},
    "one row": {"a": [1], "b": ["x"], "c": [date(2020, 1, 1)]},
    "one column": {"a": NORMAL},
    "nothing but missing": {
        "a": pl.Series([None] * N, dtype=pl.Float64),
        "b": pl.Series([None] * N, dtype=pl.String),
        "c": pl.Series([None] * N, dtype=pl.Date),
        "d": NORMAL,
    },
    "constant": {"a": [1] * N, "b": ["x"] * N, "c": [True] * N},
    "infinite": {"a": [float("inf")] * N, "b": [float("-inf"), *NORMAL[1:]]},
    "dates from year 1 to 9999": {
        "a": [date(1, 1, 1), *[date(2020, 1, 1)] * (N - 2), date(9999, 12, 31)],
        "b": [datetime(1, 1, 1), *[datetime(2020, 1, 1)] * (N - 2), datetime(9999, 12, 31)],
    },
    "integers beyond 2^53": {"a": [2**62 + i for i in range(N)], "b": [-(2**63), *range(N - 1)]},
    "zones": {
        "a": pl.Series([datetime(2020, 1, 1 + i % 28) for i in range(N)]).dt.replace_time_zone(
            "UTC"
        ),
        "b": pl.Series([datetime(2020, 1, 1 + i % 28) for i in range(N)]).dt.replace_time_zone(
            "Asia/Tokyo"
        ),
        "c": [date(2020, 1, 1 + i % 28) for i in range(N)],
    },
    "names of our own columns": {
        "count": NORMAL,
        "value": ["a", "?"] * (N // 2),
        "row": range(N),
        "text": ["b", "B "] * 30,
    },
    "strange text": {"": ["a\x00b", "", "ü\n\"'"] * 20, "<b>": ["'", "x" * 10_000, "?"] * 20},
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("role", ["feature", "target", "ignore"])
def test_cleaning_does_not_crash(table, name, role):
    data = table(roles={next(iter(TABLES[name])): role}, **TABLES[name])
    plan = learn(data, Run(), holdout=data)
    assert Plan.from_state(json.loads(json.dumps(plan.to_state()))) == plan
    once = apply(plan, data)
    assert apply(plan, once.data).changes.height == 0
    assert all(len(issue.example) <= 130 for issue in plan.issues)


def test_a_column_of_lists_that_is_ignored(table):
    data = table(kinds={"a": "text"}, roles={"a": "ignore"}, a=[[1, 2]] * N, b=NORMAL)
    assert apply(learn(data, Run()), data).changes.height == 0


@pytest.mark.slow
def test_two_thousand_columns(table):
    data = table(
        roles={"x0": "target"},
        **{
            f"x{i}": RNG.integers(0, 5, 2_000) if i % 2 else RNG.normal(size=2_000)
            for i in range(2_000)
        },
    )
    plan = learn(data, Run())
    assert {issue.check for issue in plan.issues} == {"rules"}

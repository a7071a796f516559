from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.core.condition import Condition
from tidemill.core.schema import Column, Kind
from tidemill.mining.binning import Bins, learn_bins, round_number

NUMBERS = st.lists(
    st.one_of(
        st.none(),
        st.integers(-5, 5).map(float),
        st.floats(-1e9, 1e9),
        st.just(math.inf),
        st.just(-math.inf),
    ),
    min_size=1,
    max_size=80,
)


def assert_tests_say_what_codes_mean(bins: Bins, series: pl.Series) -> None:
    codes, frame = bins.codes(series), series.to_frame()
    for code in range(bins.size):
        if bins.tests(code):
            assert (Condition(bins.tests(code)).mask(frame).to_numpy() == (codes == code)).all()


@given(NUMBERS, st.integers(2, 8))
@settings(max_examples=60, deadline=None)
def test_every_number_is_in_the_bin_whose_tests_it_passes(
    values: list[float | None], parts: int
) -> None:
    series = pl.Series("x", values, dtype=pl.Float64)
    bins = learn_bins(series, Column("x", "number"), parts=parts)
    assert_tests_say_what_codes_mean(bins, series)
    assert_tests_say_what_codes_mean(bins, pl.Series("x", [-1e12, 0.5, None, 1e12, 3.0]))


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("boolean", [True, False, None, True]),
        ("category", ["b", "a", None, "a", "c"]),
        ("boolean", [0, 1, 1, None]),
        ("datetime", [dt.date(2020, 1, 1) + dt.timedelta(days=7 * k) for k in range(100)]),
        (
            "datetime",
            [
                dt.datetime(2020, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=7 * k)
                for k in range(100)
            ],
        ),
    ],
)
def test_every_value_is_in_the_bin_whose_tests_it_passes(kind: Kind, values: list[Any]) -> None:
    series = pl.Series("x", values)
    assert_tests_say_what_codes_mean(learn_bins(series, Column("x", kind)), series)


def test_cuts_are_round_and_frequent_values_stand_alone() -> None:
    rng = np.random.default_rng(0)
    ages = pl.Series("age", rng.normal(40, 12, 5000).round().clip(17, 90).astype(int))
    assert [learn_bins(ages, Column("age", "number")).label(code) for code in range(4)] == [
        "below 30",
        "30 to 39",
        "40 to 49",
        "50 or more",
    ]
    gains = pl.Series("gain", np.where(rng.random(5000) < 0.9, 0.0, rng.gamma(2, 300, 5000)))
    bins = learn_bins(gains, Column("gain", "number"))
    seen = np.unique(bins.codes(gains))
    assert [bins.label(int(code)) for code in seen] == ["0", "above 0"]


def test_rare_levels_and_unseen_values_are_in_no_bin() -> None:
    bins = learn_bins(
        pl.Series("x", ["a"] * 7 + ["b"] * 5 + ["c"] * 4), Column("x", "category"), levels=3
    )
    assert bins.codes(pl.Series("x", ["a", "b", "c", "z", None])).tolist() == [0, 1, -1, -1, 2]


@given(st.floats(-1e6, 1e6), st.floats(0, 1e5), st.floats(0, 1))
@settings(max_examples=100, deadline=None)
def test_a_round_number_lies_where_it_was_asked(low: float, width: float, place: float) -> None:
    assert low <= round_number(low, low + place * width, low + width) <= low + width

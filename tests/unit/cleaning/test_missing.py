from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from tidemill.cleaning.missing import CHECK
from tidemill.core.run import Run
from tidemill.core.schema import Spelling

RNG = np.random.default_rng(0)


def repaired(data):
    diagnosis = CHECK.diagnose(data, Run())
    return diagnosis.issues, CHECK.repair(data, diagnosis.repair)


@pytest.mark.parametrize(
    "marker", ["?", " ", "", "N/A", "null", "???", "#REF!", "(Leer)", "[NULL]", "N\\A"]
)
def test_marker_texts_become_missing(table, marker):
    issues, done = repaired(table(plan=["a", "b", marker] * 10))
    assert done.data["plan"].null_count() == done.changes.height == issues[0].count == 10
    assert issues[0].applied


@pytest.mark.parametrize(
    "values", [["yes", "-"], ["US", "DE", "FR", "NA"], ["+", "-"], ["none", "guarantor"]]
)
def test_what_may_be_an_answer_is_kept(table, values):
    issues, done = repaired(table(x=values * 20))
    assert done.changes.height == 0
    assert not any(issue.applied for issue in issues)


def test_words_for_not_known_are_told_once_and_kept(table):
    issues, done = repaired(
        table(job=["unknown", "maid", "clerk"] * 10, loan=["Unknown", "yes", "no"] * 10)
    )
    assert done.changes.height == 0
    assert len(issues) == 1
    assert issues[0].columns == ("job", "loan")
    assert issues[0].count == 20


def test_markers_that_reading_took_for_missing_are_logged(table):
    data = table(age=[1, None, 3])
    data = replace(
        data,
        schema=data.schema.replacing(replace(data.schema["age"], spelling=Spelling(missing="?"))),
    )
    issues, done = repaired(data)
    assert issues[0].count == 1
    assert done.changes.row(0)[:4] == (1, "age", "?", None)
    assert done.data.schema["age"].spelling == Spelling()


@pytest.mark.parametrize(
    ("values", "marker"),
    [
        ([*RNG.integers(0, 28, 100), *[999] * 900], 999),
        ([*RNG.integers(1, 300, 300), *[-1] * 700], -1),
        ([*RNG.normal(20, 5, 500).round(1), *[-999.0] * 9], -999.0),
        ([*RNG.normal(20, 5, 500).round(1), *[999.9] * 9], 999.9),
        ([*RNG.integers(0, 2, 500), *[9] * 20], 9),
        ([*range(500), *[2**63 - 1] * 3], 2**63 - 1),
    ],
)
def test_plain_marker_numbers_become_missing(table, values, marker):
    issues, done = repaired(table(x=pl.Series(values)))
    assert issues[0].applied
    assert done.data["x"].null_count() == values.count(marker) == issues[0].count


@pytest.mark.parametrize(
    "values",
    [
        [*RNG.integers(-30, 30, 500), *[-1] * 50],  # a difference
        [-1, 0, 1] * 100,  # an answer
        [*RNG.integers(0, 40, 400), *[-1] * 5],  # may be the next step below 0
        [*RNG.integers(10, 108, 300), *[9] * 5],  # the smallest value is no marker
        [*RNG.integers(1, 100, 500)],  # 99 is within the range
        [*RNG.lognormal(6, 1, 500), 99999.0],  # once
    ],
)
def test_numbers_that_may_be_meant_are_kept(table, values):
    issues, done = repaired(table(x=pl.Series(values)))
    assert done.changes.height == 0
    assert not any(issue.applied for issue in issues)


def test_a_cap_is_told_and_kept(table):
    gain = [*RNG.integers(100, 41_000, 900), *[99_999] * 60]
    issues, done = repaired(table(gain=gain))
    assert done.changes.height == 0
    assert "or for “this much or more”" in issues[0].sentence


def test_markers_in_a_target_are_only_told(table):
    issues, _ = repaired(table(roles={"y": "target"}, y=[*range(500), *[-999] * 20]))
    assert [issue.applied for issue in issues] == [False]


def test_marker_dates_at_both_ends_become_missing(table):
    days = [date(2020, 1, 1) + timedelta(days=int(d)) for d in RNG.integers(0, 700, 200)]
    issues, done = repaired(table(until=[*days, *[date(9999, 12, 31)] * 40, *[date(1, 1, 1)] * 5]))
    assert done.data["until"].null_count() == 45
    assert len(issues) == 2


def test_bank_marketing(real, table):
    frame = real("bank_marketing/bank_additional_full.parquet").select("pdays", "job", "default")
    issues, done = repaired(table(**frame.to_dict()))
    assert done.data["pdays"].null_count() == 39_673
    assert not done.data["job"].has_nulls()
    assert [issue.applied for issue in issues] == [False, True] or [
        issue.applied for issue in issues
    ] == [True, False]


def sensors(seed=0, n=1000):
    """Six columns of measurements, of which some hold -200 in the same rows."""
    rng = np.random.default_rng(seed)
    columns = {
        "co": rng.gamma(2, 1, n).round(1),
        "benzene": rng.gamma(2, 5, n).round(1),
        "no2": rng.normal(113, 48, n).clip(2).round(),
        "pt08": rng.normal(1100, 200, n).clip(640).round(),
        "nox": rng.gamma(1.3, 190, n).clip(2, 1479).round(),
        "temp": rng.normal(18, 8, n).round(1),
    }
    return columns, rng.random(n) < 0.04


def test_a_marker_is_found_by_its_behaviour_in_all_columns(table):
    columns, off = sensors()
    dirty = {name: np.where(off, -200.0, values) for name, values in columns.items()}
    issues, done = repaired(table(**dirty))
    assert {name: done.data[name].null_count() for name in columns} == dict.fromkeys(
        columns, off.sum()
    )
    assert all(issue.applied for issue in issues)
    for name, values in columns.items():
        assert done.data[name].drop_nulls().to_list() == values[~off].tolist()


@pytest.mark.parametrize("seed", range(5))
def test_measurements_hold_no_marker(table, seed):
    columns, _ = sensors(seed)
    issues, done = repaired(table(**columns))
    assert not issues
    assert done.changes.height == 0


@pytest.mark.parametrize(
    ("values", "marker"),
    [
        ([*RNG.gamma(2, 1, 500).round(1), *[-200.0] * 20], -200.0),
        ([*RNG.integers(3, 40, 500), *[-50] * 20], -50),
        ([*RNG.normal(18, 8, 500).round(1), *[-200.0] * 20], -200.0),
        ([*RNG.integers(18, 90, 500), *[999] * 20], 999),
        ([*RNG.lognormal(4, 1, 500).round(2), *[1e9] * 20], 1e9),
    ],
)
def test_a_round_number_far_from_all_others_and_frequent_is_a_marker(table, values, marker):
    issues, done = repaired(table(x=values))
    assert issues[0].applied
    assert done.data["x"].null_count() == values.count(marker)


@pytest.mark.parametrize(
    "values",
    [
        [*RNG.normal(-5, 12, 500).round()],  # temperatures below zero
        [*RNG.integers(0, 100, 500), *[0] * 200],  # real zeros
        [*RNG.integers(0, 100, 480), *[100] * 100],  # a score with a ceiling
        [*RNG.lognormal(3, 1, 500).round(2), *[5000.0] * 4],  # money with outliers
        [*RNG.normal(10, 2, 500), *RNG.normal(-200, 3, 80)],  # two populations
        [*RNG.integers(1, 60, 500), *[-20] * 2],  # twice only
        [*RNG.uniform(5, 50, 500).round(2), *(-RNG.uniform(5, 50, 60)).round(2)],  # refunds
        [*RNG.integers(1, 6, 500), *[10] * 80],  # the dearest option
    ],
)
def test_numbers_that_behave_otherwise_are_no_markers(table, values):
    issues, done = repaired(table(x=values))
    assert done.changes.height == 0
    assert not any(issue.applied for issue in issues)


@pytest.mark.parametrize(
    "word", ["not recorded", "XXX", "tbd", "k.A.", "s/o", "未知", "不详", "TBA"]
)
def test_words_for_not_known_are_told_in_many_languages(table, word):
    issues, done = repaired(table(x=["a", "b", word] * 10))
    assert [issue.applied for issue in issues] == [False]
    assert done.changes.height == 0


def test_a_spike_below_money_is_told_and_kept(table):
    balance = [*RNG.normal(500, 800, 500).round(2), *[-5000.0] * 10]
    issues, done = repaired(table(balance=balance))
    assert [issue.applied for issue in issues] == [False]
    assert "or for “this much or less”" in issues[0].sentence
    assert done.changes.height == 0


@pytest.mark.parametrize(
    ("levels", "answers", "markers"),
    [
        (["K", "Cl", "Ca"], ["Na"], ["N/A"]),  # sodium
        (["LAX", "JFK", "MUC"], ["NAN"], ["?"]),  # an airport
        ([f"{chr(65 + i)}{'XYZ'[: i % 4]}" for i in range(24)], ["NA", "NULL"], ["n/a"]),  # shares
        (["Ann", "Bob", "Lee"], ["Nan", "Null"], ["NA", "-"]),  # names
        (["neg", "+", "++"], ["-"], []),
        (["ns", "weak"], ["*", "**", "***"], []),
        (["m", "f"], [], ["na"]),
        (["S", "M", "L", "XL"], [], ["NA"]),
        (["HIGH", "LOW", "MIDDLE"], [], ["NULL"]),
        (["high", "low"], [], ["nan"]),
    ],
)
def test_a_word_like_the_other_levels_is_kept(table, levels, answers, markers):
    cells = pl.Series([*levels, *answers, *markers] * 10)
    issues, done = repaired(table(x=cells))
    assert done.data["x"].null_count() == 10 * len(markers)
    assert set(done.data["x"].drop_nulls()) == {*levels, *answers}
    assert sum(issue.count for issue in issues) == 10 * len(answers + markers)

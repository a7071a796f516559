"""Reading text loses nothing: writing a typed column again gives every cell back."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.core.schema import Spelling
from tidemill.core.spelling import (
    is_missing,
    mended,
    mended_beside_words,
    says_code,
    spelled,
    typed,
)


def read(*cells: str | None, name: str = "x") -> tuple[pl.Series, Spelling]:
    found = typed(pl.Series(name, cells, dtype=pl.String))
    assert found is not None
    series, spelling = found
    assert spelled(series, spelling).to_list() == ["" if cell is None else cell for cell in cells]
    return series, spelling


NUMERAL = r"-?[0-9]{1,20}([.,][0-9]{1,18})?([eE]-?[0-9]{1,3})?%?|\$[0-9]{1,3}(,[0-9]{3}){0,3}"
DATE = r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}([ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2})?)?Z?"
WORDS = ["", "NA", "?", " ", "nan", "inf", "-0", "True", "false", "+5", "007"]
CELL = st.one_of(
    st.from_regex(NUMERAL, fullmatch=True),
    st.from_regex(DATE, fullmatch=True),
    st.sampled_from(WORDS),
    st.text(),
)
CENTS = st.lists(st.integers(-(10**14), 10**14), min_size=1, max_size=20)


@settings(deadline=None, max_examples=400)
@given(st.lists(CELL, min_size=1, max_size=8))
def test_whatever_is_typed_is_written_back(cells: list[str]) -> None:
    values = pl.Series("x", cells, dtype=pl.String)
    found = typed(values)
    if found is not None:
        assert spelled(*found).to_list() == cells


@settings(deadline=None, max_examples=200)
@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=20))
def test_floats_as_python_writes_them_are_numbers(numbers: list[float]) -> None:
    series, _ = read("1.0", *map(repr, numbers))
    assert series.cast(pl.Float64).to_list() == [1.0, *numbers]


@settings(deadline=None, max_examples=200)
@given(st.lists(st.datetimes(min_value=dt.datetime(1, 1, 1)), min_size=1, max_size=20))
def test_iso_datetimes_of_any_year_are_datetimes(moments: list[dt.datetime]) -> None:
    series, _ = read(*(moment.isoformat(timespec="microseconds") for moment in moments))
    assert series.to_list() == moments


@settings(deadline=None, max_examples=200)
@given(CENTS, st.integers(1, 4), st.sampled_from([",", "'", " ", ""]))
def test_money_in_any_grouping_is_read(cents: list[int], places: int, thousands: str) -> None:
    cells = [f"{cent / 10**places:,.{places}f}".replace(",", thousands) for cent in cents]
    series, _ = read(*cells)
    assert series.to_list() == [cent / 10**places for cent in cents]


@pytest.mark.parametrize(
    ("cells", "dtype", "said"),
    [
        (["1", "2", ""], pl.Int64, {}),
        (["9223372036854775807", "-9223372036854775808"], pl.Int64, {}),
        (["1.50", "2.25", "NA"], pl.Float64, {"places": 2, "missing": "NA"}),
        (["1.0", "1.25", "1e-05"], pl.Float64, {"places": None}),
        (["1", "1.5", "0.00001"], pl.Float64, {"places": 0}),
        (["1,234", "12"], pl.Int64, {"thousands": ","}),
        (["1.234,50", "12,00"], pl.Float64, {"thousands": ".", "decimal": ",", "places": 2}),
        (["12,5", "3,75"], pl.Float64, {"decimal": ","}),
        (["$1,234.00", "-$5.00"], pl.Float64, {"prefix": "$", "thousands": ","}),
        (["12%", "3.5%"], pl.Float64, {"suffix": "%"}),
        (["-0.00", "1.00"], pl.Float64, {"places": 2}),
        (["TRUE", "FALSE"], pl.Boolean, {"true": "TRUE", "false": "FALSE"}),
        (["2024-01-05", "n/a"], pl.Date, {"datetime": "%Y-%m-%d", "missing": "n/a"}),
        (["0001-01-01", "9999-12-31"], pl.Date, {}),
        (["Jan 5, 2024", "Dec 25, 2023"], pl.Date, {}),
        (["2024年1月5日"], pl.Date, {}),
        (["2024-01", "2024-12"], pl.Date, {"datetime": "%Y-%m"}),
        (["1/22/14 9:05", "11/2/14 19:05"], pl.Datetime("us"), {}),
        (["2024-01-05T10:00:00Z"], pl.Datetime("us", "UTC"), {}),
        (["2024-01-05T10:00:00+01:00"], pl.Datetime("us", "Etc/GMT-1"), {}),
        (["2024-01-05T10:00:00-05:00"], pl.Datetime("us", "Etc/GMT+5"), {}),
        (["2024-01-05 10:00:00.123456789"], pl.Datetime("ns"), {}),
        (["05:30", "2024-01-05 10:00"], None, {}),
        (["007", "1"], None, {}),
        (["+5"], pl.Int64, {"positive": "+#"}),
        (["+4930123456", "+4930123457"], None, {}),
        (["9223372036854775808"], None, {}),
        (["0.12345678901234567890", "1.5"], None, {}),
        (["1", "?", "NA"], None, {}),
        (["true", "True"], None, {}),
        (["A1", "A2"], None, {}),
        (["12,34,567"], pl.Int64, {"thousands": ",", "lakhs": True}),
        (["", "NA"], None, {}),
        ([], None, {}),
    ],
)
def test_what_is_read(cells: list[str], dtype: pl.DataType | None, said: dict[str, object]) -> None:
    if dtype is None:
        assert typed(pl.Series("x", cells, dtype=pl.String)) is None
        return
    series, spelling = read(*cells)
    assert series.dtype == dtype
    assert {key: getattr(spelling, key) for key in said} == said


def test_an_offset_makes_the_instant() -> None:
    series, _ = read("2024-01-05T10:00:00+01:00")
    assert series[0] == dt.datetime(2024, 1, 5, 9, tzinfo=dt.UTC)


def test_null_counts_as_the_empty_text() -> None:
    assert read(None, "1", "2")[0].to_list() == [None, 1, 2]
    assert typed(pl.Series("x", [None, "1", "?"])) is None


@pytest.mark.parametrize(
    ("cells", "format_"),
    [
        (["13/01/2024", "05/02/2024"], "%d/%m/%Y"),
        (["01/13/2024", "05/02/2024"], "%m/%d/%Y"),
        ([f"01/{month:02}/2024" for month in range(1, 13)], "%d/%m/%Y"),
        ([f"{month}/1/2024" for month in range(1, 13)], "%-m/%-d/%Y"),
        (["05/02/2024", "03/04/2024"], "%d/%m/%Y"),
    ],
)
def test_day_and_month_are_told_apart(cells: list[str], format_: str) -> None:
    assert read(*cells)[1].datetime == format_


def test_dates_without_marks_need_a_name_or_many_values() -> None:
    assert read("20240105", "20231231")[0].dtype == pl.Int64
    assert read("20240105", "20231231", name="order_date")[0].dtype == pl.Date
    assert read(*(f"202401{day:02}" for day in range(1, 32)))[0].dtype == pl.Date


def test_a_late_cell_that_is_written_differently_is_seen() -> None:
    cells = [str(i) for i in range(5000)]
    assert read(*cells, "1.5")[0].dtype == pl.Float64
    assert typed(pl.Series([*cells, "about 7"])) is None
    assert read(*(f"{i % 900}" for i in range(3001)), "12,345")[1].thousands == ","


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1,200", " 7 ", "+5"], [1200, 7, 5]),
        (["$5", "6 €", "7.5%"], [5.0, 6.0, 7.5]),
        (["1.234,5", "7"], [1234.5, 7.0]),
        (["1e-7", "0.00001", ".5"], [1e-7, 1e-5, 0.5]),
        (
            ["1/2/2024", "13/2/2024", "2024-01-05"],
            [dt.date(2024, 2, 1), dt.date(2024, 2, 13), dt.date(2024, 1, 5)],
        ),
    ],
)
def test_mended_reads_mixtures(cells: list[str], values: list[object]) -> None:
    found = mended(pl.Series("x", [*cells, "N/A", "?", None, " "]))
    assert found is not None
    assert found.values.to_list() == [*values, None, None, None, None]
    assert found.markers.to_list() == [False] * len(cells) + [True, True, False, True]
    assert not found.unread.any()


def test_mended_marks_what_it_could_not_read() -> None:
    found = mended(pl.Series("x", [*map(str, range(20)), "many"]))
    assert found is not None
    assert found.unread.arg_true().to_list() == [20]
    assert found.values.dtype == pl.Int64


def test_mended_keeps_the_local_time_of_offsets() -> None:
    summer = ["2024-01-05T10:00:00+01:00", " 2024-07-05T10:00:00+02:00"]
    found = mended(pl.Series("x", summer))
    assert found is not None
    assert found.values.dtype == pl.Datetime("us", "Europe/Berlin")
    assert [moment.hour for moment in found.values] == [10, 10]
    found = mended(pl.Series("x", [*summer, "2024-07-05T10:00:00-07:00"]))
    assert found is not None
    assert (
        found.values.to_list() == [dt.datetime(2024, 1, 5, 10)] + [dt.datetime(2024, 7, 5, 10)] * 2
    )


@pytest.mark.parametrize(
    "cells",
    [
        ["abc", "1"],
        ["007", "008", "1"],
        ["12345678901234567890"] * 3,
        [""],
        ["yes", "no"],
        ["1,2", "1,2,3", "12,345"],
    ],
)
def test_mended_leaves_text_alone(cells: list[str]) -> None:
    assert mended(pl.Series("x", cells)) is None


@pytest.mark.parametrize(
    ("others", "is_read"),
    [
        (["free"] * 30, True),
        (["free"] * 20 + ["on request"] * 10, True),
        (["free"] * 30 + ["Total", "4.0 and up"], True),
        (["A-17"] * 30, False),
        ([f"like {word}" for word in "abcdefghijklmnopqrstuvwxyz"], False),
        (["free"] * 60, False),
    ],
)
def test_numbers_beside_words_that_come_again(others: list[str], is_read: bool) -> None:
    prices = pl.Series("cells", [f"${n}.50" for n in range(70)] + others)
    assert mended(prices) is None
    found = mended_beside_words(prices)
    assert (found is not None) == is_read
    if found is not None:
        assert found.values[1] == 1.5
        assert found.unread.sum() == len(others)


@pytest.mark.parametrize(
    "marker",
    [
        "—",
        "--",
        "…",
        "－",
        "###",
        "#NV",
        "#WERT!",
        "#VALEUR!",
        "#¡DIV/0!",
        "#Н/Д",
        "1.#QNAN",
        "NA()",
    ],
)
def test_marks_that_are_missing_in_any_language(marker: str) -> None:
    found = typed(pl.Series("x", ["12", marker, "345"]))
    assert found is not None
    assert (found[0].to_list(), found[1].missing) == ([12, None, 345], marker)


@pytest.mark.parametrize("word", ["#wow", "#1", "a-", "-5-5", "!"])
def test_words_with_marks_are_not_missing(word: str) -> None:
    assert not is_missing(pl.Series([word])).any()


@pytest.mark.parametrize(
    "cells", [["+4930123456", "+4989123456"], ["(1)", "(2)", "(3)"], ["12-", "7-"]]
)
def test_numbers_that_are_names_are_not_mended(cells: list[str]) -> None:
    assert mended(pl.Series("x", cells * 10)) is None


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1664 CC", "998 CC"], [1664, 998]),
        (["18.5 kmpl", "20.1 kmpl"], [18.5, 20.1]),
        (["1,204 views", "12 views"], [1204, 12]),
        (['15.6"', '14.0"'], [15.6, 14.0]),
        (["174.4°", "-66.0°"], [174.4, -66.0]),
        (["+4.7 pp", "-0.3 pp"], [4.7, -0.3]),
        (["4,121", "△438", "▲1,003"], None),
        (["4,121", "△1,438"], [4121, -1438]),
        (["12 A", "7 A"], None),
        (["12 Feb", "13 Feb"], None),
        (["Room 12", "Room 7"], None),
        (["12 CC", "7 PS"], None),
    ],
)
def test_a_unit_behind_all_numbers(cells: list[str], values: list[float] | None) -> None:
    found = typed(pl.Series("x", cells))
    assert (None if found is None else found[0].to_list()) == values
    if found is not None:
        assert spelled(*found).to_list() == cells


def test_codes_are_not_mended() -> None:
    assert mended(pl.Series("zip", ["12345", "54321", "?"])) is None
    assert says_code("PostalCode")
    assert says_code("customer phone no.")
    assert not says_code("PhoneService")


def test_markers() -> None:
    cells = ["?", " N/A ", None, "", "unknown", "0"]
    assert is_missing(pl.Series(cells, dtype=pl.String)).to_list() == [
        True,
        True,
        True,
        True,
        False,
        False,
    ]

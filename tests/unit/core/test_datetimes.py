"""Dates, times and lengths of time in the forms of databases, logs, spreadsheets and languages."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tidemill as tm
from tidemill.core import datetimes
from tidemill.core.calendar_names import LANGUAGES
from tidemill.core.datetimes import month_first, order_shown
from tidemill.core.spelling import mended, spelled, typed

DAY = dt.date(2024, 1, 5)
MORNING = dt.datetime(2024, 1, 5, 9, 5)
SECOND = dt.datetime(2024, 1, 5, 9, 5, 7)
MICRO = dt.datetime(2024, 1, 5, 9, 5, 7, 123456)


def first_of(cells: list[str], name: str) -> object:
    """The first value of a column that is read, and is written as it was."""
    found = typed(pl.Series(name, cells))
    assert found is not None
    values, spelling = found
    assert spelling.datetime
    assert spelled(values, spelling).to_list() == cells
    return values[0]


@pytest.mark.parametrize(
    ("cells", "value"),
    [
        (["05-JAN-24", "16-FEB-23"], DAY),
        (["5-jan-2024", "16-may-2024"], DAY),
        (["05JAN2024", "16FEB2023"], DAY),
        (["5th Jan 2024", "1st Feb 2024", "22nd Mar 2024"], DAY),
        (["January 5th, 2024", "May 3rd, 2023"], DAY),
        (["Friday, January 5, 2024", "Monday, January 8, 2024"], DAY),
        (["Fri, 05 Jan 2024", "Mon, 08 Jan 2024"], DAY),
        (["Jan. 5, 2024", "Sept. 16, 2024", "May 1, 2024"], DAY),
        (["5. Januar 2024", "12. März 2023"], DAY),
        (["05.Jan.2024", "12.Dez.2023", "01.Okt.2023"], DAY),
        (["Fr, 05.01.2024", "Mo, 08.01.2024"], DAY),
        (["1er février 2024", "5 mars 2024"], dt.date(2024, 2, 1)),
        (["5 janv. 2024", "12 mars 2023"], DAY),
        (["vendredi 5 janvier 2024"], DAY),
        (["5 de enero de 2024", "15 de marzo de 2024"], DAY),
        (["05-ene-2024", "16-dic-2023"], DAY),
        (["5 gennaio 2024", "16 dicembre 2023"], DAY),
        (["5 de janeiro de 2024", "6 de março de 2023"], DAY),
        (["5 januari 2024", "6 maart 2023"], DAY),
        (["5 января 2024 г.", "6 мая 2023 г."], DAY),
        (["2024年1月5日", "2023年11月15日"], DAY),
        (["民国113年1月5日", "民国112年12月15日"], DAY),
        (["2024년 1월 5일", "2023년 11월 15일"], DAY),
        (["2024/1/5", "2023/11/15"], DAY),
        (["5.1.2024", "15.11.2023"], DAY),
        (["24.01.05", *(f"24.02.{day:02}" for day in range(1, 29))], DAY),
        (["24-01-05", *(f"24-02-{day:02}" for day in range(1, 29))], DAY),
        (["2024Q1", "2016Q3"], dt.date(2024, 1, 1)),
        (["Q3 2016", "Q1 2016"], dt.date(2016, 7, 1)),
        (["2016-Q3", "2016-Q1"], dt.date(2016, 7, 1)),
        (["5. Jänner 2024", "12. März 2023"], DAY),
        (["2024年1月5日（金）", "2023年11月15日（水）"], DAY),
        (["2024/01/05(金)", "2024/01/08(月)"], DAY),
        (["2024年1月5日 金曜日", "2024年1月8日 月曜日"], DAY),
        (["2024年1月5号", "2023年11月15号"], DAY),
        (["3Q16", "1Q17"], dt.date(2016, 7, 1)),
        (["T3 2016", "T1 2017"], dt.date(2016, 7, 1)),
        (["2024年第1季度", "2024年第2季度"], dt.date(2024, 1, 1)),
        (["H2 2024", "H1 2025"], dt.date(2024, 7, 1)),
        (["2024-W05", "2020-W53"], dt.date(2024, 1, 29)),
        (["KW 05/2024", "KW 12/2024"], dt.date(2024, 1, 29)),
        (["2024-W05-1", "2024-W05-7"], dt.date(2024, 1, 29)),
        (["Apr-15", "May-16"], dt.date(2015, 4, 1)),
        (["Jan-2024", "Feb-2024"], dt.date(2024, 1, 1)),
        (["Januar 2024", "Februar 2024"], dt.date(2024, 1, 1)),
    ],
)
def test_dates(cells: list[str], value: dt.date) -> None:
    assert first_of(cells, "x") == value


@pytest.mark.parametrize(
    ("cells", "value"),
    [
        (["2024/1/5 9:05", "2023/11/15 19:05"], MORNING),
        (["2024年1月5日 上午9:05", "2023年11月15日 下午10:05"], MORNING),
        (["2024年01月05日 09时05分07秒"], SECOND),
        (["05.01.2024 09:05 Uhr", "15.01.2024 19:05 Uhr"], MORNING),
        (["05.01.2024 um 09:05", "15.01.2024 um 19:05"], MORNING),
        (["5.1.2024 9.05", "15.11.2023 19.05"], MORNING),
        (["1/5/2024 9:05 a.m.", "1/15/2024 9:05 p.m."], MORNING),
        (["05/01/2024 9:05 a. m.", "15/01/2024 9:05 p. m."], MORNING),
        (["5 enero 2024 09:05 AM", "15 abril 2024 09:05 PM"], MORNING),
        (["05.JAN.24 9:05 AM", "15.MAY.24 9:05 PM"], MORNING),
        (["1-5-24 9:05", "1-15-24 19:05"], MORNING),
        (["Fri Jan  5 09:05:07 2024", "Mon Jan 15 09:05:07 2024"], SECOND),
        (["05JAN2024:09:05:07"], SECOND),
        (["2024:01:05 09:05:07"], SECOND),
        (["20240105T090507", "20231231T235959"], SECOND),
        (["05-JAN-24 09.05.07.123456 AM", "16-FEB-23 12.00.00.000000 PM"], MICRO),
        (["2024-01-05-09.05.07.123456"], MICRO),
        (["2024-01-05 09:05:07.1234560", "2024-01-05 09:05:07.1234567"], MICRO),
        (["2024-01-05 09:05:07,123456"], MICRO),
        (["2024-01-05T09:05:07.123456", "2024-01-05T09:05:07.1", "2024-01-05T09:05:07"], MICRO),
        (["05.01.2024 09:05:07,123456"], MICRO),
    ],
)
def test_moments(cells: list[str], value: dt.datetime) -> None:
    assert first_of(cells, "x") == value


@pytest.mark.parametrize("places", range(1, 10))
def test_one_to_nine_decimals_of_a_second(places: int) -> None:
    digits = "123456789"[:places]
    found = typed(pl.Series([f"2024-01-05 09:05:07.{digits}", f"2024-01-05 09:05:08.{digits}"]))
    assert found is not None
    assert found[0].dt.nanosecond().to_list() == [int(digits.ljust(9, "0"))] * 2


@pytest.mark.parametrize(
    "cell",
    [
        "2024-01-05T09:05:07Z",
        "2024-01-05 09:05:07+00",
        "2024-01-05 09:05:07 +0000",
        "2024-01-05 10:05:07+01:00",
        "20240105T090507Z",
        "Fri, 05 Jan 2024 09:05:07 +0000",
        "Fri, 05 Jan 2024 09:05:07 GMT",
        "[05/Jan/2024:09:05:07 +0000]",
        "Fri Jan 05 2024 10:05:07 GMT+0100 (Central European Standard Time)",
        "/Date(1704445507000)/",
    ],
)
def test_moments_with_an_offset(cell: str) -> None:
    assert first_of([cell], "x") == SECOND.replace(tzinfo=dt.UTC)


def test_seconds_since_1970_are_moments_where_the_name_says_so() -> None:
    moment = SECOND.replace(tzinfo=dt.UTC)
    assert first_of(["1704445507", "1704445508"], "timestamp") == moment
    assert first_of(["1704445507000", "1704445508123"], "created_at") == moment
    found = typed(pl.Series("phone", ["1704445507", "1704445508"]))
    assert found is not None
    assert found[0].dtype == pl.Int64


@pytest.mark.parametrize(
    ("name", "cells", "value"),
    [
        ("expiry_date", ["01/24", "12/25"], dt.date(2024, 1, 1)),
        ("yyyymm", ["202401", "202312"], dt.date(2024, 1, 1)),
        ("datum", ["05012024", "31122023"], DAY),
        ("ymd", ["240105", "231231"], DAY),
    ],
)
def test_dates_that_only_the_name_tells(name: str, cells: list[str], value: dt.date) -> None:
    assert first_of(cells, name) == value
    found = typed(pl.Series("x", cells))
    assert found is None or not found[1].datetime


@pytest.mark.parametrize(
    ("cells", "seconds"),
    [
        (["18.07.00", "01.30.59"], 65_220),
        (["18h07", "09h30"], 65_220),
        (["9am", "12pm"], 32_400),
        (["9:05:07.5", "19:05:07.0"], 32_707.5),
        (["9点05分", "19点30分"], 32_700),
        (["09:05 Uhr", "19:05 Uhr"], 32_700),
        (["1h 18m", "45m", "2h"], 4680),
        (["2d 3h", "5d 1h"], 183_600),
        (["1 hour 18 mins", "2 hours 1 min", "45 mins"], 4680),
        (["2h05m", "11h18m"], 7500),
        (["1小时18分", "2小时5分"], 4680),
        (["36:15", "02:10"], 130_500),
        (["1:18:30", "25:00:00"], 4710),
        (["P2DT3H", "PT45M", "P1D", "PT1H30M"], 183_600),
    ],
)
def test_times_of_day_and_lengths_of_time_are_seconds(cells: list[str], seconds: float) -> None:
    assert first_of(cells, "time") == seconds


@pytest.mark.parametrize(
    "cells",
    [
        ["1.10", "1.50", "2.25"],
        ["192.168.0.1", "10.0.0.12"],
        ["1.2.3", "1.10.2"],
        ["+49 171 1234567", "+49 30 123456"],
        ["555-0123", "555-0199"],
        ["AB-12-05-24", "CD-11-06-24"],
        ["15-Apr", "16-May"],
        ["3/4", "1/2"],
        ["12 km", "15 km"],
        ["5 May", "6 June"],
        ["MAR-1", "MAR-2"],
        ["2024-01-05", "05.01.2024"],
        ["Mon", "Tue"],
        ["Monday, 05 Jan 2024", "Tuesday, 05 Jan 2024"],
        ["30/02/2024", "31/02/2024"],
        ["1.2.10", "3.4.12"],
    ],
)
def test_what_is_no_date_is_none(cells: list[str]) -> None:
    found = typed(pl.Series("x", cells))
    assert found is None or not found[1].datetime


def test_one_unit_of_time_is_a_unit() -> None:
    found = typed(pl.Series("film", ["90 min", "101 min"]))
    assert found is not None
    assert (found[0].to_list(), found[1].suffix) == ([90, 101], " min")


def test_firsts_of_months_are_no_years() -> None:
    cells = [f"01/{month:02}/{year}" for year in range(10, 20) for month in range(1, 13)]
    found = typed(pl.Series("month", cells))
    assert found is not None
    assert found[0].dt.day().unique().to_list() == [1]
    assert found[0].dt.year().unique().sort().to_list() == list(range(2010, 2020))


def test_zero_dates_are_missing() -> None:
    found = typed(pl.Series("x", ["2024-01-05", "0000-00-00", "2024-01-06"]))
    assert found is not None
    assert (found[0][1], found[1].missing) == (None, "0000-00-00")


@pytest.mark.parametrize("zeros", ["00000000", "0000-00-00 00:00:00"])
def test_dates_of_zeros_are_missing_among_dates_only(zeros: str) -> None:
    cell = "2024-01-05 10:00:00" if "-" in zeros else "20240105"
    found = typed(pl.Series("date", [cell, zeros, cell]))
    assert found is not None
    assert (found[0][1], found[1].missing) == (None, zeros)
    assert typed(pl.Series("x", ["12345678", "00000000"])) is None


@pytest.mark.parametrize(
    ("cells", "value"),
    [
        (["05/01/2024 9:05 a.\u00a0m.", "16/01/2024 9:05 p.\u00a0m."], MORNING),
        (["2024/01/05 午前9:05", "2024/01/06 午後9:05"], MORNING),
        (["1/5/2024, 9:05:07\u202fAM", "1/16/2024, 9:05:07\u202fPM"], SECOND),
    ],
)
def test_halves_of_the_day(cells: list[str], value: dt.datetime) -> None:
    assert first_of(cells, "x") == value


@pytest.mark.parametrize(
    ("name", "cell", "value"),
    [
        ("date", "1704445507", SECOND),
        ("event_time", "1704445507123456", MICRO),
        ("day", "2024005", DAY),
    ],
)
def test_counts_of_time_where_the_name_says_so(name: str, cell: str, value: object) -> None:
    found = first_of([cell], name)
    assert (found.replace(tzinfo=None) if isinstance(found, dt.datetime) else found) == value


def test_times_without_marks_need_a_zero_in_front() -> None:
    assert first_of(["0905", "1730"], "dep_time") == 9 * 3600 + 5 * 60
    found = typed(pl.Series("time", ["1012", "1130"]))
    assert found is not None
    assert not found[1].datetime


def test_days_and_a_time_are_a_length() -> None:
    assert first_of(["2 days 05:37:25", "0 days 00:00:01"], "x") == 2 * 86400 + 5 * 3600 + 2245


def test_full_names_of_months_are_read_among_other_forms() -> None:
    cells = ["2024-01-05", "February 18, 2024", "2024-03-11"] * 10
    found = mended(pl.Series("d", cells))
    assert found is not None
    assert found.values.head(2).to_list() == [DAY, dt.date(2024, 2, 18)]


def test_no_cell_gets_the_zone_of_others() -> None:
    found = mended(pl.Series("d", ["2024-01-05 09:05:07 EST", "2024-07-05 09:05:07 EDT"] * 10))
    assert found is not None
    assert spelled(found.values, found.spelling).head(2).to_list() == [
        "2024-01-05 09:05:07",
        "2024-07-05 09:05:07",
    ]


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["01/02/23", "12/25/23"], "month"),
        (["01/02/23", "11/12/23"], "either"),
        (["01/02/23", "25/12/23"], ""),
        (["01/02/99", "25/12/98"], "day"),
        (["23.01.05", "24.02.06"], ""),
        (["01.02.2023"], "day"),
    ],
)
def test_what_proves_the_order_of_day_and_month(cells: list[str], order: str) -> None:
    assert order_shown(pl.Series(cells)) == order


def test_what_is_due_lies_ahead() -> None:
    cells = [f"28.05.{year}" for year in range(25, 61)]
    for name, first in {"maturity": 2025, "opened": 1925}.items():
        found = typed(pl.Series(name, cells))
        assert found is not None
        assert found[0].dt.year().min() == first


def test_codes_are_no_dates() -> None:
    found = typed(pl.Series("zip_code", ["20240105", "20231231"] * 20))
    assert found is not None
    assert not found[1].datetime


def test_offsets_of_summer_time_name_a_zone() -> None:
    cells = [f"2024-{month:02}-05T10:00:00+0{2 if 4 <= month <= 10 else 1}:00" for month in (1, 7)]
    found = typed(pl.Series("x", cells))
    assert found is not None
    values, spelling = found
    assert values.dtype == pl.Datetime("us", "Europe/Berlin")
    assert [moment.hour for moment in values] == [10, 10]
    assert spelled(values, spelling).to_list() == cells
    assert typed(pl.Series("x", [*cells, "2024-07-05T10:00:00-07:00"])) is None


def test_births_lie_in_the_past() -> None:
    cells = [f"{i % 28 + 1:02}.{i % 12 + 1:02}.{(1940 + i % 64) % 100:02}" for i in range(300)]
    found = typed(pl.Series("birth_date", cells))
    assert found is not None
    assert found[0].dt.year().to_list() == [1940 + i % 64 for i in range(300)]
    found = typed(pl.Series("dob", ["07/10/67", "11/22/85"]))
    assert found is not None
    assert found[0].dt.year().to_list() == [1967, 1985]


@pytest.mark.parametrize(
    ("years", "first"),
    [
        (range(60, 76), 1960),
        (range(40, 70), 1940),
        (range(14, 24), 2014),
        (range(24, 50), 2024),
        (range(95, 107), 1995),
    ],
)
def test_years_of_two_digits_lie_close_together(years: range, first: int) -> None:
    cells = [f"15.06.{year % 100:02}" for year in years]
    found = typed(pl.Series("hired", cells))
    assert found is not None
    assert found[0].dt.year().to_list() == list(range(first, first + len(years)))
    assert spelled(*found).to_list() == cells


def test_several_forms_in_one_column_are_read_where_the_order_is_told() -> None:
    days = [dt.date(2024, 1 + i % 12, 1 + i % 28) for i in range(200)]
    forms = ["%Y-%m-%d", "%d/%m/%Y", "%d %b %Y", "%d-%b-%y"]
    cells = [day.strftime(forms[i % 7 % 4]) for i, day in enumerate(days)]
    found = mended(pl.Series("when", cells))
    assert found is not None
    assert found.values.to_list() == days
    unclear = [f"2024-{i % 12 + 1:02}-{i % 28 + 1:02}" for i in range(60)]
    unclear += [f"{i % 12 + 1:02}/{i * 5 % 12 + 1:02}/2024" for i in range(40)]
    assert mended(pl.Series("when", unclear)) is None


@pytest.mark.parametrize("format_", ["%B %-d, %Y", "%-d %B %Y", "%b %-d, %Y", "%B %d, %Y %H:%M"])
def test_months_in_full_are_read_beside_a_stranger(format_: str) -> None:
    moments = [dt.datetime(2015, 1, 3, 9, 30) + dt.timedelta(days=7 * i) for i in range(100)]
    cells = [moment.strftime(format_) for moment in moments]
    found = mended(pl.Series("updated", [*cells, "4.0 and up"]))
    assert found is not None
    assert found.unread.sum() == 1
    assert spelled(found.values, found.spelling).to_list() == [*cells, ""]


def test_both_orders_in_one_column_are_not_read() -> None:
    cells = [f"{i % 28 + 1:02}/{i % 12 + 1:02}/2024" for i in range(100)]
    cells += [f"{i % 12 + 1:02}/{i % 28 + 1:02}/2024" for i in range(100)]
    assert mended(pl.Series("when", cells)) is None


def test_the_order_of_day_and_month_is_found_anywhere_in_a_format() -> None:
    assert month_first("%a, %d/%m/%Y") is False
    assert month_first("%-m/%-d/%y %H:%M") is True
    assert month_first("%Y-%m-%d") is None
    assert month_first("1926|%m/%d/%y") is True


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)), min_size=5, max_size=12),
    st.sampled_from(sorted({*LANGUAGES} - {"ko"})),
    st.booleans(),
)
def test_dates_with_names_of_any_language_come_back(
    days: list[dt.date], language: str, short: bool
) -> None:
    names = LANGUAGES[language].short_months if short else LANGUAGES[language].months
    cells = [f"{day.day:02} {names[day.month - 1]} {day.year}" for day in days]
    found = typed(pl.Series("x", cells))
    assert found is not None
    assert found[0].to_list() == days
    assert spelled(*found).to_list() == cells


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 300_000), min_size=1, max_size=20), st.booleans())
def test_lengths_of_time_come_back(minutes: list[int], elided: bool) -> None:
    cells = [f"{minute // 60}h {minute % 60}m" for minute in minutes]
    if elided:
        cells = [cell.removesuffix(" 0m") if cell != "0h 0m" else "0m" for cell in cells]
        cells = [cell.removeprefix("0h ") for cell in cells]
    found = typed(pl.Series("x", ["1h 18m", *cells]))
    assert found is not None
    assert found[0].to_list() == [4680, *(minute * 60 for minute in minutes)]


def test_a_time_of_day_has_no_offset_of_its_own() -> None:
    """A cell such as 10:00:00+02 names no moment, and ended in a fault where offsets differ."""
    cells = ["10:00:00+02", "11:00:00-03"]
    assert all(map(datetimes.is_time_of_day, datetimes.lenient_formats(cells, "at")))
    data = tm.read(pl.DataFrame({"at": [*cells, None], "x": [1, 2, 3]}))
    assert data.frame["at"].to_list() == [*cells, None]

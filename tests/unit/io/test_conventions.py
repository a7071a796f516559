"""One column that proves a decimal mark settles the others of its file; what nothing proves is
told."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from tests.unit.io.opening import read
from tidemill.core.datetimes import order_shown
from tidemill.core.errors import InputError
from tidemill.core.numerals import decimal_shown
from tidemill.core.run import Run
from tidemill.io.conforming import conform


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        (["19,47", "3,50"], ","),
        (["1.234,5"], ","),
        (["1.234.567"], ","),
        (["0,125"], ","),
        (["1234,567"], ","),
        (["1 234,567"], ","),
        (["€ 12,50", "13 €"], ","),
        (["1.5"], "."),
        (["1,234.5"], "."),
        (["1,234,567"], "."),
        (["12,34,567"], "."),
        (["1'234.567"], "."),
        (["2.155", "12"], "either"),
        (["2,155", "12"], "either"),
        (["12", "13"], ""),
        (["1.5", "1,5"], ""),
        (["31.12", "05.01"], ""),
        (["05.01.2024"], ""),
        (["192.168.0.1"], ""),
        (["AB12.5X", "AB13.7Y"], ""),
        (["tea 1,5"], ""),
        ([None, ""], ""),
    ],
)
def test_the_decimal_mark_that_a_column_shows(cells: list[str], shown: str) -> None:
    assert decimal_shown(pl.Series("x", cells, dtype=pl.String)) == shown


def prices() -> dict[str, list[str]]:
    return {
        "price": [f"{i},{i % 10}5" for i in range(30)],
        "items": [f"{i % 9 + 1}.{i * 137 % 1000:03d}" for i in range(30)],
        "weight": [f"{i % 9 + 1},{i * 37 % 1000:03d}" for i in range(30)],
    }


def test_a_column_that_proves_a_comma_settles_the_others(run: Run) -> None:
    data = read(pl.DataFrame(prices()), run)
    assert data.frame.row(1) == (1.15, 2137, 2.037)
    assert "',' is the decimal mark, as other columns show" in data.schema["items"].reason
    assert not run.warnings


def test_what_nothing_proves_is_told_once(run: Run) -> None:
    data = read(pl.DataFrame(prices()).drop("price"), run)
    assert data.frame.row(1) == (2.137, 2037)
    [warning] = run.warnings
    assert "2 columns (items, weight)" in warning
    assert "'.' was taken" in data.schema["items"].reason


AMBIGUOUS = "{d}".join(("items", "weight")) + "\n" + "2.155{d}1\n3.020{d}2\n"


@pytest.mark.parametrize(
    ("delimiter", "query", "first", "warned"),
    [
        (",", "", 2.155, True),
        (";", "", 2155, True),
        (";", "?decimal=.", 2.155, False),
        (",", "?decimal=,", 2155, False),
    ],
)
def test_a_user_and_the_delimiter_say_what_nothing_proves(
    tmp_path: Path, run: Run, delimiter: str, query: str, first: float, warned: bool
) -> None:
    (tmp_path / "a.csv").write_text(AMBIGUOUS.replace("{d}", delimiter))
    assert read(f"{tmp_path / 'a.csv'}{query}", run).frame["items"][0] == first
    assert bool(run.warnings) == warned


def test_a_mark_that_is_none_is_refused(tmp_path: Path, run: Run) -> None:
    (tmp_path / "a.csv").write_text(AMBIGUOUS.replace("{d}", ","))
    with pytest.raises(InputError, match="no decimal mark"):
        read(f"{tmp_path / 'a.csv'}?decimal=x", run)


def test_columns_that_contradict_each_other_prove_nothing(run: Run) -> None:
    frame = pl.DataFrame({**prices(), "version": ["1.5", "1.6", "2.0"] * 10})
    assert read(frame, run).frame["items"][1] == 2.137
    assert len(run.warnings) == 1


def test_an_ordinary_file_is_not_doubted(run: Run) -> None:
    frame = pl.DataFrame({"a": ["1.5", "2.125"], "n": ["7", "8"], "s": ["x,y", "2.155 m"]})
    assert read(frame, run).frame.row(0) == (1.5, 7, "x,y")
    assert not run.warnings


def test_amounts_in_an_unknown_form_are_told(run: Run) -> None:
    frame = pl.DataFrame({"rate": [f"${i}.50/hr" for i in range(80)]})
    data = read(frame, run)
    assert data.schema["rate"].kind == "text"
    assert "looks like amounts (such as '$0.00/xx')" in run.warnings[0]


def test_numbers_of_different_units_are_told(run: Run) -> None:
    frame = pl.DataFrame({"price": [f"{'$€£'[i % 3]}{i}.50" for i in range(90)]})
    data = read(frame, run)
    assert data.schema["price"].kind == "text"
    assert "dollars', 'euros' and 'pounds" in data.schema["price"].reason
    assert "different units" in run.warnings[0]


def test_a_file_that_proves_nothing_is_read_as_the_rows_before_it(run: Run) -> None:
    before = read(pl.DataFrame(prices()), run)
    later = read(pl.DataFrame(prices()).drop("price").with_columns(price=pl.lit("7,25")), run)
    unproven = read(pl.DataFrame(prices()).drop("price"), Run())
    assert unproven.frame["items"][1] == 2.137
    like = before.select(["items", "weight"])
    assert conform(unproven, like, run).frame.equals(like.frame)
    assert conform(later, before, run).frame["items"].equals(before.frame["items"])


def test_decimals_are_not_cut_off_silently(run: Run) -> None:
    like = read(pl.DataFrame({"n": [1, 2, 3]}), run)
    conform(read(pl.DataFrame({"n": [1.5, 2.0]}), run), like, run)
    assert "decimals, which are cut off" in run.warnings[0]


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        (["13/02/2024", "02/03/2024"], "day"),
        (["02/13/2024", "02/03/2024"], "month"),
        (["13.02.24", "02.03.99"], "day"),
        (["Mon, 13/02/2024"], "day"),
        (["13/02/2024 10:05"], "day"),
        (["02/03/2024"], "either"),
        (["02.03.2024"], "day"),
        (["13/02/2024", "02/13/2024"], ""),
        (["24-01-05", "24-02-13"], ""),
        (["2024-02-13"], ""),
        (["10.12.0.1"], ""),
        (["tea"], ""),
        ([None, ""], ""),
    ],
)
def test_the_order_of_day_and_month_that_a_column_shows(cells: list[str], shown: str) -> None:
    assert order_shown(pl.Series("x", cells, dtype=pl.String)) == shown


@pytest.mark.parametrize(("form", "month"), [("%d/%m/%Y", 2), ("%m/%d/%Y", 1)])
def test_one_column_of_dates_settles_the_order_of_the_others(
    form: str, month: int, run: Run
) -> None:
    days = [dt.date(2024, 1, 1) + dt.timedelta(i * 5) for i in range(60)]
    table = {"paid": [day.strftime(form) for day in days], "due": ["01/02/2024", *unclear()[1:]]}
    data = read(pl.DataFrame(table), run)
    assert data.frame["due"][0] == dt.date(2024, month, 3 - month)
    assert "it is so in other columns of the file" in data.schema["due"].reason
    assert not run.warnings


def test_an_order_that_nothing_proves_is_told_once(run: Run) -> None:
    data = read(pl.DataFrame({"paid": unclear(), "due": unclear()}), run)
    assert data.frame["due"].dtype == pl.Date
    [warning] = run.warnings
    assert "2 columns (paid, due)" in warning


def test_firsts_of_months_tell_their_order(run: Run) -> None:
    firsts = [f"{i % 12 + 1:02}/01/2024" for i in range(60)]
    assert read(pl.DataFrame({"month": firsts}), run).frame["month"].dt.day().max() == 1
    assert not run.warnings


def test_dates_in_an_unknown_form_are_told(run: Run) -> None:
    months = ["Jan", "Feb", "Mar", "Apr"]
    frame = pl.DataFrame({"day": [f"{i % 28 + 1}-{months[i % 4]}" for i in range(100)]})
    data = read(frame, run)
    assert data.schema["day"].kind == "text"
    assert "looks like dates (such as '0-Xxx')" in run.warnings[0]


def unclear() -> list[str]:
    return [f"{i % 12 + 1:02}/{i * 5 % 12 + 1:02}/2024" for i in range(60)]


def test_days_as_sheets_count_them_are_told(run: Run) -> None:
    frame = pl.DataFrame({"order_date": [45296 + i % 90 for i in range(200)], "n": [45296] * 200})
    assert read(frame, run).schema["order_date"].kind == "number"
    [warning] = run.warnings
    assert "'order_date' holds numbers that may be dates" in warning


def test_later_dates_that_prove_no_order_are_read_as_the_rows_before(
    tmp_path: Path, run: Run
) -> None:
    before, later = tmp_path / "before.csv", tmp_path / "later.csv"
    before.write_text("day,n\n" + "".join(f"01/{day:02d}/2024,{day}\n" for day in range(2, 28)))
    later.write_text("day,n\n02/03/2024,1\n04/05/2024,2\n")
    like = read(before, run)
    rows = conform(read(later, run), like, run)
    assert rows["day"].to_list() == [dt.date(2024, 2, 3), dt.date(2024, 4, 5)]


@pytest.mark.parametrize(
    ("name", "most", "is_told"),
    [
        ("track_length", 7, True),
        ("track_length", 37, True),  # beyond a day's hours
        ("durée", 7, True),
        ("时长", 37, True),
        ("opened", 7, False),
        ("hours worked", 37, False),
    ],
)
def test_minutes_and_seconds_are_not_taken_for_hours_silently(
    run: Run, name: str, most: int, is_told: bool
) -> None:
    data = read(pl.DataFrame({name: [f"{i % most}:{10 + i % 50}" for i in range(80)]}), run)
    assert data.schema[name].kind == "number"
    assert data.frame[name][0] == 600
    told = [text for text in run.warnings if "minutes and seconds" in text]
    assert len(told) == is_told
    assert ("minutes and seconds" in data.schema[name].reason) == is_told

"""One column that proves a decimal mark settles the others of its file; what nothing proves is
told."""

from __future__ import annotations

import polars as pl
import pytest

from tests.unit.io.opening import read
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
    assert "looks like amounts (such as '$0.50/hr')" in run.warnings[0]


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

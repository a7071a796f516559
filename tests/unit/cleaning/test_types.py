from dataclasses import replace
from datetime import date, datetime

import polars as pl
import pytest

from tidemill.cleaning.types import CHECK
from tidemill.core.run import Run
from tidemill.core.schema import Spelling
from tidemill.core.spelling import spelled


def repaired(data, seen=None):
    diagnosis = CHECK.diagnose(seen or data, Run())
    return diagnosis, CHECK.repair(data, diagnosis.repair)


def test_numbers_in_text_become_numbers(table):
    diagnosis, done = repaired(table(x=["1,200", " 7 ", "n/a", "?", *["15"] * 40]))
    assert done.data["x"].head(4).to_list() == [1200, 7, None, None]
    assert done.changes.select("row", "before", "after").rows() == [
        (1, " 7 ", "7"),
        (2, "n/a", None),
        (3, "?", None),
    ]
    said = diagnosis.issues[0].sentence
    assert "42 cells hold one, 2 cells ('?' and 'n/a') do not, 1 cell is written" in said


def test_a_slip_of_the_pen_becomes_missing_and_is_logged(table):
    _, done = repaired(table(x=["12.5", "7.25", " 3"] * 40 + ["1O.5"]))
    assert done.data["x"].null_count() == 1
    assert done.changes.filter(pl.col("after").is_null())["before"].to_list() == ["1O.5"]
    assert set(done.changes.drop_nulls("after").select("before", "after").rows()) == {(" 3", "3")}


@pytest.mark.parametrize("odd", ["5+", "C1234"])
def test_text_that_means_something_keeps_the_column_text(table, odd):
    diagnosis, done = repaired(table(x=["1", "2 ", "3", "4"] * 25 + [odd] * 6))
    assert done.data["x"].dtype == pl.String
    assert odd in diagnosis.issues[0].sentence
    assert not diagnosis.issues[0].applied


def test_different_units_keep_the_column_text(table):
    diagnosis, done = repaired(table(x=["$5", "€6 ", "$7"] * 30))
    assert done.data["x"].dtype == pl.String
    assert "mix units" in diagnosis.issues[0].sentence


def test_dates_of_several_forms_are_read_the_same_way_later(table):
    seen = table(when=["2024-01-31", "31 Jan 2024", "05/02/2024", "13/02/2024"] * 20)
    diagnosis = CHECK.diagnose(seen, Run())
    done = CHECK.repair(table(when=["03/04/2024", "1 Feb 2024", "soon", None]), diagnosis.repair)
    assert done.data["when"].to_list() == [date(2024, 4, 3), date(2024, 2, 1), None, None]
    assert done.data.schema["when"].kind == "datetime"
    assert done.data.schema["when"].dtype == "Date"
    assert done.changes.select("before", "after").rows() == [
        ("1 Feb 2024", "01/02/2024"),
        ("soon", None),
    ]


def test_what_reading_has_understood_becomes_real(table):
    data = table(
        total=[1.5, None, 2.25] * 10, seen=[datetime(2024, 1, 1, 8)] * 30, clock=[3600] * 30
    )
    spelt = {
        "total": Spelling(missing=" "),
        "seen": Spelling(datetime="%Y-%m-%d %H:%M"),
        "clock": Spelling(datetime="%H:%M"),
    }
    columns = [
        replace(data.schema[name], dtype="String", spelling=spelling)
        for name, spelling in spelt.items()
    ]
    diagnosis, done = repaired(replace(data, schema=data.schema.replacing(*columns)))
    assert done.data.frame.equals(data.frame)
    assert [done.data.schema[name].dtype for name in spelt] == [
        "Float64",
        "Datetime(us)",
        "Time(s)",
    ]
    assert done.changes.height == 10
    assert done.changes.row(0) == (
        1,
        "total",
        " ",
        None,
        "a text that stands for 'missing' among numbers",
    )
    assert {issue.columns for issue in diagnosis.issues} == {("total",), ("seen",), ("clock",)}
    assert done.data.schema["total"].spelling.missing == ""


def test_ids_and_codes_stay(table):
    diagnosis, _ = repaired(
        table(kinds={"id": "id"}, id=["1 ", "2"] * 20, zip=["01234", "99 99"] * 20)
    )
    assert not diagnosis.issues


def test_telco_has_eleven_blank_charges(real, table):
    frame = real("telco_churn/telco_churn.parquet").select("TotalCharges")
    diagnosis, done = repaired(table(**frame.to_dict()))
    assert done.data["TotalCharges"].dtype == pl.Float64
    assert done.changes.height == 11
    assert done.changes["before"].unique().to_list() == [" "]
    assert done.data.schema["TotalCharges"].step == "0.01"
    assert diagnosis.issues[0].applied


def test_unknown_among_numbers_is_missing(table):
    _, done = repaired(table(x=["12", "7 ", "9.5"] * 30 + ["unknown"] * 5))
    assert done.data["x"].null_count() == done.changes["after"].null_count() == 5
    assert done.changes.height == 5 + 30


@pytest.mark.parametrize(
    "cells",
    [
        ["2024-01-31", "13/02/2024", "31 Jan 2024"] * 20,
        ["2024-01-31T09:00:00+01:00", "2024-01-31T09:00:00-05:00"] * 20,
        ["2024-01-31 09:00", "2024-01-30"] * 20,
        ["31-JAN-24", "30-jan-24"] * 20,
        ["1,200", " 7 ", "15"] * 20,
    ],
)
def test_the_log_says_what_is_written(table, cells):
    data = table(x=cells)
    columns = replace(data.schema["x"], dtype="String", spelling=Spelling())
    _, done = repaired(replace(data, schema=data.schema.replacing(columns)))
    written = spelled(done.data["x"], done.data.schema["x"].spelling)
    changed = written != pl.Series(cells)
    assert done.changes["after"].to_list() == written.filter(changed).to_list()


def test_local_time_is_kept_and_the_loss_of_offsets_is_told(table):
    cells = ["2024-01-31T09:00:00+01:00", "2024-01-31T10:00:00-05:00"] * 20
    diagnosis, done = repaired(table(x=cells))
    assert done.data["x"].dt.hour().head(2).to_list() == [9, 10]
    assert done.changes.height == 40
    assert "their offsets from UTC are dropped" in diagnosis.issues[0].action


def test_a_letter_among_codes_is_one_of_them(table):
    cells = [str(i % 10) for i in range(600)] + ["A"] * 5
    diagnosis, done = repaired(table(display=cells))
    assert done.data["display"].to_list() == cells
    (issue,) = diagnosis.issues
    assert not issue.applied
    assert "'A' in 5 cells" in issue.sentence


def test_a_word_that_comes_once_among_few_numbers_is_none_of_them(table):
    _, done = repaired(table(rating=[str(i % 5 + 1) for i in range(600)] + ["good"]))
    assert done.data["rating"].null_count() == 1


def test_rows_are_counted_from_one(table):
    diagnosis, _ = repaired(table(x=["12.5", " 7.25", "3.5", "8"] * 40 + ["soon"]))
    assert "look at row 161:" in diagnosis.issues[0].sentence

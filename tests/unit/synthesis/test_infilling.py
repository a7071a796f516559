"""A user's rows in a model's types."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

import tidemill as tm
from tests.conformance.tables import business
from tidemill.core.errors import DataError, InputError, OptionError
from tidemill.core.run import Run

DAYS = [f"{m:02d}/{d:02d}/2024" for m in range(1, 13) for d in range(1, 28)]


def dated(folder: Path) -> tm.Synthesizer:
    """A model of a file whose dates have the month first, whose numbers have decimal commas, and
    whose codes have zeros."""
    n = len(DAYS)
    pl.DataFrame(
        {
            "day": DAYS,
            "price": [f"{k % 9},{k % 100:02d}" for k in range(n)],
            "code": [f"0{k % 7}" for k in range(n)],
            "good": ["TRUE" if k % 3 else "FALSE" for k in range(n)],
        }
    ).write_csv(folder / "train.csv", separator=";")
    return tm.fit(tm.read(folder / "train.csv"), model="independent")


def test_text_is_read_as_the_model_writes_it(tmp_path: Path) -> None:
    model = dated(tmp_path)
    (tmp_path / "rows.csv").write_text("day;price;code;good\n02/03/2024;1,25;01;TRUE\n;;;\n")
    rows = tm.read(tmp_path / "rows.csv")
    given = model.read_given(rows)
    assert given.known.frame.row(0) == (date(2024, 2, 3), 1.25, "01", True)
    assert model.infill(rows)["day"][0] == date(2024, 2, 3)
    filled = model.infill_drawn(rows, run=Run())
    tm.write(filled.data, tmp_path / "filled.csv")
    assert (tmp_path / "filled.csv").read_text().splitlines()[:2] == [
        "day,price,code,good",
        '02/03/2024,"1,25",01,TRUE',
    ]


def test_whole_numbers_beside_missing_ones() -> None:
    pandas = pytest.importorskip("pandas")
    model = tm.fit(business(200).drop("note"), model="independent")
    rows = pandas.DataFrame(
        {"age": [30, None, 50], "active": [True, None, False], "other": [1, 2, 3]}
    )
    filled = model.infill(rows)
    assert isinstance(filled, pandas.DataFrame)
    assert filled["age"].iloc[[0, 2]].tolist() == [30, 50]
    assert filled["other"].tolist() == [1, 2, 3]
    assert filled["active"].iloc[[0, 2]].tolist() == [True, False]


def test_given_ids_and_texts_pass_through() -> None:
    rows = (
        business(50, seed=4)
        .select("customer_id", "note", "age")
        .with_columns(
            pl.when(pl.col("age") > 50).then("customer_id"), pl.lit(None, pl.String).alias("note")
        )
    )
    fresh = tm.fit(business(200), model="independent", options={"text.model": "none"})
    filled = fresh.infill(rows)
    assert filled["customer_id"].equals(rows["customer_id"])
    assert filled["note"].null_count() == 50
    learned = tm.fit(business(200), model="independent").infill(rows)
    assert learned["customer_id"].equals(rows["customer_id"])
    assert learned["note"].null_count() < 50


@pytest.mark.parametrize(
    ("rows", "error", "said"),
    [
        (pl.DataFrame({"x": [1]}), DataError, "none of the model's columns"),
        (pl.DataFrame({"age": ["old"] * 20}), DataError, "100 % of its values cannot be read"),
        ("rows.csv", InputError, "a str is no table"),
        (pl.DataFrame({"age": [30], "draw": [1]}), DataError, "a column 'draw' already"),
    ],
)
def test_what_cannot_be_used_is_refused(rows: object, error: type[Exception], said: str) -> None:
    model = tm.fit(business(200), model="independent")
    with pytest.raises(error, match=said):
        model.infill(rows, draws=2)


def test_numbers_of_draws_and_rows() -> None:
    model = tm.fit(business(200), model="independent")
    with pytest.raises(OptionError, match="0 draws"):
        model.infill(business(5), draws=0)
    with pytest.raises(OptionError, match="how many rows"):
        model.sample()
    with pytest.raises(OptionError, match="not both at once"):
        model.sample(like=business(5), balance={"plan": "equal"})

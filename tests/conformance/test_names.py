"""A column may be called anything: no name is a pattern, or one that the work needs for itself."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import tidemill as tm
from tests.conformance.tables import business
from tidemill.core.run import Run

CALLED = {
    "customer_id": "key",
    "age": "*",
    "plan": "^b.*$",
    "fee": "seen",
    "since": "\x1b[31mred",
    "last_seen": "x" * 10_000,
    "active": "holds",
    "note": "level",
    "churn": "^.*$",
}


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return business(240).rename(CALLED)


@pytest.fixture(scope="module")
def data(frame: pl.DataFrame) -> tm.Dataset:
    return tm.read(frame, target="^.*$_")


def test_names_that_polars_takes_for_patterns_are_told(frame: pl.DataFrame) -> None:
    run = Run()
    data = tm.read(frame, run=run)
    assert data.schema.names[1:3] == ("*", "^b.*$_")
    assert "the column '^b.*$' of the table is called '^b.*$_'." in run.warnings
    assert data.frame["*"].to_list() == frame["*"].to_list()
    assert data.frame["^b.*$_"].to_list() == frame["^b.*$"].to_list()


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "jsonl", "xlsx"])
def test_every_format_takes_them(ending: str, frame: pl.DataFrame, tmp_path: Path) -> None:
    tm.write(tm.read(frame), tmp_path / f"data.{ending}")
    again = tm.read(tmp_path / f"data.{ending}")
    assert again.schema.names[1:3] == ("*", "^b.*$_")
    assert again.frame["*"].to_list() == frame["*"].to_list()


def test_cleaning_and_splitting_are_as_under_plain_names(data: tm.Dataset) -> None:
    plain = tm.read(business(240), target="churn")
    for one, other in ((data, plain), (tm.clean(data).data, tm.clean(plain).data)):
        assert one.frame.rows() == other.frame.rows()
    for one, other in zip(tm.split(data), tm.split(plain), strict=True):
        assert one.frame.rows() == other.frame.rows()


def test_what_is_found_is_as_under_plain_names(data: tm.Dataset) -> None:
    plain = tm.read(business(240), target="churn")
    found, expected = (tm.mine(one, seed=1) for one in (data, plain))
    assert len(list(found)) == len(list(expected))
    train, _ = tm.split(data)
    for finding in found:
        assert finding.condition.mask(train.frame).sum() >= 0


def test_a_model_makes_asks_and_fills_in_such_columns(data: tm.Dataset, tmp_path: Path) -> None:
    model = tm.fit(data, seed=1)
    model = tm.Synthesizer.load(model.save(tmp_path / "m.tidemill"))
    made = model.sample(60, ["*>=40", "^b.*$_=team"], seed=1)
    assert made["*"].min() >= 40
    assert set(made["^b.*$_"]) == {"team"}
    assert set(model.sample(40, balance={"^.*$_": "equal"}, seed=1)["^.*$_"]) == {"Yes", "No"}
    filled = model.infill(made.with_columns(pl.lit(None, pl.String).alias("^b.*$_")), seed=1)
    assert filled["^b.*$_"].null_count() == 0
    answer = tm.what_if(model, data, {"*": 30}, draws=2)
    assert answer.data.frame.height > 0
    assert tm.score(model, data).data.frame.height == len(data)


def test_rows_are_measured_under_such_names(data: tm.Dataset) -> None:
    train, holdout = tm.split(data)
    made = tm.fit(train, model="independent").sample_dataset(len(train), run=Run(1))
    assert len(list(tm.evaluate(train, holdout, made))) > 10

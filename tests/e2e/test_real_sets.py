"""The whole job on the shared real sets, as a stranger would run it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tests.e2e.conftest import Tidemill
from tidemill.metrics.detection import judged_by_trees

SETS = {
    "adult": ("adult/adult.parquet", "income"),
    "telco_churn": ("telco_churn/telco_churn.parquet", "Churn"),
    "online_shoppers": ("online_shoppers/online_shoppers.parquet", "Revenue"),
    "bank_marketing": ("bank_marketing/bank_additional_full.parquet", "y"),
    "german_credit": ("german_credit/german_credit.parquet", "Credit_risk"),
    "magic": ("magic/magic.parquet", "class"),
    "creditcard_fraud": ("creditcard_fraud/creditcard_fraud_original_precision.parquet", "Class"),
    "hillstrom": ("hillstrom/hillstrom.parquet", "visit"),
    "groceries": ("groceries/groceries.parquet", None),
}


def turned(name: str, real: Path, out: Path, tidemill: Tidemill) -> dict[str, object]:
    path, target = SETS[name]
    done = tidemill(
        "run", real / path, *(["--target", target] if target else []), "--out", out, "--quiet"
    )
    assert done.code == 0, done.err
    return {
        score["name"]: score
        for score in json.loads((out / "scores.json").read_text())["scores"]
        if not score["column"]
    }


def test_telco_from_dirt_to_report(real: Path, tmp_path: Path, tidemill: Tidemill) -> None:
    scores = turned("telco_churn", real, tmp_path / "out", tidemill)
    changes = pl.read_parquet(tmp_path / "out" / "changes.parquet")
    assert changes["column"].to_list() == ["TotalCharges"] * 11
    cleaned = pl.read_parquet(tmp_path / "out" / "clean.parquet")
    assert cleaned.schema["TotalCharges"] == pl.Float64
    assert cleaned["TotalCharges"].null_count() == 11
    made = pl.read_parquet(tmp_path / "out" / "synthetic.parquet")
    assert made.schema == cleaned.schema
    assert not set(made["customerID"]) & set(cleaned["customerID"])
    assert made["customerID"].str.contains(r"^\d{4}-[A-Z]{5}$").all()
    assert scores["detection by trees (AUC)"]["value"] < 0.62
    found = {
        finding["technique"]
        for finding in json.loads((tmp_path / "out" / "findings.json").read_text())
    }
    assert {"drivers", "segments", "rules"} <= found


def test_whole_milk_is_in_a_quarter_of_the_baskets(real: Path) -> None:
    found = tm.mine(real / SETS["groceries"][0], techniques=["rules"])
    baskets = {
        row[0]: row[1] for f in found if f.name == "items" and f.table for row in f.table.rows
    }
    assert baskets["whole milk"] / 9835 == pytest.approx(0.2555, abs=0.0001)
    assert len(found.of("rules", "rule")) >= 5


def test_trees_on_the_halves_of_adult(real: Path) -> None:
    data = tm.read(real / "adult" / "adult.parquet", target="income", ignore=["split"])
    data = data.select([column.name for column in data.schema if column.role != "ignore"])
    order = np.random.default_rng(0).permutation(len(data))
    train, holdout = data.rows(order[: len(data) // 2]), data.rows(order[len(data) // 2 :])
    made = tm.fit(train).sample_dataset(len(train), run=tm.Run())
    assert judged_by_trees(holdout, made, tm.Run()).auc.value < 0.555


@pytest.mark.slow
def test_northwind_from_tables_to_the_answer(
    real: Path, tmp_path: Path, tidemill: Tidemill
) -> None:
    base = real / "northwind" / "northwind.sqlite"
    if not base.exists():
        pytest.skip("northwind is not there")
    kept = ("Categories", "Products", "Regions", "Shippers", "Suppliers", "Territories")
    words = [word for name in kept for word in ("--keep-table", name)]
    done = tidemill("run", base, *words, "--out", tmp_path / "out", "--quiet")
    assert done.code == 0, done.err
    scores = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert scores["root"] == "Customers"
    assert scores["light"] == "not known"  # 28 customers are held out
    assert all(link["scores"][0]["value"] == 1 for link in scores["links"])
    [orders] = [one for one in scores["tables"] if one["table"] == "Orders"]
    first = orders["scores"][0]
    assert first["ceiling"] < first["value"] < first["floor"] - 0.1
    assert {one["table"] for one in scores["tables"] if one["kept"]} == set(kept)
    again = tidemill("evaluate", tmp_path / "out", "--out", tmp_path / "again.json")
    assert again.code == 0, again.err
    assert (tmp_path / "again.json").read_text() == (tmp_path / "out" / "scores.json").read_text()


@pytest.mark.slow
def test_all_of_adult_is_learned(real: Path) -> None:
    # with histograms by row, LightGBM 4.7 wrote beyond its memory here
    model = tm.fit(real / "adult" / "adult.parquet", target="income")
    assert len(model.sample(100)) == 100


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_every_set_turns(name: str, real: Path, tmp_path: Path, tidemill: Tidemill) -> None:
    scores = turned(name, real, tmp_path / "out", tidemill)
    trees = scores["detection by trees (AUC)"]
    assert trees["value"] < (trees["floor"] + trees["ceiling"]) / 2 + 0.05
    assert scores["closeness to training rows"]["figures"]["share"] < 0.56
    if SETS[name][1]:
        utility = scores["utility, mean of the learners"]
        assert utility["value"] > utility["ceiling"] - 0.06

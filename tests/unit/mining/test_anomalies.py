from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from tests.unit.mining.tables import customers, halves, table
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Kind
from tidemill.mining.anomalies import anomalies


def payments(rows: int = 4000, seed: int = 0) -> Dataset:
    """Rows of which 2 % are far out in three columns at once; most of those are marked."""
    rng = np.random.default_rng(seed)
    odd = rng.random(rows) < 0.02
    columns = {
        f"x{k}": rng.normal(size=rows) + odd * rng.normal(6, 1, rows) * (k < 3) for k in range(6)
    }
    frame = pl.DataFrame(
        {
            "card": [f"secret-{k}" for k in range(rows)],
            **columns,
            "shop": rng.choice(["a", "b"], rows),
            "fraud": (odd & (rng.random(rows) < 0.8)).astype(int),
        }
    )
    kinds: dict[str, Kind] = {
        "card": "id",
        **dict.fromkeys(columns, "number"),
        "shop": "category",
        "fraud": "boolean",
    }
    return table(frame, kinds, {"fraud": "target"})


def test_odd_rows_are_found_explained_and_checked_against_the_known_ones() -> None:
    train, holdout = halves(payments())
    found = list(anomalies(train, holdout, Run()))
    overview = next(f for f in found if f.name == "overview")
    assert 10 < overview.support < 40
    assert {"x0", "x1", "x2"} <= {
        column for f in found if f.name == "anomaly" for column in f.columns
    }
    known = next(f for f in found if f.name == "known anomalies")
    assert known.strength > 0.5 > 0.05 > known.figures["base_rate"]
    assert known.figures["precision_at"] > 0.5
    for finding in found:
        if finding.condition.tests:
            assert finding.support == finding.condition.mask(holdout.frame).sum() >= 1


def test_rows_are_named_by_their_place_and_never_by_their_id() -> None:
    train, holdout = halves(payments())
    found = list(anomalies(train, holdout, Run()))
    assert "secret" not in json.dumps([finding.to_state() for finding in found])
    overview = next(f for f in found if f.name == "overview")
    assert overview.table is not None
    assert len(overview.table.columns) <= 2 + 5
    place = int(overview.table.rows[0][0]) - 1
    column = overview.table.columns[2]
    assert overview.table.rows[0][2] == holdout[column][place]


def test_a_combination_that_hardly_occurs_is_told() -> None:
    rng = np.random.default_rng(0)
    role = rng.choice(["husband", "wife", "child"], 6000)
    sex = np.where(
        role == "husband", "m", np.where(role == "wife", "f", rng.choice(["m", "f"], 6000))
    )
    sex[np.flatnonzero(role == "husband")[:4]] = "f"
    frame = pl.DataFrame({"role": role, "sex": sex, "x": rng.normal(size=6000)}).sample(
        fraction=1, shuffle=True, seed=1
    )
    train, holdout = halves(table(frame, {"role": "category", "sex": "category", "x": "number"}))
    found = [f for f in anomalies(train, holdout, Run()) if f.name == "combination"]
    assert any(set(f.columns) == {"role", "sex"} and "'husband'" in f.sentence for f in found)


def test_two_numbers_that_go_together_are_no_odd_combination() -> None:
    rng = np.random.default_rng(0)
    age = rng.choice([22, 27, 32, 37, 42], 6000)
    married = np.where(age <= 27, rng.choice([1.5, 2.5], 6000), rng.choice([7.5, 15.5], 6000))
    married[np.flatnonzero(age == 42)[:4]] = 2.5
    frame = pl.DataFrame({"age": age, "married": married, "x": rng.normal(size=6000)})
    train, holdout = halves(table(frame, {"age": "number", "married": "number", "x": "number"}))
    assert not [f for f in anomalies(train, holdout, Run()) if f.name == "combination"]


def test_a_column_that_repeats_another_does_not_make_rows_odd() -> None:
    rng = np.random.default_rng(0)
    item = rng.choice(50, 3000, p=np.arange(1, 51) / 1275)
    frame = pl.DataFrame(
        {
            "item": [f"i{k}" for k in item],
            "shelf": [f"s{k // 2}" for k in item],
            "x": rng.normal(size=3000),
        }
    )
    assert not list(
        anomalies(
            *halves(table(frame, {"item": "category", "shelf": "category", "x": "number"})), Run()
        )
    )


def test_small_or_narrow_tables_give_nothing() -> None:
    assert not list(anomalies(*halves(customers(80)), Run()))
    assert not list(anomalies(*halves(customers().select(["fee"])), Run()))


def test_creditcard_fraud(real: Callable[[str], pl.DataFrame]) -> None:
    frame = real("creditcard_fraud/creditcard_fraud_original_precision.parquet")
    kinds: dict[str, Kind] = {**dict.fromkeys(frame.columns, "number"), "Class": "boolean"}
    found = list(anomalies(*halves(table(frame, kinds, {"Class": "target"})), Run()))
    known = next(f for f in found if f.name == "known anomalies")
    assert known.strength > 0.4
    assert known.figures["base_rate"] == pytest.approx(0.022, abs=0.005)

"""`run`, `evaluate` and `audit` show one light of privacy for the same rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tests.unit.auditing.leaky import halves, jittered
from tidemill.core.dataset import Dataset
from tidemill.core.light import Light

SETS = {
    "adult": ("adult/adult.parquet", "income"),
    "bank_marketing": ("bank_marketing/bank_full.parquet", "y"),
    "compas": ("compas/compas.parquet", "two_year_recid"),
    "creditcard_fraud": ("creditcard_fraud/creditcard_fraud_original_precision.parquet", "Class"),
    "german_credit": ("german_credit/german_credit.parquet", "Credit_risk"),
    "hillstrom": ("hillstrom/hillstrom.parquet", "visit"),
    "ihdp": ("ihdp/ihdp.parquet", None),
    "magic": ("magic/magic.parquet", "class"),
    "online_shoppers": ("online_shoppers/online_shoppers.parquet", "Revenue"),
    "pizzaplace": ("pizzaplace/pizzaplace.parquet", None),
    "rhc": ("rhc/rhc.parquet", "death_d30"),
    "telco_churn": ("telco_churn/telco_churn.parquet", "Churn"),
}


def lights(train: Dataset, holdout: Dataset, made: Dataset) -> tuple[Light | None, Light]:
    """By evaluation and by an audit."""
    scores = tm.evaluate(train, holdout, made, metrics=["privacy"])
    return scores.light, tm.audit(None, train, holdout, synthetic=made).light


def of_run(real: Path, name: str, rows: int) -> set[Light | None]:
    path, target = SETS[name]
    frame = pl.read_parquet(real / path)
    turned = tm.run(frame.sample(min(rows, frame.height), seed=1), target=target)
    again = lights(turned.train, turned.holdout, turned.synthetic)
    planted = tm.audit(
        turned.model, turned.train, turned.holdout, synthetic=turned.synthetic, canaries=40
    )
    assert planted.light in (*again, "red")
    return {turned.scores.light, *again}


def test_a_run_an_evaluation_and_an_audit(real: Path) -> None:
    assert len(of_run(real, "telco_churn", 600)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_on_real_tables(name: str, real: Path) -> None:
    assert len(of_run(real, name, 4000)) == 1


@pytest.mark.parametrize(
    ("made", "light"), [("copies", {"red"}), ("noisy", {"red"}), ("unseen", {"green", "not known"})]
)
def test_planted_leaks(made: str, light: set[str]) -> None:
    train, others = halves(4000, seed=1)
    holdout, unseen = others.rows(np.arange(600)), others.rows(np.arange(600, 1200))
    rows = {"copies": train, "noisy": jittered(train), "unseen": unseen}[made]
    by_evaluation, by_audit = lights(train, holdout, rows)
    assert by_evaluation == by_audit
    assert by_audit in light

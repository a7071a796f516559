"""Small tables that every registered thing must cope with."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.io.reading import read


def business(rows: int = 400, seed: int = 0) -> pl.DataFrame:
    """Every kind of column, with relations between them and missing values."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 80, rows)
    plan = np.array(["solo", "team", "enterprise"])[np.minimum(rng.poisson(age / 50), 2)]
    fee = np.round(rng.gamma(2, 20, rows) + 30 * (plan == "team"), 2)
    churn = np.where(rng.random(rows) < 1 / (1 + np.exp((age - 45) / 8)), "Yes", "No")
    missing = rng.random(rows) < 0.1
    return pl.DataFrame(
        {
            "customer_id": [f"C-{k:05d}" for k in rng.permutation(rows)],
            "age": age,
            "plan": plan,
            "fee": pl.Series(fee).scatter(np.flatnonzero(missing), None),
            "since": [
                date(2015, 1, 1) + timedelta(days=int(d)) for d in rng.integers(0, 3000, rows)
            ],
            "last_seen": [
                datetime(2024, 1, 1 + d % 28, d % 24, 30, tzinfo=UTC)
                for d in rng.integers(0, 600, rows)
            ],
            "active": rng.random(rows) < 0.6,
            "note": [
                " ".join(rng.choice(["late", "paid", "called", "again", "ok"], 6))
                for _ in range(rows)
            ],
            "churn": churn,
        }
    )


def independent(rows: int = 600, seed: int = 0) -> pl.DataFrame:
    """Columns that have nothing to do with each other."""
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "a": rng.normal(size=rows).round(3),
            "b": rng.exponential(size=rows).round(3),
            "c": rng.integers(0, 30, rows),
            "d": rng.choice(["x", "y", "z"], rows),
            "e": rng.choice(list("pqrstuv"), rows),
            "target": rng.choice(["yes", "no"], rows),
        }
    )


def dataset(frame: pl.DataFrame, target: str | None = None) -> Dataset:
    return read(frame, Run(), target=target)

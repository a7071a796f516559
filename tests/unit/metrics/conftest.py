"""A population with relations between columns of every kind, and the sets that are drawn from
it."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tidemill.auditing.attacking import attack
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.core.score import Evidence

SCHEMA = Schema(
    (
        Column("id", "id", "key"),
        Column("age", "number", step="1"),
        Column("fee", "number", nullable=True),
        Column("plan", "category"),
        Column("sex", "category", "sensitive"),
        Column("since", "datetime"),
        Column("churn", "boolean", "target"),
    )
)


def people(rows: int, seed: int) -> Dataset:
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 80, rows)
    plan = np.minimum(rng.poisson(age / 25), 4)
    fee = np.round(age * 1.5 + 20 * plan + rng.normal(0, 8, rows), 2)
    leaves = rng.random(rows) < 1 / (1 + np.exp((fee - 150) / 25))
    gone = rng.random(rows) < np.where(plan == 0, 0.3, 0.02)
    days = 9000 - 100 * age + rng.integers(0, 400, rows)
    return Dataset(
        pl.DataFrame(
            {
                "id": [f"{seed}-{k}" for k in range(rows)],
                "age": age,
                "fee": pl.Series(fee).scatter(np.flatnonzero(gone), None),
                "plan": [f"plan {p}" for p in plan],
                "sex": rng.choice(["f", "m"], rows),
                "since": [dt.date(2000, 1, 1) + dt.timedelta(days=int(d)) for d in days],
                "churn": leaves,
            }
        ),
        SCHEMA,
    )


def unrelated(data: Dataset, rows: int, seed: int) -> Dataset:
    """The same columns, each drawn by itself."""
    rng = np.random.default_rng(seed)
    return data.with_frame(
        pl.DataFrame(
            {
                name: data.frame[name][rng.integers(0, len(data), rows)]
                for name in data.frame.columns
            }
        )
    )


@pytest.fixture(scope="session")
def evidence() -> Callable[..., Evidence]:
    """Evidence whose synthetic rows are "real", "unrelated", or a "copy" of the training rows."""

    def make(kind: str = "real", train: int = 1400, holdout: int = 600) -> Evidence:
        data = people(train, 1)
        synthetic = {
            "real": lambda: people(train, 3),
            "unrelated": lambda: unrelated(data, train, 4),
            "copy": lambda: data,
        }[kind]()
        floor = unrelated(data, train, 5)
        return Evidence(data, people(holdout, 2), synthetic, floor, attack=attack)

    return make


@pytest.fixture
def run() -> Run:
    return Run(seed=7)


@pytest.fixture
def real() -> Callable[[str], pl.DataFrame]:
    """Reads a shared real table, or skips."""

    def load(path: str) -> pl.DataFrame:
        folder = Path(
            os.environ.get("TIDEMILL_DATA", Path(__file__).parents[4] / "shared" / "data")
        )
        if not (folder / path).exists():
            pytest.skip(f"no real data in {folder} (set TIDEMILL_DATA)")
        return pl.read_parquet(folder / path)

    return load

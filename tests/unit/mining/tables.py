"""Small tables with and without something to find."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column, Kind, Role, Schema

Halves = tuple[Dataset, Dataset]


def table(
    frame: pl.DataFrame, kinds: dict[str, Kind], roles: dict[str, Role] | None = None
) -> Dataset:
    roles = roles or {}
    return Dataset(
        frame,
        Schema(
            tuple(Column(name, kinds[name], roles.get(name, "feature")) for name in frame.columns)
        ),
    )


def halves(data: Dataset, seed: int = 0, share: float = 0.3) -> Halves:
    held = np.random.default_rng([seed, 99]).random(len(data)) < share
    return data.rows(~held), data.rows(held)


def independent(rows: int, seed: int, target: str | None = "yes or no") -> Halves:
    """Columns of many shapes that have nothing to do with each other."""
    rng = np.random.default_rng(seed)
    columns: dict[str, tuple[Any, Kind]] = {
        "normal": (rng.normal(size=rows), "number"),
        "skewed": (rng.exponential(size=rows) ** 2, "number"),
        "counts": (rng.poisson(3, rows), "number"),
        "two humps": (
            np.where(rng.random(rows) < 0.5, rng.normal(0, 1, rows), rng.normal(8, 1, rows)),
            "number",
        ),
        "mostly zero": (np.where(rng.random(rows) < 0.8, 0.0, rng.normal(10, 3, rows)), "number"),
        "letter": (rng.choice(list("abcde"), rows, p=[0.5, 0.2, 0.15, 0.1, 0.05]), "category"),
        "many": (rng.choice([f"level {k}" for k in range(40)], rows), "category"),
        "rare": (rng.choice(["x", "y"], rows, p=[0.97, 0.03]), "boolean"),
    }
    if target:
        kinds: dict[str, tuple[Any, Kind]] = {
            "yes or no": (rng.choice(["no", "yes"], rows, p=[0.8, 0.2]), "boolean"),
            "rarely yes": (rng.choice(["no", "yes"], rows, p=[0.97, 0.03]), "boolean"),
            "classes": (rng.choice(list("pqrs"), rows), "category"),
            "number": (rng.normal(size=rows), "number"),
        }
        columns["target"] = kinds[target]
    frame = pl.DataFrame({name: values for name, (values, _) in columns.items()})
    hole = pl.Series(rng.random(rows) < 0.2)
    frame = frame.with_columns(pl.when(~hole).then(pl.col("normal")).alias("normal"))
    return halves(
        table(
            frame,
            {name: kind for name, (_, kind) in columns.items()},
            {"target": "target"} if target else {},
        ),
        seed,
    )


def customers(rows: int = 3000, seed: int = 0) -> Dataset:
    """Three kinds of customers; who leaves depends on the contract and the tenure; one column is
    noise."""
    rng = np.random.default_rng(seed)
    group = rng.choice(3, rows, p=[0.5, 0.3, 0.2])
    contract = np.where(group == 0, "monthly", np.where(group == 1, "yearly", "none"))
    tenure = np.clip(
        np.round(np.array([6, 40, 20])[group] + rng.normal(0, 4, rows)), 0, None
    ).astype(int)
    fee = np.round(np.array([80.0, 60.0, 15.0])[group] + rng.normal(0, 5, rows), 2)
    lines = np.where(group == 2, "no", rng.choice(["one", "two"], rows))
    chance = np.where(contract == "monthly", 0.55, 0.08) - 0.01 * np.clip(tenure, 0, 10) * (
        contract == "monthly"
    )
    leaves = np.where(rng.random(rows) < chance, "Yes", "No")
    frame = pl.DataFrame(
        {
            "id": [f"c{k}" for k in range(rows)],
            "contract": contract,
            "tenure": tenure,
            "fee": fee,
            "lines": lines,
            "noise": rng.normal(size=rows),
            "leaves": leaves,
        }
    )
    return table(
        frame,
        {
            "id": "id",
            "contract": "category",
            "tenure": "number",
            "fee": "number",
            "lines": "category",
            "noise": "number",
            "leaves": "boolean",
        },
        {"leaves": "target"},
    )

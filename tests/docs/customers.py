"""The table that the documentation's examples speak of: customers of a subscription service, a
little dirty."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

ROWS = 400


def customers() -> pl.DataFrame:
    """400 customers: most who leave are on monthly contracts, new, and call support often."""
    rng = np.random.default_rng(20240611)
    plan = rng.choice(["solo", "team", "enterprise"], ROWS, p=[0.5, 0.35, 0.15])
    contract = np.where(rng.random(ROWS) < np.where(plan == "solo", 0.7, 0.35), "monthly", "yearly")
    months = rng.integers(1, 60, ROWS)
    calls = rng.poisson(np.where(contract == "monthly", 2.5, 1.0))
    seats = np.where(plan == "solo", 1, rng.integers(2, 40, ROWS))
    fee = np.round(9.5 + 6.25 * seats + rng.gamma(2, 2, ROWS), 2)
    chance = 1 / (
        1 + np.exp(2.6 - 3.0 * (contract == "monthly") - 0.5 * (calls - 2) + 0.06 * (months - 20))
    )
    churn = np.where(rng.random(ROWS) < chance, "yes", "no")
    text = pl.Series("monthly_fee", [f"{value:.2f}" for value in fee])
    return pl.DataFrame(
        {
            "customer_id": [
                f"C-{number:05d}" for number in rng.choice(90_000, ROWS, replace=False) + 10_000
            ],
            "signed_up": [
                date(2024, 6, 1) - timedelta(days=int(30 * m + rng.integers(30))) for m in months
            ],
            "plan": [f" {name.title()}" if k % 97 == 0 else name for k, name in enumerate(plan)],
            "contract": contract,
            "region": [
                "?" if k % 41 == 0 else name
                for k, name in enumerate(rng.choice(["north", "south", "east", "west"], ROWS))
            ],
            "seats": seats,
            "monthly_fee": text.set(pl.Series(rng.random(ROWS) < 0.04), None),
            "support_calls": calls,
            "email": [f"user{number}@example.com" for number in rng.permutation(ROWS)],
            "churn": churn,
        }
    )


def write(folder: Path) -> Path:
    """Write customers.csv into a folder."""
    path = folder / "customers.csv"
    customers().write_csv(path)
    return path

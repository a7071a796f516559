"""The real tables, each shuffled with a fixed seed and cut into a half to learn and a half to judge
by.

They are not part of the project: TIDEMILL_DATA says where they are, else ../shared/data.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

import tidemill as tm
from tidemill.core.dataset import Dataset

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("TIDEMILL_DATA", ROOT.parent / "shared" / "data"))
SETS = {
    "adult": ("adult/adult.parquet", "income", ["split"]),
    "magic": ("magic/magic.parquet", "class", []),
    "online_shoppers": ("online_shoppers/online_shoppers.parquet", "Revenue", []),
    "telco_churn": ("telco_churn/telco_churn.parquet", "Churn", []),
    "bank_marketing": ("bank_marketing/bank_additional_full.parquet", "y", []),
    "german_credit": ("german_credit/german_credit.parquet", "Credit_risk", []),
}
MOST_DECIMALS = 6


def halves(name: str) -> tuple[Dataset, Dataset]:
    """The half to learn and the half to judge by; ids and ignored columns are left out."""
    path, target, ignore = SETS[name]
    data = tm.read(SHARED / path, target=target, ignore=ignore)
    data = data.select([column.name for column in data.schema.modelled])
    order = np.random.default_rng(0).permutation(len(data))
    half = len(data) // 2
    return data.rows(order[:half]), data.rows(order[half : 2 * half])


def handed_out(train: Dataset, folder: Path) -> None:
    """Write what a peer reads: categories and booleans as text, numbers as they are, and which is
    which."""
    kinds = {
        column.name: "number" if column.kind == "number" else "category" for column in train.schema
    }
    dates = [column.name for column in train.schema if column.kind == "datetime"]
    if dates:
        raise SystemExit(f"the peers are not given dates, but {dates} are")
    train.frame.with_columns(
        pl.col(name).cast(pl.String) for name, kind in kinds.items() if kind == "category"
    ).write_parquet(folder / "train.parquet")
    (folder / "columns.json").write_text(json.dumps(kinds), encoding="utf-8")


def taken_back(frame: pl.DataFrame, train: Dataset) -> Dataset:
    """A peer's rows as a Dataset: text to the levels' own type, numbers rounded to the decimals
    that their column has."""
    columns = [_column(frame[column.name], train.frame[column.name]) for column in train.schema]
    schema = train.schema.replacing(
        *(
            replace(column, nullable=column.nullable or bool(values.null_count()))
            for column, values in zip(train.schema, columns, strict=True)
        )
    )
    return Dataset(pl.DataFrame(columns), schema, name=train.name)


def _column(made: pl.Series, real: pl.Series) -> pl.Series:
    if not real.dtype.is_numeric():
        if real.dtype == pl.Boolean:
            return made.cast(pl.String).replace_strict(
                {"true": True, "false": False}, default=None, return_dtype=pl.Boolean
            )
        return made.cast(pl.String)
    values = made.cast(pl.Float64, strict=False).fill_nan(None)
    if real.dtype.is_integer():
        return values.round().cast(real.dtype)
    decimals = next((d for d in range(MOST_DECIMALS) if (real.round(d) == real).all()), None)
    return values if decimals is None else values.round(decimals)

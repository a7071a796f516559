"""The schema that a model keeps: without what quotes single rows."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.persons import FEWEST_PERSONS, level_counts
from tidemill.core.schema import Column, Schema

_ENUM = "Enum"


def stored_schema(data: Dataset, persons: np.ndarray | None = None) -> Schema:
    """The columns that are not ignored, without the reasons, which quote values of real rows, and
    without the rare levels that an enumeration lists.

    Args:
        data: The training rows.
        persons: (n,) whose each row is; None where each is a person of its own.
    """
    kept = data.schema.select([column.name for column in data.schema if column.role != "ignore"])
    return kept.replacing(*(_stored(column, data[column.name], persons) for column in kept))


def _stored(column: Column, values: pl.Series, persons: np.ndarray | None) -> Column:
    column = replace(column, reason="", role_reason="")
    if not column.dtype.startswith(f"{_ENUM}[") or column.kept:
        return column
    if column.kind != "category":
        return replace(column, dtype="String")
    counted = level_counts(values, persons)
    rare = set(counted.filter(pl.col("persons") < FEWEST_PERSONS)["level"])
    left = [one for one in json.loads(column.dtype.removeprefix(_ENUM)) if one not in rare]
    return replace(column, dtype=_ENUM + json.dumps(left, ensure_ascii=False))

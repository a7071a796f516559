"""The target as something to learn: classes as codes, or a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.supervised.arrays import Floats, features
from tidemill.supervised.levels import frequent_levels, level_codes

MOST_CLASSES = 10
"""The most frequent classes are kept; the others are one class together."""


@dataclass(frozen=True)
class Targets:
    """The target of several tables in the same codes.

    Attributes:
        column: Its name.
        classes: Class names by code, the most frequent in the first table first; empty where the
            target is a number.
        values: Per table a code or number a row, (n,); NaN where missing.
    """

    column: str
    classes: tuple[str, ...]
    values: tuple[Floats, ...]


def targets(tables: Sequence[Dataset]) -> Targets | str:
    """The target of the tables, or why there is none to learn.

    Args:
        tables: The first one is real and gives the classes.
    """
    column = tables[0].schema.target
    if column is None:
        return "no target column was named"
    if column.kind == "number":
        _, parts = features(tables, [column])
        found = Targets(column.name, (), tuple(part.numbers[:, 0] for part in parts))
    elif column.kind in ("category", "boolean"):
        levels = [table.frame[column.name].cast(pl.String) for table in tables]
        found = _classes(column.name, levels)
    else:
        return (
            f"the target '{column.name}' is a {column.kind} column, which no learner here predicts"
        )
    first = found.values[0]
    if len(np.unique(first[~np.isnan(first)])) < 2:
        return f"the target '{column.name}' has fewer than two values"
    return found


def _classes(name: str, parts: list[pl.Series]) -> Targets:
    levels = list(frequent_levels(parts[0], MOST_CLASSES + 1))
    if len(levels) > MOST_CLASSES:
        levels = levels[: MOST_CLASSES - 1]
    codes = [level_codes(part, levels, other=len(levels), missing=np.nan) for part in parts]
    classes = list(levels)
    if any((code == len(levels)).any() for code in codes):
        classes.append("any other level")
    return Targets(name, tuple(classes), tuple(codes))

"""Infinite numbers, which come of a division by zero and which no model can read, become
missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from tidemill.cleaning import changes
from tidemill.cleaning.base import Check, Diagnosis, Repaired, numeric
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.words import plural


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Count the infinite numbers of each column of floats."""
    issues = []
    names = []
    for column in numeric(train):
        values = train[column.name]
        if not values.dtype.is_float():
            continue
        names.append(column.name)  # rows not seen yet may hold one where the training rows do not
        infinite = values.filter(values.is_infinite())
        if len(infinite):
            issues.append(_issue(infinite))
    return Diagnosis(tuple(issues), {"columns": names})


def _issue(infinite: pl.Series) -> Issue:
    return Issue(
        "infinite",
        f"'{infinite.name}' holds {plural(len(infinite), 'infinite number')}, which is how "
        "programs write the result of a division by zero.",
        (infinite.name,),
        len(infinite),
        example=str(infinite[0]),
        applied=True,
        action="made missing",
    )


def repair(data: Dataset, learned: Mapping[str, Any]) -> Repaired:
    """Make infinite numbers missing."""
    frame, schema = data.frame, data.schema
    log = []
    for name in learned["columns"]:
        values = data[name]
        if not values.dtype.is_float():
            continue
        where = values.is_infinite()
        if not where.any():
            continue
        after = values.set(where, None)
        log.append(changes.cells(values, after, where, "an infinite number"))
        frame = frame.with_columns(after)
        schema = schema.replacing(replace(schema[name], nullable=True))
    return Repaired(replace(data, frame=frame, schema=schema), changes.joined(log))


CHECK = Check(diagnose, repair)

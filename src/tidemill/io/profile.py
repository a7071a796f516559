"""One line a column: what it is, what is in it, and why we think so."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.persons import persons_of
from tidemill.core.schema import Column
from tidemill.core.shown import ShownColumn
from tidemill.core.words import format_value

_WIDTH = 40
_TO_THE_DAY = len("2024-12-31")
_TEXTS = ("example", "min", "median", "max", "step")


def profile(data: Dataset) -> pl.DataFrame:
    """Kind, role, missing share, distinct values and the extent of every column, as ``tidemill
    read`` shows them.

    Returns:
        One row a column: column, kind, role, missing (0 to 1), distinct, example (the commonest
        value of a category), min, median, max (text, rounded where few rows have them; null where
        there is none or it may not be shown), step, reason, role_reason.
    """
    persons = persons_of(data)
    lines = [_line(ShownColumn(column, data[column.name], persons)) for column in data.schema]
    return pl.DataFrame(
        lines, schema_overrides=dict.fromkeys(_TEXTS, pl.String), infer_schema_length=None
    )


def _line(shown: ShownColumn) -> dict[str, Any]:
    column, values = shown.column, shown.values
    present = values.drop_nulls()
    is_plain = not (values.dtype.is_nested() or values.dtype == pl.Object)
    extent, middle = None, None
    if column.kind in ("number", "datetime"):
        extent = shown.extent()
    if extent is not None:
        middle = _middle(present, column)
    return {
        "column": column.name,
        "kind": column.kind,
        "role": column.role,
        "missing": values.null_count() / max(1, len(values)),
        "distinct": present.n_unique() if is_plain else None,
        "example": _example(present, shown),
        "min": None if extent is None else extent[0],
        "median": middle,
        "max": None if extent is None else extent[1],
        "step": column.step,
        "reason": column.reason,
        "role_reason": column.role_reason,
    }


def _middle(present: pl.Series, column: Column) -> str | None:
    middle: Any = present.median()
    if present.dtype == pl.Date and isinstance(middle, dt.datetime):
        middle = middle.date()
    if middle is None:
        return None
    return format_value(middle, 4) if column.kind == "number" else str(middle)[:_TO_THE_DAY]


def _example(present: pl.Series, shown: ShownColumn) -> str | None:
    """The commonest value, where enough persons share it."""
    if shown.column.kind not in ("category", "boolean") or not len(present):
        return None
    commonest = present.mode(maintain_order=True)[0]
    if shown.hidden or not shown.is_shared(commonest):
        return None
    text = str(commonest)
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"

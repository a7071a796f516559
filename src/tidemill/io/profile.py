"""One line a column: what it is, what is in it, and why we think so."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column
from tidemill.core.words import format_value

_WIDTH = 40
_TEXTS = ("example", "min", "median", "max", "step")


def profile(data: Dataset) -> pl.DataFrame:
    """Kind, role, missing share, distinct values and the extent of every column, as ``tidemill
    read`` shows them.

    Returns:
        One row a column: column, kind, role, missing (0 to 1), distinct, example (the commonest
        value of a category, else the first), min, median, max (text; null where there is none),
        step, reason, role_reason.
    """
    lines = [_line(data.frame[column.name], column) for column in data.schema]
    return pl.DataFrame(
        lines, schema_overrides=dict.fromkeys(_TEXTS, pl.String), infer_schema_length=None
    )


def _line(values: pl.Series, column: Column) -> dict[str, Any]:
    present = values.drop_nulls()
    is_plain = not (values.dtype.is_nested() or values.dtype == pl.Object)
    low: Any = None
    middle: Any = None
    high: Any = None
    if column.kind in ("number", "datetime") and len(present):
        low, middle, high = present.min(), present.median(), present.max()
        if values.dtype == pl.Date and isinstance(middle, dt.datetime):
            middle = middle.date()
    return {
        "column": column.name,
        "kind": column.kind,
        "role": column.role,
        "missing": values.null_count() / max(1, len(values)),
        "distinct": present.n_unique() if is_plain else None,
        "example": _text(_example(present, column) if is_plain else None, column),
        "min": _text(low, column),
        "median": _text(middle, column),
        "max": _text(high, column),
        "step": column.step,
        "reason": column.reason,
        "role_reason": column.role_reason,
    }


def _example(present: pl.Series, column: Column) -> Any:
    if column.kind in ("category", "boolean") and len(present):
        return present.mode(maintain_order=True)[0]
    return present[0] if len(present) else None


def _text(value: Any, column: Column) -> str | None:
    if value is None:
        return None
    text = format_value(value) if column.kind == "number" else str(value)
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"

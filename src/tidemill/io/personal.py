"""Columns marked by what personal data they hold: those of which each value points to a person are
ids, so that nothing is learned of their values."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from tidemill.core.errors import SchemaError
from tidemill.core.schema import ADDRESSES, NAMES, PERSONAL, Column
from tidemill.core.words import percent, plural
from tidemill.io.options import ColumnOverrides
from tidemill.personal.judging import Personal, judged

_MOST_ROWS = 20_000
"""Rows that a column is judged by."""


def with_judgement(column: Column, values: pl.Series, wishes: ColumnOverrides) -> Column:
    """The column with what personal data it holds.

    Raises:
        SchemaError: It is the target, and fresh values would be generated in the place of its own.
    """
    name = column.name
    column = replace(column, kept=name in wishes.kept)
    found = None if wishes.personal.get(name) is False else judged(column, _sample(values))
    if found is None and not wishes.personal.get(name):
        return column
    what = PERSONAL if found is None else found.what
    column = replace(column, personal=what)
    if column.kept or not (wishes.personal.get(name) or _is_replaced(column, found, wishes)):
        return column
    if column.role == "target":
        raise SchemaError(
            f"the target holds {what}, and fresh ones are generated in their place, which nothing "
            "can predict",
            where=f"column '{name}'",
            hint=f"choose another target, or learn its values as they are with option "
            f"'keep={name}'",
        )
    reason = f"{what}, of which each may point to a person"
    if found is not None:
        reason = f"{what} in {_cells(found)}, of which each may point to a person"
    return replace(column, kind="id", step=None, reason=reason)


def _sample(values: pl.Series) -> pl.Series:
    """At most so many rows, evenly spread."""
    return values.gather_every(max(1, -(-len(values) // _MOST_ROWS)))


def _is_replaced(column: Column, found: Personal | None, wishes: ColumnOverrides) -> bool:
    """Whether the values of the column are such data as a whole; free texts with names or addresses
    in them are not, nor what the user says are quantities."""
    if found is None or not found.replaced:
        return False
    if wishes.kinds.get(column.name) in ("number", "datetime", "boolean"):
        return False
    return column.kind != "text" or found.what in (NAMES, ADDRESSES)


def _cells(found: Personal) -> str:
    return f"{plural(found.cells, 'cell')} ({percent(found.share)})"

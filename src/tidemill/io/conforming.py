"""Rows of another source under the schema of a table that is known already."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.errors import SchemaError
from tidemill.core.run import Run
from tidemill.core.words import plural, shortlist
from tidemill.io.choices import with_choices_of
from tidemill.io.conventions import contradicts, read_again


def conform(data: Dataset, like: Dataset, run: Run) -> Dataset:
    """The rows of ``data`` with the columns, kinds and roles of ``like``; further columns are left
    out, and that is said.

    Raises:
        SchemaError: A column is missing, or its values are not of that kind.
    """
    data = with_choices_of(data, like.schema, run)
    wanted = []
    for column in like.schema:
        if column.role != "ignore" or column.name in data.schema:
            wanted.append(column.name)
    missing = [name for name in wanted if name not in data.schema]
    if missing:
        raise SchemaError(
            f"{len(missing)} of the columns of '{like.name}' are missing "
            f"({', '.join(missing[:5])})",
            where=data.name,
            hint="give tables with the same columns",
        )
    further = [name for name in data.schema.names if name not in like.schema]
    if further:
        are, them = ("is", "it") if len(further) == 1 else ("are", "them")
        run.warn(
            f"{plural(len(further), 'column')} of '{data.name}' {are} left out, as the other rows "
            f"do not have {them} ({shortlist(further, 5)})"
        )
    columns = []
    for name in wanted:
        values, dtype = _settled(data, name, like), like.frame[name].dtype
        columns.append(_converted(values, dtype, data.name))
        if values.dtype.is_float() and dtype.is_integer() and (columns[-1] != values).any():
            run.warn(
                f"'{name}' of '{data.name}' has decimals, which are cut off, as that of "
                f"'{like.name}' has none"
            )
    frame = pl.DataFrame(columns)
    schema = like.schema.select(wanted)
    for column in schema:
        if frame[column.name].has_nulls():
            schema = schema.replacing(replace(column, nullable=True))
    return replace(data, frame=frame, schema=schema)


def _settled(data: Dataset, name: str, like: Dataset) -> pl.Series:
    """A column; of numbers and dates that could be read in two ways, as those of ``like`` were."""
    values, theirs = data.frame[name], data.schema[name].spelling
    ours = like.schema[name].spelling if name in like.schema else None
    known = data.schema.conventions
    if name not in (*known.either_mark, *known.either_order) or theirs is None or ours is None:
        return values
    if theirs == ours or contradicts(known, ours):
        return values
    again = read_again(values, theirs, ours, like.frame[name].dtype)
    return values if again is None else again


def _converted(values: pl.Series, dtype: pl.DataType, name: str) -> pl.Series:
    if values.dtype == dtype:
        return values
    if dtype == pl.Boolean:  # polars casts no text to booleans
        return (
            values.cast(pl.String)
            .str.to_lowercase()
            .replace_strict({"true": True, "false": False}, default=None)
        )
    try:
        return values.cast(dtype)
    except pl.exceptions.PolarsError as error:
        raise SchemaError(
            f"its values are {values.dtype}, not {dtype} as in the training rows",
            where=f"{name}, column '{values.name}'",
            hint="give tables that were made in the same way, or say the kinds with "
            "option 'schema'",
        ) from error

"""Rows of another source under the schema of a table that is known already."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.errors import SchemaError
from tidemill.core.run import Run


def conform(data: Dataset, like: Dataset, run: Run) -> Dataset:
    """The rows of ``data`` with the columns, kinds and roles of ``like``; further columns are left
    out, and that is said.

    Raises:
        SchemaError: A column is missing, or its values are not of that kind.
    """
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
        run.warn(
            f"'{data.name}' has {len(further):,} columns that '{like.name}' has not; they are "
            f"left out ({', '.join(further[:5])})"
        )
    frame = pl.DataFrame(
        [_converted(data.frame[name], like.frame[name].dtype, data.name) for name in wanted]
    )
    schema = like.schema.select(wanted)
    for column in schema:
        if frame[column.name].has_nulls():
            schema = schema.replacing(replace(column, nullable=True))
    return replace(data, frame=frame, schema=schema)


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

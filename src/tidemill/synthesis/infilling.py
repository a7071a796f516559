"""Rows that a user gives: read with a model's eyes, and given back with what was filled in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.io.choices import with_choices_of
from tidemill.io.conventions import contradicts, read_again
from tidemill.io.reading import Input, read

DRAW = "draw"
"""The column that tells which draw a row is of, where there are several."""
FRESH = ("id", "text")
"""Kinds whose values are never filled in: they are made afresh, or passed through as they are."""


@dataclass(frozen=True)
class GivenRows:
    """Rows of a user.

    Attributes:
        source: The rows as they were read, with all their columns.
        known: The columns that the model has, in the model's types; null where a value is missing.
    """

    source: Dataset
    known: Dataset

    def __len__(self) -> int:
        return len(self.source)

    def rows(self, index: np.ndarray) -> GivenRows:
        """The rows at these positions."""
        return GivenRows(self.source.rows(index), self.known.rows(index))

    def incomplete(self, schema: Schema) -> np.ndarray:
        """(n,) whether a row lacks a value of a model's columns."""
        names = [column.name for column in schema if column.kind not in FRESH]
        if any(name not in self.known.schema for name in names):
            return np.ones(len(self), bool)
        return self.known.frame.select(pl.any_horizontal(pl.col(names).is_null()).alias("lacks"))[
            "lacks"
        ].to_numpy()


def read_given(rows: Input, schema: Schema, types: Mapping[str, pl.DataType]) -> GivenRows:
    """A user's rows; text is read in the way in which the model's columns are written.

    Args:
        rows: A Dataset, a frame, or a Source.
        schema: The model's columns.
        types: The dtype of each.

    Raises:
        DataError: The rows have none of the model's columns, or a value is not of its column's
            kind.
        InputError: They cannot be read.
    """
    source = rows if isinstance(rows, Dataset) else read(rows, Run())
    source = with_choices_of(source, schema, Run())
    shared = [name for name in schema.names if name in source.schema]
    if not shared:
        raise DataError(
            "the rows have none of the model's columns",
            where=source.name,
            hint=f"the model's columns are: {', '.join(schema.names[:12])}"
            f"{', ...' if len(schema) > 12 else ''}",
        )
    values = [_converted(source, source.schema[name], schema[name], types[name]) for name in shared]
    known = Dataset(pl.DataFrame(values), schema.select(shared), name=source.name)
    return GivenRows(source, known)


def fill(given: GivenRows, made: Dataset, kept: Collection[str] = ()) -> Dataset:
    """The user's rows and columns as they are, missing values filled in, and the model's other
    columns behind them.

    Args:
        given: n rows.
        made: n rows of the model.
        kept: Columns whose missing values stay missing.
    """
    pairs = []
    by_name = {column.name: column for column in made.schema}
    for column in given.source.schema:
        name, values, ours = column.name, given.source.frame[column.name], by_name.get(column.name)
        if ours is None or ours.kind in FRESH:
            pairs.append((values, column))
            continue
        typed = given.known.frame[name]
        read_alike = typed.dtype == values.dtype and typed.equals(values, null_equal=True)
        filled = typed if name in kept else typed.fill_null(made.frame[name])
        if read_alike and values.null_count() < len(values):
            pairs.append((filled, replace(ours, dtype=column.dtype, spelling=column.spelling)))
        elif typed.dtype == values.dtype or filled.null_count() < typed.null_count():
            pairs.append((filled, ours))
        else:
            pairs.append((values, column))
    pairs += [
        (made.frame[column.name], column)
        for column in made.schema
        if column.name not in given.source.schema
    ]
    schema = Schema(
        tuple(replace(column, nullable=bool(values.null_count())) for values, column in pairs)
    )
    return Dataset(
        pl.DataFrame([values for values, _ in pairs]),
        schema,
        origin=made.origin,
        name=given.source.name,
        frame_form=given.source.frame_form,
    )


def numbered(data: Dataset, draw: np.ndarray) -> Dataset:
    """The rows with a last column that tells which draw each is of.

    Raises:
        DataError: There is a column of that name.
    """
    if DRAW in data.schema:
        raise DataError(
            f"there is a column '{DRAW}' already, which is to tell the draws apart",
            where=data.name,
            hint="rename it, or ask for one draw",
        )
    column = Column(DRAW, "category", "ignore", dtype="Int64")
    return replace(
        data,
        frame=data.frame.with_columns(pl.Series(DRAW, draw, dtype=pl.Int64)),
        schema=Schema((*data.schema.columns, column)),
    )


def stacked(parts: list[Dataset]) -> Dataset:
    """Rows of one schema, one below the other."""
    if len(parts) == 1:
        return parts[0]
    origins = [part.origin for part in parts if part.origin is not None]
    return replace(
        parts[0],
        frame=pl.concat([part.frame for part in parts]),
        origin=pl.concat(origins) if len(origins) == len(parts) else None,
    )


def _converted(source: Dataset, theirs: Column, column: Column, dtype: pl.DataType) -> pl.Series:
    """A user's column in the model's type.

    Raises:
        DataError: A value cannot be brought into it.
    """
    values = source.frame[column.name]
    if column.kind in FRESH:
        return values
    if values.null_count() == len(values):
        return pl.Series(values.name, [None] * len(values), dtype=dtype)
    new = None
    written, ours = theirs.spelling, column.spelling
    if written is not None and ours is not None:
        is_alike = values.dtype == dtype and written == ours
        # what the user's file proves of itself counts more than how the model's rows were written
        if not is_alike and not contradicts(source.schema.conventions, ours):
            new = read_again(values, written, ours, dtype)
    if new is None:
        new = _cast(values, dtype)
    lost = new.is_null() & values.is_not_null()
    if lost.any():
        at = int(lost.arg_true()[0])
        raise DataError(
            f"'{values[at]}' is no {column.kind} as the model knows it",
            where=f"column '{column.name}', row {at + 1}",
            hint="write it as in the rows that the model learned from",
        )
    return new


def _cast(values: pl.Series, dtype: pl.DataType) -> pl.Series:
    if values.dtype == dtype:
        return values
    if dtype == pl.Boolean and not values.dtype.is_numeric():
        return (
            values.cast(pl.String)
            .str.to_lowercase()
            .replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean)
        )
    if (
        isinstance(dtype, pl.Datetime)
        and dtype.time_zone
        and getattr(values.dtype, "time_zone", None) is None
        and (values.dtype.is_temporal())
    ):
        return values.cast(pl.Datetime(dtype.time_unit)).dt.replace_time_zone(
            dtype.time_zone, ambiguous="earliest", non_existent="null"
        )
    new = values.cast(dtype, strict=False)
    if values.dtype.is_float() and dtype.is_integer():
        new = new.set((new.cast(values.dtype) != values).fill_null(False), None)
    return new

"""Rows that a user gives: read with a model's eyes, and given back with what was filled in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from tidemill.core.columns import by_name
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.lawful import NOISE
from tidemill.core.schema import Column, Schema

DRAW = "draw"
"""The column that tells which draw a row is of, where there are several."""
FRESH = ("id", "text")
"""Kinds whose values are not filled in, but made afresh or passed through as they are; but for
personal ones, of which fresh ones are filled in, and for texts that a model has learned."""


@dataclass(frozen=True)
class GivenRows:
    """Rows of a user.

    Attributes:
        source: The rows as they were read, with all their columns.
        known: The columns that the model has, in the model's types; null where a value is missing,
            or is none that the model knows.
        said: The same columns and types with the user's own values; None where they are those that
            are known.
        aside: (n,) whether a row is a total, a note or the like, and no record; None for none.
    """

    source: Dataset
    known: Dataset
    said: pl.DataFrame | None = None
    aside: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.source)

    @property
    def values(self) -> pl.DataFrame:
        """The user's own values, in the model's types."""
        return self.known.frame if self.said is None else self.said

    def rows(self, index: np.ndarray) -> GivenRows:
        """The rows at these positions."""
        said = None if self.said is None else self.said[index]
        aside = None if self.aside is None else self.aside[index]
        return GivenRows(self.source.rows(index), self.known.rows(index), said, aside)

    @property
    def records(self) -> GivenRows:
        """The rows without those that are no records."""
        if self.aside is None or not self.aside.any():
            return self
        return replace(self.rows(np.flatnonzero(~self.aside)), aside=None)

    def incomplete(self, schema: Schema) -> np.ndarray:
        """(n,) whether a row lacks a value of a model's columns."""
        names = [column.name for column in schema if column.kind not in FRESH]
        if any(name not in self.known.schema for name in names):
            return np.ones(len(self), bool)
        return self.known.frame.select(pl.any_horizontal(by_name(*names).is_null()).alias("lacks"))[
            "lacks"
        ].to_numpy()


def fill(
    given: GivenRows,
    made: Dataset,
    kept: Collection[str] = (),
    texts: Collection[str] = (),
) -> Dataset:
    """The user's rows and columns as they are, missing values filled in, and the model's other
    columns behind them.

    Args:
        given: n rows.
        made: n rows of the model.
        kept: Columns whose missing values stay missing.
        texts: Columns of texts that are written for the row.
    """
    made = _beside(given, made)
    pairs = []
    by_name = {column.name: column for column in made.schema}
    for column in given.source.schema:
        name, values, ours = column.name, given.source.frame[column.name], by_name.get(column.name)
        if ours is None or ours.kind in FRESH:
            if ours is not None and name not in kept:
                learned = name in texts
                values = _with_fresh(values, made.frame[name], ours, given, learned=learned)
            pairs.append((values, column))
            continue
        said = given.values[name]
        filled = said if name in kept else said.zip_with(_to_keep(said, given), made.frame[name])
        if said.dtype == values.dtype == pl.String:  # a text stays as it was written
            filled = values.zip_with(said.is_not_null(), filled)
        alike = said.dtype == values.dtype and (said == values).fill_null(True).all()
        if alike and said.count():
            written = replace(ours, dtype=column.dtype, spelling=column.spelling)
            pairs.append((filled, written))
        elif said.dtype == values.dtype or filled.null_count() < said.null_count():
            pairs.append((filled, ours))
        else:
            pairs.append((values, column))
    for column in made.schema:
        if column.name not in given.source.schema:
            values = made.frame[column.name]
            if given.aside is not None:
                values = values.set(pl.Series(given.aside, dtype=pl.Boolean), None)
            pairs.append((values, column))
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


def _beside(given: GivenRows, made: Dataset) -> Dataset:
    """Made rows whose numbers keep orders also beside the user's own ones, which may have more
    digits than the model's."""
    frame = made.frame
    for rule in made.schema.rules:
        if rule.kind != "a<=b" or not all(frame[name].dtype.is_float() for name in rule.columns):
            continue
        names, own = rule.columns, {}
        for name in names:
            said = given.values[name] if name in given.values.columns else None
            own[name] = frame[name] if said is None else said.fill_null(frame[name])
        low, high = own.values()
        near = ((low > high) & (low - high <= NOISE * low.abs())).fill_null(False)
        for name, other in (names, names[::-1]):
            frame = frame.with_columns(frame[name].zip_with(~near, own[other]).alias(name))
    return made.with_frame(frame)


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


def _with_fresh(
    values: pl.Series, made: pl.Series, ours: Column, given: GivenRows, *, learned: bool
) -> pl.Series:
    """The user's ids or texts; where they are missing, fresh ones of persons, and texts that were
    written for the row."""
    fills = learned or (ours.personal and ours.kind == "id")
    if not fills or made.dtype != values.dtype:
        return values
    return values.zip_with(_to_keep(values, given), made)


def _to_keep(said: pl.Series, given: GivenRows) -> pl.Series:
    """(n,) whether a cell is not to be filled in."""
    keep = said.is_not_null()
    return keep if given.aside is None else keep | pl.Series(given.aside, dtype=pl.Boolean)

"""A table with its schema: what every step of Tidemill takes and gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.aside import Aside
from tidemill.core.columns import by_name
from tidemill.core.errors import DataError
from tidemill.core.frame_form import FrameForm, FrameLibrary
from tidemill.core.notebook import paragraph, table
from tidemill.core.schema import Column, Schema
from tidemill.core.words import plural


@dataclass(frozen=True)
class Dataset:
    """A polars frame, its schema, and for each row where it comes from.

    Attributes:
        frame: The values, typed: numbers, booleans and datetimes are never text here; missing is
            null.
        schema: One entry per column of the frame, in its order.
        origin: One entry per row: 0 for a real row, k for a row generated in round k. None where
            all are real.
        name: What the data are called in reports.
        frame_form: The form of the frame that came in, in which rows go out again.
        aside: Lines of the file that were taken for no rows, such as titles and notes.
        repairs: (check, what it learned) of each repair that cleaning has made, in their order, so
            that a model of these rows can make them in others.
        places: Which row of the table that was read each row is, from 0; None where they are all of
            its rows in order, or were joined from several tables.
    """

    frame: pl.DataFrame
    schema: Schema
    origin: pl.Series | None = field(default=None, repr=False)
    name: str = "data"
    frame_form: FrameForm = field(default_factory=FrameForm, repr=False)
    aside: tuple[Aside, ...] = field(default=(), repr=False)
    repairs: tuple[tuple[str, Mapping[str, Any]], ...] = field(default=(), repr=False)
    places: NDArray[np.int64] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if tuple(self.frame.columns) != self.schema.names:
            raise DataError(
                "the frame's columns are not the schema's",
                hint="build a Dataset with tidemill.read(frame)",
            )
        if self.places is not None and len(self.places) != self.frame.height:
            object.__setattr__(self, "places", None)  # rows were joined or made

    def __len__(self) -> int:
        return self.frame.height

    def __getitem__(self, name: str) -> pl.Series:
        column = self.schema[name]
        return self.frame[column.name]

    @property
    def frame_library(self) -> FrameLibrary:
        """The library whose frame came in, and goes out again."""
        return self.frame_form.library

    @property
    def target(self) -> Column | None:
        """The column to be predicted, or None."""
        return self.schema.target

    def with_frame(self, frame: pl.DataFrame) -> Dataset:
        """Other rows under the same schema; the origin is dropped where the number of rows
        changed."""
        keep = self.origin if frame.height == len(self) else None
        return replace(self, frame=frame.select(by_name(*self.schema.names)), origin=keep)

    def rows(self, index: np.ndarray) -> Dataset:
        """The rows at these positions (int) or under this mask (bool), in that order."""
        at = np.flatnonzero(index) if index.dtype == bool else index
        origin = None if self.origin is None else self.origin[at]
        places = at if self.places is None else self.places[at]
        return replace(self, frame=self.frame[at], origin=origin, places=places)

    def row_number(self, at: int) -> int:
        """The number, from 1, that a row has in the table that was read."""
        return 1 + (at if self.places is None else int(self.places[at]))

    def select(self, names: list[str] | tuple[str, ...]) -> Dataset:
        """These columns only."""
        return replace(
            self, frame=self.frame.select(by_name(*names)), schema=self.schema.select(names)
        )

    def __repr__(self) -> str:
        return f"{self.name}: {len(self):,} rows, {len(self.schema):,} columns\n{self.frame}"

    def _repr_html_(self) -> str:
        titles = []
        for column in self.schema:
            role = "" if column.role == "feature" else f", {column.role}"
            titles.append(f"{column.name} ({column.kind}{role})")
        about = f": {plural(len(self), 'row')}, {plural(len(self.schema), 'column')}"
        first = self.frame.head(5).iter_rows()
        return paragraph(about, bold=self.name) + table(titles, first)

"""Levels of which a part is drawn already."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.schema import Schema
from tidemill.levels.planes import lines, sizes

OPEN = "~"
"""Stands in the place of a tile that is to be drawn."""


@dataclass(frozen=True)
class HalfDrawn:
    """Levels, and what is open in them.

    Attributes:
        data: With all columns of a model; arbitrary tiles where they are open.
        places: Of each level, (lines, columns) bool, which tiles are open.
    """

    data: Dataset
    places: tuple[np.ndarray, ...]


def half_drawn(given: Dataset, beside: pl.DataFrame, schema: Schema) -> HalfDrawn:
    """A user's levels as a model takes them.

    Args:
        given: With the column of levels at least; in these OPEN stands for what is open.
        beside: What stands beside each, made by the model: taken where the user says nothing.
        schema: The model's.

    Raises:
        DataError: There is no column of levels, one is missing, or nothing of it is known.
    """
    plane = schema.tiles
    assert plane is not None
    if plane.name not in given.schema.names:
        raise DataError(
            f"the rows have no column '{plane.name}'",
            where=given.name,
            hint=f"give levels in such a column, with {OPEN} for what is to be drawn",
        )
    texts = given[plane.name].cast(pl.String)
    levels = Dataset(pl.DataFrame([texts]), schema.select([plane.name]), name=given.name)
    found = sizes(levels)
    planes, places = [], []
    for row, text in enumerate(texts.to_list()):
        open_ = np.array([[tile == OPEN for tile in line] for line in lines(text)])
        known = sorted(set(text) - {OPEN, "\n", "\r"})
        if not known:
            raise DataError(
                "nothing of this level is drawn yet",
                where=f"{given.name}, row {row + 1}",
                hint="give one tile or more, or make whole levels with `tidemill sample`",
            )
        planes.append(text.replace(OPEN, known[0]))
        places.append(open_)
    columns = []
    for column in schema:
        if column.name == plane.name:
            columns.append(pl.Series(column.name, planes, pl.String))
            continue
        values = beside[column.name]
        if column.name in ("height", "width") and column.kind == "number":
            values = pl.Series(column.name, found[:, ("height", "width").index(column.name)])
        if column.name in given.schema.names:
            own = given[column.name].cast(values.dtype, strict=False)
            values = own.fill_null(values)
        columns.append(values.alias(column.name))
    return HalfDrawn(Dataset(pl.DataFrame(columns), schema, name=given.name), tuple(places))

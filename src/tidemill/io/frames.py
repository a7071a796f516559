"""Frames at the door: polars, pandas and pyarrow tables come in, and the same kind goes out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.errors import InputError, MissingExtra
from tidemill.core.frame_form import FrameForm, FrameLibrary
from tidemill.core.run import Run
from tidemill.core.schema import MEDIA, Column, Spelling
from tidemill.core.spelling import spelled
from tidemill.io.arrow_frames import from_arrow, to_arrow
from tidemill.io.choices import gathered
from tidemill.io.dtypes import restored
from tidemill.io.names import named
from tidemill.io.pandas_frames import from_pandas, to_pandas
from tidemill.io.source import Raw, Source


class ArrowTable(Protocol):
    """A table of polars, pandas, pyarrow or another library that speaks Arrow's C stream."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The table as a capsule of Arrow."""


Frame = ArrowTable | pl.LazyFrame
"""A table in memory."""


@dataclass(frozen=True, repr=False, eq=False)
class FrameSource(Source):
    """A table in memory."""

    text: str = field(default="the table", init=False)
    table: Any

    def open(self, run: Run) -> Raw:
        """The columns; paths of images in them are looked for in the working folder."""
        return replace(_raw(self.table, run), folder=Path())


def _raw(table: Any, run: Run) -> Raw:
    """The columns of a polars, pandas or pyarrow table, or of anything that speaks Arrow's C
    stream.

    Raises:
        InputError: It is no table.
        SchemaError: A column holds Python objects that are no values, or a name occurs twice.
        MissingExtra: pandas needs pyarrow to hand over its columns.
    """
    if isinstance(table, pl.LazyFrame):
        table = table.collect()
    if isinstance(table, pl.DataFrame):
        names = named(table.columns, "the table", run)
        return Raw(table.rename(dict(zip(table.columns, names, strict=True))))
    library = type(table).__module__.partition(".")[0]
    if library == "pandas" and hasattr(table, "columns"):
        found = from_pandas(table, run)
        return Raw(found.frame, frame_form=found.form, refused=found.refused, notes=found.notes)
    if library == "pyarrow" or hasattr(table, "__arrow_c_stream__"):
        frame, form = from_arrow(table, run)
        return Raw(frame, frame_form=form)
    raise InputError(
        f"a {type(table).__name__} is no table",
        hint="give a polars, pandas or pyarrow table, or read a file with tidemill.read(path)",
    )


def door_frame(data: Dataset) -> pl.DataFrame:
    """The frame as it would stand at the source's door: source dtypes, and text where numbers or
    dates were text."""
    frame = pl.DataFrame([_at_door(data.frame[column.name], column) for column in data.schema])
    return gathered(frame, data.schema)


def to_native(table: Dataset | pl.DataFrame, frame_library: FrameLibrary | None = None) -> Any:
    """A table of the library whose table came in.

    Args:
        table: A dataset, whose source dtypes are restored, or a frame that is taken as it is.
        frame_library: Another library than the dataset's own.

    Raises:
        MissingExtra: The library is not installed.
    """
    frame = door_frame(table) if isinstance(table, Dataset) else table
    form = table.frame_form if isinstance(table, Dataset) else FrameForm()
    wanted = frame_library or form.library
    try:
        if wanted == "pandas":
            return to_pandas(frame, form if form.library == "pandas" else FrameForm("pandas"))
        if wanted == "pyarrow":
            return to_arrow(frame, form if form.library == "pyarrow" else FrameForm("pyarrow"))
        return frame
    except ImportError as error:
        raise MissingExtra(
            f"giving back a {wanted} table needs the package '{error.name}'",
            hint="pip install 'tidemill[frames]'",
        ) from error


def _at_door(values: pl.Series, column: Column) -> pl.Series:
    if column.kind in MEDIA:
        return values
    was_text = column.dtype in ("String", "Categorical") or column.dtype.startswith("Enum")
    if not was_text or values.dtype == pl.String:
        return restored(values, column.dtype, column.spelling)
    spelling = column.spelling or Spelling()
    text = spelled(values, spelling)
    if not spelling.missing:
        text = text.set(values.is_null(), None)
    return restored(text, column.dtype)

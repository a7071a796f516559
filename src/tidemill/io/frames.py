"""Frames at the door: polars, pandas and pyarrow tables come in, and the same kind goes out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import polars as pl
from polars.exceptions import PolarsError

from tidemill.core.dataset import Dataset, FrameLibrary
from tidemill.core.errors import InputError, MissingExtra, SchemaError
from tidemill.core.run import Run
from tidemill.core.schema import Column, Spelling
from tidemill.core.spelling import spelled
from tidemill.io.dtypes import restored
from tidemill.io.names import named
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
    library = type(table).__module__.partition(".")[0]
    if isinstance(table, pl.LazyFrame):
        return Raw(table.collect())
    if isinstance(table, pl.DataFrame):
        return Raw(table)
    if library == "pandas" and hasattr(table, "columns"):
        return Raw(_from_pandas(table, run), frame_library="pandas")
    if library == "pyarrow" or hasattr(table, "__arrow_c_stream__"):
        frame_library: FrameLibrary = "pyarrow" if library == "pyarrow" else "polars"
        return Raw(_from_arrow(table, run), frame_library=frame_library)
    raise InputError(
        f"a {type(table).__name__} is no table",
        hint="give a polars, pandas or pyarrow table, or read a file with tidemill.read(path)",
    )


def door_frame(data: Dataset) -> pl.DataFrame:
    """The frame as it would stand at the source's door: source dtypes, and text where numbers or
    dates were text."""
    return pl.DataFrame([_at_door(data.frame[column.name], column) for column in data.schema])


def to_native(table: Dataset | pl.DataFrame, frame_library: FrameLibrary | None = None) -> Any:
    """A table of the library whose table came in.

    Args:
        table: A dataset, whose source dtypes are restored, or a frame that is taken as it is.
        frame_library: Another library than the dataset's own.

    Raises:
        MissingExtra: The library is not installed.
    """
    if isinstance(table, Dataset):
        frame = door_frame(table)
        wanted = frame_library or table.frame_library
    else:
        frame = table
        wanted = frame_library or "polars"
    try:
        if wanted == "pandas":
            return frame.to_pandas()
        if wanted == "pyarrow":
            return frame.to_arrow()
        return frame
    except ImportError as error:
        raise MissingExtra(
            f"giving back a {wanted} table needs the package '{error.name}'",
            hint="pip install 'tidemill[frames]'",
        ) from error


def _at_door(values: pl.Series, column: Column) -> pl.Series:
    if column.kind == "image":
        return values
    was_text = column.dtype in ("String", "Categorical") or column.dtype.startswith("Enum")
    if not was_text or values.dtype == pl.String:
        return restored(values, column.dtype, column.spelling)
    spelling = column.spelling or Spelling()
    text = spelled(values, spelling)
    if not spelling.missing:
        text = text.set(values.is_null(), None)
    return restored(text, column.dtype)


def _from_pandas(table: Any, run: Run) -> pl.DataFrame:
    table = table.set_axis(named(table.columns, "the pandas frame", run), axis=1)
    if type(table.index).__name__ != "RangeIndex":
        run.warn(
            "The index of the pandas frame was left out; reset_index() makes it a column.", "read"
        )
    columns = {}
    for name in table.columns:
        try:
            columns[name] = pl.from_pandas(table[name])
        except ImportError as error:
            raise MissingExtra(
                f"reading pandas frames needs the package '{error.name or 'pyarrow'}'",
                hint="pip install 'tidemill[frames]'",
            ) from error
        # pyarrow's errors are the last three
        except (PolarsError, TypeError, ValueError, OverflowError) as error:
            raise SchemaError(
                "it holds Python objects of several types",
                where=f"column '{name}'",
                hint="make them one type, or leave the column out",
            ) from error
    return pl.DataFrame(columns)


def _from_arrow(table: Any, run: Run) -> pl.DataFrame:
    if hasattr(table, "column_names") and hasattr(table, "rename_columns"):
        table = table.rename_columns(named(table.column_names, "the pyarrow table", run))
    try:
        return pl.DataFrame(table)
    except (PolarsError, TypeError, ValueError) as error:
        raise InputError(
            f"the {type(table).__name__} cannot be read as a table ({error})",
            hint="give a polars, pandas or pyarrow table",
        ) from error

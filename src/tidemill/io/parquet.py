"""Parquet files."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.io.names import named
from tidemill.io.source import Raw, Source


def read(source: Source, run: Run) -> Raw:
    """The columns as they are stored.

    Raises:
        InputError: The file is damaged or no Parquet.
    """
    try:
        frame = pl.read_parquet(source.content(), hive_partitioning=False)
    except (PolarsError, OSError) as error:
        raise InputError(f"the file is damaged or no Parquet ({str(error).splitlines()[0]})", where=str(source.path),
                         hint="copy it again") from error
    frame.columns = named(frame.columns, str(source.path), run)
    return Raw(frame)


def write(frame: pl.DataFrame, path: Path, marks: dict[str, str] | None = None) -> None:
    """Write the columns with their dtypes, and marks in the file's metadata."""
    frame.write_parquet(path, metadata=marks)

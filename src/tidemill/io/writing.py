"""A Dataset becomes a file: spelling and dtypes as they came in, whole or not at all."""

from __future__ import annotations

import gzip
import io
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from tidemill.core.artifact import writing
from tidemill.core.dataset import Dataset
from tidemill.core.errors import OutputError
from tidemill.core.schema import Column, Spelling
from tidemill.core.spelling import spelled
from tidemill.io import WRITERS
from tidemill.io.dtypes import restored, text_of
from tidemill.io.frames import door_frame

_TEXT = ("csv", "tsv")
_PACKABLE = (*_TEXT, "jsonl", "ndjson")


def write(data: Dataset, path: str | Path, *, overwrite: bool = False) -> None:
    """Write the rows in the format of the file's ending (csv, tsv, parquet, jsonl, xlsx; .csv.gz and its like).

    Text formats get every cell as it was spelled; the others the dtypes of the source.

    Raises:
        OutputError: The ending is unknown, the file exists, or it cannot be written.
    """
    ending = ending_of(Path(path))
    frame = text_frame(data) if ending in _TEXT else door_frame(data)
    # Parquet can say of a file where its rows come from; in other formats a mark would be one more column
    _write(frame, Path(path), overwrite, marks=_marks(data) if ending == "parquet" else {})


def write_frame(frame: pl.DataFrame, path: str | Path, *, overwrite: bool = False) -> None:
    """Write a frame without a schema, such as a log of changes, in the format of the file's ending.

    Raises:
        OutputError: The ending is unknown, the file exists, or it cannot be written.
    """
    ending = ending_of(Path(path))
    columns = [_text(values, Column(values.name, "text", dtype=text_of(values.dtype))) for values in frame]
    _write(pl.DataFrame(columns) if ending in _TEXT else frame, Path(path), overwrite)


def text_frame(data: Dataset) -> pl.DataFrame:
    """Every cell as text, spelled as at the source; an empty field is null.

    Raises:
        OutputError: A column holds lists or records.
    """
    return pl.DataFrame([_text(data.frame[column.name], column) for column in data.schema])


def _text(values: pl.Series, column: Column) -> pl.Series:
    if values.dtype.is_nested() or values.dtype in (pl.Binary, pl.Object):
        raise OutputError(f"the column '{column.name}' cannot be written as text", hint="write Parquet, or drop it")
    if column.spelling is None:
        values = restored(values, column.dtype)
        text = spelled(values, _usual(values))
    else:  # whole floats may be integers inside
        values = values.cast(pl.Float64) if column.dtype.startswith("Float") and values.dtype.is_integer() else values
        text = spelled(values, column.spelling)
    return text.set(text == "", None)


def _usual(values: pl.Series) -> Spelling:
    """How values are written whose source was no text: moments as short as is exact, all else as always."""
    if not isinstance(values.dtype, pl.Datetime):
        return Spelling()
    if values.dtype.time_zone is not None:
        return Spelling(datetime="%Y-%m-%dT%H:%M:%S%.f%:z")
    whole = (values.dt.truncate("1s") == values).all()
    return Spelling(datetime="%Y-%m-%d %H:%M:%S" if whole else "%Y-%m-%d %H:%M:%S%.f")


def ending_of(path: Path) -> str:
    """The format that a file's name asks for.

    Raises:
        OutputError: The ending is unknown.
    """
    endings = [ending.lower() for ending in path.name.split(".")[1:]][-2:] or [""]
    ending = endings[0] if endings[-1] == "gz" else endings[-1]
    if ending not in WRITERS or (endings[-1] == "gz" and ending not in _PACKABLE):
        what = f"the ending '.{'.'.join(endings)}' is unknown" if endings[-1] else "the name has no ending"
        known = ", ".join("." + name for name in WRITERS)
        raise OutputError(what, where=str(path), hint=f"known endings: {known}; also .gz of the text ones")
    return ending


def _marks(data: Dataset) -> dict[str, str]:
    """Where rows come from, for the metadata of a file: nothing where all are real."""
    if data.origin is None or not (data.origin != 0).any():
        return {}
    rounds = ",".join(map(str, data.origin.unique().sort().to_list()))
    return {"tidemill.origin": "synthetic" if (data.origin != 0).all() else "real and synthetic",
            "tidemill.rounds": rounds}


def _write(frame: pl.DataFrame, path: Path, overwrite: bool, marks: Mapping[str, str] | None = None) -> None:
    write_to = WRITERS.load(ending_of(path))
    with writing(path, overwrite=overwrite) as aside:
        if marks:
            write_to(frame, aside, dict(marks))
            return
        if path.suffix.lower() != ".gz":
            write_to(frame, aside)
            return
        buffer = io.BytesIO()
        write_to(frame, buffer)
        with aside.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:  # no time, no name:
            packed.write(buffer.getbuffer())  # the same rows give the same bytes

"""A Dataset becomes a file: spelling and dtypes as they came in, whole or not at all."""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl

from tidemill.core.artifact import writing
from tidemill.core.columns import by_name
from tidemill.core.dataset import Dataset
from tidemill.core.errors import OutputError
from tidemill.core.modality import Modality, unsuited
from tidemill.core.outputs import refuse_clashes, refuse_existing
from tidemill.core.schema import Column, Schema, Spelling
from tidemill.core.spelling import spelled
from tidemill.imaging.pixels import label_column
from tidemill.io import WRITERS
from tidemill.io.choices import gathered
from tidemill.io.dtypes import restored, shown, text_of
from tidemill.io.file import FOLDER, path_of
from tidemill.io.formats.dialogues import with_turns
from tidemill.io.formats.excel import check_size
from tidemill.io.formulas import FORMULAS, KEEP, NEUTRAL, neutral_frame
from tidemill.io.frames import door_frame
from tidemill.io.numbered_files import refuse_folder
from tidemill.io.target import Target
from tidemill.io.texts.writing import are_files, refuse_texts, write_texts

_TEXT = ("csv", "tsv")
_LINES = ("jsonl", "ndjson")
_PACKABLE = (*_TEXT, *_LINES)
_OF_DISK = re.compile(r"\(os error ([0-9]+)\)")
_MANNER = re.compile(r"\?formulas=([^?&/]*)$")


@dataclass(frozen=True, repr=False, eq=False)
class FileTarget(Target):
    """A path, also as file:///path."""

    @property
    def path(self) -> Path:
        """The file or folder."""
        return path_of(self._parts[0])

    @property
    def formulas(self) -> str:
        """Whether texts that a spreadsheet would run are made neutral, or kept.

        Raises:
            OutputError: It is said, and makes no sense.
        """
        said = self._parts[1]
        if said and (said not in FORMULAS or ending_of(self.path) not in _TEXT):
            raise OutputError(
                f"'?formulas={said}' makes no sense",
                where=self.shown,
                hint="write ?formulas=keep behind the name of a csv or tsv file, or leave it out",
            )
        return said or NEUTRAL

    @property
    def _parts(self) -> tuple[str, str]:
        """The text before ``?formulas=``, and what is said there."""
        said = _MANNER.search(self.text)
        return (self.text, "") if said is None else (self.text[: said.start()], said[1])

    def write(
        self, parts: Iterable[Dataset], *, overwrite: bool = False, rows: int | None = None
    ) -> int:
        """Write in the format of the file's ending."""
        return write_chunks(
            parts, self.path, overwrite=overwrite, rows=rows, formulas=self.formulas
        )

    def check(
        self,
        schema: Schema | None = None,
        *,
        overwrite: bool = False,
        reads: Iterable[Path] = (),
    ) -> None:
        """Say before the work that the file is there, or takes no such table."""
        path = self.path
        ending = _ending_for(path, schema)
        self.formulas  # noqa: B018 - what makes no sense is said now
        refuse_clashes([path], reads)
        if ending == FOLDER and schema is not None and are_files(schema):
            refuse_texts(path)
        elif ending == FOLDER and path.is_dir():
            refuse_folder(path, overwrite)
        else:
            refuse_existing(path, overwrite)


def write(data: Dataset, path: Path, *, overwrite: bool = False) -> None:
    """Write the rows in the format of the file's ending (csv, tsv, parquet, jsonl, xlsx; .csv.gz
    and its like).

    Text formats get every cell as it was spelled; the others the dtypes of the source.

    Raises:
        OutputError: The ending is unknown, the file exists, or it cannot be written.
    """
    write_chunks([data], path, overwrite=overwrite, rows=len(data))


def write_chunks(
    parts: Iterable[Dataset],
    path: Path,
    *,
    overwrite: bool = False,
    rows: int | None = None,
    formulas: str = NEUTRAL,
) -> int:
    """Write parts of one table, one below the other, as each is made; give how many rows that were.

    The rows are the same however they are cut into parts, and where the file is not packed (.gz),
    its bytes too. It appears when the last part is written, and not at all if one fails. Of an
    Excel sheet all parts are held in memory.

    Args:
        parts: At least one; all of one schema.
        path: Where to, as for :func:`write`.
        overwrite: Whether an existing file may be replaced.
        rows: How many will come, where that is known: what no Excel sheet takes is refused before
            the first is made.
        formulas: Whether csv and tsv files hold texts that a spreadsheet would run as they are
            ("keep"), or with an apostrophe before them.

    Raises:
        OutputError: The ending is unknown, the file exists, it cannot be written, or there are too
            many rows for it.
    """
    written = 0
    origins: set[int] = set()
    _refuse_early(path, rows, overwrite)
    parts = iter(parts)
    first = next(parts)
    ending = _ending_for(path, first.schema)

    def counted() -> Iterator[Dataset]:
        nonlocal written
        for part in chain([first], parts):
            written += len(part)
            yield part

    def frames() -> Iterator[pl.DataFrame]:
        for part in counted():
            if ending != "parquet" and ending not in _no_tables():
                _refuse_unwritable(part.frame, ending)
            origins.update([0] if part.origin is None else part.origin.unique())
            yield _as_written(part, ending, formulas)

    if ending == FOLDER and are_files(first.schema):
        write_texts(((part, text_frame(part, KEEP)) for part in counted()), path)
        return written
    if ending in _no_tables():
        _write_files(frames(), path, ending, first, overwrite)
        return written
    options: dict[str, Any] = {}
    if ending == "parquet":
        # the file says where its rows come from; in other formats a mark would be one more column
        options["marks"] = lambda: _marks(origins)
    _write(frames(), path, ending, overwrite, **options)
    return written


def _refuse_early(path: Path, rows: int | None, overwrite: bool) -> None:
    """Refuse before the first part is made what is known by then.

    Raises:
        OutputError: It cannot be written.
    """
    if path.suffix.lower().removeprefix(".") not in ("", *_no_tables()) and not path.is_dir():
        ending_of(path)
    if path.suffix.lower() == ".xlsx" and rows is not None:
        check_size(rows, 0)
    if path.is_file():
        refuse_existing(path, overwrite)


def _as_written(part: Dataset, ending: str, formulas: str) -> pl.DataFrame:
    """The rows as a format has them."""
    if ending in _TEXT:
        return text_frame(part, formulas)
    # a file says null for what is missing, so that no reader counts with NaN
    frame = _without_nan(door_frame(part))
    return with_turns(frame, part.schema) if ending in _LINES else frame


def write_together(tables: Sequence[tuple[Target, Dataset]], *, overwrite: bool = False) -> None:
    """Write tables that belong together: files each aside first, so that where one fails none is
    replaced, and none of them ever stands beside one of earlier.

    Raises:
        OutputError: One exists, or cannot be written.
    """
    with ExitStack() as stack:
        replaced = []
        for target, data in tables:
            if not isinstance(target, FileTarget) or ending_of(target.path) == FOLDER:
                target.write([data], overwrite=overwrite, rows=len(data))
                continue
            aside = stack.enter_context(writing(target.path, overwrite=overwrite))
            write_chunks([data], aside, overwrite=True, formulas=target.formulas)
            replaced.append(target.path)
        for path in replaced:
            Path(os.path.realpath(path)).unlink(missing_ok=True)


def write_frame(frame: pl.DataFrame, path: Path, *, overwrite: bool = False) -> None:
    """Write a frame without a schema, such as a log of changes, in the format of the file's ending.

    Raises:
        OutputError: The ending is unknown, the file exists, or it cannot be written.
    """
    ending = ending_of(path)
    if ending in _TEXT:
        columns = [Column(series.name, "text", dtype=text_of(series.dtype)) for series in frame]
        typed = [series.name for series in frame if _is_typed(series)]
        frame = pl.DataFrame([_text(frame[column.name], column) for column in columns])
        frame = neutral_frame(frame, typed)
    _write([frame], path, ending, overwrite)


def text_frame(data: Dataset, formulas: str = NEUTRAL) -> pl.DataFrame:
    """Every cell as text, spelled as at the source; an empty field is null.

    Args:
        data: The rows.
        formulas: Whether texts that a spreadsheet would run are made neutral, or kept.

    Raises:
        OutputError: A column holds lists or records.
    """
    columns, typed = [], []
    for column in data.schema:
        values = data.frame[column.name]
        if column.choice is None and _is_typed(values):
            typed.append(column.name)
        columns.append(values if column.choice is not None else _text(values, column))
    frame = gathered(pl.DataFrame(columns), data.schema)
    choices = {column.choice.of for column in data.schema if column.choice is not None}
    if choices:
        frame = frame.with_columns(by_name(*choices).replace("", None))
    return frame if formulas == KEEP else neutral_frame(frame, typed)


def _is_typed(values: pl.Series) -> bool:
    """Whether a column holds numbers or moments, which no spreadsheet runs."""
    return values.dtype.is_numeric() or values.dtype.is_temporal()


def _without_nan(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with null in the place of NaN; polars' own way takes a column ``*`` for all."""
    floats = [values.fill_nan(None) for values in frame if values.dtype.is_float()]
    return frame.with_columns(floats)


def _refuse_unwritable(frame: pl.DataFrame, ending: str) -> None:
    """Refuse lists, records and bytes where a format has none.

    Raises:
        OutputError: A column holds such.
    """
    for values in frame:
        is_nested = values.dtype.is_nested() and ending not in _LINES
        if is_nested or values.dtype in (pl.Binary, pl.Object):
            raise OutputError(
                f"the column '{values.name}' holds {shown(values.dtype)}, which are not written as "
                f".{ending}",
                hint="write Parquet, or take the column out of the table",
            )


def _text(values: pl.Series, column: Column) -> pl.Series:
    if column.spelling is None:
        values = restored(values, column.dtype)
        text = spelled(values, _usual(values))
    else:
        if column.dtype.startswith("Float") and values.dtype.is_integer():
            values = values.cast(pl.Float64)  # whole floats may be integers inside
        text = spelled(values, column.spelling)
    return text.set(text == "", None)


def _usual(values: pl.Series) -> Spelling:
    """How values are written whose source was no text: moments as short as is exact, all else as
    always."""
    if not isinstance(values.dtype, pl.Datetime):
        return Spelling()
    zoned = values.dtype.time_zone is not None
    return Spelling(datetime="%Y-%m-%dT%H:%M:%S%.f%:z" if zoned else "%Y-%m-%d %H:%M:%S%.f")


def _write_files(
    frames: Iterator[pl.DataFrame], path: Path, ending: str, first: Dataset, overwrite: bool
) -> None:
    column = label_column(first.schema)
    label = None if column is None else column.name
    if ending == FOLDER:
        WRITERS.load(FOLDER)(frames, path, label, overwrite=overwrite)
    else:
        _write(frames, path, ending, overwrite, label=label)


def _ending_for(path: Path, schema: Schema | None) -> str:
    """The format that a file's name asks for; of texts that were files, a name without an ending is
    a folder.

    Raises:
        OutputError: The ending is unknown, or not for such data.
    """
    if schema is not None and are_files(schema) and (path.is_dir() or not path.suffix):
        return FOLDER
    return ending_of(path, "rows" if schema is None else schema.modality)


def ending_of(path: Path, modality: Modality = "rows") -> str:
    """The format that a file's name asks for; of images, sounds and levels, a name
    without an ending is a folder.

    Raises:
        OutputError: The ending is unknown, or not for data of this modality.
    """
    suited = WRITERS.for_modality(modality)
    if FOLDER in suited and (path.is_dir() or not path.suffix):
        return FOLDER
    endings = [ending.lower() for ending in path.name.split(".")[1:]][-2:] or [""]
    packed = endings[-1] == "gz"
    ending = endings[0] if packed else endings[-1]
    known = ", ".join(f".{name}" for name in suited if name != FOLDER)
    if FOLDER in suited:
        known += ", or a folder"
    if ending not in WRITERS or ending == FOLDER or (packed and ending not in _PACKABLE):
        what = "the name has no ending"
        if endings[-1]:
            what = f"the ending '.{'.'.join(endings)}' is unknown"
        packable = "; also .gz of the text ones" if "csv" in suited else ""
        raise OutputError(what, where=str(path), hint=f"known endings: {known}{packable}")
    if ending not in suited:
        raise OutputError(
            unsuited(f"the format .{ending}", modality), where=str(path), hint=f"choose of {known}"
        )
    return ending


def _no_tables() -> tuple[str, ...]:
    """Endings of formats that no table is written to."""
    tables = WRITERS.for_modality("rows")
    return tuple(name for name in WRITERS if name not in tables)


def _marks(origins: set[int]) -> dict[str, str]:
    """Where rows come from, for the metadata of a file: nothing where all are real."""
    if not any(origins):
        return {}
    return {
        "tidemill.origin": "synthetic" if all(origins) else "real and synthetic",
        "tidemill.rounds": ",".join(map(str, sorted(origins))),
    }


def _write(
    frames: Iterable[pl.DataFrame],
    path: Path,
    ending: str,
    overwrite: bool,
    **options: Any,
) -> None:
    write_to = WRITERS.load(ending)
    with (
        writing(path, overwrite=overwrite) as aside,
        aside.open("wb") as file,
        _failing_as_the_disk_does(),
    ):
        if path.suffix.lower() != ".gz":
            write_to(frames, file, **options)
            return
        # no time, no name: the same rows, the same bytes
        with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
            write_to(frames, packed, **options)


@contextmanager
def _failing_as_the_disk_does() -> Iterator[None]:
    """Turn what polars says of a disk, a full one among others, into what Python says."""
    try:
        yield
    except pl.exceptions.PolarsError as error:
        found = _OF_DISK.search(str(error))
        if found is None:
            raise
        raise OSError(int(found[1]), os.strerror(int(found[1]))) from error

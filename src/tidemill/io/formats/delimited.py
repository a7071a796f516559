"""CSV, TSV and their like: delimiter, quoting and encoding found out; every field is text until it
is typed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

import polars as pl
from polars.exceptions import PolarsError

from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.core.spelling import typed
from tidemill.core.words import plural
from tidemill.io.file import File
from tidemill.io.formats.encoding import as_utf8
from tidemill.io.names import named
from tidemill.io.source import Raw

_DELIMITERS = (",", ";", "\t", "|")
_QUOTES = ('"', "'", None)
_HEAD = 1 << 16


@dataclass(frozen=True)
class Dialect:
    """How fields are told apart; quote None where no field is quoted."""

    delimiter: str = ","
    quote: str | None = '"'

    def reader(self, text: str) -> Any:
        """A reader of the text's records, in which a blank line is an empty list."""
        return csv.reader(
            io.StringIO(text, newline=""),
            delimiter=self.delimiter,
            quotechar=self.quote or '"',
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
        )


def read(file: File, run: Run) -> Raw:
    """Every field as text, an empty one as the empty text.

    Raises:
        InputError: No text, no rows, or rows of unequal length.
    """
    where = str(file.path)
    content = as_utf8(file.content(), where, run).strip(b"\r\n")
    if not content.strip():
        raise InputError(
            "the file is empty", where=where, hint="give a file with a header line and rows"
        )
    dialect = _dialect(content)
    header = next(dialect.reader(_head(content)))
    names = named(header, where, run)
    frame = _parsed(content, dialect, header, where, run)
    if not frame.height:
        raise InputError(
            f"there are no rows, only a header of {len(header)} columns",
            where=where,
            hint="give a file with rows below its header",
        )
    if len(header) > 1 and all(map(_is_value, header)):
        run.warn(
            f"the first line of {where} ({', '.join(header[:3])}, ...) was taken as the column "
            "names but looks like values; add a line of names if there is none.",
            "read",
        )
    frame.columns = names
    return Raw(frame, is_text=True)


def write_commas(parts: Iterable[pl.DataFrame], file: IO[bytes]) -> None:
    """Write text columns as CSV, part below part: UTF-8, quotes only where needed."""
    _write(parts, file, ",")


def write_tabs(parts: Iterable[pl.DataFrame], file: IO[bytes]) -> None:
    """Write text columns as TSV, part below part: UTF-8, quotes only where needed."""
    _write(parts, file, "\t")


def _write(parts: Iterable[pl.DataFrame], file: IO[bytes], delimiter: str) -> None:
    for number, part in enumerate(parts):
        part.write_csv(
            file, separator=delimiter, quote_style="necessary", include_header=not number
        )


def _head(content: bytes) -> str:
    """The first records of the text; the last may be cut off."""
    return content[: _head_size(content)].decode("utf-8", errors="ignore")


def _head_size(content: bytes) -> int:
    return max(_HEAD, 4 * content.find(b"\n"))  # a header of thousands of columns is long


def _dialect(content: bytes) -> Dialect:
    """The dialect in which most of the first records have as many fields as the header, and the
    header the most."""
    head, whole = _head(content), len(content) <= _head_size(content)
    tried: dict[Dialect, tuple[float, int]] = {}
    for quote in _QUOTES:
        options = [Dialect(delimiter, quote) for delimiter in _DELIMITERS]
        for option in options:
            tried[option] = _regularity(option, head, whole)
        best = max(options, key=tried.__getitem__)
        if tried[best][0] >= 0.9:
            return best
    best = max(tried, key=tried.__getitem__)
    if tried[best][1] > 1:
        return best
    return _single_column(head)


def _regularity(dialect: Dialect, head: str, whole: bool) -> tuple[float, int]:
    """The share of records as wide as the header (in tenths, so that a damaged row decides
    nothing), and its width."""
    try:
        records = list(islice(dialect.reader(head), 200))
    except csv.Error:
        return 0.0, 0
    if not whole and len(records) < 200:
        records = records[:-1]  # it may be cut off
    widths = [len(record) for record in records if record]
    if not widths or widths[0] == 1:
        return 0.0, 1
    if len(widths) == 1:
        return 1.0, widths[0]
    alike = widths.count(widths[0]) - 1
    return round(alike / (len(widths) - 1), 1), widths[0]


def _single_column(head: str) -> Dialect:
    """One name in the header: texts with commas in them are one column; rows of equal width are a
    damaged table."""
    for delimiter in _DELIMITERS:
        dialect = Dialect(delimiter)
        try:
            records = list(islice(dialect.reader(head), 200))
        except csv.Error:
            continue
        widths = {len(record) for record in records[1:-1] if record}
        if widths <= {1} or len(widths) == 1:
            return dialect
    return Dialect("\x1f")


def _parsed(
    content: bytes, dialect: Dialect, header: list[str], where: str, run: Run
) -> pl.DataFrame:
    try:
        frame = pl.read_csv(
            content,
            infer_schema=False,
            empty_string_is_null=False,
            separator=dialect.delimiter,
            quote_char=dialect.quote,
        )
    except PolarsError as error:
        _blank_records(content, dialect, len(header), where)
        raise InputError(
            f"the text cannot be read ({str(error).splitlines()[0]})",
            where=where,
            hint="look for a quotation mark that is not closed, or has text behind it",
        ) from error
    if _is_regular(content, dialect, header, frame):
        return frame
    blank = _blank_records(content, dialect, len(header), where)
    run.warn(f"{plural(len(blank), 'blank line')} of {where} left out.", "read")
    return frame.with_row_index("\x1f").filter(~pl.col("\x1f").is_in(blank)).drop("\x1f")


def _is_regular(content: bytes, dialect: Dialect, header: list[str], frame: pl.DataFrame) -> bool:
    """Whether every row has all its fields: the delimiters between fields are as many as they must
    be.

    The reader fills short rows with nothing and tells no one, so the delimiters of the file are
    counted, less those that stand within fields.
    """
    if frame.width == 1 and len(header) == 1:
        return True
    found = content.count(dialect.delimiter.encode())
    if dialect.quote and dialect.quote.encode() in content:
        inside = frame.select(pl.all().str.count_matches(dialect.delimiter, literal=True).sum())
        found -= sum(inside.row(0)) + sum(name.count(dialect.delimiter) for name in header)
    return found == (len(header) - 1) * (frame.height + 1) and frame.width == len(header)


def _blank_records(content: bytes, dialect: Dialect, width: int, where: str) -> list[int]:
    """The positions of blank lines among the rows.

    Raises:
        InputError: A row that is not blank has more or fewer fields than the header.
    """
    reader = dialect.reader(content.decode("utf-8"))
    blank: list[int] = []
    began, at = 1, -1
    try:
        for at, record in enumerate(reader, start=-1):
            if not record and at >= 0:
                blank.append(at)
            elif len(record) != width:
                raise InputError(
                    f"line {began} has {plural(len(record), 'field')}, the header has {width}",
                    where=where,
                    hint="mend that line: a delimiter in a text needs quotation marks around the "
                    "text",
                )
            began = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"line {began} cannot be read ({error})", where=where, hint="mend that line"
        ) from error
    return blank


def _is_value(name: str) -> bool:
    return typed(pl.Series([name])) is not None

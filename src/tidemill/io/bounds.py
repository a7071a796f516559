"""How large an input may be: stated once, and checked before memory is asked for.

A small file can ask for more than any machine has: packed zeros, one cell in the last corner of a
sheet, a view without an end.
"""

from __future__ import annotations

import copy
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from gzip import BadGzipFile
from typing import IO, Protocol

import polars as pl

from tidemill.core.errors import InputError
from tidemill.core.panics import is_panic

MAX_BYTES = 8 << 30
"""Of a file, packed or not."""
MAX_RATIO = 100
"""Bytes that a packed one may become, of what is larger than :data:`PLAIN_BYTES`."""
MAX_COLUMNAR_RATIO = 2_000
"""The same of Parquet, which packs a column of one value to almost nothing."""
PLAIN_BYTES = 64 << 20
"""What a packed file may become whatever its ratio."""
MAX_CELLS = 30_000_000
"""Of a sheet, from its first filled row and column to its last ones, filled or not."""
SPARSE_CELLS = 5_000_000
"""Larger sheets must have some filled cells: one in :data:`SPARSE`."""
SPARSE = 100
MAX_ROWS = 1_048_576
"""Of a sheet; no program writes more."""
MAX_COLUMNS = 16_384
"""Of a sheet."""
MAX_WIDTH = 20_000
"""Columns of a table."""
MAX_VIEW_ROWS = 1_000_000
"""That a view of a database gives, or as many as its file has bytes."""
MAX_VIEW_BYTES = 1 << 28
"""That the texts of a view have, or 100 times as many as its file."""
VIEW_SECONDS = 10.0
"""That a view may work, and one more for each megabyte of its file."""
MAX_TEXTS = 1_000_000
"""Files of a folder of texts, or of a zip of them."""
MAX_TEXT_BYTES = 1 << 30
"""That these have together."""
MAX_SETTINGS = 1 << 20
"""Bytes of a schema file."""

DAMAGED = (
    EOFError,
    BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    struct.error,
    NotImplementedError,
    RuntimeError,
    ValueError,
    KeyError,
)
"""What the standard library raises of packed files that are damaged or hostile."""
_PART = 1 << 20
_DIGITS = 20
_PLAIN = (re.compile(rb' r="([A-Za-z]+)'), re.compile(rb' r="[A-Za-z]*([0-9]+)'))
_FREE = (
    re.compile(rb' r *= *"([A-Za-z]+)'),
    re.compile(rb' r *= *"[A-Za-z]*([0-9]+)'),
)
"""Columns and rows of references to cells, as programs write them, and as XML lets anyone."""
_SPACES = bytes.maketrans(b"\t\r\n'", b'   "')
_TAIL = 64
_ODS_TAG = re.compile(rb"<table:(table-row|table-cell|covered-table-cell|table)\b([^>]*)>")
_ODS_REPEATED = re.compile(rb'table:number-(?:rows|columns)-repeated="([0-9]+)"')


class Readable(Protocol):
    """What gives bytes in parts."""

    def read(self, size: int = -1, /) -> bytes:
        """As many bytes, or fewer where it ends."""


@contextmanager
def readable(where: str) -> Iterator[None]:
    """Turn what ends a reader in native code, or for want of memory, into an InputError.

    Args:
        where: For messages.
    """
    try:
        yield
    except MemoryError as error:
        raise InputError(
            "it needs more memory than there is", where=where, hint="give fewer rows or columns"
        ) from error
    except RecursionError as error:
        raise InputError(
            "it is nested too deeply", where=where, hint="write each row as one flat record"
        ) from error
    except BaseException as error:
        if not is_panic(error):
            raise
        why = (str(error).splitlines() or [""])[0]
        raise InputError(
            f"the library that reads it gave up ({why:.200})",
            where=where,
            hint="write it anew in the program that it is from, or as CSV",
        ) from error


def check_table(frame: pl.DataFrame, where: str) -> None:
    """Refuse a table without rows or columns, or with more columns than can be worked on.

    Raises:
        InputError: It is such.
    """
    if not frame.width or not frame.height:
        raise InputError(
            "there are no rows" if frame.width else "there are no columns",
            where=where,
            hint="give data with at least one row and one column",
        )
    check_width(frame.width, where)


def check_width(columns: int, where: str) -> None:
    """Refuse more columns than can be worked on.

    Raises:
        InputError: These are more.
    """
    if columns > MAX_WIDTH:
        raise InputError(
            f"it has {columns:,} columns; at most {MAX_WIDTH:,} can be read",
            where=where,
            hint="give the columns that matter, or a row for each value",
        )


def unpacked(stream: Readable, packed: int, where: str) -> bytes:
    """What a packed file holds, read in parts.

    Args:
        stream: Gives it unpacked.
        packed: How many bytes it has packed.
        where: For messages.

    Raises:
        InputError: It unpacks to more than a file may have.
    """
    return b"".join(_parts(stream, packed, where))


def _parts(stream: Readable, packed: int, where: str) -> Iterator[bytes]:
    most, size = max(PLAIN_BYTES, min(MAX_BYTES, MAX_RATIO * packed)), 0
    while part := stream.read(_PART):
        size += len(part)
        if size > most:
            raise InputError(
                f"it unpacks to more than {most >> 20:,} MB, from {packed:,} bytes",
                where=where,
                hint="unpack it yourself where you trust it, and give what is in it",
            )
        yield part


def check_archive(file: IO[bytes], where: str) -> None:
    """Refuse a zip whose parts unpack to too much, or to more than they say.

    Raises:
        InputError: They do, or the zip is damaged.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            for info in archive.infolist():
                for _ in _unzipped(archive, info, where):
                    pass
    except DAMAGED as error:
        raise _damaged(error, where) from error


def check_sheets(file: IO[bytes], where: str) -> None:
    """Refuse a spreadsheet whose sheets have more cells than can be read.

    Readers take the whole rectangle from the first to the last filled cell, so one cell in the last
    corner is 17,000,000,000.

    Args:
        file: A zip of XML: xlsx, xlsm or ods.
        where: For messages.

    Raises:
        InputError: They have, or the file is damaged.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            for info in archive.infolist():
                parts = _unzipped(archive, info, where)
                if re.match(r"/?xl/worksheets/[^/]*\.xml$", info.filename, re.IGNORECASE):
                    _check_xlsx(parts, f"{where}, {info.filename}")
                elif info.filename.lower() == "content.xml":
                    _check_ods(b"".join(parts), where)
                else:
                    for _ in parts:
                        pass
    except DAMAGED as error:
        raise _damaged(error, where) from error


def _damaged(error: Exception, where: str) -> InputError:
    return InputError(
        f"the file is damaged or not packed as its name says ({error or type(error).__name__})",
        where=where,
        hint="copy it again, or save it anew in the program that it is from",
    )


def _unzipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo, where: str) -> Iterator[bytes]:
    """A part of a zip, to its very end: what the directory says of its size is not believed."""
    whole = copy.copy(info)
    whole.file_size = MAX_BYTES + 1
    size = 0
    with archive.open(whole) as stream:
        for part in _parts(stream, info.compress_size, where):
            size += len(part)
            yield part
    if size != info.file_size:
        raise zipfile.BadZipFile("a part is not as long as it says")


def _check_xlsx(parts: Iterator[bytes], where: str) -> None:
    """The cells of a sheet by their references, such as XFD1048576."""
    filled, last, tail = 0, b"1", b""
    columns = {b"A"}
    for part in parts:
        text = tail + part.translate(_SPACES)
        cells = text.count(b"<c ") + text.count(b":c ")
        columns_of, rows_of = _PLAIN
        found = columns_of.findall(text)
        if len(found) != cells:  # written otherwise than programs do
            columns_of, rows_of = _FREE
            found = columns_of.findall(text)
        columns.update(found)
        last = max([last, *rows_of.findall(text)], key=_size)
        filled += max(cells, len(found))
        tail = text[-_TAIL:]
    wide, rows = max(map(_place, columns)), int(last[:_DIGITS])
    if wide > MAX_COLUMNS or rows > MAX_ROWS:
        raise InputError(
            f"it has a cell in row {rows:,} or column {wide:,}, where no sheet has one",
            where=where,
            hint="the file is damaged: open it in Excel and save it again",
        )
    _check_cells(rows, wide, filled, where)


def _size(number: bytes) -> tuple[int, bytes]:
    """Orders whole numbers as they are written."""
    digits = number.lstrip(b"0")
    return len(digits), digits


def check_parquet(cells: int, size: int, where: str) -> None:
    """Refuse a file of columns that unpack to far more than it holds.

    Args:
        cells: Rows times columns.
        size: Bytes of the file.
        where: For messages.

    Raises:
        InputError: They do.
    """
    if 8 * cells > max(PLAIN_BYTES, MAX_COLUMNAR_RATIO * size):
        raise InputError(
            f"it says that it has {cells:,} cells, in {size:,} bytes",
            where=where,
            hint="give fewer rows, or write it anew where you trust it",
        )


def _place(letters: bytes) -> int:
    """The number of a column: 1 for A, 27 for AA."""
    place = 0
    for letter in letters.upper()[:8]:
        place = 26 * place + letter - ord("A") + 1
    return place


def _check_ods(content: bytes, where: str) -> None:
    """The cells of sheets in which rows and cells are written once and repeated."""
    seen = times = width = 0
    rows = wide = filled = 0  # of what reaches to the last filled cell
    for tag in _ODS_TAG.finditer(content):
        repeated = _ODS_REPEATED.search(tag[2])
        count = int(repeated[1][:_DIGITS]) if repeated else 1
        if tag[1] == b"table":
            _check_cells(rows, wide, filled, where)
            seen = rows = wide = filled = 0
        elif tag[1] == b"table-row":
            seen, times, width = seen + count, count, 0
        else:
            width += count
            if b"value-type" in tag[2]:
                rows, wide, filled = seen, max(wide, width), filled + times * count
    _check_cells(rows, wide, filled, where)


def _check_cells(rows: int, columns: int, filled: int, where: str) -> None:
    cells = rows * columns
    if cells > MAX_CELLS:
        raise InputError(
            f"the sheet has {rows:,} rows and {columns:,} columns, {cells:,} cells; at most "
            f"{MAX_CELLS:,} can be read",
            where=where,
            hint="delete the empty rows and columns behind the table, or save it as CSV",
        )
    if cells > SPARSE_CELLS and SPARSE * filled < cells:
        raise InputError(
            f"of the {cells:,} cells of the sheet only {filled:,} are filled",
            where=where,
            hint="a cell far below or beside the table is in the way: delete the empty rows and "
            "columns behind the table, and save",
        )

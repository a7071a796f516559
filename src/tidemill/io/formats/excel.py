"""Excel and OpenDocument sheets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import IO, Any

import polars as pl

from tidemill.core.errors import InputError, OutputError
from tidemill.core.run import Run
from tidemill.io.file import File
from tidemill.io.names import named
from tidemill.io.source import Raw

MAX_ROWS = 1_048_576
MAX_COLUMNS = 16_384
MAX_CHARACTERS = 32_767
"""Of a cell."""
_EXACT = 1 << 53
_CREATED = dt.datetime(1980, 1, 1)  # the same rows give the same bytes
_FIRST_DAY = dt.date(1900, 3, 1)  # Excel counts a 29 February 1900 that never was


def read(file: File, run: Run) -> Raw:
    """The sheet that ``?sheet=NAME`` asks for, else the first one that has rows; its first row
    holds the names.

    Raises:
        InputError: The file is damaged, there is no such sheet, or no rows.
    """
    import fastexcel

    where = str(file.path)
    try:
        book = fastexcel.read_excel(file.content())
        sheet = _sheet(book, file, run)
        frame = book.load_sheet(sheet, schema_sample_rows=None).to_polars()
        first = book.load_sheet(sheet, header_row=None, n_rows=1, dtypes="string")
        header = first.to_polars().row(0)
    except fastexcel.FastExcelError as error:
        raise InputError(
            f"the file is damaged ({str(error).splitlines()[0]})",
            where=where,
            hint="open it in Excel and save it again",
        ) from error
    frame.columns = named(header, where, run)
    return Raw(frame.select(map(_plain, frame)))


def write(parts: Iterable[pl.DataFrame], file: IO[bytes]) -> None:
    """Write one sheet; what Excel cannot hold exactly (dates before March 1900, long whole numbers)
    goes as text.

    All parts are held until the last, for each column goes as text or not as a whole.

    Raises:
        OutputError: More rows, columns or characters in a cell than Excel takes.
    """
    from xlsxwriter import Workbook

    frame = _whole(parts)
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(file, options) as book:
        book.set_properties({"created": _CREATED})
        sheet = book.add_worksheet("data")
        sheet.freeze_panes(1, 0)
        bold = book.add_format({"bold": True})
        formats = {
            pl.Date: book.add_format({"num_format": "yyyy-mm-dd"}),
            pl.Datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"}),
        }
        for at, column in enumerate(frame):
            cells = _storable(column)
            sheet.write_string(0, at, column.name, bold)
            sheet.write_column(1, at, _cells(cells), formats.get(cells.dtype.base_type()))


def _sheet(book: Any, file: File, run: Run) -> str:
    asked = file.part.get("sheet")
    if asked is not None and asked not in book.sheet_names:
        raise InputError(
            f"there is no sheet '{asked}'",
            where=str(file.path),
            hint=f"the sheets are: {', '.join(book.sheet_names)}",
        )
    filled = []
    for name in [asked] if asked else book.sheet_names:
        if book.load_sheet(name, header_row=None).total_height > 1:
            filled.append(name)
    if not filled:
        raise InputError(
            "there are no rows below a row of names",
            where=str(file.path),
            hint="name another sheet by FILE?sheet=NAME",
        )
    if len(filled) > 1:
        run.warn(
            f"{file.path} has {len(filled)} sheets with rows; '{filled[0]}' was read. "
            f"Ask for another by ?sheet=NAME: {', '.join(filled[1:6])}.",
            "read",
        )
    return str(filled[0])


def _plain(column: pl.Series) -> pl.Series:
    """Whole numbers as integers and midnights as dates: a sheet does not tell them apart."""
    if column.dtype == pl.Float64 and column.count():
        plain = column.cast(pl.Int64, strict=False)
    elif isinstance(column.dtype, pl.Datetime) and column.count():
        plain = column.cast(pl.Date)
    else:
        return column
    is_exact = plain.cast(column.dtype).eq_missing(column).all()
    return plain if is_exact else column


def check_size(rows: int, columns: int) -> None:
    """Say before the work that so many rows below a row of names, or columns, are more than a sheet
    takes.

    Raises:
        OutputError: They are.
    """
    if rows >= MAX_ROWS or columns > MAX_COLUMNS:
        raise OutputError(
            f"{rows:,} rows and {columns:,} columns do not fit in an Excel sheet, which takes "
            f"{MAX_ROWS - 1:,} rows and {MAX_COLUMNS:,} columns",
            hint="write Parquet or CSV instead",
        )


def _whole(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    kept: list[pl.DataFrame] = []
    rows = 0
    for part in parts:
        kept.append(part)
        rows += part.height
        check_size(rows, part.width)
    frame = pl.concat(kept, how="vertical_relaxed")
    for column in frame:
        if column.dtype == pl.String and (column.str.len_chars().max() or 0) > MAX_CHARACTERS:  # type: ignore[operator]
            raise OutputError(
                f"the column '{column.name}' has texts too long for an Excel cell "
                f"(more than {MAX_CHARACTERS:,} characters)",
                hint="write Parquet or CSV instead",
            )
    return frame


def _storable(column: pl.Series) -> pl.Series:
    """The column itself where Excel can hold its values exactly, else as text."""
    dtype = column.dtype
    if dtype.is_integer():
        exact = bool((column.abs().max() or 0) <= _EXACT)  # type: ignore[operator]
    elif dtype.is_float():
        exact = not column.is_infinite().any()
    elif dtype == pl.Date or isinstance(dtype, pl.Datetime):
        exact = getattr(dtype, "time_zone", None) is None and _days_hold(column)
    else:
        exact = dtype in (pl.String, pl.Boolean)
    return column if exact else column.cast(pl.String)


def _days_hold(column: pl.Series) -> bool:
    """Whether a count of days, as Excel keeps it, holds each moment to the millisecond and no
    moment is finer."""
    thousandths = column.cast(pl.Datetime("ms")).cast(column.dtype)
    return bool((column.cast(pl.Date) >= _FIRST_DAY).all() and (thousandths == column).all())


def _cells(column: pl.Series) -> Iterable[Any]:
    return column.fill_nan(None) if column.dtype.is_float() else column

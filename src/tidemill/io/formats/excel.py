"""Excel and OpenDocument sheets."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import polars as pl

from tidemill.core.aside import Aside
from tidemill.core.errors import InputError, OutputError
from tidemill.core.run import Run
from tidemill.core.schema import Spelling
from tidemill.core.spelling import spelled
from tidemill.core.words import plural, quoted
from tidemill.io.beside import has_blank_columns, table_columns
from tidemill.io.bounds import MAX_COLUMNS, MAX_ROWS, check_sheets
from tidemill.io.extent import Body, extent_of
from tidemill.io.file import File, located
from tidemill.io.layout import Layout, Row, found_layout, told
from tidemill.io.names import named, trimmed
from tidemill.io.source import Raw

MAX_CHARACTERS = 32_767
"""Of a cell."""
_EXACT = 1 << 53
_CREATED = dt.datetime(1980, 1, 1)  # the same rows give the same bytes
_DAY_ZERO = dt.date(1899, 12, 31)
_ZERO = dt.datetime(1899, 12, 31)
_FIRST_MONTH = dt.datetime(1900, 2, 1)
_HEAD = 300
_FIRST_DAY = dt.date(1900, 3, 1)  # Excel counts a 29 February 1900 that never was


def read(file: File, run: Run) -> Raw:
    """The sheet that ``?sheet=NAME`` asks for, else the first one that holds a table.

    Raises:
        InputError: The file is damaged, there is no such sheet, or no rows.
    """
    where = str(file.path)
    with _opened(file) as book:
        sheet = _sheet(book, file, run)
        grid = _grid(sheet)
        merged = [] if grid is None else sheet.merged_cell_ranges or []
    if grid is None:
        raise InputError(
            "there are no rows below a row of names",
            where=where,
            hint="name another sheet by FILE?sheet=NAME",
        )
    return _table(_asked(grid, file), merged, file, run)


def sheets_of(path: Path) -> list[str]:
    """The sheets of a file that hold a row of names and others; the only one, whatever it
    holds.

    Raises:
        InputError: The file is damaged.
    """
    from python_calamine import SheetTypeEnum

    with _opened(located(path, {})) as book:
        names = [one.name for one in book.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet]
        if len(names) == 1:
            return names  # whether it holds rows shows when it is read
        sheets = {name: _loaded(book, name) for name in names}
    return [name for name, sheet in sheets.items() if sheet is not None and sheet.height > 1]


@contextmanager
def _opened(file: File) -> Iterator[Any]:
    """The workbook of a file; what cannot be read of it, also later on, is an InputError."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    where = str(file.path)
    content = file.content()
    if content.startswith(b"PK"):
        check_sheets(io.BytesIO(content), where)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            yield book
    except PasswordError as error:
        raise InputError(
            "the file is protected by a password",
            where=where,
            hint="open it in Excel and save it without a password",
        ) from error
    except (CalamineError, OSError, ValueError) as error:
        raise InputError(
            f"the file is damaged ({(str(error).splitlines() or [type(error).__name__])[0]})",
            where=where,
            hint="open it in Excel and save it again",
        ) from error


def write(parts: Iterable[pl.DataFrame], file: IO[bytes]) -> None:
    """Write one sheet; what Excel cannot hold exactly (dates before March 1900, long whole numbers)
    goes as text.

    All parts are held until the last, for each column goes as text or not as a whole.

    Raises:
        OutputError: More rows, columns or characters in a cell than Excel takes.
    """
    from xlsxwriter import Workbook

    frame = _whole(parts)
    unchanged = ("strings_to_formulas", "strings_to_urls", "strings_to_numbers")
    options = {**dict.fromkeys(unchanged, False), "in_memory": True}
    # whole before it is written: its archive complains of a disk that is full a second time, aloud
    whole = io.BytesIO()
    with Workbook(whole, options) as book:
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
    file.write(whole.getbuffer())


@dataclass(frozen=True)
class _Grid:
    """The cells of a sheet from its first filled row and column on; "" where one is empty."""

    rows: list[list[Any]]
    row: int
    column: int

    def text_row(self, at: int) -> Row:
        """A row as texts, with its number in the sheet."""
        return Row(self.row + at + 1, tuple(map(_shown, self.rows[at])))


def _grid(sheet: Any) -> _Grid | None:
    """The filled part of a sheet; None where it has none."""
    if sheet.start is None:
        return None
    return _Grid(sheet.to_python(skip_empty_area=True), *sheet.start)


def _asked(grid: _Grid, file: File) -> _Grid:
    """The grid without the rows that the user leaves out."""
    skip, footer = file.number("skip") or 0, file.number("footer") or 0
    begin = max(0, skip - grid.row)
    return _Grid(grid.rows[begin : len(grid.rows) - footer], grid.row + begin, grid.column)


def _sheet(book: Any, file: File, run: Run) -> Any:
    """The sheet asked for, else the first visible one that holds a table, else one of notes."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    asked = file.part.get("sheet")
    if asked is not None:
        if asked not in book.sheet_names:
            raise InputError(
                f"there is no sheet '{asked}'",
                where=str(file.path),
                hint=f"the sheets are: {', '.join(book.sheet_names)}",
            )
        return book.get_sheet_by_name(asked)
    filled: dict[str, Any] = {}
    for about in book.sheets_metadata:
        if about.typ != SheetTypeEnum.WorkSheet:
            continue
        sheet = _loaded(book, about.name)
        if sheet is None or sheet.height > 1:
            filled[about.name] = sheet
    shown = [about.name for about in book.sheets_metadata if about.name in filled]
    visible = {
        about.name for about in book.sheets_metadata if about.visible == SheetVisibleEnum.Visible
    }
    ranked = sorted(
        shown,
        key=lambda name: (name not in visible, filled[name] is None or _is_narrow(filled[name])),
    )
    if not ranked:
        return book.get_sheet_by_name(book.sheet_names[0])
    if len(ranked) > 1:
        others = [name for name in shown if name != ranked[0]]
        named = [name if name in visible else f"{name} (hidden)" for name in others]
        run.warn(
            f"{file.path} has {len(ranked)} sheets with rows; '{ranked[0]}' was read. "
            f"Ask for another by ?sheet=NAME: {', '.join(named[:5])}.",
            "read",
        )
    return filled[ranked[0]] or book.get_sheet_by_name(ranked[0])


def _loaded(book: Any, name: str) -> Any:
    """A sheet; None where it is damaged, which concerns only whoever asks for it."""
    from python_calamine import CalamineError

    try:
        return book.get_sheet_by_name(name)
    except CalamineError:
        return None


def _is_narrow(sheet: Any) -> bool:
    return bool(sheet.width < 2)


def _table(grid: _Grid, merged: Sequence[Any], file: File, run: Run) -> Raw:
    """The table in a grid, its columns typed by their cells."""
    where = str(file.path)
    grid = _without_beside(grid, where, run)
    head = [grid.text_row(at) for at in range(min(_HEAD, len(grid.rows)))]
    layout = found_layout(head, where, header=file.number("header"))
    if layout.first >= len(grid.rows):
        raise InputError(
            "there are no rows below a row of names",
            where=where,
            hint="name another sheet by FILE?sheet=NAME",
        )
    rows = _filled_down(grid, merged, layout, where, run)[layout.first :]
    body = _Grid(rows, grid.row + layout.first, grid.column)
    found = extent_of(_body(body, layout), layout)
    aside = [*layout.aside, *found.aside]
    if found.second:
        first = next(one for one in aside if one.sort == "second table")
        run.warn(
            f"{where} holds a second table from row {first.line} on ({quoted(found.second)}); only "
            "the first one was read. Ask for the other by ?skip=N behind the file's name.",
            "read",
        )
    told(aside, layout, where, run, unit="row")
    gone = set(found.within)
    kept = [row for at, row in enumerate(rows[: found.stop]) if at not in gone]
    return Raw(_frame(kept, layout, where, run), aside=tuple(sorted(aside, key=_line)))


def _without_beside(grid: _Grid, where: str, run: Run) -> _Grid:
    """The grid without what stands beside its table; its columns stay where they are."""
    head = [grid.text_row(at) for at in range(min(_HEAD, len(grid.rows)))]
    if not has_blank_columns(head):
        return grid
    rows = [grid.text_row(at) for at in range(len(grid.rows))]
    columns = table_columns(rows, where, run)
    if columns is None:
        return grid
    first = columns[0]
    kept = set(columns)
    cells = [
        [row[at] if at in kept else "" for at in range(first, columns[-1] + 1)] for row in grid.rows
    ]
    return _Grid(cells, grid.row, grid.column + first)


def _line(one: Aside) -> int:
    return one.line


def _filled_down(
    grid: _Grid, merged: Sequence[Any], layout: Layout, where: str, run: Run
) -> list[list[Any]]:
    """The rows with the value of merged cells in each row that they reach over."""
    first, filled = grid.row + layout.first, 0
    for (top, left), (bottom, right) in merged:
        if top < first or bottom == top or right != left or left < grid.column:
            continue
        column = left - grid.column
        for at in range(top + 1 - grid.row, min(bottom + 1 - grid.row, len(grid.rows))):
            if column < len(grid.rows[at]):
                grid.rows[at][column] = grid.rows[top - grid.row][column]
                filled += 1
    if filled:
        run.warn(
            f"{plural(filled, 'cell')} of {where} got the value of merged cells that reach over "
            "several rows.",
            "read",
        )
    return grid.rows


def _body(grid: _Grid, layout: Layout) -> Body:
    blank = []
    for at, row in enumerate(grid.rows):
        if _is_empty(row[0]) and all(map(_is_empty, row)):
            blank.append(at)
    repeated: list[int] = []
    if layout.header is not None:
        place, name = next(
            (at, cell) for at, cell in enumerate(layout.header.cells) if cell.strip()
        )
        name = name.strip()
        for at, row in enumerate(grid.rows):
            if isinstance(row[place], str) and row[place].strip() == name:
                repeated.append(at)
    return Body(
        len(grid.rows),
        grid.text_row,
        lambda place: [_shown(row[place]) for row in grid.rows],
        blank,
        repeated,
    )


def _is_empty(cell: Any) -> bool:
    return isinstance(cell, str) and not cell.strip()


def _frame(rows: list[list[Any]], layout: Layout, where: str, run: Run) -> pl.DataFrame:
    """The columns, without empty ones that have no name."""
    columns: list[pl.Series] = []
    names: list[str] = []
    for name, cells in zip(layout.names, zip(*rows, strict=True), strict=False):
        column = _typed(cells)
        if name.strip() or column.count():
            columns.append(column)
            names.append(name)
    if len(columns) < len(layout.names):
        many = plural(len(layout.names) - len(columns), "column")
        run.warn(f"{many} of {where} without a name or a value left out.", "read")
    frame = pl.DataFrame([column.alias(str(at)) for at, column in enumerate(columns)])
    frame.columns = named(trimmed(names), where, run)
    return frame


def _typed(cells: Sequence[Any]) -> pl.Series:
    """A column by what its cells are; text as it is shown where they are of several sorts."""
    values = [None if cell == "" else cell for cell in cells]
    sorts = set(map(type, values)) - {type(None)}
    if sorts <= {int, float}:
        return _plain(pl.Series(values, dtype=pl.Float64))
    if sorts == {bool}:
        return pl.Series(values, dtype=pl.Boolean)
    if sorts == {str}:
        return pl.Series(values, dtype=pl.String)
    if sorts == {dt.time}:
        return pl.Series([value and _whole_second(value) for value in values], dtype=pl.Time)
    if sorts <= {dt.time, dt.date, dt.datetime, dt.timedelta} and _are_durations(values):
        spans = [value if value is None else _span(value) for value in values]
        return pl.Series(spans, dtype=pl.Duration("ms"))
    if sorts <= {dt.date, dt.datetime}:
        moments = [value if value is None else _moment(value) for value in values]
        return _plain(pl.Series(moments, dtype=pl.Datetime("ms")))
    return pl.Series([value if value is None else _shown(value) for value in values])


def _are_durations(values: Iterable[Any]) -> bool:
    """Whether moments are spans of time: counted from the day before 1900, which no one means."""
    kinds = [type(value) for value in values if value is not None]
    if dt.timedelta not in kinds and dt.time not in kinds:
        return False
    days = [_moment(value) for value in values if isinstance(value, dt.date)]
    return all(day < _FIRST_MONTH for day in days)


def _span(value: Any) -> dt.timedelta:
    """A span of time to the millisecond, as a share of a day leaves more digits over."""
    if isinstance(value, dt.time):
        value = dt.datetime.combine(_DAY_ZERO, value) - _ZERO
    elif isinstance(value, dt.date):
        value = _moment(value) - _ZERO
    return dt.timedelta(milliseconds=round(value.total_seconds() * 1000))


def _moment(value: dt.date) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return value
    return dt.datetime.combine(value, dt.time())


def _whole_second(value: dt.time) -> dt.time:
    """The time without the tiny part that a share of a day leaves over."""
    moment = dt.datetime.combine(_DAY_ZERO, value) + dt.timedelta(microseconds=500)
    if moment.microsecond < 1000 and moment.date() == _DAY_ZERO:
        return moment.replace(microsecond=0).time()
    return value


def _shown(value: Any) -> str:
    """A cell as a sheet shows it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT else f"{value:.15g}"
    if isinstance(value, dt.datetime) and value.microsecond:
        return value.isoformat(" ", "milliseconds")
    if isinstance(value, dt.timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return str(value)


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
    return column if exact else spelled(column, Spelling())


def _days_hold(column: pl.Series) -> bool:
    """Whether a count of days, as Excel keeps it, holds each moment to the millisecond and no
    moment is finer."""
    thousandths = column.cast(pl.Datetime("ms")).cast(column.dtype)
    return bool((column.cast(pl.Date) >= _FIRST_DAY).all() and (thousandths == column).all())


def _cells(column: pl.Series) -> Iterable[Any]:
    return column.fill_nan(None) if column.dtype.is_float() else column

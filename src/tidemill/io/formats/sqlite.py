"""SQLite databases: one table or view at a time, opened read-only."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import quote

import polars as pl

from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.core.words import plural, shortlist
from tidemill.io.bounds import MAX_VIEW_BYTES, MAX_VIEW_ROWS, VIEW_SECONDS
from tidemill.io.file import File
from tidemill.io.names import named
from tidemill.io.source import Raw
from tidemill.personal.masking import mask

_STEPS = 100_000
"""Of SQLite's machine, after which it is asked whether to go on."""
_PART = 10_000
_LONGEST = 16 << 20
_MAGIC = b"SQLite format 3\x00"
_MISSING = re.compile(r"no such (function|module|table|column): (?:main\.)?(.+)")


def read(file: File, run: Run) -> Raw:
    """The table that ``?table=NAME`` asks for, or the only one there is.

    Raises:
        InputError: The file is damaged or no database, there is no such table, or several and none
            is named.
    """
    where = str(file.path)
    uri = f"file:{quote(str(file.path.resolve()))}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as base:
            watch = _Watch.over(base, file.path.stat().st_size, run)
            table = _table(base, file)
            names, columns = _columns(base, table, where, run, watch)
    except (sqlite3.Error, UnicodeDecodeError, OverflowError) as error:
        raise trouble(error, file.path) from error
    labels = named(names, where, run)
    return Raw(pl.DataFrame(dict(zip(labels, columns, strict=True))))


@dataclass
class _Watch:
    """Sees to it that a database ends: a view may be made of nothing, and go on for ever.

    Attributes:
        size: Bytes of the file.
        run: Whose cancelling ends a query.
        ends: When a view must be done.
        damaged: Texts that were no UTF-8.
    """

    size: int
    run: Run
    ends: float
    damaged: int = 0

    @classmethod
    def over(cls, base: sqlite3.Connection, size: int, run: Run) -> _Watch:
        """A watch over all that is asked of a database, from now on."""
        seconds = VIEW_SECONDS + size / (1 << 20)
        watch = cls(size, run, time.monotonic() + seconds)
        base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, max(size, _LONGEST))
        base.execute("PRAGMA trusted_schema = OFF")
        base.set_progress_handler(lambda: run.cancelled or watch.is_over, _STEPS)
        base.text_factory = watch.text
        return watch

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self.ends

    def text(self, cell: bytes) -> str:
        """A text of the database."""
        try:
            return cell.decode("utf-8")
        except UnicodeDecodeError:
            self.damaged += 1
            return cell.decode("utf-8", errors="replace")

    def rows(self, cursor: sqlite3.Cursor, where: str) -> list[tuple[object, ...]]:
        """All rows of a query.

        Raises:
            InputError: They are more, or longer, than a file of this size can hold.
        """
        rows: list[tuple[object, ...]] = []
        held = 0
        while part := cursor.fetchmany(_PART):
            self.run.check()
            rows += part
            held += sum(len(cell) for row in part for cell in row if isinstance(cell, str | bytes))
            too_many = len(rows) > max(MAX_VIEW_ROWS, self.size)
            if too_many or held > max(MAX_VIEW_BYTES, 100 * self.size):
                raise InputError(
                    f"it gives more than a database of {self.size:,} bytes can hold "
                    f"({len(rows):,} rows, and more)",
                    where=where,
                    hint="it is a view that repeats rows, or never ends: give a table instead",
                )
        return rows


def trouble(error: Exception, path: Path) -> InputError:
    """For a file that cannot be read as a database."""
    what, hint = _trouble(str(error), path)
    return InputError(what, where=str(path), hint=hint)


def _trouble(error: str, path: Path) -> tuple[str, str]:
    """What is wrong with a file that cannot be read as a database, and what to do."""
    if "locked" in error or "busy" in error:
        return (
            f"another program is writing to the database ({error})",
            "close that program, or copy the file and give the copy",
        )
    with path.open("rb") as file:
        start = file.read(16)
    if start == _MAGIC:
        return f"the database cannot be read ({error})", "the file is damaged: copy it again"
    if start[8:12] == b"DUCK":
        return "this is a database of DuckDB", "give it the ending .duckdb"
    if start.isascii() and "".join(start.decode("ascii").split()).isprintable():
        hint = "it begins like a text: give it the ending of what it is, such as .csv"
    else:
        hint = "where it is encrypted (SQLCipher), export it without a password first"
    return f"this is no SQLite database, or an encrypted one ({error})", hint


def _names(base: sqlite3.Connection) -> list[str]:
    """Tables in alphabetical order, then views."""
    rows = base.execute(
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
        "AND name NOT LIKE 'sqlite_%' ORDER BY type, name"
    )
    return [name for (name,) in rows]


def _table(base: sqlite3.Connection, file: File) -> str:
    names = _names(base)
    asked = file.part.get("table")
    where = str(file.path)
    listed = ", ".join(f"'{_in_query(name)}'" for name in names[:30])
    alike = [name for name in names if asked is not None and name.lower() == asked.lower()]
    if asked in names or alike:  # names differ by more than case, in SQLite
        return str(asked) if asked in names else alike[0]
    if asked is not None:
        near = get_close_matches(asked, names, n=1)
        hint = f"did you mean '{_in_query(near[0])}'?" if near else f"the tables are: {listed}"
        raise InputError(f"there is no table '{asked}'", where=where, hint=hint)
    if not names:
        raise InputError("the database holds no table", where=where, hint="give another")
    if len(names) == 1:
        return names[0]
    raise InputError(
        f"the database holds {len(names)} tables and views",
        where=where,
        hint=f"name one as FILE?table=NAME: {listed}",
    )


def _in_query(name: str) -> str:
    """A table's name as it can stand behind ``?table=``."""
    return name if not set(name) & set("?&=%+#;") else quote(name, safe=" ")


def _columns(
    base: sqlite3.Connection, table: str, where: str, run: Run, watch: _Watch
) -> tuple[list[str], list[pl.Series]]:
    """The names and columns of a table that is in the database.

    Raises:
        InputError: It is a view that needs what is not there, or does not end.
    """
    try:
        cursor = base.execute(f"SELECT * FROM {_quoted(table)}")  # noqa: S608 - the name is in sqlite_master, and quoted
        rows = watch.rows(cursor, f"{where}, '{table}'")
    except sqlite3.OperationalError as error:
        run.check()
        if watch.is_over:
            raise InputError(
                f"'{table}' gives no end within {VIEW_SECONDS:g} seconds, and one more for each "
                "megabyte of its file",
                where=where,
                hint="write what the view gives to a table, and read that",
            ) from error
        missing = _MISSING.search(str(error))
        if missing is None:
            raise
        raise _unmet(base, table, missing, where) from error
    names = [str(part[0]) for part in cursor.description]
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    if watch.damaged:
        run.warn(
            f"{plural(watch.damaged, 'text')} of {where} hold bytes that are no UTF-8; "
            "\N{REPLACEMENT CHARACTER} stands for these.",
            "read",
        )
    declared = _declared(base, table)
    for name, values in zip(names, cells, strict=True):
        _tell_mixed(name, declared.get(name, ""), values, run)
    return names, [_column(values) for values in cells]


def _unmet(base: sqlite3.Connection, table: str, missing: re.Match[str], where: str) -> InputError:
    """What to say of a view, or of a table of another module, that needs what is not there."""
    sort, name = missing[1], missing[2]
    tables = [
        _in_query(other)
        for (other,) in base.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' "
            "AND name NOT LIKE 'sqlite_%' ORDER BY name"
        )
        if other != table
    ]
    hint = f"give a table instead, as FILE?table=NAME: {shortlist(tables, 12)}"
    if sort == "function":
        hint += "; or write what the view gives to a table, in the program that has the function"
    owner = "table" if sort == "module" else "view"
    place = "in the database" if sort in ("table", "column") else "part of SQLite"
    return InputError(
        f"the {owner} '{table}' needs the {sort} '{name}', which is not {place}",
        where=where,
        hint=hint,
    )


def _declared(base: sqlite3.Connection, table: str) -> dict[str, str]:
    """The types that columns are declared with."""
    rows = base.execute("SELECT name, type FROM pragma_table_info(?)", (table,))
    return {str(name): str(kind).upper() for name, kind in rows}


def _tell_mixed(name: str, declared: str, values: tuple[object, ...], run: Run) -> None:
    """Warn of texts in a column of numbers, which SQLite lets in."""
    kinds = {type(value) for value in values}
    if str not in kinds or not kinds & {int, float}:
        return
    texts = [value for value in values if isinstance(value, str)]
    said = f", declared {declared}," if declared else ""
    run.warn(
        f"The column '{name}'{said} holds numbers and {plural(len(texts), 'text')}, such as "
        f"'{mask(texts[0])}'; it was read as text.",
        "read",
    )


def _column(values: tuple[object, ...]) -> pl.Series:
    """Cells of one type, or of whole and real numbers, as they are; of mixed types as text."""
    kinds = {type(value) for value in values} - {type(None)}
    if bytes in kinds:
        return pl.Series([_as_bytes(value) for value in values], dtype=pl.Binary)
    if kinds == {int}:
        return pl.Series(values, dtype=pl.Int64)
    if kinds and kinds <= {int, float}:
        return pl.Series(values, dtype=pl.Float64, strict=False)
    return pl.Series([None if value is None else str(value) for value in values], dtype=pl.String)


def _as_bytes(value: object) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    return str(value).encode()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

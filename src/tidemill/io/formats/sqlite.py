"""SQLite databases: one table or view at a time, opened read-only."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from difflib import get_close_matches
from urllib.parse import quote

import polars as pl

from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.io.file import File
from tidemill.io.names import named
from tidemill.io.source import Raw


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
            table = _table(base, file)
            names, columns = _columns(base, table)
    except sqlite3.Error as error:
        raise InputError(
            f"the database cannot be read ({error})",
            where=where,
            hint="check that it is an SQLite file, whole and not locked",
        ) from error
    labels = named(names, where, run)
    return Raw(pl.DataFrame(dict(zip(labels, columns, strict=True))))


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
    listed = ", ".join(f"'{name}'" for name in names[:30])
    if asked in names:
        return str(asked)
    if asked is not None:
        near = get_close_matches(asked, names, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"the tables are: {listed}"
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


def _columns(base: sqlite3.Connection, table: str) -> tuple[list[str], list[pl.Series]]:
    """The names and columns of a table that is in the database."""
    base.text_factory = lambda cell: cell.decode("utf-8", errors="replace")
    cursor = base.execute(f"SELECT * FROM {_quoted(table)}")  # noqa: S608 - the name is in sqlite_master, and quoted
    names = [str(part[0]) for part in cursor.description]
    rows = cursor.fetchall()
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return names, [_column(values) for values in cells]


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

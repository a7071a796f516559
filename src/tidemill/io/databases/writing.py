"""A database becomes a SQLite file whose constraints hold, or a folder of csv files."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import polars as pl

from tidemill.core.artifact import writing
from tidemill.core.database import Database, Link, naming
from tidemill.core.errors import OutputError
from tidemill.core.outputs import refuse_existing
from tidemill.io.databases.reading import SQLITE
from tidemill.io.frames import door_frame
from tidemill.io.whole_folder import whole_folder
from tidemill.io.writing import write

_TYPES = {"Int": "INTEGER", "UInt": "INTEGER", "Float": "REAL", "Boolean": "INTEGER"}


def write_database(database: Database, path: Path, *, overwrite: bool = False) -> None:
    """Write all tables, whole or not at all.

    A SQLite file (.sqlite, .sqlite3, .db) states the keys, and the links that hold in all rows; the
    file is written with both enforced. Any other path is a folder of a csv file a table.

    Raises:
        OutputError: It exists, cannot be written, or breaks a key.
    """
    ending = path.name.lower().rpartition(".")[2]
    refuse_existing(path, overwrite)
    if ending in SQLITE:
        with writing(path, overwrite=overwrite) as aside:
            aside.unlink(missing_ok=True)
            _fill(database, aside, path)
        return
    if path.suffix:
        raise OutputError(
            f"a database is not written as .{ending}",
            where=str(path),
            hint="name a .sqlite file, or a folder for a csv file a table",
        )
    strange = [name for name in database.tables if Path(name).name != name]
    if strange:
        raise OutputError(
            f"no file can be called like the table '{strange[0]}'",
            where=str(path),
            hint="write a .sqlite file",
        )
    with whole_folder(path) as folder:
        for name, data in database.tables.items():
            write(data, folder / f"{name}.csv")


def _fill(database: Database, aside: Path, path: Path) -> None:
    try:
        with closing(sqlite3.connect(aside, isolation_level=None)) as base:
            base.execute("PRAGMA foreign_keys = ON")
            base.execute("BEGIN")
            for name in database.tables:
                base.execute(_created(database, name))
            for name, data in database.tables.items():
                frame = door_frame(data)
                marks = ", ".join("?" * frame.width)
                columns = ", ".join(map(_quoted, frame.columns))
                base.executemany(
                    f"INSERT INTO {_quoted(name)} ({columns}) VALUES ({marks})",  # noqa: S608
                    _rows(frame),
                )
            base.execute("COMMIT")
    except sqlite3.Error as error:
        raise OutputError(
            f"SQLite does not take these rows ({error})",
            where=str(path),
            hint="write a folder to see them",
        ) from error


def _created(database: Database, name: str) -> str:
    """The statement that makes a table, with its key and the links that hold."""
    frame = door_frame(database.tables[name])
    parts = [f"{_quoted(column)} {_type(frame[column])}" for column in frame.columns]
    key = database.keys.get(name)
    primary: tuple[str, ...] = ()
    if key is not None and _names(frame, key.columns):
        primary = key.columns
        parts.append(f"PRIMARY KEY ({_listed(primary)})")
    unique = dict.fromkeys(link.to for link in database.below(name) if link.to != primary)
    parts += [f"UNIQUE ({_listed(columns)})" for columns in unique if _names(frame, columns)]
    for link in database.above(name):
        if _holds(database, link):
            parts.append(
                f"FOREIGN KEY ({_listed(link.columns)}) REFERENCES {_quoted(link.parent)} "
                f"({_listed(link.to)}) DEFERRABLE INITIALLY DEFERRED"
            )
    return f"CREATE TABLE {_quoted(name)} ({', '.join(parts)})"


def _names(frame: pl.DataFrame, columns: Sequence[str]) -> bool:
    """Whether columns are there and name each row."""
    if not set(columns) <= set(frame.columns):
        return False
    values = naming(frame, columns)
    return values.n_unique() == len(values.drop_nulls()) == len(values)


def _holds(database: Database, link: Link) -> bool:
    child, parent = database.tables[link.child].frame, database.tables[link.parent].frame
    if not set(link.columns) <= set(child.columns) or not _names(parent, link.to):
        return False
    return not database.holds(link).astray


def _rows(frame: pl.DataFrame) -> Iterator[tuple[object, ...]]:
    """Rows in the types that SQLite has."""
    plain = []
    for series in frame:
        is_plain = series.dtype.is_numeric() or series.dtype in (pl.String, pl.Boolean, pl.Binary)
        exact = series.dtype.is_decimal()
        plain.append(series if is_plain and not exact else series.cast(pl.String))
    return pl.DataFrame(plain).iter_rows()


def _type(series: pl.Series) -> str:
    name = str(series.dtype)
    if name == "Binary":
        return "BLOB"
    return next((kind for start, kind in _TYPES.items() if name.startswith(start)), "TEXT")


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(map(_quoted, columns))


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'

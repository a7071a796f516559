"""A database becomes tables on a server, or a file of SQLite or DuckDB, whose constraints hold, or
a folder of csv files."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import polars as pl

from tidemill.core.artifact import writing
from tidemill.core.database import Database, parents_first
from tidemill.core.errors import OutputError
from tidemill.core.outputs import refuse_clashes, refuse_existing
from tidemill.core.run import Run
from tidemill.io.databases import duckdb
from tidemill.io.databases.address import address_of, is_address
from tidemill.io.databases.made import holds, linked, listed, names_rows, quoted
from tidemill.io.databases.reading import DUCKDB, SQLITE
from tidemill.io.databases.servers import refuse_on_server, write_on_server
from tidemill.io.frames import door_frame
from tidemill.io.whole_folder import whole_folder
from tidemill.io.writing import write

_TYPES = {"Int": "INTEGER", "UInt": "INTEGER", "Float": "REAL", "Boolean": "INTEGER"}


def write_database(
    database: Database, out: str | Path, run: Run, *, overwrite: bool = False
) -> None:
    """Write all tables, whole or not at all.

    On a server tables are made, with their keys and the links that hold in all rows. A SQLite file
    (.sqlite, .sqlite3, .db) and one of DuckDB (.duckdb) state these, too; they are written with
    both enforced. Any other path is a folder of a csv file a table.

    Args:
        database: The tables.
        out: The address of a server's database, or a path.
        run: Shows the progress and takes the warnings.
        overwrite: Whether what is there may be replaced; on a server it never is.

    Raises:
        OutputError: It exists, cannot be written, or breaks a key.
        MissingExtra: What speaks to such a database is not installed.
    """
    if is_address(out):
        address = address_of(str(out), OutputError)
        refuse_on_server(address, database.tables, overwrite)
        write_on_server(database, address, run)
        return
    path = Path(out)
    ending = path.name.lower().rpartition(".")[2]
    refuse_existing(path, overwrite)
    if ending in SQLITE:
        with writing(path, overwrite=overwrite) as aside:
            aside.unlink(missing_ok=True)
            _fill(database, aside, path)
        return
    if ending in DUCKDB:
        duckdb.write(database, path, run, overwrite=overwrite)
        return
    if path.suffix:
        raise OutputError(
            f"a database is not written as .{ending}",
            where=str(path),
            hint="name a .sqlite or .duckdb file, or a folder for a csv file a table",
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


def refuse_early(
    out: str, tables: Sequence[str], reads: Iterable[Path], *, overwrite: bool
) -> None:
    """Say before the tables are made that they cannot be written.

    Args:
        out: As for :func:`write_database`.
        tables: What they will be called.
        reads: The files that the work reads.
        overwrite: Whether what is there may be replaced.

    Raises:
        OutputError: It is so.
        MissingExtra: What speaks to such a database is not installed.
    """
    if is_address(out):
        refuse_on_server(address_of(out, OutputError), tables, overwrite)
        return
    refuse_clashes([Path(out)], reads)
    refuse_existing(Path(out), overwrite)


def _fill(database: Database, aside: Path, path: Path) -> None:
    try:
        with closing(sqlite3.connect(aside, isolation_level=None)) as base:
            base.execute("PRAGMA foreign_keys = ON")
            base.execute("BEGIN")
            for name in database.tables:
                base.execute(_created(database, name))
            # SQLite looks for the rows that point to a new one, which takes long
            for name in parents_first(list(database.tables), database.links):
                frame = door_frame(database.tables[name])
                marks = ", ".join("?" * frame.width)
                columns = ", ".join(map(quoted, frame.columns))
                base.executemany(
                    f"INSERT INTO {quoted(name)} ({columns}) VALUES ({marks})",  # noqa: S608
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
    parts = [f"{quoted(column)} {_type(frame[column])}" for column in frame.columns]
    key = database.keys.get(name)
    primary: tuple[str, ...] = ()
    if key is not None and names_rows(frame, key.columns):
        primary = key.columns
        parts.append(f"PRIMARY KEY ({listed(primary)})")
    unique = dict.fromkeys(link.to for link in database.below(name) if link.to != primary)
    parts += [f"UNIQUE ({listed(columns)})" for columns in unique if names_rows(frame, columns)]
    for link in database.above(name):
        if holds(database, link):
            parent = quoted(link.parent)
            parts.append(f"{linked(link, parent, quoted)} DEFERRABLE INITIALLY DEFERRED")
    return f"CREATE TABLE {quoted(name)} ({', '.join(parts)})"


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

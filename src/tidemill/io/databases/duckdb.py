"""DuckDB: a file whose tables are read, and written whole or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tidemill.core.artifact import writing
from tidemill.core.database import EMPTY, Database, depths
from tidemill.core.errors import InputError, OutputError
from tidemill.core.run import Run
from tidemill.core.temporary import temporary_prefix
from tidemill.core.words import shortlist
from tidemill.io.databases.extra import needed
from tidemill.io.databases.made import (
    MadeTable,
    created,
    linked,
    planned,
    quoted,
    without,
)
from tidemill.io.databases.opened import (
    Constraint,
    OpenedDatabase,
    Stated,
    stated_by,
    table_of,
)
from tidemill.io.databases.picks import (
    LOCAL,
    MOST_DIGITS,
    UTC,
    Inquiry,
    Pick,
    decided,
    raw_of,
    unless,
)
from tidemill.io.file import File
from tidemill.io.source import Raw

SCHEMA = "main"
DEEPEST = 200
"""Rows above each other in a table that points to itself."""
_SETTINGS = (
    "SET TimeZone = 'UTC'",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)
_PLAIN: dict[str, pl.DataType] = {
    "TINYINT": pl.Int8(),
    "SMALLINT": pl.Int16(),
    "INTEGER": pl.Int32(),
    "BIGINT": pl.Int64(),
    "UTINYINT": pl.UInt8(),
    "USMALLINT": pl.UInt16(),
    "UINTEGER": pl.UInt32(),
    "UBIGINT": pl.UInt64(),
    "FLOAT": pl.Float32(),
    "DOUBLE": pl.Float64(),
    "BOOLEAN": pl.Boolean(),
    "TIME": pl.Time(),
    "VARCHAR": pl.String(),
}
_MOMENTS: dict[str, pl.DataType] = {
    "DATE": pl.Date(),
    "TIMESTAMP": LOCAL,
    "TIMESTAMP_S": LOCAL,
    "TIMESTAMP_MS": LOCAL,
    "TIMESTAMP_NS": pl.Datetime("ns"),
    "TIMESTAMP WITH TIME ZONE": UTC,
}


@contextmanager
def reading(path: Path) -> Iterator[OpenedDatabase]:
    """A file that is read, and not written to.

    Raises:
        InputError: It is no database of DuckDB, is damaged, or another program has it open.
        MissingExtra: DuckDB is not installed.
    """
    needed("duckdb")
    import duckdb

    try:
        connection = duckdb.connect(str(path), read_only=True)
        try:
            for setting in _SETTINGS:
                connection.execute(setting)
            yield OpenedDuckdb(path, connection)
        finally:
            connection.close()
    except duckdb.Error as error:
        raise _trouble(error, path) from None


def read(file: File, run: Run) -> Raw:
    """The table that ``?table=NAME`` asks for, or the only one there is.

    Raises:
        InputError: The file is damaged or no database, there is no such table, or several and none
            is named.
        MissingExtra: DuckDB is not installed.
    """
    with reading(file.path) as base:
        return base.read(table_of(base, file.part.get("table"), str(file.path)), run)


class OpenedDuckdb(OpenedDatabase):
    """The main schema of a file."""

    def __init__(self, path: Path, connection: Any) -> None:
        self._path = path
        self._connection = connection

    @property
    def name(self) -> str:
        return self._path.name.partition(".")[0]

    def tables(self) -> list[str]:
        return self._names("duckdb_tables()", "table")

    def views(self) -> list[str]:
        return self._names("duckdb_views()", "view")

    def stated(self, tables: Sequence[str]) -> Stated:
        rows = self._asked(
            "SELECT table_name, constraint_type, constraint_column_names, referenced_table, "
            "referenced_column_names FROM duckdb_constraints() "
            "WHERE schema_name = ? AND database_name = current_database() "
            "ORDER BY constraint_index",
            SCHEMA,
        )
        whole = {(table, *columns) for table, sort, columns, *_ in rows if sort == "NOT NULL"}
        constraints = []
        for table, sort, columns, parent, to in rows:
            is_whole = sort != "UNIQUE" or all((table, name) in whole for name in columns)
            to = tuple(to or ())
            constraints.append(
                Constraint(table, sort, tuple(columns), is_whole, "", parent or "", to)
            )
        found = stated_by(constraints, tables)
        elsewhere = self._asked(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE schema_name <> ? "
            "AND database_name = current_database() AND NOT internal ORDER BY ALL",
            SCHEMA,
        )
        left = [f"{schema}.{name}, as only the schema 'main' is read" for schema, name in elsewhere]
        return Stated(found.keys, found.links, [*left, *found.left_out])

    def read(self, table: str, run: Run) -> Raw:
        columns = self._asked(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = ? "
            "AND table_name = ? AND database_name = current_database() ORDER BY column_index",
            SCHEMA,
            table,
        )
        place = f"{quoted(SCHEMA)}.{quoted(table)}"

        def ask(texts: list[str]) -> Sequence[Any]:
            [answers] = self._asked(f"SELECT {', '.join(texts)} FROM {place}")  # noqa: S608 - quoted
            return answers

        picks = decided([_question(str(name), str(kind)) for name, kind in columns], ask)
        selected = ", ".join(f"{pick.sql} AS c{at}" for at, pick in enumerate(picks))
        found = pl.DataFrame(self._connection.sql(f"SELECT {selected} FROM {place}"))  # noqa: S608 - quoted
        run.check()
        done = []
        for values, pick in zip(found, picks, strict=True):
            done.append(values.cast(pick.dtype))
        return raw_of(pl.DataFrame(done), picks, table, f"'{table}'", run)

    def _names(self, of: str, sort: str) -> list[str]:
        rows = self._asked(
            f"SELECT {sort}_name FROM {of} WHERE schema_name = ? AND NOT internal "  # noqa: S608 - fixed
            f"AND database_name = current_database() ORDER BY {sort}_oid",
            SCHEMA,
        )
        return [str(name) for (name,) in rows]

    def _asked(self, query: str, *values: Any) -> list[Any]:
        found: list[Any] = self._connection.execute(query, list(values)).fetchall()
        return found


def _question(name: str, kind: str) -> Pick | Inquiry:
    """How a column is asked for, given its type."""
    column = quoted(name)
    text = f"CAST({column} AS VARCHAR)"
    if kind in _PLAIN:
        return Pick(name, column, _PLAIN[kind])
    if kind in _MOMENTS:
        why = "holds what is no day of the years 1 to 9999: it was read as text"
        beyond = (
            f"max({column}) >= '10000-01-01' OR min({column}) < '0001-01-01'"
            if kind != "TIMESTAMP_NS"
            else f"NOT bool_and(isfinite(CAST({column} AS TIMESTAMP)))"
        )
        return unless(
            beyond, Pick(name, column, _MOMENTS[kind]), Pick(name, text, pl.String(), told=why)
        )
    if kind.startswith("DECIMAL("):
        precision, scale = map(int, kind[len("DECIMAL(") : -1].split(","))
        return Pick(name, column, pl.Decimal(precision, scale))
    if kind in ("HUGEINT", "UHUGEINT"):
        why = f"holds numbers of more than {MOST_DIGITS} digits: it was read as text"
        exact = Pick(name, f"CAST({column} AS DECIMAL(38, 0))", pl.Decimal(MOST_DIGITS, 0))
        ends = [f"length(CAST({end}({column}) AS VARCHAR))" for end in ("min", "max")]
        return unless(
            f"greatest({', '.join(ends)}) > {MOST_DIGITS}",
            exact,
            Pick(name, text, pl.String(), told=why),
        )
    if kind == "INTERVAL":
        why = "holds months, which are of no one length: it was read as text"
        months = f"bool_or(datepart('year', {column}) <> 0 OR datepart('month', {column}) <> 0)"
        ticks = f"CAST(epoch_us({column}) AS BIGINT)"
        return unless(
            months, Pick(name, ticks, pl.Duration("us")), Pick(name, text, pl.String(), told=why)
        )
    if kind in ("UUID", "JSON"):
        return Pick(name, text, pl.String())
    if kind.startswith("ENUM("):
        return Pick(name, text, pl.Categorical())
    if kind == "BLOB":
        return Pick(name, column, pl.Binary(), aside="it holds bytes")
    if kind.endswith("]") or kind.startswith(("STRUCT(", "MAP(", "UNION(")):
        return Pick(name, text, pl.String(), aside=f"it holds lists or records: {kind}")
    return Pick(name, text, pl.String(), told=f"is of the type {kind}: it was read as text")


def _trouble(error: Exception, path: Path) -> InputError:
    said = " ".join(str(error).split())[:300]
    hint = "the file is damaged, or of another version of DuckDB: export it anew"
    if "lock" in said.lower():
        hint = "close the program that has it open, or copy the file and give the copy"
    elif "not a valid DuckDB" in said or "not a valid" in said:
        hint = "give it the ending of what it is, such as .sqlite"
    return InputError(f"DuckDB says: {said}", where=str(path), hint=hint)


def write(database: Database, path: Path, run: Run, *, overwrite: bool) -> None:
    """Write all tables with their keys and links; rows come in through Parquet.

    Raises:
        OutputError: It cannot be written, or breaks a key.
        MissingExtra: DuckDB is not installed.
    """
    needed("duckdb")
    import duckdb

    tables = _statable(database, planned(database, run), run)
    try:
        with writing(path, overwrite=overwrite) as aside:
            aside.unlink(missing_ok=True)
            with duckdb.connect(str(aside)) as connection:
                connection.execute("BEGIN")
                for table in run.track(tables, "write", "writing the tables"):
                    _fill(connection, database, table, path.parent)
                connection.execute("COMMIT")
    except duckdb.Error as error:
        said = " ".join(str(error).split())[:300]
        raise OutputError(
            f"DuckDB does not take these rows ({said})",
            where=str(path),
            hint="write a folder to see them",
        ) from None


def _statable(database: Database, tables: Sequence[MadeTable], run: Run) -> list[MadeTable]:
    """The tables without the links that DuckDB cannot state: round in a circle."""
    done: list[MadeTable] = []
    left_out = []
    for table in tables:
        there = {table.name, *(one.name for one in done)}
        circles = [link for link in table.links if link.parent not in there]
        for link in table.links:
            if link.parent == table.name and levels(database.places(link)) is None:
                circles.append(link)
        left_out += [str(link) for link in circles]
        done.append(without(table, circles))
    if left_out:
        run.warn(
            "DuckDB states no links that go round in a circle: "
            f"{shortlist(left_out, 5)} hold, but are not stated.",
            "write",
        )
    return done


def levels(at: np.ndarray) -> np.ndarray | None:
    """How many rows stand above each row; None where that is no number, or many.

    Args:
        at: The row that each row points to, or EMPTY.

    Example:
        >>> levels(np.array([EMPTY, 0, 1, 0])).tolist(), levels(np.array([1, 0]))
        ([0, 1, 2, 1], None)
    """
    at = np.where(at == np.arange(len(at)), EMPTY, at)  # a row may point to itself
    depth = depths(at)
    circling = (at >= 0) & (depth == 0)
    return None if circling.any() or depth.max(initial=0) > DEEPEST else depth


def _fill(connection: Any, database: Database, table: MadeTable, folder: Path) -> None:
    types = {values.name: _type(values.dtype) for values in table.frame}
    parts = [linked(link, quoted(link.parent), quoted) for link in table.links]
    statement = created(table, quoted(table.name), quoted, types)
    connection.execute(f"{statement[:-1]}{''.join(f', {part}' for part in parts)})")
    depth = np.zeros(table.frame.height, dtype=np.int64)
    for link in table.links:
        found = levels(database.places(link)) if link.parent == table.name else None
        depth = depth if found is None else np.maximum(depth, found)
    plain = pl.DataFrame([_copied(values) for values in table.frame])
    with tempfile.TemporaryDirectory(dir=folder, prefix=temporary_prefix(folder)) as beside:
        rows = Path(beside) / "rows.parquet"
        for level in np.unique(depth):  # DuckDB looks at each row as it comes
            plain.filter(pl.Series(depth == level)).write_parquet(rows)
            columns = ", ".join(map(quoted, table.frame.columns))
            connection.execute(
                f"INSERT INTO {quoted(table.name)} ({columns}) SELECT {columns} "  # noqa: S608 - quoted
                "FROM read_parquet(?)",
                [str(rows)],
            )


def _copied(values: pl.Series) -> pl.Series:
    """Values as they go through Parquet."""
    if isinstance(values.dtype, pl.Duration):
        ticks = values.dt.total_microseconds().cast(pl.String)
        return ticks + pl.Series([" microseconds"])
    if values.dtype == pl.Int128 or values.dtype in (pl.Categorical, pl.Enum, pl.Null):
        return values.cast(pl.String)
    return values


def _type(dtype: pl.DataType) -> str:
    """The type of a column in the file."""
    if isinstance(dtype, pl.Decimal):
        return f"DECIMAL({dtype.precision}, {dtype.scale})"
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone:
            return "TIMESTAMPTZ"
        return "TIMESTAMP_NS" if dtype.time_unit == "ns" else "TIMESTAMP"
    return _TYPES.get(dtype.base_type(), "VARCHAR")


_TYPES: dict[Any, str] = {
    pl.Int8: "TINYINT",
    pl.Int16: "SMALLINT",
    pl.Int32: "INTEGER",
    pl.Int64: "BIGINT",
    pl.Int128: "HUGEINT",
    pl.UInt8: "UTINYINT",
    pl.UInt16: "USMALLINT",
    pl.UInt32: "UINTEGER",
    pl.UInt64: "UBIGINT",
    pl.Float16: "FLOAT",
    pl.Float32: "FLOAT",
    pl.Float64: "DOUBLE",
    pl.Boolean: "BOOLEAN",
    pl.Date: "DATE",
    pl.Time: "TIME",
    pl.Duration: "INTERVAL",
    pl.Binary: "BLOB",
}

"""MySQL and MariaDB: read in one snapshot row by row, and written in statements of many rows."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from tidemill.core.database import Database
from tidemill.core.errors import InputError, OutputError, TidemillError
from tidemill.core.run import Run
from tidemill.io.databases.address import Address
from tidemill.io.databases.extra import needed
from tidemill.io.databases.made import (
    MadeTable,
    created,
    linked,
    listed,
    parts_of,
    planned,
    refuse_long_names,
    tell_rounded,
)
from tidemill.io.databases.opened import Constraint, OpenedDatabase, Stated, stated_by
from tidemill.io.databases.picks import (
    LOCAL,
    MOST_DIGITS,
    UTC,
    Inquiry,
    Pick,
    as_time_of_day,
    decided,
    decimals,
    joined,
    raw_of,
    settled,
    unless,
)
from tidemill.io.source import Raw

ROWS = 20_000
"""Rows that are fetched, or spelled, at once."""
LONGEST_NAME = 64
KEY_CHARACTERS = 255
"""Of a text that names a row; longer ones make longer columns."""
_SECONDS = 10
_PORT = 3306
_COLUMNS = """
SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, NUMERIC_PRECISION, NUMERIC_SCALE
FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s
ORDER BY ORDINAL_POSITION
"""
_CONSTRAINTS = """
SELECT t.TABLE_NAME, t.CONSTRAINT_NAME, t.CONSTRAINT_TYPE, k.COLUMN_NAME, c.IS_NULLABLE,
    k.REFERENCED_TABLE_SCHEMA, k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME
FROM information_schema.TABLE_CONSTRAINTS t
JOIN information_schema.KEY_COLUMN_USAGE k ON k.TABLE_SCHEMA = t.TABLE_SCHEMA
    AND k.TABLE_NAME = t.TABLE_NAME AND k.CONSTRAINT_NAME = t.CONSTRAINT_NAME
JOIN information_schema.COLUMNS c ON c.TABLE_SCHEMA = k.TABLE_SCHEMA
    AND c.TABLE_NAME = k.TABLE_NAME AND c.COLUMN_NAME = k.COLUMN_NAME
WHERE t.TABLE_SCHEMA = DATABASE() AND k.TABLE_SCHEMA = DATABASE()
    AND t.CONSTRAINT_TYPE IN ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY')
ORDER BY t.TABLE_NAME, t.CONSTRAINT_NAME, k.ORDINAL_POSITION
"""
_ORDER = """
SELECT COLUMN_NAME FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s AND INDEX_NAME = 'PRIMARY'
ORDER BY SEQ_IN_INDEX
"""
_WHOLE: dict[str, tuple[pl.DataType, pl.DataType]] = {
    "tinyint": (pl.Int8(), pl.UInt8()),
    "smallint": (pl.Int16(), pl.UInt16()),
    "mediumint": (pl.Int32(), pl.UInt32()),
    "int": (pl.Int32(), pl.UInt32()),
    "bigint": (pl.Int64(), pl.UInt64()),
}
"""With a sign, and without."""
_TEXTS = (
    *("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "json", "uuid"),
    *("set", "inet4", "inet6"),
)
_PLAIN: dict[str, tuple[pl.DataType, str]] = {
    **{kind: (pl.String(), "{}") for kind in _TEXTS},
    "year": (pl.Int16(), "{}"),
    "double": (pl.Float64(), "{}"),
    "float": (pl.Float32(), "{} + 0e0"),  # a float is sent with six digits, a double with all
}
_BYTES = ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob")
_LEVEL = re.compile(r"'((?:[^']|'')*)'")


@contextmanager
def reading(address: Address) -> Iterator[OpenedDatabase]:
    """A database that is read, in one read-only transaction that sees one moment.

    Raises:
        InputError: There is no such server or database, or it says no.
        MissingExtra: What speaks to it is not installed.
    """
    needed("pymysql")
    import pymysql

    try:
        with closing(_connected(address, InputError)) as connection:
            with connection.cursor() as cursor:
                _limit(cursor, address.timeout)
                cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            yield OpenedMysql(address, connection)
    except (pymysql.Error, RuntimeError, OSError) as error:
        raise _trouble(error, address, InputError) from None


def _limit(cursor: Any, seconds: int) -> None:
    """How long a statement may take, as MariaDB says it and as MySQL does."""
    import pymysql

    try:
        cursor.execute("SET SESSION max_statement_time = %s", (seconds,))
    except pymysql.Error:
        cursor.execute("SET SESSION max_execution_time = %s", (1000 * seconds,))


class OpenedMysql(OpenedDatabase):
    """A database, seen as it was when it was opened."""

    def __init__(self, address: Address, connection: Any) -> None:
        self._address = address
        self._connection = connection

    @property
    def name(self) -> str:
        return str(self._address.database)

    def tables(self) -> list[str]:
        return self._names("BASE TABLE")

    def views(self) -> list[str]:
        return self._names("VIEW")

    def stated(self, tables: Sequence[str]) -> Stated:
        constraints: dict[tuple[str, str], Constraint] = {}
        for table, name, sort, column, is_whole, schema, parent, to in self._asked(_CONSTRAINTS):
            elsewhere = "" if schema in (None, self._address.database) else schema
            one = constraints.get((table, name))
            one = one or Constraint(table, sort, (), True, elsewhere, parent or "")
            constraints[table, name] = replace(
                one,
                columns=(*one.columns, column),
                is_whole=one.is_whole and is_whole == "NO",
                to=(*one.to, *([] if to is None else [to])),
            )
        return stated_by(constraints.values(), tables)

    def read(self, table: str, run: Run) -> Raw:
        place = quoted(table)
        questions = [_question(*row) for row in self._asked(_COLUMNS, table)]
        if not questions:  # such as of a view that would write: the server says why
            self._asked(f"SELECT * FROM {place} LIMIT 0")  # noqa: S608 - quoted
            return Raw(pl.DataFrame(), name=table)

        def ask(texts: list[str]) -> Sequence[Any]:
            [answers] = self._asked(f"SELECT {', '.join(texts)} FROM {place}")  # noqa: S608 - quoted
            return answers

        picks = decided(questions, ask)
        names = listed([str(name) for (name,) in self._asked(_ORDER, table)], quoted)
        order = f" ORDER BY {names}" if names else ""
        selected = ", ".join(pick.sql for pick in picks)
        query = f"SELECT {selected} FROM {place}{order}"  # noqa: S608 - quoted
        frame = joined(list(self._chunks(query, picks, table, run)), picks)
        return raw_of(frame, picks, table, f"'{table}'", run)

    def _chunks(
        self, query: str, picks: Sequence[Pick], table: str, run: Run
    ) -> Iterator[pl.DataFrame]:
        """Parts of the rows, as the server sends them: all as text or bytes."""
        from pymysql.cursors import SSCursor

        made = self._connection.decoders
        self._connection.decoders = {}
        try:
            with self._connection.cursor(SSCursor) as cursor:
                cursor.execute(query)
                while rows := cursor.fetchmany(ROWS):
                    run.check()
                    yield self._parsed(rows, picks, table)
        finally:
            self._connection.decoders = made

    def _parsed(self, rows: Sequence[Any], picks: Sequence[Pick], table: str) -> pl.DataFrame:
        done = []
        try:
            for at, (cells, pick) in enumerate(zip(zip(*rows, strict=True), picks, strict=True)):
                of_bytes = pick.dtype == pl.Binary
                dtype = pl.Binary if of_bytes else pl.String
                values = pl.Series(str(at), cells, dtype=dtype)
                if pick.dtype == pl.Time:
                    values = as_time_of_day(settled(values, pl.Duration("us")))
                done.append(settled(values, pick.dtype))
        except (PolarsError, TypeError, ValueError) as error:
            raise InputError(
                f"the rows of '{table}' cannot be read ({str(error).splitlines()[0]})",
                where=self._address.shown,
                hint="make a view of the table without what is odd in it, and name that",
            ) from error
        return pl.DataFrame(done)

    def _names(self, sort: str) -> list[str]:
        rows = self._asked(
            "SELECT TABLE_NAME FROM information_schema.TABLES "
            "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = %s ORDER BY TABLE_NAME",
            sort,
        )
        return [str(name) for (name,) in rows]

    def _asked(self, query: str, *values: Any) -> list[Any]:
        with self._connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return list(cursor.fetchall())


def _question(
    name: str, kind: str, shown: str, precision: int | None, scale: int | None
) -> Pick | Inquiry:
    """How a column is asked for.

    Args:
        name: The column.
        kind: Its type.
        shown: The type as it is declared.
        precision, scale: Of decimal numbers.
    """
    column, kind = quoted(name), kind.lower()
    if kind in _WHOLE:
        return _whole(name, column, kind, shown.lower())
    if kind in _PLAIN:
        dtype, sql = _PLAIN[kind]
        return Pick(name, sql.replace("{}", column), dtype)
    if kind == "enum":
        return _levels(name, column, shown)
    if kind == "decimal":
        return decimals(name, column, column, int(precision or 0), int(scale or 0))
    if kind in ("date", "datetime", "timestamp"):
        return _moments(name, column, kind)
    if kind == "time":
        late = f"max({column}) >= '24:00:00' OR min({column}) < '00:00:00'"
        return unless(late, Pick(name, column, pl.Time()), Pick(name, column, pl.Duration("us")))
    if kind == "bit":
        is_one = shown.lower() == "bit(1)"
        return Pick(name, f"{column} + 0", pl.Boolean() if is_one else pl.UInt64())
    if kind in _BYTES:
        return Pick(name, column, pl.Binary(), aside="it holds bytes")
    return Pick(name, "NULL", pl.String(), aside=f"it is of the type {shown}, which is not read")


def _whole(name: str, column: str, kind: str, shown: str) -> Pick | Inquiry:
    """Whole numbers; those of one digit are yes or no, where they are nothing but 0 and 1."""
    usual = Pick(name, column, _WHOLE[kind]["unsigned" in shown])
    if shown != "tinyint(1)":
        return usual
    others = f"max({column}) > 1 OR min({column}) < 0 OR max({column}) IS NULL"
    return unless(others, Pick(name, column, pl.Boolean()), usual)


def _moments(name: str, column: str, kind: str) -> Inquiry:
    """Dates and moments; days that are none, such as 0000-00-00, are missing, and that is told."""
    none = f"{column} IS NOT NULL AND (MONTH({column}) = 0 OR DAYOFMONTH({column}) = 0)"
    dtype = {"date": pl.Date(), "datetime": LOCAL, "timestamp": UTC}[kind]

    def then(said: Sequence[Any]) -> Pick:
        count = int(said[0] or 0)
        if not count:
            return Pick(name, column, dtype)
        told = f"holds {count:,} days that are none, such as 0000-00-00: taken as missing"
        return Pick(name, f"CASE WHEN {none} THEN NULL ELSE {column} END", dtype, told=told)

    return Inquiry((f"sum({none})",), then)


def _levels(name: str, column: str, shown: str) -> Inquiry:
    """An enumeration, unless it holds the empty text that stands for what is no level."""
    levels = [one.replace("''", "'") for one in _LEVEL.findall(shown)]
    why = "holds what is none of its levels: it was read as text"
    other = Pick(name, column, pl.String(), told=why)
    return unless(f"min({column} + 0) = 0", Pick(name, column, pl.Enum(levels)), other)


def _connected(address: Address, sort: type[TidemillError]) -> Any:
    """A connection; what an address does not say is taken of the environment."""
    import pymysql

    if address.database is None:
        raise sort(
            "it is not said which database is meant",
            where=address.shown,
            hint="write mysql://user@host/database",
        )
    password = address.password
    if password is None:
        password = os.environ.get("MYSQL_PWD", "")
    said = {
        "unix_socket": address.settings.get("socket"),
        "ssl_ca": address.settings.get("ssl_ca"),
        "user": address.user,
    }
    given = {name: value for name, value in said.items() if value is not None}
    return pymysql.connect(
        host=address.host or "localhost",
        port=address.port or _PORT,
        password=password,
        database=address.database,
        charset="utf8mb4",
        connect_timeout=_SECONDS,
        init_command="SET time_zone = '+00:00'",
        autocommit=False,
        local_infile=False,
        **given,
    )


def _trouble(error: Exception, address: Address, sort: type[TidemillError]) -> TidemillError:
    """What to say where the server says no, or is not there."""
    if isinstance(error, TidemillError):
        return error
    number, *words = error.args if len(error.args) > 1 else (0, error)
    said = address.without_secrets(words[0])
    hint = "the words are those of the server: give what it asks for"
    if number in (1044, 1045, 1698):
        hint = (
            "check the user and the password: it is taken of MYSQL_PWD, or of user:password in the "
            "address"
        )
    elif number == 1049:
        hint = "check the name of the database, or make it: CREATE DATABASE"
    elif number in (2002, 2003, 2005, 2013):
        hint = "check the host and the port, and whether the server runs and may be reached"
    elif number in (1969, 3024):
        hint = f"write ?timeout=SECONDS where {address.timeout} do not suffice"
    elif "cryptography" in said:
        hint = "pip install cryptography, or let the server speak TLS and name ?ssl_ca=FILE"
    return sort(f"MySQL says: {said}", where=address.shown, hint=hint)


def quoted(name: str) -> str:
    """A name as it stands in a statement.

    Example:
        >>> quoted("a`b")
        '`a``b`'
    """
    doubled = name.replace("`", "``")
    return f"`{doubled}`"


def check(address: Address, names: Sequence[str]) -> None:
    """Say before the work that a table is there, or that there is no server.

    Raises:
        OutputError: It is so.
        MissingExtra: What speaks to it is not installed.
    """
    needed("pymysql")
    import pymysql

    try:
        connection = _connected(address, OutputError)
        with connection, connection.cursor() as cursor:
            _refuse_there(cursor, names, address)
    except (pymysql.Error, RuntimeError, OSError) as error:
        raise _trouble(error, address, OutputError) from None


def write(database: Database, address: Address, run: Run) -> None:
    """Make tables that are not there.

    MySQL makes each table at once, for all to see. So tables are filled under other names, and get
    theirs together, in one statement, when all constraints hold; what was made is dropped where the
    server says no.

    Raises:
        OutputError: The server says no, or a table is there.
        MissingExtra: What speaks to it is not installed.
    """
    needed("pymysql")
    import pymysql

    tables = planned(database, run)
    tell_rounded(tables, run)
    refuse_long_names(tables, LONGEST_NAME, address.shown)
    aside = {table.name: f"tidemill_unfinished_{os.getpid()}_{n}" for n, table in enumerate(tables)}
    try:
        connection = _connected(address, OutputError)
        with connection, connection.cursor() as cursor:
            _refuse_there(cursor, [*aside, *aside.values()], address)
            cursor.execute("SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO'")
            try:
                for table in run.track(tables, "write", "writing the tables"):
                    _fill(connection, cursor, table, aside[table.name], run)
                for table in tables:
                    for link in table.links:
                        constraint = linked(link, quoted(aside[link.parent]), quoted)
                        cursor.execute(f"ALTER TABLE {quoted(aside[table.name])} ADD {constraint}")
                renamed = (f"{quoted(made)} TO {quoted(name)}" for name, made in aside.items())
                cursor.execute(f"RENAME TABLE {', '.join(renamed)}")
            except BaseException:
                _drop(cursor, list(aside.values()))
                raise
    except (pymysql.Error, RuntimeError, OSError, UnicodeEncodeError) as error:
        raise _trouble(error, address, OutputError) from None


def _drop(cursor: Any, names: Sequence[str]) -> None:
    import pymysql

    with suppress(pymysql.Error):
        cursor.execute("SET SESSION foreign_key_checks = 0")
        cursor.execute(f"DROP TABLE IF EXISTS {listed(names, quoted)}")


def _refuse_there(cursor: Any, names: Sequence[str], address: Address) -> None:
    cursor.execute(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
    )
    there = {str(name).lower() for (name,) in cursor.fetchall()}
    for name in names:
        if name.lower() in there:
            raise OutputError(
                f"there is a table '{name}' already",
                where=address.shown,
                hint="name another database: nothing on a server is ever replaced",
            )


def _fill(connection: Any, cursor: Any, table: MadeTable, aside: str, run: Run) -> None:
    frame = table.frame
    in_keys = {name for columns in table.keys for name in columns}
    in_keys |= {name for link in table.links for name in link.columns}
    types = {values.name: _type(values, values.name in in_keys) for values in frame}
    cursor.execute(
        f"{created(table, quoted(aside), quoted, types)} "
        "ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    )
    columns = listed(frame.columns, quoted).replace("%", "%%")
    marks = ", ".join(["%s"] * frame.width)
    statement = f"INSERT INTO {quoted(aside)} ({columns}) VALUES ({marks})"  # noqa: S608 - quoted
    for part in parts_of(frame, ROWS):
        run.check()
        rows = pl.DataFrame([_copied(values) for values in part]).rows()
        cursor.executemany(statement, rows)
    connection.commit()


def _copied(values: pl.Series) -> pl.Series:
    """Values as they are spelled in statements."""
    dtype = values.dtype
    if isinstance(dtype, pl.Datetime):
        moments = values.dt.convert_time_zone("UTC") if dtype.time_zone else values
        return moments.dt.strftime("%Y-%m-%d %H:%M:%S%.6f")
    if isinstance(dtype, pl.Duration):
        return _of_hours(values.dt.total_microseconds())
    if dtype == pl.Binary or dtype == pl.Boolean or dtype.is_integer() or dtype == pl.Float64:
        return values
    if dtype.is_float():
        return values.cast(pl.String).cast(pl.Float64)
    return values.cast(pl.String)


def _of_hours(ticks: pl.Series) -> pl.Series:
    """Durations as hours, minutes and seconds."""
    least, sign = ticks.abs(), (ticks < 0).cast(pl.Int8)
    seconds = least // 1_000_000
    frame = pl.DataFrame(
        {
            "sign": sign.replace_strict({0: "", 1: "-"}, return_dtype=pl.String),
            "hours": (seconds // 3600).cast(pl.String),
            "minutes": (seconds // 60 % 60).cast(pl.String).str.zfill(2),
            "seconds": (seconds % 60).cast(pl.String).str.zfill(2),
            "rest": (least % 1_000_000).cast(pl.String).str.zfill(6),
        }
    )
    said = pl.format("{}{}:{}:{}.{}", "sign", "hours", "minutes", "seconds", "rest")
    return frame.select(said.alias(ticks.name)).to_series()


def _type(values: pl.Series, in_key: bool) -> str:
    """The type of a column on the server."""
    dtype = values.dtype
    if isinstance(dtype, pl.Decimal):
        return f"DECIMAL({dtype.precision}, {dtype.scale})"
    if isinstance(dtype, pl.Datetime):
        if not dtype.time_zone or not _fits_timestamp(values):
            return "DATETIME(6)"
        # said, as the server else sets it anew with every change of a row
        return f"TIMESTAMP(6) {'NULL' if values.null_count() else 'DEFAULT CURRENT_TIMESTAMP(6)'}"
    if isinstance(dtype, pl.Enum):
        return f"ENUM({', '.join(map(_literal, dtype.categories))})"
    found = _TYPES.get(dtype.base_type())
    if found is not None:
        return found
    if in_key:
        longest = values.cast(pl.String).str.len_chars().max()
        return f"VARCHAR({max(KEY_CHARACTERS, int(str(longest or 0)))})"
    return "LONGTEXT"


def _literal(text: str) -> str:
    doubled = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"


def _fits_timestamp(values: pl.Series) -> bool:
    years = values.dt.convert_time_zone("UTC").dt.year().drop_nulls()
    return bool(years.is_between(1971, 2037).all())


_TYPES: dict[Any, str] = {
    pl.Int8: "TINYINT",
    pl.Int16: "SMALLINT",
    pl.Int32: "INT",
    pl.Int64: "BIGINT",
    pl.Int128: f"DECIMAL({MOST_DIGITS + 1}, 0)",
    pl.UInt8: "TINYINT UNSIGNED",
    pl.UInt16: "SMALLINT UNSIGNED",
    pl.UInt32: "INT UNSIGNED",
    pl.UInt64: "BIGINT UNSIGNED",
    pl.Float16: "FLOAT",
    pl.Float32: "FLOAT",
    pl.Float64: "DOUBLE",
    pl.Boolean: "BOOLEAN",
    pl.Date: "DATE",
    pl.Time: "TIME(6)",
    pl.Duration: "TIME(6)",
    pl.Binary: "LONGBLOB",
}

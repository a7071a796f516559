"""PostgreSQL: read in one read-only snapshot, and written in one transaction, both by COPY."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from tidemill.core.database import Database
from tidemill.core.errors import InputError, OutputError, TidemillError
from tidemill.core.run import Run
from tidemill.core.words import shortlist
from tidemill.io.databases.address import Address
from tidemill.io.databases.extra import needed
from tidemill.io.databases.made import (
    MadeTable,
    created,
    linked,
    listed,
    parts_of,
    planned,
    quoted,
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
    decided,
    decimals,
    joined,
    raw_of,
    settled,
    unless,
)
from tidemill.io.source import Raw

BLOCK = 2 << 20
"""Bytes of rows that become a part of the frame at once."""
ROWS = 20_000
"""Rows that are spelled at once."""
LONGEST_NAME = 63
"""Bytes of a name; the server cuts what is longer."""
_SECONDS = 10
_SETTINGS = {
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "extra_float_digits": "3",
    "synchronize_seqscans": "off",  # the same rows in the same order
    "max_parallel_workers_per_gather": "0",
    "default_transaction_read_only": "on",
}
_TABLES = """
SELECT c.relname, has_any_column_privilege(c.oid, 'SELECT')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND NOT c.relispartition AND c.relkind = ANY(%s)
ORDER BY c.relname COLLATE "C"
"""
_SCHEMAS = """
SELECT DISTINCT n.nspname
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND n.nspname NOT LIKE 'pg\\_t%%'
ORDER BY 1
"""
_CONSTRAINTS = """
SELECT c.relname::text,
    CASE k.contype WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' ELSE 'FOREIGN KEY' END,
    ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u(n, at)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n
        ORDER BY u.at),
    NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = k.conrelid
        AND a.attnum = ANY(k.conkey) AND NOT a.attnotnull),
    m.nspname::text, p.relname::text,
    ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY u(n, at)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.n
        ORDER BY u.at)
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class p ON p.oid = k.confrelid
LEFT JOIN pg_catalog.pg_namespace m ON m.oid = p.relnamespace
WHERE n.nspname = %s AND k.contype IN ('p', 'u', 'f') AND k.conparentid = 0
ORDER BY c.relname COLLATE "C", k.oid
"""
_COLUMNS = """
WITH RECURSIVE base(number, type, typmod) AS (
    SELECT attnum, atttypid, atttypmod FROM pg_catalog.pg_attribute
    WHERE attrelid = %(table)s AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT b.number, t.typbasetype, CASE t.typtypmod WHEN -1 THEN b.typmod ELSE t.typtypmod END
    FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.type WHERE t.typtype = 'd'
)
SELECT a.attname, CASE t.typtype WHEN 'e' THEN 'enum' ELSE t.typname END, b.typmod,
    pg_catalog.format_type(a.atttypid, a.atttypmod), t.typcategory = 'A' AND t.typelem <> 0,
    ARRAY(SELECT e.enumlabel::text FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid
        ORDER BY e.enumsortorder),
    has_column_privilege(a.attrelid, a.attnum, 'SELECT')
FROM base b
JOIN pg_catalog.pg_type t ON t.oid = b.type AND t.typtype <> 'd'
JOIN pg_catalog.pg_attribute a ON a.attrelid = %(table)s AND a.attnum = b.number
ORDER BY a.attnum
"""
_PLAIN: dict[str, pl.DataType] = {
    "int2": pl.Int16(),
    "int4": pl.Int32(),
    "int8": pl.Int64(),
    "oid": pl.Int64(),
    "float4": pl.Float32(),
    "float8": pl.Float64(),
}
_TYPES: dict[Any, str] = {
    pl.Int8: "smallint",
    pl.Int16: "smallint",
    pl.Int32: "integer",
    pl.Int64: "bigint",
    pl.Int128: "numeric(39, 0)",
    pl.UInt8: "smallint",
    pl.UInt16: "integer",
    pl.UInt32: "bigint",
    pl.UInt64: "numeric(20, 0)",
    pl.Float16: "real",
    pl.Float32: "real",
    pl.Float64: "double precision",
    pl.Boolean: "boolean",
    pl.Date: "date",
    pl.Time: "time",
    pl.Duration: "interval",
    pl.Binary: "bytea",
}
_TEXTS = ("text", "varchar", "bpchar", "char", "name", "citext", "uuid", "json", "jsonb", "xml")
_MOMENTS: dict[str, tuple[pl.DataType, str]] = {
    "date": (pl.Date(), ""),
    "timestamp": (LOCAL, ""),
    "timestamptz": (UTC, " AT TIME ZONE 'UTC'"),
}


@contextmanager
def reading(address: Address) -> Iterator[OpenedDatabase]:
    """A database that is read, in one read-only transaction that sees one moment.

    Raises:
        InputError: There is no such server or database, or it says no.
        MissingExtra: What speaks to it is not installed.
    """
    needed("psycopg")
    import psycopg

    settings = {**_SETTINGS, "statement_timeout": str(1000 * address.timeout)}
    try:
        with closing(_connected(address, settings)) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            yield OpenedPostgresql(address, connection)
    except psycopg.Error as error:
        raise _trouble(error, address, InputError) from None


class OpenedPostgresql(OpenedDatabase):
    """A schema, seen as it was when it was first asked."""

    def __init__(self, address: Address, connection: Any) -> None:
        self._address = address
        self._connection = connection
        [[schema, database]] = self._asked("SELECT current_schema(), current_database()")
        self._schema = str(address.schema or schema or "public")
        self._database = str(database)

    @property
    def name(self) -> str:
        return self._address.schema or self._database

    def tables(self) -> list[str]:
        names = [str(row[0]) for row in self._relations("rp") if row[1]]
        if not names:
            self._refuse_empty()
        return names

    def views(self) -> list[str]:
        return [str(row[0]) for row in self._relations("vmf")]

    def stated(self, tables: Sequence[str]) -> Stated:
        constraints = []
        for table, sort, columns, is_whole, schema, parent, to in self._asked(
            _CONSTRAINTS, self._schema
        ):
            elsewhere = "" if schema in (None, self._schema) else schema
            constraints.append(
                Constraint(
                    table, sort, tuple(columns), is_whole, elsewhere, parent or "", tuple(to)
                )
            )
        found = stated_by(constraints, tables)
        refused = [str(row[0]) for row in self._relations("rp") if not row[1]]
        told = [f"'{name}' may not be read by this user" for name in refused]
        return Stated(found.keys, found.links, [*told, *found.left_out])

    def read(self, table: str, run: Run) -> Raw:
        [[number, kind, hides]] = self._asked(
            "SELECT c.oid, c.relkind, row_security_active(c.oid) FROM pg_catalog.pg_class c "
            "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = %s AND c.relname = %s",
            self._schema,
            table,
        )
        # rows of tables that inherit stand in these
        place = f"{'ONLY ' if kind == 'r' else ''}{quoted(self._schema)}.{quoted(table)}"
        if hides:
            run.warn(f"Policies of the database may hide rows of '{table}' from this user.", "read")
        picks = self._picks(table, number, place, run)
        if not picks:
            return Raw(pl.DataFrame(), name=table)
        order = self._order(number) if kind in "rp" else ""
        chunks = list(self._chunks(place, picks, order, table, run))
        return raw_of(joined(chunks, picks), picks, table, f"'{table}'", run)

    def _picks(self, table: str, number: int, place: str, run: Run) -> list[Pick]:
        rows = self._connection.execute(_COLUMNS, {"table": number}).fetchall()
        hidden = [f"'{name}'" for name, *_, may in rows if not may]
        if hidden:
            run.warn(
                f"Of '{table}' this user may not read {shortlist(hidden, 8)}: left out.", "read"
            )
        questions = [_question(ServerColumn(*said)) for *said, may in rows if may]

        def ask(texts: list[str]) -> Sequence[Any]:
            [answers] = self._asked(f"SELECT {', '.join(texts)} FROM {place}")  # noqa: S608 - quoted
            return answers

        return decided(questions, ask)

    def _chunks(
        self, place: str, picks: Sequence[Pick], order: str, table: str, run: Run
    ) -> Iterator[pl.DataFrame]:
        """Parts of the rows, which the server sends one a message."""
        selected = ", ".join(pick.sql for pick in picks)
        if len(picks) == 1:
            selected += ", 1"  # a row that lacks its only value would be an empty line
        query = f"COPY (SELECT {selected} FROM {place}{order}) TO STDOUT (FORMAT csv)"  # noqa: S608 - quoted
        rows, count = bytearray(), 0
        with self._connection.cursor() as cursor, cursor.copy(query) as copy:
            for row in copy:
                rows += row
                count += 1
                if len(rows) >= BLOCK:
                    run.check()
                    yield self._parsed(rows, count, picks, table)
                    rows, count = bytearray(), 0
        if count:
            yield self._parsed(rows, count, picks, table)

    def _parsed(
        self, rows: bytearray, count: int, picks: Sequence[Pick], table: str
    ) -> pl.DataFrame:
        schema: dict[str, Any] = {str(at): _spelled(pick.dtype) for at, pick in enumerate(picks)}
        more = {"more": pl.String} if len(picks) == 1 else {}
        try:
            frame = pl.read_csv(bytes(rows), has_header=False, schema={**schema, **more})
            done = [
                settled(frame[name], one.dtype) for name, one in zip(schema, picks, strict=True)
            ]
        except PolarsError as error:
            raise self._unread(table, str(error).splitlines()[0]) from error
        if frame.height != count:
            raise self._unread(table, f"{count:,} rows came as {frame.height:,}")
        return pl.DataFrame(done)

    def _unread(self, table: str, why: str) -> InputError:
        return InputError(
            f"the rows of '{table}' cannot be read ({why})",
            where=self._address.shown,
            hint="make a view of the table without what is odd in it, and name that",
        )

    def _order(self, number: int) -> str:
        """By the primary key, so that the same rows come in the same order from any server."""
        rows = self._asked(
            "SELECT a.attname FROM pg_catalog.pg_index i, "
            "unnest(i.indkey) WITH ORDINALITY k(n, at) "
            "JOIN pg_catalog.pg_attribute a ON a.attnum = k.n "
            "WHERE i.indrelid = %s AND i.indisprimary AND a.attrelid = i.indrelid ORDER BY k.at",
            number,
        )
        names = ", ".join(quoted(str(name)) for (name,) in rows)
        return f" ORDER BY {names}" if names else ""

    def _relations(self, kinds: str) -> list[Any]:
        return self._asked(_TABLES, self._schema, list(kinds))

    def _refuse_empty(self) -> None:
        if self.views():
            return
        others = [f"?schema={name}" for (name,) in self._asked(_SCHEMAS) if name != self._schema]
        raise InputError(
            f"the schema '{self._schema}' holds no table that this user may read",
            where=self._address.shown,
            hint=f"others do: {shortlist(others, 8)}" if others else "give another database",
        )

    def _asked(self, query: str, *values: Any) -> list[Any]:
        found: list[Any] = self._connection.execute(query, values or None).fetchall()
        return found


@dataclass(frozen=True)
class ServerColumn:
    """A column of PostgreSQL.

    Attributes:
        name: The column.
        kind: Its type, that of its domain, or "enum".
        typmod: What stands in brackets behind the type.
        shown: The type as it is declared.
        is_array: Whether it holds arrays.
        levels: Of an enumeration.
    """

    name: str
    kind: str
    typmod: int
    shown: str
    is_array: bool
    levels: Sequence[str]


def _question(one: ServerColumn) -> Pick | Inquiry:
    """How a column is asked for."""
    name, kind, column = one.name, one.kind, quoted(one.name)
    text = Pick(name, f"{column}::text", pl.String())
    if one.is_array:
        return replace(text, aside=f"it holds arrays: {one.shown}")
    if kind in _PLAIN:
        return Pick(name, column, _PLAIN[kind])
    if kind in _TEXTS:
        return text
    if kind in _CAREFUL:
        return _CAREFUL[kind](one, column, text)
    if kind == "bool":
        return replace(text, dtype=pl.Boolean())
    if kind == "enum":
        return replace(text, dtype=pl.Enum(one.levels))
    if kind == "bytea":
        return Pick(name, f"encode({column}, 'hex')", pl.Binary(), aside="it holds bytes")
    return replace(text, told=f"is of the type {one.shown}: it was read as text")


def _moments(one: ServerColumn, column: str, text: Pick) -> Inquiry:
    """Dates and moments, where all are of the calendar."""
    dtype, at = _MOMENTS[one.kind]
    why = "holds what is no day of the years 1 to 9999: it was read as text"
    return unless(
        f"max({column}) >= '10000-01-01' OR min({column}) < '0001-01-01'",
        Pick(one.name, f"{column}{at}", dtype),
        replace(text, told=why),
    )


def _times(one: ServerColumn, column: str, text: Pick) -> Inquiry:
    """Times of day, but for the end of a day."""
    why = "holds 24:00, which is no time of day: it was read as text"
    usual = Pick(one.name, column, pl.Time())
    return unless(f"max({column}) = '24:00'", usual, replace(text, told=why))


def _numbers(one: ServerColumn, column: str, text: Pick) -> Inquiry:
    """Decimal numbers: with the digits that are declared, or else those that there are."""
    sql = column if one.kind == "numeric" else f"{column}::numeric"
    declared = one.typmod - 4
    precision, scale = declared >> 16 & 0xFFFF, declared & 0x7FF
    is_declared = one.typmod >= 4 and scale <= precision <= MOST_DIGITS

    def then(said: Sequence[Any]) -> Pick:
        places, *ends = said
        if {"NaN", "Infinity", "-Infinity"}.intersection(ends):
            why = "holds NaN or infinity: it was read as floating point numbers"
            return Pick(one.name, f"({sql})::float8", pl.Float64(), told=why)
        if is_declared:
            return Pick(one.name, sql, pl.Decimal(precision, scale))
        behind = int(places or 0)
        digits = behind + max(len((end or "0").strip("-")) for end in ends)
        return decimals(one.name, sql, text.sql, max(digits, MOST_DIGITS), behind)

    largest = f"trunc(max({sql}))::text"
    if is_declared:
        return Inquiry(("NULL", largest), then)
    return Inquiry((f"max(scale({sql}))", largest, f"trunc(min({sql}))::text"), then)


def _durations(one: ServerColumn, column: str, text: Pick) -> Inquiry:
    """Durations, where no months are in them, which are of no length."""
    months = f"extract(year from {column}) <> 0 OR extract(month from {column}) <> 0"
    ticks = f"(extract(epoch from {column}) * 1000000)::bigint"
    why = "holds months, which are of no one length: it was read as text"
    return unless(
        f"bool_or(NOT isfinite({column}) OR {months})",
        Pick(one.name, ticks, pl.Duration("us")),
        replace(text, told=why),
    )


_CAREFUL: dict[str, Callable[[ServerColumn, str, Pick], Inquiry]] = {
    **dict.fromkeys(_MOMENTS, _moments),
    **dict.fromkeys(("numeric", "money"), _numbers),
    "time": _times,
    "interval": _durations,
}
"""Types whose values must be looked at first."""


def _spelled(dtype: pl.DataType) -> pl.DataType:
    """In which dtype a column is parsed, before it is what it shall be."""
    if isinstance(dtype, pl.Duration):
        return pl.Int64()
    is_plain = dtype.is_integer() or dtype.is_float() or dtype == pl.Boolean
    return dtype if is_plain else pl.String()


def _connected(address: Address, settings: dict[str, str]) -> Any:
    """A connection; what an address does not say is taken of the environment, by libpq."""
    import psycopg

    said = {
        "host": address.host,
        "port": address.port,
        "dbname": address.database,
        "user": address.user,
        "password": address.password,
        "sslmode": address.settings.get("sslmode"),
        "sslrootcert": address.settings.get("sslrootcert"),
    }
    given: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
    connection = psycopg.connect(
        connect_timeout=_SECONDS, application_name="tidemill", client_encoding="UTF8", **given
    )
    for name, value in settings.items():
        connection.execute("SELECT set_config(%s, %s, false)", (name, value))
    connection.commit()
    return connection


def _trouble(error: Exception, address: Address, sort: type[TidemillError]) -> TidemillError:
    """What to say where the server says no, or is not there."""
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    state = getattr(error, "sqlstate", None) or ""
    said = address.without_secrets(primary or error)
    hint = "check the host and the port, and whether the server runs and may be reached from here"
    if state == "57014":
        hint = f"write ?timeout=SECONDS where {address.timeout} do not suffice"
    elif state.startswith("28") or "password" in said or " role " in said:
        hint = (
            "check the user and the password: it is taken of PGPASSWORD, of ~/.pgpass, or of "
            "user:password in the address"
        )
    elif state == "3D000" or "does not exist" in said:
        hint = "check the name of the database, and where the schema is another one, ?schema=NAME"
    elif state:
        hint = "the words are those of the server: give what it asks for"
    return sort(f"PostgreSQL says: {said}", where=address.shown, hint=hint)


def write(database: Database, address: Address, run: Run) -> None:
    """Make tables that are not there, in one transaction: all of them, or nothing.

    Raises:
        OutputError: The server says no, or a table is there.
        MissingExtra: What speaks to it is not installed.
    """
    needed("psycopg")
    import psycopg

    tables = planned(database, run)
    tell_rounded(tables, run)
    refuse_long_names(tables, LONGEST_NAME, address.shown)
    try:
        with _connected(address, {"timezone": "UTC", "datestyle": "ISO, YMD"}) as connection:
            schema = _place(connection, address, tables)
            for table in run.track(tables, "write", "writing the tables"):
                _fill(connection, schema, table, run)
            for constraint in _constraints(tables, schema):
                connection.execute(constraint)
    except (psycopg.Error, UnicodeEncodeError) as error:
        raise _trouble(error, address, OutputError) from None


def check(address: Address, names: Sequence[str]) -> None:
    """Say before the work that a table is there, or that there is no server.

    Raises:
        OutputError: It is so.
        MissingExtra: What speaks to it is not installed.
    """
    needed("psycopg")
    import psycopg

    try:
        with _connected(address, {}) as connection:
            _refuse_there(connection, _schema(connection, address), names, address)
    except psycopg.Error as error:
        raise _trouble(error, address, OutputError) from None


def _schema(connection: Any, address: Address) -> str:
    if address.schema:
        return address.schema
    [[schema]] = connection.execute("SELECT current_schema()").fetchall()
    return str(schema or "public")


def _refuse_there(connection: Any, schema: str, names: Sequence[str], address: Address) -> None:
    rows = connection.execute(
        "SELECT c.relname FROM pg_catalog.pg_class c "
        "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s",
        (schema,),
    ).fetchall()
    there = {str(name) for (name,) in rows}
    for name in names:
        if name in there:
            raise OutputError(
                f"there is a table '{name}' already in the schema '{schema}'",
                where=address.shown,
                hint="name a new schema as ?schema=NAME: nothing on a server is ever replaced",
            )


def _place(connection: Any, address: Address, tables: Sequence[MadeTable]) -> str:
    """The schema, which is made where it is not there."""
    schema = _schema(connection, address)
    if len(schema.encode()) > LONGEST_NAME:
        raise OutputError(
            f"no schema can be called '{schema[:40]}...'",
            where=address.shown,
            hint=f"give it a name of at most {LONGEST_NAME} bytes",
        )
    known = connection.execute(
        "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = %s", (schema,)
    ).fetchall()
    if not known:
        connection.execute(f"CREATE SCHEMA {quoted(schema)}")
    _refuse_there(connection, schema, [table.name for table in tables], address)
    return schema


def _fill(connection: Any, schema: str, table: MadeTable, run: Run) -> None:
    """A table without its keys, which are cheaper to see to when all rows are there."""
    place = f"{quoted(schema)}.{quoted(table.name)}"
    types = {values.name: _type(values.dtype) for values in table.frame}
    connection.execute(created(replace(table, primary=(), unique=()), place, quoted, types))
    columns = listed(table.frame.columns, quoted)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {place} ({columns}) FROM STDIN (FORMAT csv)") as copy,
    ):
        for part in parts_of(table.frame, ROWS):
            run.check()
            spelled = pl.DataFrame([_copied(values) for values in part])
            copy.write(spelled.write_csv(include_header=False, quote_style="non_numeric"))


def _constraints(tables: Sequence[MadeTable], schema: str) -> Iterator[str]:
    """All keys, and behind them the links, which need those of other tables."""
    for table in tables:
        place = f"{quoted(schema)}.{quoted(table.name)}"
        for columns in table.keys:
            sort = "PRIMARY KEY" if columns == table.primary else "UNIQUE"
            yield f"ALTER TABLE {place} ADD {sort} ({listed(columns, quoted)})"
    for table in tables:
        place = f"{quoted(schema)}.{quoted(table.name)}"
        for link in table.links:
            parent = f"{quoted(schema)}.{quoted(link.parent)}"
            yield f"ALTER TABLE {place} ADD {linked(link, parent, quoted)}"


def _type(dtype: pl.DataType) -> str:
    """The type of a column on the server."""
    if isinstance(dtype, pl.Decimal):
        return f"numeric({dtype.precision}, {dtype.scale})"
    if isinstance(dtype, pl.Datetime):
        return "timestamptz" if dtype.time_zone else "timestamp"
    return _TYPES.get(dtype.base_type(), "text")


def _copied(values: pl.Series) -> pl.Series:
    """Values as COPY takes them."""
    dtype = values.dtype
    if isinstance(dtype, pl.Datetime):
        moments = values.dt.convert_time_zone("UTC") if dtype.time_zone else values
        return moments.dt.strftime("%Y-%m-%dT%H:%M:%S%.f")
    if isinstance(dtype, pl.Duration):
        ticks = values.dt.total_microseconds().cast(pl.String)
        return ticks + pl.Series([" microseconds"])
    if dtype == pl.Binary:
        return pl.Series([r"\x"]) + values.bin.encode("hex") if len(values) else values
    if dtype in (pl.Date, pl.Time) or dtype.is_decimal():
        return values.cast(pl.String)
    return values

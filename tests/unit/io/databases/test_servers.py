"""Databases on servers that run: what is read is what is there, what is written is all there or not
at all, and no password is told."""

from __future__ import annotations

import datetime as dt
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import psycopg
import pymysql
import pytest

import tidemill as tm
from tests.unit.io.databases.running import PASSWORD, USER, Server, mariadb, postgresql
from tidemill.cli import main
from tidemill.core.errors import InputError, MissingExtra, OutputError, TidemillError
from tidemill.core.run import Run
from tidemill.io.databases import extra
from tidemill.io.databases.address import address_of

UTC = dt.UTC
ODD = 'ord"er, `1`) ; DROP %s 客户'
"""What a table or a column may be called."""


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    with postgresql() as server:
        told(server, f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'")
        told(server, f"GRANT CREATE ON DATABASE postgres TO {USER}")
        yield server


@pytest.fixture(scope="session")
def maria() -> Iterator[Server]:
    with mariadb() as server:
        yield server


@pytest.fixture(params=["postgresql", "mariadb", "duckdb"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a database can be written: in each sort of them."""
    name = re.sub(r"\W", "_", request.node.name)[-40:]
    if request.param == "duckdb":
        return str(tmp_path / "shop.duckdb")
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgres")
        return server.url(f"schema={name}")
    server = request.getfixturevalue("maria")
    told(server, f"CREATE OR REPLACE DATABASE {name}")
    return server.url(database=name)


def connected(server: Server, database: str = "") -> Any:
    if server.scheme == "postgresql":
        return psycopg.connect(server.url(), autocommit=True)
    return pymysql.connect(
        host="127.0.0.1",
        port=server.port,
        user=server.root,
        database=database or server.database,
        autocommit=True,
        charset="utf8mb4",
    )


def told(server: Server, *statements: str, database: str = "") -> list[Any]:
    """What a server answers to the last of some statements."""
    with closing(connected(server, database)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def tables_of(server: Server, schema: str) -> list[str]:
    rows = told(
        server, f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{schema}'"
    )
    return sorted(str(name) for (name,) in rows)


def company(rows: int = 60) -> tm.Database:
    """Keys of two columns, links within a table, a name for everything, and gaps."""
    rng = np.random.default_rng(0)
    number = np.arange(rows) + 1
    people = pl.DataFrame(
        {
            "id": pl.Series(number, dtype=pl.Int32),
            "boss": pl.Series([None if i < 3 else int(i // 3) for i in number], dtype=pl.Int32),
            "since": [dt.date(2020, 1, 1) + dt.timedelta(days=int(i)) for i in number],
            "seen": [dt.datetime(2024, 1, 1, 12, 0, 0, int(i), UTC) for i in number],
            "left": [dt.datetime(2024, 1, 1, 12, int(i % 60)) if i % 2 else None for i in number],
            "wage": pl.Series([Decimal(int(i)) / 4 for i in number], dtype=pl.Decimal(10, 2)),
            "town": rng.choice(["Rome", "Oslo", "", 'qu"o,te\n\\'], rows),
            "fit": rng.random(rows) < 0.5,
            "score": pl.Series(rng.normal(size=rows), dtype=pl.Float32),
            "begins": [dt.time(8, int(i % 60), 1) for i in number],
        }
    )
    teams = pl.DataFrame(
        {
            "site": ["A", "B"] * (rows // 2),
            "team": pl.Series(np.arange(rows) // 2, dtype=pl.Int16),
            "head": pl.Series(number, dtype=pl.Int32),
        }
    )
    work = pl.DataFrame(
        {
            ODD: pl.Series(number, dtype=pl.Int64),
            "site": rng.choice(["A", "B"], rows),
            "team": pl.Series(rng.integers(0, rows // 2, rows), dtype=pl.Int16),
            "客户": pl.Series(number, dtype=pl.Int32),
            "hours": rng.normal(size=rows),
        }
    )
    keys = {"people": ("id",), "teams": ("site", "team"), ODD: (ODD,)}
    frames = {ODD: work, "teams": teams, "people": people}
    return tm.Database(
        {name: replace(tm.read(frame), name=name) for name, frame in frames.items()},
        {name: tm.TableKey(name, columns) for name, columns in keys.items()},
        (
            tm.Link(ODD, ("site", "team"), "teams", ("site", "team")),
            tm.Link(ODD, ("客户",), "people", ("id",)),
            tm.Link("teams", ("head",), "people", ("id",)),
            tm.Link("people", ("boss",), "people", ("id",)),
        ),
        "company",
    )


def alike(one: tm.Database, other: tm.Database) -> None:
    """Whether two databases are the same, but for the order of their tables and rows."""
    assert set(one.tables) == set(other.tables)
    assert {str(link) for link in one.links} == {str(link) for link in other.links}
    of = [{key.table: key.columns for key in base.keys.values()} for base in (one, other)]
    assert of[0] == of[1]
    for name, data in one.tables.items():
        rows = [base[name].frame.sort(one.keys[name].columns) for base in (one, other)]
        assert rows[0].columns == rows[1].columns
        for column in rows[0].columns:
            assert data.schema[column].dtype == other[name].schema[column].dtype, column
            assert rows[0][column].equals(rows[1][column], null_equal=True), (name, column)


def heard() -> tuple[Run, list[str]]:
    texts: list[str] = []
    return Run(listener=lambda event: texts.append(event.text)), texts


# --- there and back -------------------------------------------------------------------------------


def test_a_database_comes_back_as_it_was(place: str) -> None:
    base = company()
    tm.write_database(base, place)
    back = tm.read_database(place)
    alike(base, back)
    for link in back.links:
        assert "states" in link.reason


def test_a_made_database_is_taken_with_all_that_it_states(place: str) -> None:
    base = company(120)
    tables = {name: data for name, data in base.tables.items() if name != "teams"}
    links = tuple(link for link in base.links if "teams" not in (link.child, link.parent))
    keys = {name: base.keys[name] for name in tables}
    base = tm.Database(tables, keys, links)
    made = tm.sample_database(tm.fit_database(base, model="independent"))
    run, texts = heard()
    tm.write_database(made, place, run=run)
    assert not any("not told" in text for text in texts)
    back = tm.read_database(place)
    assert {str(link) for link in back.links} == {str(link) for link in base.links}
    for name in base.tables:
        kinds = [{c.name: c.dtype for c in one[name].schema} for one in (base, back)]
        assert kinds[0] == kinds[1], name


@pytest.mark.parametrize("name", ["northwind", "chinook"])
def test_real_databases_go_through_postgresql(name: str, postgres: Server) -> None:
    beside = Path(__file__).parents[5] / "shared" / "data"
    path = Path(os.environ.get("TIDEMILL_DATA", beside)) / name / f"{name}.sqlite"
    if not path.exists():
        pytest.skip(f"no {path} (set TIDEMILL_DATA)")
    base = tm.read_database(path)
    pictures = {"Categories": ["Picture"], "Employees": ["Photo"]} if name == "northwind" else {}
    tables = dict(base.tables)
    for table, columns in pictures.items():
        left = [column for column in tables[table].schema.names if column not in columns]
        tables[table] = tables[table].select(left)
    base = replace(base, tables=tables)
    tm.write_database(base, postgres.url(f"schema={name}"))
    back = tm.read_database(postgres.url(f"schema={name}"))
    alike(base, back)
    made = tm.sample_database(tm.fit_database(back, model="independent"))
    tm.write_database(made, postgres.url(f"schema={name}_made"))
    for sort, count in (("f", len(base.links)), ("p", len(base.keys))):
        stated = (
            f"SELECT count(*) FROM pg_constraint WHERE contype = '{sort}' "
            f"AND connamespace = '{name}_made'::regnamespace"
        )
        assert told(postgres, stated) == [(count,)]


def test_links_round_in_a_circle(place: str) -> None:
    frames = {
        "a": pl.DataFrame({"id": range(30), "b": [i % 30 for i in range(1, 31)]}),
        "b": pl.DataFrame({"id": range(30), "a": [i % 30 for i in range(3, 33)]}),
        "own": pl.DataFrame({"id": range(30), "up": [i % 30 for i in range(1, 31)]}),
    }
    links = tuple(
        tm.Link(child, (column,), parent, ("id",))
        for child, column, parent in (("a", "b", "b"), ("b", "a", "a"), ("own", "up", "own"))
    )
    keys = {name: tm.TableKey(name, ("id",)) for name in frames}
    base = tm.Database({name: tm.read(one) for name, one in frames.items()}, keys, links)
    run, texts = heard()
    tm.write_database(base, place, run=run)
    back = tm.read_database(place)
    stated = {str(link) for link in back.links if "states" in link.reason}
    if place.endswith(".duckdb"):
        assert len(stated) == 1
        assert any("round in a circle" in text for text in texts)
    else:
        assert stated == {str(link) for link in links}


def test_one_table_is_a_dataset(place: str) -> None:
    base = company()
    tm.write_database(base, place)
    join = "&" if "?" in place else "?"
    data = tm.read(f"{place}{join}table=people")
    assert data.name == "people"
    assert data.frame.equals(tm.read_database(place)["people"].frame)
    more = tm.read(f"{place}{join}table=teams&with=links")
    assert "people: wage" in more.schema.names
    with pytest.raises(InputError, match="there is no table 'peple'") as error:
        tm.read(f"{place}{join}table=peple")
    assert "did you mean 'people'" in str(error.value)
    with pytest.raises(InputError, match=r"several|3 tables"):
        tm.read(place)


def test_a_dataset_becomes_a_table(postgres: Server, maria: Server) -> None:
    frame = company()["people"].frame
    for server in (postgres, maria):
        out = server.url("table=of_one")
        tm.write(tm.read(frame), out)
        assert tm.read(out).frame.equals(tm.read(frame).frame)
        with pytest.raises(OutputError, match="there is a table 'of_one' already"):
            tm.write(tm.read(frame), out)
        with pytest.raises(OutputError, match="ever replaced"):
            tm.write(tm.read(frame), out, overwrite=True)
        with pytest.raises(OutputError, match="not said what the table"):
            tm.write(tm.read(frame), server.url())


# --- types ----------------------------------------------------------------------------------------

PG_ZOO = """
CREATE TYPE zoo.mood AS ENUM ('sad', 'very "happy"');
CREATE DOMAIN zoo.price AS numeric(10, 2);
CREATE TABLE zoo.z (
    id int PRIMARY KEY, i2 smallint, i8 bigint, f4 real, f8 double precision,
    n numeric(38, 10), free numeric, long numeric, nan numeric(8, 2), paid money, price zoo.price,
    b boolean, t text, c char(5), day date, never date, ts timestamp, tz timestamptz,
    clock time, late time, zoned timetz, span interval, month interval, u uuid, js jsonb,
    ar int[], en zoo.mood, by bytea, ip inet, "we ""ird" int, "中文" text, "per%s" int
);
INSERT INTO zoo.z VALUES
(1, -32768, 9223372036854775807, 0.1, 0.1, 1234567890123456789012345678.0123456789, 1.50,
 123456789012345678901234567890.0123456789, 1.25, '12.34', 5.25, true, 'a', 'ab', '2020-02-29',
 'infinity', '2020-01-01 00:00:00.123456', '2020-01-01 00:00:00.5+02', '10:11:12.5', '24:00',
 '10:00+02', '1 day 02:03:04.5', '1 month', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"b": 1}',
 '{1,2,NULL}', 'very "happy"', '\\x00ff', '10.0.0.1', 1, '值', 1),
(2, NULL, -9223372036854775808, -1e-30, 1e-310, -0.0000000001, -1234567.123456789, 7, 'NaN', '-5',
 7, false, E'q"uo,te\\nline\\r\\n\\\\N', '', '0001-01-01', '0044-03-15 BC',
 '9999-12-31 23:59:59.999999', '0001-01-01 00:00:00+00', '23:59:59.999999', '01:00', '11:00-03',
 '-3 days', '2 days', NULL, NULL, '{}', 'sad', '\\x', '::1', 2, '', 2),
(3, 5, 0, 16777216, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', NULL, '1969-12-31', NULL,
 '1969-12-31 23:59:59', '1969-12-31 23:59:59.999999+00', '00:00', NULL, NULL, NULL, NULL, NULL,
 '"é😀"', NULL, NULL, NULL, NULL, NULL, E'\\\\.', NULL)
"""
ZONED = dt.datetime(2019, 12, 31, 22, 0, 0, 500000, UTC)
HAPPY = 'very "happy"'


def test_the_types_of_postgresql(postgres: Server) -> None:
    told(postgres, "CREATE SCHEMA zoo", PG_ZOO)
    run, texts = heard()
    data = tm.read(postgres.url("schema=zoo&table=z"), run=run)
    frame, dtype = data.frame, {column.name: column.dtype for column in data.schema}
    assert frame["i8"].to_list() == [9223372036854775807, -9223372036854775808, 0]
    assert frame["f4"].to_list() == [0.1, -1e-30, 16777216.0]
    assert frame["f8"].to_list() == [0.1, 1e-310, 0.0]
    assert dtype["n"] == "Decimal(38, 10)"
    assert any("'n': more digits than a float holds" in text for text in texts)
    assert frame["free"].to_list() == [1.5, -1234567.123456789, None]
    assert frame["long"].to_list()[0] == "123456789012345678901234567890.0123456789"
    assert frame["nan"].to_list() == [1.25, None, None]
    assert frame["paid"].to_list() == [12.34, -5.0, None]
    assert dtype["price"] == "Decimal(10, 2)"
    assert frame["t"].to_list() == ["a", 'q"uo,te\nline\r\n\\N', ""]
    assert frame["c"].to_list() == ["ab", "", None]
    assert frame["day"][1:].to_list() == [dt.date(1, 1, 1), dt.date(1969, 12, 31)]
    assert frame["never"].to_list() == ["infinity", "0044-03-15 BC", None]
    assert frame["ts"][1] == dt.datetime(9999, 12, 31, 23, 59, 59, 999999)
    assert frame["tz"].to_list()[0] == ZONED
    assert dtype["tz"] == "Datetime(us, UTC)"
    assert (dtype["clock"], frame["clock"][0]) == ("Time", 36_672_500_000_000)
    assert frame["late"].to_list()[0] in (86_400, "24:00:00")
    assert frame["zoned"].to_list() == ["10:00:00+02", "11:00:00-03", None]
    assert frame["span"].to_list() == [93_784.5, -259_200.0, None]
    assert frame["month"].to_list() == ["1 mon", "2 days", None]
    assert frame["js"].to_list() == ['{"b": 1}', None, '"é😀"']
    assert frame["ar"].to_list() == ["{1,2,NULL}", "{}", None]
    assert frame["en"].to_list() == [HAPPY, "sad", None]
    assert frame["by"].to_list() == [b"\x00\xff", b"", None]
    assert frame['we "ird'].to_list() == frame["per%s"].to_list() == [1, 2, None]
    assert frame["中文"].to_list() == ["值", "", "\\."]
    assert data.schema["ar"].role == data.schema["by"].role == "ignore"
    for name in ("long", "nan", "never", "late", "zoned", "month", "ip", "ar", "by"):
        assert any(f"'{name}'" in text for text in texts), name


MY_ZOO = r"""
CREATE TABLE z (
    id int PRIMARY KEY, yes tinyint(1), tiny tinyint(1), us smallint unsigned,
    big bigint unsigned, f float, d double, n decimal(38, 10), long_n decimal(65, 10), day date,
    none date, dt datetime(6), ts timestamp(6) NULL, clock time(3), span time, y year, c char(5),
    v varchar(20) CHARACTER SET latin1, t longtext, en enum('a', 'it''s', 'b,c'), js json,
    b1 bit(1), b12 bit(12), bl blob, g point, `we``ird` int, `per%s` int, `中文` varchar(9)
) CHARACTER SET utf8mb4"""
MY_ROWS = r"""
INSERT INTO z VALUES
(1, 1, 2, 65535, 18446744073709551615, 16777216, 0.1, 1234567890123456789012345678.0123456789,
 1234567890123456789012345678901234567890123.5, '2020-02-29', '0000-00-00',
 '2020-01-01 00:00:00.123456', '2020-01-01 12:00:00.5', '10:11:12.5', '-100:00:01', 2020, 'ab',
 'é', 'q"uo,te\nline\r\n\\N', 'it''s', '{"a": 1}', 1, 4095, 0x00ff, point(1, 2), 1, 1, '值'),
(2, 0, 0, 0, 0, 0.1, 1e-300, -0.0000000001, 0, '1000-01-01', '2020-00-10',
 '9999-12-31 23:59:59.999999', '1970-01-02 00:00:00', '23:59:59.999', '838:59:59', NULL, '', '',
 '', 'a', NULL, 0, 0, '', NULL, 2, 2, ''),
(3, NULL, 1, 1, 5, NULL, NULL, NULL, NULL, NULL, '2020-01-15', NULL, NULL, '00:00', '00:00', 1999,
 NULL, NULL, NULL, NULL, '"😀"', NULL, NULL, NULL, NULL, NULL, NULL, NULL)"""


def test_the_types_of_mariadb(maria: Server) -> None:
    told(maria, "CREATE DATABASE zoo")
    told(maria, "SET sql_mode = ''", MY_ZOO, MY_ROWS, database="zoo")
    run, texts = heard()
    data = tm.read(maria.url("table=z", database="zoo"), run=run)
    frame, dtype = data.frame, {column.name: column.dtype for column in data.schema}
    assert (dtype["yes"], frame["yes"].to_list()) == ("Boolean", [True, False, None])
    assert (dtype["tiny"], frame["tiny"].to_list()) == ("Int8", [2, 0, 1])
    assert frame["us"].to_list() == [65535, 0, 1]
    assert frame["big"].to_list() == ["18446744073709551615", "0", "5"]
    assert (dtype["f"], frame["f"].to_list()) == ("Float32", [16777216.0, 0.1, None])
    assert frame["d"].to_list() == [0.1, 1e-300, None]
    assert dtype["n"] == "Decimal(38, 10)"
    assert frame["long_n"][0] == "1234567890123456789012345678901234567890123.5000000000"
    assert frame["none"].to_list() == [None, None, dt.date(2020, 1, 15)]
    assert frame["dt"][1] == dt.datetime(9999, 12, 31, 23, 59, 59, 999999)
    assert frame["ts"].to_list()[0] == dt.datetime(2020, 1, 1, 12, 0, 0, 500000, UTC)
    assert (dtype["clock"], frame["clock"][0]) == ("Time", 36_672_500_000_000)
    assert frame["span"].to_list() == [-360_001, 3_020_399, 0]
    assert frame["v"].to_list() == ["é", "", None]
    assert frame["t"].to_list() == ['q"uo,te\nline\r\n\\N', "", None]
    assert frame["en"].to_list() == ["it's", "a", None]
    assert frame["js"].to_list() == ['{"a": 1}', None, '"😀"']
    assert frame["b1"].to_list() == [True, False, None]
    assert frame["b12"].to_list() == [4095, 0, None]
    assert frame["bl"].to_list() == [b"\x00\xff", b"", None]
    assert frame["we`ird"].to_list() == frame["per%s"].to_list() == [1, 2, None]
    assert frame["中文"].to_list() == ["值", "", None]
    for name in ("long_n", "none", "bl", "g"):
        assert any(f"'{name}'" in text for text in texts), name


DUCK_ZOO = r"""
CREATE TABLE z (id int PRIMARY KEY, h hugeint, long hugeint, f float, n decimal(38, 10), b boolean,
    day date, never date, ns timestamp_ns, tz timestamptz, clock time, span interval,
    month interval, u uuid, l int[], s struct(a int), e enum('x', 'y z'), bl blob, "we""ird" int);
INSERT INTO z VALUES
(1, 5, 170141183460469231731687303715884105727, 0.1, 1.5, true, '2020-02-29', 'infinity',
 '2020-01-01 00:00:00.123456789', '2020-01-01 00:00:00+02', '10:11:12.5', interval '26 hours',
 interval '1 month', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', [1, 2], {'a': 1}, 'y z', '\xFF\x00',
 1),
(2, NULL, 1, NULL, -0.0000000001, NULL, '0001-01-01', '2020-01-01', NULL, NULL, '23:59:59.999999',
 NULL, '2 days', NULL, NULL, NULL, 'x', '', NULL)"""


def test_the_types_of_duckdb(tmp_path: Path) -> None:
    path = tmp_path / "zoo.duckdb"
    with duckdb.connect(str(path)) as base:
        base.execute("SET TimeZone = 'UTC'")
        base.execute(DUCK_ZOO)
        base.execute("CREATE SCHEMA other; CREATE TABLE other.t AS SELECT 1 AS a")
    run, texts = heard()
    data = tm.read(f"{path}?table=z", run=run)
    frame = data.frame
    assert frame["h"].to_list() == [5, None]
    assert frame["long"].to_list() == ["170141183460469231731687303715884105727", "1"]
    assert frame["f"].to_list() == [0.1, None]
    assert frame["n"].to_list() == [1.5, -0.0000000001]
    assert frame["day"].to_list() == [dt.date(2020, 2, 29), dt.date(1, 1, 1)]
    assert frame["never"].to_list() == ["infinity", "2020-01-01"]
    assert frame["ns"].to_physical()[0] == 1_577_836_800_123_456_789
    assert frame["tz"][0] == dt.datetime(2019, 12, 31, 22, tzinfo=UTC)
    assert frame["clock"][0] == 36_672_500_000_000
    assert frame["span"].to_list() == [93_600, None]
    assert frame["month"].to_list() == ["1 month", "2 days"]
    assert frame["bl"].to_list() == [b"\xff\x00", b""]
    assert frame["e"].to_list() == ["y z", "x"]
    for name in ("long", "never", "month", "l", "s", "bl"):
        assert any(f"'{name}'" in text for text in texts), name
    tm.read_database(path, run=run)
    assert any("other.t" in text for text in texts)


# --- only reading, and one moment -----------------------------------------------------------------


def test_reading_changes_nothing(postgres: Server) -> None:
    told(
        postgres,
        "CREATE SCHEMA still",
        "CREATE TABLE still.a AS SELECT 1 AS x",
        "CREATE FUNCTION still.boom() RETURNS int LANGUAGE plpgsql AS "
        "$$ BEGIN INSERT INTO still.a VALUES (9); RETURN 1; END $$",
        "CREATE VIEW still.evil AS SELECT still.boom() AS x",
        "CREATE VIEW still.slow AS SELECT pg_sleep(60)::text AS x",
    )
    assert list(tm.read_database(postgres.url("schema=still")).tables) == ["a"]
    with pytest.raises(InputError, match="read-only transaction"):
        tm.read(postgres.url("schema=still&table=evil"))
    assert told(postgres, "SELECT count(*) FROM still.a") == [(1,)]
    with pytest.raises(InputError, match="timeout") as error:
        tm.read(postgres.url("schema=still&table=slow&timeout=1"))
    assert "?timeout=SECONDS" in str(error.value)


def test_reading_mariadb_changes_nothing(maria: Server) -> None:
    told(
        maria,
        "CREATE DATABASE still",
        "CREATE TABLE still.a AS SELECT 1 AS x",
        "CREATE FUNCTION still.boom() RETURNS int "
        "BEGIN INSERT INTO still.a VALUES (9); RETURN 1; END",
        "CREATE VIEW still.evil AS SELECT still.boom() AS x",
        "CREATE VIEW still.slow AS SELECT sleep(60) AS x",
    )
    with pytest.raises(InputError, match="READ ONLY"):
        tm.read(maria.url("table=evil", database="still"))
    assert told(maria, "SELECT count(*) FROM still.a") == [(1,)]
    began = time.monotonic()
    with pytest.raises(InputError):
        tm.read(maria.url("table=slow&timeout=1", database="still"))
    assert time.monotonic() - began < 20


def test_all_tables_are_of_one_moment(postgres: Server) -> None:
    """Rows that come while a database is read are in none of its tables."""
    told(
        postgres,
        "CREATE SCHEMA moment",
        "CREATE TABLE moment.a AS SELECT generate_series(1, 9) AS x",
        "CREATE TABLE moment.b AS SELECT generate_series(1, 9) AS x",
    )

    def meddle(event: Any) -> None:
        if event.kind == "start" and "typing" in event.text:  # of the first table
            told(postgres, "INSERT INTO moment.a VALUES (10)", "INSERT INTO moment.b VALUES (10)")

    base = tm.read_database(postgres.url("schema=moment"), run=Run(listener=meddle))
    assert [len(rows) for rows in base.tables.values()] == [9, 9]


def test_parts_and_heirs_are_read_once(postgres: Server) -> None:
    told(
        postgres,
        "CREATE SCHEMA heirs",
        "CREATE TABLE heirs.p (a int, k text) PARTITION BY LIST (k)",
        "CREATE TABLE heirs.p1 PARTITION OF heirs.p FOR VALUES IN ('x')",
        "CREATE TABLE heirs.par (a int)",
        "CREATE TABLE heirs.chi (b int) INHERITS (heirs.par)",
        "INSERT INTO heirs.p VALUES (1, 'x')",
        "INSERT INTO heirs.par VALUES (1), (2)",
        "INSERT INTO heirs.chi VALUES (3, 4)",
    )
    base = tm.read_database(postgres.url("schema=heirs"))
    assert {name: len(rows) for name, rows in base.tables.items()} == {"p": 1, "par": 2, "chi": 1}


def test_a_link_to_another_schema_is_no_link_to_a_table_of_that_name(postgres: Server) -> None:
    told(
        postgres,
        "CREATE SCHEMA twin",
        "CREATE TABLE public.customers (id int PRIMARY KEY)",
        "CREATE TABLE twin.customers (id int PRIMARY KEY)",
        "CREATE TABLE twin.orders (c int REFERENCES public.customers (id))",
        "INSERT INTO public.customers VALUES (7)",
        "INSERT INTO twin.customers VALUES (1)",
        "INSERT INTO twin.orders VALUES (7)",
    )
    run, texts = heard()
    base = tm.read_database(postgres.url("schema=twin"), run=run)
    assert not [link for link in base.links if "states" in link.reason]
    assert any("orders points to the schema 'public'" in text for text in texts)
    told(postgres, "DROP TABLE twin.orders, public.customers")


def test_what_a_user_may_not_read_is_told(postgres: Server) -> None:
    told(
        postgres,
        "CREATE SCHEMA rights",
        "CREATE TABLE rights.a (x int, hidden int)",
        "CREATE TABLE rights.b (x int)",
        "CREATE TABLE rights.few (x int)",
        "INSERT INTO rights.a VALUES (1, 2), (3, 4)",
        "INSERT INTO rights.few VALUES (1), (2)",
        "ALTER TABLE rights.few ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY one ON rights.few USING (x = 1)",
        f"GRANT USAGE ON SCHEMA rights TO {USER}",
        f"GRANT SELECT (x) ON rights.a TO {USER}",
        f"GRANT SELECT ON rights.few TO {USER}",
    )
    run, texts = heard()
    url = postgres.url("schema=rights", user=f"{USER}:{PASSWORD}")
    base = tm.read_database(url, run=run)
    assert base["a"].schema.names == ("x",)
    assert set(base.tables) == {"a", "few"}
    assert any("may not read 'hidden'" in text for text in texts)
    assert any("'b' may not be read" in text for text in texts)
    assert any("hide rows of 'few'" in text for text in texts)


# --- whole or not at all --------------------------------------------------------------------------


def broken() -> tm.Database:
    """A table that no server takes, behind one that it does."""
    frames = {"fine": pl.DataFrame({"id": [1, 2]}), "odd": pl.DataFrame({"id": ["a\0b", "c"]})}
    keys = {name: tm.TableKey(name, ("id",)) for name in frames}
    return tm.Database({name: tm.read(one) for name, one in frames.items()}, keys)


def test_nothing_is_left_where_postgresql_objects(postgres: Server) -> None:
    with pytest.raises(OutputError, match="PostgreSQL says"):
        tm.write_database(broken(), postgres.url("schema=broken"))
    assert not told(postgres, "SELECT 1 FROM pg_namespace WHERE nspname = 'broken'")


def test_nothing_is_left_where_mariadb_objects(maria: Server) -> None:
    frames = {"fine": pl.DataFrame({"id": [1, 2]}), "odd": pl.DataFrame({"id": ["a", "a "]})}
    keys = {name: tm.TableKey(name, ("id",)) for name in frames}
    base = tm.Database({name: tm.read(one) for name, one in frames.items()}, keys)
    told(maria, "CREATE DATABASE broken")
    with pytest.raises(OutputError, match="Duplicate entry"):
        tm.write_database(base, maria.url(database="broken"))
    assert tables_of(maria, "broken") == []


def test_a_table_that_is_there_is_never_touched(postgres: Server, maria: Server) -> None:
    told(postgres, "CREATE SCHEMA taken", "CREATE TABLE taken.people AS SELECT 1 AS a")
    told(maria, "CREATE DATABASE taken", "CREATE TABLE taken.people AS SELECT 1 AS a")
    for url in (postgres.url("schema=taken"), maria.url(database="taken")):
        with pytest.raises(OutputError, match="there is a table 'people' already"):
            tm.write_database(company(), url)
        with pytest.raises(OutputError, match="nothing on a server is ever replaced"):
            tm.write_database(company(), url, overwrite=True)
    assert tables_of(postgres, "taken") == tables_of(maria, "taken") == ["people"]


def test_names_that_a_server_would_cut_are_refused(postgres: Server) -> None:
    long = pl.DataFrame({"é" * 40: [1, 2], "é" * 39 + "e": [3, 4]})
    with pytest.raises(OutputError, match="nothing can be called"):
        tm.write_database(tm.Database({"a": tm.read(long)}), postgres.url("schema=long"))
    with pytest.raises(OutputError, match="no schema can be called"):
        tm.write_database(company(), postgres.url(f"schema={'s' * 70}"))


def test_a_killed_writer_leaves_no_table(postgres: Server, tmp_path: Path) -> None:
    pl.DataFrame({"id": np.arange(400_000), "x": np.arange(400_000) * 1.5}).write_parquet(
        tmp_path / "a.parquet"
    )
    url = postgres.url("schema=killed")
    code = (
        f"import tidemill as tm; data = tm.read({str(tmp_path / 'a.parquet')!r})\n"
        f"print('begins', flush=True); tm.write_database(tm.Database({{'a': data}}), {url!r})"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    copying = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'COPY%'"
    until = time.monotonic() + 30
    while not told(postgres, copying) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert tables_of(postgres, "killed") == []


# --- what is secret, and what is said -------------------------------------------------------------


Cli = Callable[..., tuple[int, str]]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    """The command line in this process: its exit code, and all that it says."""

    def call(*words: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["tidemill", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capfd.readouterr()
        return int(ended.value.code or 0), captured.out + captured.err

    return call


def contents(folder: Path) -> bytes:
    """All that stands in a folder, unpacked."""
    found = b""
    for path in folder.rglob("*"):
        if path.suffix == ".tidemill":
            with zipfile.ZipFile(path) as packed:
                found += b"".join(packed.read(name) for name in packed.namelist())
        elif path.is_file():
            found += path.read_bytes()
    return found


@pytest.fixture(scope="module")
def secret_shop(postgres: Server) -> Server:
    tm.write_database(company(80), postgres.url("schema=secret"))
    told(postgres, f"GRANT USAGE ON SCHEMA secret TO {USER}")
    told(postgres, f"GRANT SELECT ON ALL TABLES IN SCHEMA secret TO {USER}")
    return postgres


def test_a_password_stands_nowhere(secret_shop: Server, tmp_path: Path, cli: Cli) -> None:
    url = secret_shop.url("schema=secret", user=f"{USER}:{PASSWORD}")
    said = [
        cli("read", url, "--json"),
        cli("fit", url, "--out", tmp_path / "m.tidemill", "--model", "independent"),
        cli(
            *("run", f"{url}&table=people", "--out", tmp_path / "run", "--model", "independent"),
            *("--target", "fit"),
        ),
        cli("sample", tmp_path / "m.tidemill", "--out", url.replace("=secret", "=secret_made")),
    ]
    for code, text in said:
        assert code == 0, text
        assert PASSWORD not in text
    assert "wrote postgresql://***@127.0.0.1" in said[3][1]
    written = contents(tmp_path)
    assert PASSWORD.encode() not in written
    assert b"postgresql://***@127.0.0.1" in written


def test_a_password_stands_in_no_error(secret_shop: Server, maria: Server, cli: Cli) -> None:
    ann = f"{USER}:{PASSWORD}"
    nowhere = replace(secret_shop, port=1)
    for url, what in (
        (secret_shop.url(user=f"{USER}:{PASSWORD}x"), "check the user and the password"),
        (secret_shop.url(user=ann, database="none"), 'database "none" does not exist'),
        (secret_shop.url("schema=none", user=ann), "holds no table that this user may read"),
        (nowhere.url(user=ann), "check the host and the port"),
        (f"postgresql://{ann}@@x@nohost.invalid/a", "check the host"),
        (f"postgresql://{ann}@127.0.0.1:x/a", "no address of a database"),
        (f"postgresql://127.0.0.1/a?password={PASSWORD}", "means nothing"),
        (maria.url(user=f"{USER}:{PASSWORD}x"), "check the user and the password"),
        (maria.url(user=ann, database="none"), "CREATE DATABASE"),
        (replace(maria, port=1).url(user=ann), "check the host and the port"),
    ):
        with pytest.raises(TidemillError) as error:
            tm.read_database(url)
        text = f"{error.value} {error.value!r}"
        assert what in text
        assert PASSWORD not in text
        if "schema=none" in url:
            continue
        with pytest.raises(TidemillError) as error:
            tm.write_database(company(), url)
        assert PASSWORD not in f"{error.value} {error.value!r}"
    for how in ((), ("--json",)):
        code, text = cli("read", secret_shop.url(user=f"{USER}:{PASSWORD}x"), *how)
        assert code == 2
        assert "Traceback" not in text
        assert PASSWORD not in text


def test_a_password_is_taken_of_the_environment(
    secret_shop: Server, maria: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = secret_shop.url("schema=secret&table=teams", user=USER)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert len(tm.read(url)) == 80
    monkeypatch.delenv("PGPASSWORD")
    file = tmp_path / "pgpass"
    file.write_text(f"127.0.0.1:*:*:{USER}:{PASSWORD}\n")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))
    assert len(tm.read(url)) == 80
    told(maria, "CREATE TABLE of_environment AS SELECT 1 AS a UNION SELECT 2")
    monkeypatch.setenv("MYSQL_PWD", PASSWORD)
    assert len(tm.read(maria.url("table=of_environment", user=USER))) == 2
    monkeypatch.setenv("MYSQL_PWD", f"{PASSWORD}x")
    with pytest.raises(InputError) as error:
        tm.read(maria.url("table=of_environment", user=USER))
    assert PASSWORD not in str(error.value)


def test_a_driver_that_tells_a_password_is_not_repeated() -> None:
    address = address_of("postgresql://ann:p%40ss w0rd@host/db", InputError)
    said = address.without_secrets("no: p@ss w0rd, p%40ss%20w0rd and p%40ss w0rd\nat host")
    assert "p@ss" not in said
    assert "p%40ss" not in said
    assert "p@ss" not in repr(address)


def test_a_missing_package_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(extra, "find_spec", lambda name: None)
    (tmp_path / "a.duckdb").write_bytes(b"x")
    for url in ("postgresql://host/db", "mysql://host/db", str(tmp_path / "a.duckdb")):
        with pytest.raises(MissingExtra, match="package") as error:
            tm.read_database(url)
        assert "pip install 'tidemill[databases]'" in str(error.value)
    for url in ("postgresql://host/db", "mysql://host/db", str(tmp_path / "b.duckdb")):
        with pytest.raises(MissingExtra, match="package"):
            tm.write_database(company(), url)


def test_a_file_that_is_no_duckdb(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    path.write_bytes(b"no database at all" * 1000)
    with pytest.raises(InputError, match="DuckDB says"):
        tm.read(path)
    tm.write_database(company(), tmp_path / "b.duckdb")
    with pytest.raises(OutputError, match="exists already"):
        tm.write_database(company(), tmp_path / "b.duckdb")
    tm.write_database(company(), tmp_path / "b.duckdb", overwrite=True)
    (tmp_path / "b.duckdb").rename(tmp_path / "b.db")
    with pytest.raises(InputError, match="a database of DuckDB") as error:
        tm.read_database(tmp_path / "b.db")
    assert ".duckdb" in str(error.value)

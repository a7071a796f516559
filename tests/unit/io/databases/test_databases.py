"""Databases: what they state, what is found, and what is told."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
from typer.testing import CliRunner

import tidemill as tm
from tidemill.cli import app
from tidemill.core.database import Database, Link, TableKey
from tidemill.core.errors import InputError, OptionError, SchemaError
from tidemill.core.run import Run
from tidemill.io.databases.reading import is_database

CUSTOMERS = pl.DataFrame({"id": range(1, 41), "town": ["Rome", "Oslo"] * 20})
ORDERS = pl.DataFrame(
    {
        "order_id": range(100, 220),
        "customer_id": [1 + k % 30 for k in range(120)],
        "paid": [float(k % 7) + 0.5 for k in range(120)],
    }
)
LINES = pl.DataFrame(
    {
        "order_id": [100 + k // 2 for k in range(240)],
        "line": [k % 2 for k in range(240)],
        "item": [f"item {k % 9}" for k in range(240)],
    }
)


def folder(path: Path, **tables: pl.DataFrame) -> Path:
    path.mkdir(exist_ok=True)
    for name, frame in tables.items():
        frame.write_csv(path / f"{name}.csv")
    return path


def shop(path: Path) -> Path:
    return folder(path / "shop", customers=CUSTOMERS, orders=ORDERS, order_lines=LINES)


def base(path: Path, script: str) -> Path:
    file = path / "shop.sqlite"
    with sqlite3.connect(file) as connection:
        connection.executescript(script)
    connection.close()
    return file


STATED = """
CREATE TABLE @ (
  region TEXT, number INTEGER, name TEXT, boss_region TEXT, boss INTEGER,
  PRIMARY KEY (region, number),
  FOREIGN KEY (boss_region, boss) REFERENCES @);
CREATE TABLE orders (id INTEGER PRIMARY KEY, region TEXT, number INTEGER,
  FOREIGN KEY (region, number) REFERENCES @ (region, number));
CREATE TABLE unfilled (id INTEGER PRIMARY KEY, orders INTEGER REFERENCES orders(id));
INSERT INTO @ VALUES
  ('n', 1, 'Ann', NULL, NULL), ('n', 2, 'Bo', 'n', 1), ('s', 1, 'Cy', 'n', 2);
INSERT INTO orders VALUES (1, 'n', 1), (2, 'n', 2), (3, 's', 2), (4, 's', NULL);
""".replace("@", '"客户 ""A"""')


def test_a_folder_of_files_is_linked_by_names_and_values(tmp_path: Path) -> None:
    found = tm.read_database(shop(tmp_path))
    assert list(found.tables) == ["customers", "order_lines", "orders"]
    assert {name: key.columns for name, key in found.keys.items()} == {
        "customers": ("id",),
        "orders": ("order_id",),
    }
    assert sorted(map(str, found.links)) == [
        "order_lines.order_id = orders.order_id",
        "orders.customer_id = customers.id",
    ]
    assert all(link.reason for link in found.links)
    assert all(key.reason for key in found.keys.values())
    assert found.roots == ("customers",)
    assert found["orders"].schema["customer_id"].role == "key"


def test_values_alone_make_no_link(tmp_path: Path) -> None:
    """Numbers from 1 on are in every table; only names tell which of them point."""
    things = pl.DataFrame({"thing_id": range(1, 31), "floor": [1 + k % 5 for k in range(30)]})
    found = tm.read_database(folder(tmp_path / "x", customers=CUSTOMERS, things=things))
    assert found.links == ()


def test_of_two_tables_with_the_same_keys_one_points(tmp_path: Path) -> None:
    more = pl.DataFrame({"id": range(1, 41), "age": range(20, 60)}).rename({"id": "customer_id"})
    first = CUSTOMERS.rename({"id": "customer_id"})
    found = tm.read_database(folder(tmp_path / "x", ages=more, customers=first))
    assert [str(link) for link in found.links] == ["customers.customer_id = ages.customer_id"]
    letters = {"a": range(30), "b": [k % 3 for k in range(30)]}
    found = tm.read_database(
        folder(tmp_path / "y", one=pl.DataFrame(letters), two=pl.DataFrame(letters))
    )
    assert found.links == ()


def test_what_is_only_called_a_little_like_a_link_is_none(tmp_path: Path) -> None:
    """Ages of parents are all among the numbers of a table with enough rows."""
    people = pl.DataFrame(
        {
            "id": range(1, 101),
            "parent_age": [20 + k % 60 for k in range(100)],
            "manager_id": [None, *[1 + k % 9 for k in range(99)]],
        }
    )
    other = pl.DataFrame(
        {"weight": [30 + k * k % 97 for k in range(3, 23)], "size": [k % 4 for k in range(20)]}
    )
    found = tm.read_database(folder(tmp_path / "x", people=people, other=other))
    assert [str(link) for link in found.links] == ["people.manager_id = people.id"]
    assert "other" not in found.keys  # the first column is a measure that happens to differ


def test_what_the_user_calls_a_key_names_each_row(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="38 rows repeat another's"):
        tm.read_database(shop(tmp_path), keys=["customers.town"])
    gaps = pl.DataFrame({"code": ["a", None, "c"], "size": [1, 2, 3]})
    with pytest.raises(SchemaError, match="1 row of 3 lack it"):
        tm.read_database(folder(tmp_path / "x", gaps=gaps, shops=CUSTOMERS), keys=["gaps.code"])
    with pytest.raises(SchemaError, match="repeat another's"):
        tm.read_database(shop(tmp_path), keys=["order_lines.(line, item)"])
    assert tm.read_database(shop(tmp_path), keys=["order_lines.(order_id, line)"])


def test_a_link_to_what_repeats_is_told(tmp_path: Path) -> None:
    run = Run(0)
    towns = ORDERS.with_columns(town=pl.lit("Rome"))
    source = folder(tmp_path / "x", customers=CUSTOMERS, orders=towns)
    tm.read_database(source, links=["orders.town=customers.town"], run=run)
    assert any("38 rows of 'customers' repeat" in text for text in run.warnings)


def test_what_the_user_says_is_a_link_is_not_doubted(tmp_path: Path) -> None:
    orders = ORDERS.with_columns(customer_id=pl.col("customer_id") + 12)
    source = folder(tmp_path / "x", customers=CUSTOMERS, orders=orders)
    run = Run(0)
    tm.read_database(source, links=["orders.customer_id=customers.id"], run=run)
    assert not any("called like a link" in text for text in run.warnings)


def test_names_alone_make_no_link_and_that_is_told(tmp_path: Path) -> None:
    orders = ORDERS.with_columns(customer_id=pl.col("customer_id") + 12)
    run = Run(0)
    found = tm.read_database(folder(tmp_path / "x", customers=CUSTOMERS, orders=orders), run=run)
    assert found.links == ()
    [told] = [text for text in run.warnings if "called like a link" in text]
    assert "8 of 120 rows" in told
    assert "orders.customer_id=customers.id" in told
    run = Run(0)
    found = tm.read_database(tmp_path / "x", links=["orders.customer_id=customers.id"], run=run)
    [link] = found.links
    assert (found.holds(link).astray, found.holds(link).empty) == (8, 0)
    assert any("8 rows of 'orders' point to a row of 'customers'" in text for text in run.warnings)


def test_what_a_database_states_is_taken_as_it_is(tmp_path: Path) -> None:
    file = base(tmp_path, STATED)
    run = Run(0)
    found = tm.read_database(file, run=run)
    name = '客户 "A"'
    assert list(found.tables) == [name, "orders"]
    assert found.keys[name].columns == ("region", "number")
    assert [(link.child, link.columns, link.parent, link.to) for link in found.links] == [
        (name, ("boss_region", "boss"), name, ("region", "number")),
        ("orders", ("region", "number"), name, ("region", "number")),
    ]
    held = found.holds(found.links[1])
    assert (held.rows, held.empty, held.astray, held.example) == (4, 1, 1, ("s", "2"))
    assert any("'unfilled'" in text for text in run.warnings)
    assert found.above(name) == found.below(name)[:1]


def test_sheets_are_tables(tmp_path: Path) -> None:
    file = tmp_path / "shop.xlsx"
    with xlsxwriter.Workbook(file) as book:
        for name, frame in {"customers": CUSTOMERS, "orders": ORDERS}.items():
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, frame.columns)
            for at, row in enumerate(frame.iter_rows(), 1):
                sheet.write_row(at, 0, row)
        book.add_worksheet("empty")
    found = tm.read_database(file)
    assert [str(link) for link in found.links] == ["orders.customer_id = customers.id"]


def test_a_folder_of_images_with_tables_is_none_of_tables(tmp_path: Path) -> None:
    photos = shop(tmp_path)
    for number in range(9):
        (photos / f"{number}.png").write_bytes(b"")
    assert not is_database(photos)


@pytest.mark.parametrize(
    ("option", "what"),
    [
        ({"keys": ["orders"]}, "names no column"),
        ({"keys": ["wrong.id"]}, "'wrong', which is not there"),
        ({"keys": ["orders.wrong"]}, "'wrong' of 'orders'"),
        ({"links": ["orders.customer_id"]}, "is no link"),
        ({"links": ["orders.customer_id=customers"]}, "names no column"),
        ({"links": ["orders.customer_id=customers.(id, town)"]}, "1 columns on one side"),
    ],
)
def test_keys_and_links_that_make_no_sense_are_refused(
    tmp_path: Path, option: dict[str, list[str]], what: str
) -> None:
    with pytest.raises((OptionError, SchemaError), match=what.replace("(", r"\(")):
        tm.read_database(shop(tmp_path), **option)  # type: ignore[arg-type]


def test_what_holds_no_tables_is_refused(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("nothing")
    with pytest.raises(InputError, match="holds no tables"):
        tm.read_database(tmp_path)
    (tmp_path / "a.csv").write_text("x\n1\n")
    (tmp_path / "a.parquet").write_bytes(b"")
    with pytest.raises(InputError, match="two files would both be the table 'a'"):
        tm.read_database(tmp_path)
    broken = tmp_path / "b.sqlite"
    broken.write_bytes(b"no database at all" * 100)
    with pytest.raises(InputError, match="no SQLite database"):
        tm.read_database(broken)


def test_one_table_is_no_database(tmp_path: Path) -> None:
    file = base(tmp_path, "CREATE TABLE a (x INT); INSERT INTO a VALUES (1), (2);")
    assert not is_database(file)
    two = base(tmp_path, "CREATE TABLE b (x INT); INSERT INTO b VALUES (1), (2);")
    assert is_database(two)
    assert not is_database(f"{two}?table=b")
    assert not is_database(CUSTOMERS)
    assert not is_database(tmp_path / "not there")


def test_links_are_checked_beside_the_tables() -> None:
    tables = {"a": tm.read(CUSTOMERS)}
    with pytest.raises(SchemaError, match="'b', which is not there"):
        Database(tables, {}, (Link("a", ("id",), "b", ("id",)),))
    with pytest.raises(SchemaError, match="'c', which is not there"):
        Database(tables, {"c": TableKey("c", ("id",))})
    with pytest.raises(SchemaError, match="which is not there"):
        Database(tables)["z"]


def test_the_command_shows_tables_and_links(tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["read", str(shop(tmp_path))])
    assert told.exit_code == 0
    assert "shop: 3 tables, 400 rows, 2 links" in told.output
    assert "customer_id points to customers.id" in told.output
    refused = CliRunner().invoke(
        app, ["read", str(tmp_path / "shop" / "orders.csv"), "--key", "orders.id"]
    )
    assert isinstance(refused.exception, OptionError)
    for option in (["--target", "town"], ["--id", "customers.id"], ["--schema", "x.toml"]):
        ignored = CliRunner().invoke(app, ["read", str(shop(tmp_path)), *option])
        assert isinstance(ignored.exception, OptionError), option

"""A table with what its links tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tidemill.core.database import Database, Link, TableKey
from tidemill.core.errors import InputError
from tidemill.io.databases.kin import with_links


def linked(customers: pl.DataFrame, orders: pl.DataFrame) -> Database:
    return Database(
        {
            "customers": tm.read(customers, id="id"),
            "orders": tm.read(orders, id=["no", "customer"]),
        },
        {"customers": TableKey("customers", ("id",))},
        (Link("orders", ("customer",), "customers", ("id",)),),
    )


@pytest.fixture
def shop() -> Database:
    customers = pl.DataFrame({"id": [3, 1, 2], "town": ["Rome", "Oslo", "Rome"]})
    orders = pl.DataFrame(
        {
            "no": [1, 2, 3, 4, 5],
            "customer": [1, 1, 3, None, 9],
            "paid": [10.0, 20.0, 5.0, 1.0, 1.0],
            "status": ["returned", "kept", "kept", "kept", "returned"],
            "on": pl.Series(["2024-01-05", "2024-03-01", "2024-02-02", None, None]).str.to_date(),
        }
    )
    return linked(customers, orders)


def test_children_are_summarised_beside_their_parent(shop: Database) -> None:
    found = with_links(shop, "customers")
    assert found["id"].to_list() == [3, 1, 2]
    assert found["orders: rows"].to_list() == [1, 2, 0]
    assert found["orders: mean of paid"].to_list() == [5, 15, None]
    assert found["orders: spread of paid"].to_list() == [None, pytest.approx(50**0.5), None]
    assert found["orders: share of status = returned"].to_list() == [0, 0.5, None]
    assert [str(day)[:10] for day in found["orders: last on"].to_list()[:2]] == [
        "2024-02-02",
        "2024-03-01",
    ]


def test_a_parent_stands_beside_its_children(shop: Database) -> None:
    found = with_links(shop, "orders")
    assert found["customers: town"].to_list() == ["Oslo", "Oslo", "Rome", None, None]
    assert found["no"].to_list() == [1, 2, 3, 4, 5]
    assert "customers: id" not in found.columns


def test_rows_stay_as_many_where_what_names_them_repeats() -> None:
    customers = pl.DataFrame({"id": [1, 1, 2], "town": ["Rome", "Oslo", "Graz"]})
    orders = pl.DataFrame({"no": [1, 2], "customer": [1, 2], "paid": [1.5, 2.5]})
    shop = linked(customers, orders)
    assert with_links(shop, "orders")["customers: town"].to_list() == ["Rome", "Graz"]
    assert len(with_links(shop, "customers")) == 3


def test_two_links_to_one_table_are_told_apart() -> None:
    towns = pl.DataFrame({"id": ["a", "b"], "size": [10.5, 20.5]})
    trips = pl.DataFrame(
        {"start": ["a", "b", "a"], "end": ["b", "b", "b"], "cost": [1.5, 2.5, 3.5]}
    )
    database = Database(
        {"towns": tm.read(towns, id="id"), "trips": tm.read(trips, id=["start", "end"])},
        {"towns": TableKey("towns", ("id",))},
        tuple(Link("trips", (side,), "towns", ("id",)) for side in ("start", "end")),
    )
    trips_with = with_links(database, "trips")
    assert trips_with["towns by start: size"].to_list() == [10.5, 20.5, 10.5]
    assert trips_with["towns by end: size"].to_list() == [20.5, 20.5, 20.5]
    assert with_links(database, "towns")["trips by end: rows"].to_list() == [0, 3]


@pytest.mark.parametrize("kind", [pl.Float64, pl.String, pl.Int32])
def test_what_points_is_compared_whatever_its_type(kind: type[pl.DataType]) -> None:
    """Whole numbers beside a gap are floats in many a Parquet file."""
    customers = pl.DataFrame({"id": [1, 2, 3], "town": ["Rome", "Oslo", "Rome"]})
    whose = pl.Series("customer", [1, 1, 3, None]).cast(pl.Int64).cast(kind)
    orders = pl.DataFrame({"no": [1, 2, 3, 4], "customer": whose, "paid": [1.5, 2.5, 3.5, 4.5]})
    shop = linked(customers, orders)
    assert shop.holds(shop.links[0]).astray == 0
    assert with_links(shop, "customers")["orders: rows"].to_list() == [2, 0, 1]
    assert with_links(shop, "orders")["customers: town"].to_list() == ["Rome", "Rome", "Rome", None]


def test_no_column_is_lost_whatever_it_is_called() -> None:
    customers = pl.DataFrame(
        {"id": [1, 2], "0": ["a", "b"], "value 0": [7, 8], "orders: rows": ["x", "y"]}
    )
    orders = pl.DataFrame({"no": [1, 2], "customer": [1, 1], "0": [0.5, 1.5], "key 0": [2.5, 3.5]})
    shop = linked(customers, orders)
    found = with_links(shop, "customers")
    assert found[customers.columns].equals(shop["customers"].frame)
    assert found["orders: rows (2)"].to_list() == [2, 0]
    assert found["orders: mean of 0"].to_list() == [1, None]
    assert found["orders: mean of key 0"].to_list() == [3, None]
    beside = with_links(shop, "orders")
    assert beside[orders.columns].equals(shop["orders"].frame)
    assert beside["customers: 0"].to_list() == ["a", "a"]


def test_what_children_tell_is_mined(tmp_path: Path) -> None:
    """Planted: customers leave where most of their orders came back."""
    rng = np.random.default_rng(1)
    customers = pl.DataFrame({"id": range(600), "age": rng.integers(18, 80, 600)})
    whose = rng.integers(0, 600, 6000)
    unlucky = rng.random(600) < 0.3
    back = rng.random(6000) < np.where(unlucky[whose], 0.8, 0.1)
    leaves = rng.random(600) < np.where(unlucky, 0.85, 0.05)
    folder = tmp_path / "shop"
    folder.mkdir()
    customers.with_columns(left=pl.Series(np.where(leaves, "yes", "no"))).write_csv(
        folder / "customers.csv"
    )
    pl.DataFrame({"customer_id": whose, "status": np.where(back, "returned", "kept")}).write_csv(
        folder / "orders.csv"
    )
    data = tm.read(f"{folder}?table=customers&with=links", target="left")
    findings = tm.mine(data)
    drivers = [one.sentence for one in findings.of("drivers")]
    assert any("orders: share of status" in sentence for sentence in drivers)


def test_a_table_must_be_named(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    pl.DataFrame({"a": [1, 2]}).write_csv(folder / "one.csv")
    pl.DataFrame({"b": [1, 2]}).write_csv(folder / "two.csv")
    (folder / "three.csv").write_bytes(b"\0" * 50)  # not asked for
    assert tm.read(f"{folder}?table=two").schema.names == ("b",)
    (folder / "three.csv").unlink()
    for part, what in (
        ("with=links", "not said which table"),
        ("table=three&with=links", "no table 'three'"),
        ("table=one&with=all", "makes no sense"),
    ):
        with pytest.raises(InputError, match=what):
            tm.read(f"{folder}?{part}")

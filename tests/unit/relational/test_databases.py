"""Databases that are learned and made: planted truths, keys, links, stored models."""

from __future__ import annotations

import sqlite3
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tidemill.core import artifact
from tidemill.core.errors import ArtifactError, OptionError
from tidemill.core.run import Run
from tidemill.metrics import relations
from tidemill.relational.plan import plan_of, whose
from tidemill.relational.stored import state_of
from tidemill.relational.summaries import summaries
from tidemill.supervised.groups import between

CUSTOMERS, PRODUCTS = 300, 40
ORDERS = tm.Link("orders", ("customer_id",), "customers", ("customer_id",))
LINES = tm.Link("lines", ("order_id",), "orders", ("order_id",))
OF_PRODUCTS = tm.Link("lines", ("product_id",), "products", ("product_id",))
REFERRED = tm.Link("customers", ("referred_by",), "customers", ("customer_id",))


def shop(seed: int = 0) -> tm.Database:
    """Customers of Rome order six times, those of Oslo twice; whoever pays much once, pays much
    always; a customer's orders go to one town; lines have the price of their product."""
    rng = np.random.default_rng(seed)
    names = [f"{a} {b}" for a in ("Ann", "Bob", "Eve") for b in ("Adams", "Brown", "Clark")]
    town = rng.choice(["Rome", "Oslo"], CUSTOMERS)
    referred = [None if i < 30 or i % 3 else int(rng.integers(0, i // 2)) for i in range(CUSTOMERS)]
    customers = pl.DataFrame(
        {
            "customer_id": np.arange(CUSTOMERS) + 100,
            "name": rng.choice(names, CUSTOMERS),
            "town": town,
            "referred_by": [None if at is None else at + 100 for at in referred],
        }
    )
    many = rng.poisson(np.where(town == "Rome", 6, 2))
    of = np.repeat(np.arange(CUSTOMERS), many)
    level = rng.normal(100, 30, CUSTOMERS)
    ships = rng.choice(["A", "B", "C"], CUSTOMERS)
    orders = pl.DataFrame(
        {
            "order_id": np.arange(len(of)),
            "customer_id": of + 100,
            "freight": np.round(level[of] + rng.normal(0, 10, len(of)), 1),
            "ship_to": ships[of],
        }
    )
    price = np.round(rng.uniform(1, 50, PRODUCTS), 2)
    products = pl.DataFrame(
        {"product_id": np.arange(PRODUCTS), "price": price, "sort": ["x", "y"] * (PRODUCTS // 2)}
    )
    pairs = [(o, p) for o in range(len(of)) for p in rng.choice(PRODUCTS, 2, replace=False)]
    order, product = np.array(pairs).T
    lines = pl.DataFrame(
        {
            "order_id": order,
            "product_id": product,
            "paid": price[product],
            "pieces": rng.integers(1, 9, len(order)),
        }
    )
    tables = {"customers": customers, "orders": orders, "products": products, "lines": lines}
    keys = {
        "customers": ("customer_id",),
        "orders": ("order_id",),
        "products": ("product_id",),
        "lines": ("order_id", "product_id"),
    }
    read = {name: replace(tm.read(frame), name=name) for name, frame in tables.items()}
    return tm.Database(
        read,
        {name: tm.TableKey(name, columns) for name, columns in keys.items()},
        (ORDERS, LINES, OF_PRODUCTS, REFERRED),
        "shop",
    )


@pytest.fixture(scope="module")
def real() -> tm.Database:
    return shop()


@pytest.fixture(scope="module")
def model(real: tm.Database) -> tm.DatabaseModel:
    return tm.fit_database(real)


@pytest.fixture(scope="module")
def made(model: tm.DatabaseModel) -> tm.Database:
    return tm.sample_database(model)


def test_rows_are_made_for_persons_and_what_is_theirs(real: tm.Database) -> None:
    plan = plan_of(real)
    assert plan.main == {"orders": ORDERS, "lines": LINES}
    assert plan.dealt["lines"] == (OF_PRODUCTS,)
    assert plan.own["customers"] == (REFERRED,)
    persons = whose(real, plan, {link: real.places(link) for link in real.links})
    assert len(np.unique(persons["lines"])) <= CUSTOMERS


def test_every_link_holds_and_every_key_names(made: tm.Database) -> None:
    for link in made.links:
        assert made.holds(link).astray == 0, link
    for name, key in made.keys.items():
        rows = made[name].frame.select(key.columns)
        assert rows.n_unique() == len(rows), name
    depth = made["customers"].frame["referred_by"].is_null().mean()
    assert 0.55 < float(depth or 0) < 0.85  # as 210 of 300


def test_nothing_real_comes_back(real: tm.Database, made: tm.Database) -> None:
    keys = set(real["customers"].frame["customer_id"])
    assert not keys & set(made["customers"].frame["customer_id"])
    assert not set(real["customers"].frame["name"]) & set(made["customers"].frame["name"])


def test_who_has_many_children_has_many(real: tm.Database, made: tm.Database) -> None:
    for base in (real, made):
        town = base["customers"].frame["town"].to_numpy()
        counts = np.bincount(base.places(ORDERS), minlength=CUSTOMERS)
        assert counts[town == "Rome"].mean() == pytest.approx(6, abs=0.8)
        assert counts[town == "Oslo"].mean() == pytest.approx(2, abs=0.6)
    for link in (ORDERS, LINES):
        assert relations.counts_alike(real, made, link) > 0.9


def test_children_of_one_row_are_alike(real: tm.Database, made: tm.Database) -> None:
    told = []
    for base in (real, made):
        told.append(between(base["orders"].frame["freight"].to_numpy(), base.places(ORDERS)))
    assert told[0] > 0.85
    assert told[1] == pytest.approx(told[0], abs=0.12)
    assert relations.judged(shop(1), made, "customers", Run()).auc.value < 0.62


def test_what_is_the_same_for_all_children_stays_so(made: tm.Database) -> None:
    orders = made["orders"].frame
    assert orders["ship_to"].null_count() == 0
    each = orders.group_by("customer_id").agg(pl.col("ship_to").n_unique())
    assert each["ship_to"].max() == 1


def test_a_kept_table_stays_and_what_it_decides_follows(real: tm.Database) -> None:
    told = tm.sample_database(tm.fit_database(real, keep_tables=["products"]))
    assert told["products"].frame.equals(real["products"].frame)
    lines, at = told["lines"].frame, told.places(OF_PRODUCTS)
    price = told["products"].frame["price"].to_numpy()[at]
    assert np.median(np.abs(lines["paid"].to_numpy() - price)) < 1.5
    assert relations.counts_alike(real, told, OF_PRODUCTS) > 0.8


def test_a_stored_model_keeps_nothing_of_a_single_person(real: tm.Database, tmp_path: Path) -> None:
    """One customer alone bought two products, and paid 13.3742; another one's town, name, way of
    shipping and of packing are nobody else's."""
    lines, orders = real["lines"].frame, real["orders"].frame
    alone = pl.col("product_id").is_in([0, 1])
    paid = pl.when(alone).then(13.3742).otherwise(pl.col("paid"))
    lines = lines.filter(~alone | (pl.col("order_id") == 7)).with_columns(paid=paid)
    mine = pl.DataFrame(
        {"order_id": [7, 7], "product_id": [0, 1], "paid": [13.3742] * 2, "pieces": [77, 77]},
        schema=lines.schema,
    )
    lines = pl.concat([lines.filter(~alone), mine])
    whose = orders.filter(pl.col("order_id") == 9)["customer_id"][0]
    is_theirs = pl.col("customer_id") == whose
    ships = pl.when(is_theirs).then(pl.lit("Zanzibar")).otherwise(pl.col("ship_to"))
    orders = orders.with_columns(
        ship_to=ships, freight=pl.when(is_theirs).then(9876.5).otherwise("freight")
    )
    theirs = orders.filter(is_theirs)["order_id"].implode()
    odd = pl.col("product_id") % 2 == 1
    packed = pl.when(odd & pl.col("order_id").is_in(theirs)).then(pl.lit("Kryptonite"))
    plain = pl.when(pl.col("product_id") % 3 == 0).then(pl.lit("box")).otherwise(pl.lit("bag"))
    lines = lines.with_columns(packed=packed.otherwise(plain))
    town = pl.when(is_theirs).then(pl.lit("Timbuktu")).otherwise(pl.col("town"))
    tables = {
        "customers": real["customers"].frame.with_columns(town=town),
        "orders": orders,
        "lines": lines,
        "products": real["products"].frame,
    }
    read = {name: replace(tm.read(frame), name=name) for name, frame in tables.items()}
    base = replace(real, tables=read)
    names = set(real["customers"].frame["name"])
    secrets = {"13.3742", "9876.5", "Zanzibar", "Timbuktu", "Kryptonite", *names}
    for kept in ((), ("products",)):
        model = tm.fit_database(base, keep_tables=kept)
        path = model.save(tmp_path / f"{len(kept)}.tidemill")
        with zipfile.ZipFile(path) as archive:
            told = b"".join(archive.read(name) for name in archive.namelist())
        assert not [one for one in secrets if one.encode() in told]
        assert not [one for one in (13.3742, 9876.5) if struct.pack("<d", one) in told]
        made = tm.sample_database(model)
        texts = {
            str(value)
            for data in made.tables.values()
            for row in data.frame.rows()
            for value in row
        }
        assert not texts & (secrets - {"9876.5", "13.3742"})


def test_rows_and_conditions_flow_down(model: tm.DatabaseModel) -> None:
    asked = tm.sample_database(model, ["customers=100"], ["customers.town=Rome"])
    assert asked["customers"].frame["town"].unique().to_list() == ["Rome"]
    assert len(asked["customers"]) == 100
    assert 480 < len(asked["orders"]) < 720
    for name, rows in (("orders", 5), ("nobody", 5)):
        with pytest.raises(OptionError):
            tm.sample_database(model, {name: rows})
    with pytest.raises(OptionError, match="names no table"):
        tm.sample_database(model, where=["town=Rome"])
    with pytest.raises(OptionError, match="number of rows"):
        tm.sample_database(model, ["customers=many"])


def test_a_stored_model_makes_the_same(
    model: tm.DatabaseModel, made: tm.Database, tmp_path: Path
) -> None:
    again = tm.DatabaseModel.load(model.save(tmp_path / "shop.tidemill"))
    twice = again.save(tmp_path / "twice.tidemill")
    assert twice.read_bytes() == (tmp_path / "shop.tidemill").read_bytes()
    told = tm.sample_database(again, run=Run(0, threads=1))
    for name, rows in made.tables.items():
        assert told[name].frame.equals(rows.frame), name
    with pytest.raises(ArtifactError, match="several tables"):
        tm.Synthesizer.load(twice)
    one = tm.fit(shop()["orders"], model="independent").save(tmp_path / "one.tidemill")
    with pytest.raises(ArtifactError, match="one table"):
        tm.DatabaseModel.load(one)


def test_a_database_is_judged_by_its_own_constraints(made: tm.Database, tmp_path: Path) -> None:
    path = tmp_path / "made.sqlite"
    tm.write_database(made, path)
    with sqlite3.connect(path) as base:
        assert base.execute("PRAGMA foreign_key_check").fetchall() == []
        assert base.execute("SELECT count(*) FROM lines").fetchone() == (len(made["lines"]),)
    back = tm.read_database(path)
    assert {str(link) for link in back.links} == {str(link) for link in made.links}
    assert {name: key.columns for name, key in back.keys.items()} == {
        name: key.columns for name, key in made.keys.items()
    }


def test_empty_and_broken_links_stay_as_frequent(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    parents = tm.read(pl.DataFrame({"id": range(200), "size": rng.normal(0, 1, 200)}))
    to = [None if i % 4 == 0 else (i % 200 if i % 10 else 9_000 + i) for i in range(2000)]
    children = tm.read(pl.DataFrame({"parent": to, "value": rng.normal(0, 1, 2000)}))
    link = tm.Link("children", ("parent",), "parents", ("id",))
    key = {"parents": tm.TableKey("parents", ("id",))}
    base = tm.Database({"parents": parents, "children": children}, key, (link,))
    told, found = base.holds(link), tm.sample_database(tm.fit_database(base)).holds(link)
    assert found.empty / found.rows == pytest.approx(told.empty / told.rows, abs=0.04)
    assert found.astray / found.rows == pytest.approx(told.astray / told.rows, abs=0.03)
    with pytest.raises(OptionError, match="points to rows"):
        tm.fit_database(base, keep_tables=["children"])


@pytest.mark.parametrize(
    "dtype", [pl.Date, pl.Datetime("ms"), pl.Datetime("us"), pl.Datetime("ns")]
)
def test_times_of_any_unit_tell_as_much(dtype: pl.DataType) -> None:
    """Who buys within a few days always does; the others spread over months."""
    rng = np.random.default_rng(3)
    of = np.repeat(np.arange(200), 6)
    days = rng.integers(0, 600, 200)[of] + rng.integers(0, np.where(of % 2, 4, 120))
    when = pl.Series("when", days, pl.Int32).cast(pl.Date).cast(dtype)
    orders = tm.read(pl.DataFrame({"customer": of, "when": when}))
    customers = tm.read(pl.DataFrame({"id": np.arange(200), "size": rng.normal(0, 1, 200)}))
    told = summaries(orders.select(["when"]), of, 200, "orders")
    [spread] = [one for one in told if one.column.name == "orders: spread of when"]
    [first] = [one for one in told if one.column.name == "orders: first when"]
    values = spread.values.to_numpy()
    assert values[1::2].max() < 4 < np.median(values[::2])  # days
    assert first.values.dtype == when.dtype
    assert first.values[0] == when[:6].min()
    base = tm.Database(
        {"customers": customers, "orders": orders},
        {"customers": tm.TableKey("customers", ("id",))},
        (tm.Link("orders", ("customer",), "customers", ("id",)),),
    )
    made = tm.sample_database(tm.fit_database(base))["orders"].frame
    assert made["when"].dtype == when.dtype
    width = made.group_by("customer").agg(pl.col("when").cast(pl.Date).cast(pl.Int32).std())
    narrow, wide = np.quantile(width["when"].drop_nulls().to_numpy(), [0.25, 0.75])
    assert narrow < 0.6 * wide


def test_what_no_kept_row_is_there_for_is_told(real: tm.Database) -> None:
    """Lines of products that are not in the list, which stays as it is."""
    products = real["products"].rows(np.arange(30))
    base = replace(real, tables={**real.tables, "products": products})
    heard: list[str] = []
    model = tm.fit_database(base, keep_tables=["products"])
    made = tm.sample_database(model, run=Run(0, listener=lambda event: heard.append(event.text)))
    told, was = made.holds(OF_PRODUCTS), base.holds(OF_PRODUCTS)
    assert was.astray > 300
    assert told.astray == 0
    assert told.empty > 300
    assert any("would point to a row that is not there" in text for text in heard)


def test_links_that_share_a_column_may_disagree_and_that_is_told() -> None:
    rng = np.random.default_rng(0)
    firm = np.repeat([1, 2], 100)
    users = pl.DataFrame({"firm": firm, "user": np.arange(200), "age": rng.normal(40, 9, 200)})
    sites = pl.DataFrame({"firm": firm, "site": np.arange(200), "size": rng.normal(0, 1, 200)})
    at = rng.integers(0, 100, 900) + 100 * (np.arange(900) % 2)
    other = rng.integers(0, 100, 900) + 100 * (np.arange(900) % 2)
    visits = pl.DataFrame({"firm": firm[at], "user": at, "site": other, "n": rng.normal(0, 1, 900)})
    tables = {"users": users, "sites": sites, "visits": visits}
    base = tm.Database(
        {name: tm.read(frame) for name, frame in tables.items()},
        {
            "users": tm.TableKey("users", ("firm", "user")),
            "sites": tm.TableKey("sites", ("firm", "site")),
        },
        (
            tm.Link("visits", ("firm", "user"), "users", ("firm", "user")),
            tm.Link("visits", ("firm", "site"), "sites", ("firm", "site")),
        ),
    )
    heard: list[str] = []
    run = Run(0, listener=lambda event: heard.append(event.text))
    made = tm.sample_database(tm.fit_database(base, model="independent"), run=run)
    broken = [link for link in made.links if made.holds(link).astray]
    said = [text for text in heard if "point to no row of" in text]
    assert len(said) == len(broken)


def test_circles_are_told(real: tm.Database) -> None:
    frame = real["customers"].frame
    referred = pl.when(pl.col("customer_id") == 100).then(101).when(pl.col("customer_id") == 101)
    frame = frame.with_columns(referred_by=referred.then(100).otherwise("referred_by"))
    tables = {**real.tables, "customers": tm.read(frame)}
    heard: list[str] = []
    run = Run(0, listener=lambda event: heard.append(event.text))
    tm.fit_database(replace(real, tables=tables), model="independent", run=run)
    assert any("lead back to themselves" in text for text in heard)


def test_a_bent_model_is_refused_or_told(model: tm.DatabaseModel, tmp_path: Path) -> None:
    documents, arrays = state_of(model)
    path = tmp_path / "bent.tidemill"
    [dealt] = [at for at, one in enumerate(documents["links"]) if one["sorts"] is not None]
    for part, value in (
        ("asked", [["nowhere", None]]),
        ("nodes", [[0, 0.0, 0, 0, 0]]),
        ("nodes", []),
        ("places", [0.5]),
    ):
        links = [dict(one) for one in documents["links"]]
        links[dealt]["sorts"] = {**links[dealt]["sorts"], part: value}
        bent = {**documents, "links": links}
        artifact.save(path, model.manifest, bent, arrays)
        with pytest.raises(ArtifactError):
            tm.sample_database(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", '{"a": ' + "[" * 100_000)
    assert not artifact.is_of_database(path)


def test_rows_without_anything_to_point_to_are_left_out(real: tm.Database) -> None:
    """Thirty products learned, and three asked for: an order of two lines still has them twice
    never, and what points to a line that is left out goes with it."""
    notes = pl.DataFrame({"note": np.arange(600), "order": np.arange(600) % 900, "a": 1.5})
    base = replace(
        real,
        tables={**real.tables, "notes": tm.read(notes)},
        links=(*real.links, tm.Link("notes", ("order",), "orders", ("order_id",))),
    )
    made = tm.sample_database(tm.fit_database(base, model="independent"), {"products": 1})
    for link in made.links:
        assert made.holds(link).astray == 0, link
    pairs = made["lines"].frame.select("order_id", "product_id")
    assert pairs.n_unique() == len(pairs) < len(real["lines"])


def test_time_that_runs_out_is_told(real: tm.Database) -> None:
    heard: list[str] = []
    run = Run(minutes=1e-9, listener=lambda event: heard.append(event.text))
    made = tm.sample_database(tm.fit_database(real, run=run))
    assert any(text.startswith("Time was over before 'orders'") for text in heard)
    assert all(made.holds(link).astray == 0 for link in made.links)


def chain(rng: np.random.Generator, tables: int) -> tm.Database:
    """Tables of which each points to an earlier one, some to themselves, to two, or in a circle."""
    read, keys, links = {}, {}, []
    for at in range(tables):
        name = f"t{at}"
        columns = {"id": np.arange(40) + 1, "value": rng.normal(0, 1, 40)}
        if at:
            columns["up"] = rng.integers(1, 41, 40)
            links.append(tm.Link(name, ("up",), f"t{max(at - 1 - at % 3, 0)}", ("id",)))
        if at % 5 == 4:
            columns["self"] = np.maximum(np.arange(40) // 2, 1)
            links.append(tm.Link(name, ("self",), name, ("id",)))
        if at % 7 == 6:
            columns["other"] = rng.integers(1, 41, 40)
            links.append(tm.Link(name, ("other",), "t1", ("id",)))
        if at == 0:
            columns["round"] = rng.integers(1, 41, 40)
            links.append(tm.Link(name, ("round",), f"t{tables - 1}", ("id",)))
        read[name] = tm.read(pl.DataFrame(columns))
        keys[name] = tm.TableKey(name, ("id",))
    return tm.Database(read, keys, tuple(links))


def test_fifty_tables_are_no_wall() -> None:
    base = chain(np.random.default_rng(0), 50)
    made = tm.sample_database(tm.fit_database(base))
    assert list(made.tables) == list(base.tables)
    for link in made.links:
        assert made.holds(link).astray == 0, link

"""Made databases that are judged: planted truths, floors, copies, broken links."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tests.unit.relational.test_databases import shop
from tidemill.core.database_scores import DatabaseScores
from tidemill.core.errors import DataError, OptionError
from tidemill.core.run import Run
from tidemill.relational.division import Division, dealt_at_random, divided, part, root_of
from tidemill.relational.judging import judge
from tidemill.relational.plan import plan_of

CUSTOMERS = 500
ORDERS = tm.Link("orders", ("customer",), "customers", ("id",))


def customers(seed: int = 0, rows: int = CUSTOMERS) -> tm.Database:
    """Whoever is of Rome orders often and pays much, and pays much once who pays much always."""
    rng = np.random.default_rng(seed)
    town = rng.choice(["Rome", "Oslo"], rows)
    many = rng.poisson(np.where(town == "Rome", 7, 2)) + 1
    of = np.repeat(np.arange(rows), many)
    level = rng.normal(np.where(town == "Rome", 300, 100), 30, rows)
    people = pl.DataFrame(
        {"id": np.arange(rows), "town": town, "age": rng.integers(18, 90, rows)},
    )
    orders = pl.DataFrame(
        {
            "number": np.arange(len(of)),
            "customer": of,
            "paid": np.round(level[of] + rng.normal(0, 8, len(of)), 2),
            "how": rng.choice(["card", "cash"], len(of)),
        }
    )
    tables = {"customers": people, "orders": orders}
    read = {name: replace(tm.read(frame), name=name) for name, frame in tables.items()}
    keys = {
        "customers": tm.TableKey("customers", ("id",)),
        "orders": tm.TableKey("orders", ("number",)),
    }
    return tm.Database(read, keys, (ORDERS,), "shop")


@pytest.fixture(scope="module")
def parted() -> Division:
    base = customers()
    return divided(base, plan_of(base), Run())


@pytest.fixture(scope="module")
def made(parted: Division) -> tm.Database:
    return tm.sample_database(tm.fit_database(parted.train), seed=3)


@pytest.fixture(scope="module")
def honest(parted: Division, made: tm.Database) -> DatabaseScores:
    return judge(parted.train, parted.holdout, made, Run())


def test_rows_are_divided_with_all_that_is_theirs(parted: Division) -> None:
    assert parted.root == "customers"
    assert len(parted.holdout["customers"]) == round(0.3 * CUSTOMERS)
    for side in (parted.train, parted.holdout):
        assert side.holds(ORDERS).astray == side.holds(ORDERS).empty == 0
    sizes = [len(one["orders"]) for one in (parted.train, parted.holdout)]
    assert sum(sizes) == len(customers()["orders"])


def test_what_points_to_the_other_side_points_to_nothing_and_that_is_told() -> None:
    base, run = shop(), Run()
    found = divided(base, plan_of(base), run)
    assert any("the other side of the split" in text for text in run.warnings)
    for side in (found.train, found.holdout):
        for link in side.links:
            assert side.holds(link).astray == 0, link
    assert len(found.train["products"]) == len(found.holdout["products"]) == len(base["products"])


def test_rows_that_are_made_for_nothing_are_divided_by_themselves() -> None:
    base = customers()
    orders = base["orders"]
    empty = orders.frame.with_columns(
        pl.when(pl.col("number") % 10 == 0)
        .then(None)
        .otherwise(pl.col("customer"))
        .alias("customer")
    )
    column = replace(orders.schema["customer"], nullable=True)
    loose = replace(orders, frame=empty, schema=orders.schema.replacing(column))
    base = replace(base, tables={**base.tables, "orders": loose})
    found = divided(base, plan_of(base), Run())
    assert sum(len(one["orders"]) for one in (found.train, found.holdout)) == len(orders)
    assert found.holdout.holds(ORDERS).empty > 10


def test_too_few_rows_and_shares_that_make_no_sense_are_refused() -> None:
    base = customers(rows=12)
    with pytest.raises(DataError, match="so none can be held out"):
        divided(base, plan_of(base, ["orders"]), Run())
    whole = customers()
    with pytest.raises(OptionError, match="the holdout's share is 1"):
        divided(whole, plan_of(whole), Run(), 1)
    assert root_of(whole, plan_of(whole)) == "customers"


def test_a_good_model_is_near_its_ceiling(honest: DatabaseScores) -> None:
    assert honest.together.light == "green", str(honest)
    assert honest.together.sentence.startswith("Yes: every link holds")
    first = honest.table("customers").scores[0]
    assert first.value is not None
    assert first.ceiling is not None
    assert first.floor is not None
    assert first.value < 0.62 < 0.9 < first.floor
    assert first.ceiling < 0.62


def test_a_good_model_gives_nobody_away(honest: DatabaseScores) -> None:
    assert honest.privacy.light in ("green", "not known"), honest.privacy
    assert "customers" in honest.privacy.sentence


def test_links_dealt_at_random_are_at_the_floor(parted: Division, made: tm.Database) -> None:
    dealt = dealt_at_random(made, plan_of(made), np.random.default_rng(0))
    found = judge(parted.train, parted.holdout, dealt, Run())
    assert found.together.light == "red"
    assert found.light == "red"
    assert found.together.sentence.startswith("No")
    first = found.table("customers").scores[0]
    assert first.reach is not None
    assert first.reach < 0.3
    between = found.links[0].scores[2]
    assert between.value == pytest.approx(between.floor, abs=0.1)


@pytest.mark.parametrize("noise", [0.0, 0.001])
def test_copies_of_customers_with_their_orders_are_red(parted: Division, noise: float) -> None:
    train = parted.train
    frame = train["orders"].frame.with_columns((pl.col("paid") * (1 + noise)).alias("paid"))
    copied = replace(
        train, tables={**train.tables, "orders": replace(train["orders"], frame=frame)}
    )
    found = judge(train, parted.holdout, copied, Run())
    assert found.privacy.light == found.light == "red"
    assert found.privacy.sentence.startswith("Red: the made rows give away rows of 'customers'")


def test_other_real_rows_are_no_leak_and_hang_together(parted: Division) -> None:
    found = judge(parted.train, parted.holdout, customers(1), Run())
    assert found.together.light == "green"
    assert found.privacy.light in ("green", "not known")


def test_broken_links_are_told_first(parted: Division, made: tm.Database) -> None:
    orders = made["orders"]
    frame = orders.frame.with_columns(
        pl.when(pl.col("number") % 7 == 0)
        .then(9999)
        .otherwise(pl.col("customer"))
        .alias("customer")
    )
    broken = replace(made, tables={**made.tables, "orders": replace(orders, frame=frame)})
    found = judge(parted.train, parted.holdout, broken, Run())
    assert found.together.light == "red"
    assert found.together.sentence == "No: 1 link does not hold."
    assert "85." in found.together.text or "86" in found.together.text


def test_few_held_out_rows_are_not_sure() -> None:
    base = customers(rows=90)
    found = divided(base, plan_of(base), Run())
    scores = judge(found.train, found.holdout, customers(1, rows=60), Run())
    assert scores.held_out == 27
    assert scores.light == scores.together.light == "not known"
    assert scores.together.sentence.startswith(("Not sure", "Not known"))


def test_the_learned_rows_are_no_holdout(parted: Division, made: tm.Database) -> None:
    with pytest.raises(DataError, match="same rows as the training one"):
        judge(parted.train, parted.train, made, Run())


def test_the_same_seed_gives_the_same_figures(
    parted: Division, made: tm.Database, honest: DatabaseScores
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = tm.evaluate_database(parted.train, parted.holdout, made)
    assert again.to_state() == honest.to_state()


def test_the_text_begins_with_the_answer(honest: DatabaseScores) -> None:
    lines = str(honest).splitlines()
    assert lines[0].startswith("Yes")
    assert lines[1] == str(honest.privacy)
    assert any(line.startswith("customers: told from real ones") for line in lines)


def test_tables_that_stay_and_tables_without_held_out_rows(made: tm.Database) -> None:
    base = shop()
    found = divided(base, plan_of(base, ["products"]), Run())
    model = tm.fit_database(found.train, model="independent", keep_tables=["products"])
    scores = judge(found.train, found.holdout, tm.sample_database(model), Run())
    assert scores.table("products").kept
    assert scores.table("products").held_out is None
    assert {one.link: one.sort for one in scores.links} == {
        "orders.customer_id = customers.customer_id": "made for",
        "lines.order_id = orders.order_id": "made for",
        "lines.product_id = products.product_id": "dealt out",
        "customers.referred_by = customers.customer_id": "to itself",
    }
    assert len(scores.ways) == 1
    half = part(base, plan_of(base), "customers", np.arange(10))
    assert len(half["customers"]) == 10

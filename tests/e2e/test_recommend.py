"""Proposals for the customers of a shop, from the command line to the page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.e2e.conftest import Tidemill
from tests.unit.recommending.test_recommenders import two_tastes
from tidemill.core.errors import DataError
from tidemill.recipes.run import recipe


def shop(path: Path, customers: int = 160, *, tastes: bool = True) -> Path:
    """Lines of sales: cancelled ones, ones without a customer, items that one customer took."""
    who, what = two_tastes(customers, 0, tastes=tastes)
    rng = np.random.default_rng(1)
    days = pl.date_range(pl.date(2025, 1, 1), pl.date(2025, 12, 31), "1d", eager=True)
    frame = pl.DataFrame(
        {
            "client": who,
            "code": what,
            "day": days.gather(rng.integers(0, len(days), len(who))),
            "pieces": rng.integers(1, 9, len(who)),
        }
    )
    others = pl.DataFrame(
        {
            "client": ["c001", None, "c003"],
            "code": ["sent back", "item 01", "a gift for Aunt Ida"],
            "day": [days[3], days[9], days[12]],
            "pieces": [-1, 2, 1],
        },
        schema=frame.schema,
    )
    pl.concat([frame, others]).write_csv(path)
    return path


def test_a_page_of_proposals(tidemill: Tidemill, tmp_path: Path) -> None:
    out = tmp_path / "page"
    done = tidemill(
        *("recipe", "recommend", shop(tmp_path / "sales.csv"), "--entity", "client"),
        *("--column", "item=code", "--column", "quantity=pieces", "--assume", "top=5"),
        *("--out", out),
    )
    assert done.code == 0, done.err
    found = json.loads((out / "figures.json").read_text(encoding="utf-8"))
    assert found["is_better"] == 1
    assert found["gain_low"] > 0
    assert found["taken_of_ten"] > found["best_sellers_of_ten"]
    assert found["rehearsals"] == 20
    assert found["rehearsals_found"] >= 15
    assert found["rehearsals_falsely_claimed"] <= 2
    assert "Use it:" in done.out
    lists = pl.read_csv(out / "recommendations.csv")
    assert lists.group_by("customer").len()["len"].unique().to_list() == [5]
    assert "sent back" not in lists["item"].to_list()
    sales = pl.read_csv(tmp_path / "sales.csv").filter(pl.col("pieces") > 0)
    pairs = sales.select(customer="client", item="code").drop_nulls()
    assert lists.join(pairs, on=["customer", "item"]).is_empty()  # nothing that they took
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Aunt Ida" not in page  # one customer's
    assert "c001" not in page
    assert "lines that are of nothing, or were sent back: 1." in page
    assert "lines that lack client or code: 1." in page


def test_time_is_kept_and_without_tastes_nothing_is_sold(tmp_path: Path) -> None:
    table = shop(tmp_path / "sales.csv", 200, tastes=False)
    page = recipe("recommend", table, entity="client", time="day", columns={"item": "code"})
    assert "after 2025-11-30" in str(page)
    assert "Do not" in str(page)
    assert page.figures["is_better"] == 0


def test_what_cannot_be_measured_is_refused(tmp_path: Path) -> None:
    table = shop(tmp_path / "sales.csv", 30)
    page = recipe("recommend", table, entity="client", columns={"item": "code"})
    assert "cannot be measured" in page.refused[0].what
    with pytest.raises(DataError, match="no item"):
        recipe("recommend", table, entity="client")
    with pytest.raises(DataError, match="both the customer and the item"):
        recipe("recommend", table, entity="client", columns={"item": "client"})
    for part in ("price", "quantity", "rating"):
        with pytest.raises(DataError, match="'code' holds no numbers"):
            recipe(
                "recommend",
                pl.read_csv(table).with_columns(what=pl.col("code") + "!"),
                entity="client",
                columns={"item": "what", part: "code"},
            )


def test_new_customers_get_lists_by_what_was_learned(tidemill: Tidemill, tmp_path: Path) -> None:
    sales = shop(tmp_path / "sales.csv")
    known = pl.read_csv(sales).filter(pl.col("client") == "c007", pl.col("pieces") > 0)
    others = pl.DataFrame(
        {
            "client": ["stranger", "stranger", "nobody"],
            "code": ["item 21", "item 22", "never seen"],
            "day": [known["day"][0]] * 3,
            "pieces": [1] * 3,
        },
        schema=known.schema,
    )
    pl.concat([known, others]).write_csv(tmp_path / "new.csv")
    done = tidemill(
        *("recipe", "recommend", sales, "--entity", "client", "--column", "item=code"),
        *("--column", "quantity=pieces", "--new", tmp_path / "new.csv"),
        *("--assume", "rehearsals=0", "--out", tmp_path / "page"),
    )
    assert done.code == 0, done.err
    lists = pl.read_csv(tmp_path / "page" / "recommendations.csv")
    new = pl.read_csv(tmp_path / "page" / "new_customers.csv")
    by_customer = new.partition_by("customer", as_dict=True)
    # a customer who is known gets the same list, without learning anew
    assert by_customer[("c007",)].equals(lists.filter(pl.col("customer") == "c007"))
    own = {f"item {k}" for k in range(20, 40)}
    assert set(by_customer[("stranger",)]["item"][:5]) <= own - {"item 21", "item 22"}
    assert by_customer[("nobody",)].height == 10
    page = (tmp_path / "page" / "report.html").read_text(encoding="utf-8")
    assert "1 took nothing that is known" in page
    assert "stranger" not in page
    done = tidemill(
        *("recipe", "recommend", sales, "--entity", "client", "--column", "item=code"),
        *("--new", shop_without_items(tmp_path / "wrong.csv"), "--out", tmp_path / "other"),
    )
    assert done.code != 0
    assert "the new customers lack code" in done.err


def shop_without_items(path: Path) -> Path:
    pl.DataFrame({"client": ["a", "b", "c"] * 5, "pieces": [1, 2, 3] * 5}).write_csv(path)
    return path


def test_columns_of_items_and_of_customers_are_used(tmp_path: Path) -> None:
    frame = pl.read_csv(shop(tmp_path / "sales.csv", 240)).drop_nulls()
    first = pl.col("code") < "item 20"
    frame = frame.with_columns(
        kind=pl.when(first).then(pl.lit("tea")).otherwise(pl.lit("jam")),
        sex=pl.when(pl.col("client").str.tail(1).is_in(["3", "6"]))
        .then(pl.lit("w"))
        .otherwise(pl.lit("m")),
    )
    # nobody can tell what those without a taste want
    by_lot = frame.select("code", "kind").sample(frame.height, seed=3)
    of_lot = pl.col("sex") == "w"
    frame = frame.with_columns(
        code=pl.when(of_lot).then(by_lot["code"]).otherwise(pl.col("code")),
        kind=pl.when(of_lot).then(by_lot["kind"]).otherwise(pl.col("kind")),
    )
    new = pl.DataFrame({"client": [None, None], "code": ["mint", "plum"], "kind": ["tea", "jam"]})
    frame = pl.concat([frame, new], how="diagonal_relaxed")
    page = recipe(
        "recommend",
        frame,
        entity="client",
        columns={"item": "code", "about": "kind"},
        assume={"rehearsals": 0},
    )
    assert page.figures["cold_gain_low"] > 0
    lists = page.tables["new_items"].filter(pl.col("rank") == 1)
    lists = lists.filter(~pl.col("customer").str.tail(1).is_in(["3", "6"]))
    likes_tea = lists["customer"].str.tail(1).cast(pl.Int64) % 2 == 1
    assert (likes_tea != (lists["item"] == "plum")).mean() > 0.9
    html = page.report.html()
    assert "Compared were 2 groups of customers by sex" in html


def test_items_that_are_no_goods_are_told_and_left_out_when_named(tmp_path: Path) -> None:
    frame = pl.read_csv(shop(tmp_path / "sales.csv", 160)).drop_nulls()
    numbered = pl.col("code").str.tail(2).cast(pl.Int64, strict=False).fill_null(77) + 22_000
    frame = frame.with_columns(code=numbered.cast(pl.String))
    many = [
        frame.with_columns(code=(pl.col("code").cast(pl.Int64) + 100 * k).cast(pl.String))
        for k in range(4)
    ]
    posts = frame.unique("client").with_columns(code=pl.lit("POST"))
    frame = pl.concat([*many, posts])
    options = {"entity": "client", "columns": {"item": "code"}}
    page = recipe("recommend", frame, assume={"rehearsals": 0}, **options)
    assert "1 item may be no goods: POST." in page.report.html()
    page = recipe("recommend", frame, assume={"rehearsals": 0, "without": "POST"}, **options)
    assert "POST" not in page.tables["recommendations"]["item"].to_list()
    with pytest.raises(DataError, match="no line is of PSOT"):
        recipe("recommend", frame, assume={"without": "PSOT"}, **options)

"""Rows that are made for one row are as it is told of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tidemill.relational import promises
from tidemill.relational.plan import copied
from tidemill.relational.promises import MEAN, SPREAD, Promise, aimed, chosen
from tidemill.relational.sorts import sorts_of
from tidemill.supervised.groups import between

MEANS, SPREADS = Promise("mean", "value", MEAN), Promise("spread", "value", SPREAD)


def of_groups(values: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    sizes = np.bincount(at)
    means = np.bincount(at, values) / sizes
    return means, np.sqrt(np.bincount(at, (values - means[at]) ** 2) / sizes)


def test_of_several_rows_those_are_taken_that_keep_what_is_told() -> None:
    rng = np.random.default_rng(0)
    at = np.repeat(np.arange(200), rng.integers(5, 30, 200))
    goal, wide = rng.normal(0, 0.5, 200), rng.uniform(0.6, 1.2, 200)
    above = pl.DataFrame({"mean": goal, "spread": wide})
    drawn = rng.normal(0.3 * goal[at], 1, (8, len(at)))  # what is drawn follows too little
    taken = chosen([MEANS, SPREADS], above, at, {MEANS.spoken: drawn}, rng)
    values = drawn[taken, np.arange(len(at))]
    means, spreads = of_groups(values, at)
    before = of_groups(drawn[0], at)[0]
    assert np.corrcoef(before, goal)[0, 1] < 0.75
    assert np.corrcoef(means, goal)[0, 1] > 0.97
    assert np.corrcoef(spreads, wide)[0, 1] > 0.9
    assert abs(means.std() / goal.std() - 1) < 0.1
    assert set(np.unique(taken)) == set(range(8))


def test_many_rows_are_looked_at_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promises, "MOST_AT_ONCE", 50)
    monkeypatch.setattr(promises, "MOST_TOGETHER", 20)
    rng = np.random.default_rng(3)
    at = rng.permutation(np.repeat(np.arange(40), 60))
    goal = rng.normal(0, 0.5, 40)
    drawn = rng.normal(0, 1, (4, len(at)))
    taken = chosen([MEANS], pl.DataFrame({"mean": goal}), at, {MEANS.spoken: drawn}, rng)
    means = of_groups(drawn[taken, np.arange(len(at))], at)[0]
    assert np.corrcoef(means, goal)[0, 1] > 0.95


def test_rows_that_are_told_nothing_of_are_drawn_as_they_are() -> None:
    rng = np.random.default_rng(1)
    at = np.r_[np.repeat(np.arange(50), 40), np.full(100, -1)]
    above = pl.DataFrame(
        {"mean": pl.Series([None] * 25 + [0.0, 1.0] * 12 + [0.5], dtype=pl.Float64)}
    )
    drawn = rng.normal(0, 1, (4, len(at)))
    drawn[:, ::7] = np.nan
    taken = chosen([MEANS], above, at, {MEANS.spoken: drawn}, rng)
    assert (taken[at < 0] == 0).all()
    loose = chosen([MEANS], above, np.full(5, -1), {MEANS.spoken: drawn[:, :5]}, rng)
    assert loose.tolist() == [0] * 5
    free = (at >= 0) & (at < 25)
    values = drawn[taken, np.arange(len(at))][free]
    known = values[np.isfinite(values)]
    assert abs(known.mean()) < 0.1
    assert abs(known.std() - 1) < 0.1
    assert abs(np.isnan(values).mean() - 1 / 7) < 0.02  # what is missing is so no more, nor less


def test_what_stays_behind_is_aimed_at_further_on() -> None:
    at = np.repeat([0, 1, 2], 100)
    above = pl.DataFrame({"mean": [0.0, 1.0, None]})
    drawn = np.repeat([0.2, 0.5, 0.0], 100)
    aim = aimed([MEANS], above, above, at, {MEANS.spoken: drawn})["mean"]
    assert aim[0] == 0.0  # no further than what is told anywhere
    assert aim[1] == 1.0
    assert aim[2] is None
    near = pl.DataFrame({"mean": [0.0, 0.5, 1.0]})
    aim = aimed([MEANS], near, near, at, {MEANS.spoken: np.repeat([0.0, 0.3, 1.0], 100)})["mean"]
    assert 0.65 < aim[1] < 0.7


def tastes(seed: int, *, by_chance: bool = False) -> tuple[pl.DataFrame, np.ndarray, np.ndarray]:
    """Films are old or new, and sad or merry; 300 viewers like either, apart from each other."""
    rng = np.random.default_rng(seed)
    films = pl.DataFrame({"year": rng.integers(1950, 2000, 400), "sad": rng.random(400) < 0.5})
    viewer = np.repeat(np.arange(300), 30)
    old, sad = rng.normal(0, 1, 300), rng.normal(0, 1, 300)
    if by_chance:
        old, sad = np.zeros(300), np.zeros(300)
    year = (films["year"].to_numpy() - 1975) / 14
    merry = films["sad"].to_numpy() * 2 - 1
    odds = np.exp(old[:, None] * year + sad[:, None] * merry)
    chance = np.cumsum(odds / odds.sum(axis=1, keepdims=True), axis=1)
    at = np.array([np.searchsorted(chance[v], rng.random()) for v in viewer])
    return films, viewer, np.minimum(at, 399)


def test_sorts_tell_what_groups_differ_in() -> None:
    films, viewer, at = tastes(0)
    parent = tm.read(films)
    child = tm.read(pl.DataFrame({"stars": np.random.default_rng(0).integers(1, 6, len(at))}))
    run = tm.Run(0)
    persons = np.arange(400)
    sorts = sorts_of(parent, persons, child, at, viewer, viewer, run, kept=False)
    traits = sorts.of_traits[sorts.of(parent.frame)]
    assert traits.shape[1] == 2
    told = np.column_stack([films["year"], films["sad"]]).astype(float)
    for one in told.T:  # both directions are in the traits
        fit = np.column_stack([np.ones(400), traits])
        left = one - fit @ np.linalg.lstsq(fit, one, rcond=None)[0]
        assert left.var() < 0.15 * one.var()
    nothing, viewer, at = tastes(1, by_chance=True)
    none = sorts_of(tm.read(nothing), persons, child, at, viewer, viewer, run, kept=False)
    assert none.of_traits.shape[1] == 0  # groups drawn by chance differ in nothing


def test_who_likes_one_kind_is_made_to_like_it() -> None:
    films, viewer, at = tastes(2)
    tables = {
        "viewers": pl.DataFrame({"viewer_id": np.arange(300) + 1, "town": ["Rome", "Oslo"] * 150}),
        "films": films.with_columns(film_id=np.arange(400) + 1),
        "seen": pl.DataFrame({"viewer_id": viewer + 1, "film_id": at + 1}),
    }
    read = {name: replace(tm.read(frame), name=name) for name, frame in tables.items()}
    keys = {
        "viewers": tm.TableKey("viewers", ("viewer_id",)),
        "films": tm.TableKey("films", ("film_id",)),
    }
    by = tm.Link("seen", ("viewer_id",), "viewers", ("viewer_id",))
    of = tm.Link("seen", ("film_id",), "films", ("film_id",))
    real = tm.Database(read, keys, (by, of))
    made = tm.sample_database(tm.fit_database(real, keep_tables=["films"]), seed=1)
    for told in ("year", "sad"):
        apart = []
        for base in (real, made):
            values = base["films"].frame[told].cast(pl.Float64).to_numpy()[base.places(of)]
            apart.append(between(values, base.places(by)))
        assert apart[0] > 0.15
        assert 0.7 * apart[0] < apart[1] < 1.3 * apart[0]


def test_a_column_of_the_row_that_is_pointed_to_is_known_again() -> None:
    rng = np.random.default_rng(0)
    of = rng.integers(0, 40, 500)
    price, flag = np.round(rng.uniform(1, 9, 40), 2), rng.random(40) < 0.5
    products = pl.DataFrame({"id": np.arange(40) + 1, "price": price, "cold": flag, "other": ~flag})
    lines = pl.DataFrame(
        {"product": of + 1, "UnitPrice": price[of], "Cold": flag[of], "open": flag[of], "n": of % 3}
    )
    link = tm.Link("lines", ("product",), "products", ("id",))
    tables = {"lines": tm.read(lines), "products": tm.read(products)}
    base = tm.Database(tables, {"products": tm.TableKey("products", ("id",))}, (link,))
    # a truth of another name agrees by chance
    assert copied(base, link, base.places(link)) == {"UnitPrice": "price", "Cold": "cold"}
    off = lines.with_columns(pl.Series("UnitPrice", np.r_[0.5, price[of][1:]]))
    other = replace(base, tables={**tables, "lines": tm.read(off)})
    assert copied(other, link, other.places(link)) == {"Cold": "cold"}


def test_what_is_reckoned_from_a_column_of_another_table_stays_right() -> None:
    rng = np.random.default_rng(0)
    of = rng.integers(0, 40, 900)
    price = np.round(rng.uniform(1, 9, 40), 2)
    pieces = rng.integers(1, 9, 900)
    lines = pl.DataFrame(
        {
            "line": np.arange(900) + 1,
            "product": of + 1,
            "price": price[of],
            "pieces": pieces,
            "total": np.round(price[of] * pieces, 2),
        }
    )
    products = pl.DataFrame({"id": np.arange(40) + 1, "price": price})
    tables = {"lines": lines, "products": products}
    read = {name: replace(tm.read(frame), name=name) for name, frame in tables.items()}
    keys = {"lines": tm.TableKey("lines", ("line",)), "products": tm.TableKey("products", ("id",))}
    link = tm.Link("lines", ("product",), "products", ("id",))
    model = tm.fit_database(tm.Database(read, keys, (link,)), keep_tables=["products"])
    assert [rule.kind for rule in model.derived["lines"]] == ["a*b=c"]
    made = tm.sample_database(model, seed=1)
    rows = made["lines"].frame
    assert rows.schema == read["lines"].frame.schema
    assert (rows["price"].to_numpy() == price[made.places(link)]).all()
    assert ((rows["price"] * rows["pieces"]).round(2) == rows["total"]).all()


def test_a_rule_that_cannot_be_reckoned_keeps_its_columns_together() -> None:
    rng = np.random.default_rng(1)
    of = rng.integers(0, 40, 900)
    price = np.round(rng.uniform(20, 90, 40), 2)
    paid = np.round(price[of] * rng.uniform(0.5, 1, 900), 2)
    lines = pl.DataFrame({"product": of + 1, "price": price[of], "paid": paid})
    products = pl.DataFrame({"id": np.arange(40) + 1, "price": price})
    tables = {"lines": lines, "products": products}
    read = {name: replace(tm.read(frame), name=name) for name, frame in tables.items()}
    link = tm.Link("lines", ("product",), "products", ("id",))
    base = tm.Database(read, {"products": tm.TableKey("products", ("id",))}, (link,))
    made = tm.sample_database(tm.fit_database(base, keep_tables=["products"]), seed=1)
    rows = made["lines"].frame
    assert (rows["paid"] <= rows["price"]).all()  # nobody pays more than the price


def test_what_is_reckoned_goes_through_two_tables() -> None:
    """The price is that of the product, and all lines of an order are of so many pieces."""
    rng = np.random.default_rng(2)
    many = rng.integers(2, 6, 200)
    order = np.repeat(np.arange(200), many)
    of = rng.integers(0, 40, len(order))
    price, pieces = np.round(rng.uniform(1, 9, 40), 2), rng.integers(1, 9, 200)
    total = np.round(price[of] * pieces[order], 2)
    tables = {
        "orders": pl.DataFrame({"order_id": np.arange(200) + 1, "to": rng.choice(["a", "b"], 200)}),
        "products": pl.DataFrame({"id": np.arange(40) + 1, "price": price}),
        "lines": pl.DataFrame(
            {
                "order_id": order + 1,
                "product": of + 1,
                "price": price[of],
                "pieces": pieces[order],
                "total": total,
                "paid": np.cumsum(total).round(2),
            }
        ),
    }
    read = {name: replace(tm.read(frame), name=name) for name, frame in tables.items()}
    keys = {
        "orders": tm.TableKey("orders", ("order_id",)),
        "products": tm.TableKey("products", ("id",)),
    }
    by = tm.Link("lines", ("order_id",), "orders", ("order_id",))
    to = tm.Link("lines", ("product",), "products", ("id",))
    model = tm.fit_database(tm.Database(read, keys, (by, to)), keep_tables=["products"])
    assert model.links[by].same == ("pieces",)
    assert model.links[to].copied == (("price", "price"),)
    made = tm.sample_database(model, seed=1)
    rows = made["lines"].frame
    assert ((rows["price"] * rows["pieces"]).round(2) == rows["total"]).all()
    assert (rows["price"].to_numpy() == price[made.places(to)]).all()
    assert (rows.group_by("order_id").agg(pl.col("pieces").n_unique())["pieces"] == 1).all()


def test_what_is_missing_in_some_rows_is_not_reckoned() -> None:
    rng = np.random.default_rng(0)
    of, pieces = rng.integers(0, 40, 900), rng.integers(1, 9, 900)
    price = np.round(rng.uniform(1, 9, 40), 2)
    lines = pl.DataFrame(
        {"product": of + 1, "price": price[of], "pieces": pieces, "total": price[of] * pieces}
    ).with_columns(pl.when(pl.int_range(pl.len()) % 3 > 0).then(pl.col("total").round(2)))
    products = pl.DataFrame({"id": np.arange(40) + 1, "price": price})
    tables = {"lines": lines, "products": products}
    read = {name: replace(tm.read(frame), name=name) for name, frame in tables.items()}
    link = tm.Link("lines", ("product",), "products", ("id",))
    base = tm.Database(read, {"products": tm.TableKey("products", ("id",))}, (link,))
    model = tm.fit_database(base, keep_tables=["products"])
    rows = tm.sample_database(model, seed=1)["lines"].frame
    assert not model.derived
    assert 0.2 < rows["total"].is_null().mean() < 0.47
    known = rows.drop_nulls("total")
    assert ((known["price"] * known["pieces"] - known["total"]).abs() < 0.006).all()

"""Columns that go on from row to row, and the order that rows stand in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

import tidemill as tm
from tidemill.relational.running import Running, reckoned, running_of

BY = tm.Link("lines", ("account",), "accounts", ("id",))


def bank(seed: int = 0, *, off: bool = False) -> tm.Database:
    """Each line of an account tells the balance after it, and its number; all lines stand in the
    order of their days."""
    rng = np.random.default_rng(seed)
    many = rng.integers(3, 12, 120)
    of = np.repeat(np.arange(120), many)
    day = rng.integers(0, 700, len(of))
    order = np.lexsort((day, of))
    of, day = of[order], day[order]
    amount = np.round(rng.gamma(2, 50, len(of)), 2)
    kind = rng.choice(["salary", "rent", "card"], len(of))
    signed = np.where(kind == "salary", 1, -1) * amount
    start = np.round(rng.normal(500, 100, 120), 2)
    lines = pl.DataFrame({"of": of, "signed": signed}).select(
        balance=(pl.col("signed").cum_sum().over("of")),
        number=pl.int_range(1, pl.len() + 1).over("of"),
    )
    balance = np.round(lines["balance"].to_numpy() + start[of], 2)
    if off:
        balance[len(of) // 2] += 0.01
    frame = pl.DataFrame(
        {
            "account": of + 1,
            "number": lines["number"],
            "day": np.datetime64("2020-01-01") + day,
            "kind": kind,
            "amount": amount,
            "balance": balance,
        }
    ).sort("day", maintain_order=True)
    accounts = pl.DataFrame({"id": np.arange(120) + 1, "town": rng.choice(["Rome", "Oslo"], 120)})
    tables = {"accounts": accounts, "lines": frame}
    read = {name: replace(tm.read(rows), name=name) for name, rows in tables.items()}
    keys = {
        "accounts": tm.TableKey("accounts", ("id",)),
        "lines": tm.TableKey("lines", ("account", "number")),
    }
    return tm.Database(read, keys, (BY,))


def test_a_balance_and_a_number_are_found_and_kept_to_the_last_digit() -> None:
    base = bank()
    model = tm.fit_database(base)
    assert model.links[BY].running == (
        Running("number", time="day"),
        Running("balance", "amount", "kind", ("card", "rent"), time="day"),
    )
    assert model.links[BY].order == "all"
    made = tm.sample_database(model, seed=1)
    lines = made["lines"].frame
    assert lines.schema == base["lines"].frame.schema
    assert lines["day"].is_sorted()
    numbers = lines.group_by("account").agg("number")
    assert all(own.to_list() == list(range(1, len(own) + 1)) for own in numbers["number"])
    told = lines.with_columns(
        signed=pl.when(pl.col("kind") == "salary").then("amount").otherwise(-pl.col("amount")),
        before=pl.col("balance").shift().over("account"),
    ).drop_nulls()
    assert len(told) > 500
    assert ((told["before"] + told["signed"] - told["balance"]).abs() < 1e-6).all()
    assert (lines["balance"] == lines["balance"].round(2)).all()
    starts = lines.group_by("account", maintain_order=True).first()
    signed = pl.Series(np.where(starts["kind"] == "salary", 1, -1)) * starts["amount"]
    assert abs((starts["balance"] - signed).mean() - 500) < 40
    assert made.holds(BY).astray == 0


def test_what_does_not_hold_in_all_rows_is_no_rule() -> None:
    model = tm.fit_database(bank(off=True))
    assert model.links[BY].running == (Running("number", time="day"),)


def test_levels_of_few_persons_are_not_named() -> None:
    base = bank()
    frame = base["lines"].frame
    secret = frame.with_columns(
        kind=pl.when(pl.col("account") == 7).then(pl.lit("Ann's")).otherwise("kind")
    ).filter((pl.col("account") != 7) | (pl.col("amount") >= 0))
    # the lines of account 7 are all taken
    changed = secret.with_columns(
        balance=pl.when(pl.col("account") == 7)
        .then(1000.0 - pl.col("amount").cum_sum().over("account"))
        .otherwise("balance")
        .round(2)
    )
    lines = replace(tm.read(changed), name="lines")
    at = changed["account"].to_numpy() - 1
    found = running_of(lines, at, "day", at)
    assert [one.column for one in found] == ["number", "balance"]
    assert found[1].levels == ("salary",)
    assert found[1].but  # so that what is made in the place of Ann's is taken
    made = pl.DataFrame({"kind": ["salary", "Other"], "amount": [5.0, 5.0]})
    assert found[1].steps(made).tolist() == [5.0, -5.0]


def test_rows_that_are_made_for_nothing_begin_at_nothing() -> None:
    rows = pl.DataFrame({"amount": [1.0, 2.0, 3.0, 4.0]})
    at = np.array([1, -1, 1, -1])
    rule = Running("balance", "amount")
    found = reckoned(rule, rows, at, pl.Series([None, 10.0]))
    assert found.tolist() == [11.0, 2.0, 14.0, 6.0]


def test_what_goes_on_as_rows_stand_does_so_whatever_their_times() -> None:
    """Lines are counted in the order of the file; their days say nothing of it."""
    base = bank()
    rng = np.random.default_rng(5)
    frame = base["lines"].frame.sort("account", "number")
    days = pl.Series("day", rng.permutation(frame["day"].to_numpy()))
    lines = replace(tm.read(frame.with_columns(days)), name="lines")
    shuffled = replace(base, tables={**base.tables, "lines": lines})
    model = tm.fit_database(shuffled)
    assert model.links[BY].order == ""
    assert {(one.column, one.time) for one in model.links[BY].running} == {
        ("number", None),
        ("balance", None),
    }
    made = tm.sample_database(model, seed=1)["lines"].frame
    told = made.with_columns(
        signed=pl.when(pl.col("kind") == "salary").then("amount").otherwise(-pl.col("amount")),
        before=pl.col("balance").shift().over("account"),
        counted=pl.col("number").shift().over("account"),
    ).drop_nulls()
    assert (told["number"] - told["counted"] == 1).all()  # as the rows stand
    assert ((told["before"] + told["signed"] - told["balance"]).abs() < 1e-6).all()

"""Databases that are learned and made, beside the other half of the same database.

    python benchmarks/relations.py [--again] [--seeds N] [SET ...]

The rows of one table are divided in two, and what is made for them with them; one half is learned,
the other judges. Floor: the learned half, each link dealt at random. Ceiling: the learned half
itself. Columns most of whose levels fewer than ten persons share are not compared, as no model may
keep these. Writes results/relations.json seed by seed, and the table in docs/databases.md.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import numpy as np  # noqa: E402
import polars as pl  # noqa: E402
from halves import SHARED  # noqa: E402
from one_by_one import divisions, shown  # noqa: E402

import tidemill as tm  # noqa: E402
from tidemill.metrics import relations  # noqa: E402
from tidemill.relational.division import (  # noqa: E402
    dealt_at_random,
    halves,
    ignoring,
    not_compared,
)
from tidemill.relational.plan import plan_of  # noqa: E402

RESULTS = HERE / "results" / "relations.json"
PAGE = HERE.parent / "docs" / "databases.md"


@dataclass(frozen=True)
class Task:
    """A database, the table that is divided, and the link below it.

    Attributes:
        words: What it is.
        divided: The table whose rows are divided, and judged with what is told of those below.
        below: The table whose rows are made for them.
        keep: Tables that stay as they are.
    """

    words: str
    divided: str
    below: str
    keep: tuple[str, ...] = ()


TASKS = {
    "northwind": Task(
        "northwind: 415 orders, 11 tables",
        "Orders",
        "Order Details",
        ("Categories", "Products", "Regions", "Shippers", "Suppliers", "Territories"),
    ),
    "chinook": Task(
        "chinook: 206 invoices, 11 tables",
        "Invoice",
        "InvoiceLine",
        ("Album", "Artist", "Genre", "MediaType", "Playlist", "Track"),
    ),
    "movielens_100k": Task(
        "movielens: 471 users, 3 tables; movies stay", "users", "ratings", ("movies",)
    ),
    "movielens_100k, all made": Task(
        "movielens: 471 users, 3 tables; movies are made, too", "users", "ratings"
    ),
    "bank": Task("a made bank: 300 accounts, 2 tables", "accounts", "transactions"),
    "bank, plain": Task(
        "a plainer one: 300 accounts x 40 transactions", "accounts", "transactions"
    ),
    "completejourney": Task(
        "completejourney: 400 households, 4 tables", "households", "baskets", ("products",)
    ),
}


def database(name: str, folder: Path) -> tm.Database:
    """The real one."""
    if name == "bank, plain":
        return plain_bank()
    name = name.partition(",")[0]
    if name == "bank":
        return bank()
    home = SHARED / name
    if (home / f"{name}.sqlite").exists():
        return tm.read_database(home / f"{name}.sqlite")
    if name == "movielens_100k":
        return tm.read_database(home)
    lines = pl.read_parquet(home / "transactions_sample.parquet")
    products = pl.read_parquet(home / "products.parquet")
    households = pl.read_parquet(home / "demographics.parquet")
    lines = lines.join(households.select("household_id"), on="household_id", how="semi")
    lines = lines.join(products.select("product_id"), on="product_id", how="semi")
    products = products.join(lines.select("product_id"), on="product_id", how="semi")
    of_basket = ["household_id", "store_id", "transaction_timestamp", "week"]
    baskets = lines.group_by("basket_id", maintain_order=True).agg(pl.col(of_basket).first())
    tables = {
        "households": households,
        "baskets": baskets,
        "lines": lines.drop(of_basket),
        "products": products,
    }
    for table, frame in tables.items():
        frame.write_parquet(folder / f"{table}.parquet")
    return tm.read_database(
        folder,
        keys=["households.household_id", "baskets.basket_id", "products.product_id"],
        links=[
            "baskets.household_id=households.household_id",
            "lines.basket_id=baskets.basket_id",
            "lines.product_id=products.product_id",
        ],
    )


def bank(accounts: int = 600) -> tm.Database:
    """A made bank: each account has a level of income, a day on which it comes, a rent, and habits
    of spending; each line tells the balance after it."""
    rng = np.random.default_rng(1994)
    region = rng.choice(["north", "south", "east"], accounts, p=[0.5, 0.3, 0.2])
    opened = rng.integers(0, 400, accounts)
    income = np.round(np.exp(rng.normal(7.5 + 0.3 * (region == "north"), 0.4)), -1)
    rows: list[tuple[int, int, str, str, float, float]] = []
    for account in range(accounts):
        pays, rents = rng.integers(1, 28, 2)
        rent = round(0.3 * income[account], -1)
        cards = rng.poisson(rng.gamma(2, 1.5))
        lines = [(opened[account], "credit", "deposit", round(rng.gamma(2, 300), -2) + 200)]
        for month in range(int(rng.integers(4, 14))):
            day = opened[account] + 30 * month
            lines.append((day + pays, "credit", "salary", income[account]))
            lines.append((day + rents, "debit", "rent", rent))
            for _ in range(rng.poisson(cards)):
                spent = round(float(rng.gamma(1.5, 0.02 * income[account])) + 1, 1)
                lines.append((day + rng.integers(1, 30), "debit", "card", spent))
        balance = 0.0
        for day, sign, what, amount in sorted(lines, key=lambda line: line[0]):
            balance = round(balance + (amount if sign == "credit" else -amount), 1)
            rows.append((account + 1, int(day), sign, what, amount, balance))
    of_accounts = pl.DataFrame(
        {"account_id": np.arange(accounts) + 1, "region": region, "opened": opened}
    ).with_columns(opened=pl.date(1994, 1, 1) + pl.duration(days="opened"))
    return of_bank(of_accounts, rows)


def plain_bank(accounts: int = 600, lines: int = 40) -> tm.Database:
    """A made bank without salaries and rents: each account has a pace, a level of amounts and a
    share of credits; each line tells the balance after it."""
    rng = np.random.default_rng(0)
    region = rng.choice(["north", "south", "east"], accounts, p=[0.5, 0.3, 0.2])
    level = rng.normal(4 + 0.3 * (region == "north"), 0.5)
    share, pace = rng.beta(2, 2, accounts), rng.gamma(4, 2, accounts)
    size = {"card": -0.5, "transfer": 0.8, "cash": 0.0}
    rows: list[tuple[int, int, str, str, float, float]] = []
    for account in range(accounts):
        day, balance = int(rng.integers(0, 700)), round(float(rng.gamma(2, 500)), 2)
        for _ in range(lines):
            day += int(rng.exponential(pace[account]))
            what = str(rng.choice(list(size), p=[0.5, 0.3, 0.2]))
            is_credit = rng.random() < share[account] / 2 + 0.1
            amount = round(float(np.exp(rng.normal(level[account] + size[what], 0.6))), 2)
            balance = round(balance + (amount if is_credit else -amount), 2)
            sign = "credit" if is_credit else "debit"
            rows.append((account + 1, day, sign, what, amount, balance))
    return of_bank(pl.DataFrame({"account_id": np.arange(accounts) + 1, "region": region}), rows)


def of_bank(
    of_accounts: pl.DataFrame, rows: list[tuple[int, int, str, str, float, float]]
) -> tm.Database:
    """A bank of its accounts and of its lines: account, day, type, operation, amount, balance."""
    names = ["account_id", "date", "type", "operation", "amount", "balance"]
    lines_ = pl.DataFrame(rows, schema=names, orient="row").with_columns(
        transaction_id=pl.int_range(1, pl.len() + 1),
        date=pl.date(1994, 1, 1) + pl.duration(days="date"),
    )
    tables = {"accounts": of_accounts, "transactions": lines_}
    keys = {
        "accounts": tm.TableKey("accounts", ("account_id",)),
        "transactions": tm.TableKey("transactions", ("transaction_id",)),
    }
    link = tm.Link("transactions", ("account_id",), "accounts", ("account_id",))
    read = {name: replace(tm.read(frame), name=name) for name, frame in tables.items()}
    return tm.Database(read, keys, (link,), "bank")


def measured(name: str, seed: int) -> dict[str, Any]:
    """One division."""
    task = TASKS[name]
    with tempfile.TemporaryDirectory() as folder:
        base = database(name, Path(folder))
    base = ignoring(base, not_compared(base, plan_of(base)))
    plan = plan_of(base)
    rng = np.random.default_rng(seed)
    train, test = halves(base, plan, task.divided, rng)
    began = time.process_time()
    model = tm.fit_database(train, keep_tables=task.keep, seed=seed)
    learned = time.process_time()
    made = tm.sample_database(model, seed=seed + 100)
    done = time.process_time()
    [link] = [one for one in base.links if (one.child, one.parent) == (task.below, task.divided)]
    sides = {"made": made, "floor": dealt_at_random(train, plan, rng), "ceiling": train}
    found: dict[str, Any] = {"seconds": [learned - began, done - learned]}
    found["held"] = min(relations.held(made, one) for one in base.links)
    for who, side in sides.items():
        run = tm.Run(seed)
        found[who] = {
            "counts": relations.counts_alike(test, side, link),
            "agg": relations.judged(test, side, task.divided, run).auc.value,
            "agg+": relations.judged(test, side, task.divided, run, plus=True).auc.value,
            "between": relations.between_error(test, side, link),
            "hop": relations.hop_error(test, side, [link]),
        }
    return found


def table(found: dict[str, dict[str, Any]]) -> str:
    """The means over seeds as a table of the page."""
    head = (
        "database",
        "links that hold",
        "rows below each: 1 - KS",
        "C2ST-Agg",
        "agg+",
        "between groups: error",
        "one link away: error",
        "CPU s learned + made",
    )
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    for name, task in TASKS.items():
        own = [one for key, one in found.items() if key.rpartition(", ")[0] == name]
        if not own:
            continue
        cells = [task.words, f"{min(one['held'] for one in own):.3f}"]
        for what in ("counts", "agg", "agg+", "between", "hop"):
            means = [mean(one[who][what] for one in own) for who in ("made", "floor", "ceiling")]
            cells.append("{:.3f} ({:.3f}, {:.3f})".format(*means))
        cells.append(" + ".join(f"{mean(one['seconds'][k] for one in own):.1f}" for k in (0, 1)))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure what is not measured yet, and write it down."""
    found = divisions(__doc__, TASKS, RESULTS, measured, seeds=5)
    shown(PAGE, "relations", table(found))


if __name__ == "__main__":
    main()

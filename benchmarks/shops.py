"""What the recipe `recommend` says of shops, beside what others published.

    python benchmarks/shops.py [NAME ...]

movielens        Ratings of 4 and 5, a fifth of each user's held out, all titles ranked; columns of
                 films and of users beside the ratings.
published        All ratings count, a quarter of each user's held out, as in the table of
                 github.com/recommenders-team/recommenders, whose best (BiVAE) has nDCG@10 0.475.
online_retail    What was taken for the first time in the last month.
completejourney  A sample of a grocer's tills, the last month; kinds of goods, not single products.
                 Once more by categories, a fifth of what each household took held out.

What was measured is kept in benchmarks/results/shops.json and written to docs/recipes.md.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from halves import ROOT, SHARED

import tidemill as tm
from tidemill.recipes.run import recipe
from tidemill.recommending.choosing import contest
from tidemill.recommending.splitting import at_random

PAGE, RESULTS = ROOT / "docs" / "recipes.md", ROOT / "benchmarks" / "results" / "shops.json"
HELD = 0.25
PUBLISHED = "BiVAE 0.475"


def table_of(name: str) -> pl.DataFrame:
    """A file of the shared data."""
    return pl.read_parquet(SHARED / f"{name}.parquet")


def movielens() -> dict[str, Any]:
    """The page of ratings of 4 and 5."""
    films = table_of("movielens_100k/movies").drop("url").unique("title")
    users = table_of("movielens_100k/users").drop("zipcode").rename({"id": "user_id"})
    lines = table_of("movielens_100k/ratings").join(films, on="title", how="left")
    lines = lines.with_columns(pl.col("user_id").cast(pl.Int32)).join(users, on="user_id")
    return told(lines, entity="user_id", columns={"item": "title", "rating": "rating"})


def online_retail() -> dict[str, Any]:
    """The page of a wholesaler of gifts."""
    columns = {
        "item": "StockCode",
        "quantity": "Quantity",
        "price": "UnitPrice",
        "about": "Description",
    }
    return told(
        table_of("online_retail/online_retail"),
        entity="CustomerID",
        time="InvoiceDate",
        columns=columns,
    )


def completejourney() -> dict[str, Any]:
    """The page of a grocer, by time."""
    return grocer("product_type", time="transaction_timestamp")


def completejourney_at_random() -> dict[str, Any]:
    """The page of a grocer, a fifth of what each household took held out."""
    return grocer("product_category")


def grocer(item: str, **options: Any) -> dict[str, Any]:
    """The page of a sample of tills.

    Args:
        item: What counts as an item.
        **options: Of the recipe.
    """
    goods = table_of("completejourney/products").select("product_id", item, "department")
    lines = table_of("completejourney/transactions_sample").join(goods, on="product_id")
    people = table_of("completejourney/demographics")
    lines = lines.join(people, on="household_id", how="left")
    return told(
        lines,
        entity="household_id",
        columns={"item": item},
        **options,
    )


def told(lines: pl.DataFrame, **options: Any) -> dict[str, Any]:
    """The figures of a page."""
    return dict(recipe("recommend", lines, **options).figures)


def published() -> dict[str, Any]:
    """nDCG@10 by the protocol of the published table, and with the ratings as gains."""
    ratings = table_of("movielens_100k/ratings")
    after = at_random(ratings["user_id"], ratings["title"], np.random.default_rng(0), HELD)
    found = contest(after.taken.pairs, after.held, after.validation, tm.Run(0))
    best = found.quality[found.chosen]
    error = best.ndcg.std() / np.sqrt(len(best.ndcg))
    return {
        "chosen": found.chosen,
        "ndcg": {name: float(one.ndcg.mean()) for name, one in found.quality.items()},
        "low": float(best.ndcg.mean() - 1.96 * error),
        "high": float(best.ndcg.mean() + 1.96 * error),
        "precision": float(best.hits.mean()) / 10,
    }


TABLES: dict[str, Callable[[], dict[str, Any]]] = {
    "movielens": movielens,
    "published": published,
    "online_retail": online_retail,
    "completejourney": completejourney,
    "completejourney_at_random": completejourney_at_random,
}
NAMES = {
    "movielens": "MovieLens-100k, ratings of 4 and 5, a fifth of each user's held out",
    "online_retail": "Online Retail, first taken in the last month",
    "completejourney": "Complete Journey (a sample), kinds of goods first taken in the last month",
    "completejourney_at_random": "the same, categories of goods, a fifth of each household's "
    "held out",
}


def written(found: dict[str, Any]) -> str:
    """The figures as the page tells them."""
    films, protocol = found["movielens"], found["published"]
    names = [name.removeprefix("ndcg: ") for name in films if name.startswith("ndcg: ")]
    rows = [
        f"| {NAMES['movielens']} | {' | '.join(names)} |",
        f"| --- |{' --- |' * len(names)}",
        _row("nDCG@10", [films[f"ndcg: {name}"] for name in names]),
        _row("Recall@20", [films[f"recall: {name}"] for name in names]),
        _row(
            f"nDCG@10, all ratings, a quarter held out ({PUBLISHED} published)",
            [protocol["ndcg"].get(name) for name in names],
        ),
        "",
        "| Shop | Customers tested | Of ten proposals taken | Of ten best-sellers | More | New "
        "items by columns, more of ten than in random order | Rehearsals: found, falsely "
        "claimed | CPU s |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    return "\n".join([*rows, *(_shop(name, found[name]) for name in NAMES)])


def _row(head: str, values: list[float | None]) -> str:
    cells = ["–" if value is None else f"{value:.3f}" for value in values]
    return f"| {head} | {' | '.join(cells)} |"


def _shop(name: str, found: dict[str, Any]) -> str:
    cold = "–"
    if "cold_gain" in found:
        cold = _interval(found["cold_gain"], found["cold_gain_low"], found["cold_gain_high"])
    times = f"{found['rehearsals']:.0f}"
    cells = (
        NAMES[name],
        f"{found['tested']:,.0f}",
        f"{found['taken_of_ten']:.2f}",
        f"{found['best_sellers_of_ten']:.2f}",
        _interval(found["gain"], found["gain_low"], found["gain_high"]),
        cold,
        f"{found['rehearsals_found']:.0f} of {times}, "
        f"{found['rehearsals_falsely_claimed']:.0f} of {times}",
        f"{found['cpu_seconds']:.0f}",
    )
    return f"| {' | '.join(cells)} |"


def _interval(mean: float, low: float, high: float) -> str:
    return f"{mean:.2f} ({low:.2f} to {high:.2f})"


def main() -> None:
    """Measure those that are named, or all; keep and write."""
    found: dict[str, Any] = {}
    for name in sys.argv[1:] or TABLES:
        began = time.process_time()
        found[name] = TABLES[name]()
        found[name]["cpu_seconds"] = time.process_time() - began
        print(name, json.dumps(found[name], indent=1), flush=True)
    if RESULTS.exists():
        found = json.loads(RESULTS.read_text(encoding="utf-8")) | found
    RESULTS.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    if not found.keys() >= TABLES.keys():
        return
    text = f"<!-- shops:start -->\n`make bench-recipes`:\n\n{written(found)}\n\n<!-- shops:end -->"
    page = PAGE.read_text(encoding="utf-8")
    pattern = r"<!-- shops:start -->.*<!-- shops:end -->"
    PAGE.write_text(re.sub(pattern, lambda _: text, page, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()

"""What the recommender `vae` adds, and what made customers are worth, on MovieLens-100k.

    python benchmarks/baskets.py

Ratings of 4 and 5, a fifth of each user's held out, all titles ranked. Differences are paired, with
95 % intervals over users. What was measured is kept in benchmarks/results/baskets.json and written
to docs/recipes.md.
"""

from __future__ import annotations

import json
import re
import time
from typing import Any

import numpy as np
import polars as pl
from halves import ROOT, SHARED

import tidemill as tm
from tidemill.effects.estimates import mean_of
from tidemill.recipes.made_customers import SIDES, WORDS, made_customers
from tidemill.recommending.choosing import contest
from tidemill.recommending.splitting import at_random
from tidemill.recommending.taken import Taken

PAGE, RESULTS = ROOT / "docs" / "recipes.md", ROOT / "benchmarks" / "results" / "baskets.json"
MADE = 1_000


def ranked(customer: pl.Series, item: pl.Series) -> dict[str, Any]:
    """How well recommenders rank, and by how much the chosen one differs from others."""
    run = tm.Run(0)
    began = time.process_time()
    after = at_random(customer, item, run.rng("recommend", "held out"))
    found = contest(after.taken.pairs, after.held, after.validation, run)
    chosen = found.quality[found.chosen]
    differences = {}
    for name, own in found.quality.items():
        for figure in ("ndcg", "recall"):
            parts = getattr(chosen, figure) - getattr(own, figure)
            gain = mean_of(parts, np.arange(len(parts)))
            differences[f"{figure}: {name}"] = [gain.mean, gain.low, gain.high]
    return {
        "seconds": time.process_time() - began,
        "chosen": {part.name: part.share for part in found.rankings[found.chosen].parts},
        "ndcg": {name: float(own.ndcg.mean()) for name, own in found.quality.items()},
        "recall": {name: float(own.recall.mean()) for name, own in found.quality.items()},
        "differences": differences,
    }


def made(customer: pl.Series, item: pl.Series) -> dict[str, Any]:
    """The figures of made customers."""
    began = time.process_time()
    found = made_customers(Taken.of(customer, item), MADE, tm.Run(0))
    return {"seconds": time.process_time() - began, **found.figures}


def written(found: dict[str, Any]) -> str:
    """The figures as the page tells them."""
    ranks, customers = found["ranked"], found["made"]
    names = list(ranks["ndcg"])
    lines = [
        "| | " + " | ".join(names) + " |",
        "| --- |" + " --- |" * len(names),
    ]
    for head, figure in (("nDCG@10", "ndcg"), ("Recall@20", "recall")):
        lines.append(
            f"| {head} | " + " | ".join(f"{ranks[figure][one]:.3f}" for one in names) + " |"
        )
    share = ", ".join(f"{name} {part:.2f}" for name, part in ranks["chosen"].items())
    mean, low, high = ranks["differences"]["ndcg: ease"]
    lines += [
        "",
        f"Chosen: {share}. Against EASE alone nDCG@10 {mean:+.3f} ({low:+.3f} to {high:+.3f}). All "
        f"recommenders together take {ranks['seconds']:.0f} seconds of one core, made customers "
        f"{customers['seconds']:.0f} more.",
        "",
        "| Made customers | items by popularity | made | other real customers |",
        "| --- | --- | --- | --- |",
    ]
    near = {"near": "nearer to a learned customer than 19 of 20 real ones"}
    for name, words in (WORDS | near).items():
        cells = " | ".join(f"{customers[f'{side}_{name}']:.3f}" for side in SIDES.values())
        lines.append(f"| {words} | {cells} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, keep and write."""
    ratings = pl.read_parquet(SHARED / "movielens_100k" / "ratings.parquet")
    liked = ratings.filter(pl.col("rating") >= 4)
    pairs = liked["user_id"].cast(pl.String), liked["title"]
    found = {"ranked": ranked(*pairs), "made": made(*pairs)}
    RESULTS.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    text = (
        f"<!-- baskets:start -->\n`make bench-recipes`:\n\n{written(found)}\n\n<!-- baskets:end -->"
    )
    page = PAGE.read_text(encoding="utf-8")
    pattern = r"<!-- baskets:start -->.*<!-- baskets:end -->"
    PAGE.write_text(re.sub(pattern, lambda _: text, page, flags=re.DOTALL), encoding="utf-8")
    print(written(found))


if __name__ == "__main__":
    main()

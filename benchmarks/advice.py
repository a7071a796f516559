"""What the recipe `advice` says of real shares, and what it says where the truth is known.

    python benchmarks/advice.py

dow30      The page of 31 shares, 2006 to 2017: rules walked forward from April 2009.
halves     Policies that begin with one of other shares, over ten ways to halve the shares.
alike      Twenty markets in which no rule can be better than 1/N.

What was measured is kept in benchmarks/results/advice.json and written to docs/recipes.md.
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
from tests.unit.markets.market import garch_returns, price_lines
from tidemill.core.run import Run
from tidemill.markets import ALLOCATORS
from tidemill.markets.history import history
from tidemill.markets.timing import POLICY, THRESHOLD, timed_rules, transferred
from tidemill.markets.walk_forward import (
    BENCHMARK,
    Market,
    against_first,
    quarter_starts,
    walked,
)

PAGE, RESULTS = ROOT / "docs" / "recipes.md", ROOT / "benchmarks" / "results" / "advice.json"
ANSWERS = {"horizon": 5, "loss": 20, "income": 2, "experience": 8, "debt": 10, "reserve": 6}
HALVES = 10
MARKETS = 20
LEARNED = 756
RULES = (*ALLOCATORS, POLICY, THRESHOLD)


def lines() -> pl.DataFrame:
    """Closing prices."""
    shares = pl.read_parquet(SHARED / "dow30_ohlcv" / "dow30_ohlcv.parquet")
    return shares.select(asset="Name", time=pl.col("Date").dt.date(), price="Close")


def dow30() -> dict[str, Any]:
    """The figures of the page, and what it took."""
    began = time.process_time()
    found = tm.recipe(
        "advice",
        lines(),
        entity="asset",
        time="time",
        columns={"price": "price"},
        assume=dict(ANSWERS),
    )
    took = time.process_time() - began
    return {**{name: float(value) for name, value in found.figures.items()}, "cpu_seconds": took}


def halves() -> dict[str, Any]:
    """Sharpe ratios of policies that begin with one of other shares, and of those that do not."""
    past = history(lines(), "dow30")
    market = Market(past, quarter_starts(past.days, LEARNED), LEARNED, 0.25, 0.001, 0.0)
    found = [transferred(market, Run(seed)) for seed in range(HALVES)]
    return {
        "gain": [float(one.gain.sharpe[0]) for one in found if one is not None],
        "proven_better": sum(one.gain.better for one in found if one is not None),
        "proven_worse": sum(one.gain.worse for one in found if one is not None),
    }


def alike() -> dict[str, int]:
    """In how many markets whose assets are all alike any rule is called better than 1/N."""
    proven = 0
    rules = {name: ALLOCATORS.load(name) for name in ALLOCATORS}
    for seed in range(MARKETS):
        rng = np.random.default_rng(seed)
        past = history(price_lines(0.0003 + garch_returns(2000, 5, rng)[0]), "alike")
        market = Market(past, quarter_starts(past.days, LEARNED), LEARNED, 0.4, 0.001, 0.0)
        walks = walked(market, rules, Run(seed))
        walks |= timed_rules(market, walks[BENCHMARK], Run(seed)).walks
        every = {name: walk.returns for name, walk in walks.items()}
        found = against_first(every, market, rng)
        proven += any(one.better for one in found.values())
    return {"markets": MARKETS, "proven": proven}


def written(found: dict[str, Any]) -> str:
    """The table of the page."""
    own = found["dow30"]
    rows = [
        "| Rule | return | volatility | Sharpe ratio | promised | minus 1/N's "
        "| volatility minus 1/N's, points | turnover a quarter |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name in RULES:
        promised = own[f"promised sharpe: {name}"]
        cells = [
            f"{100 * own[f'return: {name}']:.1f} %",
            f"{100 * own[f'volatility: {name}']:.1f} %",
            f"{own[f'sharpe: {name}']:.2f}",
            "" if np.isnan(promised) else f"{promised:.2f}",
            _ends(own, "sharpe", name, 1, 2),
            _ends(own, "volatility", name, 100, 1),
            f"{own[f'turnover: {name}']:.2f}",
        ]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    quarters = int(own["quarters"])
    held = ", ".join(
        f"{name} {int(own[f'quarters exceeded: {name}'])}"
        for name in (BENCHMARK, "minimum variance", "least shortfall")
    )
    gain, null = found["halves"]["gain"], found["alike"]
    beside = _ends(own, "sharpe", "policy beside threshold", 1, 2)
    rows += [
        "",
        f"Of {quarters} quarters, more was lost than foretold in: {held}. Beside the threshold "
        f"rule, the learned policy's Sharpe ratio is {beside}. A start from other shares changed "
        f"that of policies learned from one year by {np.mean(gain):+.2f} in the mean of "
        f"{len(gain)} ways to halve the shares ({min(gain):+.2f} to {max(gain):+.2f}), proven to "
        f"help in {found['halves']['proven_better']}, to harm in "
        f"{found['halves']['proven_worse']}. Of {null['markets']} markets in which no rule can be "
        f"better than 1/N, one was called so in {null['proven']}. The page took "
        f"{own['cpu_seconds']:.0f} seconds of one core.",
    ]
    return "\n".join(rows)


def _ends(own: dict[str, float], what: str, name: str, scale: float, digits: int) -> str:
    if f"{what} difference: {name}" not in own:
        return ""
    ends = (scale * own[f"{what} difference{end}: {name}"] for end in ("", " low", " high"))
    value, low, high = (f"{one:+.{digits}f}" for one in ends)
    return f"{value} ({low} to {high})"


def main() -> None:
    """Measure, keep and write."""
    found = {"dow30": dow30(), "halves": halves(), "alike": alike()}
    RESULTS.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    text = (
        f"<!-- advice:start -->\n`make bench-finance`:\n\n{written(found)}\n\n<!-- advice:end -->"
    )
    page = PAGE.read_text(encoding="utf-8")
    pattern = r"<!-- advice:start -->.*<!-- advice:end -->"
    PAGE.write_text(re.sub(pattern, lambda _: text, page, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()

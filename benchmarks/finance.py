"""Whether losses of real shares were foretold rightly, and whether made markets are like real ones.

    python benchmarks/finance.py

dow30      31 shares, 2006 to 2017: each day of 2008-09, the worst two years, and of 2016-17, calm
           ones, foretold by the days before it alone.
google     A share from 2004 to 2019, which was not looked at when the weights of `fhs` were set.
facts      Five made markets as long as the years to 2015, beside the real one.
known      A hundred simulated markets (GARCH) whose risk is known.

What was measured is kept in benchmarks/results/finance.json and written to docs/recipes.md.
"""

from __future__ import annotations

import json
import re
import time
from typing import Any

import numpy as np
import polars as pl
from halves import ROOT, SHARED
from scipy import stats

from tests.unit.markets.market import garch_returns
from tidemill.markets import FORETELLERS
from tidemill.markets.backtests import backtest
from tidemill.markets.base import FEWEST
from tidemill.markets.history import History, history
from tidemill.markets.likeness import market_facts
from tidemill.supervised.arrays import Floats

PAGE, RESULTS = ROOT / "docs" / "recipes.md", ROOT / "benchmarks" / "results" / "finance.json"
SPANS = {"2008-09": (2008, 2009), "2016-17": (2016, 2017)}
LEVELS = (0.01, 0.05)
REJECTED = 0.05
MARKETS = 100
BEGUN = 500
"""Days of a single share before the first one that is foretold."""


def dow30() -> History:
    """Closing prices."""
    lines = pl.read_parquet(SHARED / "dow30_ohlcv" / "dow30_ohlcv.parquet")
    return history(
        lines.select(asset="Name", time=pl.col("Date").dt.date(), price="Close"), "dow30"
    )


def foretold(past: History) -> dict[str, Any]:
    """How each foreteller did in each span at each level."""
    years = np.array([day.year for day in past.days[1:]])
    first = int(np.flatnonzero(years >= 2008)[0])
    found: dict[str, Any] = {}
    for name in FORETELLERS:
        began = time.process_time()
        for level in LEVELS:
            at_risk, beyond = FORETELLERS.load(name).foretell(past.returns, first, level)
            for span, (start, end) in SPANS.items():
                days = np.flatnonzero((years >= start) & (years <= end))
                own = [
                    _one(
                        past.returns[days, k],
                        at_risk[days - first, k],
                        beyond[days - first, k],
                        level,
                    )
                    for k in range(len(past.assets))
                ]
                found.setdefault(name, {})[f"{span}, {level:.0%}"] = {
                    "hits": float(np.mean([one["hits"] for one in own])),
                    "rejected": int(sum(one["kupiec"] < REJECTED for one in own)),
                    "clustered": int(sum(one["independence"] < REJECTED for one in own)),
                    "fz0": float(np.mean([one["fz0"] for one in own])),
                }
        found[name]["cpu_seconds"] = time.process_time() - began
    return found


def _one(returns: Floats, at_risk: Floats, beyond: Floats, level: float) -> dict[str, float]:
    tested = backtest(100 * returns, 100 * at_risk, 100 * beyond, level)
    return {
        "hits": tested.hits / tested.days,
        "kupiec": tested.kupiec,
        "independence": tested.independence,
        "fz0": tested.score,
    }


def google() -> dict[str, Any]:
    """How each foreteller did on another share, at 1 %."""
    prices = pl.read_parquet(SHARED / "ts_benchmarks" / "timegan_stock.parquet")["Adj_Close"]
    returns = np.diff(np.log(prices.to_numpy()))[:, None]
    found = {}
    for name in FORETELLERS:
        at_risk, beyond = FORETELLERS.load(name).foretell(returns, BEGUN, LEVELS[0])
        found[name] = _one(returns[BEGUN:, 0], at_risk[:-1, 0], beyond[:-1, 0], LEVELS[0])
    return found


def facts(past: History) -> dict[str, Any]:
    """Facts of the years to 2015, and of markets made from them."""
    years = np.array([day.year for day in past.days[1:]])
    returns = past.returns[years <= 2015]
    found: dict[str, Any] = {}
    for name in FORETELLERS:
        if name == "riskmetrics":
            continue  # its volatility has no usual level to return to, and runs away over years
        rng = np.random.default_rng(0)
        made = FORETELLERS.load(name).futures(returns, len(returns), 5, rng)
        for fact in market_facts(returns, made.returns, rng):
            row = found.setdefault(fact.name, {"real": fact.real, "shuffled": fact.floor})
            row[name] = fact.made
            row["halves"] = [fact.half, fact.ceiling]
    return found


def known() -> dict[str, int]:
    """In how many simulated markets as many days as promised lost more."""
    held = dict.fromkeys(FORETELLERS, 0)
    del held["garch"]  # fits what it is simulated by
    for seed in range(MARKETS):
        returns, _ = garch_returns(1500, 1, np.random.default_rng(seed))
        low, high = stats.binom.interval(0.95, len(returns) - FEWEST, 0.01)
        for name in held:
            at_risk, _ = FORETELLERS.load(name).foretell(returns, FEWEST, 0.01)
            held[name] += bool(low <= int((returns[FEWEST:] < at_risk[:-1]).sum()) <= high)
    return held


def written(found: dict[str, Any]) -> str:
    """The tables of the page."""
    lines = [
        "| 31 shares, 1 % | 2008-09: beyond | Kupiec rejects | FZ0 | 2016-17: beyond "
        "| Kupiec rejects | FZ0 |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, own in found["dow30"].items():
        cells = []
        for span in SPANS:
            one = own[f"{span}, 1%"]
            cells += [f"{100 * one['hits']:.2f} %", str(one["rejected"]), f"{one['fz0']:.3f}"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines.append("")
    scores = ", ".join(
        f"{name} {own['fz0']:.3f} ({100 * own['hits']:.2f} %)"
        for name, own in found["google"].items()
    )
    lines.append(
        "The weights of `fhs` were set by hand, with these shares in view. On another share, "
        f"Google from 2004 to 2019, FZ0 and days beyond at 1 % are: {scores}."
    )
    models = [name for name in FORETELLERS if name != "riskmetrics"]
    lines += [
        "",
        f"| Fact, to 2015 | real | {' | '.join(models)} | shuffled days | each half |",
        f"| --- | --- |{' --- |' * (len(models) + 2)}",
    ]
    for name, row in found["facts"].items():
        made = " | ".join(f"{row[model]:.3g}" for model in models)
        halves = " and ".join(f"{one:.3g}" for one in row["halves"])
        lines.append(f"| {name} | {row['real']:.3g} | {made} | {row['shuffled']:.3g} | {halves} |")
    held = ", ".join(f"{name} {count}" for name, count in found["known"].items())
    lines += [
        "",
        f"Of {MARKETS} simulated markets, as many days as promised (95 % of the time, by chance) "
        f"lost more than the 1 % figure in: {held}.",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, keep and write."""
    past = dow30()
    found = {"dow30": foretold(past), "google": google(), "facts": facts(past), "known": known()}
    RESULTS.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    text = (
        f"<!-- finance:start -->\n`make bench-finance`:\n\n{written(found)}\n\n<!-- finance:end -->"
    )
    page = PAGE.read_text(encoding="utf-8")
    pattern = r"<!-- finance:start -->.*<!-- finance:end -->"
    PAGE.write_text(re.sub(pattern, lambda _: text, page, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()

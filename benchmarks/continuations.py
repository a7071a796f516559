"""How well models of series foretell what comes next of real shares.

    python benchmarks/continuations.py

31 shares of dow30, closing prices. Each model learns the days until the end of 2014, and goes on
100 times for ten days from every twentieth day of 2015 to 2017, given the days before. Networks
learn the day's moves in windows of 24, which suits them better than prices; their moves are added
up.

What was measured is kept in benchmarks/results/continuations.json and written to docs/series.md.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Callable

import numpy as np
import polars as pl
from finance import dow30
from halves import ROOT

import tidemill as tm
from tidemill.core.run import Run
from tidemill.markets import FORETELLERS
from tidemill.markets.backtests import fz0
from tidemill.markets.history import History
from tidemill.markets.tails import tail
from tidemill.supervised.arrays import Floats
from tidemill.synthesis.market_choice import crps, energy

PAGE = ROOT / "docs" / "series.md"
RESULTS = ROOT / "benchmarks" / "results" / "continuations.json"
LEARNED, EVERY, STEPS, PATHS = 2015, 20, 10, 100
SHOWN = 60
"""Days before that networks are given."""
NETWORKS = ("autoregressive", "flow", "vae", "gan")
TOGETHER = " together"
"""What the name of a network ends with that learns all shares beside one another."""
LEVEL = 0.05
Futures = Callable[[int], Floats]
"""A day -> (PATHS, STEPS, assets) moves that may follow on it."""


def lines(past: History, days: slice) -> pl.DataFrame:
    """The moves of some days, in hundredths of a percent, a line for each share and day."""
    times = past.days[1:][days]
    moves = (1e4 * past.returns[days]).round(0)
    return pl.concat(
        pl.DataFrame({"asset": name, "day": times, "move": column})
        for name, column in zip(past.assets, moves.T, strict=True)
    )


def of_network(name: str, past: History, end: int, minutes: float) -> Futures:
    """A network of moves."""
    data = tm.read(lines(past, slice(0, end)), entity="asset", time="day")
    options = {"together": "yes" if name.endswith(TOGETHER) else "no"}
    model = tm.fit(
        data,
        model=name.removesuffix(TOGETHER),
        options=options,
        window=24,
        minutes=minutes,
        seed=1,
    )

    def futures(day: int) -> Floats:
        given = lines(past, slice(day - SHOWN, day))
        made = model.extend(given, STEPS, PATHS, seed=day)
        shaped = made["move"].to_numpy().reshape(len(past.assets), PATHS, STEPS) / 1e4
        return np.asarray(shaped.transpose(1, 2, 0))

    return futures


def of_market(name: str, past: History, end: int) -> Futures:
    """A model of prices on one calendar."""
    prices = 1000 * np.exp(np.vstack([np.zeros(len(past.assets)), past.returns]).cumsum(axis=0))

    def table(days: slice) -> pl.DataFrame:
        return pl.concat(
            pl.DataFrame({"asset": asset, "day": past.days[days], "price": column[days]})
            for asset, column in zip(past.assets, prices.T, strict=True)
        )

    data = tm.read(table(slice(0, end + 1)), entity="asset", time="day")
    model = tm.fit(data, model=name, seed=1)

    def futures(day: int) -> Floats:
        made = model.extend(table(slice(0, day + 1)), STEPS, PATHS, seed=day)
        shaped = made["price"].to_numpy().reshape(len(past.assets), PATHS, STEPS)
        level = np.log(
            np.concatenate([np.tile(prices[day][:, None, None], (1, PATHS, 1)), shaped], 2)
        )
        return np.asarray(np.diff(level, axis=2).transpose(1, 2, 0))

    return futures


def of_bootstrap(past: History, end: int) -> Futures:
    """The floor: stretches of the learned days as they were."""
    bootstrap = FORETELLERS.load("bootstrap")

    def futures(day: int) -> Floats:
        return bootstrap.futures(past.returns[:end], STEPS, PATHS, Run(1).rng("b", day)).returns

    return futures


def scored(past: History, starts: list[int], futures: Futures) -> dict[str, float]:
    """The mean scores over the starts."""
    found: dict[str, list[float]] = {}
    for day in starts:
        made, came = futures(day), past.returns[day : day + STEPS]
        low, high = np.quantile(made, [0.05, 0.95], axis=0)
        total, own = 100 * made.sum(axis=1), 100 * came.sum(axis=0)
        at_risk, beyond = tail(100 * made[:, 0], LEVEL)
        one = {
            "crps of a day": crps(100 * made[:, 0], 100 * came[0]),
            "crps of ten days": crps(total, own),
            "energy score of ten days": energy(total, own),
            "inside": float(((came >= low) & (came <= high)).mean()),
            "fz0": float(fz0(100 * came[0], at_risk, np.minimum(beyond, -1e-3), LEVEL).mean()),
        }
        for name, value in one.items():
            found.setdefault(name, []).append(value)
    return {name: float(np.mean(values)) for name, values in found.items()}


def table(found: dict[str, dict[str, float]]) -> str:
    """The page's part."""
    names = next(iter(found.values()))
    heads = {
        "crps of a day": "CRPS, a day",
        "crps of ten days": "CRPS, ten days",
        "energy score of ten days": "energy score, all shares",
        "inside": "inside 90 % bands",
        "fz0": "FZ0, 5 %",
        "cpu_seconds": "CPU seconds",
    }
    rows = [
        "| | " + " | ".join(heads[name] for name in names) + " |",
        "|" + " --- |" * (len(names) + 1),
    ]
    for model, scores in found.items():
        cells = [f"{scores['crps of a day']:.3f}", f"{scores['crps of ten days']:.3f}"]
        cells += [f"{scores['energy score of ten days']:.2f}", f"{scores['inside']:.1%}"]
        cells += [f"{scores['fz0']:.3f}", f"{scores['cpu_seconds']:.0f}"]
        rows.append(f"| {model} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=4.0, help="of learning of a network")
    parser.add_argument("--model", action="append", help="only these, beside what is on file")
    asked = parser.parse_args()
    past = dow30()
    years = np.array([day.year for day in past.days[1:]])
    end = int(np.flatnonzero(years >= LEARNED)[0])
    starts = list(range(end, len(past.returns) - STEPS, EVERY))
    makers: dict[str, Callable[[], Futures]] = {
        "bootstrap (floor)": lambda: of_bootstrap(past, end),
        "fhs": lambda: of_market("fhs", past, end),
        "garch": lambda: of_market("garch", past, end),
    }
    for name in (*NETWORKS, *(f"{name}{TOGETHER}" for name in NETWORKS)):
        makers[name] = lambda name=name: of_network(name, past, end, asked.minutes)
    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name, maker in makers.items():
        if asked.model and name not in asked.model:
            continue
        began = time.process_time()
        found[name] = scored(past, starts, maker())
        found[name]["cpu_seconds"] = time.process_time() - began
        print(name, found[name], flush=True)
        found = {key: found[key] for key in makers if key in found}
        RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    page = PAGE.read_text(encoding="utf-8")
    begin, close = "<!-- continuations -->\n", "<!-- end of continuations -->"
    page = re.sub(
        f"{begin}.*?{close}", lambda _: f"{begin}\n{table(found)}\n\n{close}", page, flags=re.S
    )
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()

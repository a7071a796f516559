"""Whether weekly sales of real shops were forecast rightly, what goes with a price where that is
known, and whether customers' worth was foretold.

    python benchmarks/demand.py

online_retail    Orders of an online shop, December 2010 to December 2011.
completejourney  A sample of a grocer's baskets of 2017, by product, and by category of products.
shuffled         The same items with their weeks in another order, in which nothing can be foreseen.
planted          Made shops whose elasticity is known, and made customers whose worth is.

What was measured is kept in benchmarks/results/demand.json and written to docs/recipes.md.
"""

from __future__ import annotations

import json
import re
import time
from typing import Any

import numpy as np
import polars as pl
from halves import ROOT, SHARED

from tests.unit.customers.buyers import PLANTED, buyer_lines
from tests.unit.demand.shop import priced_sales, sales_lines
from tidemill.core.run import Run
from tidemill.customers import AS_BEFORE as AS_BOUGHT_BEFORE
from tidemill.customers import VALUE_MODELS
from tidemill.customers.judging import backtested_value
from tidemill.customers.purchases import purchases_of
from tidemill.customers.rehearsing import rehearsed_customers
from tidemill.demand import FORECASTERS
from tidemill.demand.backtest import AS_BEFORE, DemandBacktest, backtested
from tidemill.demand.futures import band_coverage
from tidemill.demand.prices import WithinItems, price_within, promotion_within
from tidemill.demand.weeks import ItemWeeks, item_weeks

PAGE, RESULTS = ROOT / "docs" / "recipes.md", ROOT / "benchmarks" / "results" / "demand.json"
HORIZON = 4
SHUFFLES = 20
SHOPS = 100
ELASTICITY = -2.0
SHARE = 0.25
"""Of the time of a table that is the last span."""


def retail() -> pl.DataFrame:
    """Lines of the online shop."""
    return pl.read_parquet(SHARED / "online_retail" / "online_retail.parquet")


def baskets() -> pl.DataFrame:
    """Lines of the grocer."""
    folder = SHARED / "completejourney"
    lines = pl.read_parquet(folder / "transactions_sample.parquet")
    return lines.join(pl.read_parquet(folder / "products.parquet"), on="product_id", how="left")


def sales() -> dict[str, pl.DataFrame]:
    """Lines to be forecast."""
    lines = baskets().with_columns(
        time=pl.col("transaction_timestamp"),
        price=pl.col("sales_value") / pl.col("quantity"),
        promoted=(pl.col("retail_disc") != 0).cast(pl.Float64),
    )
    columns = ("item", "time", "quantity", "price", "promoted")
    return {
        "online_retail": retail().select(
            item="StockCode",
            time="InvoiceDate",
            quantity=pl.col("Quantity").cast(pl.Float64),
            price="UnitPrice",
        ),
        "completejourney, products": lines.with_columns(item="product_id").select(columns),
        "completejourney, categories": lines.with_columns(item="product_category").select(columns),
    }


def bought() -> dict[str, pl.DataFrame]:
    """Lines of customers."""
    return {
        "online_retail": retail().select(
            customer=pl.col("CustomerID").cast(pl.String),
            time="InvoiceDate",
            money=pl.col("Quantity") * pl.col("UnitPrice"),
        ),
        "completejourney": baskets().select(
            customer="household_id", time="transaction_timestamp", money="sales_value"
        ),
    }


def forecast() -> dict[str, Any]:
    """How each forecaster did in the last eight weeks of each shop."""
    found: dict[str, Any] = {}
    for name, lines in sales().items():
        began = time.process_time()
        past = item_weeks(lines, name)
        seen = _judged(past.sold)
        held = band_coverage(seen, np.random.default_rng(0))
        found[name] = {
            "items": len(seen.places),
            "weeks": len(past.weeks),
            "chosen": seen.chosen,
            "rival": seen.rival,
            "errors": {one: seen.mean_error(one) for one in FORECASTERS},
            "to_before": {one: _ratio(seen, one, AS_BEFORE) for one in FORECASTERS},
            "to_rival": {one: _ratio(seen, one, seen.rival) for one in FORECASTERS},
            "better": int(seen.better_than_before().sum()),
            "forecastable": int(seen.forecastable().sum()),
            "bands": held.items,
            "totals": [held.total, held.weeks],
            "price": _within(past, promoted=False),
            "promotion": None if past.promoted is None else _within(past, promoted=True),
            "cpu_seconds": time.process_time() - began,
        }
    return found


def _judged(sold: np.ndarray) -> DemandBacktest:
    seen = backtested(sold, HORIZON, Run(0))
    if seen is None:
        raise ValueError("too few weeks")
    return seen


def _ratio(seen: DemandBacktest, name: str, against: str) -> list[float]:
    return list(seen.ratio(name, against, np.random.default_rng(0)))


def _within(past: ItemWeeks, *, promoted: bool) -> list[float] | str:
    found = promotion_within(past) if promoted else price_within(past)
    if isinstance(found, WithinItems):
        return [found.value, found.low, found.high, found.items]
    return found.sort


def shuffled() -> dict[str, Any]:
    """How many shops of shuffled weeks have an item that is called forecastable."""
    past = item_weeks(sales()["completejourney, categories"], "categories")
    seen = _judged(past.sold)
    sold = past.sold[seen.places]
    sold = sold[~np.isnan(sold).any(axis=1)]
    wrong, rules = 0, 0
    for seed in range(SHUFFLES):
        rng = np.random.default_rng(seed)
        again = _judged(rng.permuted(sold, axis=1))
        wrong += bool(again.forecastable().any())
        ratio = again.ratio(again.chosen, again.rival, rng)
        rules += ratio.high < 1
    return {"shops": SHUFFLES, "items": len(sold), "wrong": wrong, "better_than_rule": rules}


def planted() -> dict[str, Any]:
    """How often the elasticity of made shops lies in its interval, and the bias; the same of the
    purchases of made customers."""
    values, held = [], 0
    for seed in range(SHOPS):
        sold, price = priced_sales(ELASTICITY, np.random.default_rng(seed))
        found = price_within(item_weeks(sales_lines(sold, price=price), "made"))
        if isinstance(found, WithinItems):
            values.append(found.value)
            held += found.low <= ELASTICITY <= found.high
    made = rehearsed_customers(PLANTED, np.linspace(10, 50, 2000), 13.0, SHOPS, Run(0))
    return {
        "shops": SHOPS,
        "elasticity": float(np.mean(values)),
        "elasticity_held": held,
        "customers_off": float(made.off.mean() - 1),
        "customers_held": made.held,
        "customers_totals_held": made.totals_held,
    }


def customers() -> dict[str, Any]:
    """How each model of customers' worth did in the last quarter of each table."""
    found: dict[str, Any] = {}
    tables = {**bought(), "made customers": buyer_lines(3000, 60, np.random.default_rng(0))}
    for name, lines in tables.items():
        began = time.process_time()
        purchases = purchases_of(lines, name)
        span = round(SHARE * (purchases.end - purchases.begin))
        seen = backtested_value(purchases, span, Run(0))
        if seen is None:
            raise ValueError("too few customers")
        judged = seen.judged
        rows = {}
        for model in VALUE_MODELS:
            rows[model] = {
                "share": list(judged.share(model, np.random.default_rng(0))),
                "gain": list(judged.gain(model, AS_BOUGHT_BEFORE, np.random.default_rng(0))),
                "purchases": list(judged.total(model, money=False, rng=np.random.default_rng(0))),
                "money": list(judged.total(model, money=True, rng=np.random.default_rng(0))),
            }
        found[name] = {
            "customers": len(judged.known.place),
            "days": span,
            "chosen": seen.chosen,
            "possible": judged.possible,
            "models": rows,
            "cpu_seconds": time.process_time() - began,
        }
    return found


def written_demand(found: dict[str, Any]) -> str:
    """The tables of the part on demand."""
    lines = [
        "| Last 8 weeks, error in parts of 'as before' | "
        + " | ".join(f"{name} ({one['items']:,} items)" for name, one in found["forecast"].items())
        + " |",
        "| --- |" + " --- |" * len(found["forecast"]),
    ]
    for model in FORECASTERS:
        cells = [
            "1" if model == AS_BEFORE else _interval(one["to_before"][model], 2)
            for one in found["forecast"].values()
        ]
        lines.append(f"| {model} | {' | '.join(cells)} |")
    told = {
        "used": lambda one: one["chosen"],
        "its error in parts of the best rule of thumb": lambda one: (
            f"{_interval(one['to_rival'][one['chosen']], 2)}"
            if one["chosen"] != one["rival"]
            else "it is the best rule"
        ),
        "items for sure better than as before": lambda one: f"{one['better']:,}",
        "of them also better than each rule of thumb": lambda one: f"{one['forecastable']:,}",
        "items' weeks in bands of 90 %": lambda one: f"{100 * one['bands']:.1f} %",
        "weeks whose total is in its band": lambda one: f"{one['totals'][0]} of {one['totals'][1]}",
        "1 % more of a price goes with": lambda one: _coefficient(one["price"]),
        "a promotion goes with": lambda one: _promotion(one["promotion"]),
        "seconds": lambda one: f"{one['cpu_seconds']:.0f}",
    }
    for head, cell in told.items():
        lines.append(f"| {head} | {' | '.join(cell(one) for one in found['forecast'].values())} |")
    null, made = found["shuffled"], found["planted"]
    lines += [
        "",
        f"With the weeks of {null['items']} categories of completejourney shuffled, "
        f"{null['wrong']} of {null['shops']} shops have an item that is called forecastable. An "
        f"elasticity of {ELASTICITY:g} that was planted within items, with dear items selling "
        f"more, is {made['elasticity']:.2f} in the mean, and in its interval for "
        f"{made['elasticity_held']} of {made['shops']} shops.",
    ]
    return "\n".join(lines)


def written_customers(found: dict[str, Any]) -> str:
    """The table of the part on customers."""
    lines = [
        "| Last quarter | Expected by | Money from its best tenth | more than as before, points "
        "| Purchases expected of those that came | Money expected of that which came |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, one in found["customers"].items():
        for model, row in one["models"].items():
            share = [100 * value for value in row["share"]]
            gain = [100 * value for value in row["gain"]]
            totals = [
                _interval([100 * value for value in row[what]], 0)
                for what in ("purchases", "money")
            ]
            more = "–" if model == AS_BOUGHT_BEFORE else _interval(gain, 1)
            lines.append(
                f"| {name} | {model} | {_interval(share, 1)} % | {more} | {totals[0]} % "
                f"| {totals[1]} % |"
            )
    used = ", ".join(f"{name}: {one['chosen']}" for name, one in found["customers"].items())
    most = ", ".join(f"{100 * one['possible']:.1f} %" for one in found["customers"].values())
    made = found["planted"]
    lines += [
        "",
        f"Used, by the quarter before: {used}. The tenth that brought most had {most}. Of "
        f"{made['shops']} shops of made customers, BG/NBD was off by "
        f"{100 * made['customers_off']:+.1f} % of their purchases in the mean; bands of 90 % held "
        f"{100 * made['customers_held']:.1f} % of customers, and all together in "
        f"{made['customers_totals_held']}.",
    ]
    return "\n".join(lines)


def _interval(values: list[float], digits: int) -> str:
    value, low, high = values[:3]
    return f"{value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def _coefficient(found: list[float] | str) -> str:
    if isinstance(found, str):
        return f"refused ({found})"
    return f"{_interval(found, 2)} % of pieces, {found[3]:.0f} items"


def _promotion(found: list[float] | str | None) -> str:
    if found is None:
        return "–"
    if isinstance(found, str):
        return f"refused ({found})"
    return f"{_interval([100 * float(np.expm1(one)) for one in found[:3]], 0)} % more"


def main() -> None:
    """Measure, keep and write."""
    found = {
        "forecast": forecast(),
        "shuffled": shuffled(),
        "planted": planted(),
        "customers": customers(),
    }
    RESULTS.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    for name, text in (("demand", written_demand(found)), ("customers", written_customers(found))):
        part = f"<!-- {name}:start -->\n`make bench-finance`:\n\n{text}\n\n<!-- {name}:end -->"
        pattern = rf"<!-- {name}:start -->.*<!-- {name}:end -->"
        page = re.sub(pattern, lambda _, part=part: part, page, flags=re.DOTALL)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()

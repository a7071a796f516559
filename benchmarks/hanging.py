"""Tables whose columns hang together (dates that follow dates, codes and what they mean, clocks,
sums), learned by `trees`; the other half judges.

    python benchmarks/hanging.py [--again] [--seeds N] [SET ...]

Halves are those of rows, or of persons where several rows are of one. Real half: the learned half
in the place of made rows. Writes results/hanging.json seed by seed, and prints the table.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import polars as pl
from halves import SHARED
from judge import judged
from one_by_one import divisions

import tidemill as tm

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "hanging.json"
MOST = 40_000
"""Of larger tables so many rows are taken, at random."""


def completejourney() -> pl.DataFrame:
    """Lines of baskets with the department of what was bought."""
    lines = pl.read_parquet(SHARED / "completejourney" / "transactions_sample.parquet")
    products = pl.read_parquet(SHARED / "completejourney" / "products.parquet")
    told = products.select("product_id", "department", "brand")
    return lines.join(told, on="product_id", how="inner").drop("basket_id", "product_id")


def parquet(path: str) -> Callable[[], pl.DataFrame]:
    """A table of the shared data."""
    return lambda: pl.read_parquet(SHARED / path)


SETS: dict[str, tuple[Callable[[], pl.DataFrame], str, str | None, tuple[str, ...]]] = {
    "compas": (parquet("compas/compas.parquet"), "two_year_recid", None, ("id",)),
    "rhc": (parquet("rhc/rhc.parquet"), "death", None, ("patient",)),
    "pizzaplace": (parquet("pizzaplace/pizzaplace.parquet"), "price", None, ("id",)),
    "ETTh1": (parquet("ts_benchmarks/ETTh1.parquet"), "OT", None, ()),
    "online_retail": (
        parquet("online_retail/online_retail.parquet"),
        "UnitPrice",
        "CustomerID",
        ("InvoiceNo",),
    ),
    "completejourney": (completejourney, "sales_value", "household_id", ()),
}


def halves(name: str, seed: int) -> tuple[tm.Dataset, tm.Dataset]:
    """The half to learn, and the half that judges."""
    made, target, person, ignore = SETS[name]
    frame, rng = made(), np.random.default_rng(seed)
    if frame.height > MOST:
        frame = frame[np.sort(rng.permutation(frame.height)[:MOST])]
    whose = np.arange(frame.height)
    if person is not None:  # rows of nobody stand for themselves
        number = frame[person].rank("dense").cast(pl.Int64) + frame.height
        whose = np.unique(number.fill_null(pl.Series(whose)), return_inverse=True)[1]
    first = rng.permutation(whose.max() + 1) < (whose.max() + 1) / 2
    leave = [*ignore, *([person] if person else [])]
    data = tm.read(frame.drop(leave), target=target)
    data = data.select([column.name for column in data.schema.modelled])
    sides = [np.flatnonzero(first[whose]), np.flatnonzero(~first[whose])]
    size = min(map(len, sides))
    train, test = (data.rows(np.sort(rng.permutation(side)[:size])) for side in sides)
    return train, test


def measured(name: str, seed: int) -> dict[str, Any]:
    """One division."""
    train, test = halves(name, seed)
    began = time.process_time()
    model = tm.fit(train, seed=seed)
    made = model.sample_dataset(len(train), run=tm.Run(seed + 100))
    took = time.process_time() - began
    return {
        "rows": len(train),
        "columns": len(train.schema.names),
        "seconds": took,
        **judged(train, test, made, seed),
    }


def table(found: dict[str, dict[str, Any]]) -> str:
    """The medians over seeds as a table of the page."""
    head = (
        "table",
        "rows x columns",
        "tree AUC",
        "pair error (real half)",
        "utility (real half)",
        "closeness",
        "CPU s",
    )
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    for name in SETS:
        own = [one for key, one in found.items() if key.rpartition(", ")[0] == name]
        if not own:
            continue

        def told(figure: str, place: int, own: list[dict[str, Any]] = own) -> str:
            values = [one[figure][place] for one in own if one[figure][place] is not None]
            return f"{median(values):.3f}" if values else "-"

        cells = [
            name,
            f"{own[0]['rows']:,} x {own[0]['columns']}",
            told("tree AUC", 1),
            f"{told('pair error', 1)} ({told('pair error', 2)})",
            f"{told('utility', 1)} ({told('utility', 2)})",
            told("closeness", 1),
            f"{median(one['seconds'] for one in own):.0f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure what is not measured yet, and write it down."""
    found = divisions(__doc__, SETS, RESULTS, measured, seeds=3)
    print(table(found))


if __name__ == "__main__":
    main()

"""What filling in costs, beside making new rows: milliseconds of CPU time a cell, and as a ratio.

A tenth of the cells of the first ROWS rows is hidden, and then one column after the other as a
whole. A cell is one missing value drawn once. The ratio is the cost of a filled row to that of a
new one, which is what a faster or slower machine leaves as it is.

    python benchmarks/infill.py TABLE [--rows 2000] [--seed 0]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import polars as pl

import tidemill as tm
from tidemill.synthesis.infilling import FRESH


def seconds(work: Callable[[], object]) -> float:
    """The CPU time that something takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> None:
    """Fit a table, hide cells, and time the filling."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("table")
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    data = tm.read(asked.table)
    model = tm.fit(data, seed=asked.seed)
    names = [column.name for column in model.schema if column.kind not in FRESH]
    rows = data.frame.select(names).head(asked.rows)
    n = len(rows)
    model.infill(rows.head(20).with_columns(pl.lit(None).alias(names[0])))  # loads the trees
    plain = seconds(lambda: model.sample(n)) / n
    print(f"new rows: {1000 * plain:.2f} ms a row")

    def told(what: str, holed: pl.DataFrame) -> None:
        cells = sum(holed.null_count().row(0))
        took = seconds(lambda: model.infill(holed))
        print(
            f"{what}: {1000 * took / cells:.2f} ms a cell, "
            f"a row {took / n / plain:.1f} times a new one"
        )

    rng = np.random.default_rng(asked.seed)
    hidden = {name: rng.random(n) < 0.1 for name in names}
    told(
        "a tenth of the cells",
        rows.with_columns(
            pl.when(pl.Series(~hidden[name])).then(pl.col(name)).alias(name) for name in names
        ),
    )
    for name in names:
        told(name, rows.with_columns(pl.lit(None, rows.schema[name]).alias(name)))


if __name__ == "__main__":
    main()

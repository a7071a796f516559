"""How often `tidemill verdict` finds a gain in rows that cannot help, and in rows that do.

Each repeat draws a small training table from a real one, makes "generated" rows of one sort, and
asks for a verdict (boosted trees and a linear model, all real rows). A gain is found where the
whole 95 % interval lies above 0. Writes the table of docs/verdict.md, and
benchmarks/results/honesty.json after each cell of it, from which it goes on where it was stopped.

    python benchmarks/honesty.py [REPEATS] [--jobs N]
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import polars as pl
from scipy.stats import binom

import tidemill as tm
from tidemill.core.dataset import Dataset
from tidemill.core.verdict import Verdict
from tidemill.demos import load
from tidemill.io.reading import read
from tidemill.trials.verdict import verdict

PAGE = Path(__file__).parents[1] / "docs" / "verdict.md"
RESULTS = Path(__file__).parent / "results" / "honesty.json"
LEARNERS = ("boosting", "logistic")
TRAIN, MADE, MORE, HELD = 200, 400, 1000, 300
RATE = 0.025
"""What is stated: 1 of 40 verdicts of "use them" is wrong where rows do not help."""
REPEATS = 200
FEWER = 4
"""True rows that are withheld need a wider table and more rows; their power is measured in a
quarter of the repeats."""


def noise(train: Dataset, rest: Dataset, rng: np.random.Generator) -> Dataset:
    """Every value drawn evenly between the column's ends, or from its levels; the target too."""

    def column(values: pl.Series) -> pl.Series:
        if values.dtype.is_float():
            return pl.Series(values.name, rng.uniform(values.min(), values.max(), MADE))
        if values.dtype.is_integer():
            return pl.Series(
                values.name, rng.integers(values.min(), values.max() + 1, MADE), values.dtype
            )
        return pl.Series(
            values.name, rng.choice(values.drop_nulls().unique().sort().to_numpy(), MADE)
        )

    return train.with_frame(pl.DataFrame([column(values) for values in train.frame]))


def independent(train: Dataset, rest: Dataset, rng: np.random.Generator) -> Dataset:
    """Each column's own values, in an order of its own."""
    return train.with_frame(
        pl.DataFrame([values[rng.integers(len(train), size=MADE)] for values in train.frame])
    )


def copies(train: Dataset, rest: Dataset, rng: np.random.Generator) -> Dataset:
    """Training rows, drawn with repetition."""
    return train.rows(rng.integers(len(train), size=MADE))


def twins(train: Dataset, rest: Dataset, rng: np.random.Generator) -> Dataset:
    """Training rows of which one column is another row's: nearly copies, of all rows that are
    tested on."""
    base, other = (train.frame[rng.integers(len(train), size=MADE)] for _ in range(2))
    which = rng.integers(len(train.schema) - 1, size=MADE)
    names = [name for name in train.schema.names if name != train.target.name]
    swapped = [
        base[name].zip_with(pl.Series(which != k), other[name]) for k, name in enumerate(names)
    ]
    return train.with_frame(pl.DataFrame([*swapped, base[train.target.name]]))


def withheld(train: Dataset, rest: Dataset, rng: np.random.Generator) -> Dataset:
    """Other real rows: the true distribution."""
    return rest.rows(rng.permutation(len(rest))[:MORE])


Sort = Callable[[Dataset, Dataset, np.random.Generator], Dataset]
SORTS: dict[str, Sort] = {
    "noise": noise,
    "independent columns": independent,
    "copies": copies,
    "near copies": twins,
    "true rows withheld": withheld,
}
MODES = ("holdout", "sampler", "table")


class Making:
    """Makes rows of a sort from what it is shown of the training rows, as a sampler."""

    def __init__(self, sort: Sort, like: Dataset, rest: Dataset, seed: int) -> None:
        self.sort, self.like, self.rest, self.seed = sort, like, rest, seed

    def fit_resample(self, X: pl.DataFrame, y: pl.Series) -> tuple[pl.DataFrame, pl.Series]:
        real = self.like.with_frame(X.with_columns(y))
        made = self.sort(real, self.rest, np.random.default_rng(self.seed))
        both = pl.concat([real.frame, made.frame], how="vertical_relaxed")
        return both.drop(y.name), both[y.name]


def made_up(rows: int, seed: int) -> pl.DataFrame:
    """A truth that few rows do not show: sixty numbers and a category, each of which matters a
    little."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 60)).round(3)
    plan = rng.choice(["solo", "team", "firm"], rows, p=[0.5, 0.3, 0.2])
    logit = x @ np.resize([0.6, -0.6], 60) + (plan == "team") - 2
    frame = pl.DataFrame({f"x{k}": x[:, k] for k in range(60)} | {"plan": plan})
    return frame.with_columns(
        pl.Series("y", np.where(rng.random(rows) < 1 / (1 + np.exp(-logit)), "yes", "no"))
    )


def source(name: str) -> tuple[pl.DataFrame, str]:
    return (made_up(6000, 0), "y") if name == "made-up" else load(name)


CELLS = (
    *(
        ("reader-survey", sort)
        for sort in ("copies", "noise", "independent columns", "near copies")
    ),
    ("made-up", "true rows withheld"),
    ("breast-cancer", "copies"),
)


def once(task: tuple[str, str, str, int]) -> Verdict:
    """One verdict."""
    name, sort, mode, repeat = task
    frame, target = source(name)
    rng = np.random.default_rng([repeat, *name.encode(), *sort.encode()])
    order = rng.permutation(frame.height)
    whole = read(frame, tm.Run(), target=target)
    whole = replace(whole, frame=whole.frame.with_columns(pl.col(pl.String).cast(pl.String)))
    ends = [TRAIN, TRAIN + min(HELD, (len(order) - TRAIN) // 3)]
    train, held, rest = (whole.rows(part) for part in np.split(order, ends))
    made: Any = (
        Making(SORTS[sort], train, rest, repeat)
        if mode == "sampler"
        else SORTS[sort](train, rest, rng)
    )
    return verdict(
        train,
        made,
        tm.Run(repeat),
        learners=LEARNERS,
        shares=(1.0,),
        holdout=held if mode == "holdout" else None,
    )


def measured(name: str, sort: str, mode: str, repeats: int, jobs: int) -> dict[str, Any]:
    """How many intervals lie above 0, and the mean gain."""
    tasks = [(name, sort, mode, repeat) for repeat in range(repeats)]
    if jobs == 1:
        found = list(map(once, tasks))
    else:
        with ProcessPoolExecutor(jobs) as pool:
            found = list(pool.map(once, tasks, chunksize=5))
    return {
        "source": name,
        "sort": sort,
        "mode": mode,
        "repeats": repeats,
        "found": sum(one.low > 0 for one in found),
        "gain": float(np.mean([one.gain for one in found])),
    }


def highest(repeats: int, rate: float = RATE) -> int:
    """As many verdicts as chance gives at most (in 999 of 1,000 cases) where so many are wrong."""
    return int(binom.ppf(0.999, repeats, rate))


def page(results: list[dict[str, Any]], repeats: int) -> str:
    """The table of the page."""
    lines = [
        "| generated rows | from | a table and a holdout | a sampler | a table alone |",
        "|" + " --- |" * 5,
    ]
    for name, sort in dict.fromkeys((one["source"], one["sort"]) for one in results):
        cells = []
        for mode in MODES:
            one = next(
                (r for r in results if (r["source"], r["sort"], r["mode"]) == (name, sort, mode)),
                None,
            )
            cells.append(
                f"{one['found']} of {one['repeats']} ({100 * one['gain']:+.1f})" if one else ""
            )
        lines.append(f"| {sort} | {name} | " + " | ".join(cells) + " |")
    told = [
        f"Gains found (mean gain in points); {TRAIN} real training rows, {MADE} generated ones "
        f"({MORE:,} true rows",
        f"withheld); `python benchmarks/honesty.py {repeats}` makes this table.",
    ]
    return "\n".join([*lines, "", *told])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("repeats", type=int, nargs="?", default=REPEATS)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    done = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []
    results: list[dict[str, Any]] = []
    for mode in MODES:
        for name, sort in CELLS:
            repeats = options.repeats // (FEWER if sort == "true rows withheld" else 1)
            asked = {"source": name, "sort": sort, "mode": mode, "repeats": repeats}
            found = next((one for one in done if asked.items() <= one.items()), None)
            results.append(found or measured(name, sort, mode, repeats, options.jobs))
            print(results[-1], flush=True)
            kept = [*results, *(one for one in done if one not in results)]
            RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    text = PAGE.read_text(encoding="utf-8")
    marked = re.compile(r"(<!-- honesty:start -->\n).*?(<!-- honesty:end -->)", re.DOTALL)
    table = page(results, options.repeats)
    PAGE.write_text(
        marked.sub(lambda match: f"{match[1]}{table}\n{match[2]}", text), encoding="utf-8"
    )


if __name__ == "__main__":
    main()

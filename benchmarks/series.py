"""Series: the discriminative and the predictive score of TimeGAN (Yoon et al. 2019) for models of
this library.

    python benchmarks/series.py --model flow --model autoregressive --minutes 4
    python benchmarks/series.py --set dow30 --model flow
    python benchmarks/series.py --set etth1-64 --set etth1-128 --option steps=600 --minutes 60

stock   The paper's set and protocol: 3,685 days of 6 columns in the order of the file, each brought
        to [0, 1] by its range, cut into all windows of 24 steps; the model learns all of them and
        makes as many; judges compare these. The floor are the windows with every step in a random
        place; the ceiling is one half of the real windows beside the other.
dow30   Log changes of close and volume and the log range of a day of 31 shares, windows of 24 days
        that do not overlap; the model learns those of all days until the end of 2014, and is judged
        by the later ones.
etth1-64, etth1-128
        17,420 hours of a transformer's 7 loads and temperatures (Zhou et al. 2021), each brought to
        [0, 1] by its range, in all windows of 64 or 128 steps, as Diffusion-TS (Yuan and Qiao 2024)
        has them; 2,000 real and 2,000 made windows are judged.

Every window is an entity whose time counts from 0, so all goes through the public functions. Judges
are those of tidemill.metrics.series.judges: the paper's (2,000 and 5,000 steps), and the sharper
one that is shown changes.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

import tidemill as tm
from tidemill.metrics.series.judges import SHARP, discriminative_scores, predictive_scores
from tidemill.metrics.series.windows import Windows

DATA = Path(os.environ.get("TIDEMILL_DATA", Path(__file__).parents[2] / "shared" / "data"))
STEPS = 24
SEEDS = 5
JUDGED = 2000
"""Windows of ETTh1 that are judged."""


@dataclass(frozen=True)
class Task:
    """What is learned, what it is judged by, and a second real sample in the place of the made one:
    (n, steps, features)."""

    names: tuple[str, ...]
    learned: np.ndarray
    judged: np.ndarray
    ceiling: np.ndarray


def stock(rng: np.random.Generator) -> Task:
    frame = pl.read_parquet(DATA / "ts_benchmarks" / "timegan_stock.parquet").cast(pl.Float64)
    values = frame.to_numpy()
    low, high = values.min(axis=0), values.max(axis=0)
    values = ((values - low) / (high - low)).round(6)
    windows = np.stack(
        [values[k : k + STEPS] for k in range(len(values) - STEPS)]
    )  # as in the paper's code
    return Task(tuple(frame.columns), windows, windows, windows[rng.permutation(len(windows))])


def dow30(rng: np.random.Generator) -> Task:
    frame = pl.read_parquet(DATA / "dow30_ohlcv" / "dow30_ohlcv.parquet").drop_nulls()
    frame = (
        frame.filter((pl.col("Low") > 0) & (pl.col("Volume") > 0))
        .sort("Name", "Date")
        .with_columns(
            pl.col("Volume").log().diff().over("Name").round(4).alias("volume"),
            (pl.col("High") / pl.col("Low")).log().round(5).alias("range"),
            pl.col("Close").log().diff().over("Name").round(5).alias("close"),
        )
        .drop_nulls()
    )
    names = ("volume", "range", "close")
    early, late = (
        np.stack(
            [
                share[k : k + STEPS].select(names).to_numpy()
                for _, share in frame.filter(span).group_by("Name", maintain_order=True)
                for k in range(0, share.height - STEPS + 1, STEPS)
            ]
        )
        for span in (pl.col("Date").dt.year() < 2015, pl.col("Date").dt.year() >= 2015)
    )
    return Task(names, early, late, early)


def etth1(steps: int, rng: np.random.Generator) -> Task:
    frame = pl.read_parquet(DATA / "ts_benchmarks" / "ETTh1.parquet").drop("date")
    values = frame.to_numpy()
    low, high = values.min(axis=0), values.max(axis=0)
    values = ((values - low) / (high - low)).round(6)
    windows = np.stack([values[k : k + steps] for k in range(len(values) - steps + 1)])
    order = rng.permutation(len(windows))
    return Task(
        tuple(frame.columns), windows, windows[order[:JUDGED]], windows[order[JUDGED : 2 * JUDGED]]
    )


TASKS = {
    "stock": stock,
    "dow30": dow30,
    "etth1-64": partial(etth1, 64),
    "etth1-128": partial(etth1, 128),
}


def as_table(task: Task) -> pl.DataFrame:
    n, steps, features = task.learned.shape
    flat = task.learned.reshape(n * steps, features)
    return pl.DataFrame(
        {
            "window": np.repeat(np.arange(n), steps),
            "step": np.tile(np.arange(steps), n),
            **{name: flat[:, k] for k, name in enumerate(task.names)},
        }
    )


def judged(task: Task, made: np.ndarray, rng: np.random.Generator) -> dict[str, list[float]]:
    """Figure -> of made, floor and ceiling."""
    mixed = rng.permutation(task.judged.reshape(-1, task.judged.shape[2])).reshape(
        task.judged.shape
    )
    size = len(task.judged) // 2
    # where the real windows themselves are the second sample, one half is judged beside the other
    same = task.learned is task.judged
    real = Windows.whole(task.judged)
    ends = [Windows.whole(part) for part in (made, mixed)]
    apart = (
        (Windows.whole(task.ceiling[:size]), Windows.whole(task.ceiling[size:]))
        if same
        else (real, Windows.whole(task.ceiling))
    )
    judges = {
        "discriminative": partial(discriminative_scores, seeds=SEEDS),
        "discriminative, sharp": partial(discriminative_scores, seeds=SEEDS, classifier=SHARP),
        "predictive": partial(predictive_scores, seeds=SEEDS),
    }
    return {
        name: [*judge(real, ends), *judge(apart[0], [apart[1]])] for name, judge in judges.items()
    }


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--set", choices=[*TASKS], action="append", dest="sets")
    arguments.add_argument("--model", action="append", dest="models")
    arguments.add_argument("--minutes", type=float, default=4.0)
    arguments.add_argument("--option", action="append", default=[], help="KEY=VALUE of the model")
    arguments.add_argument("--seed", type=int, default=0)
    asked = arguments.parse_args()
    options = dict(pair.split("=", 1) for pair in asked.option)
    for name in asked.sets or ["stock"]:
        task = TASKS[name](np.random.default_rng(0))
        data = tm.read(as_table(task), entity="window", time="step")
        for model in asked.models or ["flow"]:
            began = time.monotonic()
            learned = tm.fit(
                data, model=model, options=options, minutes=asked.minutes, seed=asked.seed
            )
            fitted = time.monotonic()
            made = learned.sample(len(task.judged), seed=asked.seed).select(task.names).to_numpy()
            drawn = time.monotonic()
            print(
                f"{name}, {model}: {len(task.learned):,} windows learned in {fitted - began:.0f} s "
                f"({learned.manifest['steps_done']:,} steps), {len(task.judged):,} made in "
                f"{drawn - fitted:.0f} s",
                flush=True,
            )
            rows = made.reshape(-1, *task.learned.shape[1:])
            for figure, (value, floor, ceiling) in judged(
                task, rows, np.random.default_rng(1)
            ).items():
                print(
                    f"  {figure:22} floor {floor:.3f}  made {value:.3f}  real {ceiling:.3f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()

"""Big tables to measure with, the same for the same seed: made in pieces, so that any number of
rows fits in memory.

The columns hang together as in a business table: income follows age, the score follows income, what
is missing says something, heavy tails have zeros, the last visit is never before the first.
`--levels 300000` adds a column of so many categories; `--columns 200` makes a wide table of numbers
and categories that follow a few hidden causes.

    python benchmarks/big.py big.parquet --rows 1000000 [--levels N] [--columns N] [--seed 0]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from tidemill.io.formats.parquet import write

PIECE = 250_000
TARGET = "churn"
CAUSES = 6


def pieces(
    rows: int, *, columns: int = 15, levels: int = 0, seed: int = 0
) -> Iterator[pl.DataFrame]:
    """The table's rows, at most PIECE at a time; each piece has its own random stream."""
    for start in range(0, rows, PIECE):
        rng = np.random.default_rng([seed, start])
        count = min(PIECE, rows - start)
        yield (
            customers(rng, start, count, levels)
            if columns == 15
            else wide(rng, count, columns, seed)
        )


def customers(rng: np.random.Generator, start: int, n: int, levels: int = 0) -> pl.DataFrame:
    """15 mixed columns, and one of many levels where that is asked for."""
    age = np.clip(rng.normal(44, 15, n), 18, 95).astype(np.int64)
    city = ranked(rng, n, 200, 1.1)
    schooling = np.minimum(rng.binomial(5, 0.35, n) + (city < 20), 5)
    income = np.round(
        np.exp(
            rng.normal(9.6, 0.45, n) + 0.22 * schooling + 0.6 * np.exp(-(((age - 48) / 22.0) ** 2))
        ),
        2,
    )
    rated = 560 + 55 * np.log(income / 20_000) + 0.6 * age + rng.normal(0, 45, n)
    score = np.clip(np.rint(rated), 300, 850).astype(np.int64)
    rate = np.round(np.clip(22 - 0.022 * score + rng.normal(0, 0.7, n), 0.5, 24.99), 2)
    plan = (rng.random(n) < chance(np.log(income / 30_000))).astype(np.int64) + (
        rng.random(n) < 0.3 + 0.08 * (age < 30)
    )
    visits = np.where(
        rng.random(n) < 0.25 + 0.1 * (plan == 0),
        0,
        rng.negative_binomial(1.3, 0.08 / (1 + 0.4 * plan), n),
    )
    mobile = rng.random(n) < chance(2.0 - age / 22)
    channel = (ranked(rng, n, 12, 0.8) + 3 * mobile) % 12
    balance = np.where(rng.random(n) < 0.35, 0.0, np.round(rng.pareto(1.8, n) * income / 25, 2))
    joined = 18_993 - np.minimum(rng.gamma(1.5, 500, n), 5000).astype(
        np.int64
    )  # days from 1970 to 2022-01-01
    seen = (joined + np.floor((18_993 - joined) * rng.beta(3, 1, n))) * 86_400 + np.clip(
        rng.normal(15 - 3 * mobile, 4, n), 0, 23.99
    ) * 3600
    basket = np.where(
        visits == 0, np.nan, np.round(np.exp(rng.normal(2.6, 0.6, n) + 0.25 * plan), 2)
    )
    churn = rng.random(n) < chance(
        -1.2 - 0.05 * visits + 0.12 * (rate - 10) + 0.8 * (plan == 0) - 0.6 * (balance > 2000)
    )
    made = {
        "customer": "C" + pl.Series(np.arange(start, start + n)).cast(pl.String).str.zfill(9),
        "age": age,
        "income": income,
        "score": score,
        "rate": rate,
        "balance": balance,
        "visits": visits,
        "basket": pl.Series(basket, nan_to_null=True),
        "joined": pl.Series(joined.astype(np.int32)).cast(pl.Date),
        "seen": pl.Series((seen.astype(np.int64)) * 1_000_000).cast(pl.Datetime("us")),
        "city": named("city", city, 200),
        "plan": pl.Series(["solo", "team", "pro"])[np.minimum(plan, 2)],
        "channel": named("channel", channel, 12),
        "mobile": mobile,
        TARGET: pl.Series(["No", "Yes"])[churn.astype(int)],
    }
    if levels:
        made["merchant"] = named(
            "merchant", (ranked(rng, n, levels, 0.7) + 7 * city) % levels, levels
        )
    return pl.DataFrame(made)


def wide(rng: np.random.Generator, n: int, columns: int, seed: int) -> pl.DataFrame:
    """A target, and by turns a real number, a count, money with zeros, a category and one with
    missing values."""
    weights = np.random.default_rng(seed).normal(size=(columns, CAUSES))  # the same in every piece
    cause = rng.normal(size=(n, CAUSES))
    made: dict[str, pl.Series] = {}
    for at in range(columns - 1):
        signal = cause @ weights[at] / np.sqrt(CAUSES) + rng.normal(0, 0.6, n)
        made[f"column_{at:03}"] = (
            pl.Series(np.round(signal, 3)),
            pl.Series(rng.poisson(np.exp(np.clip(signal, -3, 3)))),
            pl.Series(np.where(signal < -0.4, 0.0, np.round(np.exp(3 + signal), 2))),
            named("level", np.digitize(signal, np.linspace(-2, 2, 3 + at % 17)), 20),
            pl.Series(
                np.where(rng.random(n) < chance(signal - 1), np.nan, np.rint(100 * signal)),
                nan_to_null=True,
            ),
        )[at % 5]
    made[TARGET] = pl.Series(["No", "Yes"])[(rng.random(n) < chance(cause[:, 0] - 1)).astype(int)]
    return pl.DataFrame(made)


def chance(logit: np.ndarray) -> np.ndarray:
    """The logistic function."""
    return 1 / (1 + np.exp(-logit))


def ranked(rng: np.random.Generator, n: int, levels: int, power: float) -> np.ndarray:
    """(n,) levels from 0 on, each as frequent as its rank to the minus ``power``."""
    total = np.cumsum(np.arange(1, levels + 1) ** -power)
    return np.searchsorted(total, rng.random(n) * total[-1])


def named(name: str, code: np.ndarray, levels: int) -> pl.Series:
    """The codes as texts."""
    return pl.Series([f"{name} {k:0{len(str(levels - 1))}}" for k in range(levels)])[code]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=15)
    parser.add_argument("--levels", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()
    with wanted.file.open("wb") as file:
        write(
            pieces(wanted.rows, columns=wanted.columns, levels=wanted.levels, seed=wanted.seed),
            file,
        )


if __name__ == "__main__":
    main()

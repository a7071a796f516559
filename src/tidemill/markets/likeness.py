"""Whether a made market is like the real one: facts that returns of all markets share.

Cont (2001), "Empirical properties of asset returns".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidemill.metrics.series.facts import correlation, facts
from tidemill.supervised.arrays import Floats

FAR = range(40, 61, 5)
"""Lags, in days, at which volatility of two months ago is looked for."""
NEAR = range(1, 11)
TURMOIL = 0.1
"""Share of days, those on which all assets together moved most, that are times of turmoil."""


@dataclass(frozen=True)
class MarketFact:
    """One fact of a market.

    Attributes:
        name: What it is, in words.
        real: Of the real days.
        made: Of the made ones.
        floor: Of the real days in random order, each asset's by itself.
        ceiling: Of the other half of the real days than ``half``.
        half: Of the first half of the real days.
    """

    name: str
    real: float
    made: float
    floor: float
    half: float
    ceiling: float


def market_facts(returns: Floats, made: Floats, rng: np.random.Generator) -> tuple[MarketFact, ...]:
    """Facts of (T, k) real returns and of (paths, T, k) made ones, means over assets."""
    shuffled = np.stack([rng.permutation(column) for column in returns.T], axis=1)
    middle = len(returns) // 2
    told = [_facts(one) for one in (returns, shuffled, returns[:middle], returns[middle:])]
    of_made = np.mean([_facts(path) for path in made], axis=0)
    return tuple(
        MarketFact(name, told[0][k], float(of_made[k]), told[1][k], told[2][k], told[3][k])
        for k, name in enumerate(_NAMES)
    )


_NAMES = (
    "Spread of a day, in percent",
    "Extremes (kurtosis beyond that of a normal distribution)",
    "A day tells the next one (correlation)",
    "Large moves follow large ones (correlation of sizes, two weeks)",
    "They still do after two months",
    "Turmoil follows falls (correlation)",
    "Assets move together",
    "Assets move together in turmoil",
)


def _facts(returns: Floats) -> list[float]:
    rows = [column[None] for column in returns.T]
    sizes = [np.abs(row) for row in rows]
    shapes = [facts(row) for row in rows]
    moved = np.abs(returns).mean(axis=1)
    wild = moved >= np.quantile(moved, 1 - TURMOIL)
    return [
        100 * float(returns.std(axis=0).mean()),
        float(np.mean([one.kurtosis for one in shapes])),
        float(np.mean([correlation(row, row, 1) for row in rows])),
        float(np.mean([correlation(size, size, lag) for size in sizes for lag in NEAR])),
        float(np.mean([correlation(size, size, lag) for size in sizes for lag in FAR])),
        float(np.mean([one.leverage for one in shapes])),
        _together(returns),
        _together(returns[wild]),
    ]


def _together(returns: Floats) -> float:
    """The mean correlation of two assets; NaN of a single one."""
    assets = returns.shape[1]
    if assets < 2 or len(returns) < 3:
        return float("nan")
    z = returns - returns.mean(axis=0)
    z = z / np.maximum(np.sqrt(np.square(z).sum(axis=0)), 1e-300)
    return float((np.square(z.sum(axis=1)).sum() - assets) / (assets * (assets - 1)))

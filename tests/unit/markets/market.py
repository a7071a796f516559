"""A market whose risk is known: a GARCH of several assets that move together."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

OMEGA, ALPHA, BETA = 0.05, 0.08, 0.90


def garch_returns(
    days: int, assets: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """(days, assets) returns in parts, and (days + 1, assets) the volatility of each day, the last
    of the one after."""
    variance = np.full(assets, OMEGA / (1 - ALPHA - BETA))
    returns, volatility = np.empty((days, assets)), np.empty((days + 1, assets))
    for day in range(days):
        volatility[day] = np.sqrt(variance)
        shared, own = rng.normal(), rng.normal(size=assets)
        returns[day] = volatility[day] * (0.6 * shared + 0.8 * own)
        variance = OMEGA + ALPHA * returns[day] ** 2 + BETA * variance
    volatility[days] = np.sqrt(variance)
    return returns / 100, volatility / 100


def price_lines(returns: np.ndarray) -> pl.DataFrame:
    """A line for each asset and working day."""
    prices = 100 * np.exp(np.vstack([np.zeros(returns.shape[1]), np.cumsum(returns, axis=0)]))
    first = dt.date(2010, 1, 4)
    days = [first + dt.timedelta(days=7 * (k // 5) + k % 5) for k in range(len(prices))]
    return pl.concat(
        [
            pl.DataFrame({"asset": f"A{k}", "time": days, "price": column})
            for k, column in enumerate(prices.T)
        ]
    )

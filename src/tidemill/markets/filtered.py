"""Tomorrow is as a day of the past was, by the measure of today's volatility: filtered historical
simulation (Hull and White 1998; Barone-Adesi, Giannopoulos and Vosper 1999)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidemill.markets.base import FEWEST, Futures
from tidemill.markets.historical import STRETCH
from tidemill.markets.tails import tails_before
from tidemill.models.volatility import RISKMETRICS, TINY, Volatility, VolatilityModel, moved
from tidemill.supervised.arrays import Floats
from tidemill.supervised.resampling import drawn_times

MOST = 1000
"""Standardised days whose quantile is taken."""


@dataclass(frozen=True)
class Filtered:
    """Days of the past, each divided by the volatility that was foretold for it, times today's."""

    volatility: Volatility

    def foretell(self, returns: Floats, first: int, level: float) -> tuple[Floats, Floats]:
        """Quantile and mean beyond it of the last 1,000 standardised days, times the volatility
        that is foretold."""
        foretold = np.maximum(self.volatility.foretold(returns), TINY)
        quantile, beyond = tails_before(returns / foretold[:-1], first, level, MOST)
        return quantile * foretold[first:], beyond * foretold[first:]

    def futures(self, returns: Floats, days: int, paths: int, rng: np.random.Generator) -> Futures:
        """Stretches of standardised days, all assets together, times a volatility that moves with
        each path."""
        return filtered_futures(self.volatility, returns, days, paths, rng)


def filtered_futures(
    volatility: VolatilityModel,
    returns: Floats,
    days: int,
    paths: int,
    rng: np.random.Generator,
) -> Futures:
    """The days that follow (T, k) returns: stretches of standardised days of the past, all assets
    together, times a volatility that moves with each path."""
    known = volatility.known(returns)
    foretold = np.maximum(known.volatility, TINY)
    # before so many days what is foretold says little, and the standardised days are wild
    settled = min(FEWEST, len(returns) // 2)
    shocks = (returns / foretold[:-1])[settled:]
    shocks = shocks - shocks.mean(axis=0)
    places = drawn_times(len(shocks), STRETCH, rng, paths, days)
    found = moved(known.at(-1), shocks, places)
    return Futures(found + returns.mean(axis=0), settled + places)


FILTERED = Filtered(Volatility())
RISKMETRICS_FILTERED = Filtered(RISKMETRICS)

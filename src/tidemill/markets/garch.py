"""GJR-GARCH with Student's t, and the past's standardised days: the econometricians' way."""

from __future__ import annotations

import numpy as np

from tidemill.markets.base import Futures
from tidemill.markets.filtered import MOST, filtered_futures
from tidemill.markets.tails import tail
from tidemill.models.garch import GarchVolatility
from tidemill.supervised.arrays import Floats

AGAIN = 250
"""Days after which it is fitted anew."""


class GarchForeteller:
    """Filtered historical simulation on a GJR-GARCH, fitted anew every 250 days."""

    def foretell(self, returns: Floats, first: int, level: float) -> tuple[Floats, Floats]:
        """Quantile and mean beyond it of the last 1,000 standardised days, times the volatility
        that is foretold."""
        days, assets = returns.shape
        found = np.empty((2, days + 1 - first, assets))
        for start in range(first, days + 1, AGAIN):
            volatility = GarchVolatility.fitted(returns[:start]).known(returns).volatility
            shocks = returns / volatility[:-1]
            for day in range(start, min(start + AGAIN, days + 1)):
                both = tail(shocks[max(0, day - MOST) : day], level)
                found[:, day - first] = np.array(both) * volatility[day]
        return found[0], found[1]

    def futures(self, returns: Floats, days: int, paths: int, rng: np.random.Generator) -> Futures:
        """Stretches of standardised days, all assets together, times each one's own volatility."""
        return filtered_futures(GarchVolatility.fitted(returns), returns, days, paths, rng)


GARCH = GarchForeteller()

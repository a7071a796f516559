"""Tomorrow is as one of the last 250 days was: historical simulation, what most banks use."""

from __future__ import annotations

import numpy as np

from tidemill.markets.base import FEWEST, Futures
from tidemill.markets.tails import tails_before
from tidemill.supervised.arrays import Floats
from tidemill.supervised.resampling import drawn_times

STRETCH = 100.0
"""Mean days of a stretch; volatility remembers for months."""


class Historical:
    """Historical simulation."""

    def foretell(self, returns: Floats, first: int, level: float) -> tuple[Floats, Floats]:
        """Quantile and mean beyond it of the last 250 days."""
        return tails_before(returns, first, level, FEWEST)

    def futures(self, returns: Floats, days: int, paths: int, rng: np.random.Generator) -> Futures:
        """Days of the last 250, drawn one by one, all assets together."""
        recent = min(len(returns), FEWEST)
        places = len(returns) - recent + rng.integers(recent, size=(paths, days))
        return Futures(returns[places], places)


class Bootstrap:
    """Stretches of all days so far (Politis and Romano 1994): what a simulator gives that does not
    know what today is like."""

    def foretell(self, returns: Floats, first: int, level: float) -> tuple[Floats, Floats]:
        """Quantile and mean beyond it of all days before."""
        return tails_before(returns, first, level, len(returns))

    def futures(self, returns: Floats, days: int, paths: int, rng: np.random.Generator) -> Futures:
        """Stretches of 100 days in the mean, all assets together."""
        places = drawn_times(len(returns), STRETCH, rng, paths, days)
        return Futures(returns[places], places)


HISTORICAL = Historical()
BOOTSTRAP = Bootstrap()

"""GJR-GARCH with Student's t, and the past's standardised days: the econometricians' way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from arch import arch_model
from scipy import signal

from tidemill.markets.base import Futures
from tidemill.markets.filtered import MOST, TINY
from tidemill.markets.historical import STRETCH
from tidemill.markets.tails import tail
from tidemill.supervised.arrays import Floats
from tidemill.supervised.resampling import drawn_times

AGAIN = 250
"""Days after which it is fitted anew."""


@dataclass(frozen=True)
class Fitted:
    """A GJR-GARCH(1, 1) of one asset (Glosten, Jagannathan and Runkle 1993): the variance is
    ``omega + (alpha + gamma [fall]) return² + beta variance`` of the day before.
    """

    omega: float
    alpha: float
    gamma: float
    beta: float

    @staticmethod
    def of(returns: Floats) -> Fitted:
        """Fitted to (T,) returns by maximum likelihood."""
        scale = float(returns.std()) or 1.0
        model = arch_model(
            returns / scale, mean="Zero", vol="GARCH", p=1, o=1, q=1, dist="t", rescale=False
        )
        found = model.fit(disp="off", show_warning=False).params
        return Fitted(
            float(found["omega"]) * scale**2,
            float(found["alpha[1]"]),
            float(found["gamma[1]"]),
            float(found["beta[1]"]),
        )

    def next_variance(self, returns: Floats, variance: Floats) -> Floats:
        """Of the day after, by a day's return and variance."""
        weight = self.alpha + self.gamma * (returns < 0)
        found: Floats = self.omega + weight * np.square(returns) + self.beta * variance
        return found

    def volatility(self, returns: Floats) -> Floats:
        """(T,) -> (T + 1,) of each day and of the one after the last."""
        first = float(np.square(returns[:20]).mean())
        moved = self.omega + (self.alpha + self.gamma * (returns < 0)) * np.square(returns)
        later, _ = signal.lfilter([1.0], [1.0, -self.beta], moved, zi=[self.beta * first])
        found: Floats = np.sqrt(np.maximum(np.concatenate([[first], later]), TINY**2))
        return found


class Garch:
    """Filtered historical simulation on a GJR-GARCH, fitted anew every 250 days."""

    def foretell(self, returns: Floats, first: int, level: float) -> tuple[Floats, Floats]:
        """Quantile and mean beyond it of the last 1,000 standardised days, times the volatility
        that is foretold."""
        days, assets = returns.shape
        found = np.empty((2, days + 1 - first, assets))
        for k in range(assets):
            for start in range(first, days + 1, AGAIN):
                fitted = Fitted.of(returns[:start, k])
                volatility = fitted.volatility(returns[:, k])
                shocks = returns[:, k] / volatility[:-1]
                for day in range(start, min(start + AGAIN, days + 1)):
                    both = tail(shocks[max(0, day - MOST) : day], level)
                    found[:, day - first, k] = np.array(both) * volatility[day]
        return found[0], found[1]

    def futures(self, returns: Floats, days: int, paths: int, rng: np.random.Generator) -> Futures:
        """Stretches of standardised days, all assets together, times each one's own volatility."""
        found = np.empty((paths, days, returns.shape[1]))
        places = drawn_times(len(returns), STRETCH, rng, paths, days)
        for k in range(returns.shape[1]):
            fitted = Fitted.of(returns[:, k])
            volatility = fitted.volatility(returns[:, k])
            shocks = returns[:, k] / volatility[:-1]
            shocks = shocks - shocks.mean()
            variance = np.full(paths, volatility[-1] ** 2)
            for day in range(days):
                found[:, day, k] = np.sqrt(variance) * shocks[places[:, day]]
                variance = fitted.next_variance(found[:, day, k], variance)
        return Futures(found + returns.mean(axis=0), places)


GARCH = Garch()

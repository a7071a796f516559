"""How much prices move: the volatility of each day, foretold from the days before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import signal

from tidemill.supervised.arrays import Floats

BEGIN = 20
"""Days whose mean square stands for what is not known before the first one."""


@dataclass(frozen=True)
class Volatility:
    """How the variance of a day follows from the returns before it: a weighted mean of squares that
    fade fast, those of falls alone, squares that fade slowly, and their mean over all days before.

    Falls say more of tomorrow than rises do (Black 1976; by semivariances Patton and Sheppard
    2015), and variance returns to its usual level at several paces (Corsi 2009). With ``fast``
    alone this is RiskMetrics (1996).

    Attributes:
        fast, falls, slow, usual: Weights, together 1.
    """

    fast: float = 0.0
    falls: float = 0.4
    slow: float = 0.4
    usual: float = 0.2

    def foretold(self, returns: Floats) -> Floats:
        """(T, k) -> (T + 1, k) the volatility of each day, and of the day after the last, by the
        returns before it.

        Example:
            >>> Volatility(fast=1, falls=0, slow=0, usual=0).foretold(np.ones((2, 1))).tolist()
            [[1.0], [1.0], [1.0]]
        """
        return VolatilityState.of_days(self, returns).volatility


RISKMETRICS = Volatility(fast=1.0, falls=0.0, slow=0.0, usual=0.0)
FAST, FALLS, SLOW = 0.94, 0.9, 0.97
"""By which a day counts less than the one after it."""


@dataclass(frozen=True)
class VolatilityState:
    """What is known of the variance at the end of days, all (..., k).

    Attributes:
        fast, falls, slow: Faded squares.
        usual: The mean square of all days.
    """

    of: Volatility
    fast: Floats
    falls: Floats
    slow: Floats
    usual: Floats

    @staticmethod
    def of_days(of: Volatility, returns: Floats) -> VolatilityState:
        """(T, k) returns -> what is known before each day and after the last, (T + 1, k).

        Before the first day the mean square of the first ones stands for all.
        """
        first = np.square(returns[:BEGIN]).mean(axis=0)
        square, fall = _squares(returns)
        days = np.arange(len(returns) + 1)[:, None]
        total = np.concatenate([np.zeros((1, len(first))), np.cumsum(square, axis=0)])
        return VolatilityState(
            of,
            _faded(square, first, FAST),
            _faded(fall, first, FALLS),
            _faded(square, first, SLOW),
            (total + BEGIN * first) / (days + BEGIN),
        )

    def last(self) -> VolatilityState:
        """What is known after the last day."""
        return VolatilityState(
            self.of, self.fast[-1], self.falls[-1], self.slow[-1], self.usual[-1]
        )

    @property
    def volatility(self) -> Floats:
        """Of the next day."""
        of = self.of
        found: Floats = np.sqrt(
            of.fast * self.fast
            + of.falls * self.falls
            + of.slow * self.slow
            + of.usual * self.usual
        )
        return found

    def then(self, returns: Floats) -> VolatilityState:
        """After one more day, (..., k); the usual level stays."""
        square, fall = _squares(returns)
        return VolatilityState(
            self.of,
            FAST * self.fast + (1 - FAST) * square,
            FALLS * self.falls + (1 - FALLS) * fall,
            SLOW * self.slow + (1 - SLOW) * square,
            self.usual,
        )


def _squares(returns: Floats) -> tuple[Floats, Floats]:
    """The squares of returns, and twice those of falls alone, which are as large in the mean."""
    return np.square(returns), 2 * np.square(np.minimum(returns, 0.0))


def _faded(square: Floats, first: Floats, decay: float) -> Floats:
    """(T, k) -> (T + 1, k) before the first day ``first``, then after each."""
    later, _ = signal.lfilter([1 - decay], [1, -decay], square, axis=0, zi=decay * first[None])
    found: Floats = np.concatenate([first[None], later])
    return found

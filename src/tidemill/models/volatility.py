"""How much prices move: the volatility of each day, foretold from the days before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from tidemill.supervised.arrays import Floats

BEGIN = 20
"""Days whose mean square stands for what is not known before the first one."""
TINY = 1e-9
"""Least volatility: of a price that does not move."""


class VolatilityKnown(Protocol):
    """What is known of how much prices will move, (..., k)."""

    @property
    def volatility(self) -> Floats:
        """Of the next day."""
        ...

    def at(self, days: NDArray[np.int64] | int) -> Self:
        """What was known before these days, of what is known before each one and after the last."""
        ...

    def then(self, returns: Floats) -> Self:
        """After one more day."""
        ...


class VolatilityModel(Protocol):
    """How the volatility of a day follows from the returns before it."""

    def known(self, returns: Floats, first: Floats | None = None) -> VolatilityKnown:
        """(T, k) returns -> what is known before each day and after the last, (T + 1, k).

        Args:
            returns: Of each day.
            first: (k,) the variance before the first day; None for the mean square of the first
                ones.
        """
        ...


def moved(known: VolatilityKnown, shocks: Floats, places: NDArray[np.int64]) -> Floats:
    """(n, days) places of (T, k) shocks -> (n, days, k) returns: a shock of the past, all assets
    together, times a volatility that moves with each of the n paths.

    Args:
        known: What is known of the volatility when they begin, (k,) or (n, k).
        shocks: Returns, each divided by the volatility that was foretold for it.
        places: The day whose shock each one is.
    """
    found = np.empty((*places.shape, shocks.shape[1]))
    for day in range(places.shape[1]):
        found[:, day] = np.maximum(known.volatility, TINY) * shocks[places[:, day]]
        known = known.then(found[:, day])
    return found


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
        return self.known(returns).volatility

    def known(self, returns: Floats, first: Floats | None = None) -> VolatilityState:
        """What is known before each day and after the last, (T + 1, k)."""
        return VolatilityState.of_days(self, returns, first)


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
    def of_days(of: Volatility, returns: Floats, first: Floats | None = None) -> VolatilityState:
        """(T, k) returns -> what is known before each day and after the last, (T + 1, k).

        Before the first day ``first`` stands for all, or the mean square of the first ones.
        """
        if first is None:
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

    def at(self, days: NDArray[np.int64] | int) -> VolatilityState:
        """What was known before these days; -1 for after the last one."""
        return VolatilityState(
            self.of, self.fast[days], self.falls[days], self.slow[days], self.usual[days]
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

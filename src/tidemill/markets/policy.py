"""How much of the money stays in the market and how much in cash: a small policy that is learned in
made futures, and the rule that it has to beat.

The policy is learned as Moody and Saffell (2001), "Learning to trade via direct reinforcement", do:
by the gradient of the Sharpe ratio after costs with regard to its weights, through all its own
decisions. There is no critic and no exploration: the simulator is differentiable.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, signal, special

from tidemill.markets import FORETELLERS
from tidemill.markets.base import Foreteller
from tidemill.supervised.arrays import Floats

GENERATOR = "fhs"
FAST = 0.94
"""By which a step's square counts less than that of the one after it (RiskMetrics 1996)."""
PATHS = 500
"""Futures of a year each in which the policy is learned."""
RISE = 0.4
"""The yearly Sharpe ratio of these futures: what shares of many countries brought over a century,
about (Dimson, Marsh and Staunton 2002). The past's own is no sign of the next years'."""
NEAR = 0.001
"""How much weights are held to those that learning begins with, in Sharpe ratios of a decision."""
SMOOTH = 0.01
"""Changes smaller than this cost less than they would, so that there is a gradient."""
TRIES = 60
SEEN = (
    "volatility above its usual level",
    "trend of the last quarter",
    "fall from the year's peak",
)
"""What the policy looks at, beside what it holds already."""
LEAST = 1e-9


@dataclass(frozen=True)
class Pace:
    """Steps of time: of a year, of a quarter, and between two decisions."""

    year: int
    quarter: int
    decision: int

    @staticmethod
    def of(a_year: float) -> Pace:
        """By the steps of a year: a decision a week, or at each step where steps are longer.

        Example:
            >>> Pace.of(252), Pace.of(12)
            (Pace(year=252, quarter=63, decision=5), Pace(year=12, quarter=3, decision=1))
        """
        year = round(a_year)
        return Pace(year, max(year // 4, 1), max(round(a_year / 52), 1))


@dataclass(frozen=True)
class TimingPolicy:
    """How much stays in the market: a logistic function of what is seen and of what is held.

    Attributes:
        weights: (2 + SEEN,) of 1, of each thing that is seen, and of the share that is held.
    """

    weights: Floats

    def exposure(self, seen: Floats, held: float) -> float:
        """The share that is in the market until the next decision.

        Args:
            seen: (SEEN,) as :func:`seen_at` gives it.
            held: The share until now.
        """
        return float(special.expit(np.concatenate([[1.0], seen, [held]]) @ self.weights))


COLD = TimingPolicy(np.array([1.0, *(0.0 for _ in SEEN), 0.0]))
"""Where learning begins: three quarters in the market, whatever is seen."""

Rule = Callable[[Floats, float], float]
"""(what is seen, share held) -> share until the next decision."""


def threshold(seen: Floats, held: float) -> float:
    """The rule to beat: less in the market where its volatility is above its usual level, so that
    the holdings move as much as usual (a volatility target; Moreira and Muir 2017).

    Example:
        >>> threshold(np.array([np.log(2.0), 0.0, 0.0]), 1.0)
        0.5
    """
    return float(min(1.0, np.exp(-seen[0])))


def seen_at(returns: Floats, places: NDArray[np.int64], pace: Pace) -> Floats:
    """What is seen before each of some steps, by the year before it alone.

    Args:
        returns: (p, T) logarithmic returns.
        places: (n,) steps, at least a year from the beginning.
        pace: Of time.

    Returns:
        (p, n, SEEN).
    """
    square = np.square(returns)
    total = np.concatenate([np.zeros((len(returns), 1)), np.cumsum(square, axis=1)], axis=1)
    worth = np.concatenate([np.zeros((len(returns), 1)), np.cumsum(returns, axis=1)], axis=1)
    begin = square[:, : pace.quarter].mean(axis=1, keepdims=True)
    fast, _ = signal.lfilter([1 - FAST], [1, -FAST], square, axis=1, zi=FAST * begin)
    usual = np.sqrt((total[:, places] - total[:, places - pace.year]) / pace.year)
    usual = np.maximum(usual, LEAST)
    now = np.sqrt(np.maximum(fast[:, places - 1], LEAST**2))
    rise = worth[:, places] - worth[:, places - pace.quarter]
    peak = np.stack([worth[:, one - pace.year : one + 1].max(axis=1) for one in places], axis=1)
    found = [
        np.log(now / usual),
        rise / (usual * np.sqrt(pace.quarter)),
        (worth[:, places] - peak) / (usual * np.sqrt(pace.year)),
    ]
    return np.clip(np.stack(found, axis=-1), -4.0, 4.0)


@dataclass(frozen=True)
class MadeYears:
    """Futures to learn in.

    Attributes:
        seen: (p, n, SEEN) before each decision.
        brought: (p, n) the simple return of the market until the next one.
        cost: Of what is bought or sold, as a share.
    """

    seen: Floats
    brought: Floats
    cost: float

    @staticmethod
    def of(returns: Floats, pace: Pace, cost: float, rng: np.random.Generator) -> MadeYears:
        """Years that may follow (T,) logarithmic returns, at least a year of them."""
        foreteller: Foreteller = FORETELLERS.load(GENERATOR)
        own = returns - returns.mean()
        made = foreteller.futures(own[:, None], pace.year, PATHS, rng).returns[..., 0]
        made = made + RISE * returns.std() / np.sqrt(pace.year)
        known = np.broadcast_to(returns[-pace.year :], (PATHS, pace.year))
        both = np.concatenate([known, made], axis=1)
        places = np.arange(pace.year, 2 * pace.year - pace.decision + 1, pace.decision)
        worth = np.concatenate([np.zeros((PATHS, 1)), np.cumsum(both, axis=1)], axis=1)
        brought = np.expm1(worth[:, places + pace.decision] - worth[:, places])
        return MadeYears(seen_at(both, places, pace), brought, cost)


def learned(years: MadeYears, begun: TimingPolicy = COLD, tries: int = TRIES) -> TimingPolicy:
    """The policy with the largest Sharpe ratio after costs over all futures.

    Args:
        years: The futures.
        begun: Where learning begins, and what it is held to: a policy of other assets for a warm
            start.
        tries: Most steps of learning.
    """
    ones = np.ones((*years.brought.shape, 1))
    inputs = np.concatenate([ones, years.seen], axis=-1)

    def loss(weights: Floats) -> tuple[float, Floats]:
        value, slope = _sharpe_and_slope(weights, inputs, years)
        away = weights - begun.weights
        return -value + NEAR * float(away @ away), -slope + 2 * NEAR * away

    found = optimize.minimize(
        loss, begun.weights, jac=True, method="L-BFGS-B", options={"maxiter": tries}
    )
    return TimingPolicy(np.asarray(found.x, np.float64))


def _sharpe_and_slope(weights: Floats, inputs: Floats, years: MadeYears) -> tuple[float, Floats]:
    """The Sharpe ratio of a decision, over all futures together, and its slope in the weights."""
    paths, decisions = years.brought.shape
    drive = inputs @ weights[:-1]
    held = np.ones((paths, decisions + 1))
    for j in range(decisions):
        held[:, j + 1] = special.expit(drive[:, j] + weights[-1] * held[:, j])
    change = np.diff(held, axis=1)
    size = np.sqrt(np.square(change) + SMOOTH**2)
    gained = held[:, 1:] * years.brought - years.cost * (size - SMOOTH)
    mean, spread = float(gained.mean()), max(float(gained.std()), LEAST)
    by_gain = (1 / spread - mean * (gained - mean) / spread**3) / gained.size
    by_change = -years.cost * by_gain * change / size
    by_held = by_gain * years.brought + by_change
    slope = np.zeros(len(weights))
    later = np.zeros(paths)
    for j in range(decisions - 1, -1, -1):
        by_drive = (by_held[:, j] + later) * held[:, j + 1] * (1 - held[:, j + 1])
        slope[:-1] += by_drive @ inputs[:, j]
        slope[-1] += by_drive @ held[:, j]
        # what is held now is also what the next decision begins with, and is changed from
        later = by_drive * weights[-1] - by_change[:, j]
    return mean / spread, slope


def timed(
    market: Floats, places: NDArray[np.int64], rule: Rule, held: float, pace: Pace
) -> list[float]:
    """The share that is in the market from each decision on.

    Args:
        market: (T,) logarithmic returns; a decision knows those before it.
        places: (n,) steps of decisions.
        rule: What decides.
        held: The share before.
        pace: Of time.
    """
    shares = []
    for seen in seen_at(market[None], places, pace)[0]:
        held = rule(seen, held)
        shares.append(held)
    return shares

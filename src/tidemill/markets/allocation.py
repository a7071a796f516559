"""How money is shared out among assets: the rules that need no optimiser, and which assets are
dominated by others."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from tidemill.supervised.arrays import Bools, Floats

ALIKE = 0.95
"""Two assets that correlate by so much stand in for each other."""
PROVEN = 4.0
"""By so many standard errors one of them must have brought more than the other: all pairs are
looked at, so that 2 would often be chance."""
TINY = 1e-9
AS_WILD = 0.98
"""The dominated one moves at least so many times as much as the other."""


class Allocator(Protocol):
    """A rule that says how much of the money is held in each asset."""

    def weights(self, returns: Floats, most: float, steps: int, rng: np.random.Generator) -> Floats:
        """(k,) weights, not below 0 and together 1.

        Args:
            returns: (T, k) logarithmic returns of the past, all that the rule knows.
            most: The largest weight, at least 1 / k.
            steps: For how many steps of time they are held.
            rng: For rules that draw futures.
        """
        ...


class Equal(Allocator):
    """As much of each asset: 1/N, which no rule beats reliably (DeMiguel, Garlappi and Uppal
    2009)."""

    def weights(self, returns: Floats, most: float, steps: int, rng: np.random.Generator) -> Floats:
        assets = returns.shape[1]
        return np.full(assets, 1 / assets)


class InverseVolatility(Allocator):
    """The less of an asset, the more its price moves."""

    def weights(self, returns: Floats, most: float, steps: int, rng: np.random.Generator) -> Floats:
        return capped(1 / np.maximum(returns.std(axis=0), TINY), most)


EQUAL = Equal()
INVERSE_VOLATILITY = InverseVolatility()


def capped(wanted: Floats, most: float) -> Floats:
    """Weights in the proportions that are wanted, but none above the largest: what is too much of
    one goes to the others.

    Args:
        wanted: (k,) above 0.
        most: At least 1 / k.

    Example:
        >>> capped(np.array([6.0, 1.0, 1.0]), 0.5).tolist()
        [0.5, 0.25, 0.25]
    """
    weights = wanted / wanted.sum()
    full = np.zeros(len(weights), bool)
    while (weights > most + 1e-12).any():
        full |= weights > most
        weights = np.where(full, most, weights)
        left = 1 - most * full.sum()
        rest = ~full
        if not rest.any() or left <= 0:
            return np.full(len(weights), 1 / len(weights))
        weights[rest] = wanted[rest] / wanted[rest].sum() * left
    return weights


def undominated(returns: Floats) -> Bools:
    """(k,) which assets no other one dominates: by moving alike, no more, and bringing more, beyond
    chance, as a share class with lower fees does.

    Args:
        returns: (T, k) logarithmic returns.

    Example:
        >>> cheap = np.random.default_rng(0).normal(0, 0.01, 300)
        >>> undominated(np.stack([cheap, cheap - 0.0001], axis=1)).tolist()
        [True, False]
    """
    days, assets = returns.shape
    centred = returns - returns.mean(axis=0)
    spread = np.sqrt(np.square(centred).mean(axis=0))
    together = (centred.T @ centred) / days
    scale = np.maximum(spread[:, None] * spread, TINY**2)
    mean = returns.mean(axis=0)
    apart = np.square(spread)[:, None] + np.square(spread) - 2 * together
    error = np.sqrt(np.maximum(apart, 0.0) / days)
    more = mean[:, None] - mean  # of the row's asset over the column's
    better = (together / scale > ALIKE) & (more > np.maximum(PROVEN * error, TINY))
    better &= spread >= AS_WILD * spread[:, None]
    np.fill_diagonal(better, val=False)
    found: Bools = ~better.any(axis=0)
    return found if found.any() else np.ones(assets, bool)

"""How much may be lost over years, how sure that is, and how much of the money may be in the market
so that no more is lost than is borne."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidemill.core.run import Run
from tidemill.markets import FORETELLERS
from tidemill.markets.base import Foreteller
from tidemill.markets.historical import STRETCH
from tidemill.supervised.arrays import Floats
from tidemill.supervised.resampling import drawn_times

LEVEL = 0.05
"""The chance that more is lost."""
FUTURES = 1000
REFITS = 50
"""Pasts that might have been, by which the generator is fitted anew."""
REFIT_FUTURES = 400
CAREFUL = 0.9
"""The part of the refitted generators that foretell no larger loss than the one that counts."""
ERRORS = 1.645
"""Standard errors that count for drawing only so many futures."""
FALLEN = 1.96
"""A fall by so many standard errors is beyond chance."""
RECENT = 0.5
"""Years at the end of each past that stay as they were, so that today is known."""
GENERATOR = "fhs"


@dataclass(frozen=True)
class HorizonLosses:
    """What m allocations may lose that are wholly in the market; losses are shares above 0.

    Attributes:
        loss: (m,) more is lost with 5 % chance.
        beyond: (m,) and then so much in the mean.
        refitted: (REFITS, m) the loss by each refitted generator.
        outcomes: (FUTURES, m) what each future brings, as a share.
    """

    loss: Floats
    beyond: Floats
    refitted: Floats
    outcomes: Floats

    @property
    def careful(self) -> Floats:
        """(m,) the loss at the careful end: that of most refitted generators, and no less than the
        one that as many other futures would hardly exceed."""
        chance = LEVEL - ERRORS * np.sqrt(LEVEL * (1 - LEVEL) / len(self.outcomes))
        drawn = -np.quantile(self.outcomes, chance, axis=0)
        return np.maximum(drawn, np.quantile(self.refitted, CAREFUL, axis=0))


def horizon_losses(
    returns: Floats, steps: int, a_year: float, rise: float, rng: np.random.Generator
) -> HorizonLosses:
    """What allocations may lose over some steps.

    Rises of the past are left out: prices are taken to rise by ``rise`` a year in the mean, for
    what rose is no sign of what will (Merton 1980: a mean is known by the years, not by the days).
    Only falls beyond chance are taken to go on; see :func:`yearly_drift`.
    Each refitted generator learns from stretches of the past that are drawn again, followed by its
    last months as they were.

    Args:
        returns: (T, m) logarithmic returns of allocations.
        steps: Of the horizon.
        a_year: Steps of a year.
        rise: The yearly mean return of every allocation, as a share.
        rng: Draws the futures.
    """
    drift = yearly_drift(returns, a_year, rise)
    outcomes = made_outcomes(returns, steps, a_year, drift, FUTURES, rng)
    recent = min(round(RECENT * a_year), len(returns) // 4)
    earlier = len(returns) - recent
    losses = []
    for own in drawn_times(earlier, STRETCH, rng, REFITS):
        past = np.concatenate([returns[own], returns[earlier:]])
        losses.append(_lost(made_outcomes(past, steps, a_year, drift, REFIT_FUTURES, rng)))
    loss = _lost(outcomes)
    beyond = [
        float(-column[column <= -cut].mean()) if (column <= -cut).any() else float(cut)
        for column, cut in zip(outcomes.T, loss, strict=True)
    ]
    return HorizonLosses(loss, np.array(beyond), np.stack(losses), outcomes)


def yearly_drift(returns: Floats, a_year: float, rise: float) -> Floats:
    """(m,) by how much (T, m) logarithmic returns of allocations are taken to rise a year: by what
    is assumed, but where they fell beyond chance, as they did.

    Example:
        >>> falls = np.random.default_rng(0).normal(-0.002, 0.01, size=(1000, 1))
        >>> bool(yearly_drift(falls, 252, 0.0)[0] < -0.3), yearly_drift(-falls, 252, 0.0).tolist()
        (True, [0.0])
    """
    simple = np.expm1(returns)
    mean, error = simple.mean(axis=0), simple.std(axis=0) / np.sqrt(len(simple))
    fell = mean + FALLEN * error < 0
    found: Floats = np.where(fell, np.minimum(np.expm1(a_year * np.log1p(mean)), rise), rise)
    return found


def made_outcomes(
    returns: Floats, steps: int, a_year: float, drift: Floats, paths: int, rng: np.random.Generator
) -> Floats:
    """(paths, m) what futures of allocations bring, as shares; see :func:`horizon_losses`."""
    foreteller: Foreteller = FORETELLERS.load(GENERATOR)
    level = returns - np.log(np.exp(returns).mean(axis=0)) + np.log1p(drift) / a_year
    found: Floats = np.expm1(foreteller.futures(level, steps, paths, rng).returns.sum(axis=1))
    return found


def _lost(outcomes: Floats) -> Floats:
    """(m,) the loss that is exceeded with 5 % chance; below 0 for a gain."""
    found: Floats = -np.quantile(outcomes, LEVEL, axis=0)
    return found


def share_in_market(bound: float, loss: float, interest: float) -> float:
    """The share of the money that may be in the market; the rest is in cash and stays there.

    Args:
        bound: What may be lost, as a share of all the money.
        loss: What the market's share may lose, as a share of it.
        interest: What cash brings over the same time, as a share.

    Example:
        >>> share_in_market(0.15, 0.3, 0.0), share_in_market(0.15, 0.1, 0.0)
        (0.5, 1.0)
    """
    lost = loss + interest
    if lost <= 0:
        return 1.0
    return min(1.0, (bound + interest) / lost)


@dataclass(frozen=True)
class HeldBound:
    """Whether foretold losses of quarters were right.

    Attributes:
        foretold: (Q, m) the loss of each quarter, at the careful end.
        came: (Q, m) what the quarter brought, as a share.
    """

    foretold: Floats
    came: Floats

    @property
    def exceeded(self) -> Floats:
        """(m,) in how many quarters more was lost."""
        found: Floats = (self.came < -self.foretold).sum(axis=0).astype(np.float64)
        return found


def quarters_foretold(
    returns: Floats,
    weights: Floats,
    quarters: list[tuple[int, int]],
    a_year: float,
    rise: float,
    run: Run,
) -> Floats:
    """(Q, m) the loss of each quarter that is foretold by all days before it alone.

    Args:
        returns: (T, k) of assets.
        weights: (Q, m, k) of the allocations in each quarter.
        quarters: The first step of each, and the one after its last.
        a_year: Steps of a year.
        rise: As in :func:`horizon_losses`.
        run: Progress, and random streams.
    """
    found = []
    told = "foretelling the loss of each quarter"
    for k, (start, end) in enumerate(run.track(quarters, "advice", told)):
        own = held_past(returns[:start], weights[k])
        rng = run.rng("advice", "quarters", str(k))
        found.append(horizon_losses(own, end - start, a_year, rise, rng).careful)
    return np.stack(found)


def held_past(returns: Floats, weights: Floats) -> Floats:
    """(T, m) logarithmic returns of allocations whose weights are the same at each step.

    Args:
        returns: (T, k) of assets.
        weights: (m, k).
    """
    found: Floats = np.log1p(np.expm1(returns) @ weights.T)
    return found

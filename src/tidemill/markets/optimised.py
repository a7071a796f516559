"""Rules that solve for the best weights, by skfolio."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np
from skfolio import RiskMeasure
from skfolio.moments import LedoitWolf
from skfolio.optimization import MeanRisk, ObjectiveFunction
from skfolio.prior import EmpiricalPrior, SyntheticData
from sklearn.base import BaseEstimator

from tidemill.markets import FORETELLERS
from tidemill.markets.allocation import Allocator
from tidemill.markets.base import Foreteller
from tidemill.supervised.arrays import Floats

FUTURES = 1000
"""Futures whose worst ones are made as mild as can be."""
GENERATOR = "fhs"
WORST = 0.05
"""The share of futures that are the worst."""
LEAST = 1e-12
LEAST_MEAN = 0.001
"""A mean in parts of the usual move that is no more than this is none."""
ROUNDING = 1e-6
EVEN = 0.01
"""How much evenness counts, in parts of an asset's own risk: of weights that are as good, the most
even ones are taken, so that assets that are alike are held alike."""


class MinimumVariance(Allocator):
    """The weights that moved least in the past, by a covariance that is shrunk (Ledoit and Wolf
    2004)."""

    def weights(self, returns: Floats, most: float, steps: int, rng: np.random.Generator) -> Floats:
        prior = EmpiricalPrior(covariance_estimator=LedoitWolf())
        return _solved(
            MeanRisk(prior_estimator=prior, max_weights=most, l2_coef=EVEN),
            _in_usual_moves(returns),
        )


class MeanVariance(Allocator):
    """The largest ratio of mean to volatility in the past (Markowitz 1952), by the means as they
    were; where no weights had a mean above 0, the least volatility."""

    def weights(self, returns: Floats, most: float, steps: int, rng: np.random.Generator) -> Floats:
        simple = _in_usual_moves(returns)
        if _largest_mean(simple, most) <= LEAST_MEAN:
            return MINIMUM_VARIANCE.weights(returns, most, steps, rng)
        prior = EmpiricalPrior(covariance_estimator=LedoitWolf())
        ratio = MeanRisk(
            objective_function=ObjectiveFunction.MAXIMIZE_RATIO,
            prior_estimator=prior,
            max_weights=most,
        )
        return _solved(ratio, simple)


@dataclass
class MadeFutures(BaseEstimator):  # type: ignore[misc]
    """What skfolio's ``SyntheticData`` takes as a distribution: a foreteller's futures, each as
    what every asset brings over the time for which weights are held, in parts of the usual move.

    Attributes:
        steps: Of that time.
        rng: Draws them.
        random_state: By which skfolio moves what never moves.
    """

    steps: int = 1
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    random_state: int = 0

    def fit(self, X: Floats, y: None = None) -> MadeFutures:
        """Keep the (T, k) logarithmic returns of the past. Means are left out: which asset rose is
        no sign of which will."""
        logs = np.asarray(X, np.float64)
        self.past_ = logs - logs.mean(axis=0)
        return self

    def sample(self, n_samples: int = FUTURES) -> Floats:
        """(n_samples, k) what each asset brings over all steps."""
        foreteller: Foreteller = FORETELLERS.load(GENERATOR)
        made = foreteller.futures(self.past_, self.steps, n_samples, self.rng)
        found: Floats = np.expm1(made.returns.sum(axis=1))
        return _in_parts(found - found.mean(axis=0))


class LeastShortfall(Allocator):
    """The weights whose worst futures are mildest: least conditional value at risk over made
    futures (Rockafellar and Uryasev 2000)."""

    def weights(self, returns: Floats, most: float, steps: int, rng: np.random.Generator) -> Floats:
        made = SyntheticData(
            distribution_estimator=MadeFutures(steps=steps, rng=rng), n_samples=FUTURES
        )
        found = MeanRisk(
            risk_measure=RiskMeasure.CVAR,
            cvar_beta=1 - WORST,
            prior_estimator=made,
            max_weights=most,
            l2_coef=EVEN,
        )
        return _solved(found, returns)


MINIMUM_VARIANCE = MinimumVariance()
MEAN_VARIANCE = MeanVariance()
LEAST_SHORTFALL = LeastShortfall()


def _in_usual_moves(returns: Floats) -> Floats:
    """(T, k) logarithmic returns as simple ones in parts of the usual move, which solvers take
    well; weights are the same."""
    return _in_parts(np.expm1(returns))


def _in_parts(simple: Floats) -> Floats:
    found: Floats = simple / max(float(simple.std(axis=0).mean()), LEAST)
    return found


def _largest_mean(simple: Floats, most: float) -> float:
    """The largest mean of any weights that are allowed."""
    left, found = 1.0, 0.0
    for mean in np.sort(simple.mean(axis=0))[::-1]:
        weight = min(most, left)
        found += weight * float(mean)
        left -= weight
    return found


def _solved(model: MeanRisk, returns: Floats) -> Floats:
    """The weights of a model, without the solver's rounding errors."""
    with warnings.catch_warnings():
        # of assets that are alike the covariance is singular, which skfolio mends and tells
        warnings.filterwarnings("ignore", "The covariance matrix is not positive", UserWarning)
        found = np.maximum(np.asarray(model.fit(returns).weights_, np.float64), 0.0)
    found[found < ROUNDING] = 0.0
    return found / found.sum()

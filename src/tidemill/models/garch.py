"""Series on one calendar, all entities together, each with a volatility fitted to it
(GJR-GARCH)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from arch import arch_model
from numpy.typing import NDArray
from scipy import signal

from tidemill.core.checked_arrays import reals
from tidemill.core.grid import Spec
from tidemill.core.run import Run
from tidemill.models.base import State
from tidemill.models.fhs import Fhs
from tidemill.models.volatility import BEGIN, TINY
from tidemill.supervised.arrays import Floats

WEIGHTS = 4
"""Numbers that a fit has: omega, alpha, gamma and beta."""


@dataclass(frozen=True)
class GarchVolatility:
    """A GJR-GARCH(1, 1) of each asset (Glosten, Jagannathan and Runkle 1993): the variance is
    ``omega + (alpha + gamma [fall]) return² + beta variance`` of the day before.

    Attributes:
        weights: (WEIGHTS, k).
    """

    weights: Floats

    @staticmethod
    def fitted(returns: Floats) -> GarchVolatility:
        """To (T, k) returns, each asset by itself, by maximum likelihood with Student's t."""
        return GarchVolatility(np.stack([_fitted(column) for column in returns.T], axis=1))

    def known(self, returns: Floats, first: Floats | None = None) -> GarchState:
        """What is known before each day and after the last, (T + 1, k)."""
        if first is None:
            first = np.square(returns[:BEGIN]).mean(axis=0)
        omega, alpha, gamma, beta = self.weights
        added = omega + (alpha + gamma * (returns < 0)) * np.square(returns)
        variance = np.empty((len(returns) + 1, returns.shape[1]))
        variance[0] = first
        for k in range(returns.shape[1]):
            begin = [beta[k] * first[k]]
            variance[1:, k], _ = signal.lfilter([1.0], [1.0, -beta[k]], added[:, k], zi=begin)
        return GarchState(self, np.maximum(variance, TINY**2))


@dataclass(frozen=True)
class GarchState:
    """What is known of the variance at the end of days, (..., k)."""

    of: GarchVolatility
    variance: Floats

    @property
    def volatility(self) -> Floats:
        """Of the next day."""
        found: Floats = np.sqrt(self.variance)
        return found

    def at(self, days: NDArray[np.int64] | int) -> GarchState:
        """What was known before these days; -1 for after the last one."""
        return replace(self, variance=self.variance[days])

    def then(self, returns: Floats) -> GarchState:
        """After one more day."""
        omega, alpha, gamma, beta = self.of.weights
        weight = alpha + gamma * (returns < 0)
        variance = omega + weight * np.square(returns) + beta * self.variance
        return replace(self, variance=np.maximum(variance, TINY**2))


def _fitted(returns: Floats) -> Floats:
    """(T,) returns -> (WEIGHTS,)."""
    scale = float(returns.std())
    if scale < TINY:  # what never moves has nothing to be fitted
        return np.array([TINY**2, 0.0, 0.0, 0.0])
    model = arch_model(
        returns / scale, mean="Zero", vol="GARCH", p=1, o=1, q=1, dist="t", rescale=False
    )
    found = model.fit(disp="off", show_warning=False).params
    names = ("omega", "alpha[1]", "gamma[1]", "beta[1]")
    omega, alpha, gamma, beta = (float(found[name]) for name in names)
    return np.array([omega * scale**2, alpha, gamma, beta])


class Garch(Fhs):
    """As :class:`~tidemill.models.fhs.Fhs`, with a GJR-GARCH that is fitted to what wanders, each
    by itself: its volatility hardly comes back to its usual level, and runs away over years.
    """

    volatility: GarchVolatility

    def _learn(self, run: Run) -> None:
        wandering = self.courses.returns
        with run.stage("fit", "fitting volatilities", total=wandering.shape[1]) as stage:
            found = []
            for column in wandering.T:
                run.check()
                found.append(_fitted(column))
                stage.advance()
        self.volatility = GarchVolatility(np.array(found).reshape(-1, WEIGHTS).T)

    def to_state(self) -> State:
        document, arrays = super().to_state()
        return document, arrays | {"weights": np.ascontiguousarray(self.volatility.weights)}

    @classmethod
    def from_state(
        cls, spec: Spec, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> Self:
        model = super().from_state(spec, document, arrays)
        shape = (WEIGHTS, model.courses.returns.shape[1])
        weights = reals(arrays, "weights", np.float64, shape)
        if (weights[0] < 0).any() or (weights[3] < 0).any() or (weights[3] >= 1).any():
            raise ValueError("the volatility runs away")
        model.volatility = GarchVolatility(weights)
        return model

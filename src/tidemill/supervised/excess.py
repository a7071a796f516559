"""How much better an attack does on training rows than on rows that the generator never saw."""

from __future__ import annotations

import math
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.supervised.auc import NORMAL_95, Auc

_Z2 = NORMAL_95**2


class Excess(NamedTuple):
    """What an attack gains on training rows, of all that it could gain beyond its success on unseen
    rows.

    Attributes:
        value: 0 where training rows are attacked no better than unseen ones, 1 where every attack
            on them succeeds.
        error: Its standard error.
    """

    value: float
    error: float

    def end(self, errors: float) -> float:
        """The value plus so many standard errors (minus, where negative)."""
        return self.value + errors * self.error


class Rate(NamedTuple):
    """A success rate by Wilson's score interval (1927): its centre, and half its width at 95 % in
    standard errors."""

    value: float
    error: float


def rate(successes: int, attempts: int) -> Rate:
    """The rate at which attempts succeed; an interval of it is honest also near 0 and 1.

    Example:
        >>> [round(x, 4) for x in rate(0, 100)]
        [0.0185, 0.0094]
    """
    whole = attempts + _Z2
    spread = sqrt(successes * (attempts - successes) / attempts + _Z2 / 4)
    return Rate((successes + _Z2 / 2) / whole, spread / whole)


def of_rates(training: Rate, control: Rate) -> Excess:
    """The risk of Giomi et al. (2023): (attack rate - control rate) / (1 - control rate), its
    errors propagated.

    Example:
        >>> of_rates(rate(50, 100), rate(50, 100)).value
        0.0
    """
    left = 1 - control.value
    by_training = training.error / left
    by_control = control.error * (1 - training.value) / left**2
    return Excess((training.value - control.value) / left, sqrt(by_training**2 + by_control**2))


def of_hits(training: NDArray[np.bool_], control: NDArray[np.bool_]) -> Excess:
    """The same of which attacks succeeded, one a row; neither empty. Sure is only what Fisher's
    exact test holds to be."""
    from scipy.stats import hypergeom

    hits, control_hits = int(training.sum()), int(control.sum())
    gain = of_rates(rate(hits, len(training)), rate(control_hits, len(control)))
    everybody = len(training) + len(control)
    chance = hypergeom.sf(hits - 1, everybody, hits + control_hits, len(training))
    return at_least(gain, float(chance))


def at_least(gain: Excess, chance: float) -> Excess:
    """A gain whose error is no less than an exact test tells: the chance of such a gain where
    nothing leaks, one-sided.

    Errors propagated through a ratio are too small in the tails, where a light is decided.
    """
    from scipy.stats import norm

    errors = float(norm.isf(chance))
    if not 1 < errors < math.inf:
        return gain
    return Excess(gain.value, max(gain.error, gain.value / errors))


def of_auc(area: Auc) -> Excess:
    """The attacker's advantage 2 AUC - 1: how much more often than by a toss training rows are
    ranked first, doubled."""
    return Excess(2 * area.value - 1, 2 * area.error)

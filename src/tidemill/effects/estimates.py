"""How far an outcome differs between treated and untreated rows, by estimators that adjust in
different ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from tidemill.effects.nuisances import Nuisances
from tidemill.effects.study import Study
from tidemill.supervised.arrays import Floats
from tidemill.supervised.auc import NORMAL_95


@dataclass(frozen=True)
class Effect:
    """A mean difference.

    Attributes:
        mean: It.
        error: Its standard error.
        parts: (n,) what each row adds, whose mean it is: their spread is the error, and that of
            two estimators' difference the error of this one.
        width: Standard errors to either side of the 95 % interval.
    """

    mean: float
    error: float
    parts: Floats
    width: float = NORMAL_95

    @property
    def low(self) -> float:
        """The lower end of the 95 % interval."""
        return self.mean - self.width * self.error

    @property
    def high(self) -> float:
        """The upper end of the 95 % interval."""
        return self.mean + self.width * self.error

    def of_several(self, several: int) -> Effect:
        """The same, one of several whose intervals are all to hold at once: the best of them is
        looked at, and is mostly the one that chance helped (Bonferroni)."""
        from scipy.stats import norm

        return replace(self, width=float(norm.ppf(1 - 0.025 / several)))


def mean_of(parts: Floats, whose: NDArray[np.int64], weight: Floats | None = None) -> Effect:
    """The mean of what rows add, the error that of a mean over persons.

    Args:
        parts: (n,).
        whose: (n,) which person each row is of.
        weight: (n,) how much each counts; None for all alike.

    Example:
        >>> found = mean_of(np.array([1.0, 3.0]), np.array([0, 1]))
        >>> found.mean, round(found.error, 3)
        (2.0, 1.0)
    """
    weight = np.ones(len(parts)) if weight is None else weight
    mean = float(np.average(parts, weights=weight))
    off = weight * (parts - mean) / weight.mean()
    _, place = np.unique(whose, return_inverse=True)
    sums = np.bincount(place, off)
    persons = len(sums)
    spread = float((sums**2).sum()) * persons / max(persons - 1, 1)
    return Effect(mean, sqrt(spread) / len(parts), off + mean)


def raw_difference(study: Study, nuisance: Nuisances) -> Effect:
    """The difference of the means, nothing adjusted."""
    treated = study.treated
    share = treated.mean()
    up, down = study.outcome[treated].mean(), study.outcome[~treated].mean()
    off = treated * (study.outcome - up) / share - ~treated * (study.outcome - down) / (1 - share)
    return mean_of(off + up - down, study.whose)


def doubly_robust(study: Study, nuisance: Nuisances) -> Effect:
    """What models expect with and without the treatment, set right by how far they are off (AIPW:
    Robins, Rotnitzky and Zhao 1994): right where either model is."""
    return mean_of(scores(study, nuisance), study.whose)


def scores(study: Study, nuisance: Nuisances) -> Floats:
    """(n,) the doubly robust score of each row, whose mean over any rows is their mean effect."""
    chance = nuisance.propensity
    off = np.where(
        study.treated,
        (study.outcome - nuisance.treated) / chance,
        -(study.outcome - nuisance.without) / (1 - chance),
    )
    return nuisance.effect + off


def weighted(study: Study, nuisance: Nuisances) -> Effect:
    """Both groups weighted by one over the chance, by a linear model, to be in them (Hájek): no
    model of the outcome."""
    chance = np.clip(nuisance.plain, 1e-3, 1 - 1e-3)
    weight = np.where(study.treated, 1 / chance, 1 / (1 - chance))
    sums = []
    off = np.zeros(len(study))
    for own, sign in ((study.treated, 1), (~study.treated, -1)):
        weights = weight * own
        mean = float(np.average(study.outcome, weights=weights))
        off += sign * weights * (study.outcome - mean) / weights.mean()
        sums.append(sign * mean)
    return mean_of(off + sum(sums), study.whose)


def regressed(study: Study, nuisance: Nuisances) -> Effect:
    """What models of the outcome expect with and without the treatment; no model of who was
    treated. The error is that of the doubly robust estimate: its own leaves out how unsure the
    models are."""
    found = mean_of(nuisance.effect, study.whose)
    return Effect(found.mean, doubly_robust(study, nuisance).error, found.parts)


ESTIMATORS: Mapping[str, Callable[[Study, Nuisances], Effect]] = {
    "doubly robust": doubly_robust,
    "weighting": weighted,
    "regression": regressed,
}
"""By name; the first one is the page's."""

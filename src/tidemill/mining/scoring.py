"""How good predictions are: one figure, its interval, and whether it beats guessing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidemill.mining.outcome import Outcome
from tidemill.mining.significance import bootstrap, rank_p
from tidemill.supervised.arrays import Floats
from tidemill.supervised.auc import auc_of_draws

Weighted = Callable[[Floats], float]


@dataclass(frozen=True, slots=True)
class Quality:
    """A figure from held-out rows: AUC for classes (0.5 is guessing), R² for numbers (0 is the
    mean)."""

    value: float
    low: float
    high: float
    p_value: float


def measure(outcome: Outcome) -> str:
    """What the figure is called."""
    return "R²" if outcome.kind == "number" else "AUC"


def guessing(outcome: Outcome) -> float:
    """The figure of predictions that know nothing."""
    return 0.0 if outcome.kind == "number" else 0.5


def figure(outcome: Outcome, target: Floats, predicted: Floats) -> float:
    """AUC (of several classes the mean, weighted by how frequent they are), or R².

    Args:
        outcome: What was predicted.
        target: Class codes or numbers, (n,).
        predicted: (n, classes) or (n, 1).
    """
    return weighted_figure(outcome, target, predicted)(np.ones(len(target)))


def quality(
    outcome: Outcome, target: Floats, predicted: Floats, rng: np.random.Generator
) -> Quality:
    """The figure, its bootstrap interval and the p-value against guessing."""
    statistic = weighted_figure(outcome, target, predicted)
    rounds = 200 if len(outcome.levels) < 5 else 60
    low, high = bootstrap(statistic, len(target), rng, rounds)
    p_value = beats_guessing_p(outcome, target, predicted)
    return Quality(statistic(np.ones(len(target))), low, high, p_value)


def weighted_figure(outcome: Outcome, target: Floats, predicted: Floats) -> Weighted:
    """The figure as a function of row weights, with the sorting done once."""
    if outcome.kind == "number":
        return _r_squared(target, predicted[:, 0])
    if outcome.kind == "binary":
        return _area(target == 1, predicted[:, 1])
    classes = []
    for code in np.unique(target).astype(int):
        inside = target == code
        classes.append((inside, _area(inside, predicted[:, code])))

    def mean(weight: Floats) -> float:
        shares = np.array([weight[inside].sum() for inside, _ in classes])
        areas = np.array([area(weight) for _, area in classes])
        known = ~np.isnan(areas)
        if not known.any():
            return float("nan")
        return float(np.average(areas[known], weights=shares[known]))

    return mean


def beats_guessing_p(outcome: Outcome, target: Floats, predicted: Floats) -> float:
    """One-sided p-value against predictions that know nothing.

    By ranks, so that heavy tails cannot make it up: Mann and Whitney for a class (Bonferroni over
    several), Spearman for a number.
    """
    if outcome.kind == "number":
        from scipy.stats import spearmanr

        if len(np.unique(predicted)) < 2 or len(np.unique(target)) < 2:
            return 1.0
        return float(spearmanr(predicted[:, 0], target, alternative="greater").pvalue)
    codes = [1] if outcome.kind == "binary" else range(len(outcome.levels))
    p_values = []
    for code in codes:
        inside = target == code
        p_values.append(rank_p(predicted[inside, code], predicted[~inside, code]))
    return min(1.0, min(p_values) * len(p_values))


def row_losses(outcome: Outcome, target: Floats, predicted: Floats) -> Floats:
    """What each row costs, (n,): minus log of its class's chance, or the squared error."""
    if outcome.kind == "number":
        return np.asarray((predicted[:, 0] - target) ** 2)
    chance = predicted[np.arange(len(target)), target.astype(int)]
    return np.asarray(-np.log(np.clip(chance, 1e-12, 1.0)))


def residuals(outcome: Outcome, target: Floats, predicted: Floats) -> Floats:
    """What each row has beyond its prediction, (n, classes): of two classes the second only."""
    if outcome.kind == "number":
        return target[:, None] - predicted
    happened = target[:, None] == np.arange(predicted.shape[1])
    missed = happened - predicted
    return missed[:, 1:] if outcome.kind == "binary" else missed


def _area(positive: NDArray[np.bool_], score: Floats) -> Weighted:
    areas = auc_of_draws(positive, score)
    return lambda weight: float(areas(weight[None])[0])


def _r_squared(target: Floats, predicted: Floats) -> Weighted:
    def share(weight: Floats) -> float:
        mean = np.average(target, weights=weight)
        total = (weight * (target - mean) ** 2).sum()
        if not total:
            return float("nan")
        return float(1 - (weight * (target - predicted) ** 2).sum() / total)

    return share

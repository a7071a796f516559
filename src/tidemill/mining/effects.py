"""How predictions differ between the values of a column, all other columns being alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tidemill.core.condition import Test
from tidemill.core.dataset import Dataset
from tidemill.mining.binning import learn_bins
from tidemill.mining.boosting import BoostedTrees
from tidemill.mining.features import Feature
from tidemill.mining.scoring import row_losses
from tidemill.mining.significance import greater_mean_p
from tidemill.supervised.arrays import Floats

TAILS = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98)
"""Quantiles near which a number is cut: finer at both ends, where effects are often largest."""
MOST_SHUFFLES = 5
FEW_ROWS = 3_000
"""Few rows are shuffled several times, so that the luck of one shuffle decides nothing."""
SET_ROWS = 400
"""Rows that are set to each group of values in turn."""
BY_MISSING = 0.8
"""Where a value being there makes for this share of all differences, these are told of that."""

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, eq=False)
class ValueGroup:
    """Held-out rows whose feature has similar values.

    Attributes:
        label: The values in words.
        tests: What the rows fulfil; empty where no test can say it.
        inside: Which rows these are, (n,).
        effect: How predictions differ from the average where rows are given these values, and keep
            their other columns, (classes,): chances of each class (of two, the second only), or
            the target on its scale.
        error: The standard errors of the effect, (classes,).
    """

    label: str
    tests: tuple[Test, ...]
    inside: NDArray[np.bool_]
    effect: Floats
    error: Floats

    @property
    def rows(self) -> int:
        """How many."""
        return int(self.inside.sum())


def marginal_effects(
    model: BoostedTrees,
    rows: Floats,
    groups: Sequence[ValueGroup],
    features: list[int],
    rng: np.random.Generator,
) -> list[ValueGroup]:
    """The groups with their effects.

    Some of the rows are given the features of rows of each group in turn, and predicted: their
    partial dependence (Friedman 2001). The effect is the difference from the mean over the groups,
    weighted by their rows; so effects are of the size of chances however sure the model is.

    Args:
        model: The model.
        rows: Held-out rows, (n, features).
        groups: Groups of them.
        features: What is set: features that stand for each other are set together.
        rng: Draws the rows that are set, and the values that they are given.
    """
    if len(groups) < 2:
        return []
    kept = rows[rng.permutation(len(rows))[:SET_ROWS]]
    means = []
    for group in groups:
        given = rng.choice(np.flatnonzero(group.inside), len(kept))
        changed = kept.copy()
        changed[:, features] = rows[given][:, features]
        means.append(_spoken_of(model.predict(changed), model).mean(axis=0))
    weights = [group.rows for group in groups]
    average = np.average(means, axis=0, weights=weights)
    return [
        replace(group, effect=np.asarray(mean - average))
        for group, mean in zip(groups, means, strict=True)
    ]


def _spoken_of(predicted: Floats, model: BoostedTrees) -> Floats:
    """Of two classes the chance of the second only."""
    return predicted[:, 1:] if model.outcome.kind == "binary" else predicted


def shift(groups: Sequence[ValueGroup]) -> Floats:
    """The mean size of the effects over rows, (classes,)."""
    sizes = [np.abs(group.effect) for group in groups]
    return np.asarray(np.average(sizes, axis=0, weights=[group.rows for group in groups]))


def spread(groups: Sequence[ValueGroup]) -> float:
    """The variance of the effects over rows, summed over classes."""
    if len(groups) < 2:
        return -1.0
    squares = [float(np.square(group.effect).sum()) for group in groups]
    return float(np.average(squares, weights=[group.rows for group in groups]))


def by_missing(groups: Sequence[ValueGroup], column: str) -> list[ValueGroup]:
    """Two groups instead, missing and filled in, where that makes for most of the differences."""
    missing = [group for group in groups if group.label == "missing"]
    filled = [group for group in groups if group.label != "missing"]
    if len(missing) != 1 or not filled:
        return list(groups)
    weights = np.array([group.rows for group in filled])
    effects = np.array([group.effect for group in filled])
    mean = np.average(effects, axis=0, weights=weights)
    within = float(weights @ np.square(effects - mean).sum(axis=1))
    apart = np.square(mean).sum() * weights.sum()
    between = float(apart + np.square(missing[0].effect).sum() * missing[0].rows)
    if between < BY_MISSING * (between + within):
        return list(groups)
    inside = np.logical_or.reduce([group.inside for group in filled])
    known = ValueGroup("filled in", (Test(column, "present"),), inside, mean, np.zeros(len(mean)))
    return [known, missing[0]]


def corrected(
    groupings: Sequence[Sequence[ValueGroup]], residuals: Floats
) -> list[list[ValueGroup]]:
    """The groups, their effects corrected by what the model misses among their rows, and with
    standard errors.

    A model that is kept from learning chance learns too little of every effect. What is left of it
    is found by a linear regression of the held-out rows' residuals on the groups of all drivers at
    once: one step of debiasing (van der Laan and Rose 2011), with errors that allow for unequal
    variances (White 1980).

    Args:
        groupings: The groups of each driver.
        residuals: Targets less predictions, (n, classes).
    """
    rows = len(residuals)
    columns = [np.ones(rows)]
    places: list[list[int | None]] = []
    for groups in groupings:
        usual = max(groups, key=lambda group: group.rows)
        own: list[int | None] = []
        for group in groups:
            own.append(None if group is usual else len(columns))
            if group is not usual:
                columns.append(group.inside.astype(np.float64))
        others = ~np.logical_or.reduce([group.inside for group in groups])
        if others.any():
            columns.append(others.astype(np.float64))
        places.append(own)
    design = np.stack(columns, axis=1)
    inverse = np.linalg.pinv(design.T @ design)
    missed = inverse @ design.T @ residuals
    left = residuals - design @ missed
    free = max(rows - len(columns), 1)
    spreads = [
        inverse @ (design.T * left[:, k] ** 2) @ design @ inverse for k in range(left.shape[1])
    ]
    result = []
    for groups, own in zip(groupings, places, strict=True):
        weights = np.array([group.rows for group in groups])
        shares = _contrast(own, weights / weights.sum(), len(columns))
        told = []
        for at, group in enumerate(groups):
            contrast = _contrast(own, np.arange(len(groups)) == at, len(columns)) - shares
            variance = np.array([contrast @ spread @ contrast for spread in spreads]) * rows / free
            effect = group.effect + contrast @ missed
            told.append(replace(group, effect=effect, error=np.sqrt(np.maximum(variance, 0))))
        result.append(told)
    return result


def _contrast(own: Sequence[int | None], weights: Floats, columns: int) -> Floats:
    """Weights of groups as weights of the regression's columns, (columns,)."""
    contrast = np.zeros(columns)
    for place, weight in zip(own, weights, strict=True):
        if place is not None:
            contrast[place] = weight
    return contrast


def shuffling_p(
    model: BoostedTrees,
    rows: Floats,
    target: Floats,
    together: Sequence[list[int]],
    rng: np.random.Generator,
) -> list[float]:
    """One-sided p-values that predictions get worse when the values of some features, which stay
    together, are shuffled (Breiman 2001)."""
    usual = row_losses(model.outcome, target, model.predict(rows))
    p_values = []
    for features in together:
        losses = []
        for _ in range(max(1, min(MOST_SHUFFLES, FEW_ROWS // len(rows)))):
            mixed = rows.copy()
            mixed[:, features] = rows[rng.permutation(len(rows))][:, features]
            losses.append(row_losses(model.outcome, target, model.predict(mixed)))
        p_values.append(greater_mean_p(np.mean(losses, axis=0) - usual))
    return p_values


def value_groups(train: Dataset, holdout: Dataset, feature: Feature) -> list[ValueGroup]:
    """The rows of the holdout by the feature's values, with bins learned from the training rows;
    without effects."""
    if feature.part in ("value", "elapsed"):
        grouped = _by_bins(train, holdout, feature)
    else:
        grouped = _by_part(holdout, feature)
    rows = len(holdout)
    least = max(min(15, 0.1 * rows), 0.005 * rows)
    return [
        ValueGroup(label, tests, inside, np.empty(0), np.empty(0))
        for label, tests, inside in grouped
        if inside.sum() >= least
    ]


Grouped = Iterator[tuple[str, tuple[Test, ...], NDArray[np.bool_]]]
"""Groups of rows: what each is called, what its rows fulfil, and which these are."""


def _by_bins(train: Dataset, holdout: Dataset, feature: Feature) -> Grouped:
    bins = learn_bins(train[feature.column], train.schema[feature.column], parts=TAILS, levels=12)
    codes = bins.codes(holdout[feature.column])
    for code in range(bins.size):
        yield bins.label(code), bins.tests(code), codes == code


def _by_part(holdout: Dataset, feature: Feature) -> Grouped:
    """By the month, or another part of a date; no test can say it."""
    values = feature.values(holdout.frame)
    for value in np.unique(values[~np.isnan(values)]):
        yield _part_name(feature, int(value)), (), values == value
    yield "missing", (Test(feature.column, "missing"),), np.isnan(values)


def _part_name(feature: Feature, value: int) -> str:
    if feature.part == "month":
        return _MONTHS[value - 1]
    if feature.part == "weekday":
        return _DAYS[value - 1]
    if feature.part == "hour":
        return f"{value}:00 to {value}:59"
    return str(value)

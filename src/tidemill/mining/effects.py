"""What drives a model's predictions, in direction and size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidemill.core.condition import Test
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.mining.binning import learn_bins
from tidemill.mining.boosting import BoostedTrees
from tidemill.mining.features import Feature
from tidemill.mining.scoring import row_losses
from tidemill.mining.significance import greater_mean_p
from tidemill.supervised.arrays import Floats

TAILS = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98)
"""Quantiles near which a number is cut: finer at both ends, where effects are often largest."""

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


@dataclass(frozen=True)
class ValueGroup:
    """Rows whose feature has similar values.

    Attributes:
        label: The values in words.
        tests: What the rows fulfil; empty where no test can say it.
        rows: How many.
        effect: Mean effect of the feature in these rows: a difference of chances, or in the
            target's unit.
        observed: Share of the class, or mean of the target, in these rows.
    """

    label: str
    tests: tuple[Test, ...]
    rows: int
    effect: float
    observed: float


def row_effects(model: BoostedTrees, rows: Floats, run: Run) -> Floats:
    """What each feature does to each prediction.

    The effect is the prediction less what it would be with the feature's SHAP value taken away: a
    difference of chances of each class, or a difference in the target's unit.

    Returns:
        (n, features, classes); of two classes, the second only; of a number, one.
    """
    shap = model.contributions(rows, run)
    if model.outcome.kind == "number":
        return np.moveaxis(shap[:, :, :-1], 1, 2)
    raw = shap.sum(axis=2)
    if model.outcome.kind == "binary":
        without = 1 / (1 + np.exp(shap[:, 0, :-1] - raw))
        return np.asarray((1 / (1 + np.exp(-raw)) - without)[:, :, None])
    features = rows.shape[1]
    effects = np.empty((len(rows), features, raw.shape[1]))
    chances = _softmax(raw)
    for at in range(features):
        effects[:, at] = chances - _softmax(raw - shap[:, :, at])
    return effects


def shuffling_p(
    model: BoostedTrees,
    rows: Floats,
    target: Floats,
    features: Iterable[int],
    rng: np.random.Generator,
) -> list[float]:
    """One-sided p-values that predictions get worse when a feature's values are shuffled (Breiman
    2001)."""
    usual = row_losses(model.outcome, target, model.predict(rows))
    p_values = []
    for feature in features:
        mixed = rows.copy()
        mixed[:, feature] = rng.permutation(mixed[:, feature])
        losses = row_losses(model.outcome, target, model.predict(mixed))
        p_values.append(greater_mean_p(losses - usual))
    return p_values


def value_groups(
    train: Dataset, holdout: Dataset, feature: Feature, effect: Floats, observed: Floats
) -> list[ValueGroup]:
    """The rows of the holdout by the feature's values, with bins learned from the training rows.

    Args:
        train, holdout: The rows.
        feature: The feature.
        effect: Its effect on each held-out row, (n,).
        observed: What counts as observed on each held-out row, (n,).
    """
    if feature.part in ("value", "elapsed"):
        grouped = _by_bins(train, holdout, feature)
    else:
        grouped = _by_part(holdout, feature)
    least = max(min(15, 0.1 * len(effect)), 0.005 * len(effect))
    groups = []
    for label, tests, inside in grouped:
        if inside.sum() >= least:
            groups.append(
                ValueGroup(
                    label=label,
                    tests=tests,
                    rows=int(inside.sum()),
                    effect=float(effect[inside].mean()),
                    observed=float(observed[inside].mean()),
                )
            )
    return groups


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


def _part_name(feature: Feature, value: int) -> str:
    if feature.part == "month":
        return _MONTHS[value - 1]
    if feature.part == "weekday":
        return _DAYS[value - 1]
    if feature.part == "hour":
        return f"{value}:00 to {value}:59"
    return str(value)


def _softmax(raw: Floats) -> Floats:
    powers = np.exp(raw - raw.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))

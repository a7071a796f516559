"""A classifier of images without a network: several ways of learning from what is measured of them,
of which the ones that do best together on held-out images are used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from tidemill.core.run import Run
from tidemill.diagnosing.looks import ImageLooks, Singles, standardised
from tidemill.diagnosing.measuring import SMALLEST, Places, surprise
from tidemill.diagnosing.sides import fold_of
from tidemill.supervised.arrays import Floats
from tidemill.supervised.boosting import REPEATABLE, class_chances, objective_of

AXES = 100
"""Directions in which images are compared."""
SHRUNK = 0.01
"""What a logistic regression is given for fitting beside being simple: there are nearly as many
numbers as images."""
TREES, FEWEST_TREES = 400, 40
"""Boosted trees of all classes together, and rounds of them at least."""
FOLDS = 5
"""One of so many parts of the training images settles which ways are used."""
GENTLE = np.geomspace(0.25, 4.0, 33)
"""By what chances may be sharpened or flattened."""

Learned = Callable[[Singles], Floats]
"""What is measured of images -> (n, classes) chances."""


def linear(values: Singles, codes: Places, classes: int, run: Run) -> Learned:
    """A logistic regression on all that is measured, shrunk a lot."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=SHRUNK, max_iter=300).fit(standardised(values, values), codes)
    return lambda asked: np.asarray(model.predict_proba(standardised(asked, values)))


def boosting(values: Singles, codes: Places, classes: int, run: Run) -> Learned:
    """Boosted trees, each of which sees a tenth of what is measured."""
    import lightgbm as lgb

    fixed: Mapping[str, Any] = {
        **objective_of(classes),
        **REPEATABLE,
        "seed": run.seed_of("diagnosing", "boosting"),
        "learning_rate": 0.08,
        "num_leaves": 15,
        "feature_fraction": 0.1,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
    }
    data = lgb.Dataset(values, codes, params={"verbosity": -1})
    model = lgb.train(dict(fixed), data, max(FEWEST_TREES, TREES // classes))
    return lambda asked: class_chances(model, np.asarray(asked, np.float64), classes)


WAYS: Mapping[str, Callable[[Singles, Places, int, Run], Learned]] = {
    "linear": linear,
    "boosting": boosting,
}


@dataclass(frozen=True)
class Recogniser:
    """A classifier of images.

    Attributes:
        classes: What there is to be seen.
        looks: What is measured of an image.
        ways: The ways that are used together, by name.
        sharpness: By what the logarithms of their chances are multiplied.
        tried: How well each mixture did on held-out training images: the mean of minus the
            logarithm of the chance of what they show.
        axes: (AXES, numbers) the directions in which images are compared.
        values: What was measured of the training images.
    """

    classes: tuple[str, ...]
    looks: ImageLooks
    ways: Mapping[str, Learned]
    sharpness: float
    tried: Mapping[str, float]
    axes: Floats
    values: Singles

    def chances(self, pixels: np.ndarray, run: Run) -> Floats:
        """(n, height, width, channels) -> (n, classes)."""
        return self.chances_of(self.looks.of(pixels, run))

    def chances_of(self, values: Singles) -> Floats:
        """What is measured of images -> (n, classes)."""
        return sharpened(mixed([way(values) for way in self.ways.values()]), self.sharpness)

    def places(self, values: Singles) -> Floats:
        """Where images lie beside others, (n, AXES)."""
        return standardised(values, self.values) @ self.axes.T


def recogniser(
    pixels: np.ndarray, codes: Places, classes: tuple[str, ...], whose: Places, run: Run
) -> Recogniser:
    """Learned from training images.

    Args:
        pixels: (n, height, width, channels) uint8.
        codes: (n,) places among the classes.
        classes: What there is to be seen.
        whose: (n,) the person of each image: those of one are held out together.
        run: Progress.
    """
    looks = ImageLooks.learned(pixels, run)
    values = looks.of(pixels, run)
    fold = fold_of(codes, whose, FOLDS, run.seed_of("diagnosing", "choice"))
    held, rest = fold == 0, fold != 0
    first = {
        name: way(values[rest], codes[rest], len(classes), run)(values[held])
        for name, way in run.track(WAYS.items(), "diagnosing", "trying ways to tell images")
    }
    tried, chosen, sharpness = _chosen(first, codes[held])
    ways = {
        name: WAYS[name](values, codes, len(classes), run)
        for name in run.track(chosen, "diagnosing", "learning from all training images")
    }
    even = standardised(values, values)
    _, _, axes = np.linalg.svd(even[:: max(1, len(even) // 2000)], full_matrices=False)
    return Recogniser(classes, looks, ways, sharpness, tried, axes[:AXES], values)


def _chosen(
    first: Mapping[str, Floats], truth: Places
) -> tuple[dict[str, float], tuple[str, ...], float]:
    """How each mixture of ways does, the best one, and how sharp its chances should be."""
    tried: dict[str, float] = {}
    best: tuple[float, tuple[str, ...], float] = (np.inf, (), 1.0)
    for size in range(1, len(first) + 1):
        for names in combinations(first, size):
            together = mixed([first[name] for name in names])
            losses = [_doubting_loss(sharpened(together, by), truth) for by in GENTLE]
            at = int(np.argmin(losses))
            tried[" and ".join(names)] = losses[at]
            best = min(best, (losses[at], names, float(GENTLE[at])))
    return tried, best[1], best[2]


def _doubting_loss(chances: Floats, truth: Places) -> float:
    """The mean surprise if one image more were of each other class than the one it shows, so that
    chances that are right of all held-out images do not become certainties (Platt 1999)."""
    logs = -np.log(np.maximum(chances, SMALLEST))
    doubt = 1 / (len(truth) + 2)
    right = surprise(chances, truth)
    others = (logs.sum(axis=1) - right) / (chances.shape[1] - 1)
    return float(((1 - doubt) * right + doubt * others).mean())


def mixed(chances: list[Floats]) -> Floats:
    """The geometric mean of several ways' chances.

    Example:
        >>> mixed([np.array([[0.5, 0.5]]), np.array([[0.8, 0.2]])]).round(3).tolist()
        [[0.667, 0.333]]
    """
    logs = np.mean([np.log(np.maximum(each, SMALLEST)) for each in chances], axis=0)
    return _normed(logs)


def sharpened(chances: Floats, by: float) -> Floats:
    """Chances whose logarithms are multiplied by a number: above 1 they are surer of themselves."""
    return _normed(by * np.log(np.maximum(chances, SMALLEST)))


def _normed(logs: Floats) -> Floats:
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))

"""How good chances are on images that were not learned from, with intervals over persons."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from tidemill.core.run import Run
from tidemill.effects.estimates import mean_of
from tidemill.mining.calibration import Reliability, reliability
from tidemill.supervised.arrays import Floats
from tidemill.supervised.auc import auc, auc_of_draws
from tidemill.supervised.resampling import DRAWS, counts_of_persons, interval

Places = NDArray[np.int64]
Bools = NDArray[np.bool_]

GUARANTEE = 0.9
"""The share of images whose set of answers shall hold the right one."""
SURE = 0.05
"""A difference that chance brings about less often than this is called one."""
FEWEST_IN_BIN = 5
BINS = 10
SMALLEST = 1e-6
_CELLS = 1 << 22


@dataclass(frozen=True)
class MeasuredShare:
    """A share, or an area under a curve, with its 95 % interval over persons.

    Attributes:
        value, low, high: It and the ends of its interval.
        images: Of how many.
    """

    value: float
    low: float
    high: float
    images: int


@dataclass(frozen=True)
class ClassFigures:
    """How well one class is told from the others.

    Attributes:
        name: The class.
        area: Of an image of the class and another, how often the right one gets the higher chance.
        found: Of its images, the share that is called so (sensitivity).
        spared: Of the other images, the share that is not (specificity).
    """

    name: str
    area: MeasuredShare
    found: MeasuredShare
    spared: MeasuredShare


@dataclass(frozen=True)
class PartDifference:
    """How a figure differs between the test and the validation images.

    Attributes:
        name: What is compared.
        validation, test: Means of both.
        low, high: The 95 % interval of test - validation.
        p_value: How often chance alone brings about such a difference.
    """

    name: str
    validation: float
    test: float
    low: float
    high: float
    p_value: float


def share_of(hits: Bools, whose: Places) -> MeasuredShare:
    """A share with Wilson's interval, of as many rows as persons are worth.

    Rows of one person that go together count for less: the effective number is that at which
    independent rows would vary as these persons do (Kish 1965; Korn and Graubard 1998). A share of
    0 or 1 counts persons alone.

    Args:
        hits: (n,).
        whose: (n,) the person of each row.

    Example:
        >>> found = share_of(np.ones(60, bool), np.repeat(np.arange(20), 3))
        >>> found.value, round(found.low, 2)
        (1.0, 0.82)
    """
    rows = len(hits)
    if not rows:
        return MeasuredShare(float("nan"), 0.0, 1.0, 0)
    from scipy.stats import t as student

    _, place = np.unique(whose, return_inverse=True)
    persons = int(place.max()) + 1
    share = float(hits.mean())
    binomial = share * (1 - share) / rows
    worth = float(persons)
    if binomial > 0 and persons > 1:
        off = np.bincount(place, hits - share)
        varies = persons / (persons - 1) * float(off @ off) / rows**2
        worth = rows / max(varies / binomial, 1.0)
    reach = float(student.ppf(0.975, max(persons - 1, 1)))
    return MeasuredShare(share, *_wilson(share, worth, reach), rows)


def _wilson(share: float, worth: float, reach: float) -> tuple[float, float]:
    """Wilson's interval (1927) of a share of so many rows, which need be no whole number."""
    centre = (share + reach**2 / (2 * worth)) / (1 + reach**2 / worth)
    half = reach / (1 + reach**2 / worth)
    half *= sqrt(share * (1 - share) / worth + reach**2 / (4 * worth**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def area_of(positive: Bools, score: Floats, whose: Places, run: Run) -> MeasuredShare:
    """The area under the ROC curve, its interval by drawing persons with all of their images.

    Args:
        positive: (n,) which images are of the class.
        score: (n,) their chance of it.
        whose: (n,) the person of each.
        run: Its stream draws them.
    """
    if positive.all() or not positive.any():
        return MeasuredShare(float("nan"), 0.0, 1.0, len(score))
    value = auc(score[positive], score[~positive]).value
    areas = auc_of_draws(positive, score)
    rng = run.rng("diagnosing", "area")
    step = max(1, _CELLS // len(score))
    found = []
    for start in range(0, DRAWS, step):
        counts = counts_of_persons(whose, rng, min(step, DRAWS - start))
        found.append(areas(counts))
    drawn = np.concatenate(found)
    known = drawn[~np.isnan(drawn)]
    low, high = interval(known) if len(known) else (0.0, 1.0)
    if high - low < 1e-9:  # nothing varies: as sure as so many persons of the rarer side can be
        fewest = min(len(np.unique(whose[positive])), len(np.unique(whose[~positive])))
        low, high = _wilson(value, float(fewest), 1.96)
    return MeasuredShare(value, low, high, len(score))


def class_figures(
    names: tuple[str, ...],
    chances: Floats,
    truth: Places,
    decided: Places,
    whose: Places,
    run: Run,
) -> tuple[ClassFigures, ...]:
    """Each class against the others.

    Args:
        names: Of the classes.
        chances: (n, classes).
        truth, decided: (n,) what images show, and what is said of them.
        whose: (n,) the person of each.
        run: Draws persons.
    """
    found = []
    for k, name in enumerate(names):
        own = truth == k
        found.append(
            ClassFigures(
                name,
                area_of(own, chances[:, k], whose, run.child("class", k)),
                share_of((decided == k)[own], whose[own]),
                share_of((decided != k)[~own], whose[~own]),
            )
        )
    return tuple(found)


# --- chances --------------------------------------------------------------------------------------


def believed(chances: Floats, truth: Places, run: Run) -> Reliability:
    """Whether chances are what happens: of the second of two classes, or of several the chance of
    the one that is said."""
    rng = run.rng("diagnosing", "reliability")
    if chances.shape[1] == 2:
        return reliability(chances[:, 1], truth == 1, rng)
    return reliability(chances.max(axis=1), chances.argmax(axis=1) == truth, rng)


def in_bins(chances: Floats, truth: Places) -> tuple[float | None, ...]:
    """In BINS equal parts of the chances, what share came true; None of few images."""
    two = chances.shape[1] == 2
    chance = chances[:, 1] if two else chances.max(axis=1)
    true = truth == 1 if two else chances.argmax(axis=1) == truth
    which = np.minimum((chance * BINS).astype(int), BINS - 1)
    images = np.bincount(which, minlength=BINS)
    hits = np.bincount(which, true, minlength=BINS)
    return tuple(
        round(float(hit / seen), 4) if seen >= FEWEST_IN_BIN else None
        for hit, seen in zip(hits, images, strict=True)
    )


def surprise(chances: Floats, truth: Places) -> Floats:
    """(n,) minus the logarithm of the chance of what images show."""
    own = chances[np.arange(len(truth)), truth]
    return np.asarray(-np.log(np.maximum(own, SMALLEST)))


# --- sets of answers ------------------------------------------------------------------------------


def least_chance(chances: Floats, truth: Places, share: float = GUARANTEE) -> float:
    """The chance from which on a class belongs to the set of answers, so that of further images
    like these so large a share has a set that holds the right one (split conformal prediction: Vovk
    et al. 2005, Sadinle et al. 2019).

    Args:
        chances: (n, classes) of images that were not learned from.
        truth: (n,) what they show.
        share: That shall be held.

    Example:
        >>> least_chance(np.array([[0.2, 0.8], [0.6, 0.4], [0.9, 0.1]]), np.array([1, 0, 0]), 0.5)
        0.8
    """
    own = np.sort(chances[np.arange(len(truth)), truth])[::-1]
    at = int(np.ceil((len(own) + 1) * share)) - 1
    return float(own[at]) if at < len(own) else 0.0


def answer_sets(chances: Floats, least: float) -> Bools:
    """(n, classes) which classes are in the set of each image."""
    return np.asarray(chances >= least)


# --- validation against test ----------------------------------------------------------------------


def part_difference(
    name: str, validation: Floats, whose_first: Places, test: Floats, whose_second: Places
) -> PartDifference:
    """How the mean of something differs between both parts.

    Args:
        name: What it is.
        validation, test: (n,) and (m,) what each image adds.
        whose_first, whose_second: Persons of the images.
    """
    from scipy.stats import norm

    first, second = mean_of(validation, whose_first), mean_of(test, whose_second)
    difference = second.mean - first.mean
    error = sqrt(first.error**2 + second.error**2)
    p_value = 1.0
    if error > 0:
        p_value = float(2 * norm.sf(abs(difference) / error))
    return PartDifference(
        name,
        first.mean,
        second.mean,
        difference - 1.96 * error,
        difference + 1.96 * error,
        p_value,
    )


def unsureness(chances: Floats, least: float) -> Floats:
    """(n,) how unsure an answer is: how near the chance of the second of two classes is to the one
    from which on it is said; of several classes how near the second best comes to the best.

    Args:
        chances: (n, classes).
        least: The chance from which on the second of two classes is said.
    """
    if chances.shape[1] == 2:
        own = np.clip(chances[:, 1], SMALLEST, 1 - SMALLEST)
        from_least = np.log(own / (1 - own)) - np.log(least / (1 - least))
        return np.asarray(-np.abs(from_least))
    ordered = np.sort(chances, axis=1)
    return np.asarray(ordered[:, -2] - ordered[:, -1])

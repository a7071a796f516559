"""What chances are worth once labels of the place where they are used have settled them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidemill.core.run import Run
from tidemill.diagnosing.measuring import (
    SMALLEST,
    MeasuredShare,
    Places,
    answer_sets,
    believed,
    least_chance,
    share_of,
)
from tidemill.diagnosing.sides import fold_of
from tidemill.supervised.arrays import Floats


@dataclass(frozen=True)
class LocalChances:
    """Chances that one half of the test images settled, measured on the other, both ways round.

    Attributes:
        settled: Images of a half.
        error: By how much chances are off (expected calibration error).
        covered: The share of images whose set of answers holds the right one.
    """

    settled: int
    error: float
    covered: MeasuredShare


def local_chances(chances: Floats, truth: Places, whose: Places, run: Run) -> LocalChances:
    """Chances whose logarithms are weighed anew (Platt 1999), and sets of answers by them.

    Args:
        chances: (n, classes) of test images.
        truth: (n,) what they show.
        whose: (n,) the person of each: none settles their own chances.
        run: Draws the halves.
    """
    from sklearn.linear_model import LogisticRegression

    half = fold_of(truth, whose, 2, run.seed_of("diagnosing", "halves"))
    logs = np.log(np.maximum(chances, SMALLEST))
    held = np.zeros(len(truth), bool)
    settled = np.array(chances)
    for k in (0, 1):
        own, other = half == k, half != k
        if len(np.unique(truth[other])) < chances.shape[1]:
            continue
        model = LogisticRegression(max_iter=300).fit(logs[other], truth[other])
        settled[own] = model.predict_proba(logs[own])
        least = least_chance(model.predict_proba(logs[other]), truth[other])
        sets = answer_sets(settled[own], least)
        held[own] = sets[np.arange(int(own.sum())), truth[own]]
    return LocalChances(
        int((half == 0).sum()), believed(settled, truth, run).error, share_of(held, whose)
    )

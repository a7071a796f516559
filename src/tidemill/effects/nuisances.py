"""Who was treated, and what is to be expected with and without it, of each row by models that have
not seen it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidemill.core.run import Run
from tidemill.effects.study import Study
from tidemill.supervised.arrays import Bools, Features, Floats
from tidemill.supervised.folds import folds
from tidemill.supervised.learners import LEARNERS

SPLITS = 5
BY = ("logistic", "boosting")
"""The learners of which each model is a mixture."""
MIXTURES = np.linspace(0.0, 1.0, 21)
"""Shares of the first of them that are tried."""
FEWEST = 10
"""Rows of a class, or of a group, of which more is learned than a mean."""


@dataclass(frozen=True)
class Nuisances:
    """What is expected of each row, all (n,).

    Attributes:
        propensity: The chance to be treated.
        without, treated: The outcome without the treatment, and with it.
        fold: Of which fold a row is; a fold's rows are seen by models of the others.
        plain: (n,) the chance to be treated by a linear model alone.
    """

    propensity: Floats
    without: Floats
    treated: Floats
    fold: NDArray[np.int64]
    plain: Floats

    @property
    def effect(self) -> Floats:
        """(n,) the difference that is expected of each row."""
        return self.treated - self.without

    def part(self, index: NDArray[np.int64] | Bools) -> Nuisances:
        """Of some of the rows."""
        return Nuisances(
            self.propensity[index],
            self.without[index],
            self.treated[index],
            self.fold[index],
            self.plain[index],
        )


def nuisances(study: Study, run: Run) -> Nuisances:
    """What is expected of each row, by a mixture of a linear model and of boosted trees that is
    chosen by the rows that they have not seen (cross-fitting: Chernozhukov et al. 2018).

    Args:
        study: Where treatment was drawn by lot, the chance is the share that was drawn.
        run: Its streams divide the rows; rows of one person are in one fold.
    """
    fold = _fold(study, run)
    if study.assigned is None:
        propensity, plain = _chances(study, fold, run)
    else:
        propensity = plain = np.full(len(study), study.assigned)
    classes = 2 if study.happens else 0
    sides = []
    for own in (~study.treated, study.treated):
        each = _crossed(study, study.outcome, own, fold, classes, run)
        sides.append(_mixed(each, study.outcome, own))
    return Nuisances(propensity, sides[0], sides[1], fold, plain)


def treatment_chances(study: Study, run: Run) -> Floats:
    """(n,) the chance of each row to be treated, by models that have not seen it."""
    return _chances(study, _fold(study, run), run)[0]


def _chances(study: Study, fold: NDArray[np.int64], run: Run) -> tuple[Floats, Floats]:
    """(n,) chances to be treated, by the best mixture and by a linear model."""
    label, everyone = study.treated.astype(float), np.ones(len(study), bool)
    each = _crossed(study, label, everyone, fold, 2, run)
    return _mixed(each, label, everyone), each[0]


def _fold(study: Study, run: Run) -> NDArray[np.int64]:
    """(n,) of which fold each row is: treated and untreated rows are in all."""
    strata = study.treated.astype(float)
    if study.happens:
        strata = 2 * strata + study.outcome
        classes = 4
        count = np.bincount(strata.astype(int), minlength=4)
        if count[count > 0].min() < SPLITS:
            strata, classes = study.treated.astype(float), 2
    else:
        classes = 2
    found = np.empty(len(study), np.int64)
    dealt = folds(strata, run, splits=SPLITS, repeats=1, classes=classes, groups=study.whose)
    for k, (_, test) in enumerate(dealt):
        found[test] = k
    return found


def _crossed(
    study: Study, label: Floats, own: Bools, fold: NDArray[np.int64], classes: int, run: Run
) -> Sequence[Floats]:
    """(n,) what each learner, which learned from the own rows of other folds, expects."""
    found = [np.empty(len(study)) for _ in BY]
    for k in np.unique(fold):
        run.check()
        train, test = own & (fold != k), fold == k
        for one, name in zip(found, BY, strict=True):
            one[test] = expected_of(study, label, train, study.rows.rows(test), classes, name, run)
    return found


def expected_of(
    study: Study, label: Floats, train: Bools, asked: Features, classes: int, name: str, run: Run
) -> Floats:
    """(k,) what a learner expects of rows; the mean where there is too little to learn from."""
    known = label[train]
    rare = min((known == 0).sum(), (known == 1).sum()) if classes else len(known)
    if rare < FEWEST:
        return np.full(len(asked), known.mean() if len(known) else label.mean())
    learn = LEARNERS.load(name)
    found: Floats = learn(
        study.layout, study.rows.rows(train), known, None, asked, classes, run.child(name)
    )
    return found[:, 1] if classes else found


def _mixed(each: Sequence[Floats], label: Floats, own: Bools) -> Floats:
    """The mixture of two learners that is nearest to the own rows' labels."""
    first, second = (one[own] for one in each)
    known = label[own]
    losses = [float(((m * first + (1 - m) * second - known) ** 2).sum()) for m in MIXTURES]
    share = MIXTURES[int(np.argmin(losses))]
    return share * each[0] + (1 - share) * each[1]

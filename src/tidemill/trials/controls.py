"""What generated rows must beat: strategies that use the real rows alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.supervised.arrays import Floats
from tidemill.supervised.folds import BINS
from tidemill.trials.problem import Problem
from tidemill.trials.trial import Arm, TrialRows

REAL = "real rows alone"
WEIGHTS = "class weights"
REPEATED = "real rows repeated"


def controls(problem: Problem, strategy: Arm) -> list[Arm]:
    """The real rows as they are, with class weights, and repeated until there are as many of each
    class as the strategy has.

    The last one takes from a strategy what is owed to the mere number of rows and to the balance of
    classes: copies of training rows cannot beat it. Class weights need classes.
    """
    weighted = [class_weights(problem)] if problem.classes else []
    return [
        Arm(REAL, "real", lambda data, run: TrialRows(data)),
        *weighted,
        repeated(problem, strategy),
    ]


def class_weights(problem: Problem) -> Arm:
    """Real rows, each class with the same weight in sum."""

    def make(data: Dataset, run: Run) -> TrialRows:
        label = problem.coded(data)
        known = ~np.isnan(label)
        counts = np.bincount(label[known].astype(int), minlength=len(problem.classes))
        weight = np.ones(len(label))
        weight[known] = known.sum() / ((counts > 0).sum() * counts[label[known].astype(int)])
        return TrialRows(data, weight)

    return Arm(WEIGHTS, "real", make)


def repeated(problem: Problem, strategy: Arm) -> Arm:
    """Real rows repeated (or left out) at random until each class, or tenth of a number, has as
    many as in the strategy."""

    def make(data: Dataset, run: Run) -> TrialRows:
        asked = problem.coded(strategy.make(data, run).data)
        label = problem.coded(data)
        rows = as_many(label, asked, len(problem.classes), run.rng("repeated"))
        return TrialRows(data.rows(rows))

    return Arm(REPEATED, "real", make)


def as_many(
    label: Floats, asked: Floats, classes: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Positions of rows, repeated so that each class has as many of them as is asked; sorted.

    Each row of a class is taken equally often, but for one that chance decides on.

    Args:
        label: Class codes or numbers, (n,); rows where it is NaN are not taken.
        asked: Those of other rows, whose class counts are wanted, (m,).
        classes: Number of classes; 0 for a number, which is cut into tenths of the rows.
        rng: Draws what does not come out even.
    """
    strata = code(label, label, classes)
    wanted = code(asked, label, classes)
    positions = [np.zeros(0, np.int64)]
    for stratum in np.unique(strata[strata >= 0]):
        rows = np.flatnonzero(strata == stratum)
        times, rest = divmod(int((wanted == stratum).sum()), len(rows))
        positions += [np.repeat(rows, times), rng.permutation(rows)[:rest]]
    return np.sort(np.concatenate(positions))


def code(values: Floats, real: Floats, classes: int) -> NDArray[np.int64]:
    """(n,) the class, or the tenth of the real numbers in which a number lies; -1 where it is
    missing."""
    known = ~np.isnan(values)
    codes = np.full(len(values), -1, np.int64)
    if classes:
        codes[known] = values[known].astype(np.int64)
    else:
        inner = np.linspace(0, 1, BINS + 1)[1:-1]
        edges = np.unique(np.quantile(real[~np.isnan(real)], inner))
        codes[known] = np.searchsorted(edges, values[known], "right")
    return codes

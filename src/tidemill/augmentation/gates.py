"""What a generated row must pass before a model may learn from it; every limit is one that nearly
all real rows keep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tidemill.core.dataset import Dataset
from tidemill.core.lawful import obeys
from tidemill.core.run import Run
from tidemill.metrics.nearest import NEAR
from tidemill.pipeline.feedback import joined
from tidemill.supervised.arrays import Bools, Floats, features, together
from tidemill.supervised.boosting import boosted, predictions, tree_matrix
from tidemill.supervised.points import learn_embedding, nearest
from tidemill.supervised.sampling import thinned
from tidemill.trials.problem import Problem
from tidemill.trials.trial import TrialRows, predicted

MOST_REAL = 10_000
"""Real rows that judge the generated ones."""
IMPLAUSIBLE = 0.01
"""A generated row is implausible where a discriminator holds it for less real than all but this
share of real rows."""
INCONSISTENT = 0.05
"""Its label is inconsistent where a committee gives it less chance than all but this share of the
class's real rows."""
COMMITTEE = ("boosting", "logistic", "nearest")
TREES = 60


@dataclass(frozen=True)
class Gate:
    """A test that every generated row must pass.

    Attributes:
        fails: What a row that does not pass does, as the end of "because they ...".
        passed: (n,) which rows pass.
    """

    fails: str
    passed: Callable[[Dataset], Bools]


def gates(real: Dataset, reference: Dataset, problem: Problem, run: Run) -> tuple[Gate, ...]:
    """The gates that real rows set up.

    Args:
        real: The real rows, all with a target.
        problem: The target.
        reference: Unconditioned rows of the generator, which the discriminator learns to tell from
            real ones.
        run: Seed and threads.
    """
    judges = thinned(real, MOST_REAL, run.rng("looping", "gates"))
    return (
        Gate("break a rule that always holds", lambda rows: _lawful(rows, real)),
        Gate("are copies or near-copies of real rows", lambda rows: _own(rows, real, run)),
        Gate(
            "look less real than nearly all real rows",
            lambda rows: _plausible(rows, judges, reference, run),
        ),
        Gate(
            "have a label that a committee of models contradicts",
            lambda rows: _consistent(rows, judges, problem, run),
        ),
    )


def through(rows: Dataset, passing: tuple[Gate, ...], run: Run) -> tuple[Bools, dict[str, int]]:
    """(n,) which rows pass all gates, and how many fell at each."""
    kept = np.ones(len(rows), bool)
    dropped = {}
    for gate in passing:
        run.check()
        at = np.flatnonzero(kept)
        if len(at):
            kept[at] = gate.passed(rows.rows(at))
        dropped[gate.fails] = int(len(at) - kept.sum())
    return kept, dropped


def _lawful(rows: Dataset, real: Dataset) -> Bools:
    obeyed = np.ones(len(rows), bool)
    for rule in real.schema.rules:
        obeyed &= obeys(rule, rows.frame, real.frame)
    return obeyed


def _own(rows: Dataset, real: Dataset, run: Run) -> Bools:
    """Rows no nearer to a real row than real rows are to each other, but for the nearest NEAR of
    them.

    Where real rows often equal each other the limit is 0: equality then says nothing about a
    person.
    """
    layout, (a, b) = features((real, rows))
    place = learn_embedding(layout, a, run)
    order = run.rng("looping", "copies").permutation(len(a))
    some, others = np.split(order, [max(1, min(MOST_REAL, len(order)) // 5)])
    points = place(a)
    usual = nearest(points[some], points[others[: 2 * MOST_REAL]], run)[1]
    return np.asarray(nearest(place(b), points, run)[1] >= float(np.quantile(usual, NEAR)))


def _plausible(rows: Dataset, real: Dataset, reference: Dataset, run: Run) -> Bools:
    """Rows that a discriminator, which has learned other rows, finds about as real as real rows it
    has not learned."""
    layout, (a, b, c) = features((real, reference, rows))
    half = run.rng("looping", "halves").permutation(len(a)) % 2 == 0
    fakes = np.arange(len(b)) % 2 == 0
    of_real, of_rows = np.zeros(len(a)), np.zeros(len(c))
    for side in (False, True):
        learned = together(a.rows(half == side), b.rows(fakes == side))
        label = np.repeat([1.0, 0.0], [(half == side).sum(), (fakes == side).sum()])
        model = boosted(layout, tree_matrix(learned), label, run, trees=TREES, num_leaves=15)
        of_real[half != side] = predictions(model, tree_matrix(a.rows(half != side)))
        of_rows += predictions(model, tree_matrix(c)) / 2
    return of_rows >= np.quantile(of_real, IMPLAUSIBLE)


def _consistent(rows: Dataset, real: Dataset, problem: Problem, run: Run) -> Bools:
    """Rows whose label, or number, a committee that learned real rows finds about as likely as
    those of other real rows."""
    seen, made = problem.coded(real), problem.coded(rows)
    half = run.rng("looping", "committee").permutation(len(real)) % 2 == 0
    of_real, of_rows = np.zeros(len(real)), np.zeros(len(rows))
    for side in (False, True):
        other, tested = half != side, joined(real.rows(half != side), rows)
        own = np.concatenate([seen[other], made])
        for name in COMMITTEE:
            agreed = _agreement(
                predicted(TrialRows(real.rows(half == side)), tested, name, run, problem=problem),
                own,
            )
            of_real[other] += agreed[: other.sum()]
            of_rows += agreed[other.sum() :] / 2
    if not problem.classes:
        return of_rows >= np.quantile(of_real, INCONSISTENT)
    limit = np.full(len(problem.classes), np.inf)
    for k in np.unique(seen).astype(int):
        limit[k] = np.quantile(of_real[seen == k], INCONSISTENT)
    known = ~np.isnan(made)
    return known & (of_rows >= limit[np.where(known, made, 0).astype(int)])


def _agreement(predicted: Floats, own: Floats) -> Floats:
    """(n,) the chance of each row's own class, or how near the predicted number is."""
    if predicted.ndim == 1:
        return -np.abs(predicted - own)
    return predicted[np.arange(len(own)), np.where(np.isnan(own), 0, own).astype(int)]

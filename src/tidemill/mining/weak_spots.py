"""Where a model errs most."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tidemill.core.condition import Condition
from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding
from tidemill.core.picture import Table
from tidemill.core.schema import Column
from tidemill.core.words import percent, share_interval
from tidemill.mining.outcome import Outcome
from tidemill.mining.significance import ALPHA, excess_p, mean_interval
from tidemill.mining.subgroups import candidate_tests, describe
from tidemill.mining.wording import test_words
from tidemill.supervised.arrays import Floats
from tidemill.supervised.intervals import wilson

SPOTS = 2
LEAST_SHARE = 0.03
WORSE = 1.3


def row_errors(outcome: Outcome, target: Floats, predicted: Floats) -> Floats:
    """How wrong each prediction is, (n,): 1 for a wrong class, the distance for a number."""
    if outcome.kind == "number":
        return np.asarray(np.abs(predicted[:, 0] - target))
    return np.asarray(predicted.argmax(axis=1) != target, dtype=np.float64)


def weak_spots(
    train: Dataset,
    holdout: Dataset,
    columns: tuple[Column, ...],
    outcome: Outcome,
    seen: Floats,
    held: Floats,
) -> Iterator[Finding]:
    """Segments learned from the training rows' errors in which the held-out rows' errors are
    significantly larger.

    Args:
        train, holdout: The rows.
        columns: What segments may be described by.
        outcome: What was predicted.
        seen: Errors of the training rows, by models that had not seen them, (n,).
        held: Errors of the held-out rows, (m,).
    """
    candidates = candidate_tests(train, columns)
    worth = seen - seen.mean()
    least = LEAST_SHARE * len(seen)

    def quality(rows: Floats, total: Floats) -> Floats:
        return np.where(rows >= least, total / np.sqrt(np.maximum(rows, 1)), -np.inf)

    for _ in range(SPOTS):
        described = describe(candidates, worth, quality)
        if described is None:
            return
        condition, inside = described
        held_inside = condition.mask(holdout.frame).to_numpy()
        finding = _confirmed(condition, held_inside, outcome, held)
        if finding is not None:
            yield finding
        worth = np.where(inside, 0.0, worth)


def _confirmed(
    condition: Condition, inside: NDArray[np.bool_], outcome: Outcome, held: Floats
) -> Finding | None:
    errors = held[inside]
    rows = len(errors)
    if np.count_nonzero(errors) < 10 or rows > 0.5 * len(held):
        return None
    there, overall = float(errors.mean()), float(held.mean())
    if there < WORSE * overall:
        return None
    p_value = SPOTS * _p_value(outcome, held, inside)
    if p_value > ALPHA:
        return None
    if outcome.kind == "number":
        measure = "mean error"
        interval = mean_interval(errors)
        off = outcome.scale.off
        wrong = "farthest off"
        errs = f"by {off(there, *interval)} on average, against {off(overall)} overall"
    else:
        measure = "share of wrong answers"
        interval = wilson(errors.sum(), rows)
        wrong = "wrong most often"
        errs = (
            f"{percent(there)} of its answers ({share_interval(*interval)}), against "
            f"{percent(overall)} overall"
        )
    if interval[0] <= overall:
        return None
    sentence = (
        f"The model of {outcome.column} is {wrong} where {test_words(condition.tests)} "
        f"({rows:,} held-out rows): {errs}."
    )
    return Finding(
        technique="drivers",
        name="weak spot",
        sentence=sentence,
        strength=there,
        measure=measure,
        support=rows,
        interval=interval,
        p_value=min(p_value, 1.0),
        columns=tuple(dict.fromkeys(test.column for test in condition.tests)),
        condition=condition,
        table=Table(
            ("held-out rows", "count", measure),
            (
                (test_words(condition.tests), rows, round(there, 4)),
                ("all", len(held), round(overall, 4)),
            ),
        ),
        figures={"overall": overall},
    )


def _p_value(outcome: Outcome, held: Floats, inside: NDArray[np.bool_]) -> float:
    if outcome.kind == "number":
        from scipy.stats import mannwhitneyu

        return float(mannwhitneyu(held[inside], held[~inside], alternative="greater").pvalue)
    wrong_there = np.asarray(held[inside].sum(), dtype=np.int64)
    wrong = np.asarray(held.sum(), dtype=np.int64)
    return float(excess_p(wrong_there, np.asarray(inside.sum()), wrong, len(held)))

"""Which strategies compete in a round."""

from __future__ import annotations

from dataclasses import replace

from tidemill.augmentation.interpolated import methods
from tidemill.augmentation.strategy import ELSEWHERE, Step, Strategy
from tidemill.core.dataset import Dataset
from tidemill.trials.problem import Problem

MANY_ROWS = "boosting"
"""The learner that gets most out of many rows, where another one is best on few."""
LIGHT = 1 / 3
"""What a generated row counts for where it is to count less than a real one."""
SMALL = 5000
"""Up to so many real rows, four times as many generated ones are tried."""
MOST_ELSEWHERE = 16.0
"""Rows from elsewhere for each real one, at most."""


def baselines(train: Dataset, problem: Problem) -> list[Strategy]:
    """What is to be beaten: real rows alone, class weights, SMOTE and friends."""
    if not problem.classes:
        return [Strategy()]
    rivals = [Strategy(), Strategy(balanced=True)]
    fewest = min(int((problem.label == k).sum()) for k in range(len(problem.classes)))
    if fewest >= 10:
        rivals += [Strategy(method=name) for name in methods(train)]
    return rivals


# few, as each one more asks more of the proof on the test rows
def candidates(
    best: Strategy,
    train: Dataset,
    problem: Problem,
    *,
    newer: bool,
    also: int = 0,
    learner: str = MANY_ROWS,
) -> list[Strategy]:
    """Strategies that add one step to the best so far; rows made by SMOTE are left out.

    Args:
        best: The best so far.
        train: The real rows.
        problem: The target.
        newer: Whether there are newer rows.
        also: How many rows there are elsewhere.
        learner: The learner that is best on real rows alone.
    """
    steps = [Step("alike", 1, LIGHT)]
    if len(train) <= SMALL:
        steps.append(Step("alike", 4, LIGHT))
    steps.append(Step("weak spots"))
    if problem.classes:
        steps += [Step("rare"), Step("uncertain"), Step("thin rules")]
    if newer:
        steps.append(Step("shifted"))
    plain = replace(best, method="")
    found = [replace(plain, steps=(*plain.steps, step)) for step in steps]
    if also and not any(step.aim == ELSEWHERE for step in best.steps):
        others = _from_elsewhere(also / len(train))
        found += [replace(plain, steps=(*plain.steps, step)) for step in others]
        if learner != MANY_ROWS:
            first = replace(plain, steps=(*plain.steps, others[0]))
            found.append(replace(first, learner=MANY_ROWS))
    return found


def _from_elsewhere(most: float) -> list[Step]:
    """Many rows of another source, few, and many that count less; there are so many for each real
    one."""
    most = min(MOST_ELSEWHERE, float(f"{most:.2g}"))
    few = float(f"{most / 4:.2g}")
    return [Step(ELSEWHERE, most), Step(ELSEWHERE, few), Step(ELSEWHERE, most, LIGHT)]

"""Which strategies compete in a round."""

from __future__ import annotations

from dataclasses import replace

from tidemill.augmentation.interpolated import methods
from tidemill.augmentation.strategy import Step, Strategy
from tidemill.core.dataset import Dataset
from tidemill.trials.problem import Problem

LIGHT = 1 / 3
"""What a generated row counts for where it is to count less than a real one."""
SMALL = 5000
"""Up to so many real rows, four times as many generated ones are tried."""


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
def candidates(best: Strategy, train: Dataset, problem: Problem, *, newer: bool) -> list[Strategy]:
    """Strategies that add one step of generated rows to the best so far; rows made by SMOTE are
    left out."""
    steps = [Step("alike", 1, LIGHT)]
    if len(train) <= SMALL:
        steps.append(Step("alike", 4, LIGHT))
    steps.append(Step("weak spots"))
    if problem.classes:
        steps += [Step("rare"), Step("uncertain"), Step("thin rules")]
    if newer:
        steps.append(Step("shifted"))
    plain = replace(best, method="")
    return [replace(plain, steps=(*plain.steps, step)) for step in steps]

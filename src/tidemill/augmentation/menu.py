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
    fewest = min(int((problem.label == k).sum()) for k in range(len(problem.classes)))
    return [
        Strategy(),
        Strategy(balanced=True),
        *(Strategy(method=name) for name in methods(train) if fewest >= 10),
    ]


# few, as each one more asks more of the proof on the test rows
def candidates(best: Strategy, train: Dataset, problem: Problem, *, newer: bool) -> list[Strategy]:
    """Strategies that add one step of generated rows to the best so far; rows made by SMOTE are
    left out."""
    steps = [
        Step("alike", 1, LIGHT),
        *([Step("alike", 4, LIGHT)] if len(train) <= SMALL else []),
        Step("weak spots"),
    ]
    steps += [Step("rare"), Step("uncertain"), Step("thin rules")] if problem.classes else []
    steps += [Step("shifted")] if newer else []
    plain = replace(best, method="")
    return [replace(plain, steps=(*plain.steps, step)) for step in steps]

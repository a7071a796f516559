"""Which model was chosen by competing, and by what figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidemill.core.states import HasState, from_state
from tidemill.core.words import number, plural


@dataclass(frozen=True)
class ForesightScore(HasState):
    """How well a model foretold times that it had not learned; lower is better.

    Attributes:
        model: Its name.
        energy: Energy score of the moves of all numbers together, over a stretch.
        crps: Continuous ranked probability score of the move of each number over one time, on
            average.
        behind: By how much its energy score is above the best one, over the standard error of
            that; 0 for the best.
    """

    model: str
    energy: float
    crps: float
    behind: float


@dataclass(frozen=True)
class ModelChoice(HasState):
    """The model that was chosen: the first of those that are not behind the best beyond chance.

    Attributes:
        model: Its name.
        scores: Of all that competed, in the order in which they are preferred.
        stretches, steps: How many stretches of how many times were foretold.
    """

    model: str
    scores: tuple[ForesightScore, ...]
    stretches: int
    steps: int

    def __str__(self) -> str:
        figures = "; ".join(
            f"{one.model} {number(one.energy, 4)} and {number(one.crps, 3)}" for one in self.scores
        )
        return (
            f"Chosen: '{self.model}', as the columns say that this is a market. Energy score and "
            f"CRPS of what was foretold of {plural(self.stretches, 'stretch', 'stretches')} of "
            f"{plural(self.steps, 'time')}, lower is better: {figures}. Option 'model' names "
            "another."
        )


@dataclass(frozen=True)
class Distinguished(HasState):
    """How well a classifier tells a model's rows from real ones that no model learned.

    Attributes:
        model: Its name.
        auc: 0.5 where the classifier has to guess, 1 where it always knows.
        error: The standard error of that.
    """

    model: str
    auc: float
    error: float


@dataclass(frozen=True)
class TableChoice(HasState):
    """The model that was chosen: the first of those that are not behind the best beyond chance.

    Attributes:
        model: Its name.
        scores: Of all that competed, in the order in which they are preferred.
        rows: How many real rows they were judged by.
    """

    model: str
    scores: tuple[Distinguished, ...]
    rows: int

    def __str__(self) -> str:
        figures = "; ".join(f"{one.model} {number(one.auc, 3)}" for one in self.scores)
        return (
            f"Chosen: '{self.model}'. AUC of a tree classifier that tells its rows from "
            f"{plural(self.rows, 'row')} that were kept back, 0.5 is guessing: {figures}. Option "
            "'model' names another."
        )


def told_choice(state: Mapping[str, Any]) -> str:
    """What a model's manifest says of how it was chosen, in a sentence."""
    kind = TableChoice if "rows" in state else ModelChoice
    return str(from_state(kind, state))

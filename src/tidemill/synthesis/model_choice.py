"""Which model was chosen where none was named, and by what figures."""

from __future__ import annotations

from dataclasses import dataclass

from tidemill.core.states import HasState
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

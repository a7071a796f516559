"""What a model of the target may learn from: real rows as they are, weighted, interpolated, or with
generated ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tidemill.core.states import HasState, from_state
from tidemill.supervised.learners import words_of

Kind = Literal["real", "interpolated", "generated", "elsewhere"]
ELSEWHERE = "elsewhere"
"""What stands in an aim's place where rows are not generated, but taken from another source."""


@dataclass(frozen=True, slots=True)
class Step:
    """Rows that one round generates, or takes from elsewhere.

    Attributes:
        aim: What for, a registered aim's name; ELSEWHERE for rows of another source.
        amount: How many, as a multiple of the number that is natural for the aim.
        weight: What a generated row counts for beside a real one, above 0 and at most 1.
    """

    aim: str
    amount: float = 1.0
    weight: float = 1.0

    def __str__(self) -> str:
        aims = {"alike": "more of all kinds", "rare": "of the rarer classes"}
        words = f"generated rows {aims.get(self.aim, f'for {self.aim}')}"
        if self.aim == ELSEWHERE:
            words = f"rows from elsewhere, up to {self.amount:g} for each real one"
        elif self.amount == 0.5:
            words += ", half as many"
        elif self.amount != 1:
            words += f", {self.amount:g} times as many"
        if self.weight != 1:
            words += f", each counting {self.weight:.2g}"
        return words


@dataclass(frozen=True, slots=True)
class Strategy(HasState):
    """What is put beside the real rows, and how rows count.

    Attributes:
        balanced: Whether all classes count the same together ("class weights").
        method: An interpolating method of imbalanced-learn; "" for none.
        steps: What is generated, one step a round; a later step's generator also learns the earlier
            steps' rows.
        learner: The learner, by its registered name; "" for that which is best on real rows
            alone.
        copied: Whether a copy of a real row of the same class stands in the place of each generated
            row: the control that takes from a strategy what is owed to the mere number of rows, and
            to the balance of classes.

    Example:
        >>> print(Strategy(balanced=True))
        class weights
        >>> print(Strategy(steps=(Step("alike", 4, 1 / 3),)))
        generated rows more of all kinds, 4 times as many, each counting 0.33
    """

    balanced: bool = False
    method: str = ""
    steps: tuple[Step, ...] = ()
    copied: bool = False
    learner: str = ""

    @property
    def kind(self) -> Kind:
        """Where the rows come from."""
        if self.steps and not self.copied:
            elsewhere = all(step.aim == ELSEWHERE for step in self.steps)
            return "elsewhere" if elsewhere else "generated"
        return "interpolated" if self.method else "real"

    def __str__(self) -> str:
        parts = [self.method] if self.method else []
        if self.steps:
            words = "; then ".join(map(str, self.steps))
            copied = "copies of real rows in the place of "
            parts.append(copied + words if self.copied else words)
        if self.balanced:
            parts.append("class weights")
        words = " with ".join(parts) or "real rows alone"
        return f"{words}, learned by {words_of(self.learner)}" if self.learner else words

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> Strategy:
        """The strategy that :meth:`to_state` wrote.

        Raises:
            InputError: The state is not one of a strategy.
        """
        found: Strategy = from_state(Strategy, state)
        return found

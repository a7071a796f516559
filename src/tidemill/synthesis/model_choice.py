"""Which model was chosen by competing, and how cautious it is, and by what figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidemill.core.states import HasState, from_state
from tidemill.core.words import number, percent, plural


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


COSTLY = 0.65
"""Rows that are told with a larger AUC have lost much."""
WEAK = 0.55
"""Where chance explains more than this, passing says little."""


@dataclass(frozen=True)
class CautionChoice(HasState):
    """The caution that a model took, by what was found on one half of the rows, with the other half
    unseen.

    Attributes:
        caution: What is taken for all rows.
        share: Of the rows made then, those that were nearer to a learned row than to an unseen one.
        chance: The share up to which chance explains it.
        passed: Whether the share is no more than chance explains.
        auc: How well trees tell the rows made from unseen ones, 0.5 is guessing; None where these
            are too few.
        rows: How many rows were learned, and as many unseen.
    """

    caution: float
    share: float
    chance: float
    passed: bool
    auc: float | None
    rows: int

    def __str__(self) -> str:
        said = (
            f"Caution {number(self.caution, 3)} is what a test on halves found: of rows made by a "
            f"model of {plural(self.rows, 'row')}, {percent(self.share)} are nearer to one of "
            f"these than to one of as many unseen rows; chance explains up to "
            f"{percent(self.chance)}."
        )
        if self.auc is not None:
            said += (
                f" A tree classifier tells such rows from unseen ones with an AUC of "
                f"{number(self.auc, 3)}; 0.5 is guessing."
            )
        if self.costly:
            said += " So much caution costs much of what the columns say of each other."
        if not self.passed:
            said += (
                " No caution that was tried makes them pass, so all rows are learned with the most."
            )
        if self.weak:
            said += " Of so few rows that says little: give more, or a caution of your own."
        return said

    @property
    def costly(self) -> bool:
        """Whether the rows are easily told from real ones."""
        return self.auc is not None and self.auc > COSTLY

    @property
    def weak(self) -> bool:
        """Whether chance explains so much that what passes may still be near."""
        return self.chance > WEAK


def told_choices(manifest: Mapping[str, Any]) -> list[str]:
    """What a model's manifest says of how it and its caution were chosen, in words."""
    found: list[HasState] = []
    if "choice" in manifest:
        state = manifest["choice"]
        found.append(from_state(TableChoice if "rows" in state else ModelChoice, state))
    if "privacy" in manifest:
        found.append(from_state(CautionChoice, manifest["privacy"]))
    return [str(one) for one in found]

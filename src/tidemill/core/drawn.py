"""What a model drew, and what it thinks of what was asked of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tidemill.core.dataset import Dataset
from tidemill.core.notebook import bullets
from tidemill.core.states import HasState
from tidemill.core.words import number, one_in

FEW = 0.1
"""Rows that are worth less than this share of their number in independent draws resemble each
other."""


@dataclass(frozen=True, slots=True)
class Odds:
    """How likely the model holds what was asked, and what the rows drawn for it are worth.

    Attributes:
        asked: What was asked, in words.
        rows: Rows that were drawn.
        chance: The model's probability that a row is like this; None where each row was asked for
            something else.
        effective: How many independent draws the rows are worth, at most ``rows`` (Kong's effective
            sample size).
        training: Rows that the model learned from.
        noun: What it makes: "rows" or "series".
    """

    asked: str
    rows: int
    chance: float | None
    effective: float
    training: int
    noun: str = "rows"

    @property
    def expected(self) -> float | None:
        """How many of the training rows the model expects to be like this."""
        if self.chance is None:
            return None
        return self.chance * self.training

    @property
    def warning(self) -> str:
        """What to be careful about; empty where there is nothing."""
        warnings = []
        one = "row" if self.noun == "rows" else self.noun
        if self.rows and self.expected is not None and self.expected < 1:
            warnings.append(
                f"no or hardly any training {one} is like this: the model expects "
                f"{number(self.expected, 2)} among {self.training:,}; the {self.noun} are "
                "extrapolated"
            )
        if self.rows and self.effective < FEW * self.rows:
            warnings.append(f"{self._worth} and resemble each other")
        if not warnings:
            return ""
        return f"{self.asked}: {'; '.join(warnings)}"

    @property
    def _worth(self) -> str:
        worth = max(round(self.effective), 1)
        return f"the {self.rows:,} {self.noun} are worth about {worth:,} independent ones"

    def __str__(self) -> str:
        facts = []
        if self.chance is not None and self.expected is not None:
            facts.append(
                f"{one_in(self.chance)} of all {self.noun} by the model, about "
                f"{number(self.expected, 2)} of the {self.training:,} training {self.noun}"
            )
        if self.effective <= 0.95 * self.rows or not facts:
            facts.append(self._worth)
        return f"{self.asked}: {'; '.join(facts)}"


@dataclass(frozen=True)
class Drawn(HasState):
    """Rows that a model made.

    Attributes:
        data: The rows.
        odds: One entry for each condition that rows were drawn under; none where nothing was asked.
        chance: Where values of single rows were given, (n,) the model's probability of those of
            each row: that of a number is the probability of its smallest step. For comparing rows
            with each other; None where none were given.
    """

    STATE = ("rows", "odds")

    data: Dataset
    odds: tuple[Odds, ...] = ()
    chance: np.ndarray | None = field(default=None, repr=False)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.data)

    def __str__(self) -> str:
        return "\n".join([f"{len(self.data):,} rows", *map(str, self.odds)])

    def _repr_html_(self) -> str:
        return bullets(map(str, self.odds)) + self.data._repr_html_()

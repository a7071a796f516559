"""The answer to a what-if question, and what it may be taken for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from tidemill.core.condition import Condition, Test
from tidemill.core.dataset import Dataset
from tidemill.core.notebook import bullets, paragraph
from tidemill.core.states import HasState
from tidemill.core.words import listing, number, percent, plural, shortlist

GIVEN_ROWS = 500
"""Given rows that know an outcome are learned from where they are at least so many."""
TRAINING, GIVEN, GENERATED = "the training rows", "the rows given", "generated rows"
"""What outcomes are learned from."""
DRAWS = 20
BALANCED = 0.55
"""Where other columns tell who has a value with at least this area under the ROC curve, it does not
look as if chance had decided it."""
MOST_KEPT = 8
"""Columns that are named as kept."""
Basis = Literal["association", "randomised", "because"]


@dataclass(frozen=True, slots=True)
class Shift:
    """How far one outcome would be expected to move.

    Attributes:
        outcome: What is measured, in words.
        unit: "share" of rows, or "mean" of a number.
        before, after: What is expected with the rows' own values, and with those that are set.
        low, high: The 95 % interval of ``after - before`` for these rows: how sure what was learned
            is.
        observed: Its value in the rows as they were given, where they have it.
        raw: How the outcome differed between rows that had these values, whatever else they were;
            None where it is not known.
        plain: The shift by plain boosted trees, a yardstick that flattens.
        robustness: The share of what is left of both the outcome and what is set that a hidden
            cause would have to explain to undo the shift (Cinelli and Hazlett 2020, "Making sense
            of sensitivity"); None where it was not asked.
    """

    STATE: ClassVar = (
        *("outcome", "unit", "before", "after", "shift", "low", "high"),
        *("observed", "raw", "plain", "robustness"),
    )

    outcome: str
    unit: str
    before: float
    after: float
    low: float
    high: float
    observed: float | None = None
    raw: float | None = None
    plain: float | None = None
    robustness: float | None = None

    @property
    def shift(self) -> float:
        """``after - before``."""
        return self.after - self.before

    @property
    def is_proven(self) -> bool:
        """Whether the interval leaves out no shift at all."""
        return self.low > 0 or self.high < 0

    def __str__(self) -> str:
        worded = percent if self.unit == "share" else number
        moved, low, high = (signed(value, self.unit) for value in (self.shift, self.low, self.high))
        points = " points" if self.unit == "share" else ""
        chance = "" if self.is_proven else "; it may be none"
        return (
            f"{self.outcome}: {worded(self.before)} -> {worded(self.after)}, {moved}{points} "
            f"(95 % interval {low} to {high}{chance})"
        )

    def yardsticks(self) -> str:
        """The raw difference and the plain trees' shift, in a sentence; empty where neither is
        known."""
        parts = []
        if self.raw is not None:
            parts.append(
                f"{signed(self.raw, self.unit)} is the raw difference, other columns left aside"
            )
        if self.plain is not None:
            outside = not self.low <= self.plain <= self.high
            told = " (outside the interval: trust the size less)" if outside else ""
            parts.append(f"{signed(self.plain, self.unit)} by plain boosted trees{told}")
        return "For comparison: " + "; ".join(parts) + "." if parts else ""


@dataclass(frozen=True)
class WhatIf(HasState):
    """What would be expected of rows if some of their columns were set.

    Attributes:
        asked: What was set.
        rows: How many rows were given.
        already: How many of them had these values anyway.
        refused: For how many there is no answer: rows like them hardly ever have what is set.
        basis: "association", "randomised" (the user says that chance set the columns) or "because"
            (the user says which columns decided it).
        because: These columns.
        told: How well other columns tell who has what is set (area under the ROC curve and its
            interval), where chance is said to have set it.
        draws: How often what changes as well was drawn; 1 where nothing was.
        kept: Columns that stay as they are.
        redrawn: Columns of the rows that are drawn anew, outcomes among them.
        learned_from: What the outcomes were learned from.
        left_out: Columns that were left out because they are an outcome in other words.
        shifts: One entry for each outcome that can be told.
        untold: Outcomes that cannot be told: hardly any rows have them.
        data: The given rows with what is set, and each outcome expected before and after; nothing
            where the row was refused.
    """

    STATE = (
        ("set", "tests"),
        *("rows", "already", "refused", "basis", "because", "told", "draws", "kept", "redrawn"),
        *("learned_from", "left_out", "shifts", "untold"),
    )

    asked: Condition
    rows: int
    already: int
    refused: int
    basis: Basis
    because: tuple[str, ...]
    told: tuple[float, float, float] | None
    draws: int
    kept: tuple[str, ...]
    redrawn: tuple[str, ...]
    learned_from: str
    left_out: tuple[str, ...]
    shifts: tuple[Shift, ...]
    untold: tuple[str, ...]
    data: Dataset = field(repr=False)

    @property
    def answered(self) -> int:
        """For how many rows there is an answer."""
        return self.rows - self.refused

    @property
    def columns(self) -> str:
        """The columns that are set, as a list."""
        return listing([test.column for test in self.asked.tests])

    @property
    def refusal(self) -> str:
        """Why some rows have no answer; empty where all have one."""
        if not self.refused:
            return ""
        if not self.answered:
            return (
                f"No answer: rows like these hardly ever have {self.asked}, so what it would be "
                "is not in the data."
            )
        return (
            f"{plural(self.refused, 'row')} of {self.rows:,} left out: rows like "
            f"{'it' if self.refused == 1 else 'them'} hardly ever have {self.asked}, so there is "
            "nothing to learn the answer from."
        )

    @property
    def closing(self) -> str:
        """What the figures may be taken for."""
        if self.basis == "randomised":
            return self._closing_of_chance()
        if self.basis == "because":
            return self._closing_of_causes()
        return (
            "This is association, not proof that the change would bring it about: the rows came to "
            f"have their {self.columns} by themselves, and may differ in ways that no column shows."
        )

    def _closing_of_chance(self) -> str:
        if self.told is not None and self.told[1] > BALANCED:
            return (
                f"You say that chance set {self.columns}, but it does not look so: other columns "
                f"tell who has {self.asked} (AUC {number(self.told[0])}; chance would give 0.5). "
                "Take this as an association."
            )
        return (
            f"As chance set {self.columns}, this is the effect of setting it, as sure as the "
            "interval says."
        )

    def _closing_of_causes(self) -> str:
        closing = (
            f"Adjusted for {listing(self.because)} only: if nothing else decided {self.columns} "
            "and matters for the outcome, this is the effect."
        )
        for shift in self.shifts:
            if shift.robustness is not None and shift.is_proven:
                closing += (
                    f" A hidden cause would undo it ({shift.outcome}) if it explained "
                    f"{percent(shift.robustness)} of what is left of {self.columns} and of the "
                    "outcome."
                )
        return closing

    def _lines(self) -> tuple[str, list[str], list[str]]:
        had = f", {self.already:,} of which have it already" if self.already else ""
        head = f"What if {self.asked}, for {plural(self.answered, 'row')}{had}"
        kept = shortlist(self.kept, MOST_KEPT) or "nothing"
        notes = [line for line in (self.refusal, *(s.yardsticks() for s in self.shifts)) if line]
        if self.untold:
            notes.append(f"Not known, since hardly any rows have it: {listing(self.untold)}.")
        if self.left_out:
            notes.append(f"Left out, as the outcome in other words: {listing(self.left_out)}.")
        others = [name for name in self.redrawn if self.draws > 1]
        drawn = f" Drawn anew, {self.draws} times: {', '.join(others)}." if others else ""
        notes.append(f"Kept: {kept}.{drawn}")
        if self.learned_from == GENERATED:
            notes.append(
                "The outcome was learned from generated rows, since the model was not fitted for "
                "it: the shift may be somewhat too small. Fit with the outcome as target, or give "
                f"{plural(GIVEN_ROWS, 'row')} that have it."
            )
        return head, [str(shift) for shift in self.shifts], [*notes, self.closing]

    def __str__(self) -> str:
        head, shifts, notes = self._lines()
        return "\n".join([head, *(f"  {line}" for line in shifts), *notes])

    def _repr_html_(self) -> str:
        head, shifts, notes = self._lines()
        return paragraph("", bold=head) + bullets(shifts) + "".join(map(paragraph, notes))

    @property
    def tests(self) -> tuple[Test, ...]:
        """What was set, column by column."""
        return self.asked.tests


def signed(value: float, unit: str) -> str:
    """A shift with its sign: points of a share, or a number."""
    if unit == "share":
        return f"{100 * value:+.1f}"
    return f"{'+' if value >= 0 else '-'}{number(abs(value))}"

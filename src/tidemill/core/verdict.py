"""Whether generated rows help: what was compared, by how much it differs, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tidemill.core.notebook import paragraph, table
from tidemill.core.states import HasState, from_state
from tidemill.core.words import percent


@dataclass(frozen=True, slots=True)
class Contrast:
    """One strategy beside its control, measured on the same real rows that neither has learned
    from.

    Attributes:
        strategy, control: What was learned from, in words ("real rows and 2,000 generated ones",
            "class weights").
        learner: The strategy's learner, by its registered name.
        measure: What is measured ("average precision", "cost per 1,000 rows"); more is better, but
            for a cost.
        share: The part of the real training rows that both learned from, 0 to 1.
        value, reference: The figure of the strategy and of its control.
        gain: How much better the strategy is, in the measure's unit; above 0 is better also for a
            cost.
        low, high: The interval of the gain at ``level``.
        level: Of the interval.
    """

    strategy: str
    control: str
    learner: str
    measure: str
    share: float
    value: float
    reference: float
    gain: float
    low: float
    high: float
    level: float = 0.95


@dataclass(frozen=True)
class Verdict(HasState):
    """Whether a model that also learns from generated rows does better on real rows, and how sure
    that is.

    Attributes:
        helps: Whether the whole interval of the gain lies above 0 (and the untouched test rows,
            where there are any, agree; those of a loop with a p-value of at most 1 / strategies
            tried).
        gain, low, high: The gain over the best control and its interval, in the measure's unit;
            above 0 is better.
        metric: What was measured.
        learner: The learner that was best on real rows alone, by which the verdict is given.
        strategy, control: What was compared, in words.
        reason: The verdict in one sentence, with its figures.
        contrasts: All comparisons: other learners, other measures, fewer real rows.
        test: The one comparison on untouched test rows; None where there were none.
        caveats: What a reader must know before relying on it.
    """

    helps: bool
    gain: float
    low: float
    high: float
    metric: str
    learner: str
    strategy: str
    control: str
    reason: str
    contrasts: tuple[Contrast, ...] = ()
    test: Contrast | None = None
    caveats: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join([self.reason, *self.caveats])

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> Verdict:
        """The verdict that :meth:`to_state` wrote.

        Raises:
            InputError: The state is not one of a verdict.
        """
        found: Verdict = from_state(Verdict, state)
        return found

    def _repr_html_(self) -> str:
        titles = ("learner", "measure", "real rows", "control", "strategy", "gain (interval)")
        rows = []
        for one in self.contrasts:
            gain = f"{one.gain:+.3g} ({one.low:.3g} to {one.high:.3g})"
            figures = (f"{one.reference:.4g}", f"{one.value:.4g}", gain)
            rows.append((one.learner, one.measure, percent(one.share), *figures))
        return paragraph("", bold=str(self)) + table(titles, rows)


@dataclass(frozen=True)
class Candidate:
    """One strategy that competed in a round of the loop.

    Attributes:
        strategy: In words.
        kind: "real" (real rows only: none, class weights, repetition), "interpolated" (SMOTE and
            friends), "generated" or "elsewhere" (rows of another source).
        rows: Rows that it adds to the training rows, on average over the folds.
        value: Its figure in cross-validation.
        gain, low, high: Against the best so far, with a 95 % interval corrected for the overlap of
            folds; None for the first round's reference itself.
        accepted: Whether it became the best so far.
    """

    strategy: str
    kind: str
    rows: int
    value: float
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    accepted: bool = False


@dataclass(frozen=True)
class RoundRecord:
    """One round of the loop.

    Attributes:
        number: 0 for the real data alone.
        aims: What rows were generated for, and why, each a sentence ("contract = Month-to-month: 31
            % of answers wrong").
        generated: Rows that were generated for it, from all training rows.
        dropped: Reason, as the end of "because they ..." -> rows that did not pass that gate.
        candidates: What competed.
        reason: What came of it, in one sentence.
        tails: Of the rows that the next generator learns from: their share beyond the real data's 1
            % and 99 % quantiles and in rare levels, divided by the real data's; 1 is no loss.
        trends: Mean difference of the pairwise associations from the real data's; 0 is none.
        distinct: The share of distinct rows, divided by that of as many real rows; 1 is no loss.
        seconds: What the round took.
    """

    number: int
    aims: tuple[str, ...] = ()
    generated: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    candidates: tuple[Candidate, ...] = ()
    reason: str = ""
    tails: float = 1.0
    trends: float = 0.0
    distinct: float = 1.0
    seconds: float = 0.0

    @property
    def accepted(self) -> Candidate | None:
        """The candidate that became the best so far, or None."""
        return next((c for c in self.candidates if c.accepted), None)

"""What mining says: a sentence with its evidence, and the rows it speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from tidemill.core.condition import Condition, Test
from tidemill.core.notebook import paragraph, table
from tidemill.core.picture import Picture, Sheet, Table
from tidemill.core.states import HasState, to_state


@dataclass(frozen=True, slots=True)
class Finding(HasState):
    """One thing found in the data, with figures from held-out rows.

    Attributes:
        technique: The registered technique that found it.
        name: What kind of finding it is within the technique ("model", "segment", "rule",
            "anomaly", ...).
        sentence: The finding in plain words, complete with its figures and units.
        strength: How strong it is, in the measure that ``measure`` names.
        measure: What strength is ("AUC", "lift", "silhouette", ...).
        support: Holdout rows (or baskets) that it speaks of.
        interval: (low, high) of strength at 95 %, where one is due.
        p_value: After multiple-testing control, where a test is due.
        columns: The columns it is about.
        condition: The rows it speaks of.
        table, picture: Its evidence, to be shown.
        figures: Further named numbers, for machines.
    """

    STATE = (
        "technique",
        "name",
        "sentence",
        "strength",
        "measure",
        "support",
        "interval",
        "p_value",
        "columns",
        ("condition", "tests"),
        "condition_text",
        "table",
        "picture",
        "figures",
    )

    technique: str
    name: str
    sentence: str
    strength: float
    measure: str
    support: int
    interval: tuple[float, float] | None = None
    p_value: float | None = None
    columns: tuple[str, ...] = ()
    condition: Condition = field(default_factory=Condition)
    table: Table | None = None
    picture: Picture | Sheet | None = None
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def tests(self) -> tuple[Test, ...]:
        """What the rows it speaks of are like; none for every row."""
        return self.condition.tests

    @property
    def condition_text(self) -> str | None:
        """The rows it speaks of, in words; None for every row."""
        return str(self.condition) if self.condition.tests else None


class Findings(tuple[Finding, ...]):
    """A tuple of findings that shows itself in a notebook."""

    __slots__ = ()

    def of(self, technique: str, name: str | None = None) -> Self:
        """Those of one technique, and of one name within it."""
        return type(self)(f for f in self if f.technique == technique and name in (None, f.name))

    def to_state(self) -> list[dict[str, Any]]:
        """The findings as plain JSON values."""
        return to_state(self)

    def __str__(self) -> str:
        return "\n".join(f"{f.technique}: {f.sentence}" for f in self) or "Nothing was found."

    def _repr_html_(self) -> str:
        if not self:
            return paragraph("Nothing was found.")
        rows = [(found.technique, found.sentence, found.support) for found in self]
        return table(("technique", "finding", "holdout rows"), rows)

"""What cleaning says and does: issues seen in the training rows, and single changes to cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tidemill.core.picture import Sheet
from tidemill.core.states import HasState

Severity = Literal["note", "warning", "personal data"]


@dataclass(frozen=True, slots=True)
class Issue(HasState):
    """One thing a check saw.

    Attributes:
        check: The registered check.
        sentence: What was seen, in plain words, with its count.
        columns: The columns it is about.
        count: Cells or rows concerned, in the training rows.
        example: One value or row, as text. Never a person's datum: personal data are masked.
        applied: Whether the plan changes something about it.
        severity: "personal data" makes a warning on the report's first page.
        action: What the plan does about it, or what the user can do.
        figures: Named numbers, for machines.
        picture: The images in question, where they are images.
    """

    check: str
    sentence: str
    columns: tuple[str, ...]
    count: int
    example: str = ""
    applied: bool = False
    severity: Severity = "note"
    action: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    picture: Sheet | None = None

    def __str__(self) -> str:
        example = f" Example: {self.example}." if self.example else ""
        action = f" {self.action[0].upper()}{self.action[1:].rstrip('.')}." if self.action else ""
        return f"{self.check}: {self.sentence}{example}{action}"

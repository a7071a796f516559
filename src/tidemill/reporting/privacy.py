"""Which scores say what generated rows give away about real ones."""

from __future__ import annotations

from tidemill.core.score import Score
from tidemill.reporting.base import ReportInput


def privacy_scores(account: ReportInput) -> tuple[Score, ...]:
    """The overall scores about what generated rows give away."""
    if account.scores is None:
        return ()
    return tuple(score for score in account.scores.overall() if score.light is not None)

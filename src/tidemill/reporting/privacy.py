"""Which scores say what generated rows give away about real ones."""

from __future__ import annotations

from tidemill.core.score import Score
from tidemill.reporting.base import ReportInput

PRIVACY = ("nearest", "membership")
"""Metrics that say what generated rows give away about real ones."""
IMAGE_COPIES = ("closeness to training images", "near-copies of training images")
"""What the names of scores of images begin with that say so."""


def privacy_scores(account: ReportInput) -> tuple[Score, ...]:
    """The overall scores about what generated rows give away."""
    if account.scores is None:
        return ()
    return tuple(score for score in account.scores.overall() if of_privacy(score))


def of_privacy(score: Score) -> bool:
    """Whether a score says what generated rows give away about real ones."""
    if score.metric == "images":
        return score.name.startswith(IMAGE_COPIES)
    return score.metric in PRIVACY

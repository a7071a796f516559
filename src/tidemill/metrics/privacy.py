"""What synthetic rows give away about training rows, in the light of an audit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score

NAME = "privacy"


def privacy(evidence: Evidence, run: Run) -> Iterable[Score]:
    """The attacks of a privacy audit that need rows only.

    Each is a leak from 0, where training rows are exposed no more than rows that the generator has
    not seen, to 1, where they are exposed as if they had been published. Floor: rows of independent
    columns. Ceiling: 1, the worst.

    Args:
        evidence: The sets, with a way to attack.
        run: Draws the rows that are attacked.
    """
    if evidence.attack is None:
        yield Score(NAME, NAME, None, better="low", why="no attack was handed in")
        return
    for score in evidence.attack(evidence, run):
        yield replace(score, metric=NAME)

"""Pieces that repeat another one, in whatever key, and pieces without notes are reported."""

from __future__ import annotations

import numpy as np

from tidemill.cleaning.base import Check, Diagnosis
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.words import percent, plural
from tidemill.music.scores import REST, pitches, score_name, score_pieces


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Find pieces that are an earlier one in the same or another key, and pieces that are
    silent."""
    pieces, column = score_pieces(train), score_name(train.schema)
    seen: set[bytes] = set()
    again = silent = 0
    for piece in run.track(pieces, "clean", "looking for repeated pieces"):
        sounds = pitches(piece)
        if not (sounds != REST).any():
            silent += 1
            continue
        lowest = int(sounds[sounds != REST].min())
        form = np.where(piece == REST, REST, piece - lowest).tobytes()
        again += form in seen
        seen.add(form)
    issues = []
    if again:
        said = (
            f"{plural(again, 'piece repeats', 'pieces repeat')} an earlier one, in the same key or "
            f"another ({percent(again, len(pieces))})."
        )
        action = "kept; if they are mistakes, remove them: repeats make every score look better"
        issues.append(
            Issue("repeated_pieces", said, (column,), again, action=f"{action} than it is")
        )
    if silent:
        said = f"{plural(silent, 'piece has', 'pieces have')} no note."
        action = "kept; remove them if they are mistakes"
        issues.append(Issue("repeated_pieces", said, (column,), silent, action=action))
    return Diagnosis(tuple(issues))


CHECK = Check(diagnose)

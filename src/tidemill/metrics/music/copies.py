"""Whether pieces are copied from training pieces, in whatever key."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tidemill.core.score import Score
from tidemill.core.words import percent
from tidemill.metrics.texts.copies import beyond
from tidemill.music.runs import COPY_NOTES, copied_share, runs_in

RUNS = f"copied runs of {COPY_NOTES} notes (share)"
LEAK = "copies of training pieces"
MOSTLY = 0.5
"""Of a piece that is called a copy, so many runs stand in training pieces."""


def copies(
    train: Sequence[np.ndarray],
    holdout: Sequence[np.ndarray],
    synthetic: Sequence[np.ndarray],
    floor: Sequence[np.ndarray],
) -> list[Score]:
    """The share of runs of the first voice that stand in training pieces, against held-out pieces'
    own, and of pieces that mostly do."""
    known = runs_in(train, COPY_NOTES)

    def shares(pieces: Sequence[np.ndarray]) -> np.ndarray:
        found = (copied_share(piece, known) for piece in pieces)
        return np.array([share for share in found if share is not None])

    mine, real, worthless = shares(synthetic), shares(holdout), shares(floor)
    if not len(mine) or not len(real):
        why = f"no piece has {COPY_NOTES} notes in its first voice"
        return [
            Score("music", RUNS, None, better="ceiling", why=why),
            Score("music", LEAK, None, better="low", why=why, light="not known"),
        ]
    value, ceiling = float(mine.mean()), float(real.mean())
    runs = Score(
        "music",
        RUNS,
        value,
        float(worthless.mean()) if len(worthless) else None,
        ceiling,
        better="ceiling",
        sentence=f"{percent(value)} of the runs of {COPY_NOTES} notes stand in training pieces, in "
        f"any key; of held-out pieces' {percent(ceiling)} do.",
    )
    leak = beyond(mine > MOSTLY, real > MOSTLY)
    counted = (
        f"{percent(float((mine > MOSTLY).mean()))} of the generated pieces have more than half of "
        f"their runs from training pieces; so have {percent(float((real > MOSTLY).mean()))} of "
        "held-out ones."
    )
    if isinstance(leak, str):
        return [runs, Score("music", LEAK, None, better="low", why=leak, light="not known")]
    lit = Score(
        "music",
        LEAK,
        leak.value,
        floor=1.0,
        ceiling=0.0,
        better="low",
        sentence=f"{counted} {leak.reason}",
        interval=(leak.low, leak.high),
        light=leak.light,
        figures=dict(leak.figures),
    )
    return [runs, lit]

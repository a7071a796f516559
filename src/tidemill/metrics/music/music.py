"""Whether pieces of music are like real ones, as useful to foretell them, and no copies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from tidemill.core.privacy import privacy_of
from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.core.words import listing, number, percent, ratio
from tidemill.metrics.music.copies import RUNS, copies
from tidemill.metrics.music.foretelling import NoteCounts
from tidemill.metrics.music.likeness import likeness
from tidemill.metrics.verdict import joined
from tidemill.music.scores import score_pieces

NATS = "nats a note of held-out pieces"
MOST_PIECES = 2000
"""Of a set that are looked at."""
LIMIT = (
    "These figures count notes, chords and runs of the first voice; they do not hear whether a "
    "piece is good, and a piece that is copied with other rhythms may be missed."
)


def music(evidence: Evidence, run: Run) -> Iterable[Score]:
    """How generated pieces compare with held-out real ones.

    - Likeness: triads, held notes, crossings of voices, range, key, repetition, length
      (:mod:`tidemill.metrics.music.likeness`). Ceiling: held-out pieces.
    - Use: how well counts of generated pieces foretell held-out ones
      (:mod:`tidemill.metrics.music.foretelling`). Ceiling: counts of as many training pieces.
    - Copies: runs of eight notes that stand in training pieces, in any key, against held-out
      pieces' own (:mod:`tidemill.metrics.music.copies`).

    Floor: pieces whose notes are drawn one by one.
    """
    sets: dict[str, Sequence[np.ndarray]] = {}
    for name in ("train", "holdout", "synthetic", "floor"):
        pieces = score_pieces(getattr(evidence, name))
        rng = run.rng("metrics", "music", name)
        if len(pieces) > MOST_PIECES:
            chosen = np.sort(rng.permutation(len(pieces))[:MOST_PIECES])
            pieces = [pieces[k] for k in chosen.tolist()]
        sets[name] = pieces
    yield from likeness(sets)
    run.check()
    yield _foretelling(sets)
    run.check()
    # what was learned from is searched whole
    yield from copies(
        score_pieces(evidence.train), sets["holdout"], sets["synthetic"], sets["floor"]
    )


def _foretelling(sets: Mapping[str, Sequence[np.ndarray]]) -> Score:
    holdout, as_many = sets["holdout"], len(sets["synthetic"])
    value, floor, ceiling = (
        NoteCounts.of(sets[name][:as_many]).nats(holdout)
        for name in ("synthetic", "floor", "train")
    )
    if value is None:
        return Score("music", NATS, None, better="low", why="held-out pieces have no step")
    sentence = (
        f"By counts of generated pieces a note of held-out ones takes {ratio(value)} nats, by "
        f"those of real pieces {ratio(ceiling or 0.0)}."
    )
    return Score("music", NATS, value, floor, ceiling, better="low", sentence=sentence)


def verdict_of_music(scores: Sequence[Score]) -> str:
    """Likeness, use and copies, a sentence each; a red light comes first."""
    named = {score.name: score for score in scores if score.value is not None}
    said = []
    far = [score for score in named.values() if _is_far(score)]
    if named:
        what = listing([f"{s.name} {number(s.value)} (real {number(s.ceiling)})" for s in far])
        said.append(
            f"The generated pieces differ from real ones in {what}."
            if far
            else "In all that was counted the generated pieces are near to real ones."
        )
    used = named.get(NATS)
    if used is not None and used.reach is not None:
        said.append(
            f"To foretell real notes they are worth {percent(max(min(used.reach, 1.0), 0.0))} of "
            "what real pieces are, above pieces of notes drawn one by one."
        )
    if RUNS in named:
        said.append(named[RUNS].sentence)
    return joined(said, privacy_of(scores))


def _is_far(score: Score) -> bool:
    """Whether a figure lies a tenth or more beside real pieces'."""
    if score.better != "ceiling" or score.ceiling is None or score.name == RUNS:
        return False
    return abs((score.value or 0.0) - score.ceiling) > max(0.1 * abs(score.ceiling), 0.01)

"""Levels: whether their patterns are those of real ones, whether they can be crossed, and how much
of them is copied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from tidemill.core.dataset import Dataset
from tidemill.core.privacy import privacy_of
from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.core.words import percent
from tidemill.levels.crossing import crossing
from tidemill.levels.legend import games_of, ready_legends
from tidemill.levels.patterns import Keys, divergence, windows
from tidemill.levels.planes import tiles_name
from tidemill.metrics.verdict import joined

SIDES = (2, 3, 4)
"""Of the windows whose shares are compared."""
COPIED = 6
"""Of the windows that are looked for in training levels."""
MOST_LEVELS = 500
"""Levels of a set that are looked at."""
CROSSED, COPIES = "share that can be crossed", f"copied windows of {COPIED} x {COPIED} tiles"
LIMIT = (
    "These figures compare windows of tiles and a search by stated rules; whether a level is fun "
    "to play, or fair, they do not say."
)


def levels(evidence: Evidence, run: Run) -> Iterable[Score]:
    """The scores of levels; those of the floor are of tiles drawn by themselves."""
    sets = [evidence.synthetic, evidence.floor, evidence.holdout, evidence.train]
    made, floor, holdout, train = (_some(data, run) for data in sets)
    for side in SIDES:
        run.check()
        own, worst, real, known = (
            windows(_planes(data), side) for data in (made, floor, holdout, train)
        )
        if not len(real) or not len(known):
            why = f"no level has {side} lines and columns"
            yield Score("levels", pattern_name(side), None, better="low", why=why)
            continue
        yield Score(
            "levels",
            pattern_name(side),
            divergence(own, real),
            floor=divergence(worst, real),
            ceiling=divergence(known, real),
            better="low",
            sentence=f"How much the shares of windows of {side} x {side} tiles differ from those "
            "of held-out levels (Jensen-Shannon divergence in bits; 0 where they are the same).",
        )
    yield _crossed(made, floor, holdout)
    yield _copied(made, holdout, train)


def pattern_name(side: int) -> str:
    """What a score of patterns is called."""
    return f"divergence of patterns of {side} x {side} tiles"


def _some(data: Dataset, run: Run) -> Dataset:
    if len(data) <= MOST_LEVELS:
        return data
    rng = run.rng("metrics", "levels", data.name)
    return data.rows(np.sort(rng.permutation(len(data))[:MOST_LEVELS]))


def _planes(data: Dataset) -> list[str]:
    return [plane for plane in data[tiles_name(data)].to_list() if plane]


def crossed_share(data: Dataset) -> tuple[int, int]:
    """Of the levels of games with a ready legend, how many can be crossed, and how many there
    are."""
    legends, crossed, asked = ready_legends(), 0, 0
    for plane, game in zip(data[tiles_name(data)].to_list(), games_of(data), strict=True):
        if plane and game is not None:
            asked += 1
            crossed += crossing(plane, legends[game]).crossed
    return crossed, asked


def _crossed(made: Dataset, floor: Dataset, holdout: Dataset) -> Score:
    (crossed, asked), (worst, of_worst), (real, of_real) = (
        crossed_share(data) for data in (made, floor, holdout)
    )
    if not asked or not of_real:
        known = ", ".join(ready_legends())
        why = f"no category beside the levels names a game with known rules ({known})"
        return Score("levels", CROSSED, None, why=why)
    return Score(
        "levels",
        CROSSED,
        crossed / asked,
        floor=worst / max(of_worst, 1),
        ceiling=real / of_real,
        sentence=f"{crossed} of {asked} generated levels of games with known rules can be crossed "
        f"by these, and {real} of {of_real} held-out ones; the others need what is not recorded.",
        figures={"crossed": crossed, "levels": asked},
    )


def copied_share(made: Keys, train: Keys) -> float:
    """The share of windows that occur in training levels."""
    return float(np.isin(made, train).mean()) if len(made) else 0.0


def _copied(made: Dataset, holdout: Dataset, train: Dataset) -> Score:
    own, real, known = (
        windows(_planes(data), COPIED, plain=False) for data in (made, holdout, train)
    )
    if not len(own) or not len(real):
        why = f"no level has a window of {COPIED} x {COPIED} tiles of several sorts"
        return Score("levels", COPIES, None, better="low", why=why)
    value, ceiling = copied_share(own, known), copied_share(real, known)
    return Score(
        "levels",
        COPIES,
        value,
        floor=1.0,
        ceiling=ceiling,
        better="low",
        sentence=f"{percent(value)} of the windows of {COPIED} x {COPIED} tiles in generated "
        f"levels occur in training levels; of held-out levels {percent(ceiling)}. Windows of one "
        "sort of tile are not counted.",
    )


def verdict_of_levels(scores: Sequence[Score]) -> str:
    """Patterns, crossing and copies, a sentence each.

    Example:
        >>> crossed = Score("levels", CROSSED, 1.0, 0.1, 0.9)
        >>> print(verdict_of_levels([crossed]).split(". ")[1].rstrip("."))
        100 % can be crossed by the rules of their game (of held-out ones 90 %)
    """
    named = {score.name: score for score in scores if score.value is not None}
    pattern = named.get(pattern_name(SIDES[1]))
    said = ["How far the patterns of tiles are those of real levels was not measured."]
    if pattern is not None:
        said = [
            f"The patterns of tiles differ from those of held-out levels by {pattern.value:.3f} "
            f"bits (training levels {pattern.ceiling:.3f}, single tiles {pattern.floor:.3f})."
        ]
    crossed, copied = named.get(CROSSED), named.get(COPIES)
    if crossed is not None and crossed.value is not None and crossed.ceiling is not None:
        said.append(
            f"{percent(crossed.value)} can be crossed by the rules of their game (of held-out ones "
            f"{percent(crossed.ceiling)})."
        )
    if copied is not None and copied.value is not None and copied.ceiling is not None:
        said.append(
            f"{percent(copied.value)} of their windows are copies of training levels (of held-out "
            f"ones {percent(copied.ceiling)})."
        )
    return joined(said, privacy_of(scores))

"""What the scores say together, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from tidemill.core.score import Score
from tidemill.core.words import percent, ratio
from tidemill.metrics.detection import BY_TREES
from tidemill.metrics.findings import AGAIN
from tidemill.metrics.membership import MEMBERSHIP
from tidemill.metrics.nearest import CLOSENESS, COPIES
from tidemill.metrics.pairs import TRENDS
from tidemill.metrics.utility import MEAN

LIMIT = (
    "These figures measure similarity and the success of known attacks; they are not a legal "
    "guarantee of anonymity. Someone with rare values may still be recognised."
)
NORMAL_99 = 2.575829
"""Three signs of copying are looked for, so each must stand out at 99 %, not 95 %."""
SLIGHT = 0.15
"""A lean towards training rows is called slight while it is less than 15 % of what copying every
row would show."""
FEW_COPIES = 0.01
"""Needless exact copies are called few while they are less than one row in a hundred, ..."""
MORE_COPIES = 0.1
"""... or less than a tenth of the copies that chance gives: in a table of few different rows, most
copies say nothing."""
TOLD_APART = 0.05
"""Where the floor's AUC is nearer than this to the ceiling's, there were no relations to learn."""
FIDELITY = ((0.9, "very close to"), (0.7, "close to"), (0.4, "roughly like"), (0.0, "hardly like"))
"""Reach from unrelated columns to real rows (the mean of detection and pair trends), and what it is
called."""
USE = ((0.98, "as much as"), (0.9, "nearly as much as"), (0.5, "less than"), (0.0, "far less than"))
"""Reach from guessing to models learned from real rows, and what synthetic rows are then worth."""


class Sign(NamedTuple):
    """A sign of copying: how strong (0 none, 1 slight, 2 clear), and its figure in words."""

    level: int
    words: str


def verdict(scores: Sequence[Score]) -> str:
    """Fidelity, usefulness, findings and signs of copying, a sentence each; a clear warning comes
    first.

    Example:
        >>> trees = Score("detection", BY_TREES, 0.54, 0.99, 0.5, "low", interval=(0.53, 0.55))
        >>> print(verdict([trees]).split(":")[0])
        The synthetic rows are very close to real ones
    """
    named = {
        score.name: score for score in scores if score.column is None and score.value is not None
    }
    privacy, warned = _privacy(named)
    others = [text for text in (_fidelity(named), _use(named), _findings(named)) if text]
    return " ".join([privacy, *others] if warned else [*others, privacy])


def _fidelity(named: Mapping[str, Score]) -> str:
    score = named.get(BY_TREES)
    if score is None:
        return "Whether a classifier tells the synthetic rows from real ones was not measured."
    value, floor = score.value or 0.0, score.floor or 0.0
    if score.interval is not None and score.interval[0] <= 0.5:
        return (
            "A tree classifier cannot tell the synthetic rows from real ones (AUC "
            f"{ratio(value)}, 0.5 is guessing)."
        )
    if floor - 0.5 < TOLD_APART:
        return (
            f"A tree classifier tells the synthetic rows from real ones with AUC {ratio(value)} "
            "(0.5 is guessing); there is little between the columns to be learned, for even "
            f"unrelated columns get {ratio(floor)}."
        )
    reaches = []
    for name in (BY_TREES, TRENDS):
        reach = named[name].reach if name in named else None
        if reach is not None:
            reaches.append(min(1.0, max(0.0, reach)))
    mean = sum(reaches) / max(1, len(reaches))
    called = next(words for least, words in FIDELITY if mean >= least)
    return (
        f"The synthetic rows are {called} real ones: a tree classifier tells them apart with AUC "
        f"{ratio(value)} (0.5 is guessing, unrelated columns get {ratio(floor)})."
    )


def _use(named: Mapping[str, Score]) -> str:
    score = named.get(MEAN)
    if score is None or score.value is None or score.ceiling is None or score.floor is None:
        return ""
    figures = f"{ratio(score.value)} on held-out real rows, against {ratio(score.ceiling)}"
    if score.ceiling - score.floor < TOLD_APART:
        return (
            f"Not even real rows teach models to predict the target well (score {figures} from "
            "real rows)."
        )
    reach = max(0.0, score.reach or 0.0)
    called = next(words for least, words in USE if reach >= least)
    return (
        f"To train models of the target they are worth {called} real rows: such models score "
        f"{figures}."
    )


def _findings(named: Mapping[str, Score]) -> str:
    score = named.get(AGAIN)
    if score is None or score.value is None:
        return ""
    if not score.value:
        return "But none of the findings in real rows is found again in them."
    found = "All" if score.value == 1 else f"{percent(score.value)} of"
    return f"{found} the findings in real rows are found again in them."


def _privacy(named: Mapping[str, Score]) -> tuple[str, bool]:
    """The sentence, and whether it is a warning."""
    signs = signs_of(named, {CLOSENESS: _closeness, COPIES: _copies, MEMBERSHIP: _membership})
    if MEMBERSHIP not in named and CLOSENESS not in named:
        beyond = ", but for exact copies" if COPIES in named else ""
        return f"Whether they give away training rows was not measured{beyond}.", False
    return worst(signs, "the synthetic rows", "training rows")


def signs_of(
    named: Mapping[str, Score], readings: Mapping[str, Callable[[Score], Sign | None]]
) -> list[Sign]:
    """The signs that scores give.

    Args:
        named: Scores by name.
        readings: By name, how such a score is read.
    """
    signs = []
    for name, read in readings.items():
        sign = read(named[name]) if name in named else None
        if sign is not None:
            signs.append(sign)
    return signs


def worst(signs: Sequence[Sign], made: str, learned: str) -> tuple[str, bool]:
    """What the worst signs say, and whether it is a warning.

    Args:
        signs: At least one.
        made, learned: What is described, and what it may give away: "the synthetic rows", "training
            rows".
    """
    level = max(sign.level for sign in signs)
    said = "; ".join(sign.words for sign in signs if sign.level == level)
    if level == 0:
        return f"There is no sign of copying: {said}.", False
    if level == 1:
        return f"They lean slightly towards the {learned}: {said}.", False
    return f"Warning: {made} give away {learned}, do not share them: {said}.", True


def _closeness(score: Score) -> Sign | None:
    if score.value is None:
        return None
    words = (
        f"{percent(score.value)} of them are closer to training rows than to unseen ones "
        "(50 % is chance)"
    )
    lean = score.value - 0.5
    if lean <= NORMAL_99 * score.figures["error"]:
        return Sign(0, words)
    return Sign(1 if lean < SLIGHT * (score.figures["if_copied"] - 0.5) else 2, words)


def _copies(score: Score) -> Sign | None:
    if score.value is None:
        return None
    share = percent(score.value) if score.value else "none"
    words = f"{share} equal a training row in every column"
    if score.ceiling is not None:
        words += f" (of unseen real rows {percent(score.ceiling)} do)"
    if score.figures["excess"] <= NORMAL_99 * score.figures["excess_error"]:
        return Sign(0, words)
    few = max(FEW_COPIES, MORE_COPIES * (score.ceiling or 0.0))
    return Sign(1 if score.figures["excess"] < few else 2, words)


def _membership(score: Score) -> Sign | None:
    if score.value is None:
        return None
    words = (
        f"an attacker tells training rows from unseen ones with AUC {ratio(score.value)} "
        "(0.5 is guessing)"
    )
    lean = score.value - 0.5
    if lean <= NORMAL_99 * score.figures["error"]:
        return Sign(0, words)
    return Sign(1 if lean < SLIGHT / 2 else 2, words)

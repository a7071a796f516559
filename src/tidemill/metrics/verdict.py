"""What the scores say together, in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tidemill.core.privacy import Privacy, privacy_of
from tidemill.core.score import Score
from tidemill.core.words import percent, ratio
from tidemill.metrics.detection import BY_TREES
from tidemill.metrics.findings import AGAIN
from tidemill.metrics.pairs import TRENDS
from tidemill.metrics.texts.detection import METRIC as TEXT_DETECTION
from tidemill.metrics.utility import MEAN

LIMIT = (
    "These figures measure similarity and the success of known attacks; they are not a legal "
    "guarantee of anonymity. Someone with rare values may still be recognised."
)
TOLD_APART = 0.05
"""Where the floor's AUC is nearer than this to the ceiling's, there were no relations to learn."""
FIDELITY = ((0.9, "very close to"), (0.7, "close to"), (0.4, "roughly like"), (0.0, "hardly like"))
"""The lower reach of detection and of pair trends, and what it is called."""
TOLD_AT_ONCE = 0.9
"""From this AUC on rows are hardly like real ones, whatever unrelated columns get."""
USE = ((0.98, "as much as"), (0.9, "nearly as much as"), (0.5, "less than"), (0.0, "far less than"))
"""Reach from guessing to models learned from real rows, and what synthetic rows are then worth."""


def verdict(scores: Sequence[Score]) -> str:
    """Fidelity, usefulness, findings and privacy, a sentence each; a red light comes first.

    Example:
        >>> trees = Score("detection", BY_TREES, 0.54, 0.99, 0.5, "low", interval=(0.53, 0.55))
        >>> print(verdict([trees]).split(":")[0])
        The synthetic rows are very close to real ones
    """
    named = {
        score.name: score for score in scores if score.column is None and score.value is not None
    }
    others = [_fidelity(named), _texts(scores), _use(named), _findings(named)]
    return joined(others, privacy_of(scores))


def joined(sentences: Sequence[str], privacy: Privacy | None) -> str:
    """The sentences that say something, with that on privacy first where the light is red or the
    held-out rows are no control, else last."""
    said = [sentence for sentence in sentences if sentence]
    if privacy is None:
        return " ".join([*said, "Whether they give away training rows was not measured."])
    if privacy.light == "red" or not privacy.controlled:
        return " ".join([str(privacy), *said])
    return " ".join([*said, str(privacy)])


def _fidelity(named: Mapping[str, Score]) -> str:
    score = named.get(BY_TREES)
    if score is None:
        return "Whether a classifier tells the synthetic rows from real ones was not measured."
    value, floor = score.value or 0.0, score.floor or 0.0
    if score.interval is not None and score.interval[0] <= 0.5:
        return (
            "The synthetic rows pass for real: a tree classifier trained to spot them does no "
            f"better than a coin (AUC {ratio(value)}; 0.5 is guessing)."
        )
    if floor - 0.5 < TOLD_APART:
        return (
            f"A tree classifier tells the synthetic rows from real ones with AUC {ratio(value)} "
            "(0.5 is guessing); there is little between the columns to be learned, for even "
            f"unrelated columns get {ratio(floor)}."
        )
    reaches = [named[name].reach for name in (BY_TREES, TRENDS) if name in named]
    known = [reach for reach in reaches if reach is not None]
    lowest = max(0.0, min(known, default=0.0))
    if value >= TOLD_AT_ONCE:
        lowest = 0.0
    called = next(words for least, words in FIDELITY if lowest >= least)
    return (
        f"The synthetic rows are {called} real ones: a tree classifier tells them apart with AUC "
        f"{ratio(value)} (0.5 is guessing, unrelated columns get {ratio(floor)})."
    )


def _texts(scores: Sequence[Score]) -> str:
    """What the judge of texts says that tells them best."""
    judges = [s for s in scores if s.metric == TEXT_DETECTION and s.value is not None]
    if not judges:
        return ""
    best = max(judges, key=lambda score: score.value or 0.0)
    if best.interval is not None and best.interval[0] <= 0.5:
        return "Their texts pass for real ones, too."
    return (
        f"Their texts are told from real ones with AUC {ratio(best.value or 0.0)} (words drawn one "
        f"by one get {ratio(best.floor or 0.0)})."
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

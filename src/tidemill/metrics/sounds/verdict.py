"""What the scores of sounds say together, in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tidemill.core.privacy import privacy_of
from tidemill.core.score import Score
from tidemill.core.words import percent
from tidemill.metrics.verdict import USE, joined

HEARD = "labels that are heard in sounds"
ACCURACY = "accuracy of a classifier of sounds"
LIMIT = (
    "These figures compare pictures of what is heard when; whether people take the sounds for real "
    "ones, and whom they would recognise by the voice, is not measured, and they are no legal "
    "guarantee of anonymity."
)


def verdict_of_sounds(scores: Sequence[Score]) -> str:
    """What is heard, usefulness and privacy, a sentence each; a red light comes first.

    Example:
        >>> print(verdict_of_sounds([Score("sounds", HEARD, 0.9, 0.1, 0.96)]).split(" (")[0])
        What a generated sound is to say is heard in 90 % of them
    """
    named = {score.name: score for score in scores if score.value is not None}
    return joined([_said(named), _use(named)], privacy_of(scores))


def _said(named: Mapping[str, Score]) -> str:
    score = named.get(HEARD)
    if score is None:
        return "Whether the generated sounds say what they are to say was not measured."
    return (
        f"What a generated sound is to say is heard in {percent(score.value or 0.0)} of them (in "
        f"held-out real ones in {percent(score.ceiling or 0.0)})."
    )


def _use(named: Mapping[str, Score]) -> str:
    score = named.get(ACCURACY)
    if score is None or score.ceiling is None:
        return ""
    called = next(words for least, words in USE if max(0.0, score.reach or 0.0) >= least)
    return (
        f"To train a classifier they are worth {called} real sounds: its accuracy is "
        f"{percent(score.value or 0.0)} on held-out sounds, against {percent(score.ceiling)}."
    )

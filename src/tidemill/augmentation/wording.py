"""What a loop says, in plain words."""

from __future__ import annotations

from tidemill.augmentation.strategy import Strategy
from tidemill.core.verdict import Contrast
from tidemill.supervised.learners import words_of
from tidemill.supervised.measures import Measure
from tidemill.trials.wording import amount


def round_reason(
    number: int,
    first: Strategy,
    contrast: Contrast | None,
    measure: Measure,
    *,
    pays: bool = False,
    copied: bool = False,
) -> str:
    """What came of a round, in one sentence."""
    if contrast is None:
        return f"What is to be beaten: {first}."
    gain = f"{measure.words} {amount(contrast, measure)}, against {contrast.control}"
    if pays:
        return f"Round {number} paid: {first} ({gain})."
    if copied:
        return (
            f"Round {number} did not pay: the best candidate, {first}, does better ({gain}), but "
            "no better than copies of real rows in the place of the generated ones."
        )
    return f"Round {number} did not pay: the best candidate was {first} ({gain})."


def verdict_reason(
    main: Contrast,
    tested: Contrast,
    measure: Measure,
    learner: str,
    *,
    helps: bool,
    accepted: bool,
    tried: int,
) -> str:
    """The verdict in one sentence, with the learner that is best on real rows alone."""
    if not tried:
        return f"do not: nothing was generated; best: {main.control}"
    figures = (
        f"{measure.words} {amount(main, measure)} (against {main.control} by "
        f"{words_of(learner)}, {tried} strategies tried)"
    )
    seen = f"on the untouched test rows {amount(tested, measure)}"
    if helps:
        return f"use it: {figures}; {seen}; best: {main.strategy}"
    if accepted:
        return (
            f"do not: what helped in cross-validation ({main.strategy}: {figures}) was not "
            f"confirmed {seen}"
        )
    return (
        f"do not: nothing beat {main.control} for sure; the best candidate was "
        f"{main.strategy}: {figures}; {seen}"
    )

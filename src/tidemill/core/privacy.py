"""What all figures about privacy say together: one light, one sentence, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tidemill.core.light import Light, worst
from tidemill.core.score import Score
from tidemill.core.words import percent, quoted, sentence_case

SCALE = "of the way from chance to copying"
PLANTED = "canaries"
UNCONTROLLED = "held-out rows as the control"
"""The name of the score that stands in the place of all attacks where there is no control."""


@dataclass(frozen=True)
class PrivacyWords:
    """How made things are spoken of.

    Attributes:
        made, learned: What is described, and what it may give away.
        advice: What to do next.
    """

    made: str
    learned: str
    advice: Mapping[Light, str]


ROWS = PrivacyWords(
    "the synthetic rows",
    "those learned from",
    {
        "green": "Next: `tidemill share` writes rows with a data card.",
        "amber": "Decide who may have them. To lower it, learn from more rows, from coarser "
        "columns, or with a model that keeps less (trees: option 'least=50').",
        "red": "To mend it, learn from more rows, from coarser columns, or with a model that keeps "
        "less (trees: option 'least=50').",
        "not known": "Treat them as if they might leak until more held-out rows tell.",
    },
)


def _of_media(unit: str) -> PrivacyWords:
    return PrivacyWords(
        f"the generated {unit}",
        f"training {unit}",
        {
            "green": "",
            "amber": f"Decide who may have them. To lower it, learn from more {unit}, or for fewer "
            "steps.",
            "red": f"To mend it, learn from more {unit}, or for fewer steps.",
            "not known": f"Treat them as if they might be copies until more held-out {unit} tell.",
        },
    )


_WORDS = {unit: _of_media(unit) for unit in ("images", "sounds")}
"""Of what is seen or heard, by the metric that looks for copies."""


@dataclass(frozen=True)
class Privacy:
    """Whether synthetic rows give away those that were learned from.

    Attributes:
        light: The worst of the lights.
        sentence: The answer and its figure.
        advice: What to do next.
        controlled: Whether the held-out rows were a control; else nothing is known of copies.
    """

    light: Light
    sentence: str
    advice: str
    controlled: bool = True

    def __str__(self) -> str:
        return f"{self.sentence} {self.advice}".strip()


def privacy_of(scores: Sequence[Score]) -> Privacy | None:
    """The light of the scores that have one, with words; None where none has."""
    lit = [score for score in scores if score.light is not None]
    # planted rows are made to be remembered: that some are is told, but is no leak of these rows
    lit = [score for score in lit if score.metric != PLANTED or score.light == "red"] or lit
    if not lit:
        return None
    words = _WORDS.get(lit[0].metric, ROWS)
    light = worst([score.light for score in lit if score.light is not None])
    those = [score for score in lit if score.light == light]
    advice = words.advice[light]
    named = next((score.columns for score in those if score.columns), ())
    if named and light in ("amber", "red"):
        advice = f"{_by_columns(named)} {advice}"
    if light == "green":
        missed = max(score.figures["could_have_missed"] for score in those)
        said = (
            f"Green: no attack found a leak that matters; one above {percent(missed)} {SCALE} is "
            "ruled out."
        )
    elif light == "not known":
        said = _not_known(those)
    elif light == "amber":
        lean = [score for score in those if score.value is not None]
        said = f"Amber: {those[0].why}."
        if lean:
            said = f"Amber: {words.made} lean towards {words.learned}. {_largest(those)}"
    else:
        said = f"Red: {words.made} give away {words.learned}, do not share them. {_largest(those)}"
    control = next((score.why for score in lit if score.name == UNCONTROLLED), "")
    if control and light != "not known":
        said = f"Not known: {control}. {said}"
    return Privacy(light, said, advice, not control)


def _by_columns(names: Sequence[str]) -> str:
    """What to do about the columns that a leak points to."""
    return (
        f"It shows most in {quoted(names, 3)}: leave out what nobody needs (option "
        f"'ignore={names[0]}'), or round numbers and dates and join levels before learning."
    )


def found(score: Score) -> str:
    """A leak with its interval, "16 % (8.2 % to 23 %)"; what is below none by chance is none."""
    if score.value is None or score.interval is None:
        return "–"
    low, high = score.interval
    return f"{_share(score.value)} ({_share(low)} to {_share(high)})"


def _share(leak: float) -> str:
    return percent(min(1.0, max(0.0, leak)))


def _largest(scores: Sequence[Score]) -> str:
    """The leak that goes farthest beyond its limit, and how many others there are."""
    others = len(scores) - 1
    plain = [score for score in scores if score.value is None]
    if plain:  # no matter of chance
        words = sentence_case(f"{plain[0].why}.")
    else:
        first = max(scores, key=lambda score: (score.value or 0.0) / score.figures["limit"])
        words = (
            f"Seen by '{first.name}': {found(first)} {SCALE}; it is red where surely "
            f"{percent(first.figures['limit'])} or more."
        )
    if others:
        words += f" {others} other {'figure says' if others == 1 else 'figures say'} so, too."
    return words


def _not_known(scores: Sequence[Score]) -> str:
    whys = [score.why for score in scores if score.why]
    missed = max((score.figures.get("could_have_missed", 0.0) for score in scores), default=0.0)
    if missed >= 1:
        return "Not known: the held-out rows are too few to tell copies from chance."
    if missed:
        return (
            f"Not known: no leak was found, but these held-out rows do not rule out one of "
            f"{_share(missed)} {SCALE}."
        )
    return f"Not known: {whys[0]}."

"""What the scores of images say together, in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt

from tidemill.core.privacy import privacy_of
from tidemill.core.score import Score
from tidemill.core.words import percent
from tidemill.metrics.images.fidelity import COVERAGE, FRECHET
from tidemill.metrics.images.learning import ACCURACY
from tidemill.metrics.images.telling import BY_NETWORK
from tidemill.metrics.verdict import TOLD_APART, USE, joined

LIMIT = (
    "These figures measure similarity in the eyes of a small classifier, and look for copies pixel "
    "by pixel; mirrored, moved or recoloured copies may be missed, and they are no legal guarantee "
    "of anonymity."
)
FIDELITY = ((0.9, "very close to"), (0.7, "close to"), (0.4, "roughly like"), (0.0, "hardly like"))
"""The reach from independent pixels to real images (the lower of coverage's and of the Fréchet
distance's, by its root, as it is a square), and what it is called."""
MOST_BY_NETWORK = 0.8
"""Images that a network tells from real ones oftener reach no further than ROUGHLY."""
ROUGHLY = 0.5


def verdict_of_images(scores: Sequence[Score]) -> str:
    """Likeness, usefulness and privacy, a sentence each; a red light comes first.

    Example:
        >>> learned = Score("images", ACCURACY, 0.83, 0.1, 0.89)
        >>> print(verdict_of_images([learned]).split(". ")[1].split(":")[0])
        To train a classifier they are worth nearly as much as real images
    """
    named = {
        score.name: score for score in scores if score.column is None and score.value is not None
    }
    return joined([likeness_sentence(scores), _use(named)], privacy_of(scores))


def likeness(scores: Sequence[Score]) -> tuple[float, str] | None:
    """How far from independent pixels to real images generated ones reach, from 0 on, and what that
    is called; None where it was not measured."""
    named = {score.name: score for score in scores if score.value is not None}
    distance, covered = named.get(FRECHET), named.get(COVERAGE)
    if distance is None or covered is None:
        return None
    reach = max(0.0, min(_reach(covered), _reach(distance, root=True)))
    told = named.get(BY_NETWORK)
    if told is not None and (told.value or 0.0) > MOST_BY_NETWORK:
        reach = min(reach, ROUGHLY)
    return reach, next(words for least, words in FIDELITY if reach >= least)


def likeness_sentence(scores: Sequence[Score], noun: str = "image") -> str:
    """How like real ones generated images are, with the figures that say so.

    Args:
        scores: Of the images.
        noun: What an image is of: itself, or a "sprite".
    """
    found = likeness(scores)
    if found is None:
        return f"Whether the generated {noun}s are like real ones was not measured."
    named = {score.name: score for score in scores}
    distance, covered = named[FRECHET], named[COVERAGE]
    told, found_out = named.get(BY_NETWORK), ""
    if told is not None and told.value is not None:
        found_out = (
            f" In {percent(told.value)} of pairs a network that learned the difference finds the "
            f"generated {noun}; guessing would in 50 %."
        )
    return (
        f"The generated {noun}s are {found[1]} real ones: {percent(covered.value or 0.0)} of "
        f"held-out {noun}s have one near to them (of other real {noun}s "
        f"{percent(covered.ceiling or 0.0)}), "
        f"and the Fréchet distance is {distance.value:.3g} (real {noun}s {distance.ceiling:.3g}, "
        f"independent pixels {distance.floor:.3g}).{found_out}"
    )


def _reach(score: Score, *, root: bool = False) -> float:
    figures = [figure or 0.0 for figure in (score.value, score.floor, score.ceiling)]
    if root:
        figures = [sqrt(figure) for figure in figures]
    value, floor, ceiling = figures
    return (value - floor) / (ceiling - floor) if ceiling != floor else 0.0


def _use(named: Mapping[str, Score]) -> str:
    score = named.get(ACCURACY)
    if score is None or score.value is None or score.ceiling is None or score.floor is None:
        return ""
    figures = f"{percent(score.value)} on held-out images, against {percent(score.ceiling)}"
    if score.ceiling - score.floor < TOLD_APART:
        return (
            f"Not even real images teach a classifier much (accuracy {figures} from real images)."
        )
    called = next(words for least, words in USE if max(0.0, score.reach or 0.0) >= least)
    return f"To train a classifier they are worth {called} real images: its accuracy is {figures}."

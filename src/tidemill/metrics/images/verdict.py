"""What the scores of images say together, in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt

from tidemill.core.privacy import privacy_of
from tidemill.core.score import Score
from tidemill.core.words import percent
from tidemill.metrics.images.fidelity import COVERAGE, FRECHET
from tidemill.metrics.images.learning import ACCURACY
from tidemill.metrics.verdict import TOLD_APART, USE, joined

LIMIT = (
    "These figures measure similarity in the eyes of a small classifier, and look for copies pixel "
    "by pixel; mirrored, moved or recoloured copies may be missed, and they are no legal guarantee "
    "of anonymity."
)
FIDELITY = ((0.9, "very close to"), (0.7, "close to"), (0.4, "roughly like"), (0.0, "hardly like"))
"""The reach from independent pixels to real images (the lower of coverage's and of the Fréchet
distance's, by its root, as it is a square), and what it is called."""


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
    return joined([_fidelity(named), _use(named)], privacy_of(scores))


def _fidelity(named: Mapping[str, Score]) -> str:
    distance, covered = named.get(FRECHET), named.get(COVERAGE)
    if distance is None or covered is None:
        return "Whether the generated images are like real ones was not measured."
    reach = max(0.0, min(_reach(covered), _reach(distance, root=True)))
    called = next(words for least, words in FIDELITY if reach >= least)
    return (
        f"The generated images are {called} real ones: {percent(covered.value or 0.0)} of held-out "
        f"images have one near to them (of other real images {percent(covered.ceiling or 0.0)}), "
        f"and the Fréchet distance is {distance.value:.3g} (real images {distance.ceiling:.3g}, "
        f"independent pixels {distance.floor:.3g})."
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

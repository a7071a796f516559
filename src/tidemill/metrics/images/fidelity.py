"""Scores of how like real images generated ones are, and how varied, in the features of a
classifier."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

import numpy as np

from tidemill.core.run import Run
from tidemill.core.score import Score
from tidemill.core.words import percent, plural
from tidemill.metrics.images.features import ImageSets
from tidemill.metrics.images.frechet import frechet
from tidemill.metrics.images.manifolds import Manifolds, precision_recall_density_coverage

if TYPE_CHECKING:
    from tidemill.imaging.judge import FeatureJudge

MOST_IMAGES = 5000
FEWEST = 50
FRECHET = "Fréchet distance of images"
PRECISION = "image precision"
RECALL = "image recall"
DENSITY = "image density"
COVERAGE = "image coverage"
LIKENESS: tuple[tuple[str, Literal["high", "low", "ceiling"]], ...] = (
    (FRECHET, "low"),
    (PRECISION, "high"),
    (RECALL, "high"),
    (DENSITY, "ceiling"),
    (COVERAGE, "high"),
)
"""The Scores, and what is better."""
_SENTENCES = {
    PRECISION: "{0} of the generated images look like a real one (they lie among held-out ones, in "
    "the features of {who}); of real images {2}, of independent pixels {1}.",
    RECALL: "{0} of held-out images lie among generated ones: so much of the real variety is made; "
    "of real images {2}, of independent pixels {1}.",
    DENSITY: "Generated images lie in {0} times as many neighbourhoods of held-out images as is "
    "expected of real ones (real images in {2} times, independent pixels in {1} times); above it "
    "they crowd where most real images are.",
    COVERAGE: "{0} of held-out images have a generated one nearer than their fifth nearest real "
    "one; of real images {2}, of independent pixels {1}.",
}


def fidelity(sets: ImageSets, judge: FeatureJudge, run: Run) -> Iterable[Score]:
    """Fréchet distance; precision, recall, density and coverage, these in the directions of the
    features.

    Args:
        sets: Of equally many of each, at most MOST_IMAGES, features are compared; the training
            images, which stand for real ones in the place of generated ones, should be unknown to
            the judge.
        judge: Gives the features.
        run: Cancelling.
    """
    rows = min(MOST_IMAGES, *map(len, sets))
    if rows < FEWEST:
        why = f"there are {plural(rows, 'image')} of a sort to compare; {FEWEST} are needed"
        yield from (
            Score("images", name, None, better=better, why=why) for name, better in LIKENESS
        )
        return
    real = judge.features(sets.holdout.pixels[:rows])
    mean = sets.train.pixels.mean(axis=0, keepdims=True).round().astype(np.uint8)
    others = []
    for album in (sets.synthetic, sets.floor, sets.train):
        others.append(judge.features(album.pixels[:rows]))
        run.check()
    others.append(judge.features(mean).repeat(rows, axis=0))
    yield _frechet(real, others, judge)
    found = []
    for other in others:
        found.append(precision_recall_density_coverage(_directions(real), _directions(other)))
        run.check()
    yield from _manifolds(found, rows, judge)


def _manifolds(found: list[Manifolds], rows: int, judge: FeatureJudge) -> Iterable[Score]:
    """Of generated images, floor, ceiling and the mean image."""
    parts = {PRECISION: "precision", RECALL: "recall", DENSITY: "density", COVERAGE: "coverage"}
    for name, better in LIKENESS[1:]:
        value, floor, ceiling, plain = (float(getattr(one, parts[name])) for one in found)
        words = [percent(figure) for figure in (value, floor, ceiling)]
        if name == DENSITY:
            words = [f"{figure:.2f}" for figure in (value, floor, ceiling)]
        sentence = _SENTENCES[name].format(*words, who=judge.who)
        if name == PRECISION and floor > ceiling / 2:
            sentence += " Dull images pass here, too: read it beside the coverage."
        yield Score(
            "images",
            name,
            value,
            floor,
            ceiling,
            better,
            sentence=sentence,
            figures={"images": rows, "mean_image": plain},
        )


def _directions(features: np.ndarray) -> np.ndarray:
    """Features at length 1: dull images have short ones, which lie among all others."""
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)


def _frechet(real: np.ndarray, others: list[np.ndarray], judge: FeatureJudge) -> Score:
    value, floor, ceiling, plain = (frechet(real, other) for other in others)
    return Score(
        "images",
        FRECHET,
        value,
        floor,
        ceiling,
        "low",
        figures={"images": len(real), "mean_image": plain},
        sentence=f"Between {plural(len(real), 'generated image')} and as many held-out ones the "
        f"Fréchet distance is {value:.3g}, in the features of {judge.who}; of real images it is "
        f"{ceiling:.3g}, of independent pixels {floor:.3g}, of the mean image alone {plain:.3g}. "
        "Compare it only within these features and this number of images.",
    )

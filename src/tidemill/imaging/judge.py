"""Classifiers in whose features images are compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidemill.core.run import Run
from tidemill.imaging.classifier import STEPS, Classifier
from tidemill.imaging.labelled import LabelledImages
from tidemill.imaging.structure import disturbed

MOST_STRUCTURED = 4_000
"""Images whose structure is learned."""


@dataclass(frozen=True)
class FeatureJudge:
    """A classifier whose features images are compared in.

    Attributes:
        classifier: The trained one.
        who: What it learned, in words: "a classifier of 'digit' that learned from 4,000 training
            images".
    """

    classifier: Classifier
    who: str

    def features(self, images: np.ndarray) -> np.ndarray:
        """(n, height, width, channels) -> (n, features)."""
        return self.classifier.features(images)


def judge_of_labels(
    train: LabelledImages, label: str, run: Run, *, steps: int = STEPS, shift: bool = False
) -> FeatureJudge:
    """A classifier of the user's labels; images without one are left out.

    Args:
        train: The images.
        label: The column's name.
        run: Threads, cancelling.
        steps: Of its training.
        shift: Whether images are moved a little in training.
    """
    known = train.rows(train.known)
    return FeatureJudge(
        Classifier.learned(known.pixels, known.labels.tolist(), run, shift=shift, steps=steps),
        f"a classifier of '{label}' that learned from {len(known):,} training images",
    )


def judge_of_digits(images: LabelledImages, run: Run, *, steps: int = STEPS) -> FeatureJudge:
    """A classifier of scikit-learn's handwritten digits, scaled as the images, none of which it has
    seen."""
    _, height, width, channels = images.pixels.shape
    return FeatureJudge(
        Classifier.of_digits((height, width, channels), run, steps=steps),
        "a classifier of handwritten digits, which has seen none of these images",
    )


def judge_of_structure(train: LabelledImages, run: Run, *, steps: int = STEPS) -> FeatureJudge:
    """A classifier that learned to tell images from themselves turned, cut up, blended or
    scrambled; labels are not looked at.

    Unlike features of a label they also see what is wrong with images whose label is plain: of
    chest X-rays with two labels, images of independent principal components are as near to real
    ones as real ones are to each other, in features of the label.

    Args:
        train: The images.
        run: Draws the disturbances; threads, cancelling.
        steps: Of its training.
    """
    shown = train.pixels[:MOST_STRUCTURED]
    pixels, names = [], []
    for name, images in disturbed(shown, run.rng("imaging", "structure")):
        pixels.append(images)
        names += [name] * len(images)
    return FeatureJudge(
        Classifier.learned(np.concatenate(pixels), names, run, shift=True, steps=steps),
        f"a network that learned from {len(shown):,} training images what is where in them",
    )

"""Classifiers in whose features images are compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidemill.core.run import Run
from tidemill.imaging.classifier import STEPS, Classifier
from tidemill.imaging.labelled import LabelledImages


@dataclass(frozen=True)
class FeatureJudge:
    """A classifier whose features images are compared in.

    Attributes:
        classifier: The trained one.
        who: What it learned, in words: "a classifier of 'digit' that learned from 4,000 training
            images".
        own: Whether it learned the user's labels.
    """

    classifier: Classifier
    who: str
    own: bool

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
        own=True,
    )


def judge_of_digits(images: LabelledImages, run: Run, *, steps: int = STEPS) -> FeatureJudge:
    """A classifier of scikit-learn's handwritten digits, scaled as the images, none of which it has
    seen."""
    _, height, width, channels = images.pixels.shape
    return FeatureJudge(
        Classifier.of_digits((height, width, channels), run, steps=steps),
        "a classifier of handwritten digits, which has seen none of these images",
        own=False,
    )

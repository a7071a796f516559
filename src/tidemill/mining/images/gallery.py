"""Images of training and held-out rows, and what one classifier sees in them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.imaging.labelled import LabelledImages, shared_labels
from tidemill.imaging.pixels import image_name, label_column
from tidemill.mining.sampling import sample_rows
from tidemill.supervised.arrays import Floats

MOST_IMAGES = 20_000
FEWEST_IMAGES = 60
FEWEST_OF_CLASS = 8
"""Training images without which a label is not learned."""
NEIGHBOURS = 10
STRUCTURE_STEPS = 400
"""Of training where there are no labels."""


@dataclass(frozen=True)
class Gallery:
    """Images and what a classifier of their label, or else a network that learned what is
    where in them, sees in them.

    Attributes:
        column, label: Names; the label's is "" where there is none to learn.
        train, held: The images that were looked at.
        classes: The labels, sorted; none where there is none to learn.
        chances: Of each class for each held-out image, (m, classes).
        seen, held_seen: Features of both, (n, features) and (m, features).
        nearest: Positions of the training images nearest to each held-out one in features, (m,
            NEIGHBOURS).
        distances: How far these are.
        by: What likeness goes by, in words.
        unit: What an image is of: itself, or a "sound".
    """

    column: str
    label: str
    train: LabelledImages
    held: LabelledImages
    classes: tuple[str, ...]
    chances: Floats
    seen: Floats
    held_seen: Floats
    nearest: NDArray[np.int64]
    distances: Floats
    by: str
    unit: str = "image"

    @property
    def technique(self) -> str:
        """Whose findings these are."""
        return f"{self.unit}s"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are looked at."""
        return (self.column, self.label) if self.label else (self.column,)


def gallery(train: Dataset, holdout: Dataset, run: Run) -> Gallery | None:
    """The images with a classifier's features; None where there are too few.

    Raises:
        ImportError: There is no torch.
    """
    from tidemill.imaging.judge import judge_of_labels, judge_of_structure

    if len(train) < FEWEST_IMAGES or len(holdout) < FEWEST_IMAGES // 3:
        return None
    few, held, classes = looked_at(train, holdout, run)
    own = len(classes) > 1
    label = label_column(train.schema)
    name = label.name if label and own else ""
    judge = (
        judge_of_labels(few, name, run, shift=True)
        if own
        else judge_of_structure(few, run, steps=STRUCTURE_STEPS)
    )
    seen, held_seen = judge.features(few.pixels), judge.features(held.pixels)
    run.check()
    distances, nearest = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(seen).kneighbors(held_seen)
    return Gallery(
        image_name(train.schema),
        name,
        few,
        held,
        classes if own else (),
        judge.classifier.chances(held.pixels),
        seen,
        held_seen,
        nearest,
        distances,
        f"what {judge.who} sees in them",
    )


def looked_at(
    train: Dataset, holdout: Dataset, run: Run
) -> tuple[LabelledImages, LabelledImages, tuple[str, ...]]:
    """Training and held-out images, and the labels that can be learned, sorted."""
    few, held = _album(train, run, "train"), _album(holdout, run, "holdout")
    counts = Counter(few.labels[few.known].tolist())
    shared = shared_labels(train)
    classes = tuple(sorted(label for label in shared if counts[label] >= FEWEST_OF_CLASS))
    return few.only(classes), held.only(classes), classes


def _album(data: Dataset, run: Run, name: str) -> LabelledImages:
    return LabelledImages.of(sample_rows(data, MOST_IMAGES, run.rng("mining/images", name)))

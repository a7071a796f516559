"""Images of the four sets, and the features of a classifier in which they are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.score import Evidence
from tidemill.imaging.pixels import image_pixels, labels
from tidemill.supervised.points import Points

if TYPE_CHECKING:
    from tidemill.imaging.classifier import Classifier

MOST_IMAGES = 20_000
"""Images of a set that are looked at."""
SIDE = 16
"""Images are averaged over squares of pixels until they are no larger, before they are compared by
pixels."""
_CHUNK = 2048


@dataclass(frozen=True)
class LabelledImages:
    """Images (n, height, width, channels) uint8, and what each shows ("" where that is not
    known)."""

    pixels: np.ndarray
    labels: list[str] | None

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def classes(self) -> tuple[str, ...]:
        """What there is to be seen, sorted."""
        return tuple(sorted(set(self.labels or ()) - {""}))

    def labelled(self, most: int | None = None) -> LabelledImages:
        """The first images that have a label."""
        at = [i for i, label in enumerate(self.labels or ()) if label][:most]
        return LabelledImages(self.pixels[at], [(self.labels or [])[i] for i in at])

    def parted(self, first: int) -> tuple[LabelledImages, LabelledImages]:
        """The first images, and the others."""
        labels = self.labels
        return (
            LabelledImages(self.pixels[:first], labels and labels[:first]),
            LabelledImages(self.pixels[first:], labels and labels[first:]),
        )


class ImageSets(NamedTuple):
    """The four sets."""

    train: LabelledImages
    holdout: LabelledImages
    synthetic: LabelledImages
    floor: LabelledImages


def albums(evidence: Evidence, run: Run) -> ImageSets:
    """At most MOST_IMAGES images of each set, in an order drawn by the run."""
    return ImageSets(
        *(
            _album(data, run.rng("metrics", "images", name))
            for name, data in (
                ("train", evidence.train),
                ("holdout", evidence.holdout),
                ("synthetic", evidence.synthetic),
                ("floor", evidence.floor),
            )
        )
    )


def _album(data: Dataset, rng: np.random.Generator) -> LabelledImages:
    taken = data.rows(rng.permutation(len(data))[:MOST_IMAGES])
    return LabelledImages(image_pixels(taken), labels(taken))


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


def judge_of_labels(train: LabelledImages, label: str, run: Run, steps: int) -> FeatureJudge:
    """A classifier of the user's labels.

    Raises:
        ImportError: There is no torch.
    """
    from tidemill.imaging.classifier import Classifier

    known = train.labelled()
    return FeatureJudge(
        Classifier.learned(known.pixels, known.labels or [], run, steps=steps),
        f"a classifier of '{label}' that learned from {len(known):,} training images",
        own=True,
    )


def judge_of_digits(shape: Sequence[int], run: Run, steps: int) -> FeatureJudge:
    """A classifier of scikit-learn's handwritten digits, which has seen none of the images.

    Raises:
        ImportError: There is no torch.
    """
    from tidemill.imaging.classifier import Classifier

    height, width, channels = shape
    return FeatureJudge(
        Classifier.of_digits((height, width, channels), run, steps=steps),
        "a classifier of handwritten digits, which has seen none of these images",
        own=False,
    )


def shrunk(pixels: np.ndarray) -> Points:
    """(n, height, width, channels) uint8 -> (n, axes) in [0, 1]: means over squares of pixels.

    So that a little noise, or a stroke that is moved by a pixel, makes little difference.

    Example:
        >>> shrunk(np.full((2, 28, 28, 1), 255, np.uint8)).shape
        (2, 196)
    """
    n, height, width, channels = pixels.shape
    side = -(-max(height, width) // SIDE)
    down, across = -(-height // side), -(-width // side)
    edges = ((0, 0), (0, down * side - height), (0, across * side - width), (0, 0))
    parts = [np.zeros((0, down * across * channels), np.float32)]
    for start in range(0, n, _CHUNK):
        whole = np.pad(pixels[start : start + _CHUNK], edges, mode="edge")
        squares = whole.reshape(-1, down, side, across, side, channels)
        parts.append((squares.mean(axis=(2, 4), dtype=np.float32) / 255).reshape(len(whole), -1))
    return np.concatenate(parts)

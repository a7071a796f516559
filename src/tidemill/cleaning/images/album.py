"""The images that the checks of images look at, and how they show some of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidemill.cleaning.base import sampled
from tidemill.core.dataset import Dataset
from tidemill.core.picture import Sheet
from tidemill.core.run import Run
from tidemill.imaging.pixels import image_name, image_pixels, labels
from tidemill.imaging.sheet import strip

MOST = 20_000
"""Images that are looked at; of more, so many drawn at random."""
SHOWN = 16
_CONTRAST = 2.5
"""Standard deviation of an image's values, of 255: one pixel of a small image makes more."""


@dataclass(frozen=True)
class TrainingImages:
    """Training images.

    Attributes:
        column: The column's name.
        pixels: (n, height, width, channels) uint8.
        labels: What each shows, "" where that is not known; None without a label.
        note: A clause that says where not all images were looked at.
    """

    column: str
    pixels: np.ndarray
    labels: list[str] | None
    note: str

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def blank(self) -> NDArray[np.bool_]:
        """Images in which all pixels are of nearly one colour, (n,)."""
        return np.asarray(self.pixels.std(axis=(1, 2), dtype=np.float32).max(axis=-1) < _CONTRAST)

    def shown(self, title: str, groups: Mapping[str, Sequence[int]]) -> Sheet:
        """At most SHOWN of the images at these positions, each group under its label."""
        strips, left = [], SHOWN
        for label, at in groups.items():
            if left < min(len(at), 2):
                break
            strips.append(strip(label, self.pixels[list(at[:left])]))
            left -= len(at[:left])
        return Sheet(title, tuple(strips))


def album(train: Dataset, run: Run, check: str) -> TrainingImages | None:
    """The images of the training rows, in order; None where there is no row."""
    if not len(train):
        return None
    few, note = sampled(train, MOST, run, "cleaning", check)
    return TrainingImages(image_name(train.schema), image_pixels(few), labels(few), note)

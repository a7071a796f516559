"""The images that the checks of images look at, and how they show some of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tidemill.cleaning.base import sampled
from tidemill.core.dataset import Dataset
from tidemill.core.picture import Sheet
from tidemill.core.run import Run
from tidemill.imaging.labelled import LabelledImages
from tidemill.imaging.sheet import strip

MOST = 20_000
"""Images that are looked at; of more, so many drawn at random."""
SHOWN = 16
_CONTRAST = 2.5
"""Standard deviation of an image's values, of 255: one pixel of a small image makes more."""


def album(train: Dataset, run: Run, check: str) -> tuple[LabelledImages, str]:
    """The images of the training rows, in order, and a clause that says where not all were looked
    at."""
    few, note = sampled(train, MOST, run, "cleaning", check)
    return LabelledImages.of(few), note


def blank(images: LabelledImages) -> NDArray[np.bool_]:
    """Images in which all pixels are of nearly one colour, (n,)."""
    spread = images.pixels.std(axis=(1, 2), dtype=np.float32)
    return np.asarray(spread.max(axis=-1) < _CONTRAST)


def shown(images: LabelledImages, title: str, groups: Mapping[str, Sequence[int]]) -> Sheet:
    """At most SHOWN of the images at these positions, each group under its label."""
    strips, left = [], SHOWN
    for label, at in groups.items():
        if left < min(len(at), 2):
            break
        strips.append(strip(label, images.pixels[list(at[:left])]))
        left -= len(at[:left])
    return Sheet(title, tuple(strips))

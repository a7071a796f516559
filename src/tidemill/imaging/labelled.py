"""Images of some rows, and what each shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidemill.core.dataset import Dataset
from tidemill.imaging.pixels import image_pixels, labels


@dataclass(frozen=True)
class LabelledImages:
    """Images, and what each shows.

    Attributes:
        pixels: (n, height, width, channels) uint8.
        labels: (n,) texts; "" where it is not known.
    """

    pixels: np.ndarray
    labels: NDArray[np.str_]

    @staticmethod
    def of(data: Dataset) -> LabelledImages:
        """The images of a dataset's rows.

        Raises:
            SchemaError: There is no column of images.
        """
        texts = labels(data) or [""] * len(data)
        return LabelledImages(image_pixels(data), np.array(texts, dtype=np.str_))

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def known(self) -> NDArray[np.int64]:
        """Positions of the images that have a label."""
        return np.flatnonzero(self.labels != "")

    @property
    def classes(self) -> tuple[str, ...]:
        """What there is to be seen, sorted."""
        return tuple(np.unique(self.labels[self.known]).tolist())

    def rows(self, index: NDArray[np.int64] | slice) -> LabelledImages:
        """The images at these positions."""
        return LabelledImages(self.pixels[index], self.labels[index])

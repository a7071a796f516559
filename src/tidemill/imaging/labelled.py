"""Images of some rows, and what each shows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidemill.core.dataset import Dataset
from tidemill.core.persons import FEWEST_PERSONS, level_counts, persons_of
from tidemill.core.shown import is_hidden
from tidemill.imaging.pixels import image_pixels, label_column, labels


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

    def only(self, named: Collection[str]) -> LabelledImages:
        """The same images, whose other labels are not known."""
        known = np.isin(self.labels, sorted(named))
        return LabelledImages(self.pixels, np.where(known, self.labels, ""))

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


def shared_labels(data: Dataset) -> list[str]:
    """The labels that images of FEWEST_PERSONS persons or more have, the most frequent first; none
    where they are names of persons. Others may not be shown."""
    column = label_column(data.schema)
    if column is None or is_hidden(column):
        return []
    counts = level_counts(data[column.name], persons_of(data))
    shared = counts.filter(counts["persons"] >= FEWEST_PERSONS)["level"].to_list()
    return [label for label in shared if label]

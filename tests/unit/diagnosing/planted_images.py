"""Images whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from tidemill.imaging.pixels import images

SIDE = 16


@dataclass(frozen=True)
class Planted:
    """Images of an organ, in which the ill ones have a bright spot somewhere in the middle.

    Attributes:
        pixels: (n, SIDE, SIDE) uint8.
        ill: (n,).
        patient: (n,) numbers.
    """

    pixels: np.ndarray
    ill: np.ndarray
    patient: np.ndarray

    def frame(self, **others: Any) -> pl.DataFrame:
        """As a table with a column of images, and further columns."""
        return pl.DataFrame(
            [
                images("image", self.pixels),
                pl.Series("label", np.where(self.ill, "ill", "healthy")),
                *(pl.Series(name, values) for name, values in others.items()),
            ]
        )


def planted(
    rows: int = 600,
    seed: int = 0,
    *,
    spot: float = 90.0,
    mark: bool = False,
    noise: float = 22.0,
    a_patient: int = 1,
    light: float = 0.0,
) -> Planted:
    """Such images.

    Args:
        rows: How many.
        seed: Of all that is drawn.
        spot: How much brighter an ill image's spot is; 0 for images that show nothing.
        mark: Whether a letter stands in the top right corner of those that are ill.
        noise: Spread of the grey values.
        a_patient: Images of each patient, who are alike and of one label.
        light: How much brighter the lower half of all images is.
    """
    rng = np.random.default_rng(seed)
    patients = -(-rows // a_patient)
    patient = np.repeat(np.arange(patients), a_patient)[:rows]
    ill = (rng.random(patients) < 0.4)[patient]
    across, down = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    organ = 60 + 50 * np.exp(-((across - 7.5) ** 2 + (down - 7.5) ** 2) / 40)
    place = rng.uniform(4.5, 10.5, size=(patients, 2))[patient]
    apart = (across - place[:, :1, None]) ** 2 + (down - place[:, 1:, None]) ** 2
    shown = organ + rng.normal(0, 12, size=(patients, 1, 1))[patient]
    shown = shown + spot * ill[:, None, None] * np.exp(-apart / 4)
    shown = shown + light * (down > 7) + rng.normal(0, noise, size=(rows, SIDE, SIDE))
    if mark:
        shown[ill, 1:4, 12:15] = 250
    return Planted(np.clip(shown, 0, 255).astype(np.uint8), ill, patient)

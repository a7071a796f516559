"""Few colours of which sprites consist, and the nearest of them to any pixel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tidemill.core import checked_values as checked
from tidemill.core.errors import DataError
from tidemill.core.persons import FEWEST_PERSONS
from tidemill.core.run import Run
from tidemill.core.words import plural
from tidemill.imaging.transparency import OPAQUE, SOLID

MOST_COLOURS = 32
_STEPS = (1, 4, 8, 16, 32, 64)
"""Colours are rounded to such steps until so many images share them as may be told."""
_COVERED = 0.5
"""The share of pixels whose colours must be shared for them to be rounded no more."""
_CHUNK = 2**16
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


@dataclass(frozen=True)
class Palette:
    """Colours that the sprites of at least FEWEST_PERSONS persons share.

    Attributes:
        colours: (colours, 3) uint8, in the order of their red, green and blue.
        away: How far the colour of an opaque pixel is from the palette on average, in OKLab; 0
            where it is exact.
    """

    colours: NDArray[np.uint8]
    away: float

    @classmethod
    def learned(cls, pixels: np.ndarray, run: Run, persons: np.ndarray | None, where: str) -> Self:
        """The colours of sprites where there are few, else those that stand for the others best.

        Colours are grouped by k-means in OKLab; each group is told as the colour of the art that is
        nearest to its middle, not as a mean, which may be in none of them.

        Args:
            pixels: (n, height, width, 4) uint8.
            run: Seeds the search.
            persons: (n,) whose each is; None where each is of a person of its own.
            where: The dataset's name, for messages.

        Raises:
            DataError: No colour is shared by sprites of FEWEST_PERSONS persons.
        """
        solid = pixels[..., 3] >= SOLID
        found = pixels[solid][:, :3]
        owners = np.arange(len(pixels)) if persons is None else persons
        owner = np.repeat(owners, solid.sum(axis=(1, 2)))
        shared, weight = _shared(found, owner)
        if not len(shared):
            raise DataError(
                f"no colour is shared by sprites of {FEWEST_PERSONS} persons, so there is none "
                "that a model may keep",
                where=where,
                hint=f"give at least {FEWEST_PERSONS} sprites that are alike, or read them with "
                "?alpha=white",
            )
        if len(shared) > MOST_COLOURS:
            shared = _grouped(shared, weight, run.seed_of("codecs", "palette"))
        palette = cls(shared, 0.0)
        return cls(shared, float(np.mean(palette._far(found))))

    def snapped(self, pixels: np.ndarray) -> np.ndarray:
        """The images, each pixel of which is clear or of a colour of the palette.

        Args:
            pixels: (n, height, width, 4) uint8, not premultiplied.
        """
        solid = pixels[..., 3] >= SOLID
        made = np.zeros_like(pixels)
        inside = pixels[solid][:, :3]
        nearest = self._nearest(inside)[0]
        made[solid] = np.column_stack(
            [self.colours[nearest], np.full(len(nearest), OPAQUE, np.uint8)]
        )
        return made

    def told(self) -> str:
        """What the palette is, in a sentence."""
        size = plural(len(self.colours), "colour")
        if not self.away:
            return f"The palette has {size}, all that the sprites have."
        return (
            f"The palette has {size}, from which the colours of opaque pixels are {self.away:.3f} "
            "away on average, where 1 is from black to white and 0.02 can just be seen (OKLab)."
        )

    def to_state(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"colours": self.colours.tolist(), "away": self.away}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """What :meth:`to_state` described.

        Raises:
            ValueError: These are no colours.
        """
        rows = [checked.wholes(colour, 0, OPAQUE) for colour in state["colours"]]
        if not 0 < len(rows) <= MOST_COLOURS or any(len(row) != 3 for row in rows):
            raise ValueError("this is no palette")
        return cls(np.array(rows, np.uint8), checked.real(state["away"], 0.0, 2.0))

    def _nearest(self, colours: np.ndarray) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Positions of the nearest colours of the palette to (n, 3), and how far they are."""
        distinct, back = np.unique(_packed(colours), return_inverse=True)
        places, middles = oklab(_unpacked(distinct)), oklab(self.colours)
        nearest, away = np.zeros(len(places), np.intp), np.zeros(len(places))
        for start in range(0, len(places), _CHUNK):
            part = slice(start, start + _CHUNK)
            squares = ((places[part, None] - middles) ** 2).sum(axis=-1)
            nearest[part] = squares.argmin(axis=1)
            away[part] = np.sqrt(squares.min(axis=1))
        return nearest[back], away[back]

    def _far(self, colours: np.ndarray) -> NDArray[np.float64]:
        return self._nearest(colours)[1]


def oklab(colours: np.ndarray) -> NDArray[np.float64]:
    """(n, 3) uint8 of sRGB -> (n, 3) lightness from 0 to 1, green to red, blue to yellow, in which
    equal steps look about equal.

    Source:
        Ottosson, "A perceptual color space for image processing", 2020.

    Example:
        >>> oklab(np.array([[255, 255, 255]], np.uint8)).round(3).tolist()[0][0]
        1.0
    """
    stored = colours / OPAQUE
    linear = np.where(stored <= 0.04045, stored / 12.92, ((stored + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_CONES.T) @ _TO_OKLAB.T)


def _shared(colours: np.ndarray, owner: np.ndarray) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """(colours, 3) that FEWEST_PERSONS owners have, and how many pixels have them; rounded where
    hardly any pixel has such a colour."""
    shared, weight = np.zeros(0, np.int64), np.zeros(0, np.int64)
    whose = np.unique(owner, return_inverse=True)[1].astype(np.int64)
    for step in _STEPS:
        packed = _packed(colours // step * step + step // 2)
        distinct, at, count = np.unique(packed, return_inverse=True, return_counts=True)
        pairs = np.unique(at * (whose.max(initial=0) + 1) + whose) // (whose.max(initial=0) + 1)
        owners = np.bincount(pairs, minlength=len(distinct))
        kept = owners >= FEWEST_PERSONS
        shared, weight = distinct[kept], count[kept]
        if weight.sum() >= _COVERED * max(len(colours), 1):
            break
    return _unpacked(shared), weight


def _grouped(colours: NDArray[np.uint8], weight: NDArray[np.int64], seed: int) -> NDArray[np.uint8]:
    """The MOST_COLOURS of these that stand for all best."""
    # imported here, as it takes a second that models of anything else need not wait
    from sklearn.cluster import KMeans

    from tidemill.core.one_thread import one_thread

    places = oklab(colours)
    # without other threads, which add up in another order each time; by roots, so that a large
    # plain ground does not take all of the palette
    with one_thread(openmp=True):
        means = KMeans(MOST_COLOURS, n_init=4, random_state=seed).fit(
            places, sample_weight=np.sqrt(weight)
        )
    middles = means.cluster_centers_
    nearest = ((places[None] - middles[:, None]) ** 2).sum(axis=-1).argmin(axis=1)
    return colours[np.unique(nearest)]


def _packed(colours: np.ndarray) -> NDArray[np.int64]:
    """(n, 3) -> (n,) a number for each colour."""
    red, green, blue = np.moveaxis(colours.astype(np.int64), -1, 0)
    return (red << 16) | (green << 8) | blue


def _unpacked(numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
    return np.column_stack([numbers >> 16, numbers >> 8 & 255, numbers & 255]).astype(np.uint8)

"""What a person can check of an answer: the nearest training images, and the place of an image
whose hiding changes the answer most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidemill.core.run import Run
from tidemill.diagnosing.measuring import Places
from tidemill.imaging.transparency import OPAQUE, on_ground
from tidemill.supervised.arrays import Floats

PARTS = 5
"""A patch is so many times smaller than the image."""
NEAREST = 5
MARKED = (230, 90, 0)
"""The colour of a frame around a patch."""

Chances = Callable[[np.ndarray], Floats]
"""(n, height, width, channels) -> (n, classes)."""


@dataclass(frozen=True)
class Patch:
    """A square of an image."""

    top: int
    left: int
    height: int
    width: int

    @property
    def inside(self) -> tuple[slice, slice]:
        """Its rows and columns."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)

    def is_at_border(self, size: tuple[int, ...]) -> bool:
        """Whether it lies less than its own size from the border of images of (height, width)."""
        below, right = size[0] - self.top - self.height, size[1] - self.left - self.width
        return min(self.top, below) < self.height or min(self.left, right) < self.width

    def words(self, size: tuple[int, ...]) -> str:
        """Where it lies in images of (height, width).

        Example:
            >>> Patch(0, 22, 6, 6).words((28, 28)), Patch(11, 11, 6, 6).words((28, 28))
            ('top right', 'middle')
        """
        row = 3 * (self.top + self.height / 2) / size[0]
        column = 3 * (self.left + self.width / 2) / size[1]
        down = ("top", "", "bottom")[min(int(row), 2)]
        across = ("left", "", "right")[min(int(column), 2)]
        return " ".join(filter(None, (down, across))) or "middle"


def patches(size: tuple[int, ...]) -> tuple[Patch, ...]:
    """Squares that cover images of (height, width), each half over the next."""
    height, width = (max(2, -(-side // PARTS)) for side in size)
    height, width = min(height, size[0]), min(width, size[1])
    return tuple(
        Patch(top, left, height, width)
        for top in _steps(size[0], height)
        for left in _steps(size[1], width)
    )


def _steps(side: int, patch: int) -> list[int]:
    return sorted({*range(0, side - patch + 1, max(1, patch // 2)), side - patch})


def hidden(pixels: np.ndarray, patch: Patch) -> np.ndarray:
    """The images with a patch painted over in the mean colour of what lies around it.

    Args:
        pixels: (n, height, width, channels) uint8.
        patch: What is painted over.
    """
    around = np.zeros(pixels.shape[1:3], bool)
    rows, columns = patch.inside
    around[max(rows.start - 2, 0) : rows.stop + 2, max(columns.start - 2, 0) : columns.stop + 2] = 1
    around[rows, columns] = False
    shown = pixels.copy()
    if around.any():
        colour = pixels[:, around].mean(axis=1)
        shown[:, rows, columns] = colour[:, None, None].round().astype(np.uint8)
    return shown


def changes(pixels: np.ndarray, said: Places, chances: Chances, run: Run) -> Floats:
    """(n, patches) by how much the chance of what is said falls when each patch is hidden.

    Args:
        pixels: (n, height, width, channels) uint8.
        said: (n,) the class that is said of each.
        chances: Of images.
        run: Progress.
    """
    rows = np.arange(len(pixels))
    before = chances(pixels)[rows, said]
    found = []
    for patch in run.track(patches(pixels.shape[1:3]), "diagnosing", "hiding patches of images"):
        found.append(before - chances(hidden(pixels, patch))[rows, said])
    return np.asarray(found).T


def nearest(asked: Floats, learned: Floats, count: int = NEAREST) -> Places:
    """(n, count) places of the points that lie nearest, the nearest first.

    Args:
        asked: (n, axes).
        learned: (m, axes).
        count: How many.

    Example:
        >>> nearest(np.array([[0.9]]), np.array([[0.0], [1.0], [3.0]]), 2).tolist()
        [[1, 0]]
    """
    squares = (learned**2).sum(axis=1) - 2 * asked @ learned.T
    return np.argsort(squares, axis=1, kind="stable")[:, :count]


def framed(pixels: np.ndarray, patch: Patch | None, scale: int) -> NDArray[np.uint8]:
    """One image (height, width, channels) in colours, on white, enlarged, with a frame around a
    patch."""
    colours = np.broadcast_to(on_ground(pixels, OPAQUE), (*pixels.shape[:2], 3))
    shown = colours.repeat(scale, 0).repeat(scale, 1)
    if patch is None:
        return np.ascontiguousarray(shown)
    line = max(1, scale // 2)
    top, left = patch.top * scale, patch.left * scale
    bottom, right = top + patch.height * scale, left + patch.width * scale
    drawn = np.array(shown)
    drawn[top:bottom, left:right] = MARKED
    inside = slice(top + line, bottom - line), slice(left + line, right - line)
    drawn[inside] = shown[inside]
    return drawn

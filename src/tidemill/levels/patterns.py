"""Windows of tiles: which occur in some planes, and how much those of two sets differ."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tidemill.levels.planes import lines

Keys = NDArray[np.uint64]
SIDE, FULL = 16, 255
"""Of the picture of a plane's patterns: its side, and its brightest pixel."""


def windows(planes: Iterable[str], side: int, *, plain: bool = True) -> Keys:
    """A number for each window of so many lines and columns, the same for the same tiles (a hash
    of 64 bits).

    Args:
        planes: Planes as text.
        side: Lines and columns of a window.
        plain: Whether windows of one sort of tile count, too.

    Example:
        >>> found = windows(["--#\\n--#", "--\\n--"], 2)
        >>> len(found), len(set(found.tolist())), len(windows(["--#\\n--#"], 2, plain=False))
        (3, 2, 1)
    """
    rng = np.random.default_rng(side)
    weight = rng.integers(2**63, size=side * side, dtype=np.uint64) * 2 + 1
    found = [np.zeros(0, np.uint64)]
    for plane in planes:
        tiles = np.array([[ord(tile) for tile in line] for line in lines(plane)], np.uint64)
        if min(tiles.shape) < side:
            continue
        part = sliding_window_view(tiles, (side, side)).reshape(-1, side * side)
        if not plain:
            part = part[(part != part[:, :1]).any(axis=1)]
        found.append((part**3 * weight).sum(axis=1, dtype=np.uint64))
    return np.concatenate(found)


def divergence(made: Keys, real: Keys) -> float:
    """The Jensen-Shannon divergence of two sets of windows, in bits: 0 where shares are the same, 1
    where nothing is shared.

    Example:
        >>> one, other = windows(["--\\n--"], 2), windows(["##\\n##"], 2)
        >>> divergence(one, one), divergence(one, other)
        (0.0, 1.0)
    """
    _, place = np.unique(np.concatenate([made, real]), return_inverse=True)
    size = int(place.max(initial=-1)) + 1
    p = np.bincount(place[: len(made)], minlength=size) / max(len(made), 1)
    q = np.bincount(place[len(made) :], minlength=size) / max(len(real), 1)
    middle = (p + q) / 2

    def bits(share: np.ndarray) -> float:
        there = share > 0
        return float((share[there] * np.log2(share[there] / middle[there])).sum())

    return (bits(p) + bits(q)) / 2


def pattern_pictures(values: pl.Series) -> np.ndarray:
    """A column of n planes -> (n, SIDE, SIDE, 1) uint8: the roots of the shares of their patterns
    of 2 x 2 tiles, in places by a hash of each, for learners that look at pictures."""
    found = np.zeros((len(values), SIDE * SIDE))
    for row, plane in enumerate(values.to_list()):
        place = windows([plane or ""], 2) % np.uint64(SIDE * SIDE)
        found[row] = np.bincount(place.astype(np.int64), minlength=SIDE * SIDE)
    share = found / np.maximum(found.sum(axis=1, keepdims=True), 1)
    return np.rint(FULL * np.sqrt(share)).astype(np.uint8).reshape(-1, SIDE, SIDE, 1)

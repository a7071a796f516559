"""Which sprites are copies of given ones, pixel by pixel."""

from __future__ import annotations

import numpy as np

from tidemill.imaging.transparency import premultiplied
from tidemill.supervised.arrays import Floats

SAME = 48
"""Values of a pixel that differ by no more, of 255, are taken for the same: a palette moves colours
by less."""
COPY = 0.05
"""The share of drawn pixels that may differ in a copy."""
_CHUNK = 1024


def share_redrawn(made: np.ndarray, given: np.ndarray) -> Floats:
    """(m,) the share of pixels, of those drawn in either, that differ between each sprite and the
    given one that it is most like; 1 where none is given.

    Args:
        made, given: (m, height, width, 4) and (n, height, width, 4) uint8.

    Example:
        >>> ink = np.full((1, 2, 2, 4), 255, np.uint8)
        >>> half = ink.copy()
        >>> half[0, 0] = 0
        >>> share_redrawn(np.concatenate([ink, half]), ink).tolist()
        [0.0, 0.5]
    """
    redrawn = np.ones(len(made))
    mine = premultiplied(made).astype(np.int16)
    for start in range(0, len(given), _CHUNK):
        theirs = premultiplied(given[start : start + _CHUNK]).astype(np.int16)
        drawn = theirs[..., 3] > 0
        for place, sprite in enumerate(mine):
            differs = (np.abs(theirs - sprite) > SAME).any(axis=-1).sum(axis=(1, 2))
            either = (drawn | (sprite[..., 3] > 0)).sum(axis=(1, 2))
            share = float((differs / np.maximum(either, 1)).min())
            redrawn[place] = min(redrawn[place], share)
    return redrawn

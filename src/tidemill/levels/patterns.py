"""Windows of tiles: how often each occurs in some planes, and how much two such counts differ."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable

import numpy as np
import polars as pl

from tidemill.levels.planes import lines

SIDE = 16
"""Of the picture of a plane's patterns."""
FULL = 255


def windows(planes: Iterable[str], side: int) -> Counter[str]:
    """How often each window of so many lines and columns occurs in some planes.

    Example:
        >>> sorted(windows(["--#\\n--#"], 2).items())
        [('-#\\n-#', 1), ('--\\n--', 1)]
    """
    found: Counter[str] = Counter()
    for plane in planes:
        rows = lines(plane)
        for top in range(len(rows) - side + 1):
            part = rows[top : top + side]
            for left in range(len(rows[0]) - side + 1):
                found["\n".join(row[left : left + side] for row in part)] += 1
    return found


def divergence(made: Counter[str], real: Counter[str]) -> float:
    """The Jensen-Shannon divergence of two counts, in bits: 0 where shares are the same, 1 where
    nothing is shared.

    Example:
        >>> divergence(Counter("aab"), Counter("aabaab")), divergence(Counter("a"), Counter("b"))
        (0.0, 1.0)
    """
    names = sorted({*made, *real})
    p = np.array([made[name] for name in names], float)
    q = np.array([real[name] for name in names], float)
    p, q = p / max(p.sum(), 1), q / max(q.sum(), 1)
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
        counted = windows([plane or ""], 2)
        for pattern, count in counted.items():
            found[row, zlib.crc32(pattern.encode()) % (SIDE * SIDE)] += count
    share = found / np.maximum(found.sum(axis=1, keepdims=True), 1)
    return np.rint(FULL * np.sqrt(share)).astype(np.uint8).reshape(-1, SIDE, SIDE, 1)

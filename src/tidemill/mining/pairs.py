"""How strongly two binned columns go together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tidemill.supervised.arrays import Floats

Codes = NDArray[np.int16]


def contingency(first: Codes, second: Codes, sizes: tuple[int, int]) -> Floats:
    """Counts of every pair of bins, (size of first, size of second); rows in no bin (-1) are left
    out."""
    known = (first >= 0) & (second >= 0)
    at = first[known].astype(np.int64) * sizes[1] + second[known]
    return np.bincount(at, minlength=sizes[0] * sizes[1]).reshape(sizes).astype(np.float64)


def cramers_v(counts: Floats) -> float:
    """Strength of association in [0, 1] (Cramér 1946), with Bergsma's (2013) correction for chance.

    Example:
        >>> cramers_v(np.array([[50.0, 0], [0, 50]])), cramers_v(np.array([[25.0, 25], [25, 25]]))
        (1.0, 0.0)
    """
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    total = counts.sum()
    if min(counts.shape) < 2 or total < 2:
        return 0.0
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / total
    square = float(((counts - expected) ** 2 / expected).sum() / total)
    rows, columns = counts.shape
    corrected = max(0.0, square - (rows - 1) * (columns - 1) / (total - 1))
    corrected_rows = rows - (rows - 1) ** 2 / (total - 1)
    corrected_columns = columns - (columns - 1) ** 2 / (total - 1)
    most = min(corrected_rows, corrected_columns) - 1
    if most <= 0:
        return 0.0
    return round(float(min(np.sqrt(corrected / most), 1.0)), 6)

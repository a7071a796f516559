"""The area under the ROC curve with its standard error."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NORMAL_95 = 1.959964
"""Standard errors to each side that hold 95 % of a normal distribution."""


class Auc(NamedTuple):
    """An area under the ROC curve (0.5 is guessing, 1 is perfect) and its standard error."""

    value: float
    error: float

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval, within 0 and 1."""
        return max(0.0, self.value - NORMAL_95 * self.error), min(
            1.0, self.value + NORMAL_95 * self.error
        )


def auc(positive: NDArray[np.floating], negative: NDArray[np.floating]) -> Auc:
    """How often a positive is scored above a negative, ties counted half.

    The standard error is that of DeLong, DeLong and Clarke-Pearson (1988), from the spread of each
    row's placement among the rows of the other class.

    Args:
        positive, negative: Scores of the rows of each class; neither empty.

    Example:
        >>> auc(np.array([3.0, 2.0, 1.0]), np.array([0.0, 1.0])).value
        0.9166666666666666
    """
    above = _placements(positive, np.sort(negative))
    below = _placements(negative, np.sort(positive))
    variance = above.var() / len(positive) + below.var() / len(negative)
    return Auc(float(above.mean()), sqrt(float(variance)))


def mean_auc(parts: list[Auc]) -> Auc:
    """The mean over disjoint test folds, whose errors are taken to be independent."""
    value = sum(part.value for part in parts) / len(parts)
    return Auc(value, sqrt(sum(part.error**2 for part in parts)) / len(parts))


def _placements(scores: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.float64]:
    """Per score, the share of the sorted others below it, (n,)."""
    return (np.searchsorted(others, scores, "left") + np.searchsorted(others, scores, "right")) / (
        2 * len(others)
    )

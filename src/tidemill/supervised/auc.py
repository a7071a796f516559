"""The area under the ROC curve with its standard error."""

from __future__ import annotations

from collections.abc import Callable
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
    pairs = len(positive) * len(negative)
    won = _halves_won(positive, np.sort(negative))
    lost = _halves_won(negative, np.sort(positive))
    by_positive, by_negative = won / (2 * len(negative)), lost / (2 * len(positive))
    variance = by_positive.var() / len(positive) + by_negative.var() / len(negative)
    return Auc(float(won.sum() / (2 * pairs)), sqrt(float(variance)))


def mean_auc(parts: list[Auc]) -> Auc:
    """The mean over disjoint test folds, whose errors are taken to be independent."""
    value = sum(part.value for part in parts) / len(parts)
    return Auc(value, sqrt(sum(part.error**2 for part in parts)) / len(parts))


def auc_of_draws(
    positive: NDArray[np.bool_], scores: NDArray[np.floating]
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """The area as a function of how often each row counts, with the sorting done once.

    Args:
        positive: Whether each row is of the class, (n,).
        scores: (n,).

    Returns:
        Takes counts (draws, n) and gives areas (draws,); NaN where a draw lacks one of the classes.

    Example:
        >>> areas = auc_of_draws(np.array([True, False, False]), np.array([0.5, 0.7, 0.2]))
        >>> areas(np.array([[1.0, 1.0, 1.0], [1.0, 0.0, 2.0]])).tolist()
        [0.5, 1.0]
    """
    hits, misses = (
        rows[np.argsort(scores[rows], kind="stable")]
        for rows in (np.flatnonzero(positive), np.flatnonzero(~positive))
    )
    lower, not_higher = (
        np.searchsorted(scores[misses], scores[hits], side) for side in ("left", "right")
    )

    def areas(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        drawn = counts[:, hits]
        below = np.zeros((len(counts), len(misses) + 1))
        np.cumsum(counts[:, misses], axis=1, out=below[:, 1:])
        won = ((below[:, lower] + below[:, not_higher]) * drawn).sum(axis=1) / 2
        pairs = drawn.sum(axis=1) * below[:, -1]
        return np.divide(won, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)

    return areas


def _halves_won(scores: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.int64]:
    """Per score, twice the number of the sorted others below it, each tie counted once, (n,)."""
    return np.searchsorted(others, scores, "left") + np.searchsorted(others, scores, "right")

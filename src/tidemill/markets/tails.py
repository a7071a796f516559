"""Quantiles of the days before, and the mean beyond them."""

from __future__ import annotations

import numpy as np

from tidemill.supervised.arrays import Floats


def tail(values: Floats, level: float) -> tuple[Floats, Floats]:
    """The quantile of (n, ...) values, and the mean of those that are not above it.

    Example:
        >>> quantile, beyond = tail(np.arange(101.0)[:, None], 0.05)
        >>> quantile.tolist(), beyond.tolist()
        ([5.0], [2.5])
    """
    place = level * (len(values) - 1)
    low = int(place)
    lowest = np.sort(np.partition(values, min(low + 1, len(values) - 1), axis=0)[: low + 2], axis=0)
    upper = lowest[min(low + 1, len(lowest) - 1)]
    quantile = lowest[low] + (place - low) * (upper - lowest[low])
    return quantile, lowest[: low + 1].mean(axis=0)


def tails_before(values: Floats, first: int, level: float, most: int) -> tuple[Floats, Floats]:
    """The tails of the days before each one.

    Args:
        values: (T, k).
        first: The first day that has an answer.
        level: Of the quantile.
        most: Days that are looked back on.

    Returns:
        (T + 1 - first, k) quantiles and means; the last ones are of the day after the end.
    """
    days = range(first, len(values) + 1)
    found = [tail(values[max(0, day - most) : day], level) for day in days]
    return np.stack([one for one, _ in found]), np.stack([one for _, one in found])

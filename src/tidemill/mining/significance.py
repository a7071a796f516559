"""Intervals and tests of what was found."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tidemill.supervised.arrays import Floats

ALPHA = 0.001
"""The level of every test that lets a finding through: of a thousand tables without any, one may
show one."""


def mean_interval(values: Floats) -> tuple[float, float]:
    """95 % interval of a mean, by Student's t.

    Of values that are never below 0, it is made for the logarithm of the mean (the delta method),
    and so stays above 0.
    """
    from scipy.stats import t

    least = 0.0 if len(values) and values.min() >= 0 else float("-inf")
    if len(values) < 2:
        return least, float("inf")
    mean = float(values.mean())
    error = float(values.std(ddof=1)) / np.sqrt(len(values))
    half = float(t.ppf(0.975, len(values) - 1)) * error
    if least == 0 and mean > 0:
        with np.errstate(over="ignore"):
            return mean * float(np.exp(-half / mean)), mean * float(np.exp(half / mean))
    return mean - half, mean + half


def median_interval(values: Floats) -> tuple[float, float]:
    """95 % interval of a median: from one of the ordered values to another (Conover 1999, 3.2)."""
    from scipy.stats import binom

    ordered = np.sort(values)
    place = int(binom.ppf(0.025, len(ordered), 0.5))
    if place < 1:  # five rows or fewer: no two values hold it that surely
        return float("-inf"), float("inf")
    return float(ordered[place - 1]), float(ordered[len(ordered) - place])


def excess_p(
    both: NDArray[np.int64],
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    total: NDArray[np.int64] | int,
) -> Floats:
    """One-sided Fisher exact p-values that two marks fall together more often than by chance.

    Args:
        both, first, second: Rows with both marks, with the first, with the second; any shape.
        total: Rows in all; where there are none, p is 1.

    Example:
        >>> round(float(excess_p(np.array(9), np.array(10), np.array(10), 20)), 5)
        0.00055
    """
    from scipy.stats import hypergeom

    p_values = hypergeom.sf(both - 1, total, first, second)
    return np.where(np.asarray(total) > 0, p_values, 1.0)


def greater_mean_p(values: Floats) -> float:
    """One-sided p-value that the mean is above 0 (Student's t)."""
    from scipy.stats import t

    if len(values) < 3:
        return 1.0
    error = values.std(ddof=1) / np.sqrt(len(values))
    if error == 0:
        return 0.0 if values.mean() > 0 else 1.0
    return float(t.sf(values.mean() / error, len(values) - 1))


def rank_p(high: Floats, low: Floats) -> float:
    """One-sided p-value that the first values tend to be above the second (Mann and Whitney
    1947)."""
    from scipy.stats import mannwhitneyu

    if len(high) < 2 or len(low) < 2:
        return 1.0
    return float(mannwhitneyu(high, low, alternative="greater").pvalue)


def bootstrap(
    statistic: Callable[[Floats], float], rows: int, rng: np.random.Generator, rounds: int = 200
) -> tuple[float, float]:
    """95 % percentile interval of a statistic of weighted rows (Efron 1979).

    Args:
        statistic: Takes how often each row was drawn (rows,).
        rows: Rows to draw from.
        rng: The random stream.
        rounds: Resamples.
    """
    values = []
    for _ in range(rounds):
        drawn = np.bincount(rng.integers(rows, size=rows), minlength=rows)
        values.append(statistic(drawn.astype(np.float64)))
    low, high = np.nanquantile(values, [0.025, 0.975])
    return float(low), float(high)

"""Intervals, tests and the control of many tests at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ALPHA = 0.001
"""The level of every test that lets a finding through: of a thousand tables without any, one may
show one."""

_Z95 = 1.959963984540054


def wilson(successes: float, total: float) -> tuple[float, float]:
    """95 % score interval of a share (Wilson 1927).

    Example:
        >>> [round(end, 3) for end in wilson(8, 10)]
        [0.49, 0.943]
    """
    if total <= 0:
        return 0.0, 1.0
    share, z2 = successes / total, _Z95**2
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = _Z95 * np.sqrt(share * (1 - share) / total + z2 / (4 * total**2)) / (1 + z2 / total)
    low, high = max(float(centre - half), 0.0), min(float(centre + half), 1.0)
    return low if successes > 0 else 0.0, high if successes < total else 1.0


def mean_interval(values: Floats) -> tuple[float, float]:
    """95 % interval of a mean by the normal approximation."""
    if len(values) < 2:
        return float("-inf"), float("inf")
    half = _Z95 * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean() - half), float(values.mean() + half)


def excess_p(
    both: NDArray[np.int64],
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    total: NDArray[np.int64] | int,
) -> Floats:
    """One-sided Fisher exact p-values that two marks fall together more often than by chance.

    Args:
        both, first, second: Rows with both marks, with the first, with the second; any shape.
        total: Rows in all.

    Example:
        >>> round(float(excess_p(np.array(9), np.array(10), np.array(10), 20)), 5)
        0.00055
    """
    from scipy.stats import hypergeom

    return np.asarray(hypergeom.sf(both - 1, total, first, second), dtype=np.float64)


def adjusted(p_values: Floats) -> Floats:
    """P-values after control of the false discovery rate (Benjamini and Hochberg 1995).

    Example:
        >>> adjusted(np.array([0.01, 0.5, 0.02])).round(3).tolist()
        [0.03, 0.5, 0.03]
    """
    count = len(p_values)
    if count == 0:
        return p_values
    order = np.argsort(p_values)
    steps = p_values[order] * count / np.arange(1, count + 1)
    result = np.empty(count)
    result[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
    return result


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
    found = [
        statistic(np.bincount(rng.integers(rows, size=rows), minlength=rows).astype(np.float64))
        for _ in range(rounds)
    ]
    low, high = np.nanquantile(found, [0.025, 0.975])
    return float(low), float(high)

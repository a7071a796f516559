"""How sure a share is, or a difference between two models."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, sqrt
from typing import NamedTuple

import numpy as np

from tidemill.supervised.arrays import Floats

DRAWS = 2000
_BLOCK = 1 << 21  # counts of rows at a time: 16 MB
# differences below are rounding errors of sums, whose tiny spread must not pass for certainty
_DIGITS = 12

Drawn = Callable[[Floats, Floats, Floats], Floats]
"""(truth (n,), prediction, how often each row counts (b, n)) -> a figure for each of the b
draws."""


class Interval(NamedTuple):
    """A mean difference, both ends of its interval, and the chance of such a one where the true one
    is not above 0."""

    mean: float
    low: float
    high: float
    p: float


def wilson(hits: float, rows: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share (1927); from 0 to 1 where there are no rows.

    Args:
        hits: Rows that count, a whole number.
        rows: All rows, a whole number.

    Example:
        >>> [round(end, 3) for end in wilson(8, 10)]
        [0.49, 0.943]
    """
    if not rows:
        return 0.0, 1.0
    from scipy.stats import binomtest

    found = binomtest(round(hits), round(rows)).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def corrected(differences: Floats, test_share: float, level: float = 0.95) -> Interval:
    """The corrected resampled t-test of Nadeau and Bengio (2003), "Inference for the Generalization
    Error", eq. (9).

    Folds share most of their training rows, so their differences are not independent: with J of
    them of variance s², the variance of their mean is taken to be (1/J + n_test/n_train) s², and
    its distribution Student's with J - 1 degrees of freedom.

    Args:
        differences: One a fold, (J,); those that are NaN are left out.
        test_share: n_test / n_train: rows tested on, divided by rows learned from.
        level: Of the two-sided interval.

    Returns:
        The interval; p is one-sided, for a mean above 0. Where all differences are the same, it is
        that one value. With fewer than two of them nothing is known, and it is without end.

    Example:
        >>> found = corrected(np.array([0.02, 0.04, 0.03, 0.05, 0.01]), test_share=0.25)
        >>> [round(value, 3) for value in found]
        [0.03, 0.001, 0.059, 0.024]
    """
    from scipy.stats import t as student

    known = np.round(differences[~np.isnan(differences)], _DIGITS)
    if len(known) < 2:
        return Interval(float(known.mean()) if len(known) else 0.0, -inf, inf, 1.0)
    mean, spread = float(known.mean()), float(known.std(ddof=1))
    if np.ptp(known) == 0:
        return Interval(mean, mean, mean, 0.0 if mean > 0 else 1.0)
    error = spread * sqrt(1 / len(known) + test_share)
    reach = float(student.ppf((1 + level) / 2, len(known) - 1)) * error
    return Interval(
        mean, mean - reach, mean + reach, float(student.sf(mean / error, len(known) - 1))
    )


def paired_bootstrap(
    drawn: Drawn,
    truth: Floats,
    first: Floats,
    second: Floats,
    rng: np.random.Generator,
    *,
    classes: int,
    level: float = 0.95,
    draws: int = DRAWS,
) -> Interval:
    """The difference of a figure of two models on the same test rows, by drawing these rows again
    and again.

    Efron and Tibshirani (1993), "An Introduction to the Bootstrap", percentile interval. Rows are
    drawn within each class, so every draw has as many of it as the test rows. It says how the
    figures would differ on other test rows; the models are taken as they are.

    Args:
        drawn: The figure, as :attr:`tidemill.supervised.measures.Measure.drawn`.
        truth: Class codes or numbers, (n,).
        first, second: What each model predicts; the difference is first - second.
        rng: Draws the rows.
        classes: Number of classes; 0 for a number.
        level: Of the two-sided interval.
        draws: How many.

    Returns:
        The interval; p is the share of draws in which the difference is not above 0.
    """
    differences = []
    step = max(1, _BLOCK // max(1, len(truth)))
    ones = np.ones((1, len(truth)))
    mean = float(drawn(truth, first, ones)[0] - drawn(truth, second, ones)[0])
    for start in range(0, draws, step):
        counts = _counts(truth, min(step, draws - start), rng, classes)
        differences.append(drawn(truth, first, counts) - drawn(truth, second, counts))
    values = np.round(np.concatenate(differences), _DIGITS)
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(mean, float(low), float(high), float((1 + (values <= 0).sum()) / (1 + draws)))


def _counts(truth: Floats, draws: int, rng: np.random.Generator, classes: int) -> Floats:
    """How often each row is drawn, (draws, n)."""
    counts = np.zeros((draws, len(truth)))
    strata = truth if classes else np.zeros(len(truth))
    for stratum in np.unique(strata):
        rows = np.flatnonzero(strata == stratum)
        picks = (
            rng.integers(len(rows), size=(draws, len(rows))) + len(rows) * np.arange(draws)[:, None]
        )
        counts[:, rows] = np.bincount(picks.ravel(), minlength=draws * len(rows)).reshape(
            draws, len(rows)
        )
    return counts

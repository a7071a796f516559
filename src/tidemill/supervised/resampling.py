"""Sums over rows that are drawn again and again: of single rows, of persons with all of their rows,
and of stretches of time.

Efron and Tibshirani (1993), "An Introduction to the Bootstrap".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tidemill.supervised.arrays import Floats

DRAWS = 500
_BLOCK = 1 << 22


def totals_of_rows(
    values: Floats,
    rng: np.random.Generator,
    draws: int = DRAWS,
    strata: Sequence[NDArray[np.bool_]] | None = None,
) -> Floats:
    """(draws, k) sums of values over rows.

    Args:
        values: (n, k).
        rng: Draws the rows; two calls with streams of the same seed draw the same ones, so that
            differences are of the same rows.
        draws: How many times.
        strata: (n,) each, disjoint: of each as many rows are drawn as it has. None for one of all.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> totals_of_rows(np.ones((5, 1)), rng, draws=2).tolist()
        [[5.0], [5.0]]
    """
    parts = [np.ones(len(values), bool)] if strata is None else strata
    step = max(1, _BLOCK // max(1, len(values)))
    found = []
    for start in range(0, draws, step):
        size = min(step, draws - start)
        part = np.zeros((size, values.shape[1]))
        for own in parts:
            rows = int(own.sum())
            if rows:
                part += rng.multinomial(rows, np.full(rows, 1 / rows), size=size) @ values[own]
        found.append(part)
    return np.concatenate(found)


def totals_of_persons(
    values: Floats, whose: NDArray[np.int64], rng: np.random.Generator, draws: int = DRAWS
) -> Floats:
    """(draws, k) sums of values over persons, each with all of their rows.

    Args:
        values: (n, k).
        whose: (n,) the person of each row, any numbers.
        rng: Draws the persons.
        draws: How many times.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> sums = totals_of_persons(np.ones((4, 1)), np.array([7, 7, 9, 9]), rng, draws=3)
        >>> sums.tolist()
        [[4.0], [4.0], [4.0]]
    """
    return counts_of_persons(whose, rng, draws) @ values


def counts_of_persons(
    whose: NDArray[np.int64], rng: np.random.Generator, draws: int = DRAWS
) -> Floats:
    """(draws, n) how often each row counts where persons are drawn, each with all of their rows.

    Args:
        whose: (n,) the person of each row, any numbers.
        rng: Draws the persons.
        draws: How many times.
    """
    different, place = np.unique(whose, return_inverse=True)
    persons = len(different)
    drawn = rng.multinomial(persons, np.full(persons, 1 / max(persons, 1)), size=draws)
    return drawn[:, place].astype(np.float64)


def drawn_times(
    length: int,
    block: float,
    rng: np.random.Generator,
    draws: int = DRAWS,
    steps: int | None = None,
) -> NDArray[np.int64]:
    """(draws, steps) places in time, in stretches of random lengths, so that what hangs together
    in time stays together (the stationary bootstrap: Politis and Romano 1994). The end is followed
    by the beginning.

    Args:
        length: Of the series.
        block: Mean length of a stretch, at least 1.
        rng: Draws them.
        draws: How many times.
        steps: Places of each; None for as many as the series has.

    Example:
        >>> drawn_times(4, 1e9, np.random.default_rng(3), draws=1).tolist()
        [[0, 1, 2, 3]]
    """
    steps = length if steps is None else steps
    begins = rng.random((draws, steps)) < 1 / max(block, 1.0)
    begins[:, :1] = True
    start = rng.integers(length, size=(draws, steps))
    last = np.maximum.accumulate(np.where(begins, np.arange(steps), 0), axis=1)
    since = np.arange(steps) - last
    return np.asarray((np.take_along_axis(start, last, axis=1) + since) % length)


def interval(values: Floats) -> tuple[float, float]:
    """The 95 % interval of resampled figures."""
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)

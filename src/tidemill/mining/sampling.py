"""Random samples of rows where a table is larger than a technique needs, and how to say so."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tidemill.core.dataset import Dataset
from tidemill.core.words import plural


def sample_rows(data: Dataset, limit: int, rng: np.random.Generator) -> Dataset:
    """At most so many rows, drawn at random and kept in order."""
    if len(data) <= limit:
        return data
    return data.rows(sample_positions(len(data), limit, rng))


def sample_positions(rows: int, limit: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Positions of at most so many of these rows, drawn at random, in order."""
    if rows <= limit:
        return np.arange(rows)
    return np.sort(rng.choice(rows, size=limit, replace=False))


def sampled_words(used: int, rows: int, what: str = "held-out") -> str:
    """The held-out (or training) rows that a figure is taken from.

    Example:
        >>> sampled_words(500, 500), sampled_words(20000, 300000)
        ('500 held-out rows', 'a random 20,000 of the 300,000 held-out rows')
    """
    if used == rows:
        return plural(rows, f"{what} row")
    return f"a random {used:,} of the {rows:,} {what} rows"

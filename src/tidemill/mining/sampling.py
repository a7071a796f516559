"""Random samples of rows where a table is larger than a technique needs, and how to say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.dataset import Dataset
from tidemill.core.words import listing, plural

NAMED_ROWS = 5


def joined(train: Dataset, holdout: Dataset) -> Dataset:
    """The rows of both, training rows first, with their places in the table that was read."""
    places = None
    if train.places is not None and holdout.places is not None:
        places = np.concatenate([train.places, holdout.places])
    frame = pl.concat([train.frame, holdout.frame], how="vertical_relaxed")
    return replace(train, frame=frame, origin=None, places=places)


def named_rows(data: Dataset, rows: Sequence[int]) -> str:
    """Rows by the numbers that they have in the table that was read, the first few of many.

    Example:
        >>> from tidemill.core.schema import Schema
        >>> data = Dataset(pl.DataFrame({}), Schema(()))
        >>> named_rows(data, [6]), named_rows(data, range(10))
        ('row 7', 'rows 1, 2, 3, 4, 5 and 5 more')
    """
    numbers = sorted(data.row_number(int(row)) for row in rows)
    shown = [f"{number:,}" for number in numbers[:NAMED_ROWS]]
    if len(numbers) > NAMED_ROWS:
        shown.append(f"{len(numbers) - NAMED_ROWS:,} more")
    return f"{'row' if len(numbers) == 1 else 'rows'} {listing(shown)}"


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
        >>> sampled_words(500, 500, "")
        '500 rows'
    """
    kind = f"{what} row".lstrip()
    if used == rows:
        return plural(rows, kind)
    return f"a random {used:,} of the {rows:,} {kind}s"

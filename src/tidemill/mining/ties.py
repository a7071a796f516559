"""Columns that all but repeat each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column
from tidemill.mining.binning import Bins, Codes, NumberBins, code_matrix, learn_bins
from tidemill.mining.pairs import contingency, cramers_v
from tidemill.mining.screening import rank_matrix
from tidemill.supervised.arrays import Floats

MOST_ROWS = 10_000
REPEATED = 0.85
"""Columns tied at least this closely can stand for each other in a model."""


def ties(train: Dataset, columns: Sequence[Column]) -> Floats:
    """How far each column gives each other, in [0, 1], (columns, columns).

    Two numbers by rank correlation, two categories by Cramér's V, a number and a category by the
    larger of Cramér's V and the share of the number's rank variance that lies between levels. The
    diagonal is 0.

    Args:
        train: Training rows, of which the first 10,000 are used.
        columns: The columns.
    """
    few = train.rows(np.arange(min(MOST_ROWS, len(train))))
    bins = []
    for column in columns:
        # fine bins: a category made of a number's ranges must be seen to repeat it
        bins.append(learn_bins(few[column.name], column, parts=10, atom=0.05, levels=30))
    codes = code_matrix(few.frame, bins)
    ranks = rank_matrix(few, columns)
    result = np.zeros((len(columns), len(columns)))
    for one in range(len(columns)):
        for other in range(one):
            tie = _tie((bins[one], bins[other]), codes[:, [one, other]], ranks[:, [one, other]])
            result[one, other] = tie
            result[other, one] = tie
    return result


def untied(columns: Sequence[Column], tied: Floats, least: float) -> tuple[Column, ...]:
    """The columns, less those that an earlier one gives at least so far.

    Args:
        columns: The columns.
        tied: As :func:`ties` gives it.
        least: From which tie on.
    """
    kept: list[int] = []
    for at in range(len(columns)):
        if not any(tied[at, other] >= least for other in kept):
            kept.append(at)
    return tuple(columns[at] for at in kept)


def repeating(train: Dataset, columns: Sequence[Column]) -> dict[str, tuple[str, ...]]:
    """For each column those that it all but repeats."""
    return _partners(columns, ties(train, columns) >= REPEATED)


def missing_together(train: Dataset, columns: Sequence[Column]) -> dict[str, tuple[str, ...]]:
    """For each column with missing values those that are missing in the same rows."""
    missing = np.array([train[column.name].is_null().to_numpy() for column in columns], dtype=float)
    both = missing @ missing.T
    either = np.add.outer(missing.sum(axis=1), missing.sum(axis=1)) - both
    return _partners(columns, (both > 0) & (both >= REPEATED * either))


def _partners(columns: Sequence[Column], pairs: NDArray[np.bool_]) -> dict[str, tuple[str, ...]]:
    partners = {}
    for at, column in enumerate(columns):
        others = (each.name for place, each in enumerate(columns) if pairs[at, place])
        partners[column.name] = tuple(name for name in others if name != column.name)
    return partners


def _tie(bins: tuple[Bins, Bins], codes: Codes, ranks: Floats) -> float:
    """How far one of two columns gives the other.

    Args:
        bins: Theirs.
        codes: The bins of the rows, (n, 2).
        ranks: Centred ranks of length 1, (n, 2).
    """
    numbers = [isinstance(each, NumberBins) for each in bins]
    if all(numbers):
        return float(abs(ranks[:, 0] @ ranks[:, 1]))
    strength = cramers_v(contingency(codes[:, 0], codes[:, 1], (bins[0].size, bins[1].size)))
    if not any(numbers):
        return strength
    number = numbers.index(True)
    levels = codes[:, 1 - number].astype(np.int64) + 1
    sums = np.bincount(levels, ranks[:, number])
    between = float((sums**2 / np.maximum(np.bincount(levels), 1)).sum())
    return max(strength, between)

"""Whether rows have kept the variety of the real ones: their tails, their trends, and how many
differ from each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidemill.core.dataset import Dataset
from tidemill.supervised.arrays import FeatureLayout, Features, Floats, features

TAIL = 0.01
"""A number is in a tail beyond the real rows' quantile of this share, on either side."""
RARE = 0.05
"""A level is rare where at most this share of the real rows has it."""


@dataclass(frozen=True, slots=True)
class Diversity:
    """What rows have of the variety of real ones.

    Attributes:
        tails: Their share of values in the tails of numbers and in rare levels, divided by the real
            rows'; 1 is no loss.
        trends: The mean difference of the columns' rank correlations from the real rows'; 0 is no
            loss.
        distinct: The share of distinct rows, divided by that of as many real rows; 1 is no loss.
    """

    tails: float
    trends: float
    distinct: float


def diversity(real: Dataset, rows: Dataset) -> Diversity:
    """What the rows have of the variety of the real ones; collapsing generators lose the tails
    first (Shumailov et al. 2024, "AI models collapse when trained on recursively generated data").

    Args:
        real: The reference.
        rows: At least one.
    """
    columns = real.schema.modelled
    layout, (of_real, of_rows) = features((real, rows), columns)
    ends = _ends(layout, of_real)
    expected = _in_tails(of_real, ends)
    tails = _in_tails(of_rows, ends) / expected if expected else 1.0
    trends = np.abs(_correlations(of_real) - _correlations(of_rows)).mean()
    distinct = _distinct(of_rows) / _distinct(of_real, len(of_rows))
    return Diversity(tails, float(trends), distinct)


def _ends(layout: FeatureLayout, real: Features) -> tuple[Floats, Floats, list[np.ndarray]]:
    """Quantiles of the numbers, (numbers,) each, and for each category which codes are rare."""
    numbers = np.where(np.isnan(real.numbers).all(axis=0), 0.0, real.numbers)
    low = high = np.zeros(0)
    if numbers.shape[1]:
        low, high = np.nanquantile(numbers, [TAIL, 1 - TAIL], axis=0)
    rare = []
    for j, levels in enumerate(layout.levels):
        counts = np.bincount(real.codes[:, j], minlength=len(levels) + 1)
        rare.append(counts <= RARE * len(real))
    return low, high, rare


def _in_tails(rows: Features, ends: tuple[Floats, Floats, list[np.ndarray]]) -> float:
    low, high, rare = ends
    beyond = (rows.numbers < low) | (rows.numbers > high)
    of_levels = [unusual[rows.codes[:, j]].mean() for j, unusual in enumerate(rare)]
    return float(np.mean([*beyond.mean(axis=0), *of_levels]))


def _correlations(rows: Features) -> Floats:
    """Rank correlations of all columns; levels are ordered by their frequency in both tables
    together."""
    from scipy.stats import rankdata

    both = np.column_stack([rows.numbers, rows.codes.astype(float)])
    ranks = rankdata(np.where(np.isnan(both), -np.inf, both), axis=0)
    spread = ranks.std(axis=0)
    standard = (ranks - ranks.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.asarray(standard.T @ standard / len(ranks))[np.triu_indices(both.shape[1], 1)]


def _distinct(rows: Features, size: int | None = None) -> float:
    """The share of distinct rows among the first ``size``."""
    both = np.column_stack([rows.numbers, rows.codes.astype(float)])[:size]
    return len(np.unique(np.nan_to_num(both, nan=-1e300), axis=0)) / len(both)

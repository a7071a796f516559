"""Values that are each usual but hardly ever meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tidemill.core.condition import Condition
from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column
from tidemill.mining.binning import Bins, NumberBins, code_matrix, learn_bins
from tidemill.mining.pairs import contingency
from tidemill.mining.significance import ALPHA

RARE = 0.02
"""A combination is odd where it is met at most this often of what unrelated columns would give."""
LEAST_EXPECTED = 10
ALIGNED = 0.5
"""Correlation from which two numbers count as scales that go together."""


@dataclass(frozen=True, slots=True)
class Combination:
    """Two values that hardly ever meet.

    Attributes:
        columns: The two columns.
        condition: The two values.
        met: Held-out rows with both.
        expected: Held-out rows with both, were the columns unrelated.
        seen: Training rows with both.
        p_value: That chance alone makes it so rare, after Bonferroni's control over all
            combinations.
    """

    columns: tuple[str, str]
    condition: Condition
    met: int
    expected: float
    seen: int
    p_value: float


def rare_combinations(
    train: Dataset, holdout: Dataset, columns: Sequence[Column]
) -> list[Combination]:
    """Pairs of values far rarer together than unrelated columns would give, in training and on
    held-out rows.

    Only pairs that some held-out row has are reported; the oddest of each pair of columns, the
    oddest first.

    Args:
        train, holdout: The rows.
        columns: The columns that are paired.
    """
    bins = [learn_bins(train[column.name], column, parts=6, levels=15) for column in columns]
    seen = code_matrix(train.frame, bins)
    held = code_matrix(holdout.frame, bins)
    pairs = [(one, other) for one in range(len(bins)) for other in range(one)]
    cells = sum(bins[one].size * bins[other].size for one, other in pairs)
    rarest = []
    for one, other in pairs:
        sizes = (bins[one].size, bins[other].size)
        seen_counts = contingency(seen[:, one], seen[:, other], sizes)
        held_counts = contingency(held[:, one], held[:, other], sizes)
        combination = _rarest(seen_counts, held_counts, (bins[one], bins[other]), cells)
        if combination is not None:
            rarest.append(combination)
    return sorted(rarest, key=lambda each: each.met / each.expected)


def _aligned(counts: np.ndarray, bins: tuple[Bins, Bins]) -> bool:
    """Whether two columns are scales of which one rises or falls with the other; coded categories
    do not."""
    if not all(isinstance(each, NumberBins) for each in bins):
        return False
    known = counts[:-1, :-1]  # without the bins for missing values
    rows = np.repeat(np.indices(known.shape).reshape(2, -1), known.ravel().astype(int), axis=1)
    return bool(abs(np.asarray(np.corrcoef(rows))[0, 1]) >= ALIGNED)


def _rarest(
    seen: np.ndarray, held: np.ndarray, bins: tuple[Bins, Bins], cells: int
) -> Combination | None:
    """The oddest cell of two columns' counts that the held-out rows confirm."""
    from scipy.stats import poisson

    expected = _unrelated(seen)
    expected_held = _unrelated(held)
    candidates = (seen <= RARE * expected) & (expected >= LEAST_EXPECTED)
    candidates &= (held >= 1) & (held <= RARE * expected_held)
    candidates[-1] = False  # the last bin of each is for missing values
    candidates[:, -1] = False
    if not candidates.any():
        return None
    chance = np.maximum(poisson.cdf(seen, expected), poisson.cdf(held, expected_held))
    chance = np.where(candidates, chance * cells, 1.0)
    ratio = np.where(chance <= ALPHA, held / np.maximum(expected_held, 1e-9), np.inf)
    at = np.unravel_index(int(ratio.argmin()), ratio.shape)
    if not np.isfinite(ratio[at]):
        return None
    tests = (*bins[0].tests(int(at[0])), *bins[1].tests(int(at[1])))
    exact = [test.value for test in tests if test.operator == "="]
    if not exact or (0 not in exact and _aligned(seen, bins)):
        # two scales that go together, as years married and age: nothing odd about a rare pair of
        # places
        return None
    return Combination(
        columns=(bins[0].column, bins[1].column),
        condition=Condition(tests),
        met=int(held[at]),
        expected=float(expected_held[at]),
        seen=int(seen[at]),
        p_value=float(chance[at]),
    )


def _unrelated(counts: np.ndarray) -> np.ndarray:
    """The counts that unrelated columns would give."""
    return np.outer(counts.sum(axis=1), counts.sum(axis=0)) / max(counts.sum(), 1)

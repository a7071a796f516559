"""Values that are each usual but hardly ever meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
OF_ONE_PAIR = 3
ALIGNED = 0.5
"""Correlation from which two numbers count as scales that go together."""


@dataclass(frozen=True, slots=True)
class Combination:
    """Two values that hardly ever meet.

    Attributes:
        columns: The two columns.
        condition: The two values.
        met: Rows with both.
        expected: Rows with both, were the columns unrelated.
        p_value: That chance alone makes it so rare, after Bonferroni's control over all
            combinations.
    """

    columns: tuple[str, str]
    condition: Condition
    met: int
    expected: float
    p_value: float


def rare_combinations(data: Dataset, columns: Sequence[Column]) -> list[Combination]:
    """Pairs of values far rarer together than unrelated columns would give.

    Only pairs that some row has are reported; the oddest few of each pair of columns, the oddest
    first.

    Args:
        data: The rows.
        columns: The columns that are paired.
    """
    bins = [learn_bins(data[column.name], column, parts=6, levels=15) for column in columns]
    codes = code_matrix(data.frame, bins)
    pairs = [(one, other) for one in range(len(bins)) for other in range(one)]
    cells = sum(bins[one].size * bins[other].size for one, other in pairs)
    rarest: list[Combination] = []
    for one, other in pairs:
        sizes = (bins[one].size, bins[other].size)
        counts = contingency(codes[:, one], codes[:, other], sizes)
        rarest += _rarest(counts, (bins[one], bins[other]), cells)
    return sorted(rarest, key=lambda each: each.met / each.expected)


def _aligned(counts: np.ndarray, bins: tuple[Bins, Bins]) -> bool:
    """Whether two columns are scales of which one rises or falls with the other; coded categories
    do not."""
    if not all(isinstance(each, NumberBins) for each in bins):
        return False
    known = counts[:-1, :-1]  # without the bins for missing values
    rows = np.repeat(np.indices(known.shape).reshape(2, -1), known.ravel().astype(int), axis=1)
    return bool(abs(np.asarray(np.corrcoef(rows))[0, 1]) >= ALIGNED)


def _rarest(counts: np.ndarray, bins: tuple[Bins, Bins], cells: int) -> Iterator[Combination]:
    """The oddest cells of two columns' counts."""
    from scipy.stats import poisson

    expected = _unrelated(counts)
    candidates = (counts >= 1) & (counts <= RARE * expected) & (expected >= LEAST_EXPECTED)
    candidates[-1] = False  # the last bin of each is for missing values
    candidates[:, -1] = False
    if not candidates.any():
        return
    chance = np.where(candidates, poisson.cdf(counts, expected) * cells, 1.0)
    ratio = np.where(chance <= ALPHA, counts / np.maximum(expected, 1e-9), np.inf)
    for at in np.argsort(ratio, axis=None, kind="stable")[:OF_ONE_PAIR]:
        one, other = (int(place) for place in np.unravel_index(at, ratio.shape))
        tests = (*bins[0].tests(one), *bins[1].tests(other))
        exact = [test.value for test in tests if test.operator == "="]
        # two scales that go together, as years married and age: nothing odd about a rare pair of
        # places
        scales = not exact or (0 not in exact and _aligned(counts, bins))
        if np.isfinite(ratio[one, other]) and not scales:
            yield Combination(
                columns=(bins[0].column, bins[1].column),
                condition=Condition(tests),
                met=int(counts[one, other]),
                expected=float(expected[one, other]),
                p_value=float(chance[one, other]),
            )


def _unrelated(counts: np.ndarray) -> np.ndarray:
    """The counts that unrelated columns would give."""
    return np.outer(counts.sum(axis=1), counts.sum(axis=0)) / max(counts.sum(), 1)

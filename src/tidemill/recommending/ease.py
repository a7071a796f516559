"""A weight for each pair of items, by one regression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
from scipy import linalg, sparse

from tidemill.core.run import Run
from tidemill.supervised.arrays import Floats

MOST_ITEMS = 8_000
"""Items of which each pair has a weight: 512 MB. Rarer ones are neither proposed nor reckoned
with."""


class Ease:
    """Each item is predicted from all others by ridge regression; the score of an item is the sum
    of the weights from what the customer took.

    Steck (2019), "Embarrassingly Shallow Autoencoders for Sparse Data", eq. (8): with P the inverse
    of ``X'X + lambda``, the weight from i to j is ``-P_ij / P_jj``.

    Example:
        >>> pairs = sparse.csr_array(np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1.0]]))
        >>> model = Ease.learned(pairs, Run(), {"penalty": 1})
        >>> model.scores(sparse.csr_array(np.array([[1, 0, 0.0]]))).round(2).tolist()
        [[0.0, 0.67, 0.0]]
    """

    settings: ClassVar[tuple[Mapping[str, float], ...]] = tuple(
        {"penalty": penalty} for penalty in (50, 100, 200, 400, 800, 1600)
    )

    def __init__(self, weight: Floats, items: int) -> None:
        self._weight, self._items = weight, items

    @classmethod
    def learned(cls, pairs: sparse.csr_array, run: Run, setting: Mapping[str, float]) -> Self:
        """One inverse of (m, m) numbers, of the most frequent items."""
        m = pairs.shape[1]
        kept = pairs[:, : min(m, MOST_ITEMS)]
        together = (kept.T @ kept).toarray().astype(np.float64)
        together[np.diag_indices_from(together)] += setting["penalty"]
        run.check()
        factor = linalg.cho_factor(together, lower=True, overwrite_a=True, check_finite=False)
        inverse = linalg.cho_solve(factor, np.eye(len(together)), overwrite_b=True)
        weight = -inverse / np.diag(inverse)
        np.fill_diagonal(weight, 0.0)
        return cls(weight, m)

    def scores(self, given: sparse.csr_array) -> Floats:
        """(k, m) the summed weights; none of items beyond the most frequent ones."""
        found = np.zeros((given.shape[0], self._items))
        known = len(self._weight)
        found[:, :known] = given[:, :known] @ self._weight
        found[:, known:] = -np.inf
        return found

    def weights(self, given: sparse.csr_array, item: int) -> Floats:
        """(k, m) the weight of what each customer took for an item."""
        found = np.zeros(given.shape)
        known = len(self._weight)
        found[:, :known] = given[:, :known].toarray() * self._weight[:, item]
        return found

"""Items that were taken by the same customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from tidemill.core.run import Run
from tidemill.supervised.arrays import Floats

STRIPE = 1024
"""Items whose neighbours are looked for at a time."""


class ItemNeighbours:
    """The score of an item is the sum of how like it is to what the customer took: the cosine of
    their customers, shrunk where these are few, of its nearest items only (Sarwar et al. 2001).

    Example:
        >>> pairs = sparse.csr_array(np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1.0]]))
        >>> model = ItemNeighbours.learned(pairs, Run(), {"nearest": 1, "shrink": 0})
        >>> model.scores(sparse.csr_array(np.array([[1, 0, 0.0]]))).round(2).tolist()
        [[0.0, 1.0, 0.0]]
    """

    settings: ClassVar[tuple[Mapping[str, float], ...]] = (
        {"nearest": 50, "shrink": 10},
        {"nearest": 150, "shrink": 10},
        {"nearest": 150, "shrink": 50},
        {"nearest": 500, "shrink": 50},
    )

    def __init__(self, likeness: sparse.csr_array) -> None:
        self._likeness = likeness

    @classmethod
    def learned(cls, pairs: sparse.csr_array, run: Run, setting: Mapping[str, float]) -> Self:
        """The nearest items of each."""
        together = (pairs.T @ pairs).tocsc()
        norm = np.sqrt(together.diagonal())
        m, parts = len(norm), []
        for start in range(0, m, STRIPE):
            run.check()
            part = together[:, start : start + STRIPE].toarray().astype(np.float64)
            width = part.shape[1]
            part[np.arange(start, start + width), np.arange(width)] = 0.0
            part /= np.outer(norm, norm[start : start + width]) + setting["shrink"] + 1e-9
            parts.append(sparse.csc_array(_largest(part, int(setting["nearest"]))))
        return cls(sparse.csr_array(sparse.hstack(parts)))

    def scores(self, given: sparse.csr_array) -> Floats:
        """(k, m) the summed likeness."""
        return np.asarray((given @ self._likeness).toarray(), np.float64)

    def weights(self, given: sparse.csr_array, item: int) -> Floats:
        """(k, m) the likeness of what each customer took to an item."""
        return given.toarray() * self._likeness[:, [item]].toarray().ravel()


def _largest(values: Floats, count: int) -> Floats:
    """(m, k) values of which the largest of each column are kept, 0 elsewhere."""
    if count >= len(values):
        return values
    least = np.partition(values, len(values) - count, axis=0)[len(values) - count]
    return np.where(values >= least, values, 0.0)

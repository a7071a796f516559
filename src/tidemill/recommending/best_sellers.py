"""The items that most customers took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from tidemill.core.run import Run
from tidemill.supervised.arrays import Floats


class BestSellers:
    """The same list for everybody: the floor of every recommender.

    Example:
        >>> pairs = sparse.csr_array(np.array([[1, 1, 0], [1, 0, 0.0]]))
        >>> BestSellers.learned(pairs, Run(), {}).scores(pairs).tolist()
        [[2.0, 1.0, 0.0], [2.0, 1.0, 0.0]]
    """

    settings: ClassVar[tuple[Mapping[str, float], ...]] = ({},)

    def __init__(self, count: Floats) -> None:
        self._count = count

    @classmethod
    def learned(cls, pairs: sparse.csr_array, run: Run, setting: Mapping[str, float]) -> Self:
        """Count the customers of each item."""
        return cls(np.asarray(pairs.sum(axis=0), np.float64))

    def scores(self, given: sparse.csr_array) -> Floats:
        """(k, m) how many customers took each item."""
        return np.tile(self._count, (given.shape[0], 1))

"""Hidden tastes of customers and of items."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from tidemill.core.run import Run
from tidemill.supervised.arrays import Floats

SWEEPS = 12
TOGETHER = 2048
"""Rows that are solved at a time."""


class Ials:
    """Each customer and each item is a vector of a few numbers; the score is their product.

    Hu, Koren and Volinsky (2008), as Rendle et al. (2022), "Revisiting the Performance of iALS on
    Item Recommendation Benchmarks", eq. (1) to (4): what was not taken counts with a small weight,
    and vectors of those of whom much is known are held back more.

    Args:
        items: (m, f).
        unseen: The weight of what was not taken.
        penalty: Of the length of vectors.
    """

    settings: ClassVar[tuple[Mapping[str, float], ...]] = (
        {"factors": 16, "unseen": 0.1, "penalty": 0.01},
        {"factors": 32, "unseen": 0.1, "penalty": 0.01},
        {"factors": 32, "unseen": 0.1, "penalty": 0.03},
        {"factors": 64, "unseen": 0.1, "penalty": 0.03},
        {"factors": 64, "unseen": 0.1, "penalty": 0.1},
    )

    def __init__(self, items: Floats, unseen: float, penalty: float) -> None:
        self._items, self._unseen, self._penalty = items, unseen, penalty

    @classmethod
    def learned(cls, pairs: sparse.csr_array, run: Run, setting: Mapping[str, float]) -> Self:
        """Customers and items are solved for in turn."""
        factors = int(setting["factors"])
        rng = run.rng("recommend", "ials")
        items = rng.normal(0, 0.1 / np.sqrt(factors), (pairs.shape[1], factors))
        model = cls(items, setting["unseen"], setting["penalty"])
        customers = sparse.csr_array(pairs.T)
        for _ in range(SWEEPS):
            run.check()
            told = model._solved(pairs, model._items)
            model._items = model._solved(customers, told)
        return model

    def scores(self, given: sparse.csr_array) -> Floats:
        """(k, m) the products with each customer's vector, which is solved for at once."""
        return np.asarray(self._solved(given, self._items) @ self._items.T)

    def _solved(self, pairs: sparse.csr_array, others: Floats) -> Floats:
        """(k, f) the vectors of rows, given those of all columns."""
        count, factors = others.shape
        common = self._unseen * others.T @ others
        found = []
        for start in range(0, pairs.shape[0], TOGETHER):
            part = pairs[start : start + TOGETHER]
            square = np.empty((part.shape[0], factors, factors))
            for row, (first, last) in enumerate(pairwise(part.indptr)):
                taken = others[part.indices[first:last]]
                square[row] = taken.T @ taken + common
            held = np.diff(part.indptr) + self._unseen * count
            square[:, np.arange(factors), np.arange(factors)] += self._penalty * held[:, None]
            found.append(np.linalg.solve(square, (part @ others)[..., None])[..., 0])
        return np.concatenate(found)

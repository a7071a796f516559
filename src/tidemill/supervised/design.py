"""Mixed columns as one matrix for linear models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tidemill.core.one_thread import one_thread
from tidemill.supervised.arrays import FeatureLayout, Features, Floats

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

MOST_NEWTON = 400
MOST_LEVELS = 30
"""The most frequent levels of a category have a column each; the others share one."""


@dataclass(frozen=True)
class Design:
    """Numbers standardised, with flags where they are missing, and categories one-hot.

    Attributes:
        middle, spread: Mean and standard deviation per number, (p,).
        flags: Positions of the numbers that have a flag for missing values.
        sizes: Per category, the number of its one-hot columns.
    """

    middle: Floats
    spread: Floats
    flags: tuple[int, ...]
    sizes: tuple[int, ...]

    def __call__(self, rows: Features) -> Floats:
        """The rows as a matrix, (n, columns)."""
        scaled = (rows.numbers - self.middle) / self.spread
        parts = [
            np.nan_to_num(scaled, nan=0.0),
            np.isnan(rows.numbers[:, list(self.flags)]).astype(float),
        ]
        for j, size in enumerate(self.sizes):
            parts.append(np.eye(size)[np.minimum(rows.codes[:, j], size - 1)])
        return np.concatenate(parts, axis=1)


def logistic(matrix: Floats, label: Floats) -> LogisticRegression:
    """Logistic regression of the label on the matrix, with the usual penalty (C = 1).

    Newton's method is fast and exact while there are few columns; beyond, its matrix of second
    derivatives is too large. It works on one thread: its products are small, and threads that wait
    for each other on a busy machine cost most.
    """
    from sklearn.linear_model import LogisticRegression

    newton = matrix.shape[1] <= MOST_NEWTON
    model = LogisticRegression(
        solver="newton-cholesky" if newton else "lbfgs", max_iter=50 if newton else 1000, tol=1e-3
    )
    with one_thread():
        return model.fit(matrix, label)


def learn_design(layout: FeatureLayout, reference: Features) -> Design:
    """The design whose numbers have mean 0 and variance 1 among the reference rows."""
    numbers = np.ma.masked_invalid(reference.numbers)
    middle, spread = numbers.mean(axis=0).filled(0.0), numbers.std(axis=0).filled(1.0)
    flags = tuple(j for j in range(len(layout.numbers)) if layout.gaps[j])
    sizes = tuple(min(len(levels) + 1, MOST_LEVELS + 2) for levels in layout.levels)
    return Design(middle, np.where(spread > 0, spread, 1.0), flags, sizes)

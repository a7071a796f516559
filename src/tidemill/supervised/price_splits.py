"""Changes of prices that look as if shares were split."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tidemill.supervised.arrays import Floats

SPLITS = (2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 20.0, 1.5, 4 / 3)
"""By how many a share is split, or how many become one."""
USUAL, UNUSUAL = 2.5, 6.0
"""How near to such a factor a price's change is, in parts of its usual one, and how many times that
of its own and of the other assets on that day it is at least."""


def like_splits(returns: Floats) -> NDArray[np.int64]:
    """(n, 2) days and assets of (T, k) logarithms of a price over the one before at which a price
    changes alone, and by what a split of shares makes.

    Example:
        >>> moves = 0.01 * np.random.default_rng(0).normal(size=(200, 3))
        >>> moves[50, 1] -= np.log(4)
        >>> like_splits(moves).tolist()
        [[50, 1]]
    """
    usual = np.sqrt(np.median(np.square(returns), axis=0)) / 0.6745
    factors = np.log(np.array([*SPLITS, *(1 / one for one in SPLITS)]))
    # on the day of a split a price moves as on any other day besides
    near = np.abs(returns[..., None] - factors).min(axis=-1) < USUAL * usual
    alone = np.abs(returns) > UNUSUAL * np.maximum(usual, _moved_by_others(returns))
    return np.argwhere(near & alone)


def _moved_by_others(returns: Floats) -> Floats:
    """(T, k) -> (T, 1) how much the asset in the middle moved on each day; 0 of a single one."""
    if returns.shape[1] < 3:
        return np.zeros((len(returns), 1))
    found: Floats = np.median(np.abs(returns), axis=1, keepdims=True)
    return found

"""What forecasts demand."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tidemill.core.run import Run
from tidemill.supervised.arrays import Floats

SEASON = 52
"""Weeks of a year."""
LEVEL = 8
"""Weeks whose mean is what an item sells just now."""


@dataclass(frozen=True)
class Asked:
    """What is to be forecast.

    Attributes:
        start: Weeks before it may be learned from, and no later ones.
        origins: At each of them the weeks before are known, and it and the following ones are
            forecast; none is before ``start``.
        horizon: Weeks that are forecast at each.
        season: Whether every one of these weeks has a counterpart a year ago.
    """

    start: int
    origins: Sequence[int]
    horizon: int
    season: bool


class Forecaster(Protocol):
    """Forecasts weekly sales of many items."""

    def forecast(self, sold: Floats, asked: Asked, run: Run) -> Floats:
        """What will be sold.

        Args:
            sold: (k, T) pieces by item and week, NaN where not known: before the item began, or
                while it was out of stock.
            asked: What to forecast.
            run: Its seed.

        Returns:
            (origins, k, horizon).
        """
        ...


def mean_known(values: Floats, axis: int = -1) -> Floats:
    """Means over what is known; NaN where nothing is.

    Example:
        >>> mean_known(np.array([[1.0, np.nan], [np.nan, np.nan]])).tolist()
        [1.0, nan]
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of empty means, which are NaN as told
        found: Floats = np.nanmean(values, axis=axis)
    return found


def level_at(sold: Floats, origin: int) -> Floats:
    """(k,) what each item sells a week just before an origin; never 0, so that it can be divided
    by."""
    recent = mean_known(sold[:, max(origin - LEVEL, 0) : origin])
    usual = mean_known(sold[:, :origin])
    found = np.where(np.isnan(recent), usual, recent)
    # an item that just sold nothing is measured by a tenth of what it usually sells
    return np.maximum(np.nan_to_num(found), np.maximum(0.1 * np.nan_to_num(usual), 1e-9))


def scale_at(sold: Floats, origin: int) -> Floats:
    """(k,) what each item sells a week before an origin: just then or in all weeks so far,
    whichever is more, so that surprises of an item that woke up are not taken for many times what
    it sells now."""
    usual = np.nan_to_num(mean_known(sold[:, :origin]))
    found: Floats = np.maximum(level_at(sold, origin), usual)
    return found


def last_known(sold: Floats, origin: int) -> Floats:
    """(k,) the latest known week before an origin; 0 where there is none.

    Example:
        >>> last_known(np.array([[3.0, np.nan, 9.0]]), 2).tolist()
        [3.0]
    """
    before = sold[:, :origin]
    known = ~np.isnan(before)
    at = before.shape[1] - 1 - np.argmax(known[:, ::-1], axis=1)
    found: Floats = np.nan_to_num(before[np.arange(len(before)), at])
    return found

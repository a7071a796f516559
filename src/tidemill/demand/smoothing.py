"""Exponential smoothing.

Hyndman and Athanasopoulos (2021), "Forecasting: Principles and Practice", 3rd edition, section 8.1.
"""

from __future__ import annotations

import numpy as np

from tidemill.core.run import Run
from tidemill.demand.base import Asked, mean_known
from tidemill.supervised.arrays import Floats

WEIGHTS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8)
"""Of the newest week, to choose from."""
BURN = 8
"""Weeks before errors count in that choice."""


class Smoothing:
    """A mean of all weeks in which each counts less than the one after it, by a weight that is the
    same for all items and is chosen on the weeks to learn from."""

    def forecast(self, sold: Floats, asked: Asked, run: Run) -> Floats:
        """See :class:`tidemill.demand.base.Forecaster`."""
        learned = sold[:, : asked.start]
        usual = np.maximum(np.nan_to_num(mean_known(learned)), 1e-9)
        parts = learned / usual[:, None]
        errors = []
        for weight in WEIGHTS:
            levels = smoothed(parts, weight)
            off = np.abs(parts[:, BURN:] - levels[:, BURN:-1])
            errors.append(float(np.nanmean(off)))
        levels = smoothed(sold[:, : max(asked.origins)], WEIGHTS[int(np.argmin(errors))])
        found: Floats = np.stack([levels[:, origin] for origin in asked.origins])
        return np.repeat(found[..., None], asked.horizon, axis=2)


def smoothed(values: Floats, weight: float) -> Floats:
    """(k, T) -> (k, T + 1) the level before each week, and after the last; a week that is not known
    changes nothing. The first levels are means of the weeks so far.

    Example:
        >>> smoothed(np.array([[4.0, np.nan, 8.0]]), 0.5).tolist()
        [[0.0, 4.0, 4.0, 6.0]]
    """
    items, weeks = values.shape
    levels = np.zeros((items, weeks + 1))
    seen = np.zeros(items)
    for week in range(weeks):
        value = values[:, week]
        known = ~np.isnan(value)
        seen += known
        share = np.maximum(weight, 1 / np.maximum(seen, 1))
        moved = levels[:, week] + share * (value - levels[:, week])
        levels[:, week + 1] = np.where(known, moved, levels[:, week])
    return levels


SMOOTHING = Smoothing()

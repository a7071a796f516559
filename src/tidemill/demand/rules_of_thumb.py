"""Rules of thumb, which anything cleverer has to beat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidemill.core.run import Run
from tidemill.demand.base import SEASON, Asked, last_known, mean_known
from tidemill.supervised.arrays import Floats


@dataclass(frozen=True)
class AsBefore:
    """As in the same week a year ago (the seasonal naive forecast); where there is none, as in the
    last week.

    Example:
        >>> asked = Asked(start=3, origins=[3], horizon=2, season=False)
        >>> AsBefore().forecast(np.array([[5.0, 7.0, 6.0]]), asked, Run()).tolist()
        [[[6.0, 6.0]]]
    """

    def forecast(self, sold: Floats, asked: Asked, run: Run) -> Floats:
        """See :class:`tidemill.demand.base.Forecaster`."""
        found = []
        for origin in asked.origins:
            said = np.tile(last_known(sold, origin)[:, None], asked.horizon)
            if asked.season:
                weeks = origin - SEASON + np.arange(asked.horizon)
                a_year_ago = sold[:, weeks]
                said = np.where(np.isnan(a_year_ago), said, a_year_ago)
            found.append(said)
        return np.array(found)


@dataclass(frozen=True)
class MeanOfWeeks:
    """The mean of the last weeks.

    Attributes:
        weeks: How many.
    """

    weeks: int

    def forecast(self, sold: Floats, asked: Asked, run: Run) -> Floats:
        """See :class:`tidemill.demand.base.Forecaster`."""
        found = []
        for origin in asked.origins:
            mean = mean_known(sold[:, max(origin - self.weeks, 0) : origin])
            said = np.where(np.isnan(mean), last_known(sold, origin), mean)
            found.append(np.tile(said[:, None], asked.horizon))
        return np.array(found)


@dataclass(frozen=True)
class MiddleOfWeeks:
    """The median of the last weeks.

    Attributes:
        weeks: How many.
    """

    weeks: int

    def forecast(self, sold: Floats, asked: Asked, run: Run) -> Floats:
        """See :class:`tidemill.demand.base.Forecaster`."""
        found = []
        for origin in asked.origins:
            recent = sold[:, max(origin - self.weeks, 0) : origin]
            there = ~np.isnan(recent).all(axis=1)
            said = last_known(sold, origin)
            said[there] = np.nanmedian(recent[there], axis=1)
            found.append(np.tile(said[:, None], asked.horizon))
        return np.array(found)


AS_BEFORE = AsBefore()
MEAN_OF_4 = MeanOfWeeks(4)
MEAN_OF_26 = MeanOfWeeks(26)
MIDDLE_OF_26 = MiddleOfWeeks(26)

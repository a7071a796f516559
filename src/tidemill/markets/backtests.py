"""Whether a foretold loss was right: how often it was exceeded, whether that came in clusters, and
how large losses then were.

Losses are negative returns here: a value at risk is a return that is undercut on one day in a
hundred, and an expected shortfall the mean of the returns on such days.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from tidemill.supervised.arrays import Floats

Light = Literal["green", "yellow", "red"]
YELLOW, RED = 0.95, 0.9999
"""The traffic light turns where so few or fewer hits would have come by chance (Basel Committee
1996: 5 and 10 of 250 days at 1 %)."""


@dataclass(frozen=True)
class Backtest:
    """How foretold losses did.

    Attributes:
        days: That were foretold.
        hits: Days on which the return was below the value at risk.
        expected: Hits that were to be expected.
        kupiec: p-value of "as many hits as promised" (Kupiec 1995).
        independence: p-value of "a hit makes no hit on the next day likelier" (Christoffersen
            1998); NaN without two hits, where nothing can be said.
        shortfall: Z2 of Acerbi and Szekely (2014): 0 where losses were as foretold, below 0 where
            they were larger or more frequent; about -0.7 is five in a hundred by chance.
        score: Mean FZ0 (Patton, Ziegel and Chen 2019), which is least for the right value at risk
            and shortfall together.
        light: The traffic light.
    """

    days: int
    hits: int
    expected: float
    kupiec: float
    independence: float
    shortfall: float
    score: float
    light: Light


def backtest(returns: Floats, at_risk: Floats, shortfall: Floats, level: float) -> Backtest:
    """How foretold losses did on days whose returns are known.

    Args:
        returns: (n,) what came.
        at_risk: (n,) the value at risk foretold for each day, as a return.
        shortfall: (n,) the expected shortfall foretold, as a return; below 0.
        level: How often the value at risk is to be undercut, such as 0.01.

    Example:
        >>> returns = np.random.default_rng(0).normal(size=1000)
        >>> found = backtest(returns, np.full(1000, -2.326), np.full(1000, -2.665), 0.01)
        >>> found.hits, round(found.kupiec, 2), found.light
        (14, 0.23, 'green')
    """
    hit = returns < at_risk
    days, hits = len(hit), int(hit.sum())
    return Backtest(
        days,
        hits,
        level * days,
        kupiec(hits, days, level),
        independence(hit),
        acerbi_szekely(returns, at_risk, shortfall, level),
        float(fz0(returns, at_risk, shortfall, level).mean()) if days else math.nan,
        traffic_light(hits, days, level),
    )


def kupiec(hits: int, days: int, level: float) -> float:
    """The p-value of so many hits, by the likelihood ratio of Kupiec (1995), one degree of freedom.

    Example:
        >>> round(kupiec(9, 250, 0.01), 4), kupiec(0, 0, 0.01)
        (0.0014, 1.0)
    """
    if not days:
        return 1.0
    share = hits / days
    ratio = 2 * (_likelihood(hits, days, share) - _likelihood(hits, days, level))
    return float(stats.chi2.sf(max(ratio, 0.0), 1))


def independence(hit: NDArray[np.bool_]) -> float:
    """The p-value of hits that come independently of the day before, by the likelihood ratio of
    Christoffersen (1998); NaN without two hits.

    Example:
        >>> clustered = np.repeat([False, True, False], [45, 10, 45])
        >>> independence(clustered) < 1e-6, bool(np.isnan(independence(clustered & False)))
        (True, True)
    """
    if int(hit.sum()) < 2:
        return math.nan
    before, after = hit[:-1], hit[1:]
    calm, tense = after[~before], after[before]
    apart = _likelihood(int(calm.sum()), len(calm)) + _likelihood(int(tense.sum()), len(tense))
    ratio = 2 * (apart - _likelihood(int(after.sum()), len(after)))
    return float(stats.chi2.sf(max(ratio, 0.0), 1))


def acerbi_szekely(returns: Floats, at_risk: Floats, shortfall: Floats, level: float) -> float:
    """The statistic Z2 of Acerbi and Szekely (2014): 0 in the mean where both are right.

    Example:
        >>> acerbi_szekely(np.array([-2.0, 1.0]), np.full(2, -1.0), np.full(2, -2.0), 0.5)
        0.0
    """
    if not len(returns):
        return math.nan
    lost = np.where(returns < at_risk, returns / shortfall, 0.0)
    return float(1 - lost.sum() / (level * len(returns)))


def fz0(returns: Floats, at_risk: Floats, shortfall: Floats, level: float) -> Floats:
    """(n,) the score FZ0 of each day (Patton, Ziegel and Chen 2019, equation 6); lower is better.

    Args:
        returns, at_risk, shortfall, level: As in :func:`backtest`. A shortfall must be below 0: one
            that is not, as of a price that never moves, has no score.

    Example:
        >>> fz0(np.array([0.0]), np.array([-2.0]), np.array([-2.5]), 0.01).round(3).tolist()
        [0.716]
    """
    below = np.where(returns < at_risk, at_risk - returns, 0.0)
    found: Floats = -below / (level * shortfall) + at_risk / shortfall + np.log(-shortfall) - 1
    return found


def traffic_light(hits: int, days: int, level: float) -> Light:
    """Green, yellow or red by how unlikely so many hits are (Basel Committee 1996).

    Example:
        >>> [traffic_light(hits, 250, 0.01) for hits in (4, 5, 9, 10)]
        ['green', 'yellow', 'yellow', 'red']
    """
    reached = float(stats.binom.cdf(hits, days, level))
    if reached >= RED:
        return "red"
    return "yellow" if reached >= YELLOW else "green"


def _likelihood(hits: int, days: int, share: float | None = None) -> float:
    """The logarithm of the likelihood of so many hits in so many days; where no share is given, of
    the one that was seen."""
    if not days:
        return 0.0
    chance = hits / days if share is None else share
    return float(special.xlogy(hits, chance) + special.xlog1py(days - hits, -chance))

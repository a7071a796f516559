"""Each row of the smaller group beside the row of the other that is nearest to it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tidemill.effects.estimates import Effect, mean_of
from tidemill.effects.nuisances import Nuisances
from tidemill.effects.study import Study
from tidemill.supervised.arrays import Floats

CALIPER = 0.2
"""Standard deviations of the log-odds of treatment by which partners may differ."""


def matched(study: Study, nuisance: Nuisances, rng: np.random.Generator) -> Effect:
    """The mean difference of pairs, one row of either group, by the chance of treatment of a linear
    model; rows of the smaller group without a partner are left out (Austin 2011). So it speaks of
    rows such as the smaller group's.

    Args:
        study: Treated and untreated rows.
        nuisance: Their chances.
        rng: The order in which partners are chosen.
    """
    chance = np.clip(nuisance.plain, 1e-9, 1 - 1e-9)
    odds = np.log(chance / (1 - chance))
    own = np.flatnonzero(study.treated)
    others = np.flatnonzero(~study.treated)
    sign = 1.0
    if len(own) > len(others):
        own, others, sign = others, own, -1.0
    partner = _partners(odds, rng.permutation(own), others)
    found = np.flatnonzero(partner >= 0)
    difference = sign * (study.outcome[found] - study.outcome[partner[found]])
    return mean_of(difference, study.whose[found])


def _partners(odds: Floats, own: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) the partner of each of the own rows, in their order; -1 for none."""
    ordered = others[np.argsort(odds[others], kind="stable")]
    places, reach = odds[ordered], CALIPER * float(odds.std())
    # links to the nearest place that is still free: to the left (shifted by 1; 0 is none), and to
    # the right (the last one is none)
    left, right = list(range(len(ordered) + 1)), list(range(len(ordered) + 1))
    partner = np.full(len(odds), -1)
    for row in own.tolist():
        at = int(np.searchsorted(places, odds[row]))
        sides = [_free(left, at) - 1, _free(right, at)]
        open_sides = [side for side in sides if 0 <= side < len(ordered)]
        if not open_sides:
            break
        best = min(open_sides, key=lambda side: abs(float(places[side]) - float(odds[row])))
        if abs(places[best] - odds[row]) <= reach:
            partner[row] = ordered[best]
            left[best + 1], right[best] = best, best + 1
    return partner


def _free(links: list[int], at: int) -> int:
    """Where a link ends; the links on the way are shortened."""
    end = at
    while links[end] != end:
        end = links[end]
    while links[at] != end:
        links[at], at = end, links[at]
    return end

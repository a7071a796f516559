"""Which rows have a counterpart in the other group."""

from __future__ import annotations

from tidemill.effects.nuisances import Nuisances
from tidemill.supervised.arrays import Bools

EDGE = 0.05
"""Rows whose chance of either group is below this have no counterpart: there are hardly any such
rows in that group, and each would count for twenty. Nothing is said of them."""


def comparable(nuisance: Nuisances) -> Bools:
    """(n,) whether rows like each are in both groups.

    Crump et al. (2009), "Dealing with limited overlap in estimation of average treatment effects",
    leave out rows beyond 0.1; half of that leaves out fewer, at a wider interval.
    """
    chance = nuisance.propensity
    return (chance >= EDGE) & (chance <= 1 - EDGE)

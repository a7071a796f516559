"""Made customers who behave just as the model says: whether it finds what it should."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidemill.core.run import Run
from tidemill.customers.bgnbd import OTHERS, BgNbd
from tidemill.supervised.arrays import Floats

MOST = 2000
"""Made customers of a rehearsal."""
EACH = 8
"""Futures with each set of parameters."""


@dataclass(frozen=True)
class CustomerRehearsal:
    """What came of rehearsals.

    Attributes:
        times: How many.
        off: (times,) expected purchases of all together in parts of those that came.
        held: The share of customers whose purchases lay in their bands of 90 %.
        totals_held: In how many rehearsals those of all together did.
    """

    times: int
    off: Floats
    held: float
    totals_held: int


def rehearsed_customers(
    planted: BgNbd, age: Floats, weeks: float, times: int, run: Run
) -> CustomerRehearsal:
    """Customers are made with planted parameters, the model is fitted to what is seen of them, and
    what it expects is compared with what they do next.

    Args:
        planted: The parameters.
        age: (n,) weeks for which customers are known, to be drawn from.
        weeks: Coming weeks.
        times: Rehearsals.
        run: Progress and seed.
    """
    off, held, totals = [], [], 0
    for k in run.track(list(range(times)), "customers", "rehearsing with made customers"):
        rng = run.rng("customers", "rehearsal", k)
        own = rng.choice(age, min(len(age), MOST), replace=False)
        repeats, recency, rate, stop = planted.customers(own, rng)
        came = np.minimum(rng.poisson(rate * weeks), rng.geometric(stop))
        found = BgNbd.fitted(repeats, recency, own)
        sets = found.others((repeats, recency, own), OTHERS, rng)
        drawn = np.concatenate([one.drawn(repeats, recency, own, weeks, EACH, rng) for one in sets])
        low, high = np.quantile(drawn, (0.05, 0.95), axis=0)
        held.append(float(((came >= low) & (came <= high)).mean()))
        least, most = np.quantile(drawn.sum(axis=1), (0.05, 0.95))
        totals += bool(least <= came.sum() <= most)
        expected = found.expected(repeats, recency, own, weeks).sum()
        off.append(float(expected / max(came.sum(), 1)))
    return CustomerRehearsal(times, np.array(off), float(np.mean(held)), totals)

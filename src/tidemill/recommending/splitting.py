"""What customers took before, and what they took afterwards."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import sparse

from tidemill.recommending.taken import Taken, held_out
from tidemill.supervised.arrays import as_floats

HELD, VALIDATED = 0.2, 0.1
"""Shares of each customer's items that are held out, and of the rest that settings are chosen by,
where no time is told."""
LATEST = 0.2
"""Of the time that lines are from, the part that comes afterwards, at most LONGEST_DAYS."""
LONGEST_DAYS = 31
FEWEST_TESTED = 50
"""Customers who took something afterwards, without whom nothing is measured."""


Moment = dt.datetime | dt.date | float


@dataclass(frozen=True)
class Afterwards:
    """What recommenders learn from, and what they are measured by.

    Attributes:
        taken: What customers took before.
        held: (n, m) what they took afterwards, and not before.
        validation: The first, in two such parts, by which settings are chosen; its items are in an
            order of their own, by the first part alone.
        since: When "afterwards" begins; None where no time is told.
        unknown: The share of what was taken afterwards that nobody had taken before.
    """

    taken: Taken
    held: sparse.csr_array
    validation: tuple[sparse.csr_array, sparse.csr_array]
    since: Moment | None = None
    unknown: float = 0.0


def at_random(
    customer: pl.Series, item: pl.Series, rng: np.random.Generator, share: float = HELD
) -> Afterwards:
    """A part of each customer's items is held out."""
    every = Taken.of(customer, item)
    train, held = held_out(every.pairs, share, rng)
    order = every.ordered_by(train)
    taken = Taken(every.customers, every.items.gather(order), train[:, order])
    validation = held_out(taken.pairs, VALIDATED, rng)
    return Afterwards(taken, held[:, order], _in_own_order(taken, *validation))


def by_time(customer: pl.Series, item: pl.Series, time: pl.Series) -> Afterwards:
    """The last part of the time is held out, and of the rest the last part is validated by."""
    lines = pl.DataFrame({"customer": customer, "item": item, "time": time}).drop_nulls()
    since = _since(lines["time"])
    before, after = _cut(lines, since)
    taken = Taken.of(before["customer"], before["item"])
    later = taken.matrix(after["customer"], after["item"])
    held = taken.but_not(later, taken.pairs)
    earlier, latest = _cut(before, _since(before["time"]))
    first = taken.matrix(earlier["customer"], earlier["item"])
    second = taken.but_not(taken.matrix(latest["customer"], latest["item"]), first)
    known = after["item"].is_in(taken.items.implode()).to_numpy()
    unknown = 1 - float(known.mean()) if len(known) else 0.0
    return Afterwards(taken, held, _in_own_order(taken, first, second), since, unknown)


def _in_own_order(
    taken: Taken, early: sparse.csr_array, later: sparse.csr_array
) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Two parts of what was taken, the items of both ordered by the first."""
    order = taken.ordered_by(early)
    return early[:, order], later[:, order]


def _since(time: pl.Series) -> Moment:
    """When the last part of the time begins."""
    first, last = time.min(), time.max()
    if isinstance(first, dt.date) and isinstance(last, dt.date):
        return last - min(LATEST * (last - first), dt.timedelta(days=LONGEST_DAYS))
    numbers = as_floats(time)
    low, high = float(numbers.min()), float(numbers.max())
    return high - LATEST * (high - low)


def _cut(lines: pl.DataFrame, since: Moment) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Lines up to a moment, and those after it."""
    later = lines["time"] > since
    return lines.filter(~later), lines.filter(later)

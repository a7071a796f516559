"""How often a decision falls on each group, how often rightly, and how far groups are apart."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.supervised.arrays import Bools
from tidemill.supervised.intervals import wilson

CLASS_ROWS = 20
"""A rate among fewer rows of a class is off by more than 0.2 by chance, and is not compared."""


class Share(NamedTuple):
    """A share of rows; NaN where there are none."""

    value: float
    rows: int

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval."""
        return wilson(self.value * self.rows, self.rows)


class Rates(NamedTuple):
    """What a decision does to one group.

    Attributes:
        selected: Share of the group's rows that it falls on.
        caught: Share of the rows that truly are of the class that it falls on (true positives).
        wrongly: Share of the others that it falls on (false positives).
        right: Share of the rows on which it is right (accuracy).
    """

    selected: Share
    caught: Share
    wrongly: Share
    right: Share


class Gap(NamedTuple):
    """The widest difference between two groups, and its 95 % interval.

    Attributes:
        value: The difference of the two shares, 0 or more.
        low, high: Newcombe's interval for the difference of these two. Being the extreme ones of
            several groups, they stand a little farther apart than they would if they had been named
            beforehand.
        most, least: Positions of the two groups.
        shares: Theirs.
        of: Which rows the shares are of, where not of all: "with" the class, or "without" it.
    """

    value: float
    low: float
    high: float
    most: int
    least: int
    shares: tuple[Share, Share]
    of: str = ""

    @property
    def ratio(self) -> float:
        """The smaller share divided by the larger one; 1 where both are 0."""
        larger, smaller = self.shares
        return smaller.value / larger.value if larger.value else 1.0


def rates(truth: Bools, decided: Bools, members: Sequence[Bools]) -> list[Rates]:
    """The rates of each group.

    Args:
        truth: (n,) whether each row is of the class.
        decided: (n,) whether it is taken to be.
        members: For each group (n,) whether a row is in it.

    Example:
        >>> truth, decided = np.array([True, True, False, False]), np.array([True, False, True,
        ...     False])
        >>> rates(truth, decided, [np.array([True, True, True, False])])[0].caught
        Share(value=0.5, rows=2)
    """
    right = decided == truth
    found = []
    for mine in members:
        selected = _share(decided[mine])
        caught = _share(decided[mine & truth])
        wrongly = _share(decided[mine & ~truth])
        found.append(Rates(selected, caught, wrongly, _share(right[mine])))
    return found


def demographic_parity(found: Sequence[Rates], *, least: int = CLASS_ROWS) -> Gap | None:
    """The demographic parity difference: how far groups' selection rates are apart at most; None
    with fewer than two."""
    return gap([rate.selected for rate in found], least=least)


def equalized_odds(found: Sequence[Rates], *, least: int = CLASS_ROWS) -> Gap | None:
    """The equalized odds difference: the wider of the gaps of true- and of false-positive rates.

    Hardt, Price and Srebro (2016), "Equality of Opportunity in Supervised Learning". None where
    neither can be compared.
    """
    gaps = []
    caught = gap([rate.caught for rate in found], least=least)
    if caught is not None:
        gaps.append(caught._replace(of="with"))
    wrongly = gap([rate.wrongly for rate in found], least=least)
    if wrongly is not None:
        gaps.append(wrongly._replace(of="without"))
    return max(gaps, key=lambda wide: wide.value, default=None)


def gap(shares: Sequence[Share], *, least: int = 1) -> Gap | None:
    """The widest difference among shares of at least so many rows each; None where fewer than two
    have them.

    The interval is Newcombe's (1998, "Interval estimation for the difference between independent
    proportions", method 10).

    Example:
        >>> wide = gap([Share(0.5, 100), Share(0.2, 50), Share(0.9, 3)], least=20)
        >>> round(wide.value, 2), wide.most, wide.least
        (0.3, 0, 1)
    """
    known = [k for k, share in enumerate(shares) if share.rows >= least]
    if len(known) < 2:
        return None
    most = max(known, key=lambda k: shares[k].value)
    lowest = min(known, key=lambda k: shares[k].value)
    if most == lowest:  # all the same
        most, lowest = known[:2]
    one, other = shares[most], shares[lowest]
    (low_1, high_1), (low_2, high_2) = one.interval, other.interval
    value = one.value - other.value
    return Gap(
        value,
        value - sqrt((one.value - low_1) ** 2 + (high_2 - other.value) ** 2),
        value + sqrt((high_1 - one.value) ** 2 + (other.value - low_2) ** 2),
        most,
        lowest,
        (one, other),
    )


def _share(held: NDArray[np.bool_]) -> Share:
    return Share(float(held.mean()) if len(held) else float("nan"), len(held))

"""Items that the same customers take more often than how much each takes, and how much each item is
taken, would have it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.stats import chi2, false_discovery_control, poisson

from tidemill.core.run import Run
from tidemill.mining.associations import STRONGER
from tidemill.mining.baskets import HELD_SHARE, fewest
from tidemill.mining.significance import ALPHA
from tidemill.supervised.arrays import Floats, Ints
from tidemill.supervised.intervals import wilson

MOST_ITEMS = 2_000
"""Items, the most frequent, of which pairs are looked at."""
MOST_TESTED = 500
MOST_OF_ITEM = 2
"""Rules that are told of one item."""
SWEEPS = 500
_CLOSE = 1e-6


@dataclass(frozen=True)
class TakenTogether:
    """Who took one item took another, too, on customers by whom the rule was not found.

    Attributes:
        first, then: The two items.
        both, took, customers: Customers who took both, who took the first, and all.
        others: Customers who took the second.
        expected: Who would take both if nobody had a taste: by how many items each customer takes
            and how many customers each item has.
        p_value: That so many take both by chance, after control of the false discovery rate.
    """

    first: int
    then: int
    both: int
    took: int
    customers: int
    others: int
    expected: float
    p_value: float

    @property
    def share(self) -> float:
        """Of those who took the first, the share that took the second."""
        return self.both / self.took

    @property
    def share_interval(self) -> tuple[float, float]:
        """The 95 % interval of the share."""
        return wilson(self.both, self.took)

    @property
    def times(self) -> float:
        """How many times as many took both as expected."""
        return self.both / self.expected

    @property
    def times_interval(self) -> tuple[float, float]:
        """Its 95 % interval, exact for a Poisson count (Garwood 1936)."""
        low = float(chi2.ppf(0.025, 2 * self.both)) / 2
        high = float(chi2.ppf(0.975, 2 * self.both + 2)) / 2
        return low / self.expected, high / self.expected


def taken_together(pairs: sparse.csr_array, run: Run, most: int) -> tuple[list[TakenTogether], int]:
    """At most so many rules, the clearest first, and how many held of MOST_TESTED at most.

    Rules are found among 70 % of the customers and confirmed, each for itself, among the others: a
    rule holds where both items are together more often than expected, the false discovery rate
    held at 0.1 %. What is expected is reckoned with how much each customer takes: who takes much
    takes any two items together.

    Args:
        pairs: (n, m) 1 where the customer took the item.
        run: Splits the customers.
        most: How many rules.
    """
    held = run.rng("mining", "taken together").random(pairs.shape[0]) < HELD_SHARE
    known, new = pairs[~held], pairs[held]
    least = fewest(known.shape[0])
    counts = np.asarray(known.sum(axis=0))
    items = np.argsort(-counts, kind="stable")[:MOST_ITEMS]
    items = items[counts[items] >= least]
    if len(items) < 2 or new.shape[0] < 1:
        return [], 0
    first, then = _candidates(known, items, least)
    both, expected = _together(new, items)
    both, expected = both[first, then], expected[first, then]
    p_values = poisson.sf(both - 1, np.maximum(expected, _CLOSE))
    if not len(p_values):
        return [], 0
    p_values = false_discovery_control(p_values)
    holds = (p_values <= ALPHA) & (both >= STRONGER * expected)
    took = np.asarray(new.sum(axis=0)).astype(np.int64)
    found = []
    for at in np.flatnonzero(holds):
        pair = (int(items[first[at]]), int(items[then[at]]))
        # told from the rarer item: more of those who took it took the other, too
        one, other = sorted(pair, key=lambda item: (took[item], item))
        rule = TakenTogether(
            one,
            other,
            int(both[at]),
            int(took[one]),
            new.shape[0],
            int(took[other]),
            float(expected[at]),
            float(p_values[at]),
        )
        found.append(rule)
    return _varied(found, most), len(found)


def _candidates(known: sparse.csr_array, items: Ints, least: int) -> tuple[Ints, Ints]:
    """The pairs, as places among the items, that are the farthest beyond what is expected."""
    both, expected = _together(known, items)
    far = (both >= least) & (both >= STRONGER * expected)
    first, then = np.nonzero(np.triu(far, 1))
    count, mean = both[first, then], np.maximum(expected[first, then], _CLOSE)
    surprise = count * np.log(count / mean) - (count - mean)
    order = np.argsort(-surprise, kind="stable")[:MOST_TESTED]
    return first[order], then[order]


def _together(pairs: sparse.csr_array, items: Ints) -> tuple[Floats, Floats]:
    """(k, k) customers who took two of these items, and who would without any taste."""
    chosen = pairs[:, items]
    both = (chosen.T @ chosen).toarray().astype(np.float64)
    sizes, item_sizes = (
        np.asarray(pairs.sum(axis=axis)).astype(np.int64).ravel() for axis in (1, 0)
    )
    level, many = np.unique(sizes, return_counts=True)
    chance = expected_chances(level, many, item_sizes)[:, items]
    return both, (chance * many[:, None]).T @ chance


def expected_chances(level: Ints, many: Ints, item_sizes: Ints) -> Floats:
    """(k, m) the chance that a customer with so many items took each item, where nobody has a taste
    of their own: odds are a factor of the customer times one of the item, such that each has as
    many as counted (Squartini and Garlaschelli 2011).

    Args:
        level: (k,) different numbers of items.
        many: (k,) customers with each.
        item_sizes: (m,) customers of each item.

    Example:
        >>> chance = expected_chances(np.array([1, 2]), np.array([2, 1]), np.array([2, 1, 1]))
        >>> chance.sum(axis=1).round(3).tolist()
        [1.0, 2.0]
    """
    size, place, items = np.unique(item_sizes, return_inverse=True, return_counts=True)
    scale = np.sqrt(max(float(level @ many), 1.0))
    own, other = level / scale, size / scale
    for _ in range(SWEEPS):
        before = own
        own = level / np.maximum((items * other / (1 + np.outer(own, other))).sum(axis=1), _CLOSE)
        part = own[:, None] * many[:, None] / (1 + np.outer(own, other))
        other = size / np.maximum(part.sum(axis=0), _CLOSE)
        if np.allclose(own, before, rtol=_CLOSE):
            break
    odds = np.outer(own, other[place])
    return np.asarray(odds / (1 + odds))


def _varied(rules: list[TakenTogether], most: int) -> list[TakenTogether]:
    """The farthest beyond what is expected, few of each item."""
    told: dict[int, int] = {}
    chosen: list[TakenTogether] = []
    for rule in sorted(rules, key=lambda one: -one.times_interval[0]):
        if len(chosen) < most and all(
            told.get(item, 0) < MOST_OF_ITEM for item in (rule.first, rule.then)
        ):
            chosen.append(rule)
            for item in (rule.first, rule.then):
                told[item] = told.get(item, 0) + 1
    return chosen

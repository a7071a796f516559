"""Segments of customers by how lately, how often and for how much they bought (RFM)."""

from __future__ import annotations

import numpy as np

from tidemill.customers.base import KnownCustomers
from tidemill.supervised.arrays import Floats, Ints

SCORES = 5

SEGMENTS = {
    "best": "bought lately and often",
    "regular": "bought often, some time ago",
    "slipping": "bought often, and not for long",
    "new": "bought once, lately",
    "occasional": "bought lately, not often",
    "cooling": "bought not often, some time ago",
    "away": "bought not often, and not for long",
}
"""Name -> what it is."""


def rfm_scores(known: KnownCustomers) -> Ints:
    """(n, 3) fifths, 5 the best, of how lately, how often and for how much a purchase customers
    bought; equal ones have equal scores."""
    lately = known.recency - known.age
    return np.column_stack([fifths(one) for one in (lately, known.repeats, known.spent)])


def fifths(values: Floats) -> Ints:
    """(n,) 1 for the lowest fifth to 5 for the highest, by mean ranks of equal ones.

    Example:
        >>> fifths(np.array([1.0, 1, 1, 1, 9])).tolist()
        [3, 3, 3, 3, 5]
    """
    from scipy.stats import rankdata

    share = (rankdata(values) - 0.5) / max(len(values), 1)
    return np.minimum(1 + np.floor(SCORES * share).astype(np.int64), SCORES)


def segment_of(known: KnownCustomers) -> list[str]:
    """(n,) the segment of each customer, a name of SEGMENTS."""
    scores = rfm_scores(known)
    lately, often = scores[:, 0], scores[:, 1]
    once = ~known.bought_again
    rules = [
        ("best", (often >= 4) & ~once & (lately >= 4)),
        ("regular", (often >= 4) & ~once & (lately >= 2)),
        ("slipping", (often >= 4) & ~once),
        ("new", once & (lately >= 4)),
        ("occasional", lately >= 4),
        ("cooling", lately >= 2),
    ]
    return np.select([mask for _, mask in rules], [name for name, _ in rules], "away").tolist()

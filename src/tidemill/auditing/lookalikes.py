"""Values that look like real ones and are none: put together from the parts of two."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.auditing.values import Values

MOST = 1000
"""Values of which there are look-alikes."""
EACH = 20
"""Look-alikes of a value."""


def lookalikes(values: Values, of: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """Values of the same make, some of which may be real.

    Of a number the last digits are those of another one, of a moment the weekday or the time of
    day, and of a text the words or letters from some place on: whoever makes up such values from
    the form of real ones, hits these as often as real ones.

    Args:
        values: All of the column.
        of: Those to be like.
        rng: Draws parts.
    """
    base = np.tile(of, EACH)
    other = rng.choice(values.known, len(base))
    if values.are_numbers:
        step = rng.choice(np.asarray(values.steps, np.int64), len(base))
        alike = base - base % step + other % step
    else:
        joined = []
        for number, (one, another) in enumerate(zip(base.tolist(), other.tolist(), strict=True)):
            joined.append(_joined(one, another, float(rng.random()), by_word=number % 2 == 0))
        alike = np.asarray(joined, "U")
    # what is made up by counting on lies beyond the last real value
    known = np.sort(values.known)
    alike = np.unique(alike)
    return alike[(alike >= known[0]) & (alike <= known[-1])]


def _joined(one: str, other: str, place: float, *, by_word: bool) -> str:
    """The beginning of one and the end of another, cut between two words where both have some, else
    between two letters."""
    if by_word and " " in one and " " in other:
        words, others = one.split(" "), other.split(" ")
        cut = 1 + int(place * (min(len(words), len(others)) - 1))
        return " ".join([*words[:cut], *others[cut:]])
    cut = 1 + int(place * max(0, min(len(one), len(other)) - 1))
    return one[:cut] + other[cut:]

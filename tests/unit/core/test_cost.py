"""Costs add up, and are said in round numbers."""

from __future__ import annotations

import numpy as np
import pytest

from tidemill.core.cost import Cost, pace

GIB = 2.0**30


def test_costs_one_after_the_other() -> None:
    both = Cost(3, 2 * GIB) + Cost(4, GIB) * 2
    assert (both.seconds, both.bytes) == (11, 2 * GIB)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (1, "10 seconds"),
        (44, "40 seconds"),
        (99, "100 seconds"),
        (100, "2 minutes"),
        (5999, "100 minutes"),
        (6001, "1.7 hours"),
    ],
)
def test_costs_in_words(seconds: float, said: str) -> None:
    assert str(Cost(seconds, GIB / 4)) == f"about {said} and 0.2 GiB"


def test_the_pace_is_that_of_a_machine() -> None:
    assert 0.05 < pace(np.random.default_rng(0)) < 100

"""Rows, persons and stretches of time that are drawn again and again."""

from __future__ import annotations

import numpy as np
import pytest

from tidemill.supervised.resampling import (
    drawn_times,
    interval,
    totals_of_persons,
    totals_of_rows,
)


def test_sums_spread_as_they_do_in_theory() -> None:
    values = np.random.default_rng(0).normal(size=(400, 1))
    drawn = totals_of_rows(values, np.random.default_rng(1), draws=4000)
    assert drawn.mean() == pytest.approx(values.sum(), abs=1)
    assert drawn.std() == pytest.approx(np.sqrt(400) * values.std(), rel=0.06)


def test_strata_keep_their_sizes() -> None:
    own = np.arange(10) < 3
    drawn = totals_of_rows(own[:, None].astype(float), np.random.default_rng(0), 50, (own, ~own))
    assert set(drawn.ravel()) == {3.0}


def test_persons_are_drawn_with_all_of_their_rows() -> None:
    whose = np.repeat(np.arange(20) * 7, 5)
    drawn = totals_of_persons((whose == 0)[:, None].astype(float), whose, np.random.default_rng(0))
    assert set(drawn.ravel() % 5) == {0.0}
    assert drawn.std() > 2 * np.sqrt(5)  # much wider than of single rows


def test_stretches_of_time_stay_together() -> None:
    places = drawn_times(200, 20, np.random.default_rng(0), draws=300)
    assert places.shape == (300, 200)
    followed = (np.diff(places, axis=1) % 200 == 1).mean()
    assert followed == pytest.approx(0.95, abs=0.01)
    assert np.bincount(places.ravel(), minlength=200).std() < 60  # all as often


def test_intervals_hold_95_of_100_draws() -> None:
    low, high = interval(np.arange(1001.0))
    assert (low, high) == (25.0, 975.0)

"""Pieces: what is kept of a channel of numbers."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.models.bins import MIN_COUNT, Bins

TICKS = st.lists(st.integers(-50, 50) | st.integers(-(2**61), 2**61), min_size=1, max_size=300).map(
    lambda values: np.array(values, np.int64)
)


@settings(deadline=None)
@given(TICKS)
def test_pieces_cover_every_row_in_order_and_do_not_overlap(ticks: np.ndarray) -> None:
    pieces = Bins.of(ticks)
    assert pieces.count.sum() == len(ticks)
    assert (pieces.low <= pieces.high).all()
    assert (pieces.low[1:] > pieces.high[:-1]).all()
    near = pieces.nearest(ticks)
    assert (np.bincount(near, minlength=len(pieces)) >= 0).all()
    assert (np.diff(near[np.argsort(ticks, kind="stable")]) >= 0).all()


@settings(deadline=None)
@given(TICKS)
def test_draws_stay_within_the_range(ticks: np.ndarray) -> None:
    pieces = Bins.of(ticks)
    drawn = pieces.draw(np.arange(len(pieces)).repeat(5), np.random.default_rng(0))
    assert drawn.min() >= ticks.min()
    assert drawn.max() <= ticks.max()
    assert (pieces.index(drawn) >= 0).all()


@settings(deadline=None)
@given(TICKS)
def test_only_frequent_values_are_atoms(ticks: np.ndarray) -> None:
    values, counts = np.unique(ticks, return_counts=True)
    frequent = set(values[counts >= MIN_COUNT].tolist())
    pieces = Bins.of(ticks)
    exact = set(pieces.low[pieces.low == pieces.high].tolist())
    assert frequent <= exact
    # an interval can be one tick wide only where its neighbours leave no more room
    if len(values) > 2:
        assert exact - frequent <= {
            *range(int(ticks.min()), int(ticks.min()) + 1),
            *values.tolist(),
        }


def test_a_heavy_tail_keeps_its_mean() -> None:
    ticks = np.random.default_rng(0).lognormal(8, 1.5, 20_000).astype(np.int64)
    pieces = Bins.of(ticks)
    drawn = pieces.draw(
        np.random.default_rng(1).choice(len(pieces), 200_000, p=pieces.count / pieces.count.sum()),
        np.random.default_rng(2),
    )
    assert abs(drawn.mean() / ticks.mean() - 1) < 0.03
    assert abs(np.quantile(drawn, 0.999) / np.quantile(ticks, 0.999) - 1) < 0.2

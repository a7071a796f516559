"""Pieces: what is kept of a channel of numbers."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.core.extremes import around, outward
from tidemill.core.persons import FEWEST_PERSONS
from tidemill.models.bins import Bins

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
    enough = len(ticks) >= FEWEST_PERSONS
    low, high = (outward if enough else around)(int(ticks.min()), int(ticks.max()))
    assert drawn.min() >= low
    assert drawn.max() <= high
    assert (pieces.index(drawn) >= 0).all()


@settings(deadline=None)
@given(TICKS)
def test_only_frequent_values_are_atoms(ticks: np.ndarray) -> None:
    values, counts = np.unique(ticks, return_counts=True)
    frequent = set(values[counts >= FEWEST_PERSONS].tolist())
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


def drawn(values: np.ndarray, n: int = 20_000) -> np.ndarray:
    """Ticks drawn from the pieces of values."""
    bins = Bins.of(values)
    assert bins.count.sum() == len(values)
    rng = np.random.default_rng(0)
    return bins.draw(rng.choice(len(bins), n, p=bins.count / bins.count.sum()), rng)


def test_nothing_is_made_up_between_a_marker_and_the_other_values() -> None:
    rng = np.random.default_rng(1)
    bulk = rng.normal(180, 60, 3000).astype(int)
    for alone in ([], [-19, -14, -13]):
        values = np.r_[np.full(300, -2000), bulk, alone].astype(np.int64)
        new = drawn(values)
        assert not ((new > -2000) & (new < bulk.min() - 20)).any()
    values = np.r_[np.full(300, -2000), rng.gamma(2, 900, 2000)].astype(np.int64)
    assert not (np.abs(drawn(values) + 1000) < 990).any()


def test_an_age_of_323_makes_none_of_137() -> None:
    rng = np.random.default_rng(1)
    values = np.r_[rng.normal(34, 8, 1400).clip(18, 74), 323, 329, -29, -1726, 5].astype(np.int64)
    new = drawn(values)
    assert new.min() >= 5
    assert 55 < new.max() < 90


def test_sizes_between_those_that_occur_are_not_made_up() -> None:
    values = np.repeat([120, 160, 240, 320, 84, 169, 180, 192], [840, 300, 22, 9, 1, 2, 3, 4])
    assert set(drawn(values)) == {120, 160, 240, 320}
    doses = np.repeat([250, 500, 1000], [100, 80, 20])
    assert set(drawn(doses)) == set(doses)


def test_a_pause_at_noon_stays_one() -> None:
    rng = np.random.default_rng(2)
    minutes = np.r_[rng.integers(540, 720, 400), rng.integers(840, 1020, 400)]
    seconds = minutes * 60 + rng.integers(0, 60, 800)
    new = drawn(seconds)
    assert not ((new > 12 * 3600 + 120) & (new < 14 * 3600 - 120)).any()


def test_many_zeros_do_not_swallow_the_amounts() -> None:
    rng = np.random.default_rng(2)
    values = np.r_[np.zeros(920), rng.gamma(2, 50_000, 80)].astype(np.int64)
    new = drawn(values)
    assert abs((new > 0).mean() - 0.08) < 0.01
    assert len(np.unique(new)) > 1000


def test_smooth_distributions_stay_as_they_are() -> None:
    rng = np.random.default_rng(3)
    for values in (
        rng.normal(0, 1e6, 3000),
        rng.exponential(1e6, 3000),
        rng.uniform(0, 1e6, 3000),
        rng.lognormal(10, 1, 3000),
    ):
        ticks = values.astype(np.int64)
        new = drawn(ticks, 60_000)
        assert abs(new.mean() - ticks.mean()) < 0.05 * ticks.std()
        assert abs(new.std() / ticks.std() - 1) < 0.05

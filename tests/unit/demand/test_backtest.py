"""What is forecast better, and what only seems so."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.demand.shop import shuffled_weeks, waves
from tidemill.core.run import Run
from tidemill.demand import FORECASTERS, RULES_OF_THUMB
from tidemill.demand.backtest import (
    AS_BEFORE,
    DemandBacktest,
    backtested,
    empty_shelves,
    false_discovery,
    fieller,
)
from tidemill.demand.base import Asked
from tidemill.demand.futures import band_coverage, coming


def judged(sold: np.ndarray, seed: int = 0) -> DemandBacktest:
    found = backtested(sold, 4, Run(seed))
    assert found is not None
    return found


@pytest.mark.parametrize("name", list(FORECASTERS))
@pytest.mark.parametrize("season", [False, True])
def test_the_future_changes_no_forecast(name: str, season: bool) -> None:
    sold = waves(20, 90, np.random.default_rng(0))
    asked = Asked(70, range(70, 78), 4, season)
    forecaster = FORECASTERS.load(name)
    said = forecaster.forecast(sold, asked, Run(0))
    for k, origin in enumerate(asked.origins):
        changed = sold.copy()
        changed[:, origin:] = 10_000.0
        assert np.array_equal(forecaster.forecast(changed, asked, Run(0))[k], said[k])
    assert said.shape == (8, 20, 4)
    assert (said >= 0).all()


@pytest.mark.parametrize("name", list(FORECASTERS))
def test_what_is_learned_ends_where_it_is_said_to(name: str) -> None:
    sold = waves(20, 90, np.random.default_rng(0))
    forecaster = FORECASTERS.load(name)
    # the same weeks before the origin, of which the last eight must not be learned from
    first = forecaster.forecast(sold, Asked(60, [60], 4, False), Run(0))
    changed = sold.copy()
    changed[:, 60:] = sold[:, 60:][:, ::-1]
    assert np.array_equal(forecaster.forecast(changed, Asked(60, [60], 4, False), Run(0)), first)


def test_the_same_week_a_year_ago() -> None:
    sold = np.arange(120.0)[None]
    said = FORECASTERS.load(AS_BEFORE).forecast(sold, Asked(100, [104], 3, True), Run(0))
    assert said.tolist() == [[[52.0, 53.0, 54.0]]]


def test_in_shuffled_weeks_nothing_can_be_foreseen() -> None:
    found = [
        judged(shuffled_weeks(30, 48, np.random.default_rng(seed)), seed) for seed in range(20)
    ]
    assert sum(one.forecastable().any() for one in found) <= 1
    # the rule that wins knows what is usual, which is not more than the median of past weeks
    assert sum(one.chosen in RULES_OF_THUMB for one in found) >= 18


def test_items_that_drift_are_not_called_forecastable_by_luck() -> None:
    rng = np.random.default_rng(3)
    level = np.exp(3 + np.cumsum(rng.normal(0, 0.15, (60, 60)), axis=1))
    found = judged(rng.poisson(level).astype(float))
    assert found.forecastable().sum() <= 2


def test_waves_are_foreseen() -> None:
    found = judged(waves(40, 60, np.random.default_rng(1)))
    assert found.chosen == "boosting"
    assert found.forecastable().mean() > 0.7
    assert found.better_than_before().mean() > 0.9
    ratio = found.ratio(found.chosen, found.rival, np.random.default_rng(0))
    assert ratio.low < ratio.value < ratio.high < 0.8


def test_a_year_is_looked_back_where_there_is_one() -> None:
    rng = np.random.default_rng(2)
    year = np.exp(3 + np.sin(2 * np.pi * (np.arange(140) / 52 + rng.random((30, 1)))))
    found = judged(rng.poisson(5 * year).astype(float))
    assert found.season
    errors = {name: found.mean_error(name) for name in RULES_OF_THUMB}
    assert min(errors, key=lambda name: errors[name]) == AS_BEFORE


def test_too_few_weeks_and_rare_items_are_not_judged() -> None:
    rng = np.random.default_rng(0)
    assert backtested(waves(5, 35, rng), 4, Run(0)) is None
    assert backtested(rng.binomial(1, 0.2, (5, 60)).astype(float), 4, Run(0)) is None
    sold = waves(5, 60, rng)
    sold[0, :40] = np.nan
    sold[1, 30:] = 0
    sold[2, 1::2] = 0
    sold[2, ::6] = 0
    found = judged(sold)
    assert dict(found.why_not) == {0: "too new", 1: "ended", 2: "sold too rarely"}


def test_one_item_is_judged() -> None:
    found = judged(waves(1, 60, np.random.default_rng(0)))
    assert found.held.errors(found.chosen).shape == (1, 8)
    assert np.isfinite(found.ratio("mean of 4", AS_BEFORE, np.random.default_rng(0)).high)


def test_an_item_that_sells_the_same_every_week() -> None:
    found = judged(np.full((3, 50), 7.0))
    assert not found.better_than_before().any()
    assert found.mean_error(found.chosen) == 0


def test_an_empty_shelf_is_not_taken_for_no_demand() -> None:
    sold = np.full((1, 60), 9.0)
    sold[0, 20:26] = 0
    sold[0, 40] = 0
    sold[0, 56:] = 0  # still going on: it may have ended
    assert empty_shelves(sold) == [(0, 20, 25)]
    rare = np.tile([0.0, 0.0, 0.0, 0.0, 2.0], 12)[None]
    assert empty_shelves(rare) == []


def test_an_interval_of_a_ratio_covers_it() -> None:
    rng = np.random.default_rng(0)
    hits = []
    for _ in range(400):
        both = rng.gamma(2, 1, (2, 16))
        ratio, p = fieller(0.8 * both[0], both[1])
        hits.append(ratio.low <= 0.8 <= ratio.high)
        assert (ratio.high < 1) == (p < 0.025)
    assert 0.92 <= np.mean(hits) <= 0.98


def test_of_many_questions_few_are_called_by_chance() -> None:
    rng = np.random.default_rng(0)
    wrong = [(false_discovery(rng.random(200)) <= 0.05).any() for _ in range(400)]
    assert np.mean(wrong) < 0.08


@pytest.mark.parametrize("seed", [0, 1])
def test_bands_hold_what_comes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sold = waves(60, 92, rng)
    known = sold[:, :84]
    found = judged(known, seed)
    held = band_coverage(found, rng)
    assert 0.85 <= held.items <= 0.99
    assert held.total >= 6
    made = coming(known, found, Run(seed))
    low, high = made.band(held.widened)
    came = sold[:, 84:88]
    assert 0.82 <= ((came >= low) & (came <= high)).mean() <= 0.99
    assert np.array_equal(coming(known, found, Run(seed)).sold, made.sold)


def test_what_items_have_in_common_is_in_the_futures() -> None:
    rng = np.random.default_rng(5)
    common = np.exp(rng.normal(0, 0.5, (1, 84)))
    together = judged_futures(rng.poisson(30 * common * np.ones((40, 1))).astype(float))
    apart = judged_futures(rng.poisson(30 * np.exp(rng.normal(0, 0.5, (40, 84)))).astype(float))
    # items that move together do not even each other out
    assert together > 3 * apart


def judged_futures(sold: np.ndarray) -> float:
    totals = coming(sold, judged(sold), Run(0)).totals()[:, 0]
    return float(totals.std() / totals.mean())


def test_weeks_of_which_nothing_is_known_do_not_count() -> None:
    sold = waves(10, 70, np.random.default_rng(0))
    sold[:, [30, 50, 66, 67, 68, 69]] = np.nan
    found = judged(sold)
    assert np.isnan(found.held.errors("boosting")[:, 4:]).all()
    assert found.forecastable().mean() > 0.5
    assert band_coverage(found, np.random.default_rng(0)).weeks == 4
    assert np.isfinite(coming(sold, found, Run(0)).sold).all()

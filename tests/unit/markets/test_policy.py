"""The learned policy, by futures whose best policy is known."""

from __future__ import annotations

import numpy as np
from scipy import optimize

from tests.unit.markets.market import garch_returns
from tidemill.markets.policy import (
    COLD,
    MadeYears,
    Pace,
    TimingPolicy,
    _sharpe_and_slope,
    learned,
    seen_at,
    threshold,
    timed,
)

PACE = Pace.of(252)


def made(seed: int = 0) -> MadeYears:
    returns, _ = garch_returns(800, 1, np.random.default_rng(seed))
    return MadeYears.of(returns[:, 0], PACE, 0.001, np.random.default_rng(seed))


def test_the_slope_is_that_of_the_score() -> None:
    years = made()
    inputs = np.concatenate([np.ones((*years.brought.shape, 1)), years.seen], axis=-1)
    weights = np.random.default_rng(1).normal(size=5)
    numeric = optimize.approx_fprime(
        weights, lambda one: _sharpe_and_slope(one, inputs, years)[0], 1e-7
    )
    np.testing.assert_allclose(_sharpe_and_slope(weights, inputs, years)[1], numeric, atol=1e-5)


def test_a_policy_that_is_told_tomorrow_learns_to_use_it() -> None:
    years = made()
    seen = years.seen.copy()
    seen[..., 1] = np.clip(years.brought / years.brought.std(), -4, 4)
    told = MadeYears(seen, years.brought, years.cost)
    policy = learned(told)
    assert policy.weights[2] > 5
    assert policy.exposure(np.array([0.0, 1.0, 0.0]), 0.5) > 0.9
    assert policy.exposure(np.array([0.0, -1.0, 0.0]), 0.5) < 0.1


def test_what_does_not_help_is_hardly_used() -> None:
    rng = np.random.default_rng(2)
    noise = MadeYears(rng.normal(size=(500, 50, 3)), rng.normal(0.001, 0.02, (500, 50)), 0.001)
    policy = learned(noise)
    assert np.abs(policy.weights[1:4]).max() < 0.3


def test_costs_make_a_policy_slower() -> None:
    years = made(3)
    seen = years.seen.copy()
    seen[..., 1] = np.clip(years.brought / years.brought.std(), -4, 4)
    moves = []
    for cost in (0.0, 0.05):
        policy = learned(MadeYears(seen, years.brought, cost))
        held, moved = 1.0, 0.0
        for one in seen[0]:
            before, held = held, policy.exposure(one, held)
            moved += abs(held - before)
        moves.append(moved)
    assert moves[1] < 0.5 * moves[0]


def test_a_warm_start_learns_on_from_the_policy_of_the_others() -> None:
    years = made()
    inputs = np.concatenate([np.ones((*years.brought.shape, 1)), years.seen], axis=-1)
    begun = TimingPolicy(np.array([0.5, 3.0, 0.2, 0.1, 0.0]))
    warm, cold = learned(years, begun), learned(years, COLD)
    assert not np.array_equal(warm.weights, cold.weights)
    scores = [_sharpe_and_slope(one.weights, inputs, years)[0] for one in (begun, warm, cold)]
    assert scores[0] < min(scores[1:])


def test_what_is_seen_is_of_the_days_before() -> None:
    returns, _ = garch_returns(600, 1, np.random.default_rng(4))
    other = returns.copy()
    other[400:] *= -5
    places = np.array([300, 400, 401])
    one, two = (seen_at(own.T, places, PACE)[0] for own in (returns, other))
    np.testing.assert_allclose(one[:2], two[:2])
    assert not np.allclose(one[2], two[2])


def test_the_threshold_rule_leaves_a_wild_market_and_comes_back() -> None:
    rng = np.random.default_rng(5)
    own = rng.normal(0, 0.01, 900)
    own[500:560] *= 5
    shares = timed(own, np.array([450, 560, 890]), threshold, 1.0, PACE)
    assert shares[0] > 0.7
    assert shares[1] < 0.6
    assert shares[2] > 0.9


def test_a_market_that_never_moves_is_seen_without_numbers_that_are_none() -> None:
    seen = seen_at(np.zeros((1, 300)), np.array([260]), PACE)
    assert np.isfinite(seen).all()

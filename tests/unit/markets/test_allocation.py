"""Rules that share out money, by markets whose best rule is known."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tests.unit.markets.market import garch_returns, price_lines
from tidemill.core.run import Run
from tidemill.markets import ALLOCATORS
from tidemill.markets.allocation import capped, undominated
from tidemill.markets.history import history
from tidemill.markets.timing import POLICY, THRESHOLD, timed_rules
from tidemill.markets.walk_forward import (
    BENCHMARK,
    Market,
    against_first,
    decided,
    performance,
    quarter_starts,
    walked,
)

LEARNED = 504
RULES = {name: ALLOCATORS.load(name) for name in ALLOCATORS}


def market(returns: np.ndarray, most: float = 0.4, cost: float = 0.001) -> Market:
    past = history(price_lines(returns), "t")
    return Market(past, quarter_starts(past.days, LEARNED), LEARNED, most, cost, 0.0)


@pytest.mark.parametrize("name", list(ALLOCATORS))
def test_weights_are_whole_not_below_0_and_below_the_limit(name: str) -> None:
    returns, _ = garch_returns(600, 6, np.random.default_rng(0))
    for drift in (0.001, -0.002):  # where all prices fall, no ratio can be made large
        own = RULES[name].weights(returns + drift, 0.3, 63, np.random.default_rng(0))
        assert own.sum() == pytest.approx(1)
        assert own.min() >= 0
        assert own.max() <= 0.3 + 1e-6


@pytest.mark.parametrize("name", list(ALLOCATORS))
@pytest.mark.parametrize("scale", [1e-3, 1.0, 20.0])
def test_assets_that_are_alike_are_held_alike(name: str, scale: float) -> None:
    returns, _ = garch_returns(600, 1, np.random.default_rng(1))
    alike = np.repeat(scale * returns, 5, axis=1)
    tried = Market(market(alike).past, np.array([LEARNED]), LEARNED, 0.4, 0.0, 0.0)
    own = decided(RULES[name], alike, tried, np.random.default_rng(0))
    np.testing.assert_allclose(own, 0.2, atol=1e-3)


@pytest.mark.parametrize("name", list(ALLOCATORS))
def test_a_dominated_asset_is_never_held(name: str) -> None:
    returns, _ = garch_returns(900, 4, np.random.default_rng(2))
    dear = returns[:, :1] - 0.02 / 252 + 1e-5 * np.random.default_rng(3).normal(size=(900, 1))
    tried = market(np.concatenate([returns, dear], axis=1))
    [walk] = walked(tried, {name: RULES[name]}, Run(0)).values()
    assert (walk.weights[:, 4] == 0).all()
    np.testing.assert_allclose(walk.weights.sum(axis=1), 1)


def test_chance_dominates_nothing() -> None:
    for seed in range(20):
        returns, _ = garch_returns(750, 8, np.random.default_rng(seed))
        assert undominated(returns).all()


def test_what_is_above_the_limit_goes_to_the_others() -> None:
    found = capped(np.array([10.0, 5.0, 1.0, 1.0]), 0.3)
    np.testing.assert_allclose(found, [0.3, 0.3, 0.2, 0.2])
    np.testing.assert_allclose(capped(np.array([3.0, 1.0]), 0.5), 0.5)


def test_decisions_know_nothing_of_what_comes_after_them() -> None:
    returns, _ = garch_returns(900, 4, np.random.default_rng(4))
    other = returns.copy()
    change = 780
    other[change:] = -2 * other[change:]
    walks = []
    for own in (returns, other):
        tried = market(own)
        found = walked(tried, RULES, Run(0))
        walks.append((tried, found | dict(timed_rules(tried, found[BENCHMARK], Run(0)).walks)))
    (tried, one), (_, two) = walks
    before = int((tried.starts <= change).sum())
    assert 1 < before < len(tried.starts)
    for name in one:
        np.testing.assert_allclose(one[name].weights[:before], two[name].weights[:before])
        days = change - tried.first
        np.testing.assert_allclose(one[name].returns[:days], two[name].returns[:days])
        if name != BENCHMARK:
            assert not np.allclose(one[name].returns[days:], two[name].returns[days:])


def test_what_holdings_bring_is_what_their_prices_do_less_costs() -> None:
    returns, _ = garch_returns(900, 3, np.random.default_rng(5))
    free, dear = (
        walked(market(returns, cost=cost), {BENCHMARK: RULES[BENCHMARK]}, Run(0))[BENCHMARK]
        for cost in (0.0, 0.01)
    )
    tried = market(returns)
    start, end = tried.quarters()[0]
    grown = np.exp(tried.past.returns[start:end].sum(axis=0)).mean()
    assert np.prod(1 + free.returns[: end - start]) == pytest.approx(grown)
    lost = np.prod(1 - 0.01 * free.turnover)
    assert np.prod(1 + dear.returns) / np.prod(1 + free.returns) == pytest.approx(lost)


def test_a_better_rule_is_found() -> None:
    """Half of the assets move four times as much and bring nothing."""
    rng = np.random.default_rng(6)
    returns = rng.normal(0.0008, 0.01, size=(3000, 6))
    returns[:, 3:] = rng.normal(0.0, 0.04, size=(3000, 3))
    tried = market(returns)
    rules = {name: RULES[name] for name in (BENCHMARK, "minimum variance", "inverse volatility")}
    walks = walked(tried, rules, Run(0))
    found = against_first(
        {name: walk.returns for name, walk in walks.items()}, tried, np.random.default_rng(0)
    )
    assert found["minimum variance"].better
    assert found["minimum variance"].calmer
    assert found["minimum variance"].sharpe[1] > 0


def test_a_market_whose_swings_come_in_times_is_timed_by_a_learned_policy() -> None:
    rng = np.random.default_rng(7)
    wild = np.repeat(np.resize([False, False, True], 30), 100)
    own = np.where(wild, rng.normal(0.0, 0.03, 3000), rng.normal(0.0010, 0.005, 3000))
    tried = market(own[:, None] + 1e-6 * rng.normal(size=(3000, 2)), most=1.0)
    equal = walked(tried, {BENCHMARK: RULES[BENCHMARK]}, Run(0))[BENCHMARK]
    timed = timed_rules(tried, equal, Run(0))
    found = against_first(
        {BENCHMARK: equal.returns, **{name: walk.returns for name, walk in timed.walks.items()}},
        tried,
        np.random.default_rng(0),
    )
    assert found[POLICY].better
    assert found[THRESHOLD].sharpe[0] > 0
    assert timed.transfer is None  # of two assets there are no halves


def test_a_rule_that_is_no_better_is_rarely_proven_to_be() -> None:
    returns, _ = garch_returns(1000, 2, np.random.default_rng(8))
    tried, proven = market(returns), 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        shared = rng.normal(0.0005, 0.01, 1000)
        walks = {str(k): shared + rng.normal(0, 0.004, 1000) for k in range(7)}
        found = against_first(walks, tried, rng)
        proven += any(one.better or one.worse for one in found.values())
    assert proven <= 5  # promised are 2


def test_performance_of_known_returns() -> None:
    tried = market(garch_returns(900, 2, np.random.default_rng(9))[0])
    found = performance(np.array([0.1, -0.5, 0.2, 0.2]), tried)
    assert found.brought == pytest.approx(0)
    assert found.fall == pytest.approx(-0.5)
    assert performance(np.zeros(4), tried).sharpe == 0


def test_quarters_of_weeks_and_months() -> None:
    first = pl.date(2000, 1, 3)
    for every in ("1w", "1mo"):
        days = pl.select(pl.date_range(first, pl.date(2010, 1, 1), every)).to_series()
        starts = quarter_starts(days, 100 if every == "1w" else 36)
        assert days[int(starts[0]) + 1].month in (1, 4, 7, 10)
        assert len(starts) > 20


@pytest.mark.slow
def test_of_markets_in_which_all_assets_are_alike_19_of_20_prove_no_rule() -> None:
    proven = 0
    for seed in range(20):
        returns = 0.0003 + garch_returns(2000, 5, np.random.default_rng(seed))[0]
        tried = market(returns)
        walks = walked(tried, RULES, Run(seed))
        walks |= timed_rules(tried, walks[BENCHMARK], Run(seed)).walks
        found = against_first(
            {name: walk.returns for name, walk in walks.items()},
            tried,
            np.random.default_rng(seed),
        )
        proven += any(one.better for one in found.values())
    assert proven <= 1

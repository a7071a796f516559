"""Whether days are foretold rightly, by markets whose risk is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.unit.markets.market import garch_returns
from tidemill.core.run import Run
from tidemill.markets import FORETELLERS
from tidemill.markets.backtests import backtest, fz0
from tidemill.markets.base import FEWEST
from tidemill.markets.walking import examined, horizon_tests

LEVEL = 0.01


@pytest.mark.parametrize("name", list(FORETELLERS))
def test_a_day_is_foretold_by_those_before_it_alone(name: str) -> None:
    returns, _ = garch_returns(400, 2, np.random.default_rng(0))
    other = returns.copy()
    other[350:] *= -3
    foreteller = FORETELLERS.load(name)
    for one, two in zip(
        foreteller.foretell(returns, FEWEST, 0.05),
        foreteller.foretell(other, FEWEST, 0.05),
        strict=True,
    ):
        assert one.shape == (401 - FEWEST, 2)
        np.testing.assert_allclose(one[: 351 - FEWEST], two[: 351 - FEWEST])
        assert not np.allclose(one[355 - FEWEST :], two[355 - FEWEST :])


@pytest.mark.parametrize("name", list(FORETELLERS))
def test_futures_keep_assets_together_and_are_the_same_for_the_same_seed(name: str) -> None:
    returns, _ = garch_returns(1500, 3, np.random.default_rng(1))
    foreteller = FORETELLERS.load(name)
    made = foreteller.futures(returns, 50, 200, np.random.default_rng(2))
    again = foreteller.futures(returns, 50, 200, np.random.default_rng(2))
    assert made.returns.shape == (200, 50, 3)
    np.testing.assert_array_equal(made.returns, again.returns)
    together = np.corrcoef(made.returns.reshape(-1, 3), rowvar=False)
    assert together[0, 1] == pytest.approx(0.36, abs=0.12)
    assert made.returns.std() == pytest.approx(returns.std(), rel=0.5)


def test_shocks_of_volatility_are_followed_and_unconditional_foresight_is_caught() -> None:
    rng = np.random.default_rng(3)
    returns = np.concatenate([rng.normal(size=1000), 3 * rng.normal(size=500)]) / 100
    days = np.arange(1000, 1500)
    for name, right in (("fhs", True), ("bootstrap", False)):
        at_risk, beyond = FORETELLERS.load(name).foretell(returns[:, None], FEWEST, LEVEL)
        at = days - FEWEST
        found = backtest(returns[days], at_risk[at, 0], beyond[at, 0], LEVEL)
        assert (found.kupiec > 0.01) == right, name
        assert (found.light == "red") != right, name


def test_the_score_is_least_for_the_truth() -> None:
    returns = np.random.default_rng(4).normal(size=200_000)
    cut = stats.norm.ppf(LEVEL)
    beyond = -stats.norm.pdf(cut) / LEVEL
    scores = {
        scale: fz0(
            returns,
            np.full(len(returns), scale * cut),
            np.full(len(returns), scale * beyond),
            LEVEL,
        ).mean()
        for scale in (0.8, 1.0, 1.25)
    }
    assert min(scores, key=lambda scale: scores[scale]) == 1.0


def test_spans_and_the_interval_of_tomorrow() -> None:
    returns, volatility = garch_returns(1500, 1, np.random.default_rng(5))
    own = returns[:, 0]
    own[600:800] *= 4
    seen = examined(own, LEVEL, Run(0))
    assert set(seen.spans) == {"last", "worst"}
    assert len(np.intersect1d(seen.spans["last"], seen.spans["worst"])) == 0
    assert np.isin(np.arange(600, 800), seen.spans["worst"]).all()
    now, beyond = seen.tomorrow(np.random.default_rng(0))
    truth = stats.norm.ppf(LEVEL) * volatility[-1, 0]
    assert now[1] < now[0] < now[2]
    assert beyond[0] < now[0]
    assert now[0] == pytest.approx(truth, rel=0.4)


def test_stretches_of_days_are_foretold() -> None:
    returns, _ = garch_returns(1500, 1, np.random.default_rng(6))
    found = horizon_tests(FORETELLERS.load("fhs"), returns[:, 0], 10, (0.01, 0.05), Run(0))
    assert [one.windows for one in found] == [125, 125]
    assert found[1].p > 0.01
    assert found[0].hits <= found[1].hits


@pytest.mark.slow
def test_known_risk_is_covered_in_95_of_100_markets() -> None:
    held = 0
    for seed in range(100):
        returns, _ = garch_returns(1500, 1, np.random.default_rng(seed))
        at_risk, _ = FORETELLERS.load("fhs").foretell(returns, FEWEST, LEVEL)
        hits = int((returns[FEWEST:] < at_risk[:-1]).sum())
        low, high = stats.binom.interval(0.95, len(returns) - FEWEST, LEVEL)
        held += low <= hits <= high
    assert held >= 95


def test_nothing_comes_in_clusters_where_days_are_alike() -> None:
    claimed = 0
    for seed in range(60):
        returns = np.random.default_rng(seed).normal(size=1000)
        hit = backtest(returns, np.full(1000, -1.645), np.full(1000, -2.06), 0.05)
        claimed += hit.independence < 0.05
    assert claimed <= 8

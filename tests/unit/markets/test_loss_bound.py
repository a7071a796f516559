"""Whether no more is lost than is borne."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.markets.market import garch_returns
from tidemill.core.run import Run
from tidemill.markets.loss_bound import (
    LEVEL,
    HeldBound,
    horizon_losses,
    made_outcomes,
    quarters_foretold,
    share_in_market,
    yearly_drift,
)


@pytest.mark.parametrize("bound", [0.02, 0.1, 0.3])
def test_the_bound_is_kept_in_other_futures(bound: float) -> None:
    returns, _ = garch_returns(1500, 2, np.random.default_rng(0))
    found = horizon_losses(returns, 252, 252, 0.0, np.random.default_rng(1))
    fresh = made_outcomes(returns, 252, 252, np.zeros(2), 1000, np.random.default_rng(2))
    for k in range(2):
        share = share_in_market(bound, float(found.careful[k]), 0.0)
        assert 0 < share <= 1
        assert np.mean(share * fresh[:, k] < -bound - 1e-12) <= LEVEL + 0.01
    assert (found.careful >= found.loss).all()
    assert (found.beyond >= found.loss).all()


def test_the_past_s_rise_does_not_count() -> None:
    returns, _ = garch_returns(1500, 1, np.random.default_rng(3))
    losses = [
        horizon_losses(returns + rise, 504, 252, 0.0, np.random.default_rng(4)).loss[0]
        for rise in (-0.001, 0.0, 0.002)
    ]
    assert losses == pytest.approx([losses[1]] * 3, abs=0.03)
    assumed = horizon_losses(returns, 504, 252, 0.1, np.random.default_rng(4)).loss[0]
    assert assumed < losses[1] - 0.05


def test_a_fall_beyond_chance_goes_on() -> None:
    returns = np.random.default_rng(8).normal(-0.001, 0.01, size=(1500, 1))
    found = horizon_losses(returns, 252, 252, 0.0, np.random.default_rng(9))
    assert found.loss[0] > 0.35
    mild = np.random.default_rng(10).normal(0, 0.01, size=(1500, 1))
    assert yearly_drift(mild - mild.mean() - 0.0001, 252, 0.0)[0] == 0


def test_the_loss_of_a_year_of_alike_days_is_the_known_one() -> None:
    returns = np.random.default_rng(5).normal(0, 0.01, size=(3000, 1))
    found = horizon_losses(returns, 252, 252, 0.0, np.random.default_rng(6))
    spread = 0.01 * np.sqrt(252)
    known = 1 - np.exp(-1.645 * spread - spread**2 / 2)
    assert found.loss[0] == pytest.approx(known, abs=0.04)


def test_losses_of_quarters_of_alike_days_hold_in_nine_of_ten() -> None:
    returns = np.random.default_rng(7).normal(0.0003, 0.01, size=(2500, 4))
    quarters = [(start, start + 63) for start in range(756, 2437, 63)]
    weights = np.broadcast_to(np.eye(4), (len(quarters), 4, 4))  # four markets at once
    foretold = quarters_foretold(returns, weights, quarters, 252, 0.0, Run(0))
    came = np.array([np.expm1(returns[start:end].sum(axis=0)) for start, end in quarters])
    assert HeldBound(foretold, came).exceeded.sum() <= 0.1 * came.size


def test_shares() -> None:
    assert share_in_market(0.1, 0.4, 0.0) == pytest.approx(0.25)
    assert share_in_market(0.0, 0.4, 0.0) == 0
    assert share_in_market(0.5, 0.4, 0.0) == 1
    assert share_in_market(0.1, -0.2, 0.0) == 1
    # what cash brings may be lost as well
    share = share_in_market(0.1, 0.4, 0.05)
    assert share * 0.4 - (1 - share) * 0.05 == pytest.approx(0.1)

"""BG/NBD and gamma-gamma: formulas against simulation, and planted parameters."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.customers.buyers import PLANTED
from tidemill.customers.bgnbd import BgNbd, GammaGamma

AGE = np.linspace(20, 39, 2000)


def test_planted_parameters_are_found() -> None:
    found = []
    for seed in range(10):
        repeats, recency, *_ = PLANTED.customers(AGE, np.random.default_rng(seed))
        one = BgNbd.fitted(repeats, recency, AGE)
        found.append((one.r, one.alpha, one.a / (one.a + one.b)))
    planted = (PLANTED.r, PLANTED.alpha, PLANTED.a / (PLANTED.a + PLANTED.b))
    assert np.allclose(np.mean(found, axis=0), planted, rtol=0.08)


@pytest.mark.parametrize("a", [0.3, 1.0, 1.8])
def test_what_is_expected_is_what_made_customers_do(a: float) -> None:
    planted = BgNbd(0.8, 5.0, a, 3.0)
    rng = np.random.default_rng(0)
    age = np.full(60_000, 30.0)
    repeats, recency, rate, stop = planted.customers(age, rng)
    came = np.minimum(rng.poisson(rate * 12.0), rng.geometric(stop))
    expected = planted.expected(repeats, recency, age, 12.0)
    active = planted.chance_active(repeats, recency, age)
    for many in (0, 1, 2, 5):
        own = repeats == many
        error = came[own].std() / np.sqrt(own.sum())
        assert abs(expected[own].mean() - came[own].mean()) < 4 * error + 1e-3
        assert abs(active[own].mean() - (rate[own] > 0).mean()) < 0.02
    drawn = planted.drawn(repeats[:2000], recency[:2000], age[:2000], 12.0, 400, rng)
    assert np.allclose(drawn.mean(), expected[:2000].mean(), rtol=0.02)


def test_a_likelihood_sums_to_one() -> None:
    # the chance of no repeat within T, against its closed form, and of any number by simulation
    age = np.full(50_000, 10.0)
    repeats, recency, *_ = PLANTED.customers(age, np.random.default_rng(1))
    none = np.exp(PLANTED.log_likelihood(np.zeros(1), np.zeros(1), np.full(1, 10.0)))[0]
    assert none == pytest.approx((PLANTED.alpha / (PLANTED.alpha + 10)) ** PLANTED.r)
    assert none == pytest.approx((repeats == 0).mean(), abs=0.01)
    assert (recency <= 10).all()


def test_who_bought_often_and_long_ago_has_left() -> None:
    often, age = np.array([10.0, 10.0]), np.array([40.0, 40.0])
    lately, long_ago = PLANTED.chance_active(often, np.array([39.0, 8.0]), age)
    assert lately > 0.9
    assert long_ago < 0.05
    # many purchases do not overflow
    many = PLANTED.chance_active(np.array([5000.0]), np.array([1.0]), np.array([500.0]))
    assert many[0] == pytest.approx(0, abs=1e-9)


def test_what_is_spent_lies_between_ones_own_mean_and_that_of_all() -> None:
    rng = np.random.default_rng(0)
    own = 15.0 / rng.gamma(4.0, 1.0, 4000)  # a mean of 5
    times = rng.integers(2, 9, 4000).astype(float)
    spent = np.array(
        [
            rng.gamma(6.0, mean / 6.0, int(many)).mean()
            for mean, many in zip(own, times, strict=True)
        ]
    )
    found = GammaGamma.fitted(times, spent)
    expected = found.expected(times, spent)
    assert expected.mean() == pytest.approx(own.mean(), rel=0.03)
    assert np.abs(expected - own).mean() < np.abs(spent - own).mean()
    drawn = found.drawn(times, spent, np.ones((300, 4000)), rng)
    assert drawn.mean() == pytest.approx(expected.mean(), rel=0.03)
    assert (found.drawn(times, spent, np.zeros((2, 4000)), rng) == 0).all()


def test_customers_who_all_do_the_same_are_fitted() -> None:
    same = BgNbd.fitted(np.full(300, 4.0), np.full(300, 20.0), np.full(300, 25.0))
    expected = same.expected(np.full(1, 4.0), np.full(1, 20.0), np.full(1, 25.0), 25.0)
    assert 2 < expected[0] < 6


def test_published_figures() -> None:
    """Of customers of CDNOW, with the parameters of Fader, Hardie and Lee (2005): 1.226 purchases
    by their note on the model in Excel, 25.76 by the vignette of the R package BTYD."""
    cdnow = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
    repeats, recency, age = np.array([2.0, 26.0]), np.array([30.43, 30.86]), np.array([38.86, 31.0])
    assert cdnow.expected(repeats, recency, age, 39.0)[0] == pytest.approx(1.226, abs=5e-4)
    assert cdnow.expected(repeats, recency, age, 52.0)[1] == pytest.approx(25.76, abs=5e-3)

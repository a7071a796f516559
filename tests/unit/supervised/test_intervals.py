from __future__ import annotations

from math import inf, isinf, sqrt

import numpy as np
import pytest
from scipy.stats import ttest_1samp
from statsmodels.stats.proportion import proportion_confint

from tidemill.supervised.intervals import corrected, paired_bootstrap, wilson
from tidemill.supervised.measures import measures


def test_without_overlap_it_is_the_usual_t_test() -> None:
    values = np.random.default_rng(0).normal(0.3, 1, 12)
    found, usual = corrected(values, 0.0), ttest_1samp(values, 0, alternative="greater")
    ends = ttest_1samp(values, 0).confidence_interval(0.95)
    assert found.p == pytest.approx(usual.pvalue)
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high))


def test_overlap_widens_it_as_the_paper_says() -> None:
    values = np.random.default_rng(0).normal(0.3, 1, 10)
    plain, overlapping = corrected(values, 0.0), corrected(values, 0.25)
    ratio = (overlapping.high - overlapping.low) / (plain.high - plain.low)
    assert ratio == pytest.approx(sqrt((1 / 10 + 1 / 4) * 10))
    assert overlapping.mean == plain.mean


@pytest.mark.parametrize(("value", "p"), [(0.0, 1.0), (-0.1, 1.0), (0.1, 0.0)])
def test_equal_differences_have_no_spread(value: float, p: float) -> None:
    assert corrected(np.full(10, value), 0.25) == (value, value, value, p)


def test_rounding_errors_are_no_gain() -> None:
    assert corrected(np.array([1e-17, 2e-17, 1e-17, 3e-17]), 0.25) == (0, 0, 0, 1)


def test_with_one_fold_nothing_is_known() -> None:
    found = corrected(np.array([0.2, np.nan]), 0.25)
    assert found.mean == 0.2
    assert isinf(found.low)
    assert found.high == inf
    assert found.p == 1


def test_it_errs_no_more_than_stated_where_folds_share_what_they_err_by() -> None:
    # the dependence that the correction is made for: correlation n_test / (n_test + n_train) = 0.2
    rng = np.random.default_rng(1)
    wrong = 0
    for _ in range(2000):
        shared, own = rng.normal(scale=sqrt(0.2)), rng.normal(scale=sqrt(0.8), size=10)
        wrong += corrected(shared + own, 0.25).low > 0
    assert 0.015 < wrong / 2000 < 0.035


def test_the_bootstrap_sees_a_clear_difference_and_none_where_there_is_none() -> None:
    rng = np.random.default_rng(0)
    truth = (np.arange(400) % 4 == 0).astype(float)
    good, bad = (
        np.clip(0.25 + strength * (truth - 0.25) + rng.normal(0, 0.2, 400), 0.01, 0.99)
        for strength in (0.4, 0.1)
    )
    first, second = (np.column_stack([1 - one, one]) for one in (good, bad))
    for measure in measures(2, truth).values():
        clear = paired_bootstrap(measure.drawn, truth, first, second, rng, classes=2, draws=400)
        assert clear.low > 0
        assert clear.p < 0.01
        assert clear.mean == pytest.approx(measure.of(truth, first) - measure.of(truth, second))
        assert paired_bootstrap(measure.drawn, truth, first, first, rng, classes=2, draws=50) == (
            0,
            0,
            0,
            1,
        )


def test_the_bootstrap_of_an_error_is_as_wide_as_theory_says() -> None:
    rng = np.random.default_rng(0)
    truth, predicted = rng.normal(size=500), np.zeros(500)
    found = paired_bootstrap(
        lambda t, p, c: c @ (t - p) / c.sum(axis=1), truth, predicted, truth, rng, classes=0
    )
    assert found.high - found.low == pytest.approx(2 * 1.96 * truth.std() / sqrt(500), rel=0.1)


@pytest.mark.parametrize(("hits", "rows"), [(45, 90), (0, 25), (20, 20)])
def test_the_interval_of_a_share_is_that_of_statsmodels(hits: int, rows: int) -> None:
    assert wilson(hits, rows) == pytest.approx(proportion_confint(hits, rows, method="wilson"))


def test_the_share_of_no_rows_may_be_any() -> None:
    assert wilson(0, 0) == (0, 1)

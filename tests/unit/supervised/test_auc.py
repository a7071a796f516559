from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tidemill.supervised.auc import auc, auc_of_draws, mean_auc


def test_auc_and_its_error() -> None:
    rng = np.random.default_rng(2)
    found = [auc(rng.normal(0.5, 1, 200), rng.normal(0, 1, 100)) for _ in range(300)]
    assert np.mean([each.error for each in found]) == pytest.approx(
        np.std([each.value for each in found]), rel=0.15
    )
    assert auc(np.ones(5), np.ones(3)).value == 0.5
    both = mean_auc(found[:2])
    assert both.value == pytest.approx((found[0].value + found[1].value) / 2)
    assert both.error < min(found[0].error, found[1].error)


@pytest.mark.parametrize("decimals", [0, 1, 8])
def test_it_is_that_of_scikit_learn_also_with_ties(decimals: int) -> None:
    rng = np.random.default_rng(3)
    positive = rng.random(80) < 0.3
    scores = np.round(rng.normal(positive, 1), decimals)
    wanted = roc_auc_score(positive, scores)
    assert auc(scores[positive], scores[~positive]).value == pytest.approx(wanted, abs=1e-15)
    assert auc_of_draws(positive, scores)(np.ones((1, 80)))[0] == pytest.approx(wanted, abs=1e-15)


def test_a_row_drawn_twice_counts_twice_and_rows_of_one_class_give_nothing() -> None:
    rng = np.random.default_rng(4)
    positive, scores = rng.random(50) < 0.5, np.round(rng.normal(size=50), 1)
    counts = rng.integers(0, 3, size=(2, 50))
    counts[1, positive] = 0
    drawn, nothing = auc_of_draws(positive, scores)(counts.astype(float))
    rows = np.repeat(np.arange(50), counts[0])
    assert drawn == pytest.approx(roc_auc_score(positive[rows], scores[rows]), abs=1e-15)
    assert np.isnan(nothing)

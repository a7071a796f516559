"""The winner in the form that imbalanced-learn and scikit-learn know."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from imblearn.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.preprocessing import StandardScaler

import tidemill as tm
from tidemill.augmentation.strategy import Step, Strategy
from tidemill.core.errors import DataError, InputError

RARE = Strategy(steps=(Step("rare"),))
PLAIN = {"effort": "plain"}


def test_it_works_in_a_pipeline_under_cross_validation() -> None:
    x, y = load_breast_cancer(return_X_y=True)
    pipeline = make_pipeline(
        tm.Sampler(RARE, options=PLAIN), StandardScaler(), LogisticRegression(max_iter=1000)
    )
    assert (
        cross_val_score(clone(pipeline), x[:, :8], y, cv=3, scoring="average_precision").min()
        > 0.95
    )


def test_types_come_back_as_they_came() -> None:
    x, y = load_breast_cancer(return_X_y=True, as_frame=True)
    x, sampler = x.iloc[:, :6], tm.Sampler(RARE, options=PLAIN, seed=3)
    frame, series = sampler.fit_resample(x, y)
    assert isinstance(frame, pd.DataFrame)
    assert isinstance(series, pd.Series)
    assert list(frame.columns) == list(x.columns)
    assert (series.dtype, series.name) == (y.dtype, y.name)
    assert abs(series.mean() - 0.5) < 0.03
    assert frame.iloc[: len(x)].reset_index(drop=True).equals(x)
    polar, label = sampler.fit_resample(pl.from_pandas(x), pl.Series("y", y.to_numpy()))
    assert isinstance(polar, pl.DataFrame)
    assert label.dtype == pl.Int64
    array, texts = sampler.fit_resample(x.to_numpy(), y.map({0: "bad", 1: "good"}).to_numpy())
    assert array.shape == (len(frame), 6)
    assert set(texts) == {"bad", "good"}


def test_weights_are_told_by_repeating_real_rows() -> None:
    x, y = load_breast_cancer(return_X_y=True)
    made, label = tm.Sampler(
        Strategy(steps=(Step("alike", 1, 1 / 3),)), options=PLAIN
    ).fit_resample(x[:, :4], y)
    assert np.array_equal(made[: len(x)], made[2 * len(x) : 3 * len(x)])
    assert 3.5 * len(x) < len(made) == len(label) <= 4 * len(x)


def test_gaps_in_the_target_are_refused() -> None:
    with pytest.raises(DataError, match="missing"):
        tm.Sampler(RARE).fit_resample(np.zeros((30, 2)), np.array([1.0, np.nan] * 15))


def test_a_stored_strategy_is_read_and_a_damaged_one_refused(tmp_path: Path) -> None:
    state = {"strategy": RARE.to_state(), "model": "trees", "options": PLAIN, "seed": 5}
    (tmp_path / "strategy.json").write_text(json.dumps(state))
    assert tm.Sampler.load(tmp_path).strategy == RARE
    (tmp_path / "strategy.json").write_text("{}")
    with pytest.raises(InputError, match="no strategy"):
        tm.Sampler.load(tmp_path)

"""The winner in the form that imbalanced-learn and scikit-learn know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from imblearn.pipeline import make_pipeline
from scipy.sparse import csr_matrix
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


@pytest.mark.parametrize(
    ("x", "y", "what"),
    [
        (np.zeros((30, 2)), None, "there is no target"),
        (np.zeros((30, 2)), np.zeros(29), r"the shape 29, and there are 30 rows"),
        (np.zeros((30, 2)), np.zeros((30, 2)), "the shape 30 x 2"),
        (csr_matrix(np.eye(30)), np.zeros(30), "sparse matrix"),
        (np.array([[1, "a"], ["b", "c"]] * 15, dtype=object), np.zeros(30), "several types"),
        (pd.DataFrame({"a": [1, "b"] * 15}), np.zeros(30), "several types"),
    ],
)
def test_what_cannot_be_used_is_said(x: Any, y: Any, what: str) -> None:
    with pytest.raises(DataError, match=what) as caught:
        tm.Sampler(RARE, options=PLAIN).fit_resample(x, y)
    assert caught.value.hint


def test_objects_and_pandas_types_come_back_as_they_came() -> None:
    rng = np.random.default_rng(0)
    y = (np.arange(120) % 5 == 0).astype(int)
    frame = pd.DataFrame(
        {
            "month": [pd.Period("2020-01", "M") + k % 12 for k in range(120)],
            "wait": pd.to_timedelta(rng.integers(0, 999, 120), unit="s"),
            "level": pd.Categorical([1, 2] * 60),
            0: rng.normal(size=120),
            "gaps": pd.Series([1, None] * 60, dtype="Int64"),
        }
    )
    made, label = tm.Sampler(RARE, options=PLAIN).fit_resample(frame, y)
    assert made.dtypes.equals(frame.dtypes)
    assert len(made) == len(label) > 120
    objects = np.array([[float(k), "ab"[k % 2]] for k in range(120)], dtype=object)
    array, _ = tm.Sampler(RARE, options=PLAIN).fit_resample(objects, y)
    assert array.dtype == object
    assert (array[:120] == objects).all()


@pytest.mark.parametrize(
    ("y", "why"),
    [
        (np.r_[np.ones(3), np.zeros(57)].astype(int), "rarest of 2 classes has 3 rows"),
        (np.arange(60) * 1.5, "60 different values"),
    ],
)
def test_that_nothing_was_generated_is_said(y: np.ndarray, why: str) -> None:
    x = np.random.default_rng(0).normal(size=(60, 2))
    with pytest.warns(UserWarning, match=why):
        made, _ = tm.Sampler(RARE, options=PLAIN).fit_resample(x, y)
    assert len(made) == 60

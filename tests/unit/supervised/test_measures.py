from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    r2_score,
    roc_auc_score,
)

from tidemill.core.errors import OptionError
from tidemill.supervised.measures import cost_measure, measures, parse_cost, primary


def chances(rows: int, classes: int, seed: int, decimals: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.permutation(np.arange(rows) % classes).astype(float)
    raw = rng.random((rows, classes)) + 0.4 * np.eye(classes)[truth.astype(int)]
    return truth, np.round(raw / raw.sum(axis=1, keepdims=True), decimals)


@given(st.integers(12, 60), st.integers(0, 999), st.sampled_from([1, 2, 8]))
def test_two_classes_agree_with_scikit_learn_also_with_ties(
    rows: int, seed: int, decimals: int
) -> None:
    truth, says = chances(rows, 2, seed, decimals)
    found = measures(2, truth)
    assert found["average_precision"].of(truth, says) == pytest.approx(
        average_precision_score(truth, says[:, 1])
    )
    assert found["roc_auc"].of(truth, says) == pytest.approx(roc_auc_score(truth, says[:, 1]))


@given(st.integers(12, 60), st.integers(3, 4), st.integers(0, 999))
def test_several_classes_agree_with_scikit_learn(rows: int, classes: int, seed: int) -> None:
    truth, says = chances(rows, classes, seed, 8)
    found = measures(classes, truth)
    one_hot = np.eye(classes)[truth.astype(int)]
    precision = average_precision_score(one_hot, says, average="macro")
    assert found["average_precision"].of(truth, says) == pytest.approx(precision)
    assert found["roc_auc"].of(truth, says) == pytest.approx(
        roc_auc_score(one_hot, says, average="macro")
    )
    prior = np.bincount(truth.astype(int)) / rows
    assert found["balanced_accuracy"].of(truth, says) == pytest.approx(
        balanced_accuracy_score(truth, (says / prior).argmax(axis=1))
    )


@given(st.integers(5, 60), st.integers(0, 999))
def test_r2_agrees_with_scikit_learn_far_from_0(rows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = 1e6 + rng.normal(size=rows)
    says = truth + rng.normal(size=rows)
    assert measures(0, truth)["r2"].of(truth, says) == pytest.approx(
        r2_score(truth, says), rel=1e-6
    )


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_a_row_that_counts_twice_is_a_row_that_stands_there_twice(classes: int) -> None:
    rng = np.random.default_rng(0)
    if classes:
        truth, says = chances(40, classes, 1, 1)
    else:
        truth, says = rng.normal(size=40), rng.normal(size=40)
    counts = rng.integers(1, 4, size=40)
    cost = {"fp": 1.0, "fn": 3.0} if classes == 2 else None
    for measure in measures(classes, truth, cost).values():
        twice = measure.of(np.repeat(truth, counts), np.repeat(says, counts, axis=0))
        assert measure.drawn(truth, says, counts[None].astype(float))[0] == pytest.approx(twice)


def test_costs_are_what_the_mistakes_cost_at_the_threshold_that_they_give() -> None:
    measure = cost_measure({"fp": 5, "fn": 45})  # threshold 0.1
    truth, says = np.array([0.0, 0, 1, 1]), np.array([0.05, 0.2, 0.08, 0.5])
    assert measure.of(truth, np.column_stack([1 - says, says])) == pytest.approx(
        1000 * (5 + 45) / 4
    )
    assert measure.gain(np.array([3.0]), np.array([5.0]))[0] == 2


def test_test_rows_of_one_class_give_nothing_rather_than_a_figure() -> None:
    truth, says = np.zeros(5), np.full((5, 2), 0.5)
    assert all(
        np.isnan(measure.of(truth, says)) for measure in measures(2, np.array([0.0, 1.0])).values()
    )


def test_the_first_measure_suits_the_target() -> None:
    assert primary(2, np.array([0.0, 0, 1])).name == "average_precision"
    assert primary(3, np.array([0.0, 1, 2])).name == "balanced_accuracy"
    assert primary(0, np.array([0.3, 1.2])).name == "r2"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fp=5",
        "fp=5,fn",
        "fp=5,fn=x",
        "fp=5,fn=2,tn=1",
        "fp=-1,fn=2",
        "fp=0,fn=0",
        "fp=nan,fn=1",
        "fp=inf,fn=1",
    ],
)
def test_costs_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(OptionError):
        parse_cost(text)


def test_costs_need_two_classes() -> None:
    assert parse_cost(" FN = 200, fp=5 ") == {"fp": 5, "fn": 200}
    with pytest.raises(OptionError, match="two classes"):
        measures(0, np.array([1.0, 2.0]), {"fp": 1, "fn": 1})

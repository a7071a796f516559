from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.unit.trials.tables import dataset, frame
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.run import Run
from tidemill.io.reading import read
from tidemill.trials.controls import as_many, class_weights, controls, repeated
from tidemill.trials.problem import problem_of
from tidemill.trials.strategies import sampler, table
from tidemill.trials.trial import Arm, TrialRows


def learned(arm: Arm, data: Dataset) -> pl.DataFrame:
    return arm.make(data, Run()).data.frame


def test_copies_of_rows_that_are_not_learned_from_are_left_out() -> None:
    train = dataset(200)
    arm = table(train, train.rows(np.tile(np.arange(200), 2)), problem_of(train), Run())
    fold = train.rows(np.arange(120))
    assert learned(arm, fold).height == 3 * 120
    assert learned(arm, fold)["x"].is_in(fold.frame["x"].implode()).all()


def test_so_are_near_copies_whatever_target_they_have() -> None:
    train = dataset(200)
    swapped = train.frame.with_columns(pl.col("x") + 1e-4, y=pl.col("y").shuffle(seed=1))
    arm = table(train, train.with_frame(swapped), problem_of(train), Run())
    fold = train.rows(np.arange(100))
    extra = learned(arm, fold)[100:]
    assert extra.height == pytest.approx(
        100, abs=3
    )  # but for those whose nearest row is another one's
    assert extra.filter((pl.col("x") - 1e-4).round(3).is_in(fold.frame["x"].implode())).height >= 97


def test_of_equal_real_rows_each_has_its_part() -> None:
    # 30 equal rows, of which the fold has 20: two thirds of their 300 copies are learned from
    one = dataset(60)
    train = one.rows(np.repeat(np.arange(2), 30))
    arm = table(train, train.rows(np.zeros(300, int)), _two_classes(train), Run())
    assert learned(arm, train.rows(np.arange(20))).height - 20 == pytest.approx(200, abs=40)


def test_equal_rows_that_say_otherwise_keep_their_copies_apart() -> None:
    one = dataset(60)
    rows = one.rows(np.zeros(20, int))
    train = rows.with_frame(
        rows.frame.with_columns(y=pl.Series(["level 0"] * 10 + ["level 1"] * 10))
    )
    arm = table(train, train.rows(np.tile(np.arange(20), 5)), problem_of(train), Run())
    extra = learned(arm, train.rows(np.arange(10)))[10:]
    assert extra["y"].unique().to_list() == ["level 0"]
    assert extra.height == 50


def _two_classes(train: Dataset) -> Any:
    return problem_of(
        train.with_frame(
            train.frame.with_columns(y=pl.Series(["level 0", "level 1"] * (len(train) // 2)))
        )
    )


def test_a_boolean_target_and_a_number_work_too() -> None:
    for data in (
        read(frame().with_columns(pl.col("y") == "level 1"), Run(), target="y"),
        dataset(120, classes=0),
    ):
        problem = problem_of(data)
        arm = table(data, data.rows(np.arange(50)), problem, Run())
        assert learned(arm, data.rows(np.arange(30))).height == pytest.approx(60, abs=3)
        assert not np.isnan(problem.coded(arm.make(data, Run()).data)).any()


class Doubling:
    """Gives back what it is given, twice, as what it was given."""

    random_state = None

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        self.seen = type(X)
        return pl.concat([X, X]), pl.concat([y, y])


def test_a_sampler_sees_a_fold_and_no_target_that_is_missing() -> None:
    train = dataset(100)
    gaps = train.with_frame(
        train.frame.with_columns(y=pl.when(pl.int_range(pl.len()) >= 10).then("y"))
    )
    made = learned(sampler(Doubling(), problem_of(train)), gaps)
    assert made.height == 180
    assert set(made.columns) == {"x", "z", "plan", "new", "y"}


def test_gaps_come_back_from_pandas_as_gaps_also_where_polars_went_in() -> None:
    from imblearn.over_sampling import RandomOverSampler

    source = frame(200).with_columns(plan=pl.when(pl.col("x") > 0).then("plan"))
    train = read(source, Run(), target="y")
    made = learned(sampler(RandomOverSampler(), problem_of(train)), train)
    assert made.height > 200
    assert made["plan"].is_null().to_list() == (made["x"] <= 0).to_list()
    assert made["z"].null_count() >= train.frame["z"].null_count()
    assert set(made["plan"].drop_nulls()) == {"solo", "team", "firm"}


def test_a_sampler_that_fails_is_told() -> None:
    from imblearn.over_sampling import SMOTE

    train = dataset(60)
    with pytest.raises(DataError, match="the sampler SMOTE failed"):
        sampler(SMOTE(), problem_of(train)).make(train, Run())


def test_samplers_of_imbalanced_learn_work_on_pandas_frames() -> None:
    from imblearn.over_sampling import SMOTENC
    from imblearn.under_sampling import RandomUnderSampler

    source = frame(200).drop("z", "new").to_pandas()
    train = read(source, Run(), target="y")
    problem = problem_of(train)
    assert train.frame_library == "pandas"
    counts = train.frame["y"].value_counts(sort=True)["count"]
    for model, rows in ((SMOTENC(["plan"]), 2 * counts[0]), (RandomUnderSampler(), 2 * counts[1])):
        first, again = (learned(sampler(model, problem), train) for _ in range(2))
        assert first.equals(again)
        assert first.height == rows
        assert first["plan"].is_in(["solo", "team", "firm"]).all()


def test_a_sampler_that_gives_back_something_else_is_told() -> None:
    class Odd:
        def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
            return X.drop("x"), y

    train = dataset(60)
    with pytest.raises(DataError, match="gave back no rows of the columns"):
        sampler(Odd(), problem_of(train)).make(train, Run())


def test_as_many_takes_each_row_equally_often() -> None:
    label, asked = np.array([0.0, 0, 0, 1, 1, np.nan]), np.array([0.0] * 7 + [1.0] + [np.nan])
    taken = as_many(label, asked, 2, np.random.default_rng(0))
    assert np.bincount(label[taken].astype(int)).tolist() == [7, 1]
    assert sorted(np.bincount(taken, minlength=6)[:3].tolist()) == [2, 2, 3]


def test_numbers_are_repeated_by_their_tenths() -> None:
    label = np.arange(100.0)
    taken = as_many(label, np.full(30, 95.0), 0, np.random.default_rng(0))
    assert len(taken) == 30
    assert label[taken].min() >= 89


def test_controls_have_the_weights_and_the_counts_that_they_say() -> None:
    train = dataset(200)
    problem = problem_of(train)
    weighted = class_weights(problem).make(train, Run())
    assert weighted.weight is not None
    sums = np.bincount(problem.label.astype(int), weighted.weight)
    assert sums[0] == pytest.approx(sums[1])
    assert weighted.weight.mean() == pytest.approx(1)
    strategy = Arm(
        "more",
        "generated",
        lambda data, run: TrialRows(data.rows(np.tile(np.arange(len(data)), 3))),
    )
    assert len(repeated(problem, strategy).make(train, Run()).data) == 600
    assert [arm.kind for arm in controls(problem, strategy)] == ["real"] * 3
    assert len(controls(problem_of(dataset(60, classes=0)), strategy)) == 2

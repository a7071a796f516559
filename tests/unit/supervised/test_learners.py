from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tests.unit.trials.tables import dataset
from tidemill.core.errors import OptionError
from tidemill.core.run import Run
from tidemill.supervised.learners import learners_of, words_of
from tidemill.supervised.measures import primary
from tidemill.trials.problem import problem_of
from tidemill.trials.trial import TrialRows, predicted, score

every_learner = pytest.mark.parametrize("learner", learners_of(()))
every_target = pytest.mark.parametrize("classes", [0, 2, 4])


@every_learner
@every_target
def test_it_learns_and_gives_the_same_again(learner: str, classes: int) -> None:
    train, test = dataset(300, classes), dataset(300, classes, seed=1)
    problem = problem_of(train)
    says, again = (
        predicted(TrialRows(train), test, learner, Run(), problem=problem) for _ in range(2)
    )
    assert np.array_equal(says, again)
    assert np.isfinite(says).all()
    assert says.shape == ((300, classes) if classes else (300,))
    if classes:
        assert says.sum(axis=1) == pytest.approx(np.ones(300))
        assert (says >= 0).all()
    measure = primary(classes, problem.label)
    value = score(TrialRows(train), test, [learner], [measure], Run(), problem=problem)[learner][
        measure.name
    ]
    assert value > {0: 0.5, 2: 0.7, 4: 0.45}[classes]


@every_learner
@every_target
def test_it_heeds_weights(learner: str, classes: int) -> None:
    """Rows of a wrong target that weigh next to nothing do next to no harm."""
    train, test = dataset(300, classes), dataset(300, classes, seed=1)
    problem = problem_of(train)
    wrong = train.frame.with_columns(pl.col("y").shuffle(seed=1))
    both = replace(train, frame=pl.concat([train.frame, wrong, wrong]))
    measure = primary(classes, problem.label)
    values = [
        score(TrialRows(both, weight), test, [learner], [measure], Run(), problem=problem)[learner][
            measure.name
        ]
        for weight in (np.repeat([1.0, 1e-3, 1e-3], 300), np.ones(900))
    ]
    assert values[0] > values[1] + 0.05


@every_learner
def test_it_copes_with_few_rows_levels_never_seen_and_columns_without_values(learner: str) -> None:
    train = dataset(30)
    test = dataset(50, seed=1)
    odd = test.frame.with_columns(plan=pl.lit("never seen"), z=pl.lit(None, pl.Float64))
    says = predicted(
        TrialRows(train), test.with_frame(odd), learner, Run(), problem=problem_of(train)
    )
    assert np.isfinite(says).all()


@every_learner
def test_a_class_that_was_never_shown_has_no_chance_and_one_alone_is_certain(learner: str) -> None:
    train = dataset(200, 4)
    problem = problem_of(train)
    two = train.rows(np.isin(problem.label, [0, 2]))
    says = predicted(TrialRows(two), train, learner, Run(), problem=problem)
    assert (says[:, [1, 3]] == 0).all()
    assert (says[:, [0, 2]] > 0).any(axis=0).all()
    alone = predicted(
        TrialRows(train.rows(problem.label == 1)), train, learner, Run(), problem=problem
    )
    assert (alone == np.eye(4)[1]).all()


def test_an_unknown_learner_is_told() -> None:
    assert words_of("boosting") == "boosted trees"
    with pytest.raises(OptionError, match="no learner called 'boost'"):
        words_of("boost")

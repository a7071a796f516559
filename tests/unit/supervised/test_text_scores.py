from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tests.unit.supervised.texts import reviews
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.supervised.arrays import features
from tidemill.supervised.auc import auc
from tidemill.supervised.learners import learners_of
from tidemill.supervised.points import learn_embedding, nearest
from tidemill.supervised.text_scores import FOLDS, text_folds, with_text_scores
from tidemill.trials.problem import problem_of
from tidemill.trials.trial import TrialRows, predicted

TRAIN, TEST = 900, 400


def reached(truth: str, learner: str, run: Run | None = None) -> float:
    """The AUC of a learner on rows that it has not seen."""
    train, test = reviews(TRAIN, truth), reviews(TEST, truth, seed=1)
    problem = problem_of(train)
    says = predicted(TrialRows(train), test, learner, run or Run(), problem=problem)
    code = problem.coded(test)
    return auc(says[code == 1, 1], says[code == 0, 1]).value


@pytest.mark.parametrize("learner", learners_of("rows"))
def test_a_word_that_decides_is_found_by_every_learner(learner: str) -> None:
    assert reached("a word", learner) > 0.93


@pytest.mark.parametrize("learner", ["boosting", "perceptron"])
def test_a_word_and_a_number_together(learner: str) -> None:
    assert reached("a word and a number", learner) > 0.87


def test_trees_find_a_word_that_turns_what_a_number_says() -> None:
    assert reached("a word turns a number", "boosting") > 0.9


@pytest.mark.parametrize("learner", learners_of("rows"))
def test_threads_change_nothing(learner: str) -> None:
    train, test = reviews(200, "a word"), reviews(50, "a word", seed=1)
    problem = problem_of(train)
    once, again = (
        predicted(TrialRows(train), test, learner, Run(threads=threads), problem=problem)
        for threads in (1, 3)
    )
    assert np.array_equal(once, again)


@pytest.mark.parametrize("learner", learners_of("rows"))
@pytest.mark.parametrize("missing", ["some", "all", "all of one side"])
def test_missing_texts_are_no_trouble(learner: str, missing: str) -> None:
    train, test = reviews(120, "a word"), reviews(40, "a word", seed=1)
    every = pl.int_range(pl.len()) % 3 == 0 if missing == "some" else pl.lit(True)
    gap = pl.when(every).then(None).otherwise("review").alias("review")
    if missing != "all of one side":
        train = train.with_frame(train.frame.with_columns(gap))
    test = test.with_frame(test.frame.with_columns(gap.cast(pl.String)))
    says = predicted(TrialRows(train), test, learner, Run(), problem=problem_of(train))
    assert np.isfinite(says).all()
    assert says.sum(axis=1) == pytest.approx(np.ones(40))


@pytest.mark.parametrize("learner", learners_of("rows"))
def test_a_number_and_several_classes_are_learned_from_texts_alone(learner: str) -> None:
    rng = np.random.default_rng(0)
    kind = rng.integers(4, size=800)
    texts = [
        f"w{a} w{b} kind{k} w{c}"
        for a, b, k, c in zip(
            *rng.integers(9, size=(2, 800)), kind, rng.integers(9, size=800), strict=True
        )
    ]
    frame = pl.DataFrame({"text": texts, "y": kind + 0.1 * rng.normal(size=800)})
    number = Dataset(
        frame, Schema((Column("text", "text"), Column("y", "number", "target", dtype="Float64")))
    )
    said = predicted(
        TrialRows(number.rows(np.arange(600))), number.rows(np.arange(600, 800)), learner, Run()
    )
    assert np.corrcoef(said, frame["y"][600:])[0, 1] > 0.9
    classes = Dataset(
        frame.with_columns(y=pl.Series(kind.astype(str))),
        Schema((Column("text", "text"), Column("y", "category", "target"))),
    )
    train, test = classes.rows(np.arange(600)), classes.rows(np.arange(600, 800))
    problem = problem_of(train)
    says = predicted(TrialRows(train), test, learner, Run(), problem=problem)
    assert (says.argmax(axis=1) == problem.coded(test)).mean() > 0.95


def test_a_row_is_not_scored_by_its_own_label_nor_by_that_of_its_copy() -> None:
    data = reviews(300, "a word")
    rng = np.random.default_rng(0)
    chance = data.frame.with_columns(label=pl.Series(rng.permutation(data["label"].to_numpy())))
    twice = replace(data, frame=pl.concat([chance, chance]))
    layout, (rows,) = features((twice,), [twice.schema["review"]])
    label = (twice["label"] == "yes").to_numpy().astype(float)
    scored, seen, _ = with_text_scores(layout, rows, label, None, rows, 2, Run())
    assert scored.numbers == ("score 0 of texts",)
    assert scored.gaps == (False,)
    by_chance = auc(seen.numbers[label == 1, 0], seen.numbers[label == 0, 0])
    assert by_chance.interval[0] < 0.55
    assert rows.texts is not None
    fold = text_folds(rows.texts, label, 2, np.random.default_rng(0))
    assert np.array_equal(fold[:300], fold[300:])
    assert np.bincount(fold, minlength=FOLDS).min() > 100


def test_a_text_with_another_word_is_nearest_to_what_it_was_made_from() -> None:
    train = reviews(300, "a word")
    changed = train.frame.with_columns(pl.col("review").str.replace(r"^\S+", "another"))
    layout, (real, made) = features((train, train.with_frame(changed)), train.schema.texts)
    embed = learn_embedding(layout, real, Run())
    found, distance = nearest(embed(made), embed(real), Run())
    assert (found == np.arange(300)).mean() > 0.99
    assert 0 < distance.max() < 0.6
    assert nearest(embed(real), embed(real), Run())[1].max() == 0


def test_tables_without_texts_have_none() -> None:
    data = reviews(20, "a word")
    layout, (rows,) = features((data,))
    assert layout.names == ("x", "label")
    assert rows.texts is None
    assert rows.common is None
    assert with_text_scores(layout, rows, np.ones(20), None, rows, 2, Run())[1] is rows

"""Verdicts on images: a convolutional network learns from the column of images, and from nothing
else."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_digits

import tidemill as tm
from tests.unit.trials.tables import dataset
from tidemill.core.dataset import Dataset
from tidemill.core.errors import OptionError
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.imaging.pixels import images
from tidemill.supervised import learners
from tidemill.supervised.learners import LEARNERS, learners_of
from tidemill.trials.controls import class_weights
from tidemill.trials.problem import problem_of
from tidemill.trials.strategies import table
from tidemill.trials.trial import TrialRows, predicted
from tidemill.trials.verdict import verdict

pytest.importorskip("torch")


def digits(rows: slice) -> Dataset:
    """Handwritten threes and eights."""
    found = load_digits()
    chosen = np.flatnonzero(np.isin(found.target, (3, 8)))[rows]
    frame = pl.DataFrame(
        [
            images("image", (found.images[chosen] * 15).astype(np.uint8)),
            pl.Series("label", [str(label) for label in found.target[chosen]]),
        ]
    )
    return Dataset(
        frame,
        Schema((Column("image", "image"), Column("label", "category", role="target"))),
        name="digits",
    )


REAL, OTHER, HELD = digits(slice(0, 120)), digits(slice(120, 200)), digits(slice(200, None))


@pytest.fixture(autouse=True)
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learners, "IMAGE_STEPS", 40)


@pytest.mark.parametrize("learner", LEARNERS.for_modality("images"))
def test_a_learner_of_images_tells_digits_apart(learner: str) -> None:
    problem = problem_of(REAL)
    says, again = (
        predicted(TrialRows(REAL), HELD, learner, Run(threads=1), problem=problem) for _ in range(2)
    )
    assert np.array_equal(says, again)
    assert says.sum(axis=1) == pytest.approx(np.ones(len(HELD)))
    assert (says.argmax(axis=1) == problem.coded(HELD)).mean() > 0.8


def test_images_that_weigh_next_to_nothing_do_next_to_no_harm() -> None:
    problem = problem_of(REAL)
    wrong = OTHER.with_frame(OTHER.frame.with_columns(pl.lit(problem.classes[0]).alias("label")))
    both = REAL.with_frame(pl.concat([REAL.frame, wrong.frame]))
    weight = np.concatenate([np.ones(len(REAL)), np.full(len(OTHER), 1e-6)])
    says = predicted(
        TrialRows(both, weight), HELD, "convolutional", Run(threads=1), problem=problem
    )
    assert (says.argmax(axis=1) == problem.coded(HELD)).mean() > 0.8
    assert class_weights(problem).make(REAL, Run()).weight is not None


def test_images_learn_by_their_own_learner_and_tables_by_theirs() -> None:
    assert learners_of(REAL.schema.modality) == ("convolutional",)
    assert learners_of(dataset().schema.modality) == LEARNERS.for_modality("rows")
    with pytest.raises(OptionError, match="'boosting' is not for images"):
        verdict(REAL, OTHER, Run(threads=1), learners=["boosting"])
    with pytest.raises(OptionError, match="'convolutional' is not for tables"):
        verdict(dataset(), dataset(), Run(threads=1), learners=["convolutional"])


def test_a_copy_of_an_image_is_learned_from_only_where_the_image_is() -> None:
    arm = table(REAL, REAL, problem_of(REAL), Run(threads=1))
    half = REAL.rows(np.arange(60))
    assert len(arm.make(half, Run()).data) == 120
    assert arm.make(half, Run()).data.frame["image"].dtype == REAL.frame["image"].dtype


def test_a_verdict_on_images_is_made_on_held_out_ones_in_both_measures() -> None:
    found = tm.verdict(REAL, OTHER, holdout=HELD, metric="balanced_accuracy", run=Run(1, threads=1))
    assert found.learner == "convolutional"
    assert found.low <= found.gain <= found.high
    assert {c.measure for c in found.contrasts} >= {"balanced_accuracy", "average_precision"}
    whole = next(c for c in found.contrasts if c.share == 1)
    assert whole.value > 0.8
    assert whole.reference > 0.8
    assert found.helps == (found.low > 0)


def test_mislabelled_images_are_never_found_of_use() -> None:
    swapped = OTHER.with_frame(
        OTHER.frame.with_columns(pl.col("label").replace({"3": "8", "8": "3"}))
    )
    found = verdict(
        REAL,
        swapped,
        Run(1, threads=1),
        holdout=HELD,
        shares=(1.0,),
        splits=3,
        repeats=1,
        metric="balanced_accuracy",
    )
    assert not found.helps
    assert found.gain < 0


def test_the_loop_and_recipes_refuse_images_in_a_sentence() -> None:
    with pytest.raises(OptionError, match="the loop is not for images"):
        tm.loop(REAL, rounds=1)
    with pytest.raises(OptionError, match="the recipe 'churn' is not for images"):
        tm.recipe("churn", REAL)

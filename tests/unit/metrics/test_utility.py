from __future__ import annotations

import polars as pl
import pytest

from tests.unit.supervised.texts import reviews
from tidemill.core.run import Run
from tidemill.core.score import Evidence
from tidemill.metrics.utility import utility


def test_texts_that_tell_the_target_count_and_made_up_words_are_of_no_use() -> None:
    train, holdout = reviews(600, "a word"), reviews(300, "a word", seed=1)
    shuffled = train.with_frame(train.frame.with_columns(pl.col("review").shuffle(seed=1)))
    true, *_ = utility(Evidence(train, holdout, reviews(600, "a word", seed=2), shuffled), Run())
    assert true.ceiling == pytest.approx(0.97, abs=0.03)
    assert true.value == pytest.approx(true.ceiling, abs=0.02)
    assert true.floor == pytest.approx(0.5, abs=0.07)
    useless, *_ = utility(Evidence(train, holdout, shuffled, shuffled), Run())
    assert useless.value == pytest.approx(0.5, abs=0.08)


def test_rows_of_another_maker_without_texts_are_compared_by_what_they_have() -> None:
    train, holdout = reviews(600, "a word"), reviews(300, "a word", seed=1)
    bare = train.select(["x", "label"])
    score, *_ = utility(Evidence(train, holdout, bare, train), Run())
    assert score.ceiling == pytest.approx(0.5, abs=0.08)

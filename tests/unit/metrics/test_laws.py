"""Real rows score like the ceiling, unrelated columns like the floor, and copies are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tidemill.auditing.attacking import attack
from tidemill.auditing.closeness import CLOSENESS
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.core.score import Evidence, Score, Scores
from tidemill.metrics import METRICS
from tidemill.metrics.detection import BY_TREES
from tidemill.metrics.evaluate import evaluate
from tidemill.metrics.pairs import RANKS, TRENDS
from tidemill.metrics.utility import MEAN

TELLING = (TRENDS, RANKS, BY_TREES, "coverage", MEAN)
"""Scores whose floor and ceiling lie far apart where columns are related."""


@pytest.fixture(scope="module")
def scored(evidence: Callable[..., Evidence]) -> dict[str, Scores]:
    return {kind: evaluate(evidence(kind), Run(seed=7)) for kind in ("real", "unrelated", "copy")}


@pytest.mark.parametrize("name", TELLING)
def test_another_real_sample_reaches_the_ceiling(scored: dict[str, Scores], name: str) -> None:
    reach = scored["real"][name].reach
    assert reach is not None
    assert abs(reach - 1) < 0.12


@pytest.mark.parametrize("name", TELLING)
def test_unrelated_columns_stay_on_the_floor(scored: dict[str, Scores], name: str) -> None:
    reach = scored["unrelated"][name].reach
    assert reach is not None
    assert abs(reach) < 0.35


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("column shapes", 0.95),
        ("missing values", 0.95),
        ("category levels covered", 1.0),
        ("tails covered", 0.6),
    ],
)
def test_both_have_the_right_single_columns(
    scored: dict[str, Scores], name: str, least: float
) -> None:
    for kind in ("real", "unrelated"):
        assert value(scored[kind][name]) >= least


def test_real_rows_are_detected_within_noise_only(scored: dict[str, Scores]) -> None:
    score = scored["real"][BY_TREES]
    assert score.interval is not None
    assert score.interval[0] < 0.53
    assert value(score) < 0.55


def test_privacy_is_kept_by_real_and_unrelated_rows(scored: dict[str, Scores]) -> None:
    assert scored["real"].light in ("green", "not known")
    for name in (CLOSENESS, "exact and near copies"):  # values that one row has single it out
        assert scored["unrelated"][name].light in ("green", "not known")


def test_copies_are_told(scored: dict[str, Scores]) -> None:
    scores = scored["copy"]
    assert scores.light == "red"
    assert value(scores[CLOSENESS]) == pytest.approx(1, abs=0.06)
    assert scores.verdict.startswith("Red: the synthetic rows give away those learned from")


def test_every_score_says_something(scored: dict[str, Scores]) -> None:
    for score in scored["real"]:
        assert score.metric in METRICS
        if score.value is None:
            assert score.why
            continue
        assert score.sentence.endswith(".")
        assert score.floor is not None
        assert score.ceiling is not None
        assert np.isfinite([score.value, score.floor, score.ceiling]).all()


def test_columns_follow_the_worst_first(scored: dict[str, Scores]) -> None:
    columns = [score for score in scored["real"].of("marginals") if score.column]
    assert {score.column for score in columns} == {"age", "fee", "plan", "sex", "since", "churn"}
    values = [value(score) for score in columns]
    assert values == sorted(values)


def test_the_same_seed_gives_the_same_scores(evidence: Callable[..., Evidence]) -> None:
    once, again = (
        evaluate(evidence("unrelated"), Run(seed=3, threads=threads)) for threads in (1, 2)
    )
    assert once.to_state() == again.to_state()


def test_noise_on_training_rows_is_still_copying(
    evidence: Callable[..., Evidence], run: Run
) -> None:
    mine = evidence("copy")
    rng = np.random.default_rng(0)
    fee = mine.train.frame["fee"] + pl.Series(rng.normal(0, 0.5, len(mine.train)))
    noisy = mine.train.with_frame(mine.train.frame.with_columns(fee.alias("fee")))
    scores = evaluate(replace(mine, synthetic=noisy), run, ["privacy"])
    assert scores["exact and near copies"].figures["exact"] < 0.2  # only rows without a fee are
    assert scores.light == "red"


def test_real_halves_of_magic(real: Callable[[str], pl.DataFrame], run: Run) -> None:
    frame = real("magic/magic.parquet").sample(6000, seed=1)
    schema = Schema(
        tuple(
            Column(
                name,
                "category" if name == "class" else "number",
                "target" if name == "class" else "feature",
            )
            for name in frame.columns
        )
    )
    train, holdout, synthetic = (Dataset(frame[k : k + 2000], schema) for k in (0, 2000, 4000))
    rng = np.random.default_rng(0)
    floor = train.with_frame(
        pl.DataFrame({n: train.frame[n][rng.permutation(2000)] for n in frame.columns})
    )
    scores = evaluate(Evidence(train, holdout, synthetic, floor, attack=attack), run)
    for name in TELLING:
        assert scores[name].reach == pytest.approx(1, abs=0.1)
    assert "pass for real" in scores.verdict
    # whether one exact value in a hundred rows is a real one's cannot be told of such columns
    assert scores.light in ("green", "not known"), scores.verdict


def value(score: Score) -> float:
    assert score.value is not None, score.why
    return score.value


@pytest.mark.slow
def test_sampling_inside_a_metric_is_said(evidence: Callable[..., Evidence]) -> None:
    large = evidence("real", train=210_000, holdout=105_000)
    names = [name for name in METRICS.chosen("rows") if name != "findings"]
    for score in evaluate(large, Run(seed=7), names).overall():
        said = "sampled rows" in score.sentence or "models from 10,000 rows" in score.sentence
        assert said or score.metric == "privacy", score.name

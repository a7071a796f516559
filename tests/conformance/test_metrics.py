"""Laws of every registered metric."""

from __future__ import annotations

import json
import math
from functools import cache

import numpy as np
import polars as pl
import pytest

from tests.conformance.tables import business, dataset
from tidemill.auditing.attacking import attack
from tidemill.core.artifact import finite
from tidemill.core.dataset import Dataset
from tidemill.core.finding import Findings
from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.metrics import METRICS, OF_TEXTS


def evidence(frames: list[pl.DataFrame], target: str | None = "churn") -> Evidence:
    whole = dataset(pl.concat(frames), target)
    ends = np.cumsum([frame.height for frame in frames])
    parts = [
        whole.rows(np.arange(end - frame.height, end))
        for frame, end in zip(frames, ends, strict=True)
    ]
    return Evidence(*parts, found=Findings(), mine=lambda one, other: Findings(), attack=attack)


def shuffled(frame: pl.DataFrame) -> pl.DataFrame:
    return pl.DataFrame([column.shuffle(seed=k) for k, column in enumerate(frame)])


def scores(name: str, what: Evidence) -> list[Score]:
    return list(METRICS.load(name)(what, Run()))


REAL = [business(300, seed) for seed in range(3)]
USUAL = evidence([*REAL, shuffled(REAL[0])])


@cache
def usual(name: str) -> list[Score]:
    return scores(name, USUAL)


@cache
def poor() -> list[Evidence]:
    """Few rows, constant and empty columns, levels that were never seen, no target."""
    tiny = [frame.head(12) for frame in REAL]
    constant = [
        frame.with_columns(pl.lit("x").alias("churn"), pl.lit(3).alias("age")) for frame in REAL
    ]
    empty = [frame.with_columns(pl.lit(None, pl.Float64).alias("fee")) for frame in REAL]
    new_levels = [*REAL[:2], REAL[2].with_columns(pl.lit("never seen").alias("plan"))]
    return [
        evidence([*frames, shuffled(frames[0])], target)
        for frames, target in (
            (tiny, "churn"),
            (constant, "churn"),
            (empty, "churn"),
            (new_levels, "churn"),
            (REAL, None),
        )
    ]


@cache
def as_bad_as_the_floor() -> Evidence:
    bad = shuffled(REAL[0])
    return evidence([REAL[0], REAL[1], bad, bad])


@pytest.mark.parametrize("name", METRICS.for_modality("rows"))
def test_scores_are_finite_or_say_why(name: str) -> None:
    for score in usual(name):
        assert score.metric == name
        if score.value is None:
            assert score.why
        else:
            assert math.isfinite(score.value)
            assert score.sentence
        json.dumps(finite(score.to_state()), allow_nan=False)


@pytest.mark.parametrize("name", METRICS.for_modality("rows"))
def test_the_same_every_time(name: str) -> None:
    one, other = usual(name), scores(name, USUAL)
    assert [score.to_state() for score in one] == [score.to_state() for score in other]


@pytest.mark.parametrize("name", METRICS.for_modality("rows"))
def test_poor_evidence_is_no_crash(name: str) -> None:
    for what in poor():
        for score in scores(name, what):
            assert score.value is not None or score.why


def overall(name: str, what: Evidence) -> dict[str, Score]:
    return {
        score.name: score
        for score in scores(name, what)
        if score.column is None and score.value is not None
    }


OTHER_FLOORS = {"parity", "findings", *OF_TEXTS}
"""Metrics whose floor is not the one of the columns apart: texts are judged by their words."""


@pytest.mark.parametrize("name", sorted(set(METRICS.for_modality("rows")) - OTHER_FLOORS))
def test_the_floor_is_its_own_floor(name: str) -> None:
    """Columns shuffled apart, in the place of synthetic rows, score what the floor scores, give or
    take chance."""
    for score in overall(name, as_bad_as_the_floor()).values():
        if score.floor is not None:
            assert score.value == pytest.approx(score.floor, abs=0.12), score.name


def test_copies_of_training_rows_are_noticed() -> None:
    numbers = [frame.drop("note", "customer_id") for frame in REAL]
    copied = evidence([numbers[0], numbers[1], numbers[0], shuffled(numbers[0])])
    honest = evidence([numbers[0], numbers[1], numbers[2], shuffled(numbers[0])])
    lights = {score.name: score.light for score in overall("privacy", copied).values()}
    assert set(lights.values()) == {"red"}, lights
    assert not {"amber", "red"} & {score.light for score in overall("privacy", honest).values()}


@pytest.mark.parametrize("name", ["nearest", "membership", "closeness", "copies"])
def test_privacy_is_found_by_its_other_names(name: str) -> None:
    assert list(METRICS.chosen("rows", [name])) == ["privacy"]


def test_datasets_know_their_metrics() -> None:
    assert isinstance(USUAL.train, Dataset)
    assert {
        "marginals",
        "pairs",
        "detection",
        "coverage",
        "utility",
        "privacy",
        "findings",
    } <= set(METRICS)

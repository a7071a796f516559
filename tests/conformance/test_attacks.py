"""Laws of every registered attack."""

from __future__ import annotations

import json
import math
from functools import cache

import numpy as np
import polars as pl
import pytest

from tests.conformance.tables import business, dataset
from tidemill.auditing import ATTACKS
from tidemill.auditing.attacking import evidence
from tidemill.auditing.base import AttackData
from tidemill.auditing.setup import attack_data
from tidemill.core.artifact import finite
from tidemill.core.dataset import Dataset
from tidemill.core.leak import Leak
from tidemill.core.light import LIGHTS
from tidemill.core.run import Run
from tidemill.core.split import split
from tidemill.synthesis.synthesizer import Synthesizer


def staged(
    frame: pl.DataFrame, made: str = "independent", target: str | None = "churn", canaries: int = 40
) -> AttackData:
    """Rows of a model, or the training rows themselves, beside their training and holdout rows."""
    train, holdout = split(dataset(frame, target), Run())
    model = Synthesizer.fit(train, Run(), "independent")
    rows: Dataset = (
        train if made == "training rows" else model.sample_dataset(len(train), run=Run())
    )
    train, holdout = (part.select(rows.schema.names) for part in (train, holdout))
    return attack_data(evidence(train, holdout, rows, None, Run()), Run(), model, canaries)


def leaks(name: str, what: AttackData) -> list[Leak]:
    return list(ATTACKS.load(name)(what, Run()))


USUAL, PUBLISHED = staged(business(900)), staged(business(900), "training rows")


@cache
def usual(name: str) -> list[Leak]:
    return leaks(name, USUAL)


@cache
def published(name: str) -> list[Leak]:
    return leaks(name, PUBLISHED)


@cache
def poor() -> dict[str, AttackData]:
    """Few rows, constant and empty columns, levels that only one table has, few columns."""
    rows = business(400)
    tables = {
        "few": rows.head(80),
        "constant": rows.with_columns(pl.lit(3).alias("age"), pl.lit("x").alias("plan")),
        "missing": rows.with_columns(pl.lit(None, pl.Float64).alias("fee")),
        "two columns": rows.select("age", "churn"),
        "one category": rows.select("plan", "churn"),
        "all alike": pl.DataFrame({"a": ["x"] * 200, "churn": ["y", "n"] * 100}),
    }
    return {what: staged(frame) for what, frame in tables.items()}


@cache
def wide() -> AttackData:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({f"c{k}": rng.normal(size=300).round(2) for k in range(60)}).with_columns(
        pl.Series("churn", rng.choice(["y", "n"], 300)),
        pl.Series("many", [f"v{k}" for k in rng.integers(0, 150, 300)]),
    )
    return staged(frame)


@pytest.mark.parametrize("name", ATTACKS)
def test_leaks_are_finite_or_say_why(name: str) -> None:
    found = usual(name)
    assert found
    for leak in found:
        assert leak.attack == leak.score.metric == name
        assert leak.light in LIGHTS
        assert 0 < leak.limit < 1
        json.dumps(finite(leak.to_state()), allow_nan=False)
        if leak.score.value is None:
            assert leak.light == "not known"
            assert leak.score.why
        else:
            assert leak.score.sentence
            assert leak.reason
            assert leak.score.interval is not None
            assert leak.score.interval[0] <= leak.score.value <= leak.score.interval[1]
            assert leak.score.ceiling == 1
            assert math.isfinite(leak.score.figures["could_have_missed"])


@pytest.mark.parametrize("name", ATTACKS)
def test_the_same_every_time(name: str) -> None:
    one, other = usual(name), leaks(name, USUAL)
    assert [leak.to_state() for leak in one] == [leak.to_state() for leak in other]
    assert all(np.array_equal(a.exposed, b.exposed) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("name", ATTACKS)
def test_rows_that_cannot_leak_raise_no_alarm(name: str) -> None:
    assert {leak.light for leak in usual(name)} <= {"green", "not known"}


@pytest.mark.parametrize("name", sorted(set(ATTACKS) - {"canaries"}))
def test_published_training_rows_are_red(name: str) -> None:
    found = published(name)
    assert {leak.light for leak in found} == {"red"}
    for leak in found:
        assert leak.score.value == pytest.approx(1, abs=0.4)
        assert len(leak.exposed) == 0 or leak.why
        assert set(leak.exposed) <= set(PUBLISHED.train.places)


@pytest.mark.parametrize("name", ATTACKS)
def test_a_green_light_rules_out_a_red_leak(name: str) -> None:
    for leak in (*usual(name), *published(name)):
        if leak.light == "green":
            assert leak.score.interval is not None
            assert leak.score.interval[1] < leak.limit


@pytest.mark.parametrize("name", ATTACKS)
def test_nothing_to_find_by_is_not_known_or_green(name: str) -> None:
    for what, data in poor().items():
        found = leaks(name, data)
        assert {leak.light for leak in found} <= {"green", "not known"}, what


@pytest.mark.parametrize("name", ATTACKS)
def test_wide_and_unlike_sizes(name: str) -> None:
    assert {leak.light for leak in leaks(name, wide())} <= {"green", "not known"}


def test_the_registry_lists_all() -> None:
    assert set(ATTACKS) >= {
        "membership",
        "inference",
        "singling-out",
        "copies",
        "outliers",
        "canaries",
    }

"""Laws of every registered mining technique."""

from __future__ import annotations

import json

import polars as pl
import pytest

from tests.conformance.tables import business, dataset, independent
from tidemill.core.artifact import finite
from tidemill.core.finding import Finding
from tidemill.core.run import Run
from tidemill.core.split import split
from tidemill.mining import TECHNIQUES


def found(name: str, frame: pl.DataFrame, target: str | None, seed: int = 0) -> list[Finding]:
    train, holdout = split(dataset(frame, target), Run(seed))
    return list(TECHNIQUES.load(name)(train, holdout, Run(seed)))


@pytest.mark.parametrize("name", TECHNIQUES.for_modality("rows"))
def test_findings_are_complete(name: str) -> None:
    frame = business(800)
    for finding in found(name, frame, "churn"):
        assert finding.technique == name
        assert finding.sentence.strip().endswith((".", "%"))
        assert finding.measure
        assert 0 <= finding.support <= 800
        assert set(finding.columns) <= set(frame.columns)
        assert finding.condition.mask(frame).len() == 800
        if finding.interval:
            assert finding.interval[0] <= finding.strength <= finding.interval[1]
        if finding.p_value is not None:
            assert 0 <= finding.p_value <= 1
        json.dumps(finite(finding.to_state()), allow_nan=False)


@pytest.mark.parametrize("name", TECHNIQUES.for_modality("rows"))
def test_the_same_every_time(name: str) -> None:
    one, other = ([f.to_state() for f in found(name, business(400), "churn")] for _ in range(2))
    assert one == other


@pytest.mark.parametrize("name", TECHNIQUES.for_modality("rows"))
@pytest.mark.parametrize("seed", range(3))
def test_noise_gives_nothing(name: str, seed: int) -> None:
    assert found(name, independent(900, seed), "target", seed) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", TECHNIQUES.for_modality("rows"))
def test_noise_gives_nothing_at_any_size(name: str) -> None:
    for seed in range(10):
        assert (
            found(name, independent((300, 2000, 12_000)[seed % 3], 100 + seed), "target", seed)
            == []
        )


@pytest.mark.parametrize("name", TECHNIQUES.for_modality("rows"))
@pytest.mark.parametrize(
    "frame",
    [
        business(25),
        business(60).select("plan", "churn"),
        business(60).select("churn"),
        business(60).with_columns(pl.lit(1).alias("age"), pl.lit(None, pl.String).alias("plan")),
    ],
    ids=["25 rows", "two columns", "one column", "constant and missing columns"],
)
def test_poor_tables_are_no_crash(name: str, frame: pl.DataFrame) -> None:
    for target in ("churn", None):
        for finding in found(name, frame, target):
            assert finding.sentence


def test_what_is_there_is_found() -> None:
    frame = business(3000)
    by_name = {name: found(name, frame, "churn") for name in ("drivers", "rules")}
    assert any("age" in finding.columns for finding in by_name["drivers"])
    assert any("age" in finding.columns for finding in by_name["rules"])

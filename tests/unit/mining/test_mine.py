"""What holds of all techniques together: silence on noise, sense on anything."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.unit.mining.tables import customers, halves, independent, table
from tidemill.core.errors import OptionError
from tidemill.core.run import Event, Run
from tidemill.core.schema import Kind
from tidemill.mining.mine import mine

TARGETS = ("yes or no", "rarely yes", "classes", "number", None)


@pytest.mark.parametrize("seed", range(10))
def test_unrelated_columns_give_nothing(seed: int) -> None:
    rows = (500, 1500)[seed % 2]
    assert mine(*independent(rows, seed, TARGETS[seed % 5]), Run(seed)) == ()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 30))
def test_many_unrelated_columns_of_many_rows_give_nothing(seed: int) -> None:
    assert mine(*independent((3000, 20_000)[seed % 2], seed, TARGETS[seed % 5]), Run(seed)) == ()


def test_findings_keep_the_contract() -> None:
    train, holdout = halves(customers())
    found = mine(train, holdout, Run())
    assert {finding.technique for finding in found} >= {"drivers", "segments", "rules"}
    json.dumps(found.to_state(), allow_nan=False)
    for finding in found:
        assert finding.sentence.endswith((".", "?"))
        assert np.isfinite(finding.strength)
        assert finding.measure
        assert 0 <= finding.support <= len(holdout)
        assert set(finding.columns) <= set(train.schema.names)
        assert finding.table or finding.picture
        if finding.interval:
            assert finding.interval[0] <= finding.strength <= finding.interval[1]
        for picture in filter(None, [finding.picture]):
            assert all(len(values) == len(picture.x) for _, values in picture.series)
        for shown in filter(None, [finding.table]):
            assert all(len(row) == len(shown.columns) for row in shown.rows)


def test_the_same_seed_gives_the_same_findings() -> None:
    train, holdout = halves(customers(1000))
    one, two = (mine(train, holdout, Run(5)).to_state() for _ in range(2))
    assert one == two


def test_one_technique_alone_and_its_progress() -> None:
    events: list[Event] = []
    found = mine(*halves(customers()), Run(listener=events.append), techniques=["segments"])
    assert {finding.technique for finding in found} == {"segments"}
    assert next(event.kind for event in events if event.stage == "mine") == "start"
    with pytest.raises(OptionError):
        mine(*halves(customers(200)), Run(), techniques=["segment"])


RNG = np.random.default_rng(0)
ODD_TABLES: dict[str, tuple[dict[str, Any], dict[str, Kind]]] = {
    "25 rows": (
        {"x": RNG.normal(size=25), "t": RNG.choice(["a", "b"], 25)},
        {"x": "number", "t": "boolean"},
    ),
    "nothing but missing": (
        {
            "x": pl.Series([None] * 400, dtype=pl.Float64),
            "t": pl.Series([None] * 400, dtype=pl.String),
        },
        {"x": "number", "t": "category"},
    ),
    "constant": (
        {"x": [1.0] * 400, "c": ["k"] * 400, "t": RNG.choice(["a", "b"], 400)},
        {"x": "number", "c": "category", "t": "boolean"},
    ),
    "5,000 levels": (
        {
            "c": [f"L{k}" for k in RNG.integers(5000, size=6000)],
            "x": RNG.normal(size=6000),
            "t": RNG.choice(["a", "b"], 6000),
        },
        {"c": "category", "x": "number", "t": "boolean"},
    ),
    "infinities": (
        {
            "x": [np.inf, -np.inf] * 300,
            "y": np.where(RNG.random(600) < 0.01, np.inf, RNG.normal(size=600)),
            "t": np.where(RNG.random(600) < 0.01, -np.inf, RNG.normal(size=600)),
        },
        {"x": "number", "y": "number", "t": "number"},
    ),
    "years 1 to 9999": (
        {
            "d": [dt.date(1, 1, 1), dt.date(9999, 12, 31)] * 300,
            "x": RNG.normal(size=600),
            "t": RNG.choice(["a", "b"], 600),
        },
        {"d": "datetime", "x": "number", "t": "boolean"},
    ),
    "large integers": (
        {"i": RNG.integers(2**60, 2**62, 600), "t": RNG.choice(["a", "b"], 600)},
        {"i": "number", "t": "boolean"},
    ),
    "only ids": ({"i": [f"u{k}" for k in range(300)]}, {"i": "id"}),
}


@pytest.mark.parametrize("name", ODD_TABLES)
def test_odd_tables_give_an_answer(name: str) -> None:
    columns, kinds = ODD_TABLES[name]
    data = table(pl.DataFrame(columns), kinds, {"t": "target"} if "t" in kinds else {})
    assert mine(*halves(data), Run()) == ()


@pytest.mark.slow
def test_two_thousand_columns_are_capped_and_said() -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({f"x{k}": rng.normal(size=1000) for k in range(2000)})
    frame = frame.with_columns(t=pl.Series(rng.choice(["a", "b"], 1000)))
    data = table(frame, {**dict.fromkeys(frame.columns, "number"), "t": "boolean"}, {"t": "target"})
    run = Run()
    assert mine(*halves(data), run) == ()
    assert any("2,000 columns" in warning for warning in run.warnings)


def test_large_tables_are_sampled_and_said() -> None:
    data = customers(90_000)
    found = mine(*halves(data), Run(), techniques=["drivers", "segments"])
    assert any("a random 20,000 of the 2" in finding.sentence for finding in found.of("drivers"))
    assert any(
        "of a random 20,000 of the 2" in finding.sentence for finding in found.of("segments")
    )

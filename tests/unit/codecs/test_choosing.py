"""Which model is taken where none is named."""

from __future__ import annotations

import polars as pl
import pytest

from tidemill.codecs import choosing
from tidemill.codecs.choosing import default_model
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.io.reading import read


def table(steps: int, **roles: str) -> Dataset:
    frame = pl.DataFrame(
        {
            "who": [f"T{k:02d}" for k in range(30) for _ in range(steps)],
            "day": [f"2024-01-{1 + step:02d}" for _ in range(30) for step in range(steps)],
            "x": range(30 * steps),
        }
    )
    return read(frame, Run(), **roles)


def test_series_are_learned_as_series() -> None:
    run = Run()
    assert default_model(table(8, time="day", entity="who"), None, run) == "autoregressive"
    assert not run.warnings
    assert default_model(table(8, time="day"), 4, run) == "autoregressive"


def test_rows_are_learned_as_rows() -> None:
    assert default_model(table(8), None, Run()) == "trees"
    assert default_model(table(8, time="day", entity="who"), 1, Run()) == "trees"


def test_what_is_no_series_is_said() -> None:
    run = Run()
    assert default_model(table(1, time="day", entity="who"), None, run) == "trees"
    assert "rows are learned one by one" in run.warnings[0]


def test_a_missing_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "find_spec", lambda name: None)
    run = Run()
    assert default_model(table(8, time="day", entity="who"), None, run) == "trees"
    assert "pip install 'tidemill[deep]'" in run.warnings[0]

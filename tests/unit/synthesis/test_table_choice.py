"""Models of tables compete by how well a classifier tells their rows from real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tidemill.core.errors import OptionError
from tidemill.core.states import from_state
from tidemill.synthesis import table_choice as racing
from tidemill.synthesis.model_choice import TableChoice, told_choices


def rows(tied: bool, n: int = 1200) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    one = rng.normal(0, 1, n)
    other = one + rng.normal(0, 0.2, n) if tied else rng.normal(0, 1, n)
    return pl.DataFrame({"one": one.round(2), "other": other.round(2)})


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(racing, "CANDIDATES", {"independent": "numpy", "trees": "lightgbm"})


@pytest.mark.usefixtures("two")
def test_the_better_model_wins_and_the_figures_are_told(tmp_path: Path) -> None:
    model = tm.fit(rows(tied=True), model="auto")
    assert model.manifest["model"] == "trees"
    choice = from_state(TableChoice, model.manifest["choice"])
    auc = {one.model: one.auc for one in choice.scores}
    assert auc["independent"] > 0.8 > 0.6 > auc["trees"]
    assert choice.rows == 300
    again = tm.Synthesizer.load(model.save(tmp_path / "m.tidemill"))
    assert "300 rows that were kept back" in told_choices(again.manifest)[0]


@pytest.mark.usefixtures("two")
def test_models_are_not_judged_by_what_came_later_than_all_that_they_learned() -> None:
    frame = rows(tied=True).with_columns(
        day=pl.int_range(1200, dtype=pl.Int32, eager=True).cast(pl.Date)
    )
    model = tm.fit(tm.read(frame, time="day"), model="auto")
    auc = {one["model"]: one["auc"] for one in model.manifest["choice"]["scores"]}
    assert auc["trees"] < 0.65


@pytest.mark.usefixtures("two")
def test_of_equals_the_first_is_taken() -> None:
    assert tm.fit(rows(tied=False), model="auto").manifest["model"] == "independent"


@pytest.mark.usefixtures("two")
def test_a_run_tells_it_on_its_page(tmp_path: Path) -> None:
    done = tm.run(rows(tied=True), model="auto")
    assert done.model.manifest["model"] == "trees"
    done.report.save(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "were kept back, 0.5 is guessing" in page


def test_what_cannot_compete_is_refused() -> None:
    with pytest.raises(OptionError, match="too few to judge"):
        tm.fit(rows(tied=True, n=120), model="auto")
    with pytest.raises(OptionError, match="take no options"):
        tm.fit(rows(tied=True), model="auto", options={"least": 5})

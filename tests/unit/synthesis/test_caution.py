"""Caution: what few rows say counts for less, and is tested where that is asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tests.conformance.tables import business
from tidemill.core.dataset import Dataset
from tidemill.core.errors import OptionError
from tidemill.metrics.nearest import closeness
from tidemill.supervised.arrays import features
from tidemill.supervised.points import learn_embedding
from tidemill.synthesis.caution import LEVELS
from tidemill.synthesis.model_choice import told_choices


def wide(rows: int, seed: int) -> Dataset:
    """Many columns of few levels, most of which have nothing to do with each other: whoever
    believes few rows learns them by heart."""
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 4, rows)
    columns = {"first": first, "like it": (first + (rng.random(rows) < 0.2)) % 4}
    columns |= {f"c{k}": rng.integers(0, 4, rows) for k in range(14)}
    return tm.read(pl.DataFrame(columns).with_columns(pl.all().cast(pl.String)))


def near(caution: float) -> float:
    """The share of made rows that are nearer to learned rows than to others."""
    learned, unseen = wide(400, 1), wide(400, 2)
    made = tm.fit(learned, options={"caution": caution}).sample_dataset(6000, run=tm.Run(3))
    layout, parts = features([learned, unseen, made])
    embed = learn_embedding(layout, parts[0], tm.Run())
    points = [embed(part) for part in parts]
    return closeness(points[2], points[0], points[1], tm.Run()).share


def test_rows_lie_the_less_near_to_learned_ones_the_more_cautious_the_model_is() -> None:
    shares = [near(caution) for caution in (0, 1, 64)]
    assert shares[0] > shares[1] > shares[2]
    assert shares[2] < 0.52


def test_what_many_rows_say_is_kept_all_the_same() -> None:
    made = tm.fit(wide(4000, 1), options={"caution": 1}).sample_dataset(4000, run=tm.Run(3)).frame
    assert (made["first"] == made["like it"]).mean() == pytest.approx(0.8, abs=0.03)


def test_tested_privacy_takes_the_least_caution_that_passes(tmp_path: Path) -> None:
    run = tm.Run(1)
    model = tm.fit(wide(400, 1), privacy="tested", run=run)
    found = model.manifest["privacy"]
    assert model.manifest["options"]["caution"] == found["caution"] in LEVELS
    assert found["passed"] != any("makes them pass" in warning for warning in run.warnings)
    assert "privacy" not in tm.fit(wide(400, 1)).manifest
    again = tm.Synthesizer.load(model.save(tmp_path / "m.tidemill"))
    [told] = told_choices(again.manifest)
    assert "of rows made by a model of 200 rows" in told
    assert "A tree classifier tells such rows from unseen ones with an AUC of" in told


def test_what_passes_of_few_rows_is_not_told_calmly() -> None:
    run = tm.Run()
    assert tm.fit(wide(60, 1), privacy="tested", run=run).manifest["privacy"]["passed"]
    assert any("Of so few rows that says little" in warning for warning in run.warnings)


def test_later_rows_that_are_unlike_earlier_ones_are_no_reason_for_caution() -> None:
    """With the latest rows unseen, all rows that are made would be nearer to earlier ones."""
    rng = np.random.default_rng(0)
    rows = 1200
    day = np.arange(rows)
    frame = pl.DataFrame(
        {
            "day": pl.Series(day).cast(pl.Int32).cast(pl.Date),
            **{f"x{k}": day / 10 + rng.normal(size=rows) for k in range(4)},
        }
    )
    found = tm.fit(tm.read(frame, time="day"), privacy="tested").manifest["privacy"]
    assert found["passed"]
    assert found["share"] == pytest.approx(0.5, abs=0.05)


def test_a_test_is_not_cut_short_by_the_time_for_learning() -> None:
    """A model that had no time to learn would pass."""
    data = wide(160, 1)
    whole = tm.fit(data, privacy="tested").manifest["privacy"]
    assert tm.fit(data, privacy="tested", minutes=0.02).manifest["privacy"] == whole


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"privacy": "high"}, "there is no privacy 'high'"),
        ({"privacy": "high", "model": "auto"}, "there is no privacy 'high'"),
        ({"privacy": "tested", "model": "independent"}, "'independent' has no dial"),
        ({"privacy": "tested", "options": {"caution": 2}}, "both option 'privacy'"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        tm.fit(business(100), **options)  # type: ignore[arg-type]


def test_too_few_rows_are_not_tested() -> None:
    with pytest.raises(OptionError, match="39 rows are too few"):
        tm.fit(business(39), privacy="tested")

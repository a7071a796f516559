"""Held-out rows that were learned end in the reason, and in no verdict, whatever is asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tests.e2e.conftest import Tidemill
from tests.unit.auditing.leaky import halves, jittered
from tidemill.core.errors import DataError
from tidemill.core.run import Run
from tidemill.synthesis.synthesizer import Synthesizer

TRAIN, HOLDOUT = halves(700)
MODEL = Synthesizer.fit(TRAIN, Run(), "independent")
MADE = MODEL.sample_dataset(300, run=Run())


def test_an_evaluation_begins_with_the_reason() -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "age": rng.integers(18, 80, 600),
            "spend": rng.gamma(2, 50, 600).round(2),
            "plan": rng.choice(["solo", "team"], 600),
        }
    )
    scores = tm.evaluate(frame, frame, frame, metrics=["nearest", "membership"], seed=1)
    assert scores.light == "not known"
    assert scores.verdict.startswith("Not known: the held-out rows are no control")


def test_a_verdict_is_refused() -> None:
    with pytest.raises(
        DataError, match="there can be no verdict: the held-out rows are no control"
    ):
        tm.verdict(TRAIN, MADE, holdout=jittered(TRAIN))
    with pytest.raises(DataError, match="there can be no verdict: the synthetic rows lie nearer"):
        tm.verdict(TRAIN, HOLDOUT, holdout=HOLDOUT)


def test_groups_are_not_compared() -> None:
    with pytest.raises(DataError, match="groups cannot be compared: the held-out rows"):
        tm.fairness(MODEL, TRAIN, TRAIN, sensitive=["sex"])


def test_nothing_is_shared(tmp_path: Path, tidemill: Tidemill) -> None:
    tm.write(TRAIN, tmp_path / "train.csv")
    tm.write(jittered(TRAIN), tmp_path / "again.parquet")
    MODEL.save(tmp_path / "model.tidemill")
    asked = ["share", tmp_path / "model.tidemill", "--train", tmp_path / "train.csv"]
    asked += ["--holdout", tmp_path / "again.parquet", "--out", tmp_path / "out", "--canaries", 0]
    done = tidemill(*asked)
    assert done.code == 2
    assert "many of them were learned" in " ".join(done.err.split())
    assert not (tmp_path / "out").exists()
    done = tidemill(*asked, "--overwrite", "--despite-audit", "The receiver has the rows.")
    assert done.code == 0, done.err
    card = (tmp_path / "out" / "card.html").read_text()
    assert "The receiver has the rows." in card
    assert "many of them were learned" in card

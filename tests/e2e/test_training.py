"""Training as a user meets it: killed, cut short, warm-started, on the command line and on real
rows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_wine

import tidemill as tm
from tidemill.core.errors import DataError, OptionError, SchemaError

FEW = {"width": 32, "depth": 1, "cores": 1, "batch": 64, "eval_every": 20}


@pytest.fixture(scope="module")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Chemistry of 178 wines of three growers."""
    found = load_wine(as_frame=True)
    path = tmp_path_factory.mktemp("data") / "wine.csv"
    pl.from_pandas(found.frame).with_columns(grower=pl.format("grower {}", "target")).drop(
        "target"
    ).write_csv(path)
    return path


def fit(data: Path, out: Path, steps: int, *more: str) -> list[str]:
    options = [word for key, value in FEW.items() for word in ("--option", f"{key}={value}")]
    return [
        sys.executable,
        "-m",
        "tidemill",
        "fit",
        str(data),
        "--model",
        "flow",
        "--out",
        str(out),
        "--target",
        "grower",
        "--option",
        "patience=100000",
        "--steps",
        str(steps),
        *options,
        *more,
    ]


def test_a_killed_fit_goes_on_and_ends_as_an_unbroken_one(wine: Path, tmp_path: Path) -> None:
    steps = 1500  # some seconds, of which the first two are before the first checkpoint
    unbroken, broken = tmp_path / "unbroken.tidemill", tmp_path / "broken.tidemill"
    subprocess.run(fit(wine, unbroken, steps), check=True, capture_output=True)
    checkpoint = tmp_path / "broken.tidemill.checkpoint"
    process = subprocess.Popen(
        fit(wine, broken, steps), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    while not checkpoint.exists() and time.monotonic() < deadline:
        assert process.poll() is None, "the fit ended before its first checkpoint"
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert checkpoint.exists()
    assert not broken.exists()
    again = subprocess.run(fit(wine, broken, steps), check=True, capture_output=True, text=True)
    assert "going on after step" in again.stderr
    assert broken.read_bytes() == unbroken.read_bytes()
    assert not checkpoint.exists()


def test_another_training_is_not_gone_on_with(wine: Path, tmp_path: Path) -> None:
    out = tmp_path / "wine.tidemill"
    run = tm.Run(1, steps=40, checkpoint=tmp_path / "state")
    data = tm.read(wine, target="grower")
    from tidemill.models.deep import checkpoint

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(checkpoint, "LEAST", 0.0)
        tm.fit(data, model="flow", options=FEW, run=run).save(out)
        other = tm.Run(2, steps=40, checkpoint=tmp_path / "state")
        tm.fit(data, model="flow", options=FEW, run=other)
    assert any("is of another training" in warning for warning in other.warnings)


def test_learning_again_from_a_model_begins_where_that_ended(wine: Path, tmp_path: Path) -> None:
    data = tm.read(wine, target="grower")
    old, new = data.rows(np.arange(0, 178, 2)), data.rows(np.arange(1, 178, 2))
    first = tm.fit(old, model="flow", options=FEW, steps=300)
    path = first.save(tmp_path / "first.tidemill")
    untouched = tm.fit(new, model="flow", options=FEW, steps=0, start=path)
    assert untouched.sample(50).equals(first.sample(50))
    warm = tm.fit(new, model="flow", options=FEW, steps=20, start=path)
    assert not warm.sample(50).equals(first.sample(50))
    with pytest.raises(OptionError, match="cannot start from another"):
        tm.fit(new, model="trees", start=path)
    with pytest.raises(SchemaError, match="columns of 'wine' are missing"):
        tm.fit(
            tm.read(pl.DataFrame({"a": range(50), "b": ["x", "y"] * 25})),
            model="flow",
            options=FEW,
            start=path,
        )
    strange = new.frame.with_columns(grower=pl.lit("nobody"))
    with pytest.raises(
        DataError, match="its value never occurs in the rows that the model learned"
    ):
        tm.fit(tm.read(strange, target="grower"), model="flow", options=FEW, start=path)


def test_a_fit_cut_short_is_usable_and_replays(wine: Path) -> None:
    data = tm.read(wine, target="grower")
    cut = tm.fit(data, model="flow", options=FEW, minutes=0.03)
    assert not cut.complete
    replayed = tm.fit(data, model="flow", options=FEW, steps=cut.manifest["steps_done"])
    assert replayed.sample(50).equals(cut.sample(50))


def test_the_report_shows_how_learning_went(wine: Path, tmp_path: Path) -> None:
    turned = tm.run(
        wine, out=tmp_path / "out", target="grower", model="flow", model_options=FEW, steps=100
    )
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "How learning went" in page
    assert "It made 100 of 30,000 steps" in page
    assert "Rows made as learning went" in page
    assert "After 20 steps" in page
    assert turned.model.curves["score"]


def test_wrong_options_and_devices_are_told(wine: Path) -> None:
    data = tm.read(wine, target="grower")
    with pytest.raises(OptionError, match="width=-1 makes no sense"):
        tm.fit(data, model="flow", options={"width": -1})
    with pytest.raises(OptionError, match="steps=many is no whole number"):
        tm.fit(data, model="flow", options={"steps": "many"})
    with pytest.raises(OptionError, match="there is no device 'tpu' here"):
        tm.fit(data, model="flow", options=FEW, device="tpu")

"""The loop as a user runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tests.conformance.results import fits_its_schema
from tests.conformance.test_aims import table
from tidemill.augmentation.checkpoint import NAME
from tidemill.augmentation.training_sets import TrainingSets
from tidemill.core.errors import DataError, OptionError, OutputError


def written(folder: Path, rows: int = 200) -> Path:
    path = folder / "customers.csv"
    table("classes", rows).frame.write_csv(path)
    return path


def command(data: Path, out: Path) -> list[str]:
    return [
        sys.executable,
        "-m",
        "tidemill",
        "loop",
        str(data),
        "--target",
        "churn",
        "--rounds",
        "1",
        "--out",
        str(out),
        "--cost",
        "fp=5,fn=100",
        "--metric",
        "average_precision",
    ]


def test_a_loop_gives_a_verdict_and_all_its_files(tmp_path: Path) -> None:
    data, out = written(tmp_path), tmp_path / "out"
    done = subprocess.run(command(data, out), capture_output=True, text=True, check=True)
    assert "churn" in done.stdout or "generated rows" in done.stdout
    verdict = json.loads((out / "verdict.json").read_text())
    assert verdict["low"] <= verdict["gain"] <= verdict["high"]
    assert not verdict["helps"] or (verdict["low"] > 0 and verdict["test"]["gain"] > 0)
    assert {c["learner"] for c in verdict["contrasts"]} == {
        "boosting",
        "logistic",
        "nearest",
        "perceptron",
    }
    assert {c["measure"] for c in verdict["contrasts"]} == {
        "average_precision",
        "balanced_accuracy",
        "cost",
    }
    assert (out / "report.html").stat().st_size > 10_000
    assert not (out / NAME).exists()
    assert tm.Sampler.load(out).strategy is not None
    assert (out / "generated.parquet").exists() == bool(verdict["helps"])
    again = subprocess.run(command(data, out), capture_output=True, text=True, check=False)
    assert again.returncode == 2
    assert "results already" in again.stderr


@pytest.mark.slow
def test_a_killed_loop_goes_on_and_ends_as_an_unbroken_one(tmp_path: Path) -> None:
    data, out, whole = written(tmp_path), tmp_path / "out", tmp_path / "whole"
    process = subprocess.Popen(
        command(data, out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not (out / NAME).exists() or len(json.loads((out / NAME).read_text())["figures"]) < 30:
        time.sleep(0.2)
        assert process.poll() is None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    resumed = subprocess.run(command(data, out), capture_output=True, text=True, check=True)
    assert "going on with an unfinished loop" in resumed.stderr
    subprocess.run(command(data, whole), capture_output=True, check=True)
    for name in ("verdict.json", "strategy.json"):
        assert (out / name).read_bytes() == (whole / name).read_bytes()


def test_another_loop_in_the_folder_is_not_overwritten(tmp_path: Path) -> None:
    data = tm.read(table("classes", 120).frame, target="churn")
    (tmp_path / NAME).write_text(json.dumps({"format": 1, "fingerprint": "another", "figures": {}}))
    with pytest.raises(OutputError, match="unfinished loop"):
        tm.loop(data, out=tmp_path)


def test_what_cannot_be_looped_is_refused() -> None:
    data = table("number", 120)
    with pytest.raises(DataError, match="no target"):
        tm.loop(data.frame)
    with pytest.raises(OptionError, match="does not suit"):
        tm.loop(data, metric="roc_auc", rounds=0)
    with pytest.raises(OptionError, match="two classes"):
        tm.loop(data, cost={"fp": 1, "fn": 2}, rounds=0)


@pytest.mark.slow
def test_where_nothing_can_help_the_verdict_is_do_not() -> None:
    rng = np.random.default_rng(5)
    helped = []
    for seed in range(5):
        frame = pl.DataFrame({f"x{j}": rng.normal(size=200) for j in range(4)}).with_columns(
            y=pl.Series(rng.choice(["a", "b"], 200, p=[0.7, 0.3]))
        )
        helped.append(tm.loop(frame, target="y", rounds=1, seed=seed).verdict.helps)
    assert not any(helped)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["number", "three"])
def test_numbers_and_several_classes_are_looped_too(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tidemill.augmentation.loop.MOST_ROWS", 150
    )  # so that rows are drawn as they are from large tables
    monkeypatch.setattr("tidemill.augmentation.loop.MOST_CURVE", 120)
    found = tm.loop(table(kind, 250), rounds=1)
    assert found.verdict.metric == {"number": "R²", "three": "balanced accuracy"}[kind]
    assert found.report is not None
    assert len(found.turns) == 2
    assert fits_its_schema("loop", found)
    assert "150 drawn at random" in found.verdict.caveats[0]


@pytest.mark.slow
def test_newer_rows_are_generated_for() -> None:
    data = table("classes", 300)
    newer = data.frame.filter(pl.col("plan") != "solo").drop("churn")
    found = tm.loop(data, newer=newer, rounds=1)
    assert any("newer rows" in aim for aim in found.turns[1].aims)


def circles(rows: int, seed: int) -> pl.DataFrame:
    """A target that few rows do not show: it is rare, and alternates in rings."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, size=(rows, 2)).round(3)
    ring = np.floor(4 * np.hypot(x[:, 0], x[:, 1])) % 2 == 1
    return pl.DataFrame(
        {"a": x[:, 0], "b": x[:, 1], "y": np.where(ring & (x[:, 0] > -0.3), "in", "out")}
    )


@pytest.mark.slow
def test_where_generated_rows_really_help_they_are_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    knows = tm.fit(
        tm.read(circles(6000, 1), target="y")
    )  # a generator that has seen what the few real rows do not show
    monkeypatch.setattr(TrainingSets, "generator", lambda self, before: knows)
    found = tm.loop(circles(500, 2), target="y", rounds=1, out=tmp_path)
    assert found.verdict.helps
    assert found.verdict.reason.startswith("use it")
    assert found.turns[1].accepted is not None
    assert found.strategy.kind == "generated"
    assert found.generated is not None
    kept = pl.read_parquet(tmp_path / "generated.parquet")
    assert kept.height == len(found.generated)
    assert set(kept["generated in round"]) == {1}
    assert kept["generated for"].null_count() == 0
    assert tm.Sampler.load(tmp_path).strategy == found.strategy


def test_rows_from_elsewhere_that_know_more_are_accepted(tmp_path: Path) -> None:
    own, other = circles(300, 2), circles(4000, 1)
    found = tm.loop(own, target="y", rounds=1, also=other, out=tmp_path)
    assert found.verdict.helps
    assert found.strategy.kind == "elsewhere"
    assert "rows from elsewhere" in found.verdict.reason
    kept = pl.read_parquet(tmp_path / "generated.parquet")
    assert kept.height == found.generated_rows > 1000
    assert kept.select("a", "b").join(other, on=["a", "b"], how="anti").is_empty()
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Use rows from elsewhere" in page
    rows, label = own.drop("y"), own["y"]
    sampler = tm.Sampler.load(tmp_path, also=(other.drop("y"), other["y"]))
    assert len(sampler.fit_resample(rows, label)[0]) > 1000
    with pytest.raises(OptionError, match="rows from elsewhere"):
        tm.Sampler.load(tmp_path).fit_resample(rows, label)


@pytest.mark.slow
def test_rows_from_elsewhere_that_say_nothing_are_not_accepted() -> None:
    other = circles(4000, 1)
    shuffled = other.with_columns(other["y"].shuffle(seed=1))
    assert not tm.loop(circles(300, 2), target="y", rounds=1, also=shuffled).verdict.helps


def test_a_model_stands_for_rows_from_elsewhere(tmp_path: Path) -> None:
    model = tmp_path / "generated.parquet"  # what a model's file is called does not matter
    tm.fit(circles(400, 1), target="y", options={"effort": "plain"}).save(model)
    found = tm.loop(circles(100, 2), target="y", rounds=0, also=model)
    assert not found.verdict.helps
    with pytest.raises(OutputError, match=r"generated\.parquet"):
        tm.loop(circles(100, 2), target="y", also=model, out=tmp_path, overwrite=True)

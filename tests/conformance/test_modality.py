"""Nothing is run on a modality that it does not name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import tidemill
from tidemill.acoustics.sounds import sounds
from tidemill.cleaning import plan
from tidemill.cleaning.base import Check, Diagnosis
from tidemill.core.dataset import Dataset
from tidemill.core.errors import OptionError, OutputError
from tidemill.core.modality import MODALITIES, Modality
from tidemill.core.registry import Registry
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.core.score import Evidence
from tidemill.imaging.pixels import images
from tidemill.io import WRITERS
from tidemill.io.writing import ending_of
from tidemill.metrics import evaluate
from tidemill.mining import mine
from tidemill.music.scores import scores
from tidemill.reporting import build
from tidemill.reporting.base import ReportInput
from tidemill.trials import trial, verdict


class Recording(Registry):
    """The same names; what is loaded writes down that it was run, and does nothing else."""

    def __init__(self, names: Registry, stand_in: Callable[[Callable[[], None]], Any]) -> None:
        super().__init__(names.sort, dict(names))
        self.ran: list[str] = []
        self._stand_in = stand_in

    def load(self, name: str) -> Any:
        return self._stand_in(lambda: self.ran.append(name))

    def follows(self, modality: Modality) -> bool:
        """Whether something ran, and nothing that does not look at such data."""
        return bool(self.ran) and set(self.ran) <= set(self.for_modality(modality))


def silent(record: Callable[[], None]) -> Any:
    def thing(*given: Any) -> tuple[()]:
        record()
        return ()

    return thing


def check(record: Callable[[], None]) -> Check:
    def diagnose(train: Dataset, run: Run) -> Diagnosis:
        record()
        return Diagnosis()

    return Check(diagnose)


def learner(record: Callable[[], None]) -> Any:
    def learn(*given: Any) -> np.ndarray:
        record()
        _, _, _, _, test, classes, _ = given
        return np.full((len(test), classes), 1 / classes)

    return learn


def rows(modality: Modality, count: int = 80) -> Dataset:
    """Rows with a target, of this modality."""
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "person": [f"P{k % 20}" for k in range(count)],
            "day": [date(2024, 1, 1) + timedelta(days=k) for k in range(count)],
            "amount": rng.normal(size=count).round(2),
            "left": rng.choice(["yes", "no"], count),
        }
    ).with_columns(
        images("photo", rng.integers(0, 255, (count, 8, 8), np.uint8)),
        sounds("call", list(rng.integers(-999, 999, (count, 800), np.int16)), 8000),
        pl.Series("level", ["-#-#-#\n######", "------\n######"] * (count // 2)),
        scores("tune", list(rng.integers(50, 70, (count, 6, 2)))),
    )
    schema = Schema(
        (
            Column("person", "id", role="entity"),
            Column("day", "datetime", role="time"),
            Column("amount", "number"),
            Column("left", "category", role="target"),
            Column("photo", "image"),
            Column("call", "sound"),
            Column("level", "tiles"),
            Column("tune", "score"),
        )
    )
    names = {
        "rows": ["day", "amount", "left"],
        "series": ["person", "day", "amount", "left"],
        "images": ["amount", "left", "photo"],
        "sounds": ["amount", "left", "call"],
        "levels": ["amount", "left", "level"],
        "music": ["amount", "left", "tune"],
    }[modality]
    data = Dataset(frame, schema, name="people").select(names)
    assert data.schema.modality == modality
    return data


@pytest.fixture(params=MODALITIES)
def data(request: pytest.FixtureRequest) -> Dataset:
    return rows(request.param)


def test_evaluating_selects(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = Recording(evaluate.METRICS, silent)
    monkeypatch.setattr(evaluate, "METRICS", metrics)
    modality = data.schema.modality
    evaluate.evaluate(Evidence(data, data, data, data), Run())
    assert metrics.follows(modality)
    asked = evaluate.evaluate(Evidence(data, data, data, data), Run(), list(metrics))
    assert metrics.follows(modality)
    refused = [score.metric for score in asked if "is not for" in score.why]
    assert set(refused) == set(metrics) - set(metrics.for_modality(modality))


def test_mining_selects(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    techniques = Recording(mine.TECHNIQUES, silent)
    monkeypatch.setattr(mine, "TECHNIQUES", techniques)
    run = Run()
    mine.mine(data, data, run)
    assert not run.warnings
    mine.mine(data, data, run, list(techniques))
    assert techniques.follows(data.schema.modality)
    unseen = len(techniques) - len(techniques.for_modality(data.schema.modality))
    assert len(run.warnings) == unseen


def test_cleaning_selects(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = Recording(plan.CHECKS, check)
    monkeypatch.setattr(plan, "CHECKS", checks)
    plan.learn(data, Run())
    plan.learn(data, Run(), list(checks))
    assert checks.follows(data.schema.modality)


def test_a_verdict_selects(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    learners = Recording(trial.LEARNERS, learner)
    monkeypatch.setattr(trial, "LEARNERS", learners)
    if not learners.for_modality(data.schema.modality):
        with pytest.raises(OptionError, match="a verdict is not for"):
            verdict.verdict(data, data, Run(), shares=(1.0,), splits=2, repeats=1)
        return
    verdict.verdict(data, data, Run(), shares=(1.0,), splits=2, repeats=1)
    assert learners.follows(data.schema.modality)


def test_a_report_selects(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    recording = tuple(
        replace(chapter, blocks=lambda _, at=chapter.anchor: ran.append(at) or [])
        for chapter in build.CHAPTERS
    )
    monkeypatch.setattr(build, "CHAPTERS", recording)
    build.build(ReportInput("people", train=data, synthetic=data))
    modality = data.schema.modality
    assert ran == [
        chapter.anchor for chapter in recording if chapter.sees is None or modality in chapter.sees
    ]


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("ending", [name for name in WRITERS if name != "folder"])
def test_a_format_takes_what_it_names(ending: str, modality: Modality) -> None:
    path = Path(f"people.{ending}")
    if modality in WRITERS[ending].sees:
        assert ending_of(path, modality) == ending
        return
    with pytest.raises(OutputError, match=f"the format .{ending} is not for"):
        ending_of(path, modality)


def registries() -> list[Registry]:
    found = []
    for module in pkgutil.iter_modules(tidemill.__path__, "tidemill."):
        if not module.ispkg:
            continue
        room = importlib.import_module(module.name)
        found += [value for value in vars(room).values() if isinstance(value, Registry)]
    return found


@pytest.mark.parametrize("registry", registries(), ids=lambda registry: registry.sort)
def test_every_entry_names_a_known_modality(registry: Registry) -> None:
    for entry in registry.values():
        assert entry.sees
        assert set(entry.sees) <= set(MODALITIES)

"""Laws of runs: every part of a job keeps its device and can be stopped with it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conformance.tables import business, dataset
from tidemill.auditing.attacking import evidence
from tidemill.auditing.canaries import canaries
from tidemill.auditing.setup import attack_data
from tidemill.core.errors import Cancelled
from tidemill.core.run import Run
from tidemill.core.split import split
from tidemill.models.independent import Independent
from tidemill.pipeline.pipeline import fairness
from tidemill.sharing import share
from tidemill.synthesis import sampling
from tidemill.synthesis.synthesizer import Synthesizer
from tidemill.synthesis.whatif import what_if

SOURCE = Path(__file__).parents[2] / "src" / "tidemill"
MODULES = sorted(SOURCE.rglob("*.py"))
DOORS = {
    "cli.py": {"_job"},
    "verbs.py": {"_run"},
    "core/run.py": {"child"},
    # what begins a job from a seed, or from nothing
    "augmentation/sampler.py": {"fit_resample"},
    "synthesis/synthesizer.py": {"interpolate"},
    "io/databases/servers.py": {"write"},
    "reporting/images.py": {"images"},
    "reporting/music.py": {"music"},
    "reporting/sounds.py": {"sounds"},
}
"""Functions that make a run though none is at hand; everywhere else a part of a job is a child."""


def made_anew(path: Path) -> set[str]:
    """Functions that make a run and not only where they are given none."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    otherwise = {
        id(value)
        for node in ast.walk(tree)
        if isinstance(node, ast.BoolOp)
        for value in node.values[1:]
    }
    found = set()
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            called = isinstance(node, ast.Call) and ast.unparse(node.func) == "Run"
            if called and id(node) not in otherwise:
                found.add(function.name)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_no_run_is_forged(path: Path) -> None:
    assert made_anew(path) <= DOORS.get(path.relative_to(SOURCE).as_posix(), set())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_threads_are_those_of_a_run(path: Path) -> None:
    pools = "concurrent.futures" in path.read_text(encoding="utf-8")
    # calls to a server have an event loop of their own, in a thread that they wait for
    allowed = (SOURCE / "core" / "run.py", SOURCE / "writing" / "endpoint.py")
    assert not pools or path in allowed


def caught(handler: ast.ExceptHandler) -> set[str]:
    """The names of the exceptions that it catches."""
    return (
        {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
        if handler.type
        else {"BaseException"}
    )


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_stopped_job_is_taken_for_no_other_error(path: Path) -> None:
    """What catches all errors, and so Cancelled, raises it again."""
    for block in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for number, handler in enumerate(getattr(block, "handlers", ())):
            wide = caught(handler) & {"TidemillError", "Exception", "BaseException"}
            passed = any(isinstance(node, ast.Raise) for node in ast.walk(handler)) or any(
                caught(earlier) & {"Cancelled", "TidemillError"}
                for earlier in block.handlers[:number]
            )
            assert not wide or passed or path.name == "cli.py", ast.unparse(handler)


DATA = dataset(business(900), "churn")
DATA = replace(DATA, schema=DATA.schema.with_roles("sensitive", ["plan"]))
TRAIN, HOLDOUT = split(DATA, Run())
MODEL = Synthesizer.fit(TRAIN, Run(), "independent")
MADE = MODEL.sample_dataset(len(TRAIN), run=Run())


def audited(run: Run, folder: Path) -> None:
    names = MADE.schema.names
    real = evidence(TRAIN.select(names), HOLDOUT.select(names), MADE, None, run)
    list(canaries(attack_data(real, run, MODEL, 40), run))


WAYS: dict[str, Callable[[Run, Path], object]] = {
    "floor": lambda run, folder: evidence(TRAIN, HOLDOUT, MADE, None, run),
    "canaries": audited,
    "balance": lambda run, folder: MODEL.draw(300, balance={"churn": "equal"}, run=run),
    "fair": lambda run, folder: MODEL.draw(300, fair={"plan": "churn"}, run=run),
    "fairness": lambda run, folder: fairness(MODEL, TRAIN, HOLDOUT, run),
    "what-if": lambda run, folder: what_if(MODEL, HOLDOUT, {"plan": "team"}, run=run),
    "share": lambda run, folder: share(
        MODEL, TRAIN, HOLDOUT, folder / "out", run, despite_audit="a test", canaries=0
    ),
}


class Watched:
    """The runs that reach a generator, in the order in which they do; the job is stopped while the
    generator is at work on one of them."""

    def __init__(self) -> None:
        self.parts: list[Run] = []
        self.stop: tuple[int, Run] | None = None

    def note(self, run: Run) -> None:
        self.parts.append(run)
        if self.stop is not None and len(self.parts) == self.stop[0]:
            self.stop[1].cancel()


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    found, fit, infill = Watched(), Independent.fit, Independent.infill

    def noted_fit(self, spec, batch, run):
        found.note(run)
        return fit(self, spec, batch, run)

    def noted_infill(self, n, known, rng, run, context=None):
        found.note(run)
        return infill(self, n, known, rng, run, context)

    monkeypatch.setattr(Independent, "fit", noted_fit)
    monkeypatch.setattr(Independent, "infill", noted_infill)
    return found


@pytest.mark.parametrize("way", WAYS)
def test_every_part_keeps_the_device_and_stops_with_the_job(
    way: str, watched: Watched, tmp_path: Path
) -> None:
    run = Run(device="cpu", threads=1)
    WAYS[way](run, tmp_path / "whole")
    assert {(part.device, part.threads) for part in watched.parts} == {("cpu", 1)}
    times = len(watched.parts)
    for at in {1, times}:
        watched.parts, again = [], Run(threads=1)
        watched.stop = at, again
        with pytest.raises(Cancelled):
            WAYS[way](again, tmp_path / str(at))
        assert len(watched.parts) <= at + 1  # a fit ends with what it has, and its first draw stops


def test_rows_in_several_parts_keep_the_device(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "PART", 100)
    MODEL.draw(250, run=Run(device="cpu"))
    assert len(watched.parts) >= 3
    assert {part.device for part in watched.parts} == {"cpu"}

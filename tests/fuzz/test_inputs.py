"""No input crashes the command line, makes it wait for ever, or takes all memory: it is read, or
refused with what to do next."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import tidemill as tm
from tests.conformance.tables import business
from tests.fuzz.bad_inputs import Case, case
from tests.fuzz.harness import ended

SEED = 2026
PATIENCE = 300.0
"""Seconds after which a command that is still at work counts as one that hangs."""
SECONDS = 20.0
"""Of a processor, that a command on a small bad input may take."""
MEMORY = 1_500 << 20
"""Bytes that it may take beside what the process held before."""
ROOT = Path(__file__).parents[2]
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass
class Child:
    """A process that runs commands, started again where it died."""

    folder: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def run(self, folder: Path, arguments: tuple[str, ...]) -> dict[str, Any] | str:
        """What came of a command, or how the process died."""
        if self.process is None or self.process.poll() is not None:
            self._start()
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([str(folder), arguments]).encode() + b"\n")
        self.process.stdin.flush()
        line = self._line(PATIENCE)
        if line:
            return dict(json.loads(line))
        if line is None:
            self.close()
            return f"hangs for more than {PATIENCE:.0f} s"
        return f"the process died with {self.process.wait()}"

    def _start(self) -> None:
        path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.command_line"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
            cwd=ROOT,
        )
        assert self._line(300), "the command line does not start"

    def _line(self, patience: float) -> bytes | None:
        """The next line that it says; None where it says nothing for so long."""
        assert self.process is not None
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], patience)
        return self.process.stdout.readline() if ready else None

    def close(self) -> None:
        """End the process."""
        if self.process is not None:
            ended(self.process)
            self.process = None


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table, and two models of it."""
    folder = tmp_path_factory.mktemp("good")
    business(200).write_csv(folder / "good.csv")
    data = tm.read(folder / "good.csv", target="churn")
    for model in ("trees", "independent"):
        tm.fit(data, model=model).save(folder / f"{model}.tidemill")
    return folder


def fault(folder: Path, told: dict[str, Any] | str, before: set[str]) -> str:
    """What is wrong with what came of a command; empty where nothing is."""
    if isinstance(told, str):
        return told
    said = told["out"] + told["err"]
    if told["code"] not in (0, 2):
        return f"exit {told['code']}: {said[-1_500:]}"
    if "Traceback" in said:
        return f"a traceback: {said[-1_500:]}"
    if CONTROLS.search(said):
        return f"a control character: {said[-1_500:]!r}"
    if told["code"] == 2 and not re.search(r"Next:|\"hint\": \"", said):
        return f"no next step: {said[-500:]}"
    if told["seconds"] > SECONDS:
        return f"{told['seconds']:.0f} s of a processor"
    if told["memory"] > MEMORY:
        return f"{told['memory'] >> 20} MB"
    left = {path.name for path in folder.iterdir()} - before
    hidden = sorted(name for name in left if name.startswith("."))
    if hidden or (left and told["code"] == 2):
        return f"leaves {hidden or sorted(left)}: {told['err'][-300:]}"
    return ""


def faults(good: Path, folder: Path, numbers: range) -> list[str]:
    """What is wrong in which of the cases."""
    found = []
    child = Child(folder)
    try:
        for number in numbers:
            place = folder / "case"
            shutil.copytree(good, place)
            made: Case = case(place, SEED, number)
            before = {*(path.name for path in place.iterdir()), "stdout", "stderr"}
            wrong = fault(place, child.run(place, made.arguments), before)
            if wrong:
                found.append(f"#{number} {made.what}\n    {wrong}")
            shutil.rmtree(place)
    finally:
        child.close()
    return found


def test_bad_inputs_are_read_or_refused(good: Path, tmp_path: Path) -> None:
    assert faults(good, tmp_path, range(150)) == []


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_a_thousand_bad_inputs_are_read_or_refused(part: int, good: Path, tmp_path: Path) -> None:
    assert faults(good, tmp_path, range(150 + part * 250, 400 + part * 250)) == []

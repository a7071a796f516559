"""Ctrl-C at any moment: exit code 130, a closing event, and no half-written file."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conformance.tables import business
from tidemill.core.outputs import UNFINISHED
from tidemill.pipeline.folder import OUTPUTS

# says when it can be stopped: before that, an interpreter that starts dies as it likes
STARTED = """
import signal, sys
from tidemill import __main__ as entry
from tidemill.core.interrupts import interrupts
signal.signal(signal.SIGINT, interrupts())
print("ready", file=sys.stderr, flush=True)
entry.main()
"""


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


def job(*words: object) -> subprocess.Popen[str]:
    """A command that has begun."""
    started = subprocess.Popen(
        [sys.executable, "-c", STARTED, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert started.stderr is not None
    assert started.stderr.readline() == "ready\n"
    return started


def stopped(after: float, *words: object) -> Ended:
    """The command with one Ctrl-C after so many seconds, or earlier where it is done by then."""
    started = job(*words)
    time.sleep(after)
    if started.poll() is not None:
        started.communicate()
        return stopped(after / 2, *words, "--overwrite")
    started.send_signal(signal.SIGINT)
    out, err = started.communicate(timeout=300)
    return Ended(started.returncode, out, err)


def seconds(*words: object) -> float:
    """How long the command takes."""
    began = time.monotonic()
    started = job(*words)
    _, err = started.communicate(timeout=600)
    assert started.returncode == 0, err
    return time.monotonic() - began


def tried(tries: int, out: Path, *words: object) -> None:
    whole = seconds(*words, "--out", out / "whole")
    moments = random.Random(0)
    for number in range(tries):
        as_json = number % 2 == 1
        more = ["--json"] if as_json else []
        folder = out / str(number)
        ended = stopped(moments.uniform(0, 0.7 * whole), *words, "--out", folder, *more)
        said = f"try {number}: {ended.code}\n{ended.out[-2000:]}\n{ended.err[-2000:]}"
        assert ended.code == 130, said
        assert "Traceback" not in ended.err, said
        if as_json:
            last = json.loads(ended.out.splitlines()[-1])
            assert (last["kind"], last["code"]) == ("error", 130), said
        else:
            assert ended.err.endswith("stopped by the user\n"), said
        left = {path.name for path in out.rglob("*") if path.name not in OUTPUTS}
        assert left <= {"whole", UNFINISHED, *map(str, range(tries))}, said


def test_a_command_that_is_stopped_ends_with_130(tmp_path: Path) -> None:
    data = tmp_path / "customers.csv"
    business(200).write_csv(data)
    (tmp_path / "out").mkdir()
    tried(8, tmp_path / "out", "mine", data, "--target", "churn", "--technique", "drivers")


@pytest.mark.slow
def test_a_run_that_is_stopped_ends_with_130_in_50_of_50_tries(tmp_path: Path) -> None:
    data = tmp_path / "customers.csv"
    business(300).write_csv(data)
    tried(50, tmp_path / "out", "run", data, "--target", "churn")


@pytest.mark.parametrize("words", [["models"], ["recipes", "--json"]])
def test_a_list_that_is_stopped_ends_with_130(words: list[str]) -> None:
    ended = stopped(0, *words)
    assert ended.code == 130, ended.err
    assert "stopped by the user" in (ended.out if "--json" in words else ended.err)


def test_twice_ends_at_once(tmp_path: Path) -> None:
    data = tmp_path / "customers.csv"
    business(300).write_csv(data)
    started = job("run", data, "--target", "churn", "--out", tmp_path / "out", "--json")
    assert started.stdout is not None
    for line in started.stdout:
        if json.loads(line)["stage"] == "mine":
            break
    for _ in range(2):
        started.send_signal(signal.SIGINT)
        time.sleep(0.05)
    out, err = started.communicate(timeout=60)
    assert started.returncode == 130, err
    assert json.loads(out.splitlines()[-1])["code"] == 130

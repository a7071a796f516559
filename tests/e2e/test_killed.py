"""Killed with -9 at any moment, or two at once: a folder is of one run, or says that it is not
finished."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tidemill as tm
from tests.conformance.tables import business
from tidemill.core.errors import InputError
from tidemill.core.outputs import UNFINISHED


def begun(*words: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tidemill", *map(str, words), "--quiet"]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, said = process.communicate(timeout=600)
    return process.returncode, said


def held(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in files
        if UNFINISHED not in path.parts
    }


def seeds(folder: Path) -> set[int]:
    """The seeds that the results of a folder speak of."""
    said = re.findall(r'"Seed",\s*"([0-9]+)"', (folder / "report.json").read_text())
    return {tm.Synthesizer.load(folder / "model.tidemill").manifest["seed"], *map(int, said)}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "customers.csv"
    business(120).write_csv(path)
    return path


def is_whole(folder: Path) -> bool:
    """Whether the results say that they are those of one run."""
    try:
        tm.report(folder)
    except InputError as error:
        return "not finished" not in str(error)
    return True


def tried(data: Path, out: Path, kills: int) -> None:
    words = ("run", data, "--model", "independent", "--out", out, "--overwrite", "--seed")
    began = time.monotonic()
    assert ended(begun(*words, 0))[0] == 0
    whole = time.monotonic() - began
    old = held(out)
    moments = random.Random(0)
    for seed in range(1, kills + 1):
        process = begun(*words, seed)
        time.sleep(moments.uniform(0.3, 1.1) * whole)
        process.kill()
        process.communicate()
        left = held(out)
        if left == old:
            assert is_whole(out)
        elif is_whole(out):
            assert set(left) == set(old)
            assert seeds(out) == {seed}
            old = left
        else:
            assert ended(begun(*words, seed))[0] == 0
            old = held(out)
    assert ended(begun(*words, 99))[0] == 0
    assert seeds(out) == {99}
    assert not (out / UNFINISHED).exists()


def test_a_run_that_is_killed_mixes_nothing(data: Path, tmp_path: Path) -> None:
    tried(data, tmp_path / "out", 3)


@pytest.mark.slow
def test_a_run_that_is_killed_in_10_moments_mixes_nothing(data: Path, tmp_path: Path) -> None:
    tried(data, tmp_path / "out", 10)


def test_of_two_runs_at_once_one_is_refused(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ("run", data, "--model", "independent", "--out", out, "--overwrite", "--seed")
    first = begun(*words, 1)
    while not (out / UNFINISHED / ".lock").exists():
        time.sleep(0.01)
    code, said = ended(begun(*words, 2))
    assert (code, "another process" in said) == (2, True)
    assert ended(first)[0] == 0
    assert seeds(out) == {1}
    assert not (out / UNFINISHED).exists()

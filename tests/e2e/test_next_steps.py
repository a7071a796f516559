"""The commands that a page offers, taken from it and run."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.e2e.conftest import Tidemill

LONG = ("audit", "share", "recipe", "run")
"""Commands that take a minute; what they are given is looked at, and they are not run."""


def commands(state: Any) -> Iterator[str]:
    """Every command in the state of a page, in its order."""
    if isinstance(state, dict):
        if state.get("sort") == "NextStep":
            yield state["command"]
        state = list(state.values())
    if isinstance(state, list):
        for inner in state:
            yield from commands(inner)


def test_what_a_page_offers_can_be_done(
    customers: Path, tmp_path: Path, tidemill: Tidemill, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    done = tidemill("run", customers, "--target", "churn")
    assert done.code == 0, done.err
    told = json.loads((folder / "tidemill-out" / "report.json").read_text(encoding="utf-8"))
    offered = list(dict.fromkeys(commands(told)))
    verbs = {command.split()[1] for command in offered}
    assert {"sample", "recipe"} <= verbs
    assert verbs & {"audit", "share"}
    assert all(command in done.out for command in offered if command.split()[1] in LONG)
    for command in offered:
        _, verb, *arguments = shlex.split(command)
        if verb in LONG:
            given = [part for part in arguments if Path(part).suffix]
            assert all(Path(part).exists() for part in given), command
            continue
        for name in ("more.csv", "clean.csv"):
            Path(name).unlink(missing_ok=True)
        ran = tidemill(verb, *arguments)
        assert ran.code == 0, f"{command}: {ran.err}"
        if verb == "sample":
            assert pl.read_csv("more.csv").height == 500

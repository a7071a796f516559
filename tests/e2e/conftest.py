"""The command line as a user runs it, in this process."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.conformance.tables import business


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


Tidemill = Callable[..., Outcome]


@pytest.fixture
def tidemill(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Tidemill:
    from tidemill.cli import main

    def call(*arguments: object) -> Outcome:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["tidemill", *map(str, arguments)])
        before = signal.getsignal(signal.SIGINT)
        with pytest.raises(SystemExit) as ended:
            main()
        assert signal.getsignal(signal.SIGINT) is before
        captured = capfd.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return Outcome(int(ended.value.code or 0), captured.out, captured.err)

    return call


@pytest.fixture
def customers(tmp_path: Path) -> Path:
    path = tmp_path / "customers.csv"
    business(300).write_csv(path)
    return path


@pytest.fixture(scope="session")
def real() -> Path:
    folder = Path(os.environ.get("TIDEMILL_DATA", Path(__file__).parents[3] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the shared real sets are not at {folder} (set TIDEMILL_DATA)")
    return folder


@pytest.fixture
def numbers() -> pl.DataFrame:
    rng = np.random.default_rng(0)
    return pl.DataFrame(
        {
            "x": rng.normal(size=200).round(3),
            "y": rng.integers(0, 9, 200),
            "z": rng.choice(["a", "b"], 200),
        }
    )

"""Runs, and where the shared real sets are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tidemill.core.run import Run


@pytest.fixture
def run() -> Run:
    return Run()


@pytest.fixture(scope="session")
def real() -> Path:
    beside = Path(__file__).parents[4] / "shared" / "data"
    folder = Path(os.environ.get("TIDEMILL_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"the shared real sets are not at {folder} (set TIDEMILL_DATA)")
    return folder

"""The shared real tables, where they are."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest


@pytest.fixture(scope="session")
def real() -> Callable[[str], pl.DataFrame]:
    """Reads a shared real table, or skips where there is none."""
    folder = Path(os.environ.get("TIDEMILL_DATA", Path(__file__).parents[4] / "shared" / "data"))

    def read(name: str) -> pl.DataFrame:
        path = folder / name
        if not path.exists():
            pytest.skip(f"no shared data at {path}; set TIDEMILL_DATA")
        return pl.read_parquet(path)

    return read

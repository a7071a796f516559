"""Small tables with a schema made by hand, and the shared real ones where they are."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column, Kind, Role, Schema


def kind_of(values: pl.Series) -> Kind:
    if values.dtype == pl.Boolean:
        return "boolean"
    if values.dtype.is_numeric():
        return "number"
    return "datetime" if values.dtype.is_temporal() else "category"


@pytest.fixture
def table() -> Callable[..., Dataset]:
    """Makes a dataset of columns; kinds follow the dtypes where they are not given."""

    def make(
        kinds: dict[str, Kind] | None = None, roles: dict[str, Role] | None = None, **values: object
    ) -> Dataset:
        frame = pl.DataFrame(values)
        columns = tuple(
            Column(
                s.name,
                (kinds or {}).get(s.name, kind_of(s)),
                (roles or {}).get(s.name, "feature"),
                nullable=s.has_nulls(),
                dtype=str(s.dtype),
            )
            for s in frame
        )
        return Dataset(frame, Schema(columns))

    return make


@pytest.fixture
def real() -> Callable[[str], pl.DataFrame]:
    """Reads a shared real table as a polars frame, or skips."""

    def load(path: str) -> pl.DataFrame:
        beside = Path(__file__).parents[4] / "shared" / "data"
        folder = Path(os.environ.get("TIDEMILL_DATA", beside))
        if not (folder / path).exists():
            pytest.skip(f"no real data in {folder} (set TIDEMILL_DATA)")
        return pl.read_parquet(folder / path)

    return load

"""What tests of several rooms are given."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column, Schema


@pytest.fixture(scope="session")
def table() -> Callable[..., Dataset]:
    """A dataset of the columns given, with kinds and roles by name."""

    def make(
        kinds: dict[str, str], roles: dict[str, str] | None = None, **values: object
    ) -> Dataset:
        columns = tuple(
            Column(name, kinds[name], (roles or {}).get(name, "feature")) for name in values
        )
        return Dataset(pl.DataFrame(values), Schema(columns))

    return make

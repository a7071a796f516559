"""What a codec is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import polars as pl

from tidemill.core.grid import Batch, Spec
from tidemill.core.run import Run
from tidemill.core.schema import Column


class ColumnCodec(ABC):
    """Turns one typed column into channels of a grid, and back.

    Attributes:
        spec: The channels; known after :meth:`fit`.
        exact: Whether ``decode(encode(x)) == x`` to the last bit, and if not, why (in ``inexact_because``).
    """

    exact: bool = True
    inexact_because: str = ""

    spec: Spec

    @abstractmethod
    def fit(self, column: Column, values: pl.Series, run: Run) -> Self:
        """Learn the domain from training values (typed; null where missing)."""

    @abstractmethod
    def encode(self, values: pl.Series) -> Batch:
        """(n,) values -> Batch of n rows."""

    @abstractmethod
    def decode(self, batch: Batch, rng: np.random.Generator) -> pl.Series:
        """Batch of n rows -> (n,) values of the column's typed dtype."""

    @abstractmethod
    def to_state(self) -> dict[str, Any]:
        """Plain JSON values."""

    @classmethod
    @abstractmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> Self:
        """The codec that :meth:`to_state` described."""

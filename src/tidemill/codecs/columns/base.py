"""What a codec of one column is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import polars as pl

from tidemill.codecs.columns.line import NumberLine
from tidemill.core.condition import Test
from tidemill.core.errors import ConditionError
from tidemill.core.grid import Batch, Spec
from tidemill.core.run import Run
from tidemill.core.schema import Column


@dataclass(frozen=True, slots=True)
class Allowed:
    """The values of one column that pass some tests.

    Attributes:
        levels: (size,) bool, levels of the column's code (a presence code, or that of its
            categories); None for any.
        numbers: (k, 2) intervals of the number on the column's line, wherever it has one; None for
            any.
    """

    levels: np.ndarray | None = None
    numbers: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class SurrogateStream:
    """Where surrogates go on, so that none repeats where rows are made in parts.

    Attributes:
        first: Rows that were made before these.
        seed: The same for all parts of one draw.
        whose: (n,) numbers of the entities that the rows belong to, from ``first`` on; None where
            each row is its own.
    """

    first: int = 0
    seed: int = 0
    whose: np.ndarray | None = None


FIRST = SurrogateStream()


class ColumnCodec(ABC):
    """Turns one typed column into channels of a grid, and back.

    Attributes:
        spec: The channels: at most one code; known after :meth:`fit`.
        dtype: Of the typed values.
        line: How its reals make one number; None for a column without reals.
        exact: Whether ``decode(encode(x)) == x`` to the last bit, and if not, why (in
            ``inexact_because``).
    """

    exact: bool = True
    inexact_because: str = ""
    line: NumberLine | None = None

    spec: Spec

    @property
    @abstractmethod
    def dtype(self) -> pl.DataType:
        """Of the typed values."""

    @property
    @abstractmethod
    def missing_level(self) -> int | None:
        """The level of its code that says that a value is missing; None where none is."""

    @abstractmethod
    def fit(
        self, column: Column, values: pl.Series, run: Run, persons: np.ndarray | None = None
    ) -> Self:
        """Learn the domain from training values (typed; null where missing).

        Args:
            column: The column.
            values: Its values.
            run: For warnings.
            persons: (n,) the number of the person that each value is of, as floors count persons;
                None where each is a person's own.
        """

    @abstractmethod
    def encode(self, values: pl.Series) -> Batch:
        """(n,) values -> Batch of n rows."""

    @abstractmethod
    def decode(
        self, batch: Batch, rng: np.random.Generator, fresh: SurrogateStream = FIRST
    ) -> pl.Series:
        """Batch of n rows -> (n,) values of the column's typed dtype.

        Args:
            batch: The rows.
            rng: Draws what is not learned.
            fresh: How many rows were made before these, so that what must differ goes on differing.
        """

    @abstractmethod
    def allowed(self, column: Column, tests: Sequence[Test]) -> Allowed:
        """The values that pass all tests, all of which are of this column.

        Raises:
            ConditionError: A test asks for what the column cannot have, or no value passes them
                all.
        """

    def unknown(self, values: pl.Series) -> np.ndarray:
        """(n,) whether a value (of the codec's dtype, not null) is none that the codec can give
        back."""
        decoded = self.decode(self.encode(values), np.random.default_rng(0))
        return (decoded != values).to_numpy()

    def nearest(self, values: pl.Series) -> pl.Series:
        """(n,) values (of the codec's dtype, not null) -> those nearest to them that the codec can
        give back; null where there is none."""
        return values.set(pl.Series(self.unknown(values), dtype=pl.Boolean), None)

    @property
    def moves_free(self) -> bool:
        """Whether :meth:`own_numbers` is for numbers from the column's own channels, too."""
        return False

    @property
    def moves_reckoned(self) -> bool:
        """Whether :meth:`own_numbers` moves what rules reckon."""
        return self.moves_free

    def own_numbers(self, number: np.ndarray, towards: int, low: int, high: int) -> np.ndarray:
        """(n,) numbers of the line as rules make them -> those near them that the column has, where
        there is one within bounds.

        Args:
            number: Within the bounds.
            towards: 1 for at least as large ones, -1 for at most as large ones, 0 for the nearest.
            low, high: The bounds.
        """
        return number

    @abstractmethod
    def to_state(self) -> dict[str, Any]:
        """The codec as plain JSON."""

    @classmethod
    @abstractmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> Self:
        """The codec that :meth:`to_state` described."""


def none_passes(column: Column, tests: Sequence[Test]) -> ConditionError:
    """For tests that exclude each other."""
    listed = " and ".join(f"'{test}'" for test in tests)
    return ConditionError(
        f"no value passes {listed}",
        where=f"column '{column.name}'",
        hint="leave out a test" if len(tests) > 1 else "ask for other values",
    )


def not_missing(column: Column) -> ConditionError:
    """For a missing value asked of a column that has none."""
    return ConditionError(
        "no value is missing in the training rows",
        where=f"column '{column.name}'",
        hint="ask for a value",
    )

"""What stands beside an image or a piece of music: the columns that it is made for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from tidemill.codecs.columns.base import SurrogateStream
from tidemill.codecs.table import TableCodec
from tidemill.core.condition import Condition
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.grid import Batch, Constraints, Spec
from tidemill.core.run import Run
from tidemill.core.schema import Column, Kind, Rule, Schema


@dataclass(frozen=True)
class Beside:
    """The other columns of a dataset with a medium, as the context of its grid.

    Attributes:
        table: Their codec; None where there are none.
    """

    table: TableCodec | None

    @staticmethod
    def fitted(
        data: Dataset, kept: Schema, medium: str, run: Run, persons: np.ndarray | None
    ) -> Beside:
        """Of the columns that are kept, but for that of the medium.

        Raises:
            DataError: A value does not fit its kind.
        """
        others = [name for name in kept.names if name != medium]
        return Beside(TableCodec().fit(data.select(others), run, persons) if others else None)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """That hold between the columns."""
        return () if self.table is None else self.table.schema.rules

    @property
    def given(self) -> TableCodec | None:
        """The codec of what rows of the grid are made for, where any of it can be learned."""
        if self.table is None or not (self.table.spec.reals or self.table.spec.codes):
            return None
        return self.table

    @property
    def spec(self) -> Spec | None:
        """Of the context; None where there is none."""
        return None if self.given is None else self.given.spec

    def encode(self, data: Dataset) -> Batch | None:
        """The context of rows of the dataset; None where there is none."""
        if self.given is None:
            return None
        return self.given.encode(data.select(list(self.given.schema.names)))

    def decode(
        self, batch: Batch, rng: np.random.Generator, name: str, surrogates: SurrogateStream
    ) -> dict[str, pl.Series]:
        """The columns of rows of the grid, by their names."""
        if self.table is None:
            return {}
        context = batch.context
        if context is None:
            context = Batch.blank(self.table.spec, len(batch))
        frame = self.table.decode(context, rng, name, surrogates).frame
        return {column.name: column for column in frame}

    def constraints(self, condition: Condition) -> Constraints:
        """As of a codec."""
        return Constraints() if self.table is None else self.table.constraints(condition)

    def levels(self, name: str) -> list[str]:
        """As of a codec; none for the medium."""
        if self.table is None or name not in self.table.schema.names:
            return []
        return self.table.levels(name)

    def to_state(self) -> dict[str, Any] | None:
        """Plain JSON values."""
        return None if self.table is None else self.table.to_state()

    @staticmethod
    def from_state(state: Mapping[str, Any] | None, schema: Schema, medium: str) -> Beside:
        """What :meth:`to_state` described.

        Raises:
            ValueError: With the medium these are not the columns of the schema.
        """
        table = None if state is None else TableCodec.from_state(state)
        names = set() if table is None else set(table.schema.names)
        if {medium, *names} != set(schema.names):
            raise ValueError("the codec's columns are not the schema's")
        return Beside(table)


def only_column(kept: Schema, kind: Kind, plural: str, where: str) -> Column:
    """The column of a medium.

    Args:
        kept: A schema with at least one.
        kind: Of the column.
        plural: What its values are called.
        where: The dataset's name, for messages.

    Raises:
        DataError: There are several.
    """
    columns = kept.of_kind(kind)
    if len(columns) > 1:
        raise DataError(
            f"there are {len(columns)} columns of {plural}, and only one can be learned",
            where=where,
            hint="leave the others out with option 'ignore'",
        )
    return columns[0]

"""What a series is made for: the columns that never change within it, and when it begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from tidemill.codecs.codec import Claim, Codec
from tidemill.codecs.columns.base import FIRST, SurrogateStream
from tidemill.codecs.series_times import Timeline
from tidemill.codecs.table import TableCodec
from tidemill.core.condition import Condition
from tidemill.core.dataset import Dataset
from tidemill.core.grid import Batch, Constraints, Spec, Topology
from tidemill.core.run import Run
from tidemill.core.schema import Schema


class SeriesHeads(Codec):
    """The first stage of series: one row for each, its static columns and its first time.

    Attributes:
        static: Of the columns that never change within a series; None where there is none.
        times: Of the starts; fitted beforehand, as it also needs the later times.

    Args:
        times: The fitted times.
        names: The static columns.
    """

    modality: ClassVar[str] = "rows"
    topology: ClassVar[Topology] = "row"
    keeps: ClassVar[str] = TableCodec.keeps
    conditions: ClassVar[bool] = False

    static: TableCodec | None

    def __init__(self, times: Timeline, names: list[str]) -> None:
        self.times, self.names = times, names

    @classmethod
    def claims(cls, schema: Schema, window: int | None) -> Claim:
        return "no"  # it is a part of series

    def fit(self, data: Dataset, run: Run, persons: np.ndarray | None = None) -> Self:
        if not self.names:
            return self._made(None)
        return self._made(TableCodec().fit(data.select(self.names), run, persons))

    def _made(self, static: TableCodec | None) -> Self:
        self.static = static
        if static is None:
            self.schema = Schema((self.times.column,))
            self.spec = Spec.joined([self.times.spec])
        else:
            self.schema = Schema((*static.schema.columns, self.times.column), static.schema.rules)
            self.spec = Spec.joined([static.spec, self.times.spec])
        return self

    def encode(self, data: Dataset) -> Batch:
        starts = self.times.encode(data[self.times.column.name])
        if self.static is None:
            return starts
        return Batch.joined([self.static.encode(data), starts])

    def decode(
        self,
        batch: Batch,
        rng: np.random.Generator,
        name: str = "data",
        surrogates: SurrogateStream = FIRST,
    ) -> Dataset:
        first = self.times.decode(self.starts(batch), None, np.ones(len(batch), np.int64))
        columns = [*self.static_columns(batch, rng, name, surrogates), first]
        return Dataset(pl.DataFrame(columns), self.schema, name=name)

    def static_columns(
        self, batch: Batch, rng: np.random.Generator, name: str, surrogates: SurrogateStream
    ) -> list[pl.Series]:
        """The columns that never change, of n series."""
        if self.static is None:
            return []
        reals, codes = len(self.static.spec.reals), len(self.static.spec.codes)
        own = Batch(batch.tick[:, :reals], batch.code[:, :codes])
        return self.static.decode(own, rng, name, surrogates).frame.get_columns()

    def starts(self, batch: Batch) -> Batch:
        """The channels of the starts."""
        if self.static is None:
            return batch
        reals, codes = len(self.static.spec.reals), len(self.static.spec.codes)
        return Batch(batch.tick[:, reals:], batch.code[:, codes:])

    def constraints(self, condition: Condition) -> Constraints:
        raise self.unsupported("condition")

    def levels(self, name: str) -> list[str]:
        self.schema[name]  # raises where there is none
        if self.static is None or name not in self.static.schema:
            return []
        return self.static.levels(name)

    def to_state(self) -> dict[str, Any]:
        return {
            "static": None if self.static is None else self.static.to_state(),
            "times": self.times.to_state(),
            "time": Schema((self.times.column,)).to_state(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        [time] = Schema.from_state(state["time"]).columns
        static = TableCodec.from_state(state["static"]) if state["static"] else None
        names = [] if static is None else list(static.schema.names)
        return cls(Timeline.from_state(time, state["times"]), names)._made(static)

"""What a plane of tiles is made for: what stands beside it, and its size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from tidemill.codecs.codec import Claim, Codec
from tidemill.codecs.columns.base import FIRST, SurrogateStream
from tidemill.codecs.table import TableCodec
from tidemill.core.condition import Condition
from tidemill.core.dataset import Dataset
from tidemill.core.grid import Batch, Constraints, Spec, Topology
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.levels.planes import sizes

SIZE = ("height", "width")
"""What the size of a plane is called; columns of a dataset with these names that say it."""


class TileHeads(Codec):
    """The first stage of planes: a row for each, with its size in the last two channels.

    Attributes:
        beside: Of the columns beside the planes but those that say the size; None where there are
            none.
        size: Of the two columns of the size.
        own: Those of these that the dataset has.
    """

    modality: ClassVar[str] = "rows"
    topology: ClassVar[Topology] = "row"
    keeps: ClassVar[str] = TableCodec.keeps

    beside: TableCodec | None
    size: TableCodec
    own: tuple[str, ...]

    @classmethod
    def claims(cls, schema: Schema, window: int | None) -> Claim:
        return "no"  # it is a part of planes

    def fit(self, data: Dataset, run: Run, persons: np.ndarray | None = None) -> Self:
        found = sizes(data)
        plane = data.schema.tiles
        assert plane is not None
        self.own = tuple(
            name
            for name, values in zip(SIZE, found.T, strict=True)
            if name in data.schema and data[name].dtype.is_integer()
            if data[name].eq_missing(pl.Series(values)).all()
        )
        others = [c.name for c in data.schema if c.name not in (plane.name, *self.own)]
        beside = TableCodec().fit(data.select(others), run, persons) if others else None
        size = TableCodec().fit(_of_sizes(data, found), run, persons)
        return self._made(beside, size, self.own)

    def _made(self, beside: TableCodec | None, size: TableCodec, own: tuple[str, ...]) -> Self:
        self.beside, self.size, self.own = beside, size, own
        if len(size.spec.reals) != len(SIZE) or size.spec.codes:
            raise ValueError("a size is no two numbers")
        columns = () if beside is None else beside.schema.columns
        rules = () if beside is None else beside.schema.rules
        said = tuple(column for column in size.schema if column.name in own)
        self.schema = Schema((*columns, *said), rules)
        parts = [] if beside is None else [beside.spec]
        self.spec = Spec.joined([*parts, size.spec])
        return self

    @property
    def extent(self) -> tuple[int, int]:
        """The channels of the size."""
        count = len(self.spec.reals)
        return count - 2, count - 1

    def encode(self, data: Dataset) -> Batch:
        size = self.size.encode(_of_sizes(data, sizes(data)))
        if self.beside is None:
            return size
        return Batch.joined([self.beside.encode(data.select(list(self.beside.schema.names))), size])

    def sized(self, batch: Batch, size: np.ndarray) -> Batch:
        """The same rows, of (n, 2) another size."""
        tick = batch.tick.copy()
        tick[:, list(self.extent)] = size
        return replace(batch, tick=tick)

    def decode(
        self,
        batch: Batch,
        rng: np.random.Generator,
        name: str = "data",
        surrogates: SurrogateStream = FIRST,
    ) -> Dataset:
        columns = []
        if self.beside is not None:
            spec = self.beside.spec
            own = Batch(batch.tick[:, : len(spec.reals)], batch.code)
            columns += self.beside.decode(own, rng, name, surrogates).frame.get_columns()
        for one, place in zip(SIZE, self.extent, strict=True):
            if one in self.own:
                columns.append(pl.Series(one, batch.tick[:, place], dtype=pl.Int64))
        frame = pl.DataFrame(columns) if columns else pl.DataFrame(height=len(batch))
        return Dataset(frame, self.schema, name=name)

    def constraints(self, condition: Condition) -> Constraints:
        of_size = [test for test in condition.tests if test.column in self.own]
        others = [test for test in condition.tests if test.column not in self.own]
        size = self.size.constraints(Condition(tuple(of_size)))
        if self.beside is None:
            return size
        known = self.beside.constraints(Condition(tuple(others)))
        behind = size.behind(self.beside.spec)
        return Constraints(
            {**known.tick, **behind.tick},
            {**known.code, **behind.code},
            (*known.sums, *behind.sums),
        )

    def checked(self, condition: Condition) -> Condition:
        if self.beside is None:
            return super().checked(condition)
        tests = tuple(test for test in condition.tests if test.column not in self.own)
        return self.beside.checked(Condition(tests))

    def levels(self, name: str) -> list[str]:
        self.schema[name]  # raises where there is none
        if self.beside is None or name in self.own:
            return []
        return self.beside.levels(name)

    def to_state(self) -> dict[str, Any]:
        return {
            "beside": None if self.beside is None else self.beside.to_state(),
            "size": self.size.to_state(),
            "own": list(self.own),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        beside = None if state["beside"] is None else TableCodec.from_state(state["beside"])
        own = tuple(name for name in SIZE if name in state["own"])
        if len(own) != len(state["own"]):
            raise ValueError("a size is called otherwise")
        return cls()._made(beside, TableCodec.from_state(state["size"]), own)


def _of_sizes(data: Dataset, found: np.ndarray) -> Dataset:
    """A dataset of the two columns of the size."""
    frame = pl.DataFrame(dict(zip(SIZE, found.T, strict=True)))
    columns = []
    for name in SIZE:
        dtype = "Int64"
        if name in data.schema.names and data[name].dtype.is_integer():
            dtype = data.schema[name].dtype
        columns.append(Column(name, "number", step="1", dtype=dtype))
    return Dataset(frame.cast(pl.Int64), Schema(tuple(columns)), name=data.name)

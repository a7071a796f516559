"""Planes of tiles, such as levels of games, as grids of one code a site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from tidemill.codecs.beside import only_column
from tidemill.codecs.codec import Claim, Codec
from tidemill.codecs.columns.base import FIRST, SurrogateStream
from tidemill.codecs.stored_schema import stored_schema
from tidemill.codecs.table import TableCodec
from tidemill.codecs.tile_heads import TileHeads
from tidemill.core import checked_values as checked
from tidemill.core.condition import Condition
from tidemill.core.dataset import Dataset
from tidemill.core.errors import ConditionError, DataError
from tidemill.core.grid import Batch, Code, Constraints, Spec, Topology
from tidemill.core.run import Run
from tidemill.core.schema import Schema
from tidemill.levels.planes import (
    MOST_SIDE,
    MOST_SYMBOLS,
    MOST_TILES,
    decoded,
    encoded,
    sizes,
    symbols_of,
)


class TileCodec(Codec):
    """The tiles of a plane become the codes of one row of the grid; what stands beside it and its
    size are the context. ``decode(encode(x)) == x``.

    Planes that are smaller than the largest one have a level of its own outside, the last one.

    Attributes:
        symbols: The tiles, a character each; their places are the levels.
        side: (lines, columns) of the grid.
        ordinary: The level that occurs most: it stands where a model puts the outside within.
    """

    modality: ClassVar[str] = "levels"
    topology: ClassVar[Topology] = "tiles"
    noun: ClassVar[str] = "levels"
    items: ClassVar[str] = "levels"
    default_model: ClassVar[str] = "autoregressive"
    as_table: ClassVar[str] = (
        "leave the column of tiles out with option 'ignore' to learn the others"
    )
    keeps: ClassVar[str] = (
        f"{TableCodec.keeps}\n"
        "of levels the characters of their tiles and the sizes that at least 5 share, the counts "
        "of which tile stands beside which, or the weights of networks that were shown them; "
        "networks can learn parts of levels by heart, and the copied windows say how far these did"
    )

    symbols: tuple[str, ...]
    side: tuple[int, int]
    ordinary: int

    @classmethod
    def claims(cls, schema: Schema, window: int | None) -> Claim:
        return "must" if schema.modality == "levels" else "no"

    @property
    def given(self) -> TileHeads:
        """What stands beside the planes, and their size."""
        return self._heads

    @property
    def _plane(self) -> str:
        column = self.schema.tiles
        assert column is not None
        return column.name

    def fit(self, data: Dataset, run: Run, persons: np.ndarray | None = None) -> Self:
        """Note the tiles and the largest size, and fit the codec of what stands beside.

        Raises:
            DataError: A plane is missing, its lines differ in length, or there are too many tiles
                or columns of planes.
        """
        kept = stored_schema(data, persons)
        column = only_column(kept, "tiles", "tiles", data.name)
        data = data.select(list(kept.names))
        height, width = sizes(data).max(axis=0).tolist() if len(data) else (1, 1)
        _check_room(len(data), height, width, data.name)
        planes = data[column.name].to_list()
        symbols = symbols_of(planes)
        if len(symbols) > MOST_SYMBOLS:
            raise DataError(
                f"{len(symbols):,} different tiles are too many",
                where=data.name,
                hint=f"give levels of at most {MOST_SYMBOLS} sorts of tiles",
            )
        self.symbols, self.side = tuple(symbols), (height, width)
        often = np.zeros(len(symbols), np.int64)
        for code in encoded(planes, symbols):
            often += np.bincount(code.ravel(), minlength=len(symbols))
        self.ordinary = int(often.argmax())
        heads = TileHeads().fit(data, run, persons)
        return self._made(Schema(kept.columns, heads.schema.rules), heads)

    def _made(self, schema: Schema, heads: TileHeads) -> Self:
        self.schema, self._heads = schema, heads
        self.spec = Spec(
            codes=(Code("tile", len(self.symbols) + 1),),
            sites=self.side,
            context=heads.spec,
            topology=self.topology,
            extent=heads.extent,
        )
        return self

    def encode(self, data: Dataset) -> Batch:
        """n rows -> Batch; code (n, H, W, 1).

        Raises:
            DataError: A plane has tiles that were not learned, or is larger than the grid.
        """
        (height, width), largest = self.side, sizes(data).max(axis=0, initial=1)
        if (largest > self.side).any():
            raise DataError(
                f"a level of {largest[0]} x {largest[1]} tiles is larger than those that were "
                f"learned ({height} x {width})",
                where=data.name,
                hint="give smaller ones, or fit anew",
            )
        _check_room(len(data), height, width, data.name)
        code = np.full((len(data), height, width, 1), len(self.symbols), np.int32)
        for row, plane in enumerate(encoded(data[self._plane].to_list(), self.symbols)):
            code[row, : plane.shape[0], : plane.shape[1], 0] = plane
        tick = np.zeros((len(data), height, width, 0), np.int64)
        return Batch(tick, code, context=self._heads.encode(data))

    def decode(
        self,
        batch: Batch,
        rng: np.random.Generator,
        name: str = "data",
        surrogates: SurrogateStream = FIRST,
    ) -> Dataset:
        given = batch.context
        if given is None:
            given = self._heads.sized(
                Batch.blank(self._heads.spec, len(batch)), np.array(self.side)
            )
        beside = self._heads.decode(given, rng, name, surrogates)
        within = self.spec.within(len(batch), given)
        planes = []
        for code, here in zip(batch.code[..., 0], within, strict=True):
            own = code[: here[:, 0].sum(), : here[0].sum()]
            own = np.where(own < len(self.symbols), own, self.ordinary)
            planes.append(decoded(own, self.symbols))
        columns = {column.name: column for column in beside.frame}
        columns[self._plane] = pl.Series(self._plane, planes, dtype=pl.String)
        return Dataset(pl.DataFrame([columns[c.name] for c in self.schema]), self.schema, name=name)

    def constraints(self, condition: Condition) -> Constraints:
        if any(test.column == self._plane for test in condition.tests):
            raise ConditionError(
                "nothing can be asked of all tiles of a level",
                where=f"column '{self._plane}'",
                hint="ask for what stands beside the levels",
            )
        return self._heads.constraints(condition)

    def checked(self, condition: Condition) -> Condition:
        return self._heads.checked(condition)

    def levels(self, name: str) -> list[str]:
        self.schema[name]  # raises where there is none
        return [] if name == self._plane else self._heads.levels(name)

    def check(self, data: Dataset) -> None:
        self.encode(data.select(list(self.schema.names)))

    def facts(self, batch: Batch) -> dict[str, Any]:
        return {"size": list(self.side), "tiles": len(self.symbols)}

    def described(self, manifest: Mapping[str, Any]) -> str:
        height, width = self.side
        return f"{manifest['rows']:,} levels of up to {height} x {width} tiles"

    def to_state(self) -> dict[str, Any]:
        return {
            "schema": self.schema.to_state(),
            "symbols": "".join(self.symbols),
            "side": list(self.side),
            "ordinary": self.ordinary,
            "heads": self._heads.to_state(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        codec = cls()
        schema = Schema.from_state(state["schema"])
        codec.symbols = tuple(state["symbols"])
        height, width = checked.wholes(state["side"], 1, MOST_SIDE)
        codec.side = (height, width)
        if not 0 < len(codec.symbols) == len(set(codec.symbols)) <= MOST_SYMBOLS:
            raise ValueError("the tiles are no different characters")
        codec.ordinary = checked.whole(state["ordinary"], 0, len(codec.symbols) - 1)
        heads = TileHeads.from_state(state["heads"])
        if schema.tiles is None or {schema.tiles.name, *heads.schema.names} != set(schema.names):
            raise ValueError("the codec's columns are not the schema's")
        return codec._made(schema, heads)


def _check_room(rows: int, height: int, width: int, where: str) -> None:
    """See that so many planes of such a size have room.

    Raises:
        DataError: They have none.
    """
    if rows * height * width > MOST_TILES:
        raise DataError(
            f"{rows:,} levels on a grid of {height:,} x {width:,} tiles are too many",
            where=where,
            hint=f"give fewer or smaller ones: at most {MOST_TILES:,} tiles together",
        )

"""Images as grids of pixels; what is known of each stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from tidemill.codecs.codec import Claim, Codec
from tidemill.codecs.columns.base import FIRST, SurrogateStream
from tidemill.codecs.stored_schema import stored_schema
from tidemill.codecs.table import TableCodec
from tidemill.core import checked_values as checked
from tidemill.core.condition import Condition
from tidemill.core.dataset import Dataset
from tidemill.core.errors import ConditionError, DataError
from tidemill.core.grid import Batch, Constraints, Real, Spec, Topology
from tidemill.core.run import Run
from tidemill.core.schema import Rule, Schema
from tidemill.imaging.pixels import image_column, images, pixels

CHANNELS = {1: ("grey",), 3: ("red", "green", "blue")}
DEEPEST = 255
LARGEST_SIDE = 100_000


class ImageCodec(Codec):
    """The pixels of an image become the sites of one row of the grid, its colours their reals.

    A :class:`TableCodec` turns the other columns (the label above all) into the grid's context, so
    that images are made for them. ``decode(encode(x)) == x`` to the last bit, but for ids and
    texts.

    Attributes:
        size: (height, width, channels) of every image.
    """

    modality: ClassVar[str] = "images"
    topology: ClassVar[Topology] = "pixels"
    noun: ClassVar[str] = "images"
    items: ClassVar[str] = "images"
    default_model: ClassVar[str] = "gan"
    interpolates: ClassVar[bool] = True
    as_table: ClassVar[str] = (
        "leave the column of images out with option 'ignore' to learn the others"
    )
    keeps: ClassVar[str] = (
        "The model keeps no image. It keeps: the size of the images, the darkest and brightest "
        "value of each colour, what stands beside the images as a model of a table keeps it "
        "(names of labels with at least 5 images), and the "
        "weights of networks that were shown the images. Networks can learn single images by "
        "heart; the near-copies say how far these did."
    )

    size: tuple[int, int, int]

    @classmethod
    def claims(cls, schema: Schema, window: int | None) -> Claim:
        return "must" if schema.modality == "images" else "no"

    @property
    def given(self) -> TableCodec | None:
        """What stands beside the images, where any of it can be learned."""
        if self.spec.context is None:
            return None
        return self._others

    def fit(self, data: Dataset, run: Run, persons: np.ndarray | None = None) -> Self:
        """Note the images' size, and fit the codec of the other columns.

        Raises:
            DataError: A value of another column does not fit its kind, or there is more than one
                column of images.
        """
        kept = stored_schema(data, persons)
        if len(kept.of_kind("image")) > 1:
            raise DataError(
                f"there are {len(kept.of_kind('image'))} columns of images, and only one can be "
                "learned",
                where=data.name,
                hint="leave the others out with option 'ignore'",
            )
        column = image_column(kept)
        assert column is not None
        height, width, channels = pixels(data[column.name].head(1)).shape[1:]
        self.size = (height, width, channels)
        others = [name for name in kept.names if name != column.name]
        self._others = None
        rules: tuple[Rule, ...] = ()
        if others:
            self._others = TableCodec().fit(data.select(others), run, persons)
            rules = self._others.schema.rules
        self.schema = Schema(kept.columns, rules)
        return self._made()

    def _made(self) -> Self:
        height, width, channels = self.size
        context = None if self._others is None else self._others.spec
        if context is not None and not context.reals and not context.codes:
            context = None
        self.spec = Spec(
            tuple(Real(name, scale="bounded") for name in CHANNELS[channels]),
            (),
            (height, width),
            context=context,
            topology=self.topology,
        )
        return self

    @property
    def _image(self) -> str:
        column = image_column(self.schema)
        assert column is not None
        return column.name

    def encode(self, data: Dataset) -> Batch:
        """n rows -> Batch; tick (n, height, width, channels)."""
        values = pixels(data[self._image])
        if len(data) and values.shape[1:] != self.size:
            size = " x ".join(map(str, values.shape[1:]))
            expected = " x ".join(map(str, self.size))
            raise DataError(
                f"the images are of {size} and not of {expected}",
                where=data.name,
                hint="read them with ?size=WIDTHxHEIGHT, or fit anew",
            )
        n = len(data)
        context = None
        if self.spec.context is not None and self._others is not None:
            context = self._others.encode(data.select(list(self._others.schema.names)))
        return Batch(
            values.reshape(n, *self.size).astype(np.int64),
            np.zeros((n, *self.size[:2], 0), np.int32),
            context=context,
        )

    def decode(
        self,
        batch: Batch,
        rng: np.random.Generator,
        name: str = "data",
        surrogates: SurrogateStream = FIRST,
    ) -> Dataset:
        made = images(self._image, np.clip(batch.tick, 0, DEEPEST).astype(np.uint8))
        columns = {self._image: made}
        if self._others is not None:
            beside = batch.context
            if beside is None:
                beside = Batch.blank(self._others.spec, len(batch))
            columns |= {c.name: c for c in self._others.decode(beside, rng, name, surrogates).frame}
        return Dataset(pl.DataFrame([columns[c.name] for c in self.schema]), self.schema, name=name)

    def constraints(self, condition: Condition) -> Constraints:
        if any(test.column == self._image for test in condition.tests):
            raise ConditionError(
                "nothing can be asked of an image's pixels",
                where=f"column '{self._image}'",
                hint="ask for a label",
            )
        if self._others is None:
            return Constraints()
        return self._others.constraints(condition)

    def levels(self, name: str) -> list[str]:
        self.schema[name]  # raises where there is none
        if self._others is None or name == self._image:
            return []
        return self._others.levels(name)

    def check(self, data: Dataset) -> None:
        self.encode(data.select(list(self.schema.names)))

    def facts(self, batch: Batch) -> dict[str, Any]:
        return {"size": list(self.size)}

    def described(self, manifest: Mapping[str, Any]) -> str:
        height, width, _ = self.size
        return f"{manifest['rows']:,} images of {height} x {width} pixels"

    def to_state(self) -> dict[str, Any]:
        return {
            "schema": self.schema.to_state(),
            "size": list(self.size),
            "others": None if self._others is None else self._others.to_state(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        codec = cls()
        codec.schema = Schema.from_state(state["schema"])
        height, width, channels = checked.wholes(state["size"], 1, LARGEST_SIDE)
        if channels not in CHANNELS or image_column(codec.schema) is None:
            raise ValueError("this is no codec of images")
        codec.size = (height, width, channels)
        codec._others = None
        there = {codec._image}
        if state["others"] is not None:
            codec._others = TableCodec.from_state(state["others"])
            there |= set(codec._others.schema.names)
        if there != set(codec.schema.names):
            raise ValueError("the codec's columns are not the schema's")
        return codec._made()

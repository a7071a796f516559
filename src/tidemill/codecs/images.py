"""Images as grids of pixels; what is known of each stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from tidemill.codecs.beside import Beside, only_column
from tidemill.codecs.codec import Claim, Codec
from tidemill.codecs.columns.base import FIRST, SurrogateStream
from tidemill.codecs.palettes import Palette
from tidemill.codecs.stored_schema import stored_schema
from tidemill.codecs.table import TableCodec
from tidemill.core import checked_values as checked
from tidemill.core.condition import Condition
from tidemill.core.dataset import Dataset
from tidemill.core.errors import ConditionError, DataError
from tidemill.core.grid import Batch, Constraints, Real, Spec, Topology
from tidemill.core.run import Run
from tidemill.core.schema import Schema
from tidemill.imaging.pixels import image_column, images, pixels
from tidemill.imaging.transparency import has_alpha, premultiplied, straight

CHANNELS = {1: ("grey",), 3: ("red", "green", "blue"), 4: ("red", "green", "blue", "alpha")}
DEEPEST = 255
LARGEST_SIDE = 100_000


class ImageCodec(Codec):
    """The pixels of an image become the sites of one row of the grid, its colours their reals.

    A :class:`TableCodec` turns the other columns (the label above all) into the grid's context, so
    that images are made for them. ``decode(encode(x)) == x`` to the last bit, but for ids and
    texts.

    Images that are transparent in part are sprites: they are learned with their colours times
    alpha, and what is made is clear or of a colour of a :class:`Palette`, pixel by pixel. They come
    back to the last bit where the palette has all their colours, and nothing shines through in
    part.

    Attributes:
        size: (height, width, channels) of every image.
        palette: Of which the pixels of sprites are; None for other images.
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
        "value of each colour, of images that are transparent in part colours that at least 5 of "
        "them share, what stands beside the images as a model of a table keeps it (names of labels "
        "with at least 5 images), and the "
        "weights of networks that were shown the images. Networks can learn single images by "
        "heart; the near-copies say how far these did."
    )

    size: tuple[int, int, int]
    palette: Palette | None

    @classmethod
    def claims(cls, schema: Schema, window: int | None) -> Claim:
        return "must" if schema.modality == "images" else "no"

    @property
    def given(self) -> TableCodec | None:
        """What stands beside the images, where any of it can be learned."""
        return self._beside.given

    def fit(self, data: Dataset, run: Run, persons: np.ndarray | None = None) -> Self:
        """Note the images' size, and fit the codec of the other columns.

        Raises:
            DataError: A value of another column does not fit its kind, or there is more than one
                column of images, or no colour of sprites is shared.
        """
        kept = stored_schema(data, persons)
        column = only_column(kept, "image", "images", data.name)
        first = pixels(data[column.name].head(1))
        height, width, channels = first.shape[1:]
        self.size = (height, width, channels)
        self.palette = None
        if has_alpha(first):
            self.palette = Palette.learned(pixels(data[column.name]), run, persons, data.name)
            run.emit("note", "learn", self.palette.told())
        self._beside = Beside.fitted(data, kept, column.name, run, persons)
        self.schema = Schema(kept.columns, self._beside.rules)
        return self._made()

    def _made(self) -> Self:
        height, width, channels = self.size
        self.spec = Spec(
            tuple(Real(name, scale="bounded") for name in CHANNELS[channels]),
            (),
            (height, width),
            context=self._beside.spec,
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
        return replace(self.encoded_pixels(values), context=self._beside.encode(data))

    def encoded_pixels(self, pixels: np.ndarray) -> Batch:
        """(n, height, width, channels) uint8 of the codec's size -> Batch without context."""
        n = len(pixels)
        return Batch(
            premultiplied(pixels).reshape(n, *self.size).astype(np.int64),
            np.zeros((n, *self.size[:2], 0), np.int32),
        )

    def decode(
        self,
        batch: Batch,
        rng: np.random.Generator,
        name: str = "data",
        surrogates: SurrogateStream = FIRST,
    ) -> Dataset:
        shown = np.clip(batch.tick, 0, DEEPEST).astype(np.uint8)
        if self.palette is not None:
            shown = self.palette.snapped(straight(shown))
        made = images(self._image, shown)
        columns = {self._image: made, **self._beside.decode(batch, rng, name, surrogates)}
        return Dataset(pl.DataFrame([columns[c.name] for c in self.schema]), self.schema, name=name)

    def constraints(self, condition: Condition) -> Constraints:
        if any(test.column == self._image for test in condition.tests):
            raise ConditionError(
                "nothing can be asked of an image's pixels",
                where=f"column '{self._image}'",
                hint="ask for a label",
            )
        return self._beside.constraints(condition)

    def levels(self, name: str) -> list[str]:
        self.schema[name]  # raises where there is none
        return self._beside.levels(name)

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
            "palette": None if self.palette is None else self.palette.to_state(),
            "others": self._beside.to_state(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        codec = cls()
        codec.schema = Schema.from_state(state["schema"])
        height, width, channels = checked.wholes(state["size"], 1, LARGEST_SIDE)
        if channels not in CHANNELS or image_column(codec.schema) is None:
            raise ValueError("this is no codec of images")
        codec.size = (height, width, channels)
        stated = state.get("palette")  # models of before had none
        codec.palette = None if stated is None else Palette.from_state(stated)
        if (codec.palette is not None) != (CHANNELS[channels][-1] == "alpha"):
            raise ValueError("sprites have a palette, and other images have none")
        codec._beside = Beside.from_state(state["others"], codec.schema, codec._image)
        return codec._made()

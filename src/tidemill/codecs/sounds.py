"""Sounds as grids of what is heard when; how long each is, and what is known of it, stands
beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from tidemill.acoustics.sounds import rates, seconds, sounds
from tidemill.acoustics.spectrogram import FASTEST, SLOWEST, Spectrogram
from tidemill.codecs.beside import only_column
from tidemill.codecs.codec import Claim, Codec
from tidemill.codecs.columns.base import FIRST, SurrogateStream
from tidemill.codecs.images import ImageCodec
from tidemill.codecs.stored_schema import stored_schema
from tidemill.core import checked_values as checked
from tidemill.core.condition import Condition
from tidemill.core.dataset import Dataset
from tidemill.core.errors import ConditionError, DataError
from tidemill.core.grid import Batch, Constraints, Topology
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.imaging.pixels import pixels
from tidemill.supervised.hearing import pictured

BANDS = 32
COLUMN = 0.02
"""Seconds of a picture's column, of a sound of median length, at most."""
WIDTHS = (32, 64, 128)
SHORTEST, LONGEST = 10, 600_000
"""Milliseconds of the sounds that are made."""


class SoundCodec(Codec):
    """A sound becomes a picture of what is heard when (:mod:`tidemill.acoustics.spectrogram`),
    which an :class:`ImageCodec` turns into a grid; how long it is stands beside it in milliseconds,
    with the other columns, as what pictures are made for.

    What comes back is heard as the same by its picture, not by its samples.

    Attributes:
        rate: Samples a second.
        width: Columns of a picture.
    """

    modality: ClassVar[str] = "sounds"
    topology: ClassVar[Topology] = "pixels"
    noun: ClassVar[str] = "sounds"
    items: ClassVar[str] = "sounds"
    default_model: ClassVar[str] = "gan"
    interpolates: ClassVar[bool] = True
    as_table: ClassVar[str] = (
        "leave the column of sounds out with option 'ignore' to learn the others"
    )
    keeps: ClassVar[str] = (
        "The model keeps no sound. It keeps: the rate of the samples, the quietest and loudest "
        "value of a picture of sounds, what stands beside them and their lengths as a model of a "
        "table keeps it (names of labels with at least 5 sounds), and the weights of networks that "
        "were shown pictures of the sounds. Networks can learn single sounds by heart; the "
        "near-copies say how far these did."
    )

    rate: int
    width: int

    @classmethod
    def claims(cls, schema: Schema, window: int | None) -> Claim:
        return "must" if schema.modality == "sounds" else "no"

    @property
    def given(self) -> Codec | None:
        """How long sounds are, and what else stands beside them."""
        return self._images.given

    def fit(self, data: Dataset, run: Run, persons: np.ndarray | None = None) -> Self:
        """Note the sounds' rate and lengths, and fit the codec of their pictures.

        Raises:
            DataError: A value of another column does not fit its kind, there is more than one
                column of sounds, or they are too long.
        """
        kept = stored_schema(data, persons)
        only_column(kept, "sound", "sounds", data.name)
        self.schema = kept
        values = data[self._sound]
        [self.rate, *_] = rates(values)
        self.width = _width(float(np.median(seconds(values))), data.name)
        self._images = ImageCodec().fit(self._pictured(data), run, persons)
        return self._made()

    def _made(self) -> Self:
        self.spec = self._images.spec
        self.schema = Schema(self.schema.columns, self._images.schema.rules)
        return self

    @property
    def _sound(self) -> str:
        column = self.schema.sound
        assert column is not None
        return column.name

    @property
    def _length(self) -> str:
        """The name of the column of lengths."""
        name = "milliseconds"
        while name in self.schema.names:
            name += "_"
        return name

    def _pictured(self, data: Dataset) -> Dataset:
        """Pictures in the place of sounds, and their lengths as a column."""
        data = data.select(self.schema.names)
        values = data[self._sound]
        if len(data) and rates(values) != [self.rate]:
            raise DataError(
                f"the sounds have {', '.join(f'{rate:,}' for rate in rates(values))} samples a "
                f"second, and not {self.rate:,}",
                where=data.name,
                hint=f"read them with ?rate={self.rate}, or fit anew",
            )
        lengths = np.rint(1000 * seconds(values)).astype(np.int64)
        shown = pictured(data, BANDS, self.width)
        column = Column(self._length, "number", step="1", dtype="Int64")
        frame = shown.frame.with_columns(pl.Series(self._length, lengths))
        columns = (*shown.schema.columns, column)
        return replace(shown, frame=frame, schema=replace(shown.schema, columns=columns))

    def encode(self, data: Dataset) -> Batch:
        """n rows -> Batch; tick (n, BANDS, width, 1)."""
        return self._images.encode(self._pictured(data))

    def decode(
        self,
        batch: Batch,
        rng: np.random.Generator,
        name: str = "data",
        surrogates: SurrogateStream = FIRST,
    ) -> Dataset:
        shown = self._images.decode(batch, rng, name, surrogates)
        lengths = shown[self._length].fill_null(SHORTEST).to_numpy()
        lengths = np.clip(lengths, SHORTEST, LONGEST)
        heard = Spectrogram(self.rate, BANDS, self.width)
        takes = []
        for picture, length in zip(pixels(shown[self._sound]), lengths, strict=True):
            take = heard.sound(picture[..., 0], max(round(self.rate * length / 1000), 1))
            takes.append(np.rint(take * 32_767).astype(np.int16))
        made = sounds(self._sound, takes, self.rate)
        frame = shown.frame.drop(self._length).with_columns(made)
        return Dataset(frame.select(self.schema.names), self.schema, name=name)

    def constraints(self, condition: Condition) -> Constraints:
        if any(test.column == self._sound for test in condition.tests):
            raise ConditionError(
                "nothing can be asked of a sound's samples",
                where=f"column '{self._sound}'",
                hint="ask for a label",
            )
        return self._images.constraints(condition)

    def levels(self, name: str) -> list[str]:
        self.schema[name]  # raises where there is none
        return self._images.levels(name)

    def check(self, data: Dataset) -> None:
        self.encode(data.select(list(self.schema.names)))

    def facts(self, batch: Batch) -> dict[str, Any]:
        return {"rate": self.rate}

    def described(self, manifest: Mapping[str, Any]) -> str:
        return f"{manifest['rows']:,} sounds of {self.rate:,} samples a second"

    def to_state(self) -> dict[str, Any]:
        return {
            "schema": self.schema.to_state(),
            "rate": self.rate,
            "images": self._images.to_state(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        codec = cls()
        codec.schema = Schema.from_state(state["schema"])
        if codec.schema.sound is None:
            raise ValueError("this is no codec of sounds")
        codec.rate = checked.whole(state["rate"], SLOWEST, FASTEST)
        codec._images = ImageCodec.from_state(state["images"])
        height, codec.width, channels = codec._images.size
        there = {*codec.schema.names, codec._length}
        if (height, channels) != (BANDS, 1) or codec.width not in WIDTHS:
            raise ValueError("the pictures are none of sounds")
        if there != set(codec._images.schema.names):
            raise ValueError("the codec's columns are not the schema's")
        return codec._made()


def _width(length: float, where: str) -> int:
    """How wide a picture of a sound of so many seconds is.

    Raises:
        DataError: It would be wider than can be learned.
    """
    for width in WIDTHS:
        if length <= width * COLUMN:
            return width
    raise DataError(
        f"the sounds are too long to be learned: half of them last more than {length:.1f} seconds",
        where=where,
        hint=f"cut them into parts of at most {WIDTHS[-1] * COLUMN:.1f} seconds",
    )

"""Pieces of music as steps of voices; what is known of each stands beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from tidemill.codecs.beside import Beside, only_column
from tidemill.codecs.codec import Claim, Codec
from tidemill.codecs.columns.base import FIRST, SurrogateStream
from tidemill.codecs.stored_schema import stored_schema
from tidemill.codecs.table import TableCodec
from tidemill.core import checked_values as checked
from tidemill.core.condition import Condition
from tidemill.core.dataset import Dataset
from tidemill.core.errors import ConditionError, DataError
from tidemill.core.grid import (
    FIRST_LEVEL,
    GOES_ON,
    SILENT,
    Batch,
    Code,
    Constraints,
    Known,
    Spec,
    Topology,
)
from tidemill.core.run import Run
from tidemill.core.schema import Schema
from tidemill.music.scores import (
    HELD,
    MOST_VOICES,
    REST,
    all_pitches,
    begun,
    pieces_of,
    pitches,
    scores,
    voices_of,
)

BARS = (16, 12)
"""Steps of a bar of 4/4, and of one of 3/4 or 6/8."""
SHIFTS = (-5, 6)
"""Semitones by which pieces may be moved as they are learned: to every key."""
HIGHEST = 127
LONGEST = 1 << 16


class ScoreCodec(Codec):
    """The sixteenths of a piece become the sites of one row of the grid, and its voices their
    codes: silent, going on, or beginning a pitch.

    A :class:`TableCodec` turns the other columns (metre, key, tempo) into the grid's context, so
    that pieces are made for them. ``decode(encode(x)) == x``, but for ids and texts, and for notes
    that go on from nothing.

    Attributes:
        voices: How many.
        low, high: The pitches between which the training pieces are.
        steps: Of the longest piece.
    """

    modality: ClassVar[str] = "music"
    topology: ClassVar[Topology] = "parts"
    noun: ClassVar[str] = "pieces"
    items: ClassVar[str] = "pieces"
    default_model: ClassVar[str] = "autoregressive"
    as_table: ClassVar[str] = (
        "leave the column of scores out with option 'ignore' to learn the others"
    )
    keeps: ClassVar[str] = (
        "The model keeps no piece. It keeps: how many voices and steps pieces have, how often each "
        "pitch begins in each voice, what stands beside the pieces as a model of a table keeps it "
        "(names of levels with at least 5 pieces), and the weights of networks that were shown the "
        "pieces, or how often runs of notes occur in several pieces. Networks can learn single "
        "pieces by heart; the copied runs say how far these did."
    )

    voices: int
    low: int
    high: int
    steps: int

    @classmethod
    def claims(cls, schema: Schema, window: int | None) -> Claim:
        return "must" if schema.modality == "music" else "no"

    @property
    def given(self) -> TableCodec | None:
        """What stands beside the pieces, where any of it can be learned."""
        return self._beside.given

    def fit(self, data: Dataset, run: Run, persons: np.ndarray | None = None) -> Self:
        """Note voices, pitches and steps, and fit the codec of the other columns.

        Raises:
            DataError: A value of another column does not fit its kind, there is more than one
                column of pieces, or none of them has a note.
        """
        kept = stored_schema(data, persons)
        name = only_column(kept, "score", "pieces", data.name).name
        pieces = pieces_of(data[name])
        sounding = all_pitches(pieces)
        if not len(sounding):
            raise DataError(
                "no piece has a note", where=f"column '{name}'", hint="give pieces with notes"
            )
        self.voices = voices_of(data[name])
        self.low, self.high = int(sounding.min()), int(sounding.max())
        self.steps = max(len(piece) for piece in pieces)
        self._beside = Beside.fitted(data, kept, name, run, persons)
        self.schema = Schema(kept.columns, self._beside.rules)
        return self._made()

    def _made(self) -> Self:
        size = FIRST_LEVEL + self._highest - self._lowest + 1
        self.spec = Spec(
            codes=tuple(Code(f"voice {voice}", size) for voice in range(1, self.voices + 1)),
            sites=(self._room,),
            ragged=True,
            context=self._beside.spec,
            topology=self.topology,
            cycles=BARS,
            shifts=SHIFTS,
        )
        return self

    @property
    def _room(self) -> int:
        """Steps that a piece may have: unseen ones are longer than the longest one sometimes."""
        return self.steps + self.steps // 4

    @property
    def _lowest(self) -> int:
        """The pitch of the first level: a moved piece has room, too."""
        return self.low + SHIFTS[0]

    @property
    def _highest(self) -> int:
        return self.high + SHIFTS[1]

    @property
    def _score(self) -> str:
        assert self.schema.score is not None
        return self.schema.score.name

    def encode(self, data: Dataset) -> Batch:
        """n rows -> Batch; code (n, longest, voices).

        Raises:
            DataError: A piece has other voices, is longer than all training pieces, or has notes
                beyond theirs.
        """
        name, n = self._score, len(data)
        if n and voices_of(data[name]) != self.voices:
            raise DataError(
                f"the pieces have {voices_of(data[name])} voices and not {self.voices}",
                where=f"column '{name}'",
                hint="read them with as many voices, or fit anew",
            )
        batch = Batch.blank(self.spec, n)
        assert batch.mask is not None
        batch.mask[:] = False
        for row, piece in enumerate(pieces_of(data[name])):
            self._check(row, piece)
            batch.code[row, : len(piece)] = self._levels(piece)
            batch.mask[row, : len(piece)] = True
        return Batch(batch.tick, batch.code, batch.mask, self._beside.encode(data))

    def partly(self, pieces: Sequence[np.ndarray]) -> tuple[Batch, Known]:
        """Pieces that have the first voices only, and which codes they give: where they have all,
        they may go on.

        Raises:
            DataError: As of :meth:`encode`.
        """
        batch = Batch.blank(replace(self.spec, context=None), len(pieces))
        assert batch.mask is not None
        batch.mask[:] = False
        known = np.zeros(batch.code.shape, bool)
        for row, piece in enumerate(pieces):
            self._check(row, piece)
            given = slice(piece.shape[1])
            batch.code[row, : len(piece), given] = self._levels(piece)
            batch.mask[row, : len(piece)] = True
            known[row, : len(piece), given] = True
        whole = bool(pieces) and pieces[0].shape[1] == self.voices
        return batch, Known(known, np.full(len(pieces), not whole))

    def _check(self, row: int, piece: np.ndarray) -> None:
        where = f"row {row + 1}, column '{self._score}'"
        if len(piece) > self._room:
            raise DataError(
                f"the piece has {len(piece):,} sixteenths, and there is room for {self._room:,}",
                where=where,
                hint="cut it, or fit anew",
            )
        sounding = pitches(piece)[piece != REST]
        if len(sounding) and not self.low <= sounding.min() <= sounding.max() <= self.high:
            raise DataError(
                f"the piece has notes from {sounding.min()} to {sounding.max()}, and the training "
                f"pieces from {self.low} to {self.high} (60 is middle C)",
                where=where,
                hint="move it into their range, or fit anew",
            )

    def _levels(self, piece: np.ndarray) -> np.ndarray:
        """(steps, voices) levels."""
        whole = begun(piece)
        levels = np.where(whole >= HELD, GOES_ON, whole - self._lowest + FIRST_LEVEL)
        return np.where(whole == REST, SILENT, levels)

    def decode(
        self,
        batch: Batch,
        rng: np.random.Generator,
        name: str = "data",
        surrogates: SurrogateStream = FIRST,
    ) -> Dataset:
        used = np.ones(batch.code.shape[:2], bool) if batch.mask is None else batch.mask
        pieces = [
            self._piece(code[:length])
            for code, length in zip(batch.code, used.sum(axis=1), strict=True)
        ]
        made = scores(self._score, pieces)
        if not pieces:
            made = scores(self._score, [np.zeros((0, self.voices), np.int16)]).head(0)
        columns = {self._score: made, **self._beside.decode(batch, rng, name, surrogates)}
        return Dataset(pl.DataFrame([columns[c.name] for c in self.schema]), self.schema, name=name)

    def _piece(self, levels: np.ndarray) -> np.ndarray:
        """(steps, voices) levels -> a piece; what goes on from nothing is silent."""
        piece = np.full(levels.shape, REST, np.int16)
        before = np.full(levels.shape[1], REST)
        for step, level in enumerate(levels):
            sounding = np.where(before >= HELD, before - HELD, before)
            goes_on = np.where(sounding == REST, REST, sounding + HELD)
            begins = level - FIRST_LEVEL + self._lowest
            before = np.where(level == GOES_ON, goes_on, begins)
            before = np.where(level == SILENT, REST, before)
            piece[step] = before
        return piece

    def constraints(self, condition: Condition) -> Constraints:
        if any(test.column == self._score for test in condition.tests):
            raise ConditionError(
                "nothing can be asked of the notes of a piece",
                where=f"column '{self._score}'",
                hint="ask for what stands beside it, such as a key",
            )
        return self._beside.constraints(condition)

    def levels(self, name: str) -> list[str]:
        self.schema[name]  # raises where there is none
        return self._beside.levels(name)

    def check(self, data: Dataset) -> None:
        self.encode(data.select(list(self.schema.names)))

    def facts(self, batch: Batch) -> dict[str, Any]:
        return {"voices": self.voices}

    def described(self, manifest: Mapping[str, Any]) -> str:
        return f"{manifest['rows']:,} pieces in {self.voices} voices"

    def to_state(self) -> dict[str, Any]:
        return {
            "schema": self.schema.to_state(),
            "voices": self.voices,
            "pitches": [self.low, self.high],
            "sixteenths": self.steps,
            "others": self._beside.to_state(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        codec = cls()
        codec.schema = Schema.from_state(state["schema"])
        codec.low, codec.high = checked.wholes(state["pitches"], 0, HIGHEST)
        codec.voices = checked.whole(state["voices"], 1, MOST_VOICES)
        codec.steps = checked.whole(state["sixteenths"], 1, LONGEST)
        if codec.low > codec.high or codec.schema.score is None:
            raise ValueError("this is no codec of pieces")
        codec._beside = Beside.from_state(state["others"], codec.schema, codec._score)
        return codec._made()

"""Rows with texts: the row as a table has it, and then its texts, unit by unit, given the row."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from tidemill.codecs.codec import NO_CONDITION, SOUND, Claim, Codec
from tidemill.codecs.columns.base import FIRST, SurrogateStream
from tidemill.codecs.copy_gate import ALL, CopyGate
from tidemill.codecs.rare_words import in_rare_words, shared_words
from tidemill.codecs.table import TableCodec
from tidemill.codecs.text_units import FRESH, SEPARATOR, TextUnits, speakers_of
from tidemill.core import checked_values as checked
from tidemill.core.condition import Condition
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, OptionError
from tidemill.core.extremes import outward
from tidemill.core.grid import Batch, Code, Constraints, Spec, Topology
from tidemill.core.modality import TABLES
from tidemill.core.run import Run
from tidemill.core.schema import Schema
from tidemill.core.words import plural

MOST_CELLS = 64_000_000
"""Units of all training rows at most, the empty ends of short ones among them."""
MOST_SITES = 4_096
"""Units of the texts of one row at most."""
_SENTENCE = re.compile(r".*(?:[.!?…](?=\s)|[。！？\n])", re.DOTALL)
_BLANK = re.compile(r".*\s", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SpelledTexts:
    """The texts of one column as units.

    Attributes:
        units: Those of all texts, one after the other.
        length: (n,) how many each text has.
    """

    units: np.ndarray
    length: np.ndarray


class TextsCodec(Codec):
    """The units of a row's texts become the sites of one row of the grid.

    A :class:`TableCodec` turns all columns into the grid's context; of a column of texts it learns
    only whether there is a text. The texts of a row stand one after the other in the order of their
    columns, with a separator between two of them, so that each is written given those before it.
    ``decode(encode(x)) == x`` for columns of texts, but for texts that are longer than a row of the
    grid: these are cut at the end of a sentence.

    Attributes:
        units: What texts are spelled with.
        texts: The names of the columns of texts.
    """

    modality: ClassVar[str] = "rows"
    topology: ClassVar[Topology] = "tokens"
    default_model: ClassVar[str] = "trees"
    rows_first: ClassVar[bool] = True
    instead: ClassVar[str] = "texts of fresh words stand there"
    keeps: ClassVar[str] = (
        f"{TableCodec.keeps}\n"
        "of texts the characters and the parts of words that texts of at least 5 persons hold, and "
        "what follows what in them, but nothing of a word that fewer share"
    )

    units: TextUnits
    texts: tuple[str, ...]

    @classmethod
    def claims(cls, schema: Schema, window: int | None) -> Claim:
        return "may" if schema.modality in TABLES and schema.texts else "no"

    @property
    def given(self) -> TableCodec | None:
        """What the texts of a row are written for, where any of it can be learned."""
        return None if self.spec.context is None else self._table

    def fit(self, data: Dataset, run: Run, persons: np.ndarray | None = None) -> Self:
        """Fit the codec of the rows, learn units, and settle how long texts may be.

        Raises:
            DataError: There is no column of texts, or a row breaks a rule that the user declared.
        """
        self._table = TableCodec().fit(data, run, persons)
        self.schema = self._table.schema
        self.texts = tuple(column.name for column in self.schema.texts)
        if not self.texts:
            raise DataError(
                "there is no column of texts to learn",
                where=data.name,
                hint="give a column the kind text with option 'schema'",
            )
        columns = [_texts_of(data, name) for name in self.texts]
        whose = _of_texts(persons, len(data), len(columns))
        every = [text for texts in columns for text in texts]
        are_turns = [column.turns is not None for column in self.schema.texts]
        in_turns = np.repeat(are_turns, len(data))
        turns = [text for text, is_one in zip(every, in_turns, strict=True) if is_one]
        self.units = TextUnits.fit(every, whose, None, speakers_of(turns, whose[in_turns].tolist()))
        run.check()
        salt = int(run.rng("texts", "copies").integers(2**63))
        self._gate = CopyGate.fit(every, whose, salt)
        self._never_empty = tuple(
            name for name in self.texts if not (data[name].cast(pl.String) == "").any()
        )
        spelled = [self._spelled(texts) for texts in columns]
        needed = _needed(_lengths(spelled))
        self._sites = max(_sites(needed, len(data)), 2 * len(columns) - 1)
        too_long = int((needed > self._sites).sum())
        if too_long:
            run.warn(
                f"{plural(too_long, 'row')} with longer texts than {self._sites:,} units are cut "
                "at the end of a sentence.",
                "learn",
            )
        return self._made()

    def _made(self) -> Self:
        context: Spec | None = self._table.spec
        if not self._table.spec.reals and not self._table.spec.codes:
            context = None
        self.spec = Spec(
            codes=(Code("unit", self.units.size),),
            sites=(self._sites,),
            ragged=True,
            context=context,
            topology=self.topology,
            voices=len(self.units.speakers),
        )
        return self

    # --- the grid ---------------------------------------------------------------------------------

    def encode(self, data: Dataset) -> Batch:
        """n rows -> Batch; code (n, T, 1).

        Raises:
            DataError: A row breaks a rule, or holds what never occurred in training.
        """
        context = None if self.spec.context is None else self._table.encode(data)
        return self.written(data, context)

    def written(self, data: Dataset, context: Batch | None) -> Batch:
        """The texts of some rows, for rows that are encoded already."""
        columns = [_texts_of(data, name) for name in self.texts]
        spelled = [self._spelled(texts) for texts in columns]
        kept = self._kept(spelled)
        code = self._laid([one.units for one in spelled], spelled, kept, np.dtype(np.int32))
        mask = np.arange(self._sites) < _needed(kept)[:, None]
        tick = np.zeros((len(data), self._sites, 0), np.int64)
        return Batch(tick, code[..., None], mask, context)

    def leading(self, rows: Dataset) -> Dataset:
        """The texts of some rows up to the first one of each that is missing; all columns of
        texts."""
        known = np.ones(len(rows), bool)
        found: list[pl.Series] = []
        for name in self.texts:
            values = pl.Series(name, [None] * len(rows), pl.String)
            if name in rows.schema:
                values = rows[name].cast(pl.String)
            known = known & values.is_not_null().to_numpy()
            found.append(values.set(pl.Series(~known), None).alias(name))
        return Dataset(pl.DataFrame(found), self.schema.select(self.texts))

    def begun(self, rows: Dataset, context: Batch | None) -> Batch:
        """The first texts of some rows up to the first one that is missing, with a separator behind
        each: how the texts of the rows begin.

        Args:
            rows: With some of the columns of texts; null where a text is to be written.
            context: The rows, encoded.
        """
        told = self.leading(rows)
        batch = self.written(told, context)
        there = told.frame.select(pl.all().is_not_null()).to_numpy()
        behind = there.sum(axis=1)
        separators = np.cumsum((batch.code[..., 0] == SEPARATOR) & batch.mask, axis=1)
        after = separators - ((batch.code[..., 0] == SEPARATOR) & batch.mask)
        mask = batch.mask & (after < behind[:, None])
        ended = np.flatnonzero(there.all(axis=1) & ~mask[:, -1])  # behind the last text, too
        end = mask[ended].sum(axis=1)
        batch.code[ended, end, 0] = SEPARATOR
        mask[ended, end] = True
        return replace(batch, mask=mask)

    def guarded(self, data: Dataset, persons: np.ndarray | None) -> np.ndarray:
        """(n, T) whether a unit is part of a word, a number or a code that texts of fewer than
        FEWEST_PERSONS persons hold."""
        columns = [_texts_of(data, name) for name in self.texts]
        whose = _of_texts(persons, len(data), len(columns))
        shared = shared_words((text for texts in columns for text in texts), whose.tolist())
        spelled = [self._spelled(texts) for texts in columns]
        rare = [
            _of_units(in_rare_words(texts, shared), texts, self.units.widths[one.units])
            for texts, one in zip(columns, spelled, strict=True)
        ]
        return self._laid(rare, spelled, self._kept(spelled), np.dtype(bool))

    def whose(self, data: Dataset, persons: np.ndarray | None) -> np.ndarray | None:
        if persons is None:
            return None
        return np.broadcast_to(persons[:, None], (len(persons), self._sites))

    def _spelled(self, texts: Sequence[str]) -> SpelledTexts:
        found = self.units.encode(texts)
        flat = np.concatenate(found) if found else np.zeros(0, np.int32)
        return SpelledTexts(flat, np.array([len(one) for one in found], np.int64))

    def _kept(self, spelled: Sequence[SpelledTexts]) -> np.ndarray:
        """(n, columns) how many units of each text have room: of a row that is too long, short
        texts stay whole, and longer ones get as many each, up to the end of a sentence."""
        kept = _lengths(spelled)
        room = self._sites - len(spelled) + 1
        starts = [np.cumsum(one.length) - one.length for one in spelled]
        for row in np.flatnonzero(kept.sum(axis=1) > room):
            fair = _fair_share(kept[row], room)
            for j in np.flatnonzero(kept[row] > fair).tolist():
                start = starts[j][row]
                kept[row, j] = self._up_to_sentence(spelled[j].units[start : start + fair])
        return kept

    def _up_to_sentence(self, units: np.ndarray) -> int:
        """How many of a text's first units end with a sentence, or else with a word; all where
        neither ends in their second half."""
        said = self.units.decode(units.tolist())
        ends = np.cumsum(self.units.widths[units])
        for pattern in (_SENTENCE, _BLANK):
            found = pattern.match(said)
            if found and 2 * found.end() >= len(said):
                return int(np.searchsorted(ends, len(found.group().encode()), side="right"))
        return len(units)

    def _laid(
        self,
        values: Sequence[np.ndarray],
        spelled: Sequence[SpelledTexts],
        kept: np.ndarray,
        dtype: np.dtype[Any],
    ) -> np.ndarray:
        """(n, T) what each unit of the texts has, laid out on the grid; 0 elsewhere."""
        grid = np.zeros((len(kept), self._sites), dtype)
        before = np.cumsum(kept, axis=1) - kept + np.arange(len(spelled))
        for j, one in enumerate(spelled):
            row = np.repeat(np.arange(len(kept)), one.length)
            start = np.cumsum(one.length) - one.length
            place = np.arange(len(one.units)) - start[row]
            there = place < kept[row, j]
            grid[row[there], before[row[there], j] + place[there]] = values[j][there]
        return grid

    def decode(
        self,
        batch: Batch,
        rng: np.random.Generator,
        name: str = "data",
        surrogates: SurrogateStream = FIRST,
    ) -> Dataset:
        """Batch -> rows of the same schema. A text is written where the row has one."""
        given = batch.context
        if given is None:
            given = Batch.blank(self._table.spec, len(batch))
        rows = self._table.decode(given, rng, name, surrogates)
        parts = self._parts(batch)
        written = []
        for j, column in enumerate(self.texts):
            there = rows[column].is_not_null().to_list()
            fresh = rows[column].to_list()
            texts = []
            for row, text in enumerate(fresh):
                units = parts[row][j]
                made = self.units.decode(units) if there[row] else ""
                unmade = FRESH in units or (not made and column in self._never_empty)
                texts.append(text if unmade or not there[row] else made)
            written.append(pl.Series(column, texts, pl.String))
        return rows.with_frame(rows.frame.with_columns(written))

    def _parts(self, batch: Batch) -> list[list[list[int]]]:
        """For each row its units by column of texts; what stands behind a separator too many is
        left out."""
        used = batch.mask
        assert used is not None
        found = []
        for units, mask in zip(batch.code[..., 0], used, strict=True):
            parts: list[list[int]] = [[]]
            for unit in units[mask].tolist():
                if unit == SEPARATOR:
                    parts.append([])
                else:
                    parts[-1].append(unit)
            parts += [[] for _ in range(len(self.texts) - len(parts))]
            found.append(parts[: len(self.texts)])
        return found

    def copied(self, batch: Batch, begun: Batch | None = None) -> np.ndarray:
        """(n,) whether a text of a row copies one of a training row, or holds a word that only a
        few of these hold; as far as :class:`CopyGate` knows. Texts that were given are not
        looked at."""
        return self._judged(batch, begun, None)[0]

    def fault(
        self, batch: Batch, begun: Batch | None = None, sound: np.ndarray | None = None
    ) -> np.ndarray:
        """(n,) the site of the first word that only a few training texts hold, or none, for parts
        of words make such, too; the first one that was not given, of other copies."""
        copied, first = self._judged(batch, begun, sound)
        start = np.zeros(len(batch), np.int64)
        if begun is not None and begun.mask is not None:
            start = begun.mask.sum(axis=1)
        found = np.where(first < self._sites, np.maximum(first, start), SOUND)
        return np.where(copied & (found == SOUND), start, found)

    def _judged(
        self, batch: Batch, begun: Batch | None, sound: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """(n,) whether a text of a row is a copy, and (n,) the site of the first word in it that is
        not to be there, no site of the grid where there is none."""
        parts = self._parts(batch)
        shape = (len(batch), len(self.texts))
        texts = [self.units.decode(units) for texts in parts for units in texts]
        since = [0] * len(texts)
        if sound is not None:
            since = [
                at for row in zip(parts, sound.tolist(), strict=True) for at in self._since(*row)
            ]
        copied, place = (found.reshape(shape) for found in self._gate.judged(texts, since))
        looked_at = np.ones(shape, bool)
        if begun is not None and begun.mask is not None:
            given = ((begun.code[..., 0] == SEPARATOR) & begun.mask).sum(axis=1)
            given += begun.mask[:, -1]  # there is no room for the last separator
            looked_at = np.arange(shape[1]) >= given[:, None]
        first = np.full(len(batch), self._sites)
        for row, column in zip(*np.nonzero(looked_at & (place < ALL)), strict=True):
            before = sum(map(len, parts[row][:column])) + column
            text = texts[row * shape[1] + column][: place[row, column]]
            ends = np.cumsum(self.units.widths[parts[row][column]])
            within = np.searchsorted(ends, len(text.encode()), side="right")
            first[row] = min(first[row], before + int(within))
        return np.asarray((copied & looked_at).any(axis=1)), first

    def _since(self, parts: Sequence[Sequence[int]], sound: int) -> Iterator[int]:
        """For each text of a row where the line begins that its first units end in, so many of the
        row: a word or a code may go on behind these."""
        for units in parts:
            yield self.units.decode(units[: max(sound, 0)]).rfind("\n") + 1
            sound -= len(units) + 1

    def without(self, batch: Batch, copies: np.ndarray) -> Batch:
        """The rows, at these positions with fresh words in the place of texts."""
        if not len(copies):
            return batch
        columns = len(self.texts)
        row = np.zeros(self._sites, np.int32)
        row[: 2 * columns : 2] = FRESH
        row[1 : 2 * columns - 1 : 2] = SEPARATOR
        mask = np.arange(self._sites) < 2 * columns - 1
        code = np.repeat(row[None, :, None], len(copies), axis=0)
        tick = np.zeros((len(copies), self._sites, 0), np.int64)
        whole = Batch(tick, code, np.repeat(mask[None], len(copies), axis=0))
        return batch.replaced(copies, whole)

    # --- the row ----------------------------------------------------------------------------------

    def constraints(self, condition: Condition) -> Constraints:
        return self._table.constraints(condition)

    def checked(self, condition: Condition) -> Condition:
        return self._table.checked(condition)

    def untold(self, condition: Condition) -> Condition:
        return self._table.untold(condition)

    def levels(self, name: str) -> list[str]:
        return self._table.levels(name)

    def check(self, data: Dataset) -> None:
        self._table.check(data)

    def nearest(self, rows: Dataset) -> tuple[Dataset, dict[str, int]]:
        return self._table.nearest(rows)

    def completions(
        self,
        rows: Dataset,
        condition: Condition = NO_CONDITION,
        *,
        keep_missing: bool = False,
        kept: Collection[str] = (),
    ) -> list[tuple[np.ndarray, Constraints]]:
        return self._table.completions(rows, condition, keep_missing=keep_missing, kept=kept)

    def unsupported(self, what: str) -> OptionError:
        return self._table.unsupported(what)

    # --- storing ----------------------------------------------------------------------------------

    def to_state(self) -> dict[str, Any]:

        return {
            "table": self._table.to_state(),
            "units": self.units.to_state(),
            "sites": self._sites,
            "never_empty": list(self._never_empty),
            "copies": self._gate.to_state(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:

        codec = cls()
        codec._table = TableCodec.from_state(state["table"])
        codec.schema = codec._table.schema
        codec.texts = tuple(column.name for column in codec.schema.texts)
        codec.units = TextUnits.from_state(state["units"])
        codec._sites = checked.whole(state["sites"], 1, MOST_SITES)
        codec._never_empty = tuple(checked.text(name) for name in state["never_empty"])
        codec._gate = CopyGate.from_state(state["copies"])
        fits = set(codec._never_empty) <= set(codec.texts)
        if not codec.texts or not fits or codec._sites < 2 * len(codec.texts) - 1:
            raise ValueError("this is no codec of texts")
        return codec._made()


def _texts_of(data: Dataset, name: str) -> list[str]:
    """The texts of a column; empty where one is missing."""
    return data[name].cast(pl.String).fill_null("").to_list()


def _of_texts(persons: np.ndarray | None, rows: int, columns: int) -> np.ndarray:
    """(rows of one column after the other) whose each text is: those of a row are of one person."""
    return np.tile(np.arange(rows) if persons is None else persons, columns)


def _lengths(spelled: Sequence[SpelledTexts]) -> np.ndarray:
    """(n, columns) units of each text."""
    return np.stack([one.length for one in spelled], axis=1)


def _needed(lengths: np.ndarray) -> np.ndarray:
    """(n,) sites that texts of so many units take, separators between them included; none where all
    texts of a row are empty."""
    whole = lengths.sum(axis=1)
    return np.where(whole > 0, whole + lengths.shape[1] - 1, 0)


def _sites(needed: np.ndarray, rows: int) -> int:
    """How many sites a row of the grid has: as many as the longest one needs, rounded so that it is
    no person's own length, as long as all rows have room in memory."""
    _, longest = outward(0, int(needed.max(initial=1)))
    return max(min(longest, MOST_SITES, MOST_CELLS // max(rows, 1)), 1)


def _fair_share(lengths: np.ndarray, room: int) -> int:
    """The most units that each text of a row may have so that all together have room."""
    left = room
    for done, length in enumerate(np.sort(lengths)):
        share = left // (len(lengths) - done)
        if length > share:
            return int(share)
        left -= int(length)
    return room


def _of_units(marked: np.ndarray, texts: Sequence[str], widths: np.ndarray) -> np.ndarray:
    """(units,) whether any character of a unit is marked.

    Args:
        marked: (characters of all texts) bool.
        texts: They.
        widths: (units of all texts) bytes of each unit.
    """
    if not len(widths):
        return np.zeros(0, bool)
    points = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32)
    in_bytes = np.repeat(marked, 1 + (points > 0x7F) + (points > 0x7FF) + (points > 0xFFFF))
    starts = np.cumsum(widths) - widths
    return np.logical_or.reduceat(in_bytes, starts)

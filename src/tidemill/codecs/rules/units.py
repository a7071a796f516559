"""Units of a table's codec: each makes one or more columns, from its own channels and from columns
made before it.

Two forms of a row meet here. In its *natural* form every column has the channels of its own column
codec. In its *compiled* form what a rule decides is left out: a unit's channels carry only what is
free. Whatever a unit's channels hold, the natural form that it makes keeps its rule.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tidemill.codecs.columns.base import Allowed, ColumnCodec
from tidemill.codecs.columns.category import CategoryCodec
from tidemill.codecs.columns.intervals import LARGEST, everything
from tidemill.codecs.columns.line import met
from tidemill.core import checked_values as checked
from tidemill.core.errors import ConditionError
from tidemill.core.grid import Batch, Constraints, PartialRows, Spec
from tidemill.core.schema import Column

Codecs = Mapping[str, tuple[Column, ColumnCodec]]


@dataclass
class BlockRows:
    """Rows in their natural form, column by column.

    Attributes:
        parts: The channels of each column, ticks 0 where it has no number.
        numbers: (n,) numbers on the lines of columns that others are reckoned from; where
            :attr:`filled` says so also in rows in which the column itself is missing.
        filled: Columns whose numbers are there in every row.
    """

    parts: dict[str, Batch] = field(default_factory=dict)
    numbers: dict[str, np.ndarray] = field(default_factory=dict)
    filled: set[str] = field(default_factory=set)

    def number(self, name: str, codec: ColumnCodec) -> np.ndarray:
        """(n,) the column's numbers; 0 where it has none."""
        assert codec.line is not None
        if name in self.numbers:
            return self.numbers[name]
        return codec.line.number(self.parts[name].tick)

    def there(self, name: str, codec: ColumnCodec) -> np.ndarray:
        """(n,) whether the column has a number that others can be reckoned from."""
        part = self.parts[name]
        if name in self.filled:
            return np.ones(len(part), bool)
        return has_number(part, codec)


@dataclass(frozen=True)
class BlockContext:
    """The table that a block stands in, for what is asked of its columns.

    Attributes:
        known: What values of a column made before mean for all channels.
        terms: All real channels, with weights, that add up to a column's number.
        inside: What says that this sum need not be moved into the column's bounds.
        reals, codes: Where the block's own channels begin.
    """

    known: Callable[[str, Allowed], Constraints]
    terms: Callable[[str], dict[int, int]]
    inside: Callable[[str], Constraints]
    reals: int
    codes: int


class Block(ABC):
    """Makes columns.

    Attributes:
        columns: Their names.
        bases: Columns made before that it is made from.
        guards: Columns made before that it is kept below or above of, besides.
        spec: Its own channels.
    """

    columns: tuple[str, ...]
    bases: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    spec: Spec

    @abstractmethod
    def encode(self, rows: BlockRows) -> Batch:
        """Natural rows, all their columns -> its channels.

        Raises:
            DataError: A row breaks the unit's rule.
        """

    @abstractmethod
    def decode(self, batch: Batch, rows: BlockRows, rng: np.random.Generator) -> None:
        """Adds its columns to rows that have those made before."""

    @abstractmethod
    def known(self, name: str, allowed: Allowed, asked: BlockContext) -> Constraints:
        """What values of one of its columns mean for the channels.

        Raises:
            ConditionError: No row can have them, or they cannot be told as bounds.
        """

    @abstractmethod
    def to_state(self) -> dict[str, Any]:
        """The block as plain JSON."""

    @staticmethod
    @abstractmethod
    def from_state(state: Mapping[str, Any], codecs: Codecs) -> Block:
        """The block of such a state.

        Raises:
            ValueError: It does not fit the columns.
        """


class Free(Block):
    """A column with all the channels of its codec.

    Attributes:
        filled: Whether its number is made in every row, whether or not it is missing there, for
            others to be reckoned from.
        low, high: Bounds that its number is kept within.
    """

    def __init__(
        self,
        column: Column,
        codec: ColumnCodec,
        filled: bool = False,
        low: int = -LARGEST,
        high: int = LARGEST,
    ) -> None:
        self.columns = (column.name,)
        self.column, self.codec = column, codec
        self.filled = filled
        self.low, self.high = low, high
        self.spec = always(codec.spec) if filled else codec.spec

    def encode(self, rows: BlockRows) -> Batch:
        name = self.columns[0]
        part = rows.parts[name]
        if not self.filled:
            return part
        assert self.codec.line is not None
        return Batch(self.codec.line.ticks(rows.numbers[name]), part.code)

    def decode(self, batch: Batch, rows: BlockRows, rng: np.random.Generator) -> None:

        name = self.columns[0]
        if isinstance(self.codec, CategoryCodec):
            batch = self.codec.settled(batch, rng)
        if self.codec.line is not None:
            batch = Batch(self.codec.line.inside(batch.tick), batch.code)
        if self.codec.line is not None and (self.low, self.high) != (-LARGEST, LARGEST):
            number = np.clip(self.codec.line.number(batch.tick), self.low, self.high)
            batch = Batch(self.codec.line.ticks(number), batch.code)
        if self.codec.line is not None and self.codec.moves_free:
            number = self.codec.line.number(batch.tick)
            number = self.codec.own_numbers(number, 0, self.low, self.high)
            batch = Batch(self.codec.line.ticks(number), batch.code)
        if self.filled:
            assert self.codec.line is not None
            rows.filled.add(name)
            rows.numbers[name] = self.codec.line.number(batch.tick)
        rows.parts[name] = without_absent(batch, self.codec)

    def known(self, name: str, allowed: Allowed, asked: BlockContext) -> Constraints:

        return placed(own_known(self.column, self.codec, allowed), asked)

    def to_state(self) -> dict[str, Any]:
        return {
            "unit": "own",
            "column": self.columns[0],
            "filled": self.filled,
            "low": self.low,
            "high": self.high,
        }

    @staticmethod
    def from_state(state: Mapping[str, Any], codecs: Codecs) -> Free:

        column, codec = codecs[checked.text(state["column"])]
        filled = checked.truth(state["filled"])
        if filled and codec.line is None:
            raise ValueError("only numbers are filled")
        low, high = checked.ends((state["low"], state["high"]), -LARGEST, LARGEST)
        return Free(column, codec, filled, low, high)


def own_known(column: Column, codec: ColumnCodec, allowed: Allowed) -> Constraints:
    """What values of a column mean for its natural channels.

    Raises:
        ConditionError: They are single moments, each with its time of day.
    """
    code: dict[int, np.ndarray] = {}
    if allowed.levels is not None and codec.spec.codes:
        code[0] = allowed.levels
    if allowed.numbers is None or codec.line is None:
        return Constraints(code=code)
    if np.array_equal(allowed.numbers, everything()):
        return Constraints(code=code)
    known = codec.line.known(allowed.numbers)
    if known is None:
        raise ConditionError(
            "single moments cannot be asked for beside each other",
            where=f"column '{column.name}'",
            hint="ask for one span: COL>=FROM together with COL<UNTIL",
        )
    if known.sums and allowed.levels is not None and allowed.levels[1:].any():
        raise ConditionError(
            "a span that ends within a day cannot be asked for together with missing values",
            where=f"column '{column.name}'",
            hint="ask for whole days",
        )
    return replace(known, code=code)


def placed(known: Constraints, asked: BlockContext) -> Constraints:
    """The same of channels that begin where the unit's do."""
    sums = []
    for bound in known.sums:
        channels = tuple(channel + asked.reals for channel in bound.channels)
        sums.append(replace(bound, channels=channels))
    return Constraints(
        {real + asked.reals: numbers for real, numbers in known.tick.items()},
        {code + asked.codes: levels for code, levels in known.code.items()},
        tuple(sums),
    )


def both(one: Constraints, other: Constraints) -> Constraints:
    """What both say.

    Raises:
        ConditionError: They exclude each other.
    """
    known = met(one, other)
    if known is None:
        raise ConditionError(
            "what is asked for excludes itself: no row can be like this",
            hint="leave a test out, or ask for other values",
        )
    return known


def has_number(part: Batch, codec: ColumnCodec) -> np.ndarray:
    """(n,) whether a column has a number."""
    presence = codec.spec.reals[0].presence
    if presence is None:
        return np.ones(len(part), bool)
    return part.code[:, presence] == 0


def has_value(part: Batch, codec: ColumnCodec) -> np.ndarray:
    """(n,) whether a column is not missing."""
    missing = codec.missing_level
    if missing is None:
        return np.ones(len(part), bool)
    return part.code[:, 0] != missing


def without_absent(part: Batch, codec: ColumnCodec) -> Batch:
    """The same with ticks 0 where there is no number."""
    if not codec.spec.reals or codec.spec.reals[0].presence is None:
        return part
    return Batch(np.where(has_number(part, codec)[:, None], part.tick, 0), part.code)


def always(spec: Spec) -> Spec:
    """The same channels, with numbers in every row."""
    return replace(spec, reals=tuple(replace(real, presence=None) for real in spec.reals))


def rows_of(part: Batch, index: np.ndarray) -> Batch:
    """Rows of a table of rows."""
    return Batch(part.tick[index], part.code[index])


def nothing_given(n: int, spec: Spec) -> PartialRows:
    """n rows of which nothing is given."""
    ticks, codes = (n, len(spec.reals)), (n, len(spec.codes))
    return PartialRows(
        Batch(np.zeros(ticks, np.int64), np.zeros(codes, np.int32)),
        np.zeros(ticks, bool),
        np.zeros(codes, bool),
    )

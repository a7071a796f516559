"""Which block makes each column of a table, while its rules are compiled one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tidemill.codecs.columns.base import ColumnCodec
from tidemill.codecs.columns.intervals import LARGEST
from tidemill.codecs.columns.line import NumberLine
from tidemill.codecs.rules.decided import Lookup
from tidemill.codecs.rules.filling import fill, filled_columns, spread_of, within
from tidemill.codecs.rules.linear import LinearRule
from tidemill.codecs.rules.reckoned import Reckoned
from tidemill.codecs.rules.units import Block, BlockRows, Free, has_number
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.lawful import obeys
from tidemill.core.schema import Column, Rule

if TYPE_CHECKING:
    from tidemill.codecs.rules.one_date import OneDate
    from tidemill.codecs.rules.skips import Skip


@dataclass
class BlockPlan:
    """Blocks that keep the rules taken so far.

    Attributes:
        codecs: Column codecs in the order of the table; a sum may get a finer scale.
        rows: Training rows in their natural form.
        data: The same rows.
        persons: (n,) whose each row is; None where each is a person of its own.
        makers: The block of every column that is not free.
        bounds: The smallest and the largest number of columns that have a range.
        skips: Of columns that are known only beside some values of another.
        dates: Columns that tell one date.
    """

    codecs: dict[str, tuple[Column, ColumnCodec]]
    rows: BlockRows
    data: Dataset
    persons: np.ndarray | None = None
    makers: dict[str, Block] = field(default_factory=dict)
    bounds: dict[str, tuple[int, int]] = field(default_factory=dict)
    skips: dict[str, Skip] = field(default_factory=dict)
    dates: list[OneDate] = field(default_factory=list)

    def codec(self, name: str) -> ColumnCodec:
        """The codec of a column."""
        return self.codecs[name][1]

    def line(self, name: str) -> NumberLine:
        """The line of a column that has one."""
        line = self.codec(name).line
        assert line is not None
        return line

    def number(self, name: str) -> np.ndarray:
        """(n,) a column's numbers in the training rows; 0 where it has none."""
        return self.rows.number(name, self.codec(name))

    def has_number(self, name: str) -> np.ndarray:
        """(n,) whether a column has a number in the training rows."""
        return has_number(self.rows.parts[name], self.codec(name))

    def bounds_of(self, name: str) -> tuple[int, int]:
        """The bounds of a column's number, or none to speak of."""
        return self.bounds.get(name, (-LARGEST, LARGEST))

    def sources(self, name: str) -> set[str]:
        """The column and all that it follows from."""
        sources: set[str] = set()
        todo = [name]
        while todo:
            at = todo.pop()
            if at in sources:
                continue
            sources.add(at)
            if at in self.skips:
                todo.append(self.skips[at].key)
            maker = self.makers.get(at)
            if maker is not None:
                todo += [*maker.bases, *maker.guards, *maker.columns]
        return sources

    def is_read_loosely(self, name: str) -> bool:
        """Whether a column is looked up by this one, and has values of its own where this one is
        missing."""
        for block in self.makers.values():
            if isinstance(block, Lookup) and block.keeps and block.key == name:
                return True
        return False

    def made_by(self, unit: Block) -> str:
        """Makes the column of a block by it, for good if all holds then; else says why not."""
        [name] = unit.columns
        self.makers[name] = unit
        if self.holds():
            return ""
        del self.makers[name]
        return "it does not hold through rows in which values are missing"

    def why_not_made(self, name: str, bases: Sequence[str]) -> str:
        """Why a column cannot be made from others; nothing where it can, as far as its makers
        say."""
        if name in self.makers:
            return f"'{name}' follows from other columns already"
        if self.is_read_loosely(name):
            return f"another column is looked up by '{name}', and has values where it is missing"
        for base in bases:
            if name in self.sources(base):
                return f"'{base}' follows from '{name}'"
        return ""

    def in_order(self) -> list[Block]:
        """One block for every column, each behind those that it reads, else in the order of the
        columns."""
        ordered: dict[int, Block] = {}
        visited: set[str] = set()

        def visit(name: str) -> None:
            if name in visited:
                return
            block = self.makers.get(name)
            if block is None:
                block = Free(*self.codecs[name])
            visited.update(block.columns)
            for base in (*block.bases, *block.guards):
                visit(base)
            for made in block.columns:
                if made in self.skips:
                    visit(self.skips[made].key)
            ordered[id(block)] = block

        for name in self.codecs:
            visit(name)
        return list(ordered.values())

    def linear(self) -> list[LinearRule]:
        """The blocks that compute a column from others, in the order of decoding."""
        return [block for block in self.in_order() if isinstance(block, LinearRule)]

    def spread(self, name: str) -> list[int]:
        """Some numbers that are spread as those of a column."""
        here = self.has_number(name)
        return spread_of(self.number(name)[here], self.whose(here))

    def whose(self, here: np.ndarray) -> np.ndarray | None:
        """Whose the rows under a mask are."""
        return None if self.persons is None else self.persons[here]

    def spreads(self, units: Sequence[LinearRule]) -> dict[str, list[int]]:
        """Some numbers to fill with, for every column of these units that may be missing."""
        spreads: dict[str, list[int]] = {}
        for unit in units:
            for name in (*unit.bases, unit.law.column):
                if name not in spreads and self.codec(name).missing_level is not None:
                    spreads[name] = self.spread(name)
        return spreads

    # --- do the training rows keep it? ------------------------------------------------------------

    def see_kept(self, rule: Rule) -> str:
        """The first training row that breaks a rule; nothing where none does.

        Raises:
            DataError: The user declared it.
        """
        broken = np.flatnonzero(~obeys(rule, self.data.frame, self.data.frame))
        if not len(broken):
            return ""
        if rule.declared:
            raise self._breaks(rule, int(broken[0]))
        return f"row {self.data.row_number(int(broken[0])):,} breaks it"

    def _breaks(self, rule: Rule, at: int) -> DataError:
        """For a declared rule that a training row breaks; of numbers that are nothing personal
        it says which ones they are."""
        held = ""
        columns = [self.data.schema[name] for name in rule.columns]
        if all(column.kind == "number" and not column.personal for column in columns):
            values = (f"'{name}' is {self.data[name][at]}" for name in rule.columns)
            held = f": {', '.join(values)}"
        return DataError(
            f"the rule that {rule} is broken{held}",
            where=f"row {self.data.row_number(at):,}",
            hint="mend the row, or take the rule out of the schema file",
        )

    def holds(self) -> bool:
        """Whether the rows keep all laws and bounds, those with missing values after they are
        filled."""
        units = self.linear()
        rows = BlockRows(self.rows.parts)
        filled = filled_columns(units, rows, self.codecs)
        if any(isinstance(self.makers.get(name), (Lookup, Reckoned)) for name in filled):
            return False
        fill(rows, units, filled, self.spreads(units), self.codecs, self.bounds)
        for name, bounds in self.bounds.items():
            codec = self.codec(name)
            outside = ~within(rows.number(name, codec), bounds)
            if (rows.there(name, codec) & outside).any():
                return False
        return not any(unit.broken(rows).any() for unit in units)

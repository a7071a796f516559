"""Columns that another column decides: ``a decides b`` leaves b to be looked up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tidemill.codecs.columns.base import Allowed, ColumnCodec
from tidemill.codecs.columns.category import CategoryCodec
from tidemill.codecs.columns.intervals import LARGEST, holds, union
from tidemill.codecs.rules.units import (
    Block,
    BlockContext,
    BlockRows,
    Codecs,
    both,
    has_number,
    has_value,
    own_known,
    placed,
    rows_of,
    without_absent,
)
from tidemill.core import checked_values as checked
from tidemill.core.errors import ConditionError, DataError
from tidemill.core.grid import Batch, Code, Constraints, Spec
from tidemill.core.persons import FEWEST_PERSONS, sharing


class Lookup(Block):
    """A column that is looked up by the value of another, its key.

    The key is a category, looked up by its level, or a number or date, looked up by the span that
    it falls in: spans begin where the column's value changed in training. Rows whose key is missing
    have nothing to look up; only where such rows had values does the column keep channels of its
    own, which then count in these rows.

    Attributes:
        key: The deciding column.
        starts: (spans - 1,) int64 first number of every span but the first; None where the key is a
            category.
        table: One row of the column's natural channels for each level or span.
        mapped: (levels or spans,) whether training rows showed a value for it; else the column is
            missing there.
        keeps: Whether the column has channels of its own.
        lenient: Whether rows of few persons had other values, which are not kept.
    """

    def __init__(
        self,
        name: str,
        key: str,
        codecs: Codecs,
        starts: np.ndarray | None,
        table: Batch,
        mapped: np.ndarray,
        keeps: bool,
        *,
        lenient: bool = False,
    ) -> None:
        self.lenient = lenient
        self.columns, self.bases = (name,), (key,)
        self.key = key
        self.column, self.codec = codecs[name]
        self.key_codec = codecs[key][1]
        self.starts = starts
        self.table, self.mapped = table, mapped
        self.keeps = keeps
        if keeps:
            self.spec = self.codec.spec
        elif self.codec.missing_level is not None:
            self.spec = Spec(codes=(Code(f"{name} present", 2),))
        else:
            self.spec = Spec()

    @staticmethod
    def learned(
        name: str, key: str, codecs: Codecs, rows: BlockRows, persons: np.ndarray | None = None
    ) -> Lookup | str:
        """The table of training rows, or why there is none."""
        column, decider = codecs[name][1], codecs[key][1]
        with_key = _has(rows.parts[key], decider)
        with_value = _has(rows.parts[name], column)
        here = with_value & with_key
        part = rows_of(rows.parts[name], np.flatnonzero(here))
        starts = None
        if isinstance(decider, CategoryCodec):
            place = rows.parts[key].code[here, 0].astype(np.int64)
            size = len(decider.levels) + decider.rare
        else:
            number = rows.number(key, decider)[here]
            starts = _starts(number, part)
            place = np.searchsorted(starts, number, side="right")
            size = len(starts) + 1
        table = Batch(
            np.zeros((size, part.tick.shape[1]), np.int64),
            np.zeros((size, part.code.shape[1]), np.int32),
        )
        table.tick[place] = part.tick
        table.code[place] = part.code
        mapped = np.zeros(size, bool)
        mapped[place] = True
        if isinstance(decider, CategoryCodec) and decider.rare:
            mapped[-1] = False  # a rare level becomes a kept one before anything is looked up
        if isinstance(column, CategoryCodec) and column.rare:
            table = column.settled(table, np.random.default_rng(0))
        keeps = bool((with_value & ~with_key).any())
        unit = Lookup(name, key, codecs, starts, table, mapped, keeps)
        broken = unit.broken(rows)
        if broken.any():
            return f"row {int(np.flatnonzero(broken)[0]) + 1} breaks it"
        if column.line is None or persons is None:
            return unit  # its levels are of enough persons
        shared = sharing(place, size, persons[here])
        return unit.of_enough(shared, np.bincount(place, minlength=size), codecs)

    def of_enough(self, shared: np.ndarray, count: np.ndarray, codecs: Codecs) -> Lookup | str:
        """The same without numbers of too few persons: spans of such belong to their neighbours,
        and levels show none; or why that leaves too little.

        Args:
            shared: (levels or spans,) persons with a value.
            count: The same of rows.
            codecs: Of all columns.
        """
        few = (shared > 0) & (shared < FEWEST_PERSONS)
        if not few.any():
            return self
        if 2 * count[few].sum() > count.sum():
            return f"most of what is looked up is that of fewer than {FEWEST_PERSONS} persons"
        starts, table, mapped = self.starts, self.table, self.mapped & ~few
        if starts is None:
            table = Batch(
                np.where(few[:, None], 0, table.tick), np.where(few[:, None], 0, table.code)
            )
        else:
            kept = np.flatnonzero(~few)
            starts, table, mapped = starts[kept[1:] - 1], table.rows(kept), mapped[kept]
        name = self.columns[0]
        return Lookup(name, self.key, codecs, starts, table, mapped, self.keeps, lenient=True)

    def broken(self, rows: BlockRows) -> np.ndarray:
        """(n,) whether a row has another value than the one to be looked up."""
        part = rows.parts[self.columns[0]]
        if self.lenient:
            return np.zeros(len(part), bool)
        at = self._at(rows)
        checked = (at >= 0) & _has(part, self.codec)
        if isinstance(self.codec, CategoryCodec) and self.codec.rare:
            checked &= part.code[:, 0] != len(self.codec.levels)
        if isinstance(self.key_codec, CategoryCodec) and self.key_codec.rare:
            checked &= at != len(self.key_codec.levels)
        looked = rows_of(self.table, np.maximum(at, 0))
        differs = (
            (looked.tick != part.tick).any(axis=1)
            | (looked.code != part.code).any(axis=1)
            | ~self.mapped[at]
        )
        return np.asarray(checked & differs)

    def _at(self, rows: BlockRows) -> np.ndarray:
        """(n,) place in the table; -1 where the key is missing."""
        part = rows.parts[self.key]
        if self.starts is None:
            at = part.code[:, 0].astype(np.int64)
        else:
            at = np.searchsorted(self.starts, rows.number(self.key, self.key_codec), side="right")
        return np.where(_has(part, self.key_codec), at, -1)

    def encode(self, rows: BlockRows) -> Batch:

        broken = self.broken(rows)
        if broken.any():
            raise DataError(
                f"the rule '{self.key} decides {self.columns[0]}' is broken",
                where=f"row {int(np.flatnonzero(broken)[0]) + 1}",
                hint="leave the row out, or mend it",
            )
        part = rows.parts[self.columns[0]]
        here = _has(part, self.codec)
        if self.keeps:
            return part
        alone = here & (self._at(rows) < 0)
        if alone.any():
            raise DataError(
                f"there is a '{self.columns[0]}' without '{self.key}', as never in training",
                where=f"row {int(np.flatnonzero(alone)[0]) + 1}",
                hint="fit the model on data that hold such rows",
            )
        code = (~here).astype(np.int32)[:, None] if self.spec.codes else part.code[:, :0]
        return Batch(part.tick[:, :0], code)

    def decode(self, batch: Batch, rows: BlockRows, rng: np.random.Generator) -> None:
        """The value to be looked up, missing where the code says so or nothing is found."""
        at = self._at(rows)
        looked = rows_of(self.table, np.maximum(at, 0))
        tick, code = looked.tick.copy(), looked.code.copy()
        alone = at < 0
        absent = alone | ~self.mapped[at]
        if self.keeps:
            if isinstance(self.codec, CategoryCodec):
                batch = self.codec.settled(batch, rng)
            own = without_absent(batch, self.codec)
            tick[alone] = own.tick[alone]
            code[alone] = own.code[alone]
            absent = ~alone & (absent | ~_has(batch, self.codec))
        elif self.spec.codes:
            absent |= batch.code[:, 0] == 1
        if absent.any() and self.codec.missing_level is not None:
            tick[absent] = 0
            code[absent, 0] = self.codec.missing_level
        rows.parts[self.columns[0]] = Batch(tick, code)

    def known(self, name: str, allowed: Allowed, asked: BlockContext) -> Constraints:
        """Bounds on the own channels, and levels or spans of the key whose values are allowed."""
        missing = self.codec.missing_level
        may_miss = missing is not None and (allowed.levels is None or bool(allowed.levels[missing]))
        passing = self._passing(allowed)
        if self.keeps:
            own = placed(own_known(self.column, self.codec, allowed), asked)
            if may_miss:
                return own
            return both(own, asked.known(self.key, self._keys(passing)))
        if may_miss and (allowed.levels is None or allowed.levels.all()):
            return Constraints()
        if may_miss:
            return Constraints(code={asked.codes: np.array([False, True])})
        own = Constraints()
        if self.spec.codes:
            own = Constraints(code={asked.codes: np.array([True, False])})
        if not passing.any():
            raise self._impossible()
        return both(own, asked.known(self.key, self._keys(passing)))

    def _impossible(self) -> ConditionError:
        return ConditionError(
            "no row can have such a value",
            where=f"column '{self.columns[0]}'",
            hint="ask for other values",
        )

    def _passing(self, allowed: Allowed) -> np.ndarray:
        """(levels or spans,) whether what is looked up is allowed."""
        passing = self.mapped.copy()
        if allowed.levels is not None:
            passing &= allowed.levels[self.table.code[:, 0]]
        if allowed.numbers is not None and self.codec.line is not None:
            passing &= holds(allowed.numbers, self.codec.line.number(self.table.tick))
        return passing

    def _keys(self, passing: np.ndarray) -> Allowed:
        """The key's levels, or its presence and spans, at which a value passes."""
        levels = self._key_levels(passing)
        if levels is not None and not levels.any():
            raise self._impossible()
        if self.starts is None or not passing.any():
            return Allowed(levels)
        edges = [-LARGEST, *self.starts.tolist(), LARGEST + 1]
        spans = union((edges[k], edges[k + 1] - 1) for k in np.flatnonzero(passing).tolist())
        return Allowed(levels, spans)

    def _key_levels(self, passing: np.ndarray) -> np.ndarray | None:
        codec = self.key_codec
        if not codec.spec.codes:
            return None
        levels = np.zeros(codec.spec.codes[0].size, bool)
        if isinstance(codec, CategoryCodec):
            kept = len(codec.levels)
            levels[:kept] = passing[:kept]
            if codec.rare:
                levels[kept] = passing[:kept].all()
        else:
            levels[0] = passing.any()
        if codec.missing_level is not None:
            levels[codec.missing_level] = self.keeps
        return levels

    def to_state(self) -> dict[str, Any]:

        return {
            "unit": "decided",
            "column": self.columns[0],
            "key": self.key,
            "keeps": self.keeps,
            "starts": None if self.starts is None else self.starts.tolist(),
            "tick": self.table.tick.tolist(),
            "code": self.table.code.tolist(),
            "mapped": self.mapped.tolist(),
            "lenient": self.lenient,
        }

    @staticmethod
    def from_state(state: Mapping[str, Any], codecs: Codecs) -> Lookup:

        name, key = checked.text(state["column"]), checked.text(state["key"])
        column, decider = codecs[name][1], codecs[key][1]
        mapped = np.array([checked.truth(one) for one in state["mapped"]], bool)
        table = Batch(
            np.array(state["tick"], np.int64).reshape(len(mapped), len(column.spec.reals)),
            np.array(state["code"], np.int32).reshape(len(mapped), len(column.spec.codes)),
        )
        starts = None
        if state["starts"] is not None:
            starts = np.array(state["starts"], np.int64)
            fits = len(mapped) == len(starts) + 1
            fits &= decider.line is not None and bool(np.all(starts[1:] > starts[:-1]))
        else:
            kept = len(decider.levels) + decider.rare if isinstance(decider, CategoryCodec) else -1
            fits = len(mapped) == kept
        if not fits:
            raise ValueError("a table does not fit its key")
        sizes = [code.size for code in column.spec.codes]
        if np.any(table.code < 0) or np.any(table.code >= sizes):
            raise ValueError("a table holds levels that the column does not have")
        keeps, lenient = checked.truth(state["keeps"]), checked.truth(state.get("lenient", False))
        return Lookup(name, key, codecs, starts, table, mapped, keeps, lenient=lenient)


def _has(part: Batch, codec: ColumnCodec) -> np.ndarray:
    """(n,) whether there is something to look up, or to look up by."""
    if codec.line is not None:
        return has_number(part, codec)
    return has_value(part, codec)


def _starts(number: np.ndarray, part: Batch) -> np.ndarray:
    """Where a new span begins: midway between two neighbouring numbers with different values."""
    order = np.argsort(number, kind="stable")
    ascending = number[order]
    tick, code = part.tick[order], part.code[order]
    change = (tick[1:] != tick[:-1]).any(axis=1) | (code[1:] != code[:-1]).any(axis=1)
    before, after = ascending[:-1][change], ascending[1:][change]
    return np.unique(before + (after - before + 1) // 2)

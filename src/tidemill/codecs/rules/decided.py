"""Columns that another column decides: ``a decides b`` leaves b to be looked up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tidemill.codecs.columns.base import Allowed
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
from tidemill.core.errors import ConditionError, DataError
from tidemill.core.grid import Batch, Code, Constraints, Spec


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
    ) -> None:
        self.columns, self.bases, self.key = (name,), (key,), key
        self.column, self.codec = codecs[name]
        self.key_codec = codecs[key][1]
        self.starts, self.table, self.mapped, self.keeps = starts, table, mapped, keeps
        missing = self.codec.missing_level is not None
        self.spec = (
            self.codec.spec if keeps else Spec(codes=(Code(f"{name} present", 2),) * missing)
        )

    @staticmethod
    def learned(name: str, key: str, codecs: Codecs, rows: BlockRows) -> Lookup | str:
        """The table of training rows, or why there is none."""
        column, decider = codecs[name][1], codecs[key][1]
        there = _has(rows.parts[key], decider)
        here = _has(rows.parts[name], column) & there
        keeps = bool((_has(rows.parts[name], column) & ~there).any())
        part = rows_of(rows.parts[name], np.flatnonzero(here))
        if isinstance(decider, CategoryCodec):
            level = rows.parts[key].code[here, 0].astype(np.int64)
            starts, size = None, len(decider.levels) + decider.rare
        else:
            number = rows.number(key, decider)[here]
            starts = _starts(number, part)
            level, size = np.searchsorted(starts, number, side="right"), len(starts) + 1
        table = Batch(
            np.zeros((size, part.tick.shape[1]), np.int64),
            np.zeros((size, part.code.shape[1]), np.int32),
        )
        mapped = np.zeros(size, bool)
        table.tick[level], table.code[level], mapped[level] = part.tick, part.code, True
        if isinstance(decider, CategoryCodec) and decider.rare:
            mapped[-1] = False  # a rare level becomes a kept one before anything is looked up
        if isinstance(column, CategoryCodec) and column.rare:
            table = column.settled(table, np.random.default_rng(0))
        unit = Lookup(name, key, codecs, starts, table, mapped, keeps)
        broken = unit.broken(rows)
        return unit if not broken.any() else f"row {int(np.flatnonzero(broken)[0]) + 1} breaks it"

    def broken(self, rows: BlockRows) -> np.ndarray:
        """(n,) whether a row has another value than the one to be looked up."""
        part, at = rows.parts[self.columns[0]], self._at(rows)
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
        """Whether there is a value, or the own channels."""
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
        return Batch(
            part.tick[:, :0],
            (~here).astype(np.int32)[:, None] if self.spec.codes else part.code[:, :0],
        )

    def decode(self, batch: Batch, rows: BlockRows, rng: np.random.Generator) -> None:
        """The value to be looked up, missing where the code says so or nothing is found."""
        at = self._at(rows)
        found = rows_of(self.table, np.maximum(at, 0))
        tick, code = found.tick.copy(), found.code.copy()
        absent = (at < 0) | ~self.mapped[at]
        if self.keeps:
            batch = (
                self.codec.settled(batch, rng) if isinstance(self.codec, CategoryCodec) else batch
            )
            own = without_absent(batch, self.codec)
            alone = at < 0
            tick[alone], code[alone] = own.tick[alone], own.code[alone]
            absent = (absent & ~alone) | (~alone & ~_has(batch, self.codec))
        elif self.spec.codes:
            absent |= batch.code[:, 0] == 1
        if absent.any() and self.codec.missing_level is not None:
            tick[absent], code[absent, 0] = 0, self.codec.missing_level
        rows.parts[self.columns[0]] = Batch(tick, code)

    def known(self, name: str, allowed: Allowed, asked: BlockContext) -> Constraints:
        """Levels or spans of the key whose values are allowed."""
        missing = self.codec.missing_level
        may_miss = missing is not None and (allowed.levels is None or bool(allowed.levels[missing]))
        own = (
            placed(own_known(self.column, self.codec, allowed), asked)
            if self.keeps
            else Constraints()
        )
        if may_miss:
            if allowed.levels is None or allowed.levels.all():
                return own
            return own if self.keeps else Constraints(code={asked.codes: np.array([False, True])})
        if self.spec.codes and not self.keeps:
            own = Constraints(code={asked.codes: np.array([True, False])})
        passing = self._passing(allowed)
        if not passing.any() and not self.keeps:
            raise ConditionError(
                "no row can have such a value",
                where=f"column '{name}'",
                hint="ask for other values",
            )
        return both(own, asked.known(self.key, self._keys(passing)))

    def _passing(self, allowed: Allowed) -> np.ndarray:
        """(levels or spans,) whether what is looked up is allowed."""
        passing = self.mapped.copy()
        if allowed.levels is not None:
            passing &= allowed.levels[self.table.code[:, 0]]
        if allowed.numbers is not None and self.codec.line is not None:
            passing &= holds(allowed.numbers, self.codec.line.number(self.table.tick))
        return passing

    def _keys(self, passing: np.ndarray) -> Allowed:
        codec = self.key_codec
        missing = codec.missing_level
        if self.starts is None:
            assert isinstance(codec, CategoryCodec)
            levels = np.zeros(codec.spec.codes[0].size, bool)
            levels[: len(codec.levels)] = passing[: len(codec.levels)]
            if codec.rare:
                levels[len(codec.levels)] = passing[: len(codec.levels)].all()
        else:
            levels = (
                np.zeros(codec.spec.codes[0].size, bool) if codec.spec.codes else np.ones(0, bool)
            )
            levels[:1] = passing.any()
        if missing is not None:
            levels[missing] = self.keeps
        edges = [-LARGEST, *(self.starts.tolist() if self.starts is not None else []), LARGEST + 1]
        numbers = (
            None
            if self.starts is None
            else union((edges[k], edges[k + 1] - 1) for k in np.flatnonzero(passing).tolist())
        )
        if len(levels) and not levels.any():
            raise ConditionError(
                "no row can have such a value",
                where=f"column '{self.columns[0]}'",
                hint="ask for other values",
            )
        return Allowed(
            levels if len(levels) else None,
            numbers if numbers is not None and len(numbers) else None,
        )

    def to_state(self) -> dict[str, Any]:
        """The table."""
        return {
            "unit": "decided",
            "column": self.columns[0],
            "key": self.key,
            "keeps": self.keeps,
            "starts": None if self.starts is None else self.starts.tolist(),
            "tick": self.table.tick.tolist(),
            "code": self.table.code.tolist(),
            "mapped": self.mapped.tolist(),
        }

    @staticmethod
    def from_state(state: Mapping[str, Any], codecs: Codecs) -> Lookup:
        """Restored from :meth:`to_state`."""
        name, key = str(state["column"]), str(state["key"])
        column, decider = codecs[name][1], codecs[key][1]
        mapped = np.array(state["mapped"], bool)
        table = Batch(
            np.array(state["tick"], np.int64).reshape(len(mapped), len(column.spec.reals)),
            np.array(state["code"], np.int32).reshape(len(mapped), len(column.spec.codes)),
        )
        starts = None if state["starts"] is None else np.array(state["starts"], np.int64)
        levels = len(decider.levels) + decider.rare if isinstance(decider, CategoryCodec) else -1
        if len(mapped) != (levels if starts is None else len(starts) + 1) or (
            starts is not None and (decider.line is None or np.any(np.diff(starts) <= 0))
        ):
            raise ValueError("a table does not fit its key")
        if any(
            table.code[:, k].min(initial=0) < 0 or table.code[:, k].max(initial=0) >= code.size
            for k, code in enumerate(column.spec.codes)
        ):
            raise ValueError("a table holds levels that the column does not have")
        return Lookup(name, key, codecs, starts, table, mapped, bool(state["keeps"]))


def _has(part: Batch, codec: Any) -> np.ndarray:
    return has_number(part, codec) if codec.line is not None else has_value(part, codec)


def _starts(number: np.ndarray, part: Batch) -> np.ndarray:
    """Where a new span begins: midway between two neighbouring numbers with different values."""
    order = np.argsort(number, kind="stable")
    ascending, tick, code = number[order], part.tick[order], part.code[order]
    change = (tick[1:] != tick[:-1]).any(axis=1) | (code[1:] != code[:-1]).any(axis=1)
    before, after = ascending[:-1][change], ascending[1:][change]
    return np.unique(before + (after - before + 1) // 2)

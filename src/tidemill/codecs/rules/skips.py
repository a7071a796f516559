"""Columns that are known only beside some values of another: ``b only if a`` makes them missing
elsewhere, whatever their channels say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tidemill.codecs.columns.base import Allowed
from tidemill.codecs.columns.category import CategoryCodec
from tidemill.codecs.columns.intervals import LARGEST, holds, union
from tidemill.codecs.rules.joint import JointCode
from tidemill.codecs.rules.plan import BlockPlan
from tidemill.codecs.rules.units import BlockRows, Codecs, has_number, has_value, without_absent
from tidemill.core.errors import DataError
from tidemill.core.grid import Batch
from tidemill.core.lawful import MOST_KEYS
from tidemill.core.schema import Rule


@dataclass(frozen=True)
class Skip:
    """Where a column may be known.

    Attributes:
        column: Its name.
        key: The column that says so.
        levels: (size,) bool, the levels of the key's code beside which it is known; None for a key
            that is never missing and no category.
        numbers: (k, 2) intervals of the key's number; None where any will do.
    """

    column: str
    key: str
    levels: np.ndarray | None
    numbers: np.ndarray | None

    @staticmethod
    def learned(column: str, key: str, codecs: Codecs, rows: BlockRows) -> Skip:
        """The values of the key beside which training rows show the column."""
        codec = codecs[key][1]
        part = rows.parts[key]
        known = has_value(rows.parts[column], codecs[column][1])
        levels = None
        if codec.spec.codes:
            levels = np.zeros(codec.spec.codes[0].size, bool)
            levels[np.unique(part.code[known, 0])] = True
            if isinstance(codec, CategoryCodec) and codec.rare:
                levels[len(codec.levels)] = True  # it becomes a kept level
        if isinstance(codec, CategoryCodec) or codec.line is None:
            return Skip(column, key, levels, None)
        here = has_number(part, codec)
        number = rows.number(key, codec)[here]
        if len(np.unique(number)) > MOST_KEYS:
            return Skip(column, key, levels, None)
        return Skip(column, key, levels, _spans(number, known[here]))

    def beside(self, rows: BlockRows, codecs: Codecs) -> np.ndarray:
        """(n,) where the column may be known."""
        part, codec = rows.parts[self.key], codecs[self.key][1]
        may = np.ones(len(part), bool)
        if self.levels is not None:
            may &= self.levels[part.code[:, 0]]
        if self.numbers is not None and codec.line is not None:
            number = codec.line.number(part.tick)
            may &= ~has_number(part, codec) | holds(self.numbers, number)
        return may

    def check(self, rows: BlockRows, codecs: Codecs) -> None:
        """See that the column is known only where it may be.

        Raises:
            DataError: It is not so in a row.
        """
        known = has_value(rows.parts[self.column], codecs[self.column][1])
        broken = np.flatnonzero(known & ~self.beside(rows, codecs))
        if len(broken):
            raise DataError(
                f"there is a '{self.column}' beside a '{self.key}' that never has one",
                where=f"row {int(broken[0]) + 1}",
                hint="leave the row out, or mend it",
            )

    def apply(self, rows: BlockRows, codecs: Codecs) -> None:
        """Makes the column missing where it may not be known."""
        codec = codecs[self.column][1]
        missing = codec.missing_level
        assert missing is not None
        part = rows.parts[self.column]
        may = self.beside(rows, codecs)
        code = part.code.copy()
        code[~may, 0] = missing
        rows.parts[self.column] = without_absent(Batch(part.tick, code), codec)
        if self.column in rows.numbers and self.column not in rows.filled:
            rows.numbers[self.column] = np.where(may, rows.numbers[self.column], 0)

    @property
    def allowed(self) -> Allowed:
        """What must be so of the key where the column is known."""
        return Allowed(self.levels, self.numbers)

    def to_state(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "column": self.column,
            "key": self.key,
            "levels": None if self.levels is None else self.levels.tolist(),
            "numbers": None if self.numbers is None else self.numbers.tolist(),
        }

    @staticmethod
    def from_state(state: Mapping[str, Any], codecs: Codecs) -> Skip:
        """What :meth:`to_state` wrote.

        Raises:
            ValueError: It does not fit the columns.
        """
        column, key = str(state["column"]), str(state["key"])
        levels = None if state["levels"] is None else np.array(state["levels"], bool)
        codes = codecs[key][1].spec.codes
        if len(codes) != (levels is not None) or codecs[column][1].missing_level is None:
            raise ValueError("a column cannot be skipped so")
        if levels is not None and len(levels) != codes[0].size:
            raise ValueError("a column is skipped by levels that there are not")
        numbers = None
        if state["numbers"] is not None:
            numbers = np.array(state["numbers"], np.int64).reshape(-1, 2)
        return Skip(column, key, levels, numbers)


def keep_skip(plan: BlockPlan, rule: Rule) -> str:
    """Why a column cannot be skipped so; nothing where it is now."""
    key, name = rule.columns
    codec = plan.codec(key)
    if codec.line is None and not isinstance(codec, CategoryCodec):
        return f"'{key}' is made afresh"
    if plan.codec(name).missing_level is None:
        return ""  # it is never missing
    maker = plan.makers.get(name)
    if isinstance(maker, JointCode):
        if key in maker.columns:
            return ""  # in the combinations of training rows it is so
        return f"'{name}' has one code together with other columns"
    if name in plan.skips:
        return f"'{name}' is skipped by '{plan.skips[name].key}' already"
    if name in plan.sources(key):
        return f"'{key}' follows from '{name}'"
    plan.skips[name] = Skip.learned(name, key, plan.codecs, plan.rows)
    return ""


def _spans(number: np.ndarray, known: np.ndarray) -> np.ndarray:
    """(k, 2) the intervals of numbers beside which there is something, up to midway to those beside
    which there is nothing."""
    values, place = np.unique(number, return_inverse=True)
    beside = np.bincount(place, known, len(values)) > 0
    if not len(values) or beside.all():
        return np.array([[-LARGEST, LARGEST]])
    middles = values[:-1] + (values[1:] - values[:-1] + 1) // 2
    starts, ends = [-LARGEST, *middles.tolist()], [*(middles - 1).tolist(), LARGEST]
    return union((starts[k], ends[k]) for k in np.flatnonzero(beside).tolist())

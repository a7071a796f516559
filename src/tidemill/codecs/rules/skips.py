"""Columns that are known only beside some values of another: ``b only if a`` makes them missing
elsewhere, whatever their channels say, and known beside values that never lacked them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tidemill.codecs.columns.base import Allowed
from tidemill.codecs.columns.category import CategoryCodec
from tidemill.codecs.columns.intervals import LARGEST, holds, union
from tidemill.codecs.rules.filling import spread_of
from tidemill.codecs.rules.joint import JointCode
from tidemill.codecs.rules.linear import LinearRule
from tidemill.codecs.rules.plan import BlockPlan
from tidemill.codecs.rules.units import (
    Block,
    BlockRows,
    Codecs,
    Free,
    has_number,
    has_value,
    without_absent,
)
from tidemill.core import checked_values as checked
from tidemill.core.errors import DataError
from tidemill.core.grid import Batch
from tidemill.core.lawful import MOST_KEYS
from tidemill.core.persons import FEWEST_PERSONS, sharing
from tidemill.core.schema import Rule

FEWEST_FULL = 20
"""Rows with a value of the key that say whether the column is always known beside it."""


@dataclass(frozen=True)
class Skip:
    """Where a column may be known.

    Attributes:
        column: Its name.
        key: The column that says so.
        levels: (size,) bool, the levels of the key's code beside which it is known; None for a key
            that is never missing and no category.
        numbers: (k, 2) intervals of the key's number; None where any will do.
        full_levels, full_numbers: The same of those beside which it is always known; None for none.
        spread: Some of its numbers, for rows that get one.
    """

    column: str
    key: str
    levels: np.ndarray | None
    numbers: np.ndarray | None
    full_levels: np.ndarray | None = None
    full_numbers: np.ndarray | None = None
    spread: tuple[int, ...] = (0,)

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

    def completed(self, codecs: Codecs, rows: BlockRows, persons: np.ndarray | None) -> Skip:
        """The same with the values of the key beside which training rows always show the column."""
        codec, own = codecs[self.key][1], codecs[self.column][1]
        part = rows.parts[self.key]
        known = has_value(rows.parts[self.column], own)
        levels = numbers = None
        if codec.spec.codes:
            size = codec.spec.codes[0].size
            seen = np.bincount(part.code[:, 0], minlength=size)
            gaps = np.bincount(part.code[~known, 0], minlength=size)
            shared = sharing(part.code[:, 0], size, persons)
            levels = (seen >= FEWEST_FULL) & (shared >= FEWEST_PERSONS) & (gaps == 0)
        if self.numbers is not None and codec.line is not None:
            here = has_number(part, codec)
            number = rows.number(self.key, codec)[here]
            whose = None if persons is None else persons[here]
            numbers = _spans(number, _always(number, known[here], whose))
        elif levels is None:
            return self
        spread: tuple[int, ...] = (0,)
        if own.line is not None:
            there = has_number(rows.parts[self.column], own)
            whose = None if persons is None else persons[there]
            spread = tuple(spread_of(rows.number(self.column, own)[there], whose))
        return replace(self, full_levels=levels, full_numbers=numbers, spread=spread)

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

    def full(self, rows: BlockRows, codecs: Codecs) -> np.ndarray:
        """(n,) where the column must be known."""
        part, codec = rows.parts[self.key], codecs[self.key][1]
        if self.full_numbers is not None and codec.line is not None:
            number = codec.line.number(part.tick)
            return np.asarray(has_number(part, codec) & holds(self.full_numbers, number))
        if self.full_levels is None:
            return np.zeros(len(part), bool)
        return np.asarray(self.full_levels[part.code[:, 0]])

    def fill(
        self, unit: Block, batch: Batch, rows: BlockRows, codecs: Codecs, rng: np.random.Generator
    ) -> Batch:
        """The channels of the column's block, where it must be known as in a row where it is."""
        codec = codecs[self.column][1]
        missing = codec.missing_level
        if missing is None or not isinstance(unit, (Free, LinearRule)):
            return batch
        absent = np.flatnonzero((batch.code[:, 0] == missing) & self.full(rows, codecs))
        if not len(absent):
            return batch
        tick, code = batch.tick.copy(), batch.code.copy()
        if unit.filled:  # there is a number already
            code[absent, 0] = 0
            return Batch(tick, code)
        donors = np.flatnonzero(batch.code[:, 0] != missing)
        key = rows.parts[self.key].code
        if len(donors) and key.shape[1]:
            alike = np.isin(key[donors, 0], np.unique(key[absent, 0]))
            donors = donors[alike] if alike.any() else donors
        if len(donors):
            chosen = rng.choice(donors, len(absent))
            tick[absent], code[absent] = tick[chosen], code[chosen]
        elif isinstance(codec, CategoryCodec):
            others = np.setdiff1d(np.arange(len(codec.levels)), [missing])
            code[absent, 0] = rng.choice(others, len(absent))
        else:
            code[absent, 0] = 0
            if isinstance(unit, Free) and codec.line is not None:
                tick[absent] = codec.line.ticks(rng.choice(np.array(self.spread), len(absent)))
        return Batch(tick, code)

    def broken(self, rows: BlockRows, codecs: Codecs) -> np.ndarray:
        """(n,) whether the column is known where it may not be."""
        known = has_value(rows.parts[self.column], codecs[self.column][1])
        return np.asarray(known & ~self.beside(rows, codecs))

    def check(self, rows: BlockRows, codecs: Codecs) -> None:
        """See that the column is known only where it may be.

        Raises:
            DataError: It is not so in a row.
        """
        broken = np.flatnonzero(self.broken(rows, codecs))
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

    @property
    def lacking(self) -> Allowed:
        """What must be so of the key where the column is missing."""
        if self.full_numbers is not None:
            return Allowed(numbers=_outside(self.full_numbers))
        return Allowed(None if self.full_levels is None else ~self.full_levels)

    def to_state(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "column": self.column,
            "key": self.key,
            "levels": None if self.levels is None else self.levels.tolist(),
            "numbers": None if self.numbers is None else self.numbers.tolist(),
            "full_levels": None if self.full_levels is None else self.full_levels.tolist(),
            "full_numbers": None if self.full_numbers is None else self.full_numbers.tolist(),
            "spread": list(self.spread),
        }

    @staticmethod
    def from_state(state: Mapping[str, Any], codecs: Codecs) -> Skip:
        """What :meth:`to_state` wrote.

        Raises:
            ValueError: It does not fit the columns.
        """
        column, key = checked.text(state["column"]), checked.text(state["key"])
        levels = None if state["levels"] is None else _truths(state["levels"])
        codes = codecs[key][1].spec.codes
        if len(codes) != (levels is not None) or codecs[column][1].missing_level is None:
            raise ValueError("a column cannot be skipped so")
        if levels is not None and len(levels) != codes[0].size:
            raise ValueError("a column is skipped by levels that there are not")
        numbers = None
        if state["numbers"] is not None:
            numbers = _intervals(state["numbers"])
        full_levels = full_numbers = None
        if state.get("full_levels") is not None and len(codes):
            full_levels = _truths(state["full_levels"])
            if len(full_levels) != codes[0].size:
                raise ValueError("a column is always known beside levels that there are not")
        if state.get("full_numbers") is not None:
            full_numbers = _intervals(state["full_numbers"])
        spread = tuple(checked.wholes(state.get("spread", [0]))) or (0,)
        return Skip(column, key, levels, numbers, full_levels, full_numbers, spread)


def _truths(values: Sequence[Any]) -> np.ndarray:
    return np.array([checked.truth(one) for one in values], bool)


def _intervals(parts: Sequence[Any]) -> np.ndarray:
    """(k, 2) stored intervals.

    Raises:
        ValueError: They are none, or in no order.
    """
    spans = [checked.ends(part, -LARGEST, LARGEST) for part in parts]
    numbers = union(spans)
    if numbers.tolist() != [list(span) for span in spans]:
        raise ValueError("intervals overlap, or are in no order")
    return numbers


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
    skip = Skip.learned(name, key, plan.codecs, plan.rows)
    if plan.persons is not None and skip.numbers is not None and not _of_enough(plan, skip):
        return f"it tells where fewer than {FEWEST_PERSONS} persons lie"
    plan.skips[name] = skip.completed(plan.codecs, plan.rows, plan.persons)
    return ""


def _of_enough(plan: BlockPlan, skip: Skip) -> bool:
    """Whether enough persons lie in each interval of the key, and in each between two of them."""
    assert skip.numbers is not None
    here = plan.has_number(skip.key)
    edges = (skip.numbers + np.array([0, 1])).ravel()
    place = np.searchsorted(edges, plan.number(skip.key)[here], side="right")
    shared = sharing(place, len(edges) + 1, plan.whose(here))
    return bool(((shared == 0) | (shared >= FEWEST_PERSONS)).all())


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


def _always(number: np.ndarray, known: np.ndarray, persons: np.ndarray | None) -> np.ndarray:
    """(n,) whether a row's number of the key is frequent, and never without the column."""
    _, place, seen = np.unique(number, return_inverse=True, return_counts=True)
    gaps = np.bincount(place, ~known, len(seen))
    often = (seen >= FEWEST_FULL) & (sharing(place, len(seen), persons) >= FEWEST_PERSONS)
    return np.asarray((often & (gaps == 0))[place])


def _outside(numbers: np.ndarray) -> np.ndarray:
    """(k, 2) intervals, ascending -> what lies between them."""
    ends = [-LARGEST - 1, *numbers[:, 1].tolist()]
    starts = [*numbers[:, 0].tolist(), LARGEST + 1]
    return union((end + 1, start - 1) for end, start in zip(ends, starts, strict=True))

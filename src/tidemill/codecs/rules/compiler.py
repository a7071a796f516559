"""Rules compiled into units, so that every row that is made keeps them.

Each column is made once: from its own channels, as one of several categories with a common code, or
from columns made before it. Rules are taken in a fixed order: combinations, what decides what,
equal columns, sums, orders, ranges; of several ways to keep a rule the first that leaves no cycle.
Rules that cannot be kept are reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np

from tidemill.codecs.columns.base import ColumnCodec
from tidemill.codecs.columns.category import CategoryCodec
from tidemill.codecs.columns.intervals import LARGEST
from tidemill.codecs.columns.line import NumberLine
from tidemill.codecs.columns.number import NumberCodec
from tidemill.codecs.rules.decided import Lookup
from tidemill.codecs.rules.filling import fill, filled_columns, spread_of, within
from tidemill.codecs.rules.joint import JointCode
from tidemill.codecs.rules.linear import LinearLaw, LinearRule
from tidemill.codecs.rules.ranges import range_numbers
from tidemill.codecs.rules.units import Block, BlockRows, Free, has_number
from tidemill.core.errors import ConditionError, DataError
from tidemill.core.grid import Batch
from tidemill.core.schema import Column, Rule

MOST_COMBINATIONS = 20_000
_ORDER = ("allowed combinations", "a decides b", "a+b=c", "a<=b", "range")


@dataclass
class Compiled:
    """What became of a table's rules.

    Attributes:
        units: In the order in which they are decoded: what a unit reads stands before it.
        filled: Columns whose numbers are made in every row.
        spreads: For each of these some numbers to fill with.
        refused: Rules that are not kept by the units, and why.
    """

    units: list[Block]
    filled: set[str]
    spreads: dict[str, list[int]]
    refused: list[tuple[Rule, str]]


@dataclass
class Compiler:
    """Takes one rule after the other.

    Attributes:
        codecs: Column codecs in the order of the table; a sum may get a finer scale.
        rows: Training rows in their natural form.
    """

    codecs: dict[str, tuple[Column, ColumnCodec]]
    rows: BlockRows
    makers: dict[str, Block] = field(default_factory=dict)
    bounds: dict[str, tuple[int, int]] = field(default_factory=dict)
    refused: list[tuple[Rule, str]] = field(default_factory=list)

    def compile(self, rules: Sequence[Rule]) -> Compiled:
        """Units for all columns.

        Raises:
            DataError: A training row breaks a rule that the user declared.
        """
        known = [rule for rule in rules if all(name in self.codecs for name in rule.columns)]
        for rule in _ordered(known, self.codecs):
            why = self._taken(rule, known)
            if why:
                self.refused.append((rule, why))
        return self._finished()

    def _taken(self, rule: Rule, rules: Sequence[Rule]) -> str:
        """Why a rule cannot be kept; nothing where it is."""
        if rule.kind == "allowed combinations":
            return self._combinations(rule.columns)
        for name in rule.columns:
            presence = getattr(self.codecs[name][1], "presence", None)
            if presence is not None and set(presence.absences) - {"missing"}:
                return f"'{name}' holds infinite values"
        if rule.kind == "a decides b":
            return self._decides(rule)
        if rule.kind == "range":
            return self._range(rule)
        lines = [self.codecs[name][1].line for name in rule.columns]
        if any(line is None for line in lines) or len({line.sort for line in lines if line}) > 1:
            return "its columns cannot be compared"
        if rule.kind == "a+b=c":
            return self._sum(rule)
        return self._below(rule, rules)

    # --- categories -------------------------------------------------------------------------------

    def _combinations(self, names: Sequence[str]) -> str:
        """Joins columns of categories into one code, with those that they are joined with already
        or looked up by."""
        together: dict[str, None] = {}
        for name in names:
            group = self._joinable(name)
            if isinstance(group, str):
                return group
            together |= dict.fromkeys(group)
        unit = JointCode.learned(tuple(together), self.codecs, self.rows, MOST_COMBINATIONS)
        if isinstance(unit, str):
            return unit
        self.makers |= dict.fromkeys(together, unit)
        return ""

    def _joinable(self, name: str) -> tuple[str, ...] | str:
        """The columns that must get one code if this one does; or why it cannot get one."""
        maker = self.makers.get(name)
        if not isinstance(self.codecs[name][1], CategoryCodec):
            return f"'{name}' is no category"
        if isinstance(maker, Lookup):
            group = self._joinable(maker.key)
            return group if isinstance(group, str) else (*group, name)
        return maker.columns if isinstance(maker, JointCode) else (name,)

    def _decides(self, rule: Rule) -> str:
        key, name = rule.columns
        for column in rule.columns:
            codec = self.codecs[column][1]
            if codec.line is None and not isinstance(codec, CategoryCodec):
                return f"'{column}' is made afresh"
        if self._equal(key, name, set()) or self._made_equal(key, name):
            return ""
        found = Lookup.learned(name, key, self.codecs, self.rows)
        if isinstance(found, str):
            return self._broken(rule, found)
        if self._follows(key, name, found):
            return ""
        free = self.makers.get(name) is None and name not in self._behind(key)
        if free and not self._loose(found):
            self.makers[name] = found
            return ""
        # in the combinations of training rows each decides what it decided there
        why = self._combinations((key, name))
        if why and free:
            return f"there are rows with '{name}' but without what decides it, and {why}"
        return (
            why
            and f"'{name}' follows from other columns already, or '{key}' follows from it; and "
            f"{why}"
        )

    def _equal(self, one: str, other: str, seen: set[str]) -> bool:
        """Whether the units make two columns equal."""
        if one == other:
            return True
        seen.add(one)
        pairs = [
            {unit.law.column, *unit.bases}
            for unit in self.makers.values()
            if isinstance(unit, LinearRule) and not unit.law.slack and len(unit.bases) == 1
        ]
        return any(
            self._equal(near, other, seen) for pair in pairs if one in pair for near in pair - seen
        )

    def _made_equal(self, one: str, other: str) -> bool:
        """Whether two columns are equal in all rows, and are made so."""
        lines = [self.codecs[name][1].line for name in (one, other)]
        if lines[0] is None or lines[1] is None or lines[0].sort != lines[1].sort:
            return False
        law = LinearLaw.between(other, lines[1], {one: lines[0]}, 0, (1,))
        return law.own == 1 and not self._first_broken(law) and not self._kept(law)

    def _loose(self, found: Lookup) -> bool:
        """Whether a column with values of its own, where its key is missing, could not be asked for
        beside other rules."""
        maker = self.makers.get(found.key)
        if found.keeps:
            return (found.starts is None and found.codec.line is None) or not (
                maker is None or isinstance(maker, JointCode)
            )
        return self._read_loosely(found.columns[0])

    def _read_loosely(self, name: str) -> bool:
        """Whether a column is looked up by this one, and has values of its own where this one is
        missing."""
        return any(
            isinstance(unit, Lookup) and unit.keeps and unit.key == name
            for unit in self.makers.values()
        )

    def _follows(self, key: str, name: str, found: Lookup) -> bool:
        """Whether the units keep "key decides name" already."""
        at = name
        while isinstance(maker := self.makers.get(at), Lookup) and not maker.keeps:
            if maker.key == key:
                return True
            at = maker.key
        maker = self.makers.get(name)
        if isinstance(maker, JointCode) and key in maker.columns:
            return True
        back = self.makers.get(key)
        if isinstance(back, Lookup) and back.key == name and back.starts is None:
            table = np.concatenate([back.table.tick, back.table.code], axis=1)[back.mapped]
            return len(np.unique(table, axis=0)) == len(table)
        return False

    # --- numbers ----------------------------------------------------------------------------------

    def _below(self, rule: Rule, rules: Sequence[Rule]) -> str:
        low, high = rule.columns
        broken = self._first_broken(
            LinearLaw.between(high, self._line(high), {low: self._line(low)}, 1, (1,))
        )
        if broken:
            return self._broken(rule, broken)
        if self._is_below(low, high, set()):
            return ""
        both = any(other.kind == "a<=b" and other.columns == (high, low) for other in rules)
        ways = [(high, low, 0), (low, high, 0)] if both else [(high, low, 1), (low, high, -1)]
        laws = [
            LinearLaw.between(column, self._line(column), {base: self._line(base)}, slack, (1,))
            for column, base, slack in ways
        ]
        return self._first_way(
            [law for law in laws if law.own == 1]
            + [law for law in laws if law.own > 1 and law.slack]
        )

    def _is_below(self, low: str, high: str, seen: set[str]) -> bool:
        """Whether the units make ``low`` never above ``high``."""
        if low == high:
            return True
        if low in seen:
            return False
        seen.add(low)
        return any(self._is_below(other, high, seen) for other in self._just_above(low))

    def _just_above(self, name: str) -> Iterator[str]:
        """Columns that a column is reckoned to be below of, or that are reckoned above it."""
        maker = self.makers.get(name)
        if isinstance(maker, LinearRule) and maker.law.slack <= 0 and len(maker.bases) == 1:
            yield maker.bases[0]
        for other, unit in self.makers.items():
            if isinstance(unit, LinearRule) and unit.bases == (name,) and unit.law.slack >= 0:
                yield other

    def _sum(self, rule: Rule) -> str:
        first, second, total = rule.columns
        lines = {name: self._line(name) for name in rule.columns}
        ways = [
            (total, (first, second), (1, 1)),
            (second, (total, first), (1, -1)),
            (first, (total, second), (1, -1)),
        ]
        laws = [
            LinearLaw.between(
                column, lines[column], {base: lines[base] for base in bases}, 0, signs
            )
            for column, bases, signs in ways
        ]
        broken = self._first_broken(laws[0])
        if broken:
            return self._broken(rule, broken)
        return self._first_way(laws)

    def _first_way(self, laws: Sequence[LinearLaw]) -> str:
        """Keeps the first law that can be kept."""
        why = "its columns have steps that do not fit"
        for law in laws:
            why = self._kept(law)
            if not why:
                return ""
        return why

    def _kept(self, law: LinearLaw) -> str:
        name = law.column
        if name in self.makers:
            return f"'{name}' follows from other columns already"
        if self._read_loosely(name):
            return f"another column is looked up by '{name}', and has values where it is missing"
        for base in law.bases:
            if name in self._behind(base):
                return f"'{base}' follows from '{name}'"
        if law.slack == 0 and law.own > 1 and (law := self._refined(law)).own > 1:
            return "the sum has a coarser step than its parts"
        if not self._fits(law):
            return "its numbers are too large"
        self.makers[name] = LinearRule(law, self.codecs)
        if not self._holds():
            del self.makers[name]
            return "it does not hold through rows in which values are missing"
        return ""

    def _refined(self, law: LinearLaw) -> LinearLaw:
        """The law after its column got a finer step; the same where that cannot be."""
        column, codec = self.codecs[law.column]
        if not isinstance(codec, NumberCodec) or any(
            law.column in unit.bases for unit in self.makers.values()
        ):
            return law
        finer = codec.refined(column, law.own)
        if finer is None:
            return law
        part = self.rows.parts[law.column]
        self.rows.parts[law.column] = Batch(part.tick * law.own, part.code)
        self.codecs[law.column] = (column, finer)
        return LinearLaw(law.column, law.bases, law.weights, 1, law.slack)

    def _fits(self, law: LinearLaw) -> bool:
        """Whether no sum of learned numbers can come near the end of 64 bits."""
        return self._reach(law) * 4 < LARGEST

    def _reach(self, law: LinearLaw) -> int:
        reach = 0
        for base, weight in zip(law.bases, law.weights, strict=True):
            maker = self.makers.get(base)
            largest = (
                self._reach(maker.law)
                if isinstance(maker, LinearRule)
                else _largest(self._number(base))
            )
            reach += abs(weight) * largest
        return max(reach, law.own * _largest(self._number(law.column))) * (2 if law.slack else 1)

    def _holds(self) -> bool:
        """Whether the rows keep all laws and bounds, those with missing values after they are
        filled."""
        units = self._linear()
        rows = BlockRows(self.rows.parts)
        filled = filled_columns(units, rows, self.codecs)
        if any(isinstance(self.makers.get(name), Lookup) for name in filled):
            return False
        fill(rows, units, filled, self._spreads(units), self.codecs, self.bounds)
        outside = (
            rows.there(name, self.codecs[name][1])
            & ~within(rows.number(name, self.codecs[name][1]), bounds)
            for name, bounds in self.bounds.items()
        )
        broken = (
            unit.law.free(rows.number(unit.law.column, unit.codec), unit.base(rows))[
                unit.measured(rows)
            ]
            < 0
            for unit in units
        )
        return not any(rows_.any() for rows_ in (*outside, *broken))

    def _linear(self) -> list[LinearRule]:
        """The units that reckon, in the order of decoding."""
        return [unit for unit in self._in_order() if isinstance(unit, LinearRule)]

    def _spreads(self, units: Sequence[LinearRule]) -> dict[str, list[int]]:
        names = dict.fromkeys(name for unit in units for name in (*unit.bases, unit.law.column))
        return {
            name: spread_of(
                self._number(name)[has_number(self.rows.parts[name], self.codecs[name][1])]
            )
            for name in names
            if self.codecs[name][1].missing_level is not None
        }

    # --- ranges -----------------------------------------------------------------------------------

    def _range(self, rule: Rule) -> str:
        [name] = rule.columns
        column, codec = self.codecs[name]
        if codec.line is None:
            return f"'{name}' is no number and no date"
        try:
            low, high = range_numbers(rule, column, codec)
        except ConditionError as error:
            return self._broken(rule, error.what) if rule.declared else error.what
        number, here = self._number(name), has_number(self.rows.parts[name], codec)
        outside = np.flatnonzero(here & ((number < low) | (number > high)))
        if len(outside):
            return self._broken(rule, f"row {outside[0] + 1} breaks it")
        before = dict(self.bounds)
        why = self._limited(name, low, high)
        if not why and not self._holds():
            why = "it does not hold through rows in which values are missing"
        if why:
            self.bounds = before
        return why

    def _limited(self, name: str, low: int, high: int) -> str:
        """Keeps a column's number within bounds whatever the channels hold, or says why not."""
        maker, codec = self.makers.get(name), self.codecs[name][1]
        number, here = self._number(name), has_number(self.rows.parts[name], codec)
        if (here & ~within(number, (low, high))).any():
            return f"'{name}' lies outside of it where other columns are missing"
        if isinstance(maker, LinearRule):
            if len(maker.bases) > 1:
                return f"'{name}' is a sum, and its parts alone say how large it is"
            law = maker.law
            [base], [weight] = maker.bases, law.weights
            # where d is 0 the base alone must lie within
            why = self._limited(
                base,
                -LARGEST if law.slack > 0 or low <= -LARGEST else -(-law.own * low // weight),
                LARGEST if law.slack < 0 or high >= LARGEST else law.own * high // weight,
            )
            if why or not law.slack:
                return why
        if not isinstance(maker, Lookup):  # what is looked up are values of training rows
            self._bound(name, low, high)
        return ""

    def _bound(self, name: str, low: int, high: int) -> None:
        before = self.bounds.get(name, (-LARGEST, LARGEST))
        self.bounds[name] = max(low, before[0], -LARGEST), min(high, before[1], LARGEST)

    # --- all together -----------------------------------------------------------------------------

    def _broken(self, rule: Rule, why: str) -> str:
        if rule.declared:
            raise DataError(
                f"the rule that {rule} is broken",
                where=why.removesuffix(" breaks it"),
                hint="mend the row, or take the rule out of the schema file",
            )
        return why

    def _first_broken(self, law: LinearLaw) -> str:
        """The first row in which all columns are known and the law is broken."""
        unit = LinearRule(law, self.codecs)
        rows = BlockRows(self.rows.parts)
        broken = np.flatnonzero(
            unit.measured(rows)
            & (law.free(rows.number(law.column, unit.codec), unit.base(rows)) < 0)
        )
        return f"row {broken[0] + 1} breaks it" if len(broken) else ""

    def _line(self, name: str) -> NumberLine:
        line = self.codecs[name][1].line
        assert line is not None
        return line

    def _number(self, name: str) -> np.ndarray:
        return self.rows.number(name, self.codecs[name][1])

    def _behind(self, name: str) -> set[str]:
        """The column and all that it follows from."""
        found: set[str] = set()
        todo = [name]
        while todo:
            at = todo.pop()
            if at not in found:
                found.add(at)
                maker = self.makers.get(at)
                if maker is not None:
                    todo += [*maker.bases, *maker.columns]
        return found

    def _in_order(self) -> list[Block]:
        """One unit for every column, each behind those that it reads, else in the order of the
        columns."""
        done: dict[int, Block] = {}
        made: dict[str, Block] = {}

        def take(name: str) -> None:
            if name in made:
                return
            unit = self.makers.get(name)
            if unit is None:
                unit = Free(*self.codecs[name])
            made.update(dict.fromkeys(unit.columns, unit))
            for base in unit.bases:
                take(base)
            done[id(unit)] = unit

        for name in self.codecs:
            take(name)
        return list(done.values())

    def _finished(self) -> Compiled:
        linear = self._linear()
        filled = filled_columns(linear, self.rows, self.codecs)
        units: list[Block] = []
        for unit in self._in_order():
            low, high = self.bounds.get(unit.columns[0], (-LARGEST, LARGEST))
            if isinstance(unit, Free):
                units.append(Free(unit.column, unit.codec, unit.columns[0] in filled, low, high))
            elif isinstance(unit, LinearRule):
                new = LinearRule(unit.law, self.codecs, unit.law.column in filled, low, high)
                new.filled_bases = frozenset(filled & set(unit.bases))
                units.append(new)
            else:
                units.append(unit)
        return Compiled(
            units,
            filled,
            {name: s for name, s in self._spreads(linear).items() if name in filled},
            self.refused,
        )


def _ordered(rules: Sequence[Rule], codecs: dict[str, tuple[Column, ColumnCodec]]) -> list[Rule]:
    """Rules in the order in which they are taken; of two that decide each other, categories are
    looked up by first."""
    return sorted(
        rules,
        key=lambda rule: (
            _ORDER.index(rule.kind),
            rule.kind == "a decides b"
            and not isinstance(codecs[rule.columns[0]][1], CategoryCodec),
        ),
    )


def _largest(numbers: np.ndarray) -> int:
    return max(abs(int(numbers.min())), abs(int(numbers.max()))) if len(numbers) else 0


def restored(
    states: Sequence[object], codecs: dict[str, tuple[Column, ColumnCodec]]
) -> list[Block]:
    """Units from their states.

    Raises:
        ValueError: Columns are made twice or not at all, or before what they are made from.
    """
    units: list[Block] = []
    made: set[str] = set()
    for raw in states:
        state = cast(dict[str, object], raw)
        unit: Block
        if state["unit"] == "own":
            unit = Free(
                *codecs[str(state["column"])],
                bool(state["filled"]),
                int(cast(int, state["low"])),
                int(cast(int, state["high"])),
            )
            if unit.filled and unit.codec.line is None:
                raise ValueError("only numbers are filled")
        else:
            unit = {"linear": LinearRule, "decided": Lookup, "joint": JointCode}[
                str(state["unit"])
            ].from_state(  # type: ignore[attr-defined]
                state, codecs
            )
        if made & set(unit.columns) or not made.issuperset(unit.bases):
            raise ValueError("a column is made twice, or before what it is made from")
        made |= set(unit.columns)
        units.append(unit)
    if made != set(codecs):
        raise ValueError("a column is never made")
    return units

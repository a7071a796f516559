"""A table row as channels: those of its columns side by side, without what rules decide."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from tidemill.codecs.belonging import Belonging, replaced
from tidemill.codecs.codec import NO_CONDITION, Claim, Codec
from tidemill.codecs.columns import COLUMNS, codec_of
from tidemill.codecs.columns.base import FIRST, Allowed, ColumnCodec, SurrogateStream
from tidemill.codecs.columns.category import CategoryCodec
from tidemill.codecs.columns.datetime import DatetimeCodec
from tidemill.codecs.columns.ids import IdCodec
from tidemill.codecs.columns.intervals import LARGEST, between
from tidemill.codecs.columns.persons import PersonCodec
from tidemill.codecs.rules.compiler import Compiled, compiled, restored
from tidemill.codecs.rules.completing import Completing
from tidemill.codecs.rules.filling import fill
from tidemill.codecs.rules.linear import LinearRule
from tidemill.codecs.rules.one_date import OneDate
from tidemill.codecs.rules.reckoned import Reckoned
from tidemill.codecs.rules.settling import kept_to
from tidemill.codecs.rules.skips import Skip
from tidemill.codecs.rules.units import Block, BlockContext, BlockRows, Free, both
from tidemill.codecs.stored_schema import stored_schema
from tidemill.core import checked_values as checked
from tidemill.core.columns import by_name
from tidemill.core.condition import Condition, Test
from tidemill.core.dataset import Dataset
from tidemill.core.errors import ConditionError, DataError
from tidemill.core.grid import Batch, Constraints, Spec, Topology
from tidemill.core.modality import TABLES
from tidemill.core.run import Run
from tidemill.core.schema import Column, Rule, Schema
from tidemill.core.states import from_state, to_state

_NOT_RECKONED = ("a decides b", "b only if a", "allowed combinations", "one date", "range")
"""Kinds of rules that take values as they are, and reckon with none."""


class TableCodec(Codec):
    """One column codec for every column that is not ignored, and units that keep the rules; the
    target's come first.

    Attributes:
        refused: Rules of the training rows that generated ones may break, and why; the schema has
            the others only.
    """

    modality: ClassVar[str] = "rows"
    topology: ClassVar[Topology] = "row"
    keeps: ClassVar[str] = (
        "The model keeps no row. What it keeps of them:\n"
        "values of numeric columns that at least 5 persons share, where a row is a person unless "
        "an entity is given or found; of others only bounds, at least 5 persons apart, and the "
        "smallest and the largest value rounded outward\n"
        "names of categories with at least 5 persons; of columns of option 'keep' all of them\n"
        "of names of people and their addresses the language and the form, and listed names that "
        "no training row has\n"
        "forms of ids, the ends of their numbers and of gaps between these, and dates and parts in "
        "them that at least 5 persons share\n"
        "words of at least 5 persons, and for rules which values of so many belong together\n"
        "trees whose questions are asked of these, or the weights of a network that was shown them"
    )

    refused: tuple[tuple[Rule, str], ...]

    @classmethod
    def claims(cls, schema: Schema, window: int | None) -> Claim:
        return "may" if schema.modality in TABLES else "no"

    def fit(self, data: Dataset, run: Run, persons: np.ndarray | None = None) -> Self:
        """Fit each column's codec on all rows, and compile the rules.

        Raises:
            DataError: A row breaks a rule that the user declared.
        """
        self.schema = stored_schema(data, persons)
        columns = sorted(self.schema, key=lambda column: column.role != "target")
        self._codecs: dict[str, tuple[Column, ColumnCodec]] = {}
        belonging = Belonging.of(data)
        self._owner, self._constant = belonging.owner, belonging.constant
        if said := replaced(self.schema):
            run.emit("note", "learn", said)
        for column in columns:
            run.check()
            codec = self._unfitted(column, data, belonging)
            self._codecs[column.name] = column, codec.fit(column, data[column.name], run, persons)
        self._find_regions(data)
        if not self.schema.rules:
            free: list[Block] = [Free(column, codec) for column, codec in self._codecs.values()]
            return self._with_units(Compiled(free, set(), {}, []))
        kept_rules = compiled(self.schema.rules, self._codecs, data, persons)
        for rule, why in kept_rules.refused:
            run.warn(f"Generated rows may break the rule that {rule}: {why}.", "learn")
        return self._with_units(kept_rules)

    def _find_regions(self, data: Dataset) -> None:
        """Which category the beginnings of codes of places decide: that of the most levels."""
        for name, (_, codec) in self._codecs.items():
            if not isinstance(codec, IdCodec) or codec.places is None:
                continue
            here = data[name].is_not_null()
            level = codec.encode(data[name].filter(here)).code[:, 0]
            for other, (_, by) in self._codecs.items():
                if not isinstance(by, CategoryCodec) or len(by.levels) < 2:
                    continue
                code = by.encode(data[other].filter(here)).code[:, 0]
                found = codec.places.within(other, code, level)
                if found and len(set(found.regions)) > len(set(codec.places.regions)):
                    codec.places = found

    def _keep_regions(self, rows: BlockRows, rng: np.random.Generator) -> None:
        """Codes of places that do not belong to the row's region are drawn anew."""
        for name, (_, codec) in self._codecs.items():
            places = codec.places if isinstance(codec, IdCodec) else None
            if places is None or places.region not in rows.parts:
                continue
            part, region = rows.parts[name], rows.parts[places.region].code[:, 0]
            code = places.belonging(part.code[:, 0], region, rng)
            rows.parts[name] = Batch(part.tick, code[:, None])

    def _unfitted(self, column: Column, data: Dataset, belonging: Belonging) -> ColumnCodec:
        """The codec of a column; dates that rules compare get one calendar, others that are
        reckoned from each other every day."""
        kind = COLUMNS.load(codec_of(column))
        if issubclass(kind, PersonCodec):
            alike = belonging.groups.get(column.name, (column.name,))
            values = [data[name] for name in alike]
            return kind(values, alike[0], belonging.pools.get(column.name))
        codec: ColumnCodec = kind()
        if not isinstance(codec, DatetimeCodec):
            return codec
        reckoned = [rule for rule in self.schema.rules if rule.kind not in _NOT_RECKONED]
        group, grown = {column.name}, True
        while grown:
            before = len(group)
            for rule in reckoned:
                if group & set(rule.columns):
                    group |= set(rule.columns)
            grown = len(group) > before
        own = [rule for rule in reckoned if group & set(rule.columns)]
        plain = any(rule.kind != "a<=b" for rule in own)
        dates = [name for name in sorted(group - {column.name}) if data[name].dtype.is_temporal()]
        return kind([data[name] for name in dates], plain=plain)

    def _with_units(self, rules: Compiled) -> Self:
        self._units = rules.units
        self._filled = rules.filled
        self._spreads = rules.spreads
        self._skips = rules.skips
        self._dates = rules.dates
        self.refused = tuple(rules.refused)
        broken = {rule for rule, _ in self.refused}
        kept = tuple(rule for rule in self.schema.rules if rule not in broken)
        self.schema = replace(self.schema, rules=kept)
        target = None if self.schema.target is None else self.schema.target.name
        specs = []
        for unit in self._units:
            of_target = unit.spec.order if target in unit.columns else ()
            specs.append(replace(unit.spec, outcome=of_target))
        self.spec = Spec.joined(specs)
        self._place: dict[str, tuple[Block, int, int]] = {}
        real = code = 0
        for unit in self._units:
            self._place |= dict.fromkeys(unit.columns, (unit, real, code))
            real += len(unit.spec.reals)
            code += len(unit.spec.codes)
        return self

    def encode(self, data: Dataset) -> Batch:
        """Rows -> Batch.

        Raises:
            DataError: A row breaks a rule, or holds what never occurred in training.
        """
        rows = self._natural(data)
        for skip in self._skips.values():
            skip.check(rows, self._codecs)
        if self._filled:
            linear = [unit for unit in self._units if isinstance(unit, LinearRule)]
            bounds = {}
            for unit in self._units:
                if isinstance(unit, (Free, LinearRule)):
                    bounds[unit.columns[0]] = unit.low, unit.high
            fill(rows, linear, self._filled, self._spreads, self._codecs, bounds)
        return Batch.joined([unit.encode(rows) for unit in self._units])

    def check(self, data: Dataset) -> None:
        """See that every value is one that its column's codec knows.

        Raises:
            DataError: A value never occurred in the rows that the codec was fitted on.
        """
        for name, (column, codec) in self._codecs.items():
            if column.kind not in ("category", "boolean"):
                continue  # numbers and dates may lie anywhere; ids and texts are not learned
            there = np.flatnonzero(data[name].is_not_null().to_numpy())
            if not len(there):
                continue
            unknown = there[codec.unknown(data[name][there])]
            if len(unknown):
                raise DataError(
                    "its value never occurs in the rows that the model learned",
                    where=f"column '{name}', row {int(unknown[0]) + 1:,}",
                    hint="leave such rows out, or learn anew from all rows",
                )

    def _natural(self, data: Dataset) -> BlockRows:
        """Each column's own channels."""
        return BlockRows(
            {name: codec.encode(data[name]) for name, (_, codec) in self._codecs.items()}
        )

    def decode(
        self,
        batch: Batch,
        rng: np.random.Generator,
        name: str = "data",
        surrogates: SurrogateStream = FIRST,
        only: Sequence[str] | None = None,
    ) -> Dataset:
        """Batch -> rows of the same schema, which keep every rule that is not refused.

        Args:
            batch: The rows; whatever their channels hold.
            rng: Draws what is not learned.
            name: What the rows are called.
            surrogates: Where ids go on that are made afresh.
            only: The columns that are asked for; all by default.
        """
        rows = BlockRows()
        real = code = 0
        for unit in self._units:
            next_real = real + len(unit.spec.reals)
            next_code = code + len(unit.spec.codes)
            part = Batch(batch.tick[:, real:next_real], batch.code[:, code:next_code])
            if unit.columns[0] in self._skips:
                part = self._skips[unit.columns[0]].fill(unit, part, rows, self._codecs, rng)
            unit.decode(part, rows, rng)
            for made in unit.columns:
                if made in self._skips:
                    self._skips[made].apply(rows, self._codecs)
            for one in self._dates:
                if set(one.columns) & set(unit.columns) and rows.parts.keys() >= set(one.columns):
                    one.apply(rows, self._codecs, rng)
            real, code = next_real, next_code
        self._keep_regions(rows, rng)
        belonging = surrogates
        if self._owner is not None:
            owner = self._codecs[self._owner][1]
            assert isinstance(owner, (IdCodec, PersonCodec))
            whose = owner.owners(len(batch), rng, surrogates)
            belonging = replace(surrogates, whose=whose)
        columns = {}
        asked = self.schema if only is None else self.schema.select(only)
        for column, codec in self._codecs.values():
            if column.name in asked:
                stream = belonging if column.name in self._constant else surrogates
                columns[column.name] = codec.decode(rows.parts[column.name], rng, stream)
        named = [columns[one.name].rename(one.name) for one in asked]
        return Dataset(pl.DataFrame(named), asked, name=name)

    def fitted_to(self, made: Dataset, given: Dataset) -> Dataset:
        """Made rows whose parts of a date fit to those that are given."""
        frame = made.frame
        for one in self._dates:
            known = [name for name in one.columns if name in given.schema]
            if not known:
                continue
            frame = frame.with_columns(given[name].fill_null(frame[name]) for name in known)
            fixed = {name: given[name].is_not_null().to_numpy() for name in known}
            frame = frame.with_columns(one.settled(frame.select(by_name(*one.columns)), fixed))
        return made.with_frame(frame)

    def levels(self, name: str) -> list[str]:
        """The levels of a column that are kept by name, the most frequent first; none for a column
        that has no levels.

        Raises:
            SchemaError: There is no such column.
        """
        self.schema[name]  # raises where there is none
        codec = self._codecs[name][1]
        return codec.by_frequency if isinstance(codec, CategoryCodec) else []

    # --- conditions -------------------------------------------------------------------------------

    def constraints(self, condition: Condition) -> Constraints:
        """What a condition says of the channels: rows pass it if and only if their channels do.

        Bounds of a real hold wherever it has a number; of a column with infinite values the
        presence code may allow these beside bounds. Rare levels, which come back as kept ones, pass
        where every kept level does.

        Raises:
            ConditionError: A test cannot be asked of its column, or no row can pass all of them.
        """
        tests: dict[str, list[Test]] = {}
        for test in condition.tests:
            self.schema[test.column]  # raises where there is none
            tests.setdefault(test.column, []).append(test)
        known = Constraints()
        for name, asked in tests.items():
            column, codec = self._codecs[name]
            known = both(known, self.allowing(name, codec.allowed(column, asked)))
        return known

    def checked(self, condition: Condition) -> Condition:
        """The tests that are untold, and those of dates that are moved to days of their rhythm."""
        untold = self.untold(condition).tests
        tests = condition.tests
        return Condition(
            tuple(test for test in tests if test in untold or self._is_moved(test.column))
        )

    def untold(self, condition: Condition) -> Condition:
        """The tests of products, and of what is reckoned from these, which say nothing of one
        channel; and those of every moment but one, which cut a span of days in two."""
        return Condition(tuple(test for test in condition.tests if self._is_untold(test)))

    def _is_untold(self, test: Test) -> bool:
        column = self.schema[test.column]  # raises where there is none
        if column.kind == "datetime" and test.operator == "!=":
            return True
        is_number = test.operator not in ("missing", "present")
        return is_number and self._is_beyond_bounds(test.column)

    def _is_moved(self, name: str) -> bool:
        """Whether values of a column, or of those that it is reckoned from, are moved."""
        if any(name in one.columns for one in self._dates):
            return True
        unit, codec = self._place[name][0], self._codecs[name][1]
        if unit.guards:
            return True
        if codec.moves_free if isinstance(unit, Free) else codec.moves_reckoned:
            return True
        return any(self._is_moved(base) for base in unit.bases)

    def _is_beyond_bounds(self, name: str) -> bool:
        unit = self._place[name][0]
        if isinstance(unit, Reckoned) and not unit.is_exact:
            return True
        if isinstance(unit, LinearRule) and any(
            isinstance(self._place[base][0], Reckoned) for base in unit.bases
        ):
            return True
        return any(self._is_beyond_bounds(base) for base in unit.bases)

    def allowing(self, name: str, allowed: Allowed) -> Constraints:
        """What values of one column mean for the channels."""
        known = self._allowing_alone(name, allowed)
        missing = self._codecs[name][1].missing_level
        if name not in self._skips or missing is None:
            return known
        skip = self._skips[name]
        if allowed.levels is not None and allowed.levels[missing] and allowed.levels.sum() == 1:
            return both(known, self.allowing(skip.key, skip.lacking))
        if allowed.levels is None or allowed.levels[missing]:
            return known  # where it is skipped it is missing
        return both(known, self.allowing(skip.key, skip.allowed))

    def _allowing_alone(self, name: str, allowed: Allowed) -> Constraints:
        """The same, whatever the column is skipped by."""
        unit, reals, codes = self._place[name]
        context = BlockContext(self.allowing, self.terms, self.inside, reals, codes)
        return unit.known(name, allowed, context)

    def terms(self, name: str) -> dict[int, int]:
        """All real channels, with weights, that add up to a column's number.

        Raises:
            ConditionError: It is no such sum.
        """
        unit, real, _ = self._place[name]
        if isinstance(unit, Free) and unit.codec.line is not None:
            return {real + r: weight for r, weight in enumerate(unit.codec.line.weights)}
        if not isinstance(unit, LinearRule) or unit.law.own > 1:
            raise ConditionError(
                f"'{name}' follows from other columns, and what is reckoned from it cannot be "
                "asked for",
                where=f"column '{name}'",
                hint="ask for values of other columns",
            )
        return unit.terms(real, self.terms)

    def inside(self, name: str) -> Constraints:
        """What says that a reckoned column, and all that it is reckoned from, need not be moved
        into its bounds."""
        unit = self._place[name][0]
        known = Constraints()
        if isinstance(unit, LinearRule):
            for base in unit.bases:
                known = both(known, self.inside(base))
            if (unit.low, unit.high) != (-LARGEST, LARGEST):
                known = both(known, unit.bounded(between(unit.low, unit.high), self.terms(name)))
        return known

    def nearest(self, rows: Dataset) -> tuple[Dataset, dict[str, int]]:
        """As :meth:`Codec.nearest`; ids and texts are not looked at."""
        near = []
        for name in rows.schema.names:
            column, codec = self._codecs[name]
            values = rows[name]
            if column.kind not in ("id", "text"):
                there = values.is_not_null()
                known = codec.nearest(values.filter(there).cast(codec.dtype))
                at = there.arg_true()
                values = pl.repeat(None, len(values), dtype=codec.dtype, eager=True)
                values = values.scatter(at, known).alias(name)
            near.append(values)
        rows = rows.with_frame(pl.DataFrame(near))
        return kept_to(rows, self._units, self._codecs, self._skips)

    def completions(
        self,
        rows: Dataset,
        condition: Condition = NO_CONDITION,
        *,
        keep_missing: bool = False,
        kept: Collection[str] = (),
    ) -> list[tuple[np.ndarray, Constraints]]:
        """What is known of rows that are to be completed; see :meth:`Codec.completions`.

        Values are given as they are. What is missing in a column of ``rows`` is to be filled: it
        becomes known that there is a value. Of columns that ``rows`` has not, nothing is known. Ids
        and texts are not looked at. Bounds of sums may be arrays of one bound a row.
        """
        completing = Completing(
            self._units,
            self._codecs,
            self.allowing,
            self._allowing_alone,
            self.terms,
            self.inside,
            self._skips,
            self.spec,
        )
        return completing.groups(
            rows, self.constraints(condition), keep_missing=keep_missing, kept=kept
        )

    # --- storing ----------------------------------------------------------------------------------

    def to_state(self) -> dict[str, Any]:

        return {
            "schema": self.schema.to_state(),
            "order": list(self._codecs),
            "columns": {name: codec.to_state() for name, (_, codec) in self._codecs.items()},
            "units": [unit.to_state() for unit in self._units],
            "spreads": self._spreads,
            "refused": [[to_state(rule), why] for rule, why in self.refused],
            "skips": [skip.to_state() for skip in self._skips.values()],
            "dates": [one.to_state() for one in self._dates],
            "owner": self._owner,
            "constant": sorted(self._constant),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:

        codec = cls()
        codec.schema = Schema.from_state(state["schema"])
        fits = sorted(state["order"]) == sorted(codec.schema.names) == sorted(state["columns"])
        if not fits or len(set(codec.schema.names)) < len(codec.schema.names):
            raise ValueError("the codec's columns are not the schema's")
        codec._codecs = {}
        for name in state["order"]:
            column = codec.schema[name]
            kind = COLUMNS.load(codec_of(column))
            codec._codecs[name] = column, kind.from_state(column, state["columns"][name])
        codec._owner = state.get("owner")
        codec._constant = frozenset(map(str, state.get("constant", ())))
        if codec._owner is not None:
            [owner] = [own for name, (_, own) in codec._codecs.items() if name == codec._owner]
            if not isinstance(owner, (IdCodec, PersonCodec)):
                raise ValueError("the entities have no ids")
        units = restored(state["units"], codec._codecs)
        filled = set()
        for unit in units:
            if isinstance(unit, (Free, LinearRule)) and unit.filled:
                filled.add(unit.columns[0])
        spreads = {
            checked.text(name): checked.wholes(numbers)
            for name, numbers in state["spreads"].items()
        }
        refused = [(from_state(Rule, told), checked.text(why)) for told, why in state["refused"]]
        found = [Skip.from_state(skip, codec._codecs) for skip in state.get("skips", [])]
        skips = {skip.column: skip for skip in found}
        dates = [OneDate.from_state(one, codec._codecs) for one in state.get("dates", [])]
        return codec._with_units(Compiled(units, filled, spreads, refused, skips, dates))

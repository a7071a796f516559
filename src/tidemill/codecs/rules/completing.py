"""What is known of rows of which some values are given."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from tidemill.codecs.columns.base import Allowed, ColumnCodec
from tidemill.codecs.columns.intervals import LARGEST, between
from tidemill.codecs.columns.surrogate import SurrogateCodec
from tidemill.codecs.rules.decided import Lookup
from tidemill.codecs.rules.given import except_missing, given
from tidemill.codecs.rules.joint import JointCode
from tidemill.codecs.rules.linear import LinearRule, ordered
from tidemill.codecs.rules.reckoned import Reckoned
from tidemill.codecs.rules.skips import Skip
from tidemill.codecs.rules.units import Block, BlockRows, Codecs, Free, both, nothing_given, rows_of
from tidemill.core.dataset import Dataset
from tidemill.core.errors import ConditionError, DataError
from tidemill.core.grid import Batch, Constraints, LinearBound, PartialRows, Spec


class Completing:
    """Translates given values, unit by unit: into channels where these are given with them, else
    into bounds.

    Args:
        units: Of the table.
        codecs: Of its columns.
        allowing: Says what values of one column mean for all channels.
        allowing_alone: The same, whatever the column is skipped by.
        terms: The channels that add up to a column's number.
        inside: Says that this sum needs not be moved into the column's bounds.
        skips: Of columns that are known only beside some values of another.
        spec: Of the table.
    """

    def __init__(
        self,
        units: Sequence[Block],
        codecs: Codecs,
        allowing: Callable[[str, Allowed], Constraints],
        allowing_alone: Callable[[str, Allowed], Constraints],
        terms: Callable[[str], dict[int, int]],
        inside: Callable[[str], Constraints],
        skips: Mapping[str, Skip],
        spec: Spec,
    ) -> None:
        self._units = units
        self._codecs = codecs
        self._allowing = allowing
        self._allowing_alone = allowing_alone
        self._skips = skips
        self._terms = terms
        self._inside = inside
        self._spec = spec
        self._at: dict[str, tuple[Block, int, int]] = {}
        self._never_negative: set[int] = set()
        real = code = 0
        for unit in units:
            self._at |= dict.fromkeys(unit.columns, (unit, real, code))
            if isinstance(unit, LinearRule) and unit.law.slack:
                self._never_negative.add(real)
            real += len(unit.spec.reals)
            code += len(unit.spec.codes)

    def groups(
        self, rows: Dataset, known: Constraints, *, keep_missing: bool, kept: Collection[str]
    ) -> list[tuple[np.ndarray, Constraints]]:
        """As :meth:`tidemill.codecs.table.TableCodec.completions`; ``known`` holds for all rows."""
        n = len(rows)
        self._out = nothing_given(n, self._spec)
        self._sums: list[LinearBound] = []
        self._apart: list[tuple[np.ndarray, list[dict[str, Allowed]]]] = []
        self._given: dict[str, PartialRows] = {}
        self._known = Constraints()
        self._asked = known.of_all
        for name in rows.schema.names:
            column, codec = self._codecs[name]
            part = given(column, codec, rows[name])
            if name in kept or isinstance(codec, SurrogateCodec):
                part = _missing_given(part, codec, rows[name].is_null().to_numpy())
            elif not keep_missing and rows[name].has_nulls():
                levels = except_missing(codec)
                if levels is not None:
                    known = both(known, self._allowing_alone(name, Allowed(levels)))
            self._given[name] = part
        for unit in sorted(self._units, key=lambda unit: not isinstance(unit, Free)):
            if any(name in self._given for name in unit.columns):
                self._take(unit)
        for unit in self._units:
            if isinstance(unit, LinearRule):
                self._take_guards(unit)
        for skip in self._skips.values():
            self._take_skip(skip)
        return self._grouped(n, both(known, self._known))

    def _take(self, unit: Block) -> None:
        name = unit.columns[0]
        _, real, code = self._at[name]
        if isinstance(unit, Free):
            self._set(self._given[name], real, code)
        elif isinstance(unit, JointCode):
            self._take_joint(unit, code)
        elif isinstance(unit, Lookup):
            self._take_decided(unit, self._given[name], real, code)
        elif isinstance(unit, LinearRule):
            self._take_linear(unit, self._given[name], code)
        elif isinstance(unit, Reckoned):
            self._take_reckoned(unit, self._given[name], real, code)

    def _set(self, part: PartialRows, real: int, code: int) -> None:
        """Gives channels from these on."""
        for k in range(part.tick.shape[1]):
            self._give_tick(real + k, part.tick[:, k], part.batch.tick[:, k])
        for k in range(part.code.shape[1]):
            self._give_code(code + k, part.code[:, k], part.batch.code[:, k])

    def _give_tick(self, real: int, here: np.ndarray, tick: np.ndarray) -> None:
        self._out.batch.tick[here, real] = tick[here]
        self._out.tick[here, real] = True

    def _give_code(self, at: int, here: np.ndarray, code: np.ndarray) -> None:
        self._out.batch.code[here, at] = code[here]
        self._out.code[here, at] = True

    def _take_skip(self, skip: Skip) -> None:
        """What a given value says of the column that it may be skipped by."""
        if skip.column not in self._given:
            return
        codec = self._codecs[skip.column][1]
        part = self._given[skip.column]
        valued = _is_given(part)
        if codec.missing_level is not None:
            valued = valued & (part.batch.code[:, 0] != codec.missing_level)
        with_key = np.zeros(len(valued), bool)
        if skip.key in self._given:
            with_key = _is_given(self._given[skip.key])
        checked = np.flatnonzero(valued & with_key)
        if len(checked):
            parts = {
                name: rows_of(self._given[name].batch, checked) for name in (skip.column, skip.key)
            }
            with _row_of(checked):
                skip.check(BlockRows(parts), self._codecs)
        rest = valued & ~with_key
        self._set_apart(rest, np.zeros((len(rest), 1)), lambda row: {skip.key: skip.allowed})

    # --- one unit ---------------------------------------------------------------------------------

    def _take_joint(self, unit: JointCode, code: int) -> None:
        parts = {name: self._given[name] for name in unit.columns if name in self._given}
        # -1 where a column has no value
        levels = np.full((len(self._out), len(unit.columns)), -1)
        for k, name in enumerate(unit.columns):
            if name in parts:
                part = parts[name]
                levels[:, k] = np.where(part.code[:, 0], part.batch.code[:, 0], -1)
        there = levels >= 0
        whole = np.flatnonzero(there.all(axis=1))
        if len(whole):
            rows = BlockRows({name: rows_of(part.batch, whole) for name, part in parts.items()})
            with _row_of(whole):
                self._out.batch.code[whole, code] = unit.encode(rows).code[:, 0]
            self._out.code[whole, code] = True

        def allowed(row: np.ndarray) -> dict[str, Allowed]:
            by_name = {}
            for name, level in zip(unit.columns, row.tolist(), strict=True):
                if level >= 0:
                    size = self._codecs[name][1].spec.codes[0].size
                    by_name[name] = Allowed(np.arange(size) == level)
            return by_name

        in_part = np.asarray(there.any(axis=1) & ~there.all(axis=1))
        self._set_apart(in_part, levels, allowed)

    def _take_decided(self, unit: Lookup, part: PartialRows, real: int, code: int) -> None:
        name, codec = unit.columns[0], unit.codec
        here = _is_given(part)
        valued = here
        if codec.missing_level is not None:
            valued = here & (part.batch.code[:, 0] != codec.missing_level)
        if unit.keeps:
            self._set(part, real, code)
        elif unit.spec.codes:
            self._give_code(code, here, (~valued).astype(np.int32))
        with_key = np.zeros(len(here), bool)
        if unit.key in self._given:
            key = self._given[unit.key]
            with_key = _is_given(key)
            self._check_decided(unit, np.flatnonzero(valued & with_key), part, key)
        reals = part.batch.tick.shape[1]

        def allowed(row: np.ndarray) -> dict[str, Allowed]:
            levels = numbers = None
            if codec.spec.codes:
                levels = np.arange(codec.spec.codes[0].size) == row[reals]
            if codec.line is not None:
                number = int(codec.line.number(row[None, :reals])[0])
                numbers = between(number, number)
            return {name: Allowed(levels, numbers)}

        values = np.concatenate([part.batch.tick, part.batch.code], axis=1)
        self._set_apart(valued & ~with_key, values, allowed)

    def _check_decided(
        self, unit: Lookup, checked: np.ndarray, part: PartialRows, key: PartialRows
    ) -> None:
        """See that in these rows the given key decides the given value."""
        name = unit.columns[0]
        rows = BlockRows(
            {name: rows_of(part.batch, checked), unit.key: rows_of(key.batch, checked)}
        )
        broken = unit.broken(rows)
        if broken.any():
            raise DataError(
                f"'{unit.key}' decides '{name}', and not so",
                where=f"row {checked[broken][0] + 1}",
                hint="leave one of the two empty, to have it filled in",
            )

    def _take_linear(self, unit: LinearRule, part: PartialRows, code: int) -> None:
        law, codec = unit.law, unit.codec
        assert codec.line is not None
        valued = part.tick[:, 0]
        if part.code.shape[1]:
            self._give_code(code, part.code[:, 0], part.batch.code[:, 0])
        self._present(unit, valued)
        number = codec.line.number(part.batch.tick)
        bases = BlockRows()
        based = valued.copy()
        for base in unit.bases:
            if base in self._given:
                bases.parts[base] = self._given[base].batch
                based &= self._given[base].tick[:, 0]
            else:
                based[:] = False
        if based.any():
            d = unit.free(number, bases)
            self._check_linear(unit.formula, based & (d < 0))
            if law.slack:
                self._give_tick(self._at[law.column][1], based, d)
        rest = valued & ~based
        if rest.any():
            self._bound(unit, rest, number)

    def _take_guards(self, unit: LinearRule) -> None:
        """Bounds a column by a given one that it is kept below or above of, and the other way
        round."""
        for low, high in unit.orders:
            (least, low_given), (most, high_given) = self._base_number(low), self._base_number(high)
            self._check_linear(ordered(low, high), low_given & high_given & (least > most))
            self._bound_number(high, low_given & ~high_given, low=least)
            self._bound_number(low, high_given & ~low_given, high=most)

    def _bound_number(
        self,
        name: str,
        here: np.ndarray,
        low: np.ndarray | None = None,
        high: np.ndarray | None = None,
    ) -> None:
        """Gives bounds of a column's number, of these rows."""
        if not here.any():
            return
        terms = self._terms(name)
        first = np.full(len(here), -LARGEST) if low is None else np.where(here, low, -LARGEST)
        last = np.full(len(here), LARGEST) if high is None else np.where(here, high, LARGEST)
        self._sums.append(LinearBound(tuple(terms), tuple(terms.values()), first, last))

    def _check_linear(self, rule: str, broken: np.ndarray) -> None:
        if broken.any():
            raise DataError(
                f"the rule {rule} is broken",
                where=f"row {int(np.flatnonzero(broken)[0]) + 1}",
                hint="leave one of the values empty, to have it filled in",
            )

    def _take_reckoned(self, unit: Reckoned, part: PartialRows, real: int, code: int) -> None:
        """Gives what is left of a column's bases, where the column is given."""
        codec = unit.codec
        assert codec.line is not None
        valued = part.tick[:, 0]
        if unit.keeps:
            self._set(part, real, code)
        elif part.code.shape[1]:
            self._give_code(code, part.code[:, 0], part.batch.code[:, 0])
        number = codec.line.number(part.batch.tick)
        base = {name: self._base_number(name) for name in unit.bases}
        whole = valued & np.logical_and.reduce([there for _, there in base.values()])
        if whole.any():
            self._check_reckoned(unit, np.flatnonzero(whole))
        left = valued & ~whole
        if not left.any():
            return
        if not unit.keeps:
            self._present(unit, left)
        if len(unit.bases) == 1:
            low, high = unit.law.factor_spans(number, np.ones(len(number), np.int64))
            self._bound_base(unit, unit.bases[0], left, low, high)
            return
        (few, (few_number, few_there)), (many, (many_number, many_there)) = base.items()
        alone = left & ~few_there & ~many_there
        if alone.any():
            chosen = unit.usual_factor(number)
            chosen = np.where(chosen == 0, 1, chosen)
            few_number = np.where(alone, chosen, few_number)
            self._bound_base(unit, few, alone, chosen, chosen)
        for name, here, other in (
            (many, alone | (left & few_there), few_number),
            (few, left & many_there, many_number),
        ):
            here = here & (other != 0)  # what is multiplied by nothing may be anything
            low, high = unit.law.factor_spans(number, np.where(other == 0, 1, other))
            self._bound_base(unit, name, here, low, high)

    def _base_number(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """(n,) a column's numbers, and where they are given."""
        line = self._codecs[name][1].line
        assert line is not None
        if name not in self._given:
            return np.zeros(len(self._out), np.int64), np.zeros(len(self._out), bool)
        part = self._given[name]
        return line.number(part.batch.tick), part.tick[:, 0]

    def _check_reckoned(self, unit: Reckoned, rows: np.ndarray) -> None:
        """See that the given bases make the given number."""
        parts = {}
        for name in (*unit.bases, unit.law.column):
            parts[name] = rows_of(self._given[name].batch, rows)
        broken = unit.broken(BlockRows(parts))
        if broken.any():
            raise DataError(
                f"'{unit.law.column}' is not what {unit.said} makes",
                where=f"row {rows[broken][0] + 1}",
                hint="leave one of the values empty, to have it filled in",
            )

    def _bound_base(
        self, unit: Reckoned, name: str, here: np.ndarray, low: np.ndarray, high: np.ndarray
    ) -> None:
        """Gives bounds of one base, a pair for each row."""
        here = here & (low <= high)  # elsewhere no value makes it
        if not here.any():
            return
        maker = self._at[name][0]
        if isinstance(maker, (Lookup, Reckoned)):

            def allowed(row: np.ndarray) -> dict[str, Allowed]:
                return {name: Allowed(numbers=between(int(row[0]), int(row[1])))}

            self._set_apart(here, np.stack([low, high], axis=1), allowed)
            return
        self._known = both(self._known, self._inside(name))
        self._bound_number(name, here, low, high)

    def _present(self, unit: LinearRule | Reckoned, here: np.ndarray) -> None:
        """Gives that there are the bases without which a column is never there."""
        for base in unit.bases:
            maker, _, code = self._at[base]
            filled = unit.filled_bases if isinstance(unit, LinearRule) else frozenset[str]()
            if not maker.spec.codes or base in filled or isinstance(maker, Lookup):
                continue
            not_given = here & ~self._out.code[:, code]
            self._give_code(code, not_given, np.zeros(len(here), np.int32))
            if isinstance(maker, (LinearRule, Reckoned)):
                self._present(maker, here)

    def _bound(self, unit: LinearRule, here: np.ndarray, number: np.ndarray) -> None:
        """Gives the one channel that is left to make a number, or bounds a sum of several."""
        law, terms = unit.law, self._terms_of(unit)
        for base in unit.bases:
            self._known = both(self._known, self._inside(base))
        channels = list(terms)
        weights = np.array(list(terms.values()), np.int64)
        there = self._out.tick[:, channels]
        ticks = np.where(there, self._out.batch.tick[:, channels], 0)
        left = law.own * number - (ticks * weights).sum(axis=1)
        single = here & ((~there).sum(axis=1) == 1) & (law.own == 1)
        for k, channel in enumerate(channels):
            rows = single & ~there[:, k]
            if rows.any():
                value = _nearest(left, int(weights[k]))
                if channel in self._never_negative:
                    value = np.maximum(value, 0)
                size = law.own * np.abs(number) + np.abs(ticks * weights).sum(axis=1)
                room = law.loose + law.noise * size
                impossible = np.abs(left - value * weights[k]) > room
                if self._asked:
                    self._check_linear(unit.formula, rows & impossible)
                self._give_tick(channel, rows & ~impossible, value)
        several = here & ~single
        if several.any():
            # a column above its bases is rounded up, every other one down
            below, above = (law.own - 1, 0) if law.slack > 0 else (0, law.own - 1)
            total = law.own * number
            room = law.loose + np.floor(law.noise / 4 * np.abs(total)).astype(np.int64)
            room = np.where(law.loose > 0, room, 0)
            low = np.where(several, total - below - room, -LARGEST)
            high = np.where(several, total + above + room, LARGEST)
            self._sums.append(LinearBound(tuple(channels), tuple(terms.values()), low, high))

    def _terms_of(self, unit: LinearRule) -> dict[int, int]:
        """The channels of the scaled sum; also of a column that is rounded."""
        return unit.terms(self._at[unit.law.column][1], self._terms)

    # --- groups -----------------------------------------------------------------------------------

    def _set_apart(
        self,
        here: np.ndarray,
        values: np.ndarray,
        allowed: Callable[[np.ndarray], dict[str, Allowed]],
    ) -> None:
        """Rows of which a column is given that says something of others, by what is given."""
        if not here.any():
            return
        different, place = np.unique(values[here], axis=0, return_inverse=True)
        group = np.full(len(here), -1)
        group[here] = place.ravel()
        self._apart.append((group, [allowed(row) for row in different]))

    def _grouped(self, n: int, known: Constraints) -> list[tuple[np.ndarray, Constraints]]:
        if not self._apart:
            everything = replace(known, sums=known.sums + tuple(self._sums), rows=self._out)
            return [(np.arange(n), everything)]
        by_column = np.stack([group for group, _ in self._apart], axis=1)
        keys, place = np.unique(by_column, axis=0, return_inverse=True)
        groups = []
        for k, key in enumerate(keys.tolist()):
            index = np.flatnonzero(place.ravel() == k)
            here = known
            with _row_of(index):
                for at, (_, values) in zip(key, self._apart, strict=True):
                    if at < 0:
                        continue
                    for name, allowed in values[at].items():
                        try:
                            here = both(here, self._allowing(name, allowed))
                        except ConditionError:
                            if self._asked:
                                raise
                            # what a user's row holds need never have been, and says nothing then
            sums = tuple(one.of_rows(index) for one in self._sums)
            rows = PartialRows(
                self._out.batch.rows(index), self._out.tick[index], self._out.code[index]
            )
            groups.append((index, replace(here, sums=here.sums + sums, rows=rows)))
        return groups


@contextmanager
def _row_of(index: np.ndarray) -> Iterator[None]:
    """Names the row of the table in errors about rows that stand at these positions in it."""
    try:
        yield
    except DataError as error:
        at = int((error.where or "").removeprefix("row ")) - 1
        raise DataError(error.what, where=f"row {int(index[at]) + 1}", hint=error.hint) from error
    except ConditionError as error:
        raise DataError(error.what, where=f"row {int(index[0]) + 1}", hint=error.hint) from error


def _is_given(part: PartialRows) -> np.ndarray:
    """(n,) whether a column is given."""
    channels = part.code if part.code.shape[1] else part.tick
    return channels[:, 0]


def _missing_given(part: PartialRows, codec: ColumnCodec, empty: np.ndarray) -> PartialRows:
    """The same, where it is also given that empty cells are missing."""
    missing = codec.missing_level
    if missing is None or not empty.any():
        return part
    code, there = part.batch.code.copy(), part.code.copy()
    code[empty, 0] = missing
    there[empty, 0] = True
    return PartialRows(Batch(part.batch.tick, code), part.tick, there)


def _nearest(number: np.ndarray, weight: int) -> np.ndarray:
    """(n,) the whole numbers whose product with a weight comes nearest."""
    below = number // weight
    left = number - below * weight
    return np.asarray(below + (2 * np.abs(left) > abs(weight)))

"""What is known of rows of which some values are given."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from tidemill.codecs.columns.base import Allowed, ColumnCodec
from tidemill.codecs.columns.intervals import LARGEST, between
from tidemill.codecs.columns.surrogate import SurrogateCodec
from tidemill.codecs.rules.decided import Lookup
from tidemill.codecs.rules.given import except_missing, given
from tidemill.codecs.rules.joint import JointCode
from tidemill.codecs.rules.linear import LinearRule
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
        terms: The channels that add up to a column's number.
        inside: Says that this sum needs not be moved into the column's bounds.
        spec: Of the table.
    """

    def __init__(
        self,
        units: Sequence[Block],
        codecs: Codecs,
        allowing: Callable[[str, Allowed], Constraints],
        terms: Callable[[str], dict[int, int]],
        inside: Callable[[str], Constraints],
        spec: Spec,
    ) -> None:
        self._units, self._codecs, self._spec = units, codecs, spec
        self._allowing, self._terms, self._inside = allowing, terms, inside
        self._at: dict[str, tuple[Block, int, int]] = {}
        real = code = 0
        for unit in units:
            self._at |= dict.fromkeys(unit.columns, (unit, real, code))
            real, code = real + len(unit.spec.reals), code + len(unit.spec.codes)
        # channels that are never negative
        self._free = {
            real
            for unit, real, _ in self._at.values()
            if isinstance(unit, LinearRule) and unit.law.slack
        }

    def groups(
        self, rows: Dataset, known: Constraints, *, keep_missing: bool, kept: Collection[str]
    ) -> list[tuple[np.ndarray, Constraints]]:
        """As :meth:`tidemill.codecs.table.TableCodec.completions`; ``known`` holds for all rows."""
        n = len(rows)
        self._out, self._sums = nothing_given(n, self._spec), list[LinearBound]()
        self._apart: list[tuple[np.ndarray, list[dict[str, Allowed]]]] = []
        self._given: dict[str, PartialRows] = {}
        self._known = Constraints()
        for name in rows.schema.names:
            column, codec = self._codecs[name]
            part = given(column, codec, rows[name])
            if name in kept or isinstance(codec, SurrogateCodec):
                part = _missing_given(part, codec, rows[name].is_null().to_numpy())
            self._given[name] = part
            if (
                not keep_missing
                and name not in kept
                and not isinstance(codec, SurrogateCodec)
                and rows[name].has_nulls()
            ):
                levels = except_missing(codec)
                known = both(
                    known,
                    self._allowing(name, Allowed(levels)) if levels is not None else Constraints(),
                )
        for unit in sorted(self._units, key=lambda unit: not isinstance(unit, Free)):
            if any(name in self._given for name in unit.columns):
                self._take(unit)
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

    def _set(self, part: PartialRows, real: int, code: int) -> None:
        """Gives channels from these on."""
        for k in range(part.tick.shape[1]):
            self._give_tick(real + k, part.tick[:, k], part.batch.tick[:, k])
        for k in range(part.code.shape[1]):
            self._give_code(code + k, part.code[:, k], part.batch.code[:, k])

    def _give_tick(self, real: int, here: np.ndarray, tick: np.ndarray) -> None:
        self._out.batch.tick[here, real], self._out.tick[here, real] = tick[here], True

    def _give_code(self, at: int, here: np.ndarray, code: np.ndarray) -> None:
        self._out.batch.code[here, at], self._out.code[here, at] = code[here], True

    # --- one unit ---------------------------------------------------------------------------------

    def _take_joint(self, unit: JointCode, code: int) -> None:
        parts = {name: self._given[name] for name in unit.columns if name in self._given}
        there = np.stack(
            [
                parts[name].code[:, 0] if name in parts else np.zeros(len(self._out), bool)
                for name in unit.columns
            ],
            axis=1,
        )
        whole = np.flatnonzero(there.all(axis=1))
        if len(whole):
            rows = BlockRows({name: rows_of(part.batch, whole) for name, part in parts.items()})
            with _row_of(whole):
                self._out.batch.code[whole, code] = unit.encode(rows).code[:, 0]
            self._out.code[whole, code] = True
        part_given = np.asarray(there.any(axis=1) & ~there.all(axis=1))
        levels = np.stack(
            [
                np.where(there[:, k], parts[name].batch.code[:, 0], -1)
                if name in parts
                else np.full(len(self._out), -1)
                for k, name in enumerate(unit.columns)
            ],
            axis=1,
        )
        sizes = [self._codecs[name][1].spec.codes[0].size for name in unit.columns]
        self._set_apart(
            part_given,
            levels,
            lambda row: {
                name: Allowed(np.arange(size) == level)
                for name, size, level in zip(unit.columns, sizes, row, strict=True)
                if level >= 0
            },
        )

    def _take_decided(self, unit: Lookup, part: PartialRows, real: int, code: int) -> None:
        name, codec = unit.columns[0], unit.codec
        here = part.code[:, 0] if part.code.shape[1] else part.tick[:, 0]
        missing = codec.missing_level
        valued = here & (part.batch.code[:, 0] != missing) if missing is not None else here
        if unit.keeps:
            self._set(part, real, code)
        elif unit.spec.codes:
            self._give_code(code, here, (~valued).astype(np.int32))
        key = self._given.get(unit.key)
        with_key = (
            np.zeros(len(here), bool)
            if key is None
            else (key.code if key.code.shape[1] else key.tick)[:, 0]
        )
        if key is not None:
            checked = np.flatnonzero(valued & with_key)
            broken = unit.broken(
                BlockRows(
                    {name: rows_of(part.batch, checked), unit.key: rows_of(key.batch, checked)}
                )
            )
            if broken.any():
                raise DataError(
                    f"'{unit.key}' decides '{name}', and not so",
                    where=f"row {checked[broken][0] + 1}",
                    hint="leave one of the two empty, to have it filled in",
                )
        line, reals = codec.line, part.batch.tick.shape[1]
        values = np.concatenate([part.batch.tick, part.batch.code], axis=1)
        self._set_apart(
            valued & ~with_key,
            values,
            lambda row: {
                name: Allowed(
                    np.arange(codec.spec.codes[0].size) == row[reals] if codec.spec.codes else None,
                    None
                    if line is None
                    else between(*[int(line.number(row[None, :reals])[0])] * 2),
                )
            },
        )

    def _take_linear(self, unit: LinearRule, part: PartialRows, code: int) -> None:
        law, codec = unit.law, unit.codec
        assert codec.line is not None
        valued = part.tick[:, 0]
        if part.code.shape[1]:
            self._give_code(code, part.code[:, 0], part.batch.code[:, 0])
        self._present(unit, valued)
        number = codec.line.number(part.batch.tick)
        parts = [self._given.get(base) for base in unit.bases]
        based = valued.copy()
        for one in parts:
            based &= one is not None and one.tick[:, 0]
        if based.any():
            rows = BlockRows(
                {
                    base: part.batch
                    for base, part in zip(unit.bases, parts, strict=True)
                    if part is not None
                }
            )
            self._check(unit, based, d := law.free(number, unit.base(rows)))
            if law.slack:
                self._give_tick(self._at[law.column][1], based, d)
        rest = valued & ~based
        if rest.any():
            self._bound(unit, rest, number)

    def _check(self, unit: LinearRule, here: np.ndarray, d: np.ndarray) -> None:
        broken = here & (d < 0)
        if broken.any():
            raise DataError(
                f"the rule {unit.said} is broken",
                where=f"row {int(np.flatnonzero(broken)[0]) + 1}",
                hint="leave one of the values empty, to have it filled in",
            )

    def _present(self, unit: LinearRule, here: np.ndarray) -> None:
        """Gives that there are the bases without which a column is never there."""
        for base in unit.bases:
            maker, _, code = self._at[base]
            if maker.spec.codes and base not in unit.filled_bases:
                self._give_code(
                    code, here & ~self._out.code[:, code], np.zeros(len(here), np.int32)
                )
                if isinstance(maker, LinearRule):
                    self._present(maker, here)

    def _bound(self, unit: LinearRule, here: np.ndarray, number: np.ndarray) -> None:
        """Gives the one channel that is left to make a number, or bounds a sum of several."""
        law, terms = unit.law, self._terms_of(unit)
        for base in unit.bases:
            self._known = both(self._known, self._inside(base))
        channels = list(terms)
        out = self._out
        there = out.tick[:, channels]
        weights = np.array(list(terms.values()), np.int64)
        left = law.own * number - (np.where(there, out.batch.tick[:, channels], 0) * weights).sum(
            axis=1
        )
        single = here & ((~there).sum(axis=1) == 1) & (law.own == 1)
        for k, channel in enumerate(channels):
            rows = single & ~there[:, k]
            if rows.any():
                value = left // weights[k]
                wrong = rows & ((left % weights[k] != 0) | ((value < 0) & (channel in self._free)))
                self._check(unit, wrong, np.full(len(wrong), -1))
                self._give_tick(channel, rows, value)
        several = here & ~single
        if several.any():
            low, high = np.full(len(here), -LARGEST), np.full(len(here), LARGEST)
            up = law.slack > 0
            low[several] = law.own * number[several] - (law.own - 1 if up else 0)
            high[several] = law.own * number[several] + (0 if up else law.own - 1)
            self._sums.append(LinearBound(tuple(channels), tuple(terms.values()), low, high))

    def _terms_of(self, unit: LinearRule) -> dict[int, int]:
        """The channels of the scaled sum; also of a column that is rounded."""
        terms = {self._at[unit.law.column][1]: unit.law.slack} if unit.law.slack else {}
        for base, weight in zip(unit.bases, unit.law.weights, strict=True):
            for channel, inner in self._terms(base).items():
                terms[channel] = terms.get(channel, 0) + weight * inner
        return {channel: weight for channel, weight in terms.items() if weight}

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
            return [
                (np.arange(n), replace(known, sums=known.sums + tuple(self._sums), rows=self._out))
            ]
        keys, place = np.unique(
            np.stack([group for group, _ in self._apart], axis=1), axis=0, return_inverse=True
        )
        groups = []
        for k, key in enumerate(keys.tolist()):
            index = np.flatnonzero(place.ravel() == k)
            here = known
            with _row_of(index):
                for at, (_, values) in zip(key, self._apart, strict=True):
                    for name, allowed in (values[at] if at >= 0 else {}).items():
                        here = both(here, self._allowing(name, allowed))
            sums = tuple(one.of_rows(index) for one in self._sums)
            rows = PartialRows(
                self._out.batch.rows(index), self._out.tick[index], self._out.code[index]
            )
            groups.append((index, replace(here, sums=here.sums + sums, rows=rows)))
        return groups


@contextmanager
def _row_of(index: np.ndarray) -> Iterator[None]:
    """Tells the row of what goes wrong inside, of rows at these positions."""
    try:
        yield
    except DataError as error:
        at = int((error.where or "").removeprefix("row ")) - 1
        raise DataError(error.what, where=f"row {int(index[at]) + 1}", hint=error.hint) from error
    except ConditionError as error:
        raise DataError(error.what, where=f"row {int(index[0]) + 1}", hint=error.hint) from error


def _missing_given(part: PartialRows, codec: ColumnCodec, empty: np.ndarray) -> PartialRows:
    """The same, where it is also given that empty cells are missing."""
    missing = codec.missing_level
    if missing is None or not empty.any():
        return part
    code, there = part.batch.code.copy(), part.code.copy()
    code[empty, 0], there[empty, 0] = missing, True
    return PartialRows(Batch(part.batch.tick, code), part.tick, there)

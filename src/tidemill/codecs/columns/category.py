"""Categories and booleans as one code each."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import polars as pl

from tidemill.codecs.columns.base import (
    FIRST,
    Allowed,
    ColumnCodec,
    SurrogateStream,
    none_passes,
    not_missing,
)
from tidemill.codecs.columns.rare_levels import RareLevels
from tidemill.codecs.columns.scales import evident_order
from tidemill.core import checked_values as checked
from tidemill.core.condition import Test
from tidemill.core.errors import ConditionError
from tidemill.core.grid import Batch, Code, Spec
from tidemill.core.persons import FEWEST_PERSONS, level_counts
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.words import plural

MOST_ORDERED = 1_000
"""No order is looked for among more levels."""

_DTYPES = {"String": pl.String, "Boolean": pl.Boolean, "Int64": pl.Int64, "Float64": pl.Float64}


class CategoryCodec(ColumnCodec):
    """One code: the levels, in their order if they have an evident one, else by frequency; then
    rare levels, then missing.

    A row with a rare level comes back with one of the kept levels, drawn by their frequency: the
    name of a level that only a few rows carry may be a person's. Where most rows have such a level,
    one further level, the last one, stands for all of them.
    """

    exact = False
    inexact_because = "levels of fewer than five persons are not kept"

    levels: list[str]
    chances: list[float]
    ordered: bool
    rare: bool
    missing: bool
    stored: str
    rest: RareLevels | None = None

    @property
    def dtype(self) -> pl.DataType:

        return _DTYPES[self.stored]()

    def fit(
        self, column: Column, values: pl.Series, run: Run, persons: np.ndarray | None = None
    ) -> Self:
        """Count the levels; keep those that are frequent enough."""
        self.stored = str(values.dtype) if str(values.dtype) in _DTYPES else "String"
        counted = level_counts(values, persons)
        every = column.kept or self.stored == "Boolean"
        shared = pl.lit(True) if every else pl.col("persons") >= FEWEST_PERSONS
        kept = counted.filter(shared)
        counted = pl.concat([kept, counted.filter(~shared)])
        rows, rare = int(counted["count"].sum()), int(counted["count"][len(kept) :].sum())
        order = _order(column, kept["level"].to_list())
        self.ordered = order is not None
        if 2 * rare > rows:
            self.rest = RareLevels.of(column, counted, len(kept), self.dtype, run)
            run.warn(_replaced(column.name, len(kept), self.rest))
        if order is not None:
            kept = kept[order]
        self.levels = kept["level"].to_list()
        self.chances = (kept["count"] / max(int(kept["count"].sum()), 1)).to_list()
        self.rare = 0 < 2 * rare <= rows
        if self.rest is not None:
            self.levels.append(self.rest.level)
            self.chances = [*(kept["count"] / rows).to_list(), rare / rows]
        self.missing = bool(values.null_count())
        self.spec = self._spec(column)
        return self

    def _spec(self, column: Column) -> Spec:
        size = max(len(self.levels) + self.rare + self.missing, 1)
        return Spec(codes=(Code(column.name, size, self.ordered),))

    @property
    def by_frequency(self) -> list[str]:
        """The levels, the most frequent first."""
        places = np.argsort(-np.array(self.chances), kind="stable")
        return [self.levels[at] for at in places.tolist()]

    def encode(self, values: pl.Series) -> Batch:
        """(n,) levels -> one code each; unknown and rare ones alike."""
        codes = np.zeros(len(values), np.int32)
        if self.levels:
            place = {level: k for k, level in enumerate(self.levels)}
            unknown = len(self.levels) if self.rare else int(np.argmax(self.chances))
            if self.rest is not None:
                unknown = len(self.levels) - 1
            text = values.cast(pl.String)
            known = text.replace_strict(place, default=unknown, return_dtype=pl.Int32)
            codes = known.fill_null(0).to_numpy().copy()
        codes[values.is_null().to_numpy()] = self.missing_level or 0
        return Batch(np.zeros((len(values), 0), np.int64), codes[:, None])

    def settled(self, batch: Batch, rng: np.random.Generator) -> Batch:
        """The same codes, each rare one replaced by a kept level, drawn by its frequency."""
        rare = np.flatnonzero((batch.code[:, 0] == len(self.levels)) & self.rare)
        if not len(rare):
            return batch
        shares = np.array(self.chances) / np.sum(self.chances)
        code = batch.code.copy()
        code[rare, 0] = rng.choice(len(self.levels), len(rare), p=shares)
        return Batch(batch.tick, code)

    def decode(
        self, batch: Batch, rng: np.random.Generator, fresh: SurrogateStream = FIRST
    ) -> pl.Series:
        """Codes -> levels of the typed dtype; rare ones are drawn from the kept levels."""
        code = self.settled(batch, rng).code[:, 0]
        levels = pl.Series([*self.levels, None], dtype=pl.String)
        if self.stored == "Boolean":
            levels = levels == "true"
        elif self.stored != "String":
            levels = levels.cast(self.dtype, strict=False)  # the level of rare numbers is none
        values = levels[np.minimum(code, len(self.levels))]
        if self.rest is None:
            return values
        return self.rest.filled(values, np.flatnonzero(code == len(self.levels) - 1), rng, fresh)

    @property
    def missing_level(self) -> int | None:
        return len(self.levels) + self.rare if self.missing else None

    def unknown(self, values: pl.Series) -> np.ndarray:
        """(n,) whether a level never occurred in training; any may be a rare one where there are
        such."""
        if self.rare or self.rest is not None:
            return np.zeros(len(values), bool)
        return (~values.cast(pl.String).is_in(self.levels)).to_numpy()

    def allowed(self, column: Column, tests: Sequence[Test]) -> Allowed:
        """The levels that pass, whatever their case; rare ones, which come back as kept ones, if
        all of these pass."""
        passes = np.ones(self.spec.codes[0].size, bool)
        for test in tests:
            passes &= self._passing(column, test)
        if not passes.any():
            raise none_passes(column, tests)
        return Allowed(passes)

    def _passing(self, column: Column, test: Test) -> np.ndarray:
        """(size,) which levels pass a test."""
        passing = np.zeros(self.spec.codes[0].size, bool)
        if test.operator == "missing":
            if not self.missing:
                raise not_missing(column)
            passing[self.missing_level] = True
            return passing
        kept = self._kept_passing(column, test)
        passing[: len(kept)] = kept
        if self.rare:
            passing[len(kept)] = kept.all()
        if not self.levels and not self.rare and not self.missing:
            passing[:] = True  # a column without a value
        return passing

    def _kept_passing(self, column: Column, test: Test) -> np.ndarray:
        """(levels,) which of the kept levels pass a test of values."""
        if test.operator == "present":
            return np.ones(len(self.levels), bool)
        if test.operator not in ("=", "in", "!="):
            return self._compared(column, test)
        named = np.zeros(len(self.levels), bool)
        values = test.value if test.operator == "in" else [test.value]
        named[self._places(column, values)] = True
        return ~named if test.operator == "!=" else named

    def _places(self, column: Column, values: Sequence[Any]) -> list[int]:
        """The places of levels, each of the same case if there is one.

        Raises:
            ConditionError: There is no such level.
        """
        exact = {level: k for k, level in enumerate(self.levels)}
        lower = {level.lower(): exact[level] for level in reversed(self.by_frequency)}
        numbers = self._numbers() or []
        places = []
        for value in values:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            place = exact.get(text, lower.get(text.lower()))
            if place is None:
                with contextlib.suppress(ValueError):  # 7 and 7.0 are one level
                    place = numbers.index(float(text))
            if place is None:
                raise self._refusal(column, value)
            places.append(place)
        return places

    def _refusal(self, column: Column, value: Any) -> ConditionError:
        why = "never occurs in the training rows"
        if self.rare or self.rest is not None:
            why = f"is that of fewer than {FEWEST_PERSONS} persons in training, if of any"
        levels = self.levels if self.ordered else self.by_frequency
        choice = ", ".join(levels[:8])
        if len(levels) > 8:
            choice += ", ..."
        return ConditionError(
            f"the value '{value}' {why}",
            where=f"column '{column.name}'",
            hint=f"choose one of: {choice}",
        )

    def _numbers(self) -> list[float] | None:
        """The levels as numbers, where all of them are; what stands for rare ones is not."""
        kept = self.levels if self.rest is None else self.levels[:-1]
        try:
            numbers = [float(level) for level in kept]
        except ValueError:
            return None
        return numbers if self.rest is None else [*numbers, float("nan")]

    def _compared(self, column: Column, test: Test) -> np.ndarray:
        """(levels,) which levels, all of them numbers, pass <, <=, > or >=."""
        levels = self._numbers()
        if levels is None:
            raise ConditionError(
                f"'{test}' compares, but the column's values are no numbers",
                where=f"column '{column.name}'",
                hint="name the values: COL=VALUE or COL in A,B",
            )
        try:
            asked = float(test.value)
        except (TypeError, ValueError) as error:
            raise ConditionError(
                f"'{test.value}' is no number",
                where=f"column '{column.name}'",
                hint="write the value as the column does",
            ) from error
        numbers = np.array(levels, float)
        return {
            "<": numbers < asked,
            "<=": numbers <= asked,
            ">": numbers > asked,
            ">=": numbers >= asked,
        }[test.operator]

    def to_state(self) -> dict[str, Any]:

        return {
            "levels": self.levels,
            "chances": self.chances,
            "ordered": self.ordered,
            "rare": self.rare,
            "missing": self.missing,
            "dtype": self.stored,
            "rest": None if self.rest is None else self.rest.to_state(),
        }

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> Self:

        codec = cls()
        codec.levels = [checked.text(level) for level in state["levels"]]
        codec.chances = [checked.real(chance, 0, 1) for chance in state["chances"]]
        codec.ordered = checked.truth(state["ordered"])
        codec.rare = checked.truth(state["rare"])
        codec.missing = checked.truth(state["missing"])
        codec.stored = checked.text(state["dtype"])
        fits = len(set(codec.levels)) == len(codec.levels) == len(codec.chances)
        if codec.levels:
            fits &= abs(sum(codec.chances) - 1) < 1e-6
        if not fits or codec.stored not in _DTYPES:
            raise ValueError("levels and chances do not fit together")
        if state.get("rest") is not None:
            codec.rest = RareLevels.from_state(column, state["rest"])
            if codec.rare or codec.levels[-1:] != [codec.rest.level]:
                raise ValueError("no level stands for the rare ones")
        if codec.rare and not codec.levels:
            raise ValueError("rare levels come back as none")
        if codec.stored == "Boolean" and not {"true", "false"}.issuperset(codec.levels):
            raise ValueError("a level is neither true nor false")
        if codec.stored not in ("String", "Boolean"):
            own = [one for one in codec.levels if codec.rest is None or one != codec.rest.level]
            pl.Series(own, dtype=pl.String).cast(codec.dtype)  # raises where one is none
        codec.spec = codec._spec(column)
        return codec


def _replaced(name: str, kept: int, rest: RareLevels) -> str:
    """What is said of a column of mostly rare levels."""
    known = "none of its levels is learned by name, and all"
    if kept:
        known = f"only the {plural(kept, 'level')} of more are learned by name, and the others"
    return (
        f"Most values of '{name}' are those of fewer than {FEWEST_PERSONS} persons: {known} come "
        f"back as {rest.what}; option 'keep={name}' learns all of them by name."
    )


def _order(column: Column, levels: list[str]) -> list[int] | None:
    """The places of the levels in their order: that of an enumeration, or an evident one."""
    if column.dtype.startswith("Enum["):
        declared = json.loads(column.dtype.removeprefix("Enum"))
        if declared and set(levels) <= set(declared):
            place = {level: k for k, level in enumerate(declared)}
            return sorted(range(len(levels)), key=lambda at: place[levels[at]])
    if len(levels) > MOST_ORDERED:
        return None
    return evident_order(levels)

"""Whether there is a value at all: a code whose level 0 says yes."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from tidemill.codecs.columns.base import Allowed, none_passes, not_missing
from tidemill.codecs.columns.intervals import everything, meet
from tidemill.core.condition import Test
from tidemill.core.errors import DataError
from tidemill.core.grid import Code
from tidemill.core.schema import Column

ABSENCES = ("missing", "inf", "-inf")
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_VALUE = {"missing": None, "inf": float("inf"), "-inf": float("-inf")}


@dataclass(frozen=True, slots=True)
class Presence:
    """The ways in which a column's values can be absent; level k + 1 stands for ``absences[k]``."""

    absences: tuple[str, ...] = ()

    @staticmethod
    def of(values: pl.Series) -> Presence:
        """The absences that occur."""
        return Presence(tuple(name for name in ABSENCES if _absent(values, name).any()))

    @staticmethod
    def from_state(names: Iterable[str]) -> Presence:
        """Absences by name.

        Raises:
            ValueError: There is no such absence, or one twice.
        """
        absences = tuple(ABSENCES[ABSENCES.index(name)] for name in names)
        if len(set(absences)) < len(absences):
            raise ValueError("values are absent twice in the same way")
        return Presence(absences)

    @property
    def missing_level(self) -> int | None:
        """The level that stands for a missing value; None where none is missing."""
        return self.absences.index("missing") + 1 if "missing" in self.absences else None

    def allowed(
        self, column: Column, tests: Sequence[Test], numbers: Callable[[Column, Test], np.ndarray]
    ) -> Allowed:
        """The levels and numbers that pass all tests; ``numbers`` gives those that pass a
        comparison.

        Raises:
            ConditionError: Nothing passes.
        """
        passing = everything()
        levels = np.ones(len(self.absences) + 1, bool)
        for test in tests:
            if test.operator not in ("missing", "present"):
                passing = meet(passing, numbers(column, test))
            levels &= self.passing(column, test)
        levels[0] &= len(passing) > 0
        if not levels.any():
            raise none_passes(column, tests)
        return Allowed(levels if self.absences else None, passing if levels[0] else None)

    def codes(self, name: str) -> tuple[Code, ...]:
        """One code, or none where every value is there."""
        if not self.absences:
            return ()
        return (Code(f"{name} present", len(self.absences) + 1),)

    def encode(self, values: pl.Series) -> np.ndarray:
        """(n,) values -> (n, 1) levels, or (n, 0) where every value is there.

        Raises:
            DataError: A value is absent in a way that did not occur when the codec was fitted.
        """
        code = np.zeros((len(values), 1), np.int32)
        for name in ABSENCES:
            absent = _absent(values, name)
            if name in self.absences:
                code[absent.to_numpy(), 0] = self.absences.index(name) + 1
            elif absent.any():
                raise DataError(
                    f"a value is {name}, but none was when the model was fitted",
                    where=f"column '{values.name}', row {absent.arg_true()[0] + 1}",
                    hint="fit the model on data that hold such values",
                )
        return code if self.absences else code[:, :0]

    def passing(self, column: Column, test: Test) -> np.ndarray:
        """(levels,) which levels pass a test; level 0, that of the values, always does but for
        "missing".

        Raises:
            ConditionError: A missing value is asked for, and none was missing in training.
        """
        passes = [test.operator != "missing", *(_passes(name, test) for name in self.absences)]
        if not any(passes):
            raise not_missing(column)
        return np.array(passes)

    def decode(self, values: pl.Series, code: np.ndarray) -> pl.Series:
        """The values, absent where the code says so."""
        for k, name in enumerate(self.absences):
            rows = np.flatnonzero(code[:, 0] == k + 1)
            if len(rows):
                values = values.scatter(rows, _VALUE[name])
        return values


def _absent(values: pl.Series, name: str) -> pl.Series:
    if name == "missing":
        return values.is_null()
    if not values.dtype.is_float():
        return pl.repeat(False, len(values), eager=True)
    return (values == _VALUE[name]).fill_null(False)


def _passes(absence: str, test: Test) -> bool:
    if absence == "missing":
        return test.operator == "missing"
    if test.operator in ("missing", "present"):
        return test.operator == "present"
    if test.operator == "in":
        return float(absence) in test.value
    return bool(_COMPARE[test.operator](float(absence), test.value))

"""Conditions on rows: what a finding speaks of, and what is asked of a generator."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from tidemill.core.errors import ConditionError
from tidemill.core.schema import Schema

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "in", "missing", "present"]


@dataclass(frozen=True, slots=True)
class Test:
    """One test of one column: ``plan = team``, ``age >= 30``, ``income missing``."""

    __test__ = False  # not a pytest class

    column: str
    operator: Operator
    value: Any = None

    def __str__(self) -> str:
        if self.operator in ("missing", "present"):
            return f"{self.column} is {self.operator}"
        if self.operator == "in":
            return f"{self.column} in {', '.join(map(str, self.value))}"
        sign = {"<=": "≤", ">=": "≥", "!=": "≠"}.get(self.operator, self.operator)
        return f"{self.column} {sign} {_shown(self.value)}"

    def expression(self) -> pl.Expr:
        """True on the rows that pass, never null."""
        column = pl.col(self.column)
        if self.operator == "missing":
            return column.is_null()
        if self.operator == "present":
            return column.is_not_null()
        if self.operator == "in":
            return column.is_in(list(self.value)).fill_null(False)
        value = pl.lit(self.value)
        passed = {"=": column == value, "!=": column != value, "<": column < value, "<=": column <= value,
                  ">": column > value, ">=": column >= value}[self.operator]
        return passed.fill_null(False)


@dataclass(frozen=True, slots=True)
class Condition:
    """All of these tests together; with no test it holds for every row.

    Example:
        >>> str(Condition((Test("age", ">=", 30), Test("plan", "=", "team"))))
        'age ≥ 30 and plan = team'
    """

    tests: tuple[Test, ...] = ()

    def __str__(self) -> str:
        return " and ".join(map(str, self.tests)) if self.tests else "every row"

    def expression(self) -> pl.Expr:
        """True on the rows for which every test holds."""
        return pl.all_horizontal(*(test.expression() for test in self.tests)) if self.tests else pl.lit(True)

    def mask(self, frame: pl.DataFrame) -> pl.Series:
        """One boolean per row of the frame."""
        if not self.tests:
            return pl.repeat(True, frame.height, eager=True)
        return frame.select(self.expression().alias("holds"))["holds"]

    def to_state(self) -> list[dict[str, Any]]:
        """The tests as plain JSON values."""
        return [{"column": t.column, "operator": t.operator, "value": _plain(t.value)} for t in self.tests]


def parse_where(where: Mapping[str, Any] | Sequence[str] | None, schema: Schema) -> Condition:
    """The condition that a mapping ``{"plan": "team"}`` or texts ``["plan=team"]`` describe.

    A value None, or the text ``COL=`` with nothing behind it, asks for a missing value.

    Raises:
        ConditionError: A text is not of the form COL=VALUE.
        SchemaError: A column does not exist.
    """
    if not where:
        return Condition()
    pairs: list[tuple[str, Any]] = []
    if isinstance(where, Mapping):
        pairs = list(where.items())
    else:
        for text in where:
            match = re.fullmatch(r"\s*(.+?)\s*=\s*(.*?)\s*", text, re.DOTALL)
            if not match:
                raise ConditionError(f"'{text}' is not a condition", hint='write COL=VALUE, as in --where "plan=team"')
            pairs.append((match[1], match[2] or None))
    tests = []
    for name, value in pairs:
        schema[name]  # raises where there is none
        tests.append(Test(name, "missing") if value is None else Test(name, "=", value))
    return Condition(tuple(tests))


def _shown(value: Any) -> str:
    return f"{value:,.6g}" if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(v) for v in value]
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)

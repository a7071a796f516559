"""Conditions on rows: what a finding speaks of, and what is asked of a generator."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from tidemill.core import datetimes, numerals
from tidemill.core.columns import by_name
from tidemill.core.errors import ConditionError
from tidemill.core.schema import Column, Schema
from tidemill.core.spelling import typed
from tidemill.core.states import to_state

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "in", "missing", "present"]
Levels = Callable[[str], Sequence[str]]
"""Column name -> its levels, the most frequent first; none for a column that has no levels."""

_SIGNS: dict[str, Operator] = {
    "!=": "!=",
    "<>": "!=",
    "<=": "<=",
    ">=": ">=",
    "==": "=",
    "=": "=",
    "<": "<",
    ">": ">",
    "≠": "!=",
    "≤": "<=",
    "≥": ">=",
}
_TEST = re.compile(
    rf"\s*(?P<sign>{'|'.join(_SIGNS)})\s*(?P<value>.*?)\s*"
    r"|\s+(?:is\s+)?(?P<state>missing|present)\s*"
    r"|\s+(?P<word>not\s+in|in|between)\s+(?P<values>.*?)\s*",
    re.DOTALL | re.IGNORECASE,
)
# a quote counts where a value begins with it and ends with it
_ITEMS = re.compile(
    r"""(?:^|,)\s*("(?:[^"]|"")*"(?=\s*(?:,|$))|'(?:[^']|'')*'(?=\s*(?:,|$))|[^,]*)""", re.DOTALL
)
_FORMS = (
    'write COL=VALUE, or like "age>=30", "plan in team,solo", "age between 30 and 40" or '
    '"fee missing"'
)


@dataclass(frozen=True, slots=True)
class Test:
    """One test of one column: ``plan = team``, ``age >= 30``, ``income missing``.

    Attributes:
        column: The column's name.
        operator: What is asked; a missing value passes "missing" only.
        value: A number, a date or datetime, or the text of a level; a tuple of these for "in". A
            text is compared with the column's values as text.
    """

    __test__ = False  # not a pytest class
    STATE: ClassVar = ("column", "operator", ("value", "plain"))

    column: str
    operator: Operator
    value: Any = None

    def __str__(self) -> str:
        if self.operator in ("missing", "present"):
            return f"{self.column} is {self.operator}"
        if self.operator == "in":
            return f"{self.column} in {', '.join(map(_shown, self.value))}"
        sign = {"<=": "≤", ">=": "≥", "!=": "≠"}.get(self.operator, self.operator)
        return f"{self.column} {sign} {_shown(self.value)}"

    @property
    def plain(self) -> Any:
        """Its value as plain JSON."""
        return _plain(self.value)

    def expression(self) -> pl.Expr:
        """True on the rows that pass, never null."""
        column = by_name(self.column)
        if self.operator == "missing":
            return column.is_null()
        if self.operator == "present":
            return column.is_not_null()
        values = list(self.value) if self.operator == "in" else [self.value]
        if all(isinstance(value, str) for value in values):
            column = column.cast(pl.String)
        if self.operator == "in":
            return column.is_in(values).fill_null(False)
        value = pl.lit(self.value)
        passed = {
            "=": column == value,
            "!=": column != value,
            "<": column < value,
            "<=": column <= value,
            ">": column > value,
            ">=": column >= value,
        }[self.operator]
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
        if not self.tests:
            return "every row"
        return " and ".join(map(str, self.tests))

    def expression(self) -> pl.Expr:
        """True on the rows for which every test holds."""
        if not self.tests:
            return pl.lit(True)
        return pl.all_horizontal([test.expression() for test in self.tests])

    def mask(self, frame: pl.DataFrame) -> pl.Series:
        """One boolean per row of the frame."""
        if not self.tests:
            return pl.repeat(True, frame.height, eager=True)
        return frame.select(self.expression().alias("holds"))["holds"]

    def to_state(self) -> list[dict[str, Any]]:
        """The tests as plain JSON values."""
        return to_state(self.tests)


Where = Condition | Mapping[str, Any] | Sequence[str] | str | None
"""What :func:`parse_where` takes."""


def parse_where(where: Where, schema: Schema, levels: Levels | None = None) -> Condition:
    """The condition that texts, or a mapping of column names to what is asked of them, describe.

    Texts are ``COL=VALUE``, with ``!=``, ``<``, ``<=``, ``>``, ``>=`` in the place of ``=``, ``COL
    in A,B``, ``COL not in A,B``, ``COL between A and B`` (both included), ``COL missing`` and ``COL
    present``; ``COL=`` asks for a missing value, too. The longest column name that a text begins
    with is meant. A value that holds a comma stands in quotes. In a mapping a plain value asks for
    equality, a list for any of its values, None for a missing value, and a text may also be the
    part behind the column name: ``{"age": ">=30", "plan": ["team", "solo"], "fee": None}``. What is
    the name of a level means this level: ``{"income": ">50K"}``.

    Args:
        where: Texts, one text, a mapping, or a condition (such as that of a finding), which is
            given back.
        schema: The columns.
        levels: The levels of the columns that have some, where they are known; a text is then
            matched with them whatever its case and the blanks around it.

    Raises:
        ConditionError: It cannot be understood, or a value cannot be one of the column's.
        SchemaError: A column does not exist.

    Example:
        >>> schema = Schema((Column("age", "number"), Column("plan", "category")))
        >>> str(parse_where(["age>=30", "plan in team, solo"], schema))
        'age ≥ 30 and plan in team, solo'
        >>> parse_where({"age": "between 30 and 40"},
        ...     schema) == parse_where("age between 30 and 40", schema)
        True
    """
    if isinstance(where, Condition):
        for test in where.tests:
            schema[test.column]  # raises where there is none
        return where
    if where is None:
        return Condition()
    if isinstance(where, str):
        where = [where]
    known = levels or (lambda name: ())
    tests: list[Test] = []
    if isinstance(where, Mapping):
        for name, asked in where.items():
            column = schema[name]
            tests += _asked(column, asked, known(column.name))
        return Condition(tuple(tests))
    if not isinstance(where, Iterable):
        raise ConditionError(f"a {type(where).__name__} is no condition", hint=_FORMS)
    for text in where:
        if not isinstance(text, str):
            raise ConditionError(f"'{text}' is not a condition", hint=_FORMS)
        column, match = _split(text, schema)
        tests += _of_match(column, match, known(column.name))
    return Condition(tuple(tests))


def column_of(text: str, schema: Schema, mark: str) -> tuple[Column, str]:
    """The column with the longest name that a text begins with, followed by the mark, and what
    stands behind it.

    Raises:
        ConditionError: There is no mark in the text.
        SchemaError: There is no such column.

    Example:
        >>> column, rest = column_of("a=b=c",
        ...     Schema((Column("a", "category"), Column("a=b", "category"))), "=")
        >>> column.name, rest
        ('a=b', 'c')
    """
    text = text.strip()
    for column in _by_length(schema):
        behind = text.removeprefix(column.name).lstrip()
        if text.startswith(column.name) and behind.startswith(mark):
            return column, behind.removeprefix(mark).strip()
    if mark not in text:
        raise ConditionError(
            f"'{text}' has no '{mark}'",
            hint=f"write COL{mark}..., as in churn{mark}Yes:0.5 or churn{mark}equal",
        )
    name, _, rest = text.partition(mark)
    return schema[name.strip()], rest.strip()


def _by_length(schema: Schema) -> list[Column]:
    """The columns, those with the longest names first."""
    return sorted(schema, key=lambda column: -len(column.name))


def split_values(text: str) -> list[str]:
    """The values of a list with commas, quotes taken off.

    Example:
        >>> split_values("team, 'Paris, France' ,\\"it's\\"")
        ['team', 'Paris, France', "it's"]
    """
    return [unquoted(item.strip()) for item in _ITEMS.findall(text)]


def unquoted(text: str) -> str:
    """The text without the quotes around it, doubled ones inside made single.

    Example:
        >>> unquoted("'Paris, France'"), unquoted("'it''s'"), unquoted("it's")
        ('Paris, France', "it's", "it's")
    """
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1].replace(text[0] * 2, text[0])
    return text


def _split(text: str, schema: Schema) -> tuple[Column, re.Match[str]]:
    """The column that a text speaks of, and what it says of it.

    Raises:
        ConditionError: It says nothing that can be understood.
        SchemaError: There is no such column.
    """
    text = text.strip()
    for column in _by_length(schema):
        if text.startswith(column.name):
            match = _TEST.fullmatch(text, len(column.name))
            if match is not None:
                return column, match
    # no column fits: the likely name is what stands before the first operator
    for end in range(1, len(text)):
        if _TEST.fullmatch(text[end:]):
            schema[text[:end].strip()]  # raises, and names the column that comes nearest
    raise ConditionError(f"'{text}' is not a condition", hint=_FORMS)


def _asked(column: Column, asked: Any, levels: Sequence[str]) -> list[Test]:
    """The tests that a mapping's value stands for."""
    if isinstance(asked, (list, tuple, set, frozenset, pl.Series, np.ndarray)):
        return [_any_of(column, list(asked), levels)]
    if isinstance(asked, str) and _level(asked, levels) is None:
        match = _TEST.fullmatch(f" {asked.strip()}")
        if match is not None:
            return _of_match(column, match, levels)
    if asked is None or asked == "":
        return [Test(column.name, "missing")]
    return [Test(column.name, "=", _value(column, asked, levels))]


def _of_match(column: Column, match: re.Match[str], levels: Sequence[str]) -> list[Test]:
    """The tests that the part of a text behind the column's name stands for."""
    if match["state"]:
        is_missing = match["state"].lower() == "missing"
        return [Test(column.name, "missing" if is_missing else "present")]
    if match["word"]:
        return _of_word(column, match["word"].lower(), match["values"], levels)
    sign, text = match["sign"], match["value"]
    behind = match.string[match.start("sign") + 1 :].strip()
    if sign == "==" and _level(behind, levels) is not None:  # the level itself begins with a sign
        sign, text = "=", behind
    return [_of_sign(column, sign, text, levels)]


def _of_sign(column: Column, sign: str, text: str, levels: Sequence[str]) -> Test:
    name, operator = column.name, _SIGNS[sign]
    if text == "":
        if operator in ("=", "!="):
            return Test(name, "missing" if operator == "=" else "present")
        raise ConditionError(
            f"nothing stands behind '{sign}'", where=f"column '{name}'", hint=_FORMS
        )
    if _level(text, levels) is not None:
        return Test(name, operator, _value(column, text, levels))
    if operator not in ("=", "!=") and _level(sign + text, levels) is not None:
        raise ConditionError(
            f"'{sign}' compares, and '{text}' is none of the column's values",
            where=f"column '{name}'",
            hint=f'for the value itself write "{name}={sign}{text}"',
        )
    return Test(name, operator, _value(column, unquoted(text), levels))


def _of_word(column: Column, word: str, text: str, levels: Sequence[str]) -> list[Test]:
    if word == "between":
        ends = [unquoted(end.strip()) for end in re.split(r"\s+and\s+", text, flags=re.IGNORECASE)]
        if len(ends) != 2:
            raise ConditionError(
                f"'between {text}' does not name two values",
                where=f"column '{column.name}'",
                hint=f'write "{column.name} between LEAST and MOST"',
            )
        least = _value(column, ends[0], levels)
        most = _value(column, ends[1], levels)
        return [Test(column.name, ">=", least), Test(column.name, "<=", most)]
    any_of = _any_of(column, split_values(text), levels)
    if word == "in":
        return [any_of]
    return [Test(column.name, "!=", value) for value in any_of.value]


def _any_of(column: Column, values: list[Any], levels: Sequence[str]) -> Test:
    if not values or any(value is None or value == "" for value in values):
        raise ConditionError(
            "a list of values is empty, or holds an empty one",
            where=f"column '{column.name}'",
            hint="name at least one value; missing values are asked for on their own, as "
            f'"{column.name} missing"',
        )
    different = dict.fromkeys(_value(column, value, levels) for value in values)
    return Test(column.name, "in", tuple(different))


# --- values ---------------------------------------------------------------------------------------


def _level(text: str, levels: Sequence[str]) -> str | None:
    """The level of this name, else the most frequent one whose name differs only in case or in
    blanks around it."""
    if text in levels:
        return text
    plain = text.strip().lower()
    for level in levels:
        if level.strip().lower() == plain:
            return level
    return None


def _value(column: Column, value: Any, levels: Sequence[str]) -> Any:
    """One value as the column has it: a number, a date or datetime, or the text of a level.

    Raises:
        ConditionError: The column can have no such value.
    """
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.item()
    if column.kind == "number":
        return _number(column, value)
    if column.kind == "datetime":
        return _moment(column, value)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    level = _level(text, levels)
    if level is None and isinstance(value, float) and value.is_integer():
        # pandas makes floats of whole numbers beside missing ones
        level = _level(str(int(value)), levels)
    return text if level is None else level


def _number(column: Column, value: Any) -> int | float:
    number = _read_number(column, value.strip()) if isinstance(value, str) else value
    if isinstance(number, Decimal):
        number = float(number)
    if not isinstance(number, int | float) or isinstance(number, bool) or number != number:  # NaN
        raise _refusal(column, value)
    if float(number).is_integer() and abs(number) < 2**53:
        return int(number)
    return number


def _read_number(column: Column, text: str) -> Any:
    spelling = column.spelling
    if spelling is not None and spelling.datetime:  # a time of day, in seconds since midnight
        with contextlib.suppress(pl.exceptions.PolarsError):
            seconds = datetimes.read(pl.Series([text]), pl.Int64(), spelling.datetime)[0]
            if seconds is not None:
                return seconds
    if spelling is not None and (
        spelling.decimal != "." or spelling.thousands or spelling.prefix or spelling.suffix
    ):
        number = numerals.read(pl.Series([text]), pl.Float64(), spelling)[0]
        if number is not None:
            return number
    for read in (int, float):
        with contextlib.suppress(ValueError):
            return read(text)
    found = typed(pl.Series([text]))
    if found is None or not found[0].dtype.is_numeric():
        return None
    return found[0][0]


def _moment(column: Column, value: Any) -> date:
    moment = _read_moment(column, value.strip()) if isinstance(value, str) else value
    if not isinstance(moment, date):
        raise _refusal(column, value)
    zone = _zone(column)
    if zone is None:
        if isinstance(moment, datetime) and moment.tzinfo is not None:
            raise ConditionError(
                f"'{value}' has a time zone, and the column has none",
                where=f"column '{column.name}'",
                hint="leave the zone out",
            )
        return moment
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return moment


def _read_moment(column: Column, text: str) -> Any:
    if column.spelling is not None and column.spelling.datetime:
        format_ = column.spelling.datetime
        with contextlib.suppress(pl.exceptions.PolarsError):
            moment = datetimes.read(pl.Series([text]), datetimes.dtype_of(format_), format_)[0]
            if moment is not None:
                return moment
    with contextlib.suppress(ValueError):
        return date.fromisoformat(text)
    with contextlib.suppress(ValueError):
        return datetime.fromisoformat(text)
    found = typed(pl.Series([text]))
    return found[0][0] if found is not None else None


def _zone(column: Column) -> str | None:
    """The time zone of a datetime column."""
    if column.spelling is not None and column.spelling.datetime:
        return getattr(datetimes.dtype_of(column.spelling.datetime), "time_zone", None)
    match = re.fullmatch(r"Datetime\(\w+, ([^)]+)\)", column.dtype)
    return match[1] if match else None


def _refusal(column: Column, value: Any) -> ConditionError:
    text = str(value)
    joined = re.split(r"\s+(?:and|AND|&)\s+", text)
    swapped = re.match(r"([<>])", text)
    if len(joined) > 1:
        hint = (
            "give several conditions one by one: option 'where=A' option 'where=B', in Python "
            '["A", "B"]'
        )
    elif swapped:
        meaning = "at most" if swapped[1] == "<" else "at least"
        hint = f'write "{column.name}{swapped[1]}=..." for {meaning}'
    else:
        hint = "write the value as the column does"
    kind = "date" if column.kind == "datetime" else column.kind
    return ConditionError(f"'{text}' is no {kind}", where=f"column '{column.name}'", hint=hint)


def _shown(value: Any) -> str:
    return f"{value:,.6g}" if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(v) for v in value]
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)

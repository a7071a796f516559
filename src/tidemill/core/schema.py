"""What a table's columns are: kinds, roles, spelling and the rules that always hold."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction
from typing import Any, Literal, get_args

from tidemill.core.conventions import UNKNOWN, Conventions
from tidemill.core.errors import InputError, SchemaError
from tidemill.core.modality import Modality, modality_of
from tidemill.core.states import from_state, to_state
from tidemill.core.words import plural, shortlist

Kind = Literal[
    "number", "category", "boolean", "datetime", "text", "image", "sound", "tiles", "score", "id"
]
Role = Literal["feature", "target", "sensitive", "key", "entity", "time", "context", "ignore"]
DatePart = Literal[
    "date",
    "year",
    "month",
    "day",
    "weekday",
    "quarter",
    "week",
    "week from Monday",
    "week from Sunday",
    "week with January 1",
    "week of seven days",
    "week of the month",
    "day of the year",
    "hour",
]
"""The date itself, and what is told of it. Weeks are counted as ISO 8601 does; from the year's
first Monday or Sunday (the days before it are in week 0); from January 1, with the next one from
the first Sunday behind it; or in sevens from January 1. The hour is told of dates with a time."""
RuleKind = Literal[
    "a<=b",
    "a+b=c",
    "a*b=c",
    "b=k*a+m",
    "a decides b",
    "b only if a",
    "allowed combinations",
    "one date",
    "range",
]

NAMES, MAILS = "names of people", "e-mail addresses"
ADDRESSES, BIRTH_DATES = "street addresses", "dates of birth"
PERSONAL = "personal data"
"""Sorts of personal data that are treated each in its way, as :attr:`Column.personal` has them;
there are others."""

KINDS: tuple[str, ...] = get_args(Kind)
ROLES: tuple[str, ...] = get_args(Role)
RULE_KINDS: tuple[str, ...] = get_args(RuleKind)
DATE_PARTS: tuple[DatePart, ...] = get_args(DatePart)
YEAR_MONTH_DAY: tuple[DatePart, ...] = ("year", "month", "day")
"""What makes a date where no column holds it."""

MOST_MARKS, MOST_DECIMALS = 200, 400
"""Characters of what stands around a number, or of an exact number, and decimals, at most."""
_FAR = re.compile("[eE][+-]?0*[0-9]{4}")
"""An exponent of 1,000 and more."""

MEDIA: tuple[Kind, ...] = ("image", "sound", "tiles", "score")
"""Kinds of values that are seen or heard, of which the other columns of a row tell."""

TABULAR_KINDS: tuple[Kind, ...] = ("number", "category", "boolean", "datetime")
"""Kinds whose values say something by themselves, so that columns of them can be compared."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a column's values are written as text, so that text -> value -> text changes nothing.

    Attributes:
        missing: The one marker that stands for a missing value ("" where a field is empty).
        true, false: The two words of a boolean ("" where the column is no boolean).
        places: Decimals that are always written ("12.50" has 2); None for the shortest form.
        decimal: The decimal mark.
        thousands: The mark between groups of three digits ("" for none).
        lakhs: Whether those groups are of two digits, but for the last ("12,34,567").
        leading_zero: Whether a number below one has a digit before its mark ("0.5", not ".5").
        prefix, suffix: What stands before and after each number ("$", "%").
        positive, negative: The form of numbers of either sign, "#" being the digits with what
            stands before and after them ("(#)", "#-", "# CR").
        full_width: Whether digits and marks are as wide as Chinese characters.
        datetime: A format of :mod:`tidemill.core.strftime` or, of lengths of time, of
            :mod:`tidemill.core.durations`; "" where the column is no datetime.
    """

    missing: str = ""
    true: str = ""
    false: str = ""
    places: int | None = None
    decimal: str = "."
    thousands: str = ""
    lakhs: bool = False
    leading_zero: bool = True
    prefix: str = ""
    suffix: str = ""
    positive: str = "#"
    negative: str = "-#"
    full_width: bool = False
    datetime: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the options that a cell names, such as "SQL" in "SQL;Python", where each is a yes-no
    column of its own.

    Attributes:
        of: The column whose cells name options.
        option: As a cell writes it.
        separator: Between two options, with the blanks around it.
        opening, closing: What stands around all of them.
    """

    of: str
    option: str
    separator: str
    opening: str = ""
    closing: str = ""


@dataclass(frozen=True, slots=True)
class TurnKeys:
    """How the turns of a dialogue are called in JSON, which stand in one text a dialogue here.

    Attributes:
        text: What is said; "" where turns are texts by themselves.
        speaker: Who says it; "" where that is not said.
    """

    text: str = ""
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it is, what it is for, and why we think so.

    Attributes:
        name: The column's name.
        kind: What its values are.
        role: What the column is for.
        nullable: Whether values are missing.
        step: The smallest step between numbers as a decimal text ("0.01", "1"); None where there is
            none.
        dtype: The polars dtype at the source's door ("Int64", "String", ...), given back on the way
            out.
        spelling: How values are written as text; None where the source was not text.
        reason: Why this kind was inferred, in words.
        role_reason: Why this role was given, in words.
        choice: The option of a cell of several that it tells; None where it is a column by itself.
        personal: What personal data it holds ("names of people"), "" for none: none of its values
            is shown. Of kind "id", fresh ones are generated in their place.
        kept: Whether the user wants its values learned as they are, be they personal or rare.
        turns: Of dialogues, a line a turn: how the turns are called in JSON; None of other texts.
        files: Of texts that were a file each: "txt" or "md"; "" of others.
    """

    name: str
    kind: Kind
    role: Role = "feature"
    nullable: bool = False
    step: str | None = None
    dtype: str = "String"
    spelling: Spelling | None = None
    reason: str = ""
    role_reason: str = ""
    choice: Choice | None = None
    personal: str = ""
    kept: bool = False
    turns: TurnKeys | None = None
    files: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise SchemaError(
                f"'{self.kind}' is no kind",
                where=f"column '{self.name}'",
                hint=f"choose one of {', '.join(KINDS)}",
            )
        if self.role not in ROLES:
            raise SchemaError(
                f"'{self.role}' is no role",
                where=f"column '{self.name}'",
                hint=f"choose one of {', '.join(ROLES)}",
            )


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that always holds between columns, in every row in which all of them are known.

    Attributes:
        kind: "a<=b", "a+b=c" (or more parts, of which some may be subtracted; or a date, a number
            of days and a date), "a*b=c" and "b=k*a+m" (both rounded to the last
            column's step), "a decides b", "b only if a" (b is known only beside some values of a,
            those of the training rows), "allowed combinations" (those of the training rows),
            "one date" (all tell the same date) or "range".
        columns: The columns in the order of the kind's letters; two or more for combinations and
            for a date, three or more for a sum, one for a range.
        support: Training rows on which the rule could be checked and held.
        confirmed: Holdout rows on which it held (0 where there was no holdout).
        low, high: Both ends of a range, included: a number, or a date as ISO text; None for no end.
        declared: Whether the user said so; else it was found.
        factor, offset: k and m, as exact numbers ("1.19", "5/9"); for dates the offset is a span
            of time ("30 days", "-8 hours"). In a sum with dates the factor is the span of time that
            its numbers count ("1 day", "1 hour").
        signs: Of a sum's parts, 1 or -1 each; empty where all are added.
        parts: What each column tells of a date (:data:`tidemill.core.date_parts.DatePart`): first
            "date", or "year", "month" and "day".
    """

    kind: RuleKind
    columns: tuple[str, ...]
    support: int = 0
    confirmed: int = 0
    low: float | str | None = None
    high: float | str | None = None
    declared: bool = False
    factor: str = "1"
    offset: str = "0"
    signs: tuple[int, ...] = ()
    parts: tuple[DatePart, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in RULE_KINDS:
            raise SchemaError(
                f"'{self.kind}' is no kind of rule", hint=f"choose one of {', '.join(RULE_KINDS)}"
            )
        wanted = {"a+b=c": 3, "a*b=c": 3, "range": 1}.get(self.kind, 2)
        many = self.kind in ("allowed combinations", "one date", "a+b=c")
        more = many and len(self.columns) > wanted
        if len(self.columns) != wanted and not more:
            raise SchemaError(
                f"a rule '{self.kind}' speaks of {plural(wanted, 'column')}, "
                f"not of {len(self.columns)}",
                hint="name the columns in the order of the rule's letters",
            )
        if self.declared and len(set(self.columns)) < len(self.columns):
            raise SchemaError(
                f"a rule '{self.kind}' names a column twice", hint="name different columns"
            )
        if self.signs and (
            self.kind != "a+b=c"
            or len(self.signs) != len(self.columns) - 1
            or not {1, -1}.issuperset(self.signs)
        ):
            raise SchemaError(
                f"a rule '{self.kind}' has no signs {list(self.signs)}",
                hint="give 1 or -1 for each part of a rule 'a+b=c', as signs = [1, -1]",
            )
        if self.parts or self.kind == "one date":
            _check_parts(self)
        if self.kind == "range" and self.low is None and self.high is None:
            raise SchemaError(
                "a range has no end",
                where=f"column '{self.columns[0]}'",
                hint="give low, high or both",
            )
        if self.kind == "range":
            _check_ends(self.columns[0], self.low, self.high)
        if self.kind == "b=k*a+m" and (self.scale == 0 or (self.scale == 1 and self.shift == 0)):
            raise SchemaError(
                "a rule 'b=k*a+m' has no factor and no offset",
                where=f"column '{self.columns[1]}'",
                hint='give factor = 1.19, or offset = 5 or "30 days"',
            )

    @property
    def scale(self) -> Fraction:
        """k as a number."""
        return exact_number(self.factor)

    @property
    def shift(self) -> Fraction:
        """m as a number; days for a span of time."""
        return exact_number(self.offset)

    def __str__(self) -> str:
        names = [f"'{name}'" for name in self.columns]
        match self.kind:
            case "a<=b":
                return f"{names[0]} is never above {names[1]}"
            case "a+b=c":
                return f"{self._added(names[:-1])} = {names[-1]}"
            case "a*b=c":
                return f"{names[0]} × {names[1]} = {names[2]}"
            case "b=k*a+m":
                return f"{names[1]} = {self._reckoned(names[0])}"
            case "a decides b":
                return f"{names[0]} decides {names[1]}"
            case "b only if a":
                return f"{names[1]} is known only beside some values of {names[0]}"
            case "allowed combinations":
                return (
                    f"{', '.join(names[:-1])} and {names[-1]} come in no other combinations than "
                    "those of the training rows"
                )
            case "one date":
                return f"{', '.join(names[:-1])} and {names[-1]} tell one date"
        if self.low is None or self.high is None:
            end = f"at least {self.low}" if self.high is None else f"at most {self.high}"
            return f"{names[0]} is {end}"
        return f"{names[0]} lies between {self.low} and {self.high}"

    def signed(self) -> tuple[int, ...]:
        """1 or -1 for each part of a sum."""
        return self.signs or (1,) * (len(self.columns) - 1)

    def _added(self, parts: list[str]) -> str:
        """The parts of a sum with their signs."""
        unit = self.factor.removeprefix("1 ") if " " in self.factor else ""
        said = "" if self.signed()[0] > 0 else "-"
        for at, (part, sign) in enumerate(zip(parts, self.signed(), strict=True)):
            if at:
                said += " + " if sign > 0 else " - "
            said += f"{part} {unit}s" if unit and at else part
        return said

    def _reckoned(self, name: str) -> str:
        """k * a + m in words and signs."""
        said = name if self.factor == "1" else f"{self.factor} × {name}"
        if self.shift == 0:
            return said
        sign = "-" if self.shift < 0 else "+"
        return f"{said} {sign} {self.offset.removeprefix('-')}"


def _check_parts(rule: Rule) -> None:
    """Look at what a rule says to be told of a date.

    Raises:
        SchemaError: No date begins so, or a column tells no part.
    """
    begins = rule.parts[:1] == ("date",) or rule.parts[:3] == YEAR_MONTH_DAY
    repeated = len(set(rule.parts[: 1 if rule.parts[:1] == ("date",) else 3]) & set(rule.parts[3:]))
    if (
        rule.kind != "one date"
        or len(rule.parts) != len(rule.columns)
        or not begins
        or repeated
        or not set(rule.parts) <= set(DATE_PARTS)
    ):
        raise SchemaError(
            f"a rule '{rule.kind}' has no parts {list(rule.parts)}",
            hint='give a part of the date for each column, first "date" or "year", "month" and '
            f'"day"; the others are {", ".join(DATE_PARTS[4:])}',
        )


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of a table, in order, the rules that hold between them, and how its file writes
    numbers and dates.

    Example:
        >>> schema = Schema((Column("age", "number"), Column("plan", "category", role="target")))
        >>> schema.names, schema.target.name
        (('age', 'plan'), 'plan')
    """

    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = field(default=())
    conventions: Conventions = UNKNOWN

    def __post_init__(self) -> None:
        names = self.names
        if len(set(names)) == len(names):
            return
        twice = min(name for name in names if names.count(name) > 1)
        raise SchemaError(
            f"the column name '{twice}' occurs {names.count(twice)} times",
            hint="rename the columns so that each name occurs once",
        )

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise SchemaError(f"there is no column '{name}'", hint=_nearest(name, self.names))

    @property
    def names(self) -> tuple[str, ...]:
        """The column names, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def target(self) -> Column | None:
        """The column to be predicted, or None."""
        return next(iter(self.of_role("target")), None)

    def of_kind(self, *kinds: Kind) -> tuple[Column, ...]:
        """The columns of these kinds, in order."""
        return tuple(column for column in self.columns if column.kind in kinds)

    def of_role(self, *roles: Role) -> tuple[Column, ...]:
        """The columns with these roles, in order."""
        return tuple(column for column in self.columns if column.role in roles)

    @property
    def image(self) -> Column | None:
        """The column of images that is not ignored, or None."""
        for column in self.of_kind("image"):
            if column.role != "ignore":
                return column
        return None

    @property
    def sound(self) -> Column | None:
        """The column of sounds that is not ignored, or None."""
        for column in self.of_kind("sound"):
            if column.role != "ignore":
                return column
        return None

    @property
    def tiles(self) -> Column | None:
        """The column of planes of tiles that is not ignored, or None."""
        for column in self.of_kind("tiles"):
            if column.role != "ignore":
                return column
        return None

    @property
    def score(self) -> Column | None:
        """The column of pieces of music that is not ignored, or None."""
        for column in self.of_kind("score"):
            if column.role != "ignore":
                return column
        return None

    @property
    def medium(self) -> Column | None:
        """The column of images, sounds, tiles or music that is not ignored, or None; see
        :data:`MEDIA`."""
        return self.image or self.sound or self.tiles or self.score

    @property
    def texts(self) -> tuple[Column, ...]:
        """The columns of free text that can be learned: not ignored, naming nothing, and not
        personal as a whole. An e-mail address or a number within a text is guarded where it is
        learned."""
        roles, whole = ("key", "entity", "ignore"), (NAMES, ADDRESSES, PERSONAL)
        texts = self.of_kind("text")
        return tuple(c for c in texts if c.role not in roles and c.personal not in whole)

    @property
    def modality(self) -> Modality:
        """What sort of data the rows are; rows are the steps of series where there is an entity
        and a time."""
        return modality_of(self)

    @property
    def modelled(self) -> tuple[Column, ...]:
        """The columns that carry information: not ids, keys, entities, free text or ignored
        ones."""
        columns = self.of_kind(*TABULAR_KINDS)
        return tuple(c for c in columns if c.role not in ("key", "entity", "ignore"))

    def replacing(self, *columns: Column) -> Schema:
        """The same schema with these columns in the place of those of the same name."""
        new = {column.name: column for column in columns}
        for name in new:
            self[name]  # raises where there is none
        return replace(self, columns=tuple(new.get(c.name, c) for c in self.columns))

    def with_roles(
        self, role: Role, names: Iterable[str], reason: str = "given by the user"
    ) -> Schema:
        """The same schema with this role for these columns.

        Raises:
            SchemaError: A column does not exist.
        """
        return self.replacing(
            *(replace(self[name], role=role, role_reason=reason) for name in names)
        )

    def select(self, names: Iterable[str]) -> Schema:
        """The columns of these names only, and the rules that speak of nothing else."""
        kept = tuple(self[name] for name in names)
        inside = {column.name for column in kept}
        rules = tuple(rule for rule in self.rules if inside.issuperset(rule.columns))
        return Schema(kept, rules, self.conventions)

    def to_state(self) -> dict[str, Any]:
        """The schema as plain JSON values."""
        return to_state(self)

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> Schema:
        """The schema that :meth:`to_state` wrote.

        Raises:
            SchemaError: The state is not one of a schema.
        """
        try:
            found: Schema = from_state(Schema, state)
        except InputError as error:
            raise SchemaError(f"this is not a stored schema ({error.what})") from error
        for column in found:
            _check_stored(column)
        return found

    def fingerprint(self) -> str:
        """A short hash of names, kinds, roles and steps."""
        facts = [(c.name, c.kind, c.role, c.nullable, c.step, c.dtype) for c in self.columns]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def _check_ends(name: str, low: float | str | None, high: float | str | None) -> None:
    """See that there may be values between the ends of a range.

    Raises:
        SchemaError: There are none, or an end is no number and no date.
    """
    ends = [_end_of(name, end) for end in (low, high) if end is not None]
    if len(ends) < 2:
        return
    if isinstance(ends[0], float) != isinstance(ends[1], float):
        raise SchemaError(
            "a range lies between a number and a date",
            where=f"column '{name}'",
            hint="give two numbers or two dates",
        )
    if ends[0] > ends[1]:  # type: ignore[operator]
        raise SchemaError(
            f"no value lies between {low} and {high}",
            where=f"column '{name}'",
            hint="give the smaller end as low",
        )


def _end_of(name: str, end: float | str) -> float | dt.datetime:
    if not isinstance(end, str):
        if math.isfinite(end):
            return float(end)
        raise SchemaError(
            f"{end} is no end of a range", where=f"column '{name}'", hint="leave that end out"
        )
    try:
        moment = dt.datetime.fromisoformat(end)
    except ValueError as error:
        raise SchemaError(
            f"'{end}' is neither a number nor a date",
            where=f"column '{name}'",
            hint="write the ends as numbers, or as dates such as 2024-12-31",
        ) from error
    return moment.replace(tzinfo=None)


def _check_stored(column: Column) -> None:
    """See that no number is written longer than any is, and no step is finer than any.

    Raises:
        SchemaError: It is so.
    """
    spelling = column.spelling or Spelling()
    marks = (getattr(spelling, one.name) for one in fields(Spelling))
    longest = max(len(mark) for mark in marks if isinstance(mark, str))
    fits = longest <= MOST_MARKS and 0 <= (spelling.places or 0) <= MOST_DECIMALS
    try:
        step = Decimal(column.step or 1)
        fits &= abs(step.adjusted()) <= MOST_DECIMALS
    except ArithmeticError:
        fits = False
    if not fits:
        raise SchemaError("its numbers are written as none are", where=f"column '{column.name}'")


_IN_A_DAY = {
    "week": Fraction(1, 7),
    "day": Fraction(1),
    "hour": Fraction(24),
    "minute": Fraction(1_440),
    "second": Fraction(86_400),
}


def exact_number(text: str) -> Fraction:
    """An exact number; of a span of time its days.

    Raises:
        SchemaError: The text is neither.

    Example:
        >>> exact_number("1.19"), exact_number("36 hours")
        (Fraction(119, 100), Fraction(3, 2))
    """
    number, _, unit = text.strip().partition(" ")
    try:
        if len(number) > MOST_MARKS or _FAR.search(number):
            raise ValueError("its exact value would be endless")
        return Fraction(number) / _IN_A_DAY[unit.strip().lower().removesuffix("s") or "day"]
    except (ValueError, KeyError, ZeroDivisionError) as error:
        raise SchemaError(
            f"'{text}' is neither a number nor a span of time",
            hint='write 1.19, "5/9", "30 days", "8 hours", "90 minutes" or "45 seconds"',
        ) from error


def _nearest(name: str, names: tuple[str, ...]) -> str:
    near = get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        return "did you mean " + " or ".join(f"'{other}'" for other in near) + "?"
    return f"the columns are: {shortlist(names, 12)}"

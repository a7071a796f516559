"""Formats of dates and times: strftime's, and what chrono's lacks (names in other languages and
cases, any number of decimals, quarters, the century of two-digit years, named zones).

A format may begin with settings before a bar: a language of
:data:`tidemill.core.calendar_names.LANGUAGES`, the first of the hundred years that two digits can
mean, a time zone ("de 1926|%-d. %B %y"). Beside strftime's fields there are:

- ``%^b``, ``%#b`` (also of B, a, A and p): a name in capital or small letters; else its first is a
  capital (and of p both);
- ``%Ep``: AM and PM beside names in another language;
- ``%o``: a day with its ordinal ending ("1st", in French "1er" and "2");
- ``%3f`` (1 to 9 digits): decimals of a second without a mark; ``%.-6f`` and ``%,-9f``: with the
  mark, of at most so many digits and without zeros at the end, nothing where all are zero;
- ``%q``, ``%K``: quarter and half of the year; ``%Ey``: the year of the Republic of China;
- ``%#z``: any offset from UTC, for reading only.

Reading takes one digit for two, names in any case and abbreviated or not, any offset: what has to
be lossless is written again and compared.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import polars as pl

from tidemill.core.calendar_names import ENGLISH, LANGUAGES, CalendarNames
from tidemill.core.columns import by_name

NANOSECONDS = 1_000_000_000
_TOKEN = re.compile(r"%[-^#.,:E]*\d?-?[A-Za-z]|[^%]")
_SETTINGS = re.compile(r"(?:[a-z]{2}\d?|\d{4}|UTC|[A-Z][A-Za-z]+/[\w/+-]+)(?: |$)")
_DEFAULT_CENTURY = 1970

# strftime field -> the part of a date that it gives, and its digits. Reading is not strict: what
# must be lossless is written again and compared.
_DIGITS = {
    "%Y": ("year", r"\d{4}"),
    "%y": ("short_year", r"\d\d"),
    "%Ey": ("republic_year", r"\d{2,3}"),
    "%m": ("month", r"(?:0?[1-9]|1[0-2])"),
    "%d": ("day", r" ?[0-3]?\d"),
    "%e": ("day", r" ?[0-3]?\d"),
    "%o": ("ordinal", r"[0-3]?\d(?:st|nd|rd|th|er|ST|ND|RD|TH|ER)?"),
    "%H": ("hour", r" ?[0-2]?\d"),
    "%k": ("hour", r" ?[0-2]?\d"),
    "%I": ("half_hour", r" ?[01]?\d"),
    "%l": ("half_hour", r" ?[01]?\d"),
    "%M": ("minute", r"[0-5]\d"),
    "%S": ("second", r"[0-5]\d"),
    "%q": ("quarter", r"[1-4]"),
    "%K": ("half", r"[12]"),
    "%G": ("week_year", r"\d{4}"),
    "%V": ("week", r"[0-5]?\d"),
    "%u": ("weekday", r"[1-7]"),
    "%j": ("day_of_year", r"[0-3]\d\d"),
    "%s": ("epoch", r"-?\d{1,11}"),
    "%z": ("offset", r" ?(?:Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)"),
}
_MARKED_FRACTION = r"(?:[.,]\d{1,9})?"
# fields that polars reads and writes itself
_NATIVE = frozenset(
    "%Y %m %-m %d %-d %H %-H %I %-I %M %S %p %b %B %.f %.3f %.6f %.9f".split()  # noqa: SIM905
)
_NAMED = {"b": "month", "B": "month", "a": "weekday_name", "A": "weekday_name", "p": "half_day"}
_ORDINALS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}


@dataclass(frozen=True)
class Form:
    """A format, taken apart.

    Attributes:
        fields: Its fields ("%Y") and the characters between them.
        language: The code of the names' language.
        century: The first of the hundred years that two digits can mean; None where nothing is
            said.
        zone: The time zone that is named; None for none.
    """

    fields: tuple[str, ...]
    language: str = ENGLISH
    century: int | None = None
    zone: str | None = None

    @property
    def pattern(self) -> str:
        """The fields without settings."""
        return "".join(self.fields)

    @property
    def names(self) -> CalendarNames:
        """The names of its language."""
        return LANGUAGES[self.language]

    @property
    def is_native(self) -> bool:
        """Whether polars knows all of it."""
        if self.language != ENGLISH or self.century is not None or self.zone is not None:
            return False
        return all(len(field) == 1 or field in _NATIVE for field in self.fields)

    def __str__(self) -> str:
        settings = [] if self.language == ENGLISH else [self.language]
        settings += [str(one) for one in (self.century, self.zone) if one is not None]
        return "|".join([" ".join(settings), self.pattern]) if settings else self.pattern


@lru_cache(maxsize=512)
def form_of(format_: str) -> Form:
    """The form that a text stands for.

    Example:
        >>> form_of("de 1926|%-d. %B %y").century, str(form_of("%Y-%m"))
        (1926, '%Y-%m')
    """
    head, bar, pattern = format_.partition("|")
    if not bar or not all(_SETTINGS.fullmatch(one) for one in head.split()):
        return Form(tuple(_TOKEN.findall(format_)))
    language, century, zone = ENGLISH, None, None
    for one in head.split():
        if one in LANGUAGES:
            language = one
        elif one.isdigit():
            century = int(one)
        else:
            zone = one
    return Form(tuple(_TOKEN.findall(pattern)), language, century, zone)


@lru_cache(maxsize=512)
def shape(format_: str) -> str:
    """A regular expression of the cells that a format may have written, with a named group for each
    field."""
    form, text = form_of(format_), ""
    for field in form.fields:
        part, digits = _part_of(field, form.language)
        text += f"(?P<{part}>{digits})" if part else digits
    return f"^{text}$"


def moments(text: pl.Series, format_: str, unit: str) -> pl.DataFrame:
    """The local time of each cell, as Datetime of this unit, and its offset from UTC in seconds (0
    where the cell says none); null where the cell is not of this format."""
    form = form_of(format_)
    parts = text.str.extract_groups(shape(format_)).struct.unnest()
    numbers = parts.select(_numbers(parts.columns, form))
    return numbers.select(
        local=_moment(numbers.columns, form, unit), offset=_or("offset", numbers.columns, 0)
    )


def seconds(text: pl.Series, format_: str) -> pl.Series:
    """The seconds since midnight of times of day, as floats where there are decimals; null where a
    cell is not of this format."""
    form = form_of(format_)
    parts = text.str.extract_groups(shape(format_)).struct.unnest()
    numbers = parts.select(_numbers(parts.columns, form))
    found = _since_midnight(numbers.columns)
    if "fraction" in numbers.columns:
        found = found + pl.col("fraction") / NANOSECONDS
    return numbers.select(found).to_series().alias(text.name)


def written(values: pl.Series, format_: str) -> pl.Series:
    """Dates, moments or times of day (pl.Time) as text; null stays null."""
    form = form_of(format_)
    if form.is_native:
        return values.dt.to_string(format_)
    frame = values.alias("value").to_frame()
    return frame.select(pl.concat_str([_text_of(field, form) for field in form.fields])).to_series()


def _part_of(field: str, language: str) -> tuple[str, str]:
    """What a field gives, and the regular expression of its texts; "" and itself for a
    character."""
    if len(field) == 1:
        return "", re.escape(field)
    letter = field[-1]
    if letter in _NAMED:
        listed = sorted(_numbered(field, language), key=len, reverse=True)
        return _NAMED[letter], f"(?i:{'|'.join(map(re.escape, listed))})"
    if letter == "f":
        marked = field[1] in ".,"
        return "fraction", _MARKED_FRACTION if marked else rf"\d{{{field[1]}}}"
    plain = field if field == "%Ey" else f"%{letter}"
    return _DIGITS[plain]


def _numbered(field: str, language: str) -> dict[str, int]:
    """The names that a field stands for, in full and in all abbreviations, and which one each
    is."""
    letter, language = field[-1], ENGLISH if "E" in field else language
    letters = next(pair for pair in ("bB", "aA", "p") if letter in pair)
    found: dict[str, int] = {}
    for code, names in LANGUAGES.items():
        if code[:2] == language[:2]:
            tables = names.tables()
            found |= {name: i + 1 for one in letters for i, name in enumerate(tables[one])}
    return found


def _cased(field: str, names: CalendarNames) -> list[str]:
    """The names that a field stands for, in its case."""
    table = LANGUAGES[ENGLISH].half_days if "E" in field else names.tables()[field[-1]]
    if "#" in field:
        return list(table)
    if "^" in field or field[-1] == "p":
        return [name.upper() for name in table]
    return [name[:1].upper() + name[1:] for name in table]


def _numbers(parts: list[str], form: Form) -> list[pl.Expr]:
    """The parts of a date as whole numbers."""
    named = {_NAMED[field[-1]]: field for field in form.fields if _is_named(field)}
    found = []
    for part in parts:
        cell = by_name(part)
        if part == "weekday_name":
            continue
        if part in named:
            table = _numbered(named[part], form.language)
            number = cell.str.to_lowercase().replace_strict(
                table, default=None, return_dtype=pl.Int64
            )
        elif part == "offset":
            number = _offset(cell)
        elif part == "fraction":
            number = cell.str.strip_chars(".,").str.pad_end(9, "0").cast(pl.Int64)
        elif part == "ordinal":
            number = cell.str.extract(r"(\d+)").cast(pl.Int64).alias("day")
        else:
            number = cell.str.strip_chars(" ").cast(pl.Int64, strict=False)
        found.append(number)
    return found


def _is_named(field: str) -> bool:
    return len(field) > 1 and field[-1] in _NAMED


def _offset(cell: pl.Expr) -> pl.Expr:
    sign = pl.when(cell.str.contains("-", literal=True)).then(-1).otherwise(1)
    hours = cell.str.extract(r"[+-](\d\d)").cast(pl.Int64).fill_null(0)
    minutes = cell.str.extract(r"[+-]\d\d:?(\d\d)").cast(pl.Int64).fill_null(0)
    return (pl.when(cell.is_not_null()).then(sign * (hours * 3600 + minutes * 60))).alias("offset")


def _or(part: str, parts: list[str], default: int) -> pl.Expr:
    return by_name(part) if part in parts else pl.lit(default, pl.Int64)


def _since_midnight(parts: list[str]) -> pl.Expr:
    hour = _or("hour", parts, 0)
    if "half_hour" in parts:
        half = pl.col("half_hour")
        hour = pl.when(half.is_between(1, 12)).then(half % 12)
        hour = hour + 12 * (_or("half_day", parts, 1) - 1)
    whole = hour * 3600 + _or("minute", parts, 0) * 60 + _or("second", parts, 0)
    return pl.when(hour < 24).then(whole)


def _moment(parts: list[str], form: Form, unit: str) -> pl.Expr:
    a_second = NANOSECONDS if unit == "ns" else 1_000_000
    fraction = _or("fraction", parts, 0)
    if "epoch" in parts:
        whole = pl.col("epoch")
    else:
        days = _day(parts, form).cast(pl.Int32).cast(pl.Int64)
        whole = days * 86_400 + _since_midnight(parts)
    ticks = whole * a_second + fraction // (NANOSECONDS // a_second)
    return ticks.cast(pl.Datetime("ns" if unit == "ns" else "us"))


def _day(parts: list[str], form: Form) -> pl.Expr:
    """The date; null where there is no such day."""
    if "week" in parts:
        fourth = _as_date(pl.col("week_year"), pl.lit(1), pl.lit(4))
        monday = fourth.dt.truncate("1w")
        days = (pl.col("week") - 1) * 7 + _or("weekday", parts, 1) - 1
        day = monday + pl.duration(days=days)
        return pl.when(day.dt.iso_year() == pl.col("week_year")).then(day)
    year = _year(parts, form)
    if "day_of_year" in parts:
        day = _as_date(year, pl.lit(1), pl.lit(1)) + pl.duration(days=pl.col("day_of_year") - 1)
        return pl.when(day.dt.year() == year).then(day)
    month = _or("month", parts, 1)
    if "quarter" in parts:
        month = pl.col("quarter") * 3 - 2
    elif "half" in parts:
        month = pl.col("half") * 6 - 5
    return _as_date(year, month, _or("day", parts, 1))


def _year(parts: list[str], form: Form) -> pl.Expr:
    if "republic_year" in parts:
        return pl.col("republic_year") + 1911
    if "short_year" in parts:
        first = _DEFAULT_CENTURY if form.century is None else form.century
        return first + (pl.col("short_year") - first) % 100
    return pl.col("year")


def _as_date(year: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
    text = pl.format("{}-{}-{}", year.cast(pl.String).str.zfill(4), month, day)
    return text.str.to_date("%Y-%m-%d", strict=False)


def _text_of(field: str, form: Form) -> pl.Expr:
    """A field of the column "value" as text."""
    value = pl.col("value")
    kind = field[-1]
    if len(field) == 1:
        return pl.lit(field)
    if field[1] in ".," and field[2] == "-":
        digits = value.dt.nanosecond().cast(pl.String).str.zfill(9).str.strip_chars_end("0")
        return pl.when(digits == "").then(pl.lit("")).otherwise(pl.lit(field[1]) + digits)
    if kind == "f" and field[1].isdigit():
        return value.dt.nanosecond().cast(pl.String).str.zfill(9).str.head(int(field[1]))
    if field == "%K":
        return ((value.dt.month() + 5) // 6).cast(pl.String)
    if field == "%q":
        return value.dt.quarter().cast(pl.String)
    if field == "%Ey":
        return (value.dt.year() - 1911).cast(pl.String)
    if kind == "o":
        return _ordinal(value.dt.day(), form, capital="^" in field)
    if kind in _NAMED:
        return _name(value, field, form)
    return value.dt.to_string(field)


def _ordinal(day: pl.Expr, form: Form, *, capital: bool) -> pl.Expr:
    endings = {number: _ORDINALS.get(number, "th") for number in range(1, 32)}
    if form.language.startswith("fr"):
        endings = {number: "er" if number == 1 else "" for number in range(1, 32)}
    texts = {number: f"{number}{ending}" for number, ending in endings.items()}
    if capital:
        texts = {number: text.upper() for number, text in texts.items()}
    return day.cast(pl.Int64).replace_strict(texts, default=None, return_dtype=pl.String)


def _name(value: pl.Expr, field: str, form: Form) -> pl.Expr:
    names = _cased(field, form.names)
    if field[-1] == "p":
        index = value.dt.hour() // 12
    elif field[-1] in "bB":
        index = value.dt.month() - 1
    else:
        index = value.dt.weekday() - 1
    table = dict(enumerate(names))
    return index.cast(pl.Int64).replace_strict(table, default=None, return_dtype=pl.String)

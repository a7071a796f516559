"""Dates and times written as text: which formats a cell has the shape of, and reading it with
one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

import polars as pl

# Where day and month can be taken for each other, the day comes first here; core/spelling.py weighs
# the two.
_DATES = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y/%-m/%-d",
    "%Y-%-m-%-d",
    "%Y年%-m月%-d日",
    "%Y年%m月%d日",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%-d/%-m/%Y",
    "%-m/%-d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%-d-%-m-%Y",
    "%-m-%-d-%Y",
    "%d.%m.%Y",
    "%-d.%-m.%Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%-d/%-m/%y",
    "%-m/%-d/%y",
    "%d.%m.%y",
    "%d-%m-%y",
    "%m-%d-%y",
    "%b %-d, %Y",
    "%b %d, %Y",
    "%B %-d, %Y",
    "%B %d, %Y",
    "%d %b %Y",
    "%-d %b %Y",
    "%d %B %Y",
    "%-d %B %Y",
    "%d-%b-%Y",
    "%-d-%b-%Y",
    "%d-%b-%y",
    "%-d-%b-%y",
    "%d%b%Y",
)
_MONTHS = ("%Y-%m", "%Y/%m", "%b %Y", "%B %Y", "%b-%Y", "%Y年%-m月", "%Y年%m月")
_TIMES = (
    "%H:%M:%S",
    "%H:%M",
    "%-H:%M",
    "%-H:%M:%S",
    "%H:%M:%S%.3f",
    "%H:%M:%S%.6f",
    "%H:%M:%S%.9f",
    "%H:%M:%S%.f",
    "%I:%M %p",
    "%-I:%M %p",
    "%I:%M:%S %p",
    "%-I:%M:%S %p",
)
_DAYTIMES = (
    "%H:%M:%S",
    "%H:%M",
    "%-H:%M",
    "%-H:%M:%S",
    "%I:%M %p",
    "%-I:%M %p",
    "%I:%M:%S %p",
    "%-I:%M:%S %p",
)
_PLAIN = {"%Y%m%d": 8, "%Y%m%d%H%M%S": 14}

_FIELDS = {
    "%Y": r"\d{4}",
    "%y": r"\d\d",
    "%m": r"(?:0\d|1[0-2])",
    "%-m": r"(?:[1-9]|1[0-2])",
    "%d": r"[0-3]\d",
    "%-d": r"[1-3]?\d",
    "%b": "[A-Z][a-z]{2}",
    "%B": "[A-Z][a-z]{2,8}",
    "%H": r"[0-2]\d",
    "%-H": r"[12]?\d",
    "%I": r"[01]\d",
    "%-I": r"1?\d",
    "%M": r"[0-5]\d",
    "%S": r"[0-6]\d",
    "%p": "[AP]M",
    "%.3f": r"\.\d{3}",
    "%.6f": r"\.\d{6}",
    "%.9f": r"\.\d{9}",
    "%.f": r"(?:\.(?:\d{3}|\d{6}|\d{9}))?",
}
_LIKELY_YEAR = {"%Y": r"(?:1[89]|2[01])\d\d"}
_LIKELY_DATE = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])[0-3]")
_ZONED = re.compile(r"(.*:.*\d)(Z| ?UTC| ?[+-]\d\d:?\d\d)")
_TIMED = re.compile(r"(.+?)(, |T| )(\d\d?:.+)")
_OFFSET = re.compile(r"(?<=[SMpf]) ?(?:Z|UTC|([+-])(\d\d):?(\d\d))$")
_NAME = re.compile(r"date|datum|day|dob|birth|(^|_)dt(_|$)|ymd|fecha|日期|生日", re.IGNORECASE)
ANY_OFFSET = "%#z"
NANOSECONDS = 1_000_000_000


def formats_of(cells: list[str], name: str) -> Iterator[str]:
    """The strptime formats that every cell has the shape of, the likelier first.

    An offset from UTC that all cells share stands as it is at the format's end. Dates without marks
    ("20240105") are dates where the column's name says so, or at least ten different cells are
    dates of the years 1900 to 2099.

    Args:
        cells: Cells without missing markers.
        name: The column's name.

    Example:
        >>> next(formats_of(["2024-01-31T08:00:00Z", "2024-02-01T09:30:00Z"], "when"))
        '%Y-%m-%dT%H:%M:%SZ'
    """
    if len(cells[0]) > 40 or not all(any(map(str.isdigit, cell)) for cell in cells[:20]):
        return
    if cells[0].isdigit():
        yield from _plain(cells, name)
        return
    zoned = _ZONED.fullmatch(cells[0])
    zone = zoned[2] if zoned else ""
    if not all(cell.endswith(zone) for cell in cells):
        return
    for format_ in _unzoned([cell.removesuffix(zone) for cell in cells]):
        yield format_ + zone


def dtype_of(format_: str) -> pl.DataType:
    """Date or Datetime, with the zone of the offset at the format's end where that is one of whole
    hours.

    A time of day alone is Int64, the seconds since midnight.
    """
    if format_ in _DAYTIMES:
        return pl.Int64()
    if not re.search(r"%-?[HI]", format_):
        return pl.Date()
    return pl.Datetime("ns" if "%.9f" in format_ else "us", _zone_of(format_))


def read(text: pl.Series, dtype: pl.DataType, format_: str) -> pl.Series:
    """The cells as dates of this dtype, in local time of its zone; null where a cell is not of this
    format."""
    if format_ in _DAYTIMES:
        return text.str.strptime(pl.Time, format_, strict=False).to_physical() // NANOSECONDS
    if "d" not in format_:  # chrono makes no date of a month alone
        text, format_ = text + "|01", format_ + "|%d"
    zone = dtype.time_zone if isinstance(dtype, pl.Datetime) else None
    if format_.endswith(ANY_OFFSET) or zone is None:
        return text.str.strptime(dtype, format_, strict=False)  # type: ignore[arg-type]
    local = text.str.strptime(pl.Datetime(dtype.time_unit), format_, strict=False)  # type: ignore[attr-defined]
    return local.dt.replace_time_zone(zone)


def write(values: pl.Series, format_: str) -> pl.Series:
    """Dates, or seconds since midnight, as text; null stays null."""
    if values.dtype.is_integer():
        values = (values % 86_400 * NANOSECONDS).cast(pl.Time)
    return values.dt.to_string(format_)


def month_first(format_: str) -> bool | None:
    """Whether the month stands before the day; None where the two cannot be taken for each
    other."""
    match = re.match(r"%-?([dm])[-/.]%-?[dm]", format_)
    return None if match is None else match[1] == "m"


def exchanged(format_: str) -> str | None:
    """The format with day and month exchanged; None where they cannot be taken for each other."""
    match = re.match(r"(%-?[dm])([-/.])(%-?[dm])", format_)
    if match is None:
        return None
    one, mark, other = match.groups()
    return other + mark + one + format_[match.end() :]


def lenient_formats(cells: list[str], name: str) -> dict[str, None]:
    """The formats of single cells in order of appearance; offsets may differ from cell to cell and
    are read as such."""
    found: dict[str, None] = {}
    for cell in cells:
        for format_ in formats_of([cell], name):
            if format_ not in _DAYTIMES:
                found[_OFFSET.sub(ANY_OFFSET, format_)] = None
    return found


def lenient_dtype(formats: Iterable[str]) -> pl.DataType:
    """The dtype that cells of all these formats fit in; offsets are brought to UTC."""
    if all(dtype_of(format_) == pl.Date for format_ in formats):
        return pl.Date()
    zoned = any(format_.endswith(ANY_OFFSET) for format_ in formats)
    return pl.Datetime("us", "UTC" if zoned else None)


def _plain(cells: list[str], name: str) -> Iterator[str]:
    if _NAME.search(name) is None and len(set(cells)) < 10:
        return
    if not all(_LIKELY_DATE.match(cell) for cell in cells):
        return
    for format_, length in _PLAIN.items():
        if all(len(cell) == length for cell in cells):
            yield format_


def _unzoned(cells: list[str]) -> Iterator[str]:
    """Formats of a date, of a time of day, or of both."""
    parts = [match.groups() for match in map(_TIMED.fullmatch, cells) if match]
    if not parts:
        yield from _fitting((*_DATES, *_MONTHS, *_DAYTIMES), cells)
    elif len(parts) == len(cells) and len({between for _, between, _ in parts}) == 1:
        dates, betweens, times = zip(*parts, strict=True)
        for date in _fitting(_DATES, dates):
            for time in _fitting(_TIMES, times):
                yield date + betweens[0] + time


def _fitting(formats: Iterable[str], cells: Collection[str]) -> Iterator[str]:
    for format_ in formats:
        if all(map(_shape(format_).fullmatch, cells)):
            yield format_


@lru_cache(maxsize=256)
def _shape(format_: str) -> re.Pattern[str]:
    """The regular expression of a format; a month alone must be of a likely year, for "2024-05" may
    be anything."""
    fields = _FIELDS if "d" in format_ else {**_FIELDS, **_LIKELY_YEAR}
    pattern = ""
    for part in re.findall(r"%(?:-|\.\d?)?[A-Za-z]|[^%]", format_):
        pattern += fields.get(part) or re.escape(part)
    return re.compile(pattern)


def _zone_of(format_: str) -> str | None:
    offset = _OFFSET.search(format_)
    if offset is None or (offset[3] or "00") != "00":
        return None
    hours = int((offset[1] or "+") + (offset[2] or "0"))
    return f"Etc/GMT{-hours:+d}" if hours else "UTC"  # POSIX counts the other way round

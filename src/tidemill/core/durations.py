"""Lengths of time as text ("1h 18m", "36:15", "2 days 05:37:25"), which are seconds inside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from tidemill.core.columns import by_name

PREFIX = "duration|"
"""What the format of a length of time begins with."""
ELIDED = "duration0|"
"""The same where parts that are zero are left out."""

_UNITS = {
    "d": 86_400,
    "day": 86_400,
    "days": 86_400,
    "tag": 86_400,
    "tage": 86_400,
    "天": 86_400,
    "h": 3600,
    "hr": 3600,
    "hrs": 3600,
    "hour": 3600,
    "hours": 3600,
    "std": 3600,
    "std.": 3600,
    "stunde": 3600,
    "stunden": 3600,
    "小时": 3600,
    "时": 3600,
    "m": 60,
    "min": 60,
    "min.": 60,
    "mins": 60,
    "minute": 60,
    "minutes": 60,
    "minuten": 60,
    "分": 60,
    "分钟": 60,
    "s": 1,
    "sec": 1,
    "secs": 1,
    "sek": 1,
    "sek.": 1,
    "second": 1,
    "seconds": 1,
    "sekunden": 1,
    "秒": 1,
}
_PART = re.compile(r"(\d+)( ?[^\W\d_]+\.?)([ ,]*)")
_DAYS = re.compile(r"\d{1,6} days (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d")
_CLOCK = re.compile(r"(\d{1,5}):([0-5]\d)(?::([0-5]\d))?")


def formats_of(cells: list[str], name: str) -> Iterator[str]:
    """The formats of lengths of time that every cell has the shape of.

    Args:
        cells: Cells without missing markers.
        name: The column's name, which tells whether "90 min" counts time; two units always do.

    Example:
        >>> list(formats_of(["1h 18m", "45m", "2h"], "flight"))
        ['duration|%{3600}h %{60}m', 'duration0|%{3600}h %{60}m']
    """
    if all(map(_CLOCK.fullmatch, cells)):
        yield from _clocks(cells)
        return
    if all(map(_DAYS.fullmatch, cells)):
        yield f"{PREFIX}%{{86400}} days %02{{3600}}:%02{{60}}:%02{{1}}"
        return
    iso = all(cell.startswith("P") for cell in cells)
    bodies = [_without_signs(cell) if iso else cell for cell in cells]
    parts = [_parts(body) for body in bodies]
    fields: dict[int, str] = {}
    for found in parts:
        if not found:
            return
        for seconds, suffix in found:
            both = _either_number(fields.setdefault(seconds, suffix), suffix)
            if not both:
                return
            fields[seconds] = both
    if len(fields) < 2:
        return
    units = sorted(fields, reverse=True)
    if iso:
        yield ELIDED + _iso(units)
        return
    blank = " " if any(re.search(r"[^\W\d_] +\d", cell) for cell in cells) else ""
    zero = any(re.search(r"\D0\d", cell) for cell in cells)
    pattern = _field(units[0]) + fields[units[0]]
    for unit in units[1:]:
        pattern += blank + _field(unit, padded=zero) + fields[unit]
    yield PREFIX + pattern
    yield ELIDED + pattern


def unit_words() -> list[str]:
    """The units of lengths of time of more than one letter, and hours, the longest first."""
    words = [
        unit.strip(".") for unit in _UNITS if len(unit) > 1 or unit == "h" or not unit.isascii()
    ]
    return sorted({*words}, key=len)[::-1]


def is_duration(format_: str) -> bool:
    """Whether a format is one of lengths of time."""
    return format_.startswith((PREFIX, ELIDED))


def read(text: pl.Series, format_: str) -> pl.Series:
    """The seconds; null where a cell is not of this format."""
    lead, segments = _segments(format_)
    regex = re.escape(lead)
    for segment in segments:
        plural = "s?" if segment.has_plural else ""
        part = rf"(\d+){re.escape(segment.suffix)}{plural}"
        regex += f"(?:{part})?" if format_.startswith(ELIDED) else part
        regex += f"{segment.joint}?" if segment.joint else ""
    parts = text.str.extract_groups(f"^{regex}$").struct.unnest()
    numbers = [by_name(one).cast(pl.Int64, strict=False) for one in parts.columns]
    known = pl.any_horizontal(number.is_not_null() for number in numbers)
    terms = [
        number.fill_null(0) * segment.seconds
        for number, segment in zip(numbers, segments, strict=True)
    ]
    total = pl.when(known).then(pl.sum_horizontal(terms))
    return parts.select(total.alias(text.name)).to_series()


def write(values: pl.Series, format_: str) -> pl.Series:
    """Seconds as text; null stays null. A rest below the smallest unit is cut off."""
    lead, segments = _segments(format_)
    elided = format_.startswith(ELIDED)
    smallest = segments[-1].seconds
    value, texts, above = pl.col("value"), [pl.lit(lead)], 0
    for segment in segments:
        amount = (value % above if above else value) // segment.seconds
        digits = amount.cast(pl.String)
        written = (digits.str.zfill(2) if segment.padded else digits) + pl.lit(segment.suffix)
        if segment.has_plural:
            written += pl.when(amount == 1).then(pl.lit("")).otherwise(pl.lit("s"))
        if elided:
            nothing = (value < smallest) & (segment.seconds == smallest)
            blank = pl.lit("T" if segment.joint == "T" else "")
            shown = (amount > 0) | nothing
            texts.append(pl.when(shown).then(written + pl.lit(segment.joint)).otherwise(blank))
        else:
            texts.append(written + pl.lit(segment.joint))
        above = segment.seconds
    joined = values.alias("value").to_frame().select(pl.concat_str(texts)).to_series()
    return joined.str.strip_chars_end(" T") if elided else joined


def texts(values: pl.Series) -> pl.Series:
    """Durations as text, which is read as seconds again: 26:03:09, or seconds where one is negative
    or has a part of a second.

    Example:
        >>> from datetime import timedelta
        >>> texts(pl.Series([timedelta(hours=26, seconds=9), None])).to_list()
        ['26:00:09', None]
        >>> texts(pl.Series([timedelta(seconds=1.5), timedelta(minutes=-1)])).to_list()
        ['1.5', '-60.0']
    """
    seconds = values.dt.total_seconds(fractional=True)
    if (seconds >= 0).all() and (seconds == seconds.floor()).all():
        return write(seconds.cast(pl.Int64), f"{PREFIX}%{{3600}}:%02{{60}}:%02{{1}}")
    return seconds.cast(pl.String)


@dataclass(frozen=True)
class _Segment:
    """One number of a format: its unit in seconds, the text behind it (with an s for more than 1),
    and what joins it with the next."""

    seconds: int
    padded: bool
    suffix: str
    has_plural: bool
    joint: str


def _segments(format_: str) -> tuple[str, list[_Segment]]:
    """What stands before all numbers, and the numbers."""
    lead, *parts = re.split(r"(%(?:02)?\{\d+\})", format_.partition("|")[2])
    segments = []
    for field, literal in zip(parts[::2], parts[1::2], strict=True):
        suffix = literal.rstrip(" T") if field != parts[-2] else literal
        match = re.fullmatch(r"%(02)?\{(\d+)\}", field)
        if match:
            joint = literal[len(suffix) :]
            unit = suffix.removesuffix("(s)")
            padded, has_plural = match[1] is not None, unit != suffix
            segments.append(_Segment(int(match[2]), padded, unit, has_plural, joint))
    return lead, segments


def _clocks(cells: list[str]) -> Iterator[str]:
    """ "36:15" and "36:15:00", where an hour is beyond a day's, so that it is no time of day."""
    matches = [match for match in map(_CLOCK.fullmatch, cells) if match]
    if max(int(match[1]) for match in matches) < 24:
        return
    with_seconds = {match[3] is not None for match in matches}
    if len(with_seconds) > 1:
        return
    tail = ":%02{60}:%02{1}" if with_seconds == {True} else ":%02{60}"
    yield f"{PREFIX}%02{{3600}}{tail}"
    yield f"{PREFIX}%{{3600}}{tail}"


def _either_number(one: str, other: str) -> str:
    """The suffix that stands for both: "hour(s)" for "hour" and "hours"; "" where they differ."""
    if one == other or other + "(s)" == one or one == f"{other.removesuffix('s')}(s)":
        return one
    short, long = sorted((one, other), key=len)
    return f"{short}(s)" if long == f"{short}s" else ""


def _field(unit: int, *, padded: bool = False) -> str:
    return f"%{'02' if padded else ''}{{{unit}}}"


def _parts(body: str) -> list[tuple[int, str]] | None:
    """The units of a length of time, in seconds, and how they are written; None where it is no such
    text."""
    found, at, last = [], 0, 10**9
    while at < len(body):
        match = _PART.match(body, at)
        unit = _UNITS.get(match[2].strip().lower()) if match else None
        if match is None or unit is None or unit >= last:
            return None
        found.append((unit, match[2]))
        at, last = match.end(), unit
    return found


def _without_signs(cell: str) -> str:
    return cell[1:].replace("T", "").lower()


def _iso(units: list[int]) -> str:
    letters = {86_400: "D", 3600: "H", 60: "M", 1: "S"}
    days = [unit for unit in units if unit == 86_400]
    clock = [unit for unit in units if unit < 86_400]
    text = "P" + "".join(f"%{{{unit}}}D" for unit in days)
    return text + ("T" if clock else "") + "".join(f"%{{{unit}}}{letters[unit]}" for unit in clock)

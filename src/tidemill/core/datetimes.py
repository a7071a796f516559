"""Dates and times written as text: which formats a cell has the shape of, and reading it with
one."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Literal

import polars as pl

from tidemill.core import date_shapes, durations, strftime
from tidemill.core.strftime import NANOSECONDS, form_of

_PLAIN = {"%Y%m%d": 8, "%Y%m%d%H%M%S": 14, "%Y%m%d%H%M": 12}
_PLAIN_IF_NAMED = {
    "%d%m%Y": 8,
    "%m%d%Y": 8,
    "%Y%j": 7,
    "%y%m%d": 6,
    "%d%m%y": 6,
    "%m%d%y": 6,
}
_PLAIN_CLOCKS = {"%H%M": 4, "%H%M%S": 6}
_LIKELY_DATE = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])[0-3]")
_LIKELY_MONTH = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])")
_NET_DATE = re.compile(r"/Date\(\d{12,13}\)/")
# an offset from UTC behind a time, and what may stand behind it
_ZONED = re.compile(
    r"(?P<before>.*(?::\d\d|T\d{4,6}|:\d\d[.,]\d{1,9}|[AP]M))"
    r"(?P<offset>Z| ?UTC| ?(?:GMT|UTC)?[+-]\d\d(?::?\d\d)?| ?GMT)"
    r"(?P<after>\]| \([^()\d]*\))?"
)
_OFFSET = re.compile(
    r"(?<=[SMpf]) ?(?:Z|(?:UTC|GMT)?([+-])(\d\d):?(\d\d)?|UTC|GMT)(?=\]?$| \()",
)
_FIELD_OFFSET = re.compile(r" ?%[:#]?z")
_NAME = re.compile(r"date|datum|day|dob|birth|(^|_)dt(_|$)|ymd|fecha|日期|生日|出生", re.IGNORECASE)
_DATE_NAME = re.compile(
    r"(?:(?<![A-Za-z])|(?-i:(?<=[a-z])(?=[A-Z])))(?:date|datum|dob|birthday|fecha)(?-i:(?![a-z]))|дата"
    r"|日期|日付|生日|出生|年月日|날짜",
    re.IGNORECASE,
)
_MONTH_NAME = re.compile(
    r"month|period|yyyymm|(^|[_ ])ym([_ ]|$)|monat|mois|mes$|月|expir", re.IGNORECASE
)
_CLOCK_NAME = re.compile(
    r"time|hour|zeit|stunde|heure|hora|orario|tijd|时间|時間|时刻", re.IGNORECASE
)
_LENGTH_NAME = re.compile(
    r"length|duration|elapsed|runtime|run time|run_time|(?<![a-z])laps?(?![a-z])|dauer|länge|durée"
    r"|duración|duração|durata|时长|用时|耗时|長さ",
    re.IGNORECASE,
)
_TWO_NUMBERS = ("%H:%M", "%-H:%M", "duration|%{3600}:%02{60}")
_EPOCH_NAME = re.compile(
    r"timestamp|epoch|unix|(^|[_ ])ts([_ ]|$)|[cm]time$|_at$|时间戳|時間戳", re.IGNORECASE
)
_BIRTH_NAME = re.compile(
    r"birth|(^|[_ .])do?b([_ .]|$)|geb(urt|oren|\.|dat|tag|$)|naiss|nacimiento|nascimento|nascita"
    r"|geboorte|född|födel|fødsel|urodzen|рожден|生日|出生|生年",
    re.IGNORECASE,
)
_DUE_NAME = re.compile(
    r"matur|expir|due|valid|until|renew|fällig|gültig|ablauf|échéance|venc|scadenza|到期|满期|有效",
    re.IGNORECASE,
)
_DAYS = frozenset({"%d", "%-d", "%e", "%o", "%^o", "%j", "%u", "%s"})
_EPOCH = (946_684_800, 2_051_222_400)
"""The years 2000 to 2034 in seconds since 1970."""
_SHEET_DAYS = (20_090, 60_265)
_EPOCH_FORMATS = {10: "%s", 13: "%s%3f", 16: "%s%6f", 19: "%s%9f"}
_NEAR_FUTURE, _FAR_FUTURE = 30, 60
# zones with summer time: those that a column's offsets from UTC are tried with
_ZONES = (
    "Europe/Berlin",
    "Europe/London",
    "Europe/Helsinki",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/Halifax",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Santiago",
    "Australia/Sydney",
    "Australia/Adelaide",
    "Pacific/Auckland",
    "Asia/Jerusalem",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Beirut",
    "Asia/Tehran",
    "Europe/Moscow",
    "Europe/Istanbul",
    "Atlantic/Azores",
)
ANY_OFFSET = "%#z"
_ZONE_WORD = re.compile(r"(?<=[SMp]) ?(?:[A-Z]{1,4}[SD]?T)$")
_ORDERED = (
    r"^(?:[\p{L}.,]{1,12} )?(?P<one>\d{1,2})(?P<mark>[-/.])(?P<other>\d{1,2})[-/.]"
    r"(?P<year>\d{4}|\d\d)(?:\D|$)"
)
_SAMPLE = 200
_SHARE = 0.8
_ADJACENT = re.compile(r"(?<!%[Yy][-/._: 年])(%-?[dm])([-/. ])(%-?[dm])(?![A-Za-z])")


def formats_of(cells: list[str], name: str) -> Iterator[str]:
    """The formats (see :mod:`tidemill.core.strftime`) that every cell has the shape of, the
    likelier first.

    An offset from UTC that all cells share stands as it is at the format's end; where it changes as
    in a zone with summer time, the zone is named. Dates without marks ("20240105") are dates where
    the column's name says so, or at least ten different cells are dates of the years 1900 to 2099.

    Args:
        cells: Cells without missing markers.
        name: The column's name.

    Example:
        >>> next(formats_of(["2024-01-31T08:00:00Z", "2024-02-01T09:30:00Z"], "when"))
        '%Y-%m-%dT%H:%M:%SZ'
    """
    if len(cells[0]) > date_shapes.LONGEST or any("|" in cell or "%" in cell for cell in cells):
        return
    if not all(any(map(str.isdigit, cell)) for cell in cells[:20]):
        return
    if cells[0].isdigit():
        yield from _plain(cells, name)
        return
    if all(map(_NET_DATE.fullmatch, cells)):
        yield "/Date(%s%3f)/"
        return
    dated = _NAME.search(name) is not None or _MONTH_NAME.search(name) is not None
    clock = _CLOCK_NAME.search(name) is not None
    different, newest = len(set(cells)), dt.date.today().year % 100 + 1
    yield from _zoned(
        cells, date_shapes.Hints(clock, dated, different >= 8, different >= 10, newest)
    )
    yield from durations.formats_of(cells, name)


def is_duration(format_: str) -> bool:
    """Whether a format is one of lengths of time, which are seconds."""
    return durations.is_duration(format_)


def is_time_of_day(format_: str) -> bool:
    """Whether a format is one of times of day, which are seconds since midnight."""
    if not format_ or is_duration(format_):
        return False
    letters = {field[-1] for field in form_of(format_).fields if len(field) > 1}
    return bool(letters) and letters <= set("HkIlMSpf")


def dtype_of(format_: str) -> pl.DataType:
    """Date or Datetime, with the format's zone, or that of the offset at its end where that is one
    of whole hours.

    A time of day is the seconds since midnight, Int64, or Float64 with decimals; a length of time
    is Int64, its seconds.
    """
    if is_duration(format_):
        return pl.Int64()
    if is_time_of_day(format_):
        return pl.Float64() if "f" in format_ else pl.Int64()
    form = form_of(format_)
    if not re.search(r"%-?[HIkls]", form.pattern):
        return pl.Date()
    unit = "ns" if re.search(r"%(\.-?9|,-9|[789])f", form.pattern) else "us"
    return pl.Datetime(unit, form.zone or _zone_of(form.pattern))  # type: ignore[arg-type]


def read(text: pl.Series, dtype: pl.DataType, format_: str) -> pl.Series:
    """The cells as dates of this dtype, in local time of its zone; null where a cell is not of this
    format."""
    if is_duration(format_):
        return durations.read(text, format_)
    form = form_of(format_)
    native = form.is_native and "z" not in format_
    if is_time_of_day(format_):
        if native and "f" not in format_:
            return text.str.strptime(pl.Time, format_, strict=False).to_physical() // NANOSECONDS
        return strftime.seconds(text, format_)
    zone = dtype.time_zone if isinstance(dtype, pl.Datetime) else None
    unit = dtype.time_unit if isinstance(dtype, pl.Datetime) else "us"
    if native and "d" in format_:  # chrono makes no date of a month alone
        if zone is None:
            return text.str.strptime(dtype, format_, strict=False)  # type: ignore[arg-type]
        local = text.str.strptime(pl.Datetime(unit), format_, strict=False)
        return local.dt.replace_time_zone(zone, ambiguous="null", non_existent="null")
    found = strftime.moments(text, format_, unit)
    local = found["local"].alias(text.name)
    if isinstance(dtype, pl.Date):
        return local.cast(pl.Date)
    if zone is None:
        return local
    if _FIELD_OFFSET.search(format_) or "%s" in format_:
        ticks = found["offset"] * (NANOSECONDS if unit == "ns" else 1_000_000)
        moments = (local.to_physical() - ticks).cast(pl.Datetime(unit))
        moments = moments.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
        if "%s" not in format_:  # an offset that the zone does not have at that time
            moments = moments.set(moments.dt.replace_time_zone(None) != local, None)
        return moments.alias(text.name)
    return local.dt.replace_time_zone(zone, ambiguous="null", non_existent="null")


def write(values: pl.Series, format_: str) -> pl.Series:
    """Dates, seconds since midnight, or lengths of time, as text; null stays null."""
    if is_duration(format_):
        return durations.write(values, format_)
    if values.dtype.is_numeric():
        ticks = (values % 86_400 * NANOSECONDS).round().cast(pl.Int64)
        values = ticks.cast(pl.Time)
    return strftime.written(values, format_)


# --- day and month, centuries ---------------------------------------------------------------------


def month_first(format_: str) -> bool | None:
    """Whether the month stands before the day; None where the two cannot be taken for each
    other."""
    match = _ADJACENT.search(format_)
    return None if match is None else match[1].endswith("m")


def has_dots(format_: str) -> bool:
    """Whether day and month are parted by a dot."""
    match = _ADJACENT.search(format_)
    return match is not None and match[2] == "."


def day_tells(values: pl.Series) -> bool:
    """Whether dates fall on so few days of the month that these can hardly be the months.

    Example:
        >>> day_tells(pl.Series([dt.date(2024, month, 1) for month in range(1, 13)]))
        True
    """
    days, months = values.dt.day().n_unique(), values.dt.month().n_unique()
    return days == 1 < months or (days <= 2 and months >= 6)


def exchanged(format_: str) -> str | None:
    """The format with day and month exchanged; None where they cannot be taken for each other."""
    match = _ADJACENT.search(format_)
    if match is None:
        return None
    one, mark, other = match.groups()
    return format_[: match.start()] + other + mark + one + format_[match.end() :]


def order_shown(text: pl.Series) -> Literal["", "either", "day", "month"]:
    """Which of day and month a column of dates proves to come first; "either" where each date could
    be read in both orders, "" where it says nothing.

    Example:
        >>> [order_shown(pl.Series([cell])) for cell in ("13/02/2024", "02/13/24", "02/03/2024")]
        ['day', 'month', 'either']
    """
    text = text.drop_nulls()
    sample = text.gather_every(max(1, len(text) // _SAMPLE))
    sample = sample.filter(sample.str.contains(r"\d"))
    if not len(sample) or sample.str.contains(_ORDERED).mean() < _SHARE:  # type: ignore[operator]
        return ""
    for cells in (sample, text):  # the whole column only where the sample leaves it open
        parts = cells.str.extract_groups(_ORDERED).struct.unnest().drop_nulls()
        dotted = bool((parts["mark"] == ".").all())
        parts = parts.select(pl.exclude("mark").cast(pl.Int64))
        years, numbers = parts["year"], parts.select("one", "other")
        short = (years < 100).any() and not ((years > 31) | (years == 0)).any()
        if numbers.max_horizontal().max() > 31:  # type: ignore[operator]
            return ""
        day, month = (bool((numbers[one] > 12).any()) for one in ("one", "other"))
        if month and not day:
            return "month"
        if day:  # which may be the year as well
            return "" if month or short else "day"
    if dotted:
        return "" if short else "day"
    return "either"


def has_short_year(format_: str) -> bool:
    """Whether the year has two digits."""
    return "%y" in form_of(format_).fields


def with_century(format_: str, values: pl.Series) -> str:
    """The format with the hundred years that two digits are likely to mean.

    A birth lies in the past. Else the hundred years lie around the span in which the values lie
    closest together, and not far in the future.

    Args:
        format_: A format with two digits for the year.
        values: What was read with it; its name counts.
    """
    today = dt.date.today()
    form = form_of(format_)
    years = values.drop_nulls().dt.year()
    if _BIRTH_NAME.search(values.name):
        return str(replace(form, century=_of_births(values, today)))
    short = (years % 100).unique().sort().to_list()
    if not short:
        return format_
    following = [*short[1:], short[0] + 100]
    gaps = [after - one for one, after in zip(short, following, strict=True)]
    widest = gaps.index(max(gaps))
    first, span = following[widest] % 100, 100 - max(gaps)
    near = _FAR_FUTURE if _DUE_NAME.search(values.name) else _NEAR_FUTURE
    start = 2000 + first if 2000 + first + span <= today.year + near else 1900 + first
    century = start - (99 - span) // 2
    usual = form.century is None and ((years >= start) & (years <= start + span)).all()
    return format_ if usual else str(replace(form, century=century))


def _of_births(values: pl.Series, today: dt.date) -> int:
    """The hundred years that end today, or with the year before if a birth lay still ahead."""
    short = values.dt.year() % 100
    this_year = values.filter(short == today.year % 100)
    ahead = this_year.dt.ordinal_day() > today.timetuple().tm_yday
    return today.year - (100 if ahead.any() else 99)


def notes_on(format_: str, values: pl.Series) -> list[str]:
    """What had to be assumed in reading dates with a format, each in words."""
    form = form_of(format_)
    fields, notes = set(form.fields), []
    if "%q" in fields:
        notes.append("each a quarter's first day")
    elif "%K" in fields:
        notes.append("each the first day of half a year")
    elif "%G" in fields and "%u" not in fields:
        notes.append("each a week's Monday")
    elif dtype_of(format_) == pl.Date() and not fields & _DAYS:
        notes.append("each a month's first day")
    if fields & {"%s"}:
        notes.append("counted from 1970 in UTC")
    if form.zone is not None and "/" in form.zone:
        notes.append(f"their offsets from UTC are those of {form.zone}")
    if "%y" in fields:
        years = values.dt.year()
        notes.append(
            f"years of two digits taken as {years.min()!s} to {years.max()!s}"
            + (", for a birth lies in the past" if _BIRTH_NAME.search(values.name) else "")
        )
        if month_first(format_) is not None and (years % 100).max() <= 31:  # type: ignore[operator]
            notes.append("the last number taken as the year")
    if form.pattern in ("%b-%y", "%b %y", "%^b-%y", "%y-%b", "%y-%^b"):
        notes.append("the number beside the month taken as its year")
    return notes


def says_date(name: str) -> bool:
    """Whether a column's name says that it holds dates.

    Example:
        >>> says_date("order_date"), says_date("OrderDate"), says_date("update")
        (True, True, False)
    """
    return _DATE_NAME.search(name) is not None


def may_be_minutes(name: str, format_: str) -> bool:
    """Whether times of two numbers each, taken as hours and minutes, may as well be minutes and
    seconds, as the name speaks of a length of time.

    Example:
        >>> may_be_minutes("track_length", "%-H:%M"), may_be_minutes("opened", "%-H:%M")
        (True, False)
    """
    return format_ in _TWO_NUMBERS and _LENGTH_NAME.search(name) is not None


def may_be_sheet_days(values: pl.Series) -> bool:
    """Whether numbers are likely to be dates as sheets count them, in days since 1900: the column's
    name speaks of dates, and all would lie in the years 1955 to 2064.

    Example:
        >>> may_be_sheet_days(pl.Series("order_date", [45296, 45301]))
        True
    """
    present = values.drop_nulls()
    if not says_date(values.name) or not len(present):
        return False
    return bool(present.is_between(_SHEET_DAYS[0], _SHEET_DAYS[1]).all())


# --- lenient --------------------------------------------------------------------------------------


def lenient_formats(cells: list[str], name: str) -> dict[str, str]:
    """The formats that single cells have, generalised (any offset from UTC, names in any case, one
    digit or two) -> the exact format that most of these cells are written in, the commonest first.

    Times of day and lengths of time are among them only where nothing else is.
    """
    counts: Counter[str] = Counter()
    exact: dict[str, Counter[str]] = {}
    for cell in cells:
        seen: dict[str, list[str]] = {}
        for format_ in formats_of([cell], name):
            seen.setdefault(_generalised(format_), []).append(format_)
        counts.update(seen.keys())
        for general, formats in seen.items():
            exact.setdefault(general, Counter()).update(formats)
    dates = [one for one in counts if not (is_time_of_day(one) or is_duration(one))]
    kept = dates or [one for one in counts if is_time_of_day(one)] or list(counts)
    kept.sort(key=lambda one: -counts[one])
    return {one: exact[one].most_common(1)[0][0] for one in kept}


def _generalised(format_: str) -> str:
    """The format that also reads cells of other widths, cases, abbreviations and offsets."""
    if is_duration(format_):
        return format_
    form = form_of(format_)
    pattern = form.pattern
    if not is_time_of_day(format_):  # which has no zone without a day
        pattern = _OFFSET.sub(ANY_OFFSET, pattern)
        pattern = re.sub(r" ?%:?z", ANY_OFFSET, pattern)
    pattern = re.sub(r"%-(?=[dmHIV])", "%", pattern)
    pattern = pattern.replace("%e", "%d").replace("%k", "%H").replace("%l", "%I")
    pattern = re.sub(r"%[\^#]?[bB]", "%B", pattern)  # which reads short names, too
    pattern = re.sub(r"%[\^#]?[aA]", "%A", pattern)
    pattern = re.sub(r"%[\^#](E?[op])", r"%\1", pattern)
    pattern = re.sub(r"%(?:\.f|\.[369]f|[.,]-[69]f)|[.,]%[1-9]f", "%.-6f", pattern)
    return str(strftime.Form(form_of(pattern).fields, form.language[:2]))


def zone_words(formats: Iterable[str]) -> set[str]:
    """The names of zones that formats end in ("EST"), "" for none."""
    found = [_ZONE_WORD.search(format_) for format_ in formats]
    return {match[0].strip() if match else "" for match in found}


def in_zone(cells: pl.Series, formats: tuple[str, ...]) -> tuple[str, ...]:
    """The formats with the zone that all the cells' offsets from UTC belong to; without one where
    there is none.

    Args:
        cells: Cells that the formats read.
        formats: Generalised formats.
    """
    if not all(_FIELD_OFFSET.search(format_) for format_ in formats):
        return formats
    found = pl.concat([strftime.moments(cells, format_, "us") for format_ in formats])
    offsets = found.drop_nulls()["offset"].unique()
    zones: tuple[str, ...] = _ZONES
    if len(offsets) == 1 and offsets[0] % 3600 == 0:
        hours = offsets[0] // 3600
        zones = (f"Etc/GMT{-hours:+d}" if hours else "UTC",)
    count = read_any(cells, formats).count()
    for zone in zones:
        zoned = tuple(str(replace(form_of(format_), zone=zone)) for format_ in formats)
        if read_any(cells, zoned).count() == count:
            return zoned
    return formats


def lenient_dtype(formats: Iterable[str]) -> pl.DataType:
    """The dtype that cells of all these formats fit in, in the zone that they name; else their
    local time, whatever their offsets from UTC."""
    dtypes = {dtype_of(format_) for format_ in formats}
    if len(dtypes) == 1:
        return dtypes.pop()
    if all(dtype.is_numeric() for dtype in dtypes):
        return pl.Float64()
    zones = {dtype.time_zone for dtype in dtypes if isinstance(dtype, pl.Datetime)}
    return pl.Datetime("us", zones.pop() if len(zones) == 1 and pl.Date() not in dtypes else None)


def read_any(text: pl.Series, formats: tuple[str, ...]) -> pl.Series:
    """The cells read with the first of the formats that reads them."""
    dtype = lenient_dtype(formats)
    columns = [read(text, dtype, format_).cast(dtype) for format_ in formats]
    return pl.select(pl.coalesce(columns).alias(text.name)).to_series()


def in_same_century(format_: str, formats: Iterable[str]) -> str:
    """The format with the hundred years that the others name for years of two digits."""
    centuries = [form_of(one).century for one in formats if has_short_year(one)]
    if not has_short_year(format_) or not centuries:
        return format_
    return str(replace(form_of(format_), century=centuries[0]))


def iso_format(values: pl.Series) -> str:
    """The format of ISO 8601 that tells dates, moments or seconds since midnight whole."""
    if isinstance(values.dtype, pl.Date):
        return "%Y-%m-%d"
    if not isinstance(values.dtype, pl.Datetime):
        return "%H:%M:%S" + ("%.-9f" if values.dtype.is_float() else "")
    fraction = "%.f" if (values.dt.nanosecond() != 0).any() else ""
    zone = values.dtype.time_zone
    if zone is None:
        return f"%Y-%m-%d %H:%M:%S{fraction}"
    if zone == "UTC":
        return f"%Y-%m-%dT%H:%M:%S{fraction}Z"
    return f"{zone}|%Y-%m-%dT%H:%M:%S{fraction}%:z"


# --- shapes ---------------------------------------------------------------------------------------


def _plain(cells: list[str], name: str) -> Iterator[str]:
    """Formats of digits alone."""
    named = _NAME.search(name) is not None
    widths = {len(cell) for cell in cells}
    if len(widths) > 1 or not all(map(str.isdigit, cells)):
        return
    [width] = widths
    if (named or len(set(cells)) >= 10) and all(map(_LIKELY_DATE.match, cells)):
        yield from (format_ for format_, length in _PLAIN.items() if length == width)
    if width == 6 and _MONTH_NAME.search(name) and all(map(_LIKELY_MONTH.fullmatch, cells)):
        yield "%Y%m"
    if named:
        yield from (format_ for format_, length in _PLAIN_IF_NAMED.items() if length == width)
    clock = _CLOCK_NAME.search(name) is not None
    if clock and any(cell.startswith("0") for cell in cells):  # else they may be numbers
        yield from (format_ for format_, length in _PLAIN_CLOCKS.items() if length == width)
    if width in _EPOCH_FORMATS and (named or clock or _EPOCH_NAME.search(name)):
        seconds = [int(cell[:10]) for cell in cells]
        if all(_EPOCH[0] <= one < _EPOCH[1] for one in seconds):
            yield _EPOCH_FORMATS[width]


def _zoned(cells: list[str], hints: date_shapes.Hints) -> Iterator[str]:
    """Formats of a date, of a time of day, or of both, with the offset from UTC that stands
    behind."""
    matches = [_ZONED.fullmatch(cell) for cell in cells]
    found = [match for match in matches if match]
    if not found:
        for shape in date_shapes.shapes_of(cells, hints):
            yield _with_language(shape)
        return
    if len(found) < len(cells) or len({match["after"] for match in found}) > 1:
        return
    offsets = {match["offset"] for match in found}
    after = found[0]["after"] or ""
    befores = [match["before"] for match in found]
    for shape in date_shapes.shapes_of(befores, hints):
        if len(offsets) == 1:
            yield _with_language(shape) + found[0]["offset"] + after
            continue
        field = _offset_field(offsets)
        if field:
            form = form_of(_with_language(shape) + field + after)
            yield from (str(replace(form, zone=zone)) for zone in _ZONES)


def _offset_field(offsets: set[str]) -> str:
    """The field that writes all of these offsets, "" for none."""
    for field, digits in {"%:z": r"[+-]\d\d:\d\d", "%z": r"[+-]\d{4}"}.items():
        for lead in ("", " ", "GMT", " GMT"):
            if all(re.fullmatch(lead + digits, offset) for offset in offsets):
                return lead + field
    return ""


def _with_language(shape: date_shapes.DateShape) -> str:
    return str(strftime.Form(strftime.form_of(shape.fields).fields, shape.language))


def _zone_of(format_: str) -> str | None:
    if "%s" in format_:
        return "UTC"
    offset = _OFFSET.search(format_)
    if offset is None or (offset[3] or "00") != "00":
        return None
    hours = int((offset[1] or "+") + (offset[2] or "0"))
    return f"Etc/GMT{-hours:+d}" if hours else "UTC"  # POSIX counts the other way round

"""Columns brought to the few dtypes that the rest of Tidemill knows, and back to those at the
door."""

from __future__ import annotations

import datetime as dt
import json
import re
import warnings
from dataclasses import dataclass, replace

import polars as pl

from tidemill.acoustics.sounds import is_sound
from tidemill.core.errors import SchemaError
from tidemill.core.schema import Spelling
from tidemill.core.strftime import NANOSECONDS
from tidemill.core.words import plural
from tidemill.imaging.pixels import is_pixels
from tidemill.music.scores import is_scores

_SIMPLE: dict[str, type[pl.DataType]] = {
    "Int8": pl.Int8,
    "Int16": pl.Int16,
    "Int32": pl.Int32,
    "Int64": pl.Int64,
    "Int128": pl.Int128,
    "UInt8": pl.UInt8,
    "UInt16": pl.UInt16,
    "UInt32": pl.UInt32,
    "UInt64": pl.UInt64,
    "Float16": pl.Float16,
    "Float32": pl.Float32,
    "Float64": pl.Float64,
    "Boolean": pl.Boolean,
    "String": pl.String,
    "Date": pl.Date,
    "Time": pl.Time,
    "Categorical": pl.Categorical,
    "Null": pl.Null,
}


_CALENDAR = (dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999))
_TICKS = {"ms": 1_000, "us": 1_000_000, "ns": NANOSECONDS}
"""Ticks of a second by the unit of a duration."""
_DAYS = {unit: 86_400 * ticks for unit, ticks in _TICKS.items()}


@dataclass(frozen=True)
class Typed:
    """A column inside.

    Attributes:
        values: Int64, Float64 (never NaN), Boolean, String, Date or Datetime, pixels of images,
            sounds, or pieces of music; others only where ``refused`` says why.
        dtype: The dtype at the door, as text for :func:`restored`.
        spelling: How missing values were marked, where that was not null.
        warning: What was changed on the way and cannot be given back.
        refused: Why the column cannot be used ("" where it can).
        note: What its numbers count, where that is not plain.
    """

    values: pl.Series
    dtype: str
    spelling: Spelling | None = None
    warning: str = ""
    refused: str = ""
    note: str = ""


def admitted(column: pl.Series) -> Typed:
    """The column in one of the dtypes that are used inside.

    Whole numbers, also decimals without places, become Int64 (text where they need more than 64
    bits), floats Float64 with null for NaN, other decimals Float64, enumerations text, times of day
    seconds since midnight, and durations seconds, both in their own unit where seconds are not
    exact.

    Example:
        >>> (admitted(pl.Series([1, 2], dtype=pl.Int8)).values.dtype,
        ...     admitted(pl.Series([1, 2], dtype=pl.Int8)).dtype)
        (Int64, 'Int8')
    """
    dtype, name = column.dtype, text_of(column.dtype)
    if isinstance(dtype, pl.BaseExtension):
        return _of_extension(column, dtype)
    is_medium = is_pixels(dtype) or is_sound(dtype) or is_scores(dtype)
    if is_medium and not column.has_nulls():
        return Typed(column, name)
    if dtype.is_nested() or dtype in (pl.Binary, pl.Object, pl.Unknown):
        return Typed(column, name, refused=f"it holds {shown(dtype)}")
    if dtype.is_integer() or (isinstance(dtype, pl.Decimal) and dtype.scale == 0):
        return Typed(_as_integers(column), name)
    if dtype.is_float():
        return _as_floats(column, name)
    if dtype.is_decimal():
        return _as_rounded(column, name)
    if dtype.is_temporal():
        return _of_moments(column, name)
    if dtype in (pl.Categorical, pl.Enum, pl.Null):
        return Typed(column.cast(pl.String), name)
    return Typed(column, name)


def restored(values: pl.Series, dtype: str, spelling: Spelling | None = None) -> pl.Series:
    """The values in the dtype that they had at the door, where they all fit in it unchanged; else
    as they are.

    Args:
        values: A column inside.
        dtype: What :class:`Typed` said.
        spelling: What it said, too.
    """
    target = dtype_of(dtype)
    if dtype == "Time(s)":
        # a generated second past midnight is one of the next day
        values = values % 86_400 * NANOSECONDS
    if isinstance(target, pl.Duration) and dtype.endswith(", s)"):
        values = _as_ticks(values, _TICKS[target.time_unit])
    if target is not None and target != values.dtype:
        values = _cast_where_exact(values, target)
    if spelling is not None and spelling.missing == "NaN" and values.dtype.is_float():
        return values.fill_null(float("nan"))
    return values


def _cast_where_exact(values: pl.Series, target: pl.DataType) -> pl.Series:
    if values.dtype == pl.String and isinstance(target, pl.Enum):
        known = values.drop_nulls().is_in(target.categories.implode())
        return values.cast(target) if known.all() else values
    cast = values.cast(target, strict=False)
    if target in (pl.Time, pl.Float16, pl.Float32):  # physical inside, and rounded
        return cast
    back = cast.cast(values.dtype, strict=False)
    return cast if back.eq_missing(values).all() else values


def text_of(dtype: pl.DataType) -> str:
    """A dtype as text: "Int64", "Datetime(us, UTC)", "Enum[\\"a\\", \\"b\\"]"."""
    if isinstance(dtype, pl.Enum):
        return "Enum" + json.dumps(dtype.categories.to_list(), ensure_ascii=False)
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone:
            return f"Datetime({dtype.time_unit}, {dtype.time_zone})"
        return f"Datetime({dtype.time_unit})"
    if isinstance(dtype, pl.Duration):
        return f"Duration({dtype.time_unit})"
    if isinstance(dtype, pl.Decimal):
        return f"Decimal({dtype.precision}, {dtype.scale})"
    return dtype.base_type().__name__ if not dtype.is_nested() else str(dtype)


def dtype_of(text: str) -> pl.DataType | None:
    """The dtype that :func:`text_of` wrote; None for one that is kept as it is.

    Raises:
        SchemaError: The text is of that form, but no dtype.

    Example:
        >>> dtype_of(text_of(pl.Datetime("ms", "UTC")))
        Datetime(time_unit='ms', time_zone='UTC')
    """
    if text in _SIMPLE:
        return _SIMPLE[text]()
    try:
        if text.startswith("Enum["):
            return pl.Enum(json.loads(text.removeprefix("Enum")))
        match = re.fullmatch(r"(Datetime|Duration|Decimal|Time)\((\w+)(?:, ([^)]+))?\)", text)
        if match is None:
            return None
        if match[1] == "Decimal":
            return pl.Decimal(int(match[2]), int(match[3]))
        if match[1] == "Time":
            return pl.Time()
        if match[1] == "Duration":
            return pl.Duration(match[2])  # type: ignore[arg-type]
        return pl.Datetime(match[2], match[3])  # type: ignore[arg-type]
    except (ValueError, TypeError) as error:
        raise SchemaError(f"'{text}' is no dtype ({error})") from error


def _of_extension(column: pl.Series, dtype: pl.BaseExtension) -> Typed:
    """Periods and intervals of pandas in a file; of other libraries' types what they are stored
    as."""
    stored, kind = column.ext.storage(), dtype.ext_name()
    about = dtype.ext_metadata() or "{}"
    if kind == "pandas.period":
        freq = json.loads(about)["freq"]
        try:
            days = starts_of_periods(stored, freq)
        except ImportError:
            why = "it holds periods of pandas, and the package 'pandas' is not installed"
            return Typed(column, kind, refused=why)
        except ValueError as error:
            return Typed(column, kind, refused=f"it holds periods of pandas ({error})")
        what = f"periods of pandas ({freq}) were read, and are written, as when they begin"
        return replace(admitted(days), warning=what)
    if kind == "pandas.interval":
        closed = json.loads(about)["closed"]
        texts = _intervals(stored, closed)
        return replace(admitted(texts), warning="intervals were read, and are written, as text")
    found = admitted(stored)
    warning = f"values of the type {kind} were read as they are stored"
    return found if found.refused else replace(found, warning=warning)


def starts_of_periods(ordinals: pl.Series, freq: str) -> pl.Series:
    """The moments at which periods of pandas begin, as dates where all are midnights.

    Raises:
        ImportError: pandas is not installed.
        ValueError: There is no such frequency.
    """
    import pandas

    known = ordinals.fill_null(0).to_numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of business days
        begins = pandas.PeriodIndex.from_ordinals(known, freq=freq).start_time
    starts = pl.Series(ordinals.name, begins.to_numpy()).cast(pl.Datetime("us"))
    starts = starts.set(ordinals.is_null(), None)
    days = starts.cast(pl.Date)
    return days if days.cast(pl.Datetime("us")).eq_missing(starts).all() else starts


def _intervals(ends: pl.Series, closed: str) -> pl.Series:
    """Intervals as text, such as "(0, 7]", in the order of their ends."""
    low = "[" if closed in ("left", "both") else "("
    high = "]" if closed in ("right", "both") else ")"
    both = ends.struct.unnest()
    texts = both.select(pl.format(f"{low}{{}}, {{}}{high}", "left", "right")).to_series()
    known = both["left"].is_not_null()
    return texts.set(~known, None).cast(pl.Categorical).alias(ends.name)


def _of_moments(column: pl.Series, name: str) -> Typed:
    """Dates and moments as they are; times of day and durations in seconds."""
    if column.dtype == pl.Time:
        return _as_seconds(column, name)
    if isinstance(column.dtype, pl.Duration):
        return _as_duration(column, column.dtype)
    beyond = _beyond_calendar(column)
    return Typed(column, name, refused=f"it holds {beyond}" if beyond else "")


def _beyond_calendar(column: pl.Series) -> str:
    """What a column of dates holds outside of the years 1 to 9999; empty where it holds none."""
    if not isinstance(column.dtype, pl.Datetime):
        return _beyond(column.to_physical(), pl.Date())
    unit, ticks = column.dtype.time_unit, column.to_physical()
    if unit == "ns":  # from 1677 to 2262
        return ""
    beyond = _beyond(ticks, pl.Datetime(unit))
    if beyond and column.dtype.time_zone and not _beyond(ticks, pl.Datetime(unit), _DAYS[unit]):
        # the calendar of the place counts; further out its offset is not known
        beyond = _beyond(column.dt.replace_time_zone(None).to_physical(), pl.Datetime(unit))
    return beyond


def _beyond(ticks: pl.Series, dtype: pl.DataType, margin: int = 0) -> str:
    low, high = (pl.Series([end]).cast(dtype).to_physical()[0] for end in _CALENDAR)
    count = int((~ticks.is_between(low - margin, high + margin)).sum())
    return f"{plural(count, 'moment')} outside of the years 1 to 9999" if count else ""


def _as_integers(column: pl.Series) -> pl.Series:
    values = column.cast(pl.Int64, strict=False)
    if values.null_count() > column.null_count():
        return column.cast(pl.String)
    return values


def _as_floats(column: pl.Series, name: str) -> Typed:
    if column.dtype != pl.Float64:
        column = column.cast(pl.String).cast(pl.Float64)  # 0.1 stays 0.1, not 0.10000000149011612
    if not column.is_nan().any():
        return Typed(column, name)
    if column.has_nulls():
        return Typed(
            column.fill_nan(None),
            name,
            warning="null and NaN both stand for missing, now only null does",
        )
    return Typed(column.fill_nan(None), name, Spelling(missing="NaN"))


def _as_rounded(column: pl.Series, name: str) -> Typed:
    values = column.cast(pl.Float64)
    if values.cast(column.dtype, strict=False).eq_missing(column).all():
        return Typed(values, name)
    return Typed(values, name, warning="more digits than a float holds were rounded away")


def _as_seconds(column: pl.Series, name: str) -> Typed:
    ticks = column.to_physical()
    if (ticks % NANOSECONDS == 0).all():
        note = "a time of day, counted in seconds since midnight"
        return Typed(ticks // NANOSECONDS, "Time(s)", note=note)
    return Typed(ticks, name, note="a time of day, counted in nanoseconds since midnight")


def _as_duration(column: pl.Series, dtype: pl.Duration) -> Typed:
    ticks, unit = column.to_physical(), dtype.time_unit
    of_second = _TICKS[unit]
    if (ticks % of_second == 0).all():
        seconds = ticks // of_second
    else:
        # polars multiplies by a reciprocal, whose last digit is another
        exact = ticks.fill_null(0).to_numpy() / of_second
        seconds = pl.Series(ticks.name, exact).set(ticks.is_null(), None)
    if _as_ticks(seconds, of_second).eq_missing(ticks).all():
        return Typed(seconds, f"Duration({unit}, s)", note="a duration, counted in seconds")
    return Typed(ticks, text_of(dtype), note=f"a duration, counted in {unit}")


def _as_ticks(seconds: pl.Series, of_second: int) -> pl.Series:
    return (seconds * of_second).round().cast(pl.Int64, strict=False)


def shown(dtype: pl.DataType) -> str:
    """What a column of this dtype holds, for messages."""
    names = {
        "List": "lists",
        "Array": "arrays",
        "Struct": "records with fields",
        "Binary": "bytes",
        "Object": "Python objects",
    }
    return names.get(dtype.base_type().__name__, str(dtype))

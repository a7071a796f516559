"""What columns may tell of a date: its year, month, week, weekday and so on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl

from tidemill.core.calendar_names import LANGUAGES
from tidemill.core.columns import by_name
from tidemill.core.schema import YEAR_MONTH_DAY, DatePart, Rule

EARLIEST, LATEST = 1000, 2999
_HOUR = 3_600_000_000


def part_keys(part: DatePart, day: np.ndarray, time: np.ndarray) -> np.ndarray:
    """(n,) what a part says of each date, as a whole number; weekdays from Monday 0.

    Args:
        part: Which; not the date itself.
        day: (n,) int64 days since 1970-01-01.
        time: (n,) int64 microseconds since midnight.

    Example:
        >>> leap_day = np.array([19_782])
        >>> [int(part_keys(part, leap_day, np.zeros(1))[0]) for part in ("year", "week", "weekday")]
        [2024, 9, 3]
    """
    if part == "hour":
        return np.asarray(time // _HOUR)
    return _OF_DAYS[part](day)


def _year(day: np.ndarray) -> np.ndarray:
    return day.astype("M8[D]").astype("M8[Y]").astype(np.int64) + 1970


def _months(day: np.ndarray) -> np.ndarray:
    """(n,) months since 1970."""
    return day.astype("M8[D]").astype("M8[M]").astype(np.int64)


def _month_begin(day: np.ndarray) -> np.ndarray:
    return day.astype("M8[D]").astype("M8[M]").astype("M8[D]").astype(np.int64)


def _year_begin(day: np.ndarray) -> np.ndarray:
    return day.astype("M8[D]").astype("M8[Y]").astype("M8[D]").astype(np.int64)


def _weekday(day: np.ndarray) -> np.ndarray:
    return (day + 3) % 7


def _into_year(day: np.ndarray) -> np.ndarray:
    """(n,) days since January 1."""
    return day - _year_begin(day)


def _iso_week(day: np.ndarray) -> np.ndarray:
    thursday = day - _weekday(day) + 3
    return _into_year(thursday) // 7 + 1


_OF_DAYS: Mapping[DatePart, Callable[[np.ndarray], np.ndarray]] = {
    "year": _year,
    "month": lambda day: _months(day) % 12 + 1,
    "day": lambda day: day - _month_begin(day) + 1,
    "weekday": _weekday,
    "quarter": lambda day: _months(day) % 12 // 3 + 1,
    "week": _iso_week,
    "week from Monday": lambda day: (_into_year(day) + 7 - _weekday(day)) // 7,
    "week from Sunday": lambda day: (_into_year(day) + 7 - (_weekday(day) + 1) % 7) // 7,
    "week with January 1": lambda day: (
        (_into_year(day) + (_weekday(_year_begin(day)) + 1) % 7) // 7 + 1
    ),
    "week of seven days": lambda day: _into_year(day) // 7 + 1,
    "week of the month": lambda day: (day - _month_begin(day)) // 7 + 1,
    "day of the year": lambda day: _into_year(day) + 1,
}


def day_numbers(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> np.ndarray:
    """(n,) days since 1970-01-01 of the dates that whole numbers of years, months and days name; a
    day that its month has not is one of the next."""
    months = (year - 1970) * 12 + month - 1
    return months.astype("M8[M]").astype("M8[D]").astype(np.int64) + day - 1


def months_named(values: pl.Series) -> pl.Series | None:
    """(n,) numbers of the months that texts name; None where they are not all months of one
    language."""
    said = values.str.strip_chars().str.to_lowercase()
    levels = set(said.drop_nulls().unique())
    for language in LANGUAGES.values():
        for names in (language.months, language.short_months):
            if levels <= set(names) and len(set(names)) == len(names):
                numbers = list(range(1, len(names) + 1))
                return said.replace_strict(list(names), numbers, return_dtype=pl.Int64)
    return None


def whole_numbers(values: pl.Series) -> pl.Series | None:
    """(n,) Int64; None where a column holds something else than whole numbers."""
    if not values.dtype.is_numeric():
        return None
    whole = values.cast(pl.Int64, strict=False)
    same = (whole.cast(pl.Float64) == values.cast(pl.Float64)).all()
    return whole if same else None


def dates_of(rule: Rule, frame: pl.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The dates that the columns of a rule "one date" make.

    Returns:
        (n,) days since 1970-01-01 and (n,) microseconds since midnight, 0 where there is no date;
        and (n,) whether there is one.
    """
    if rule.parts[0] == "date":
        return moments(frame[rule.columns[0]])
    numbers = [
        months_named(frame[name]) if frame[name].dtype == pl.String else whole_numbers(frame[name])
        for name in rule.columns[:3]
    ]
    nothing = np.zeros(len(frame), np.int64)
    if any(one is None for one in numbers):
        return nothing, nothing, np.zeros(len(frame), bool)
    return of_numbers(*(one for one in numbers if one is not None))


def of_numbers(
    year: pl.Series, month: pl.Series, day: pl.Series
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """As :func:`dates_of`, of (n,) Int64 years, months and days."""
    there = pl.DataFrame({"y": year, "m": month, "d": day}).select(
        pl.all_horizontal(
            pl.col("y").is_between(EARLIEST, LATEST),
            pl.col("m").is_between(1, 12),
            pl.col("d").is_between(1, 31),
        ).fill_null(False)
    )
    known = there.to_series().to_numpy()
    parts = [one.fill_null(0).to_numpy() for one in (year, month, day)]
    numbers = [
        np.where(known, part, least) for part, least in zip(parts, (1970, 1, 1), strict=True)
    ]
    days = day_numbers(*numbers)
    known = known & (part_keys("day", days, days) == numbers[2])
    return np.where(known, days, 0), np.zeros(len(days), np.int64), known


def moments(values: pl.Series) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """As :func:`dates_of`, of a column of dates; of one with a time zone, as clocks on the wall
    say."""
    if isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone:
        values = values.dt.replace_time_zone(None)
    known = values.is_not_null().to_numpy()
    moment = values.cast(pl.Datetime("us")).to_physical().fill_null(0).to_numpy()
    return moment // (24 * _HOUR), moment % (24 * _HOUR), known


def tells_one_date(rule: Rule, frame: pl.DataFrame, reference: pl.DataFrame) -> np.ndarray:
    """(n,) whether the columns of a row tell one date; rows in which one of them is missing do, and
    of what the training rows do not show nothing is known.

    Args:
        rule: A rule "one date".
        frame: The rows to look at.
        reference: Training rows, which say how each part is written.
    """
    obeyed = (
        ~frame.select(pl.any_horizontal(by_name(*rule.columns).is_null())).to_series().to_numpy()
    )
    missing = ~obeyed
    day, time, known = dates_of(rule, frame)
    own_day, own_time, own_known = dates_of(rule, reference)
    obeyed &= known
    for name, part in zip(rule.columns, rule.parts, strict=True):
        if part == "date" or (rule.parts[0] != "date" and part in YEAR_MONTH_DAY):
            continue
        written = as_written(
            part_keys(part, own_day, own_time)[own_known], reference[name].filter(own_known)
        )
        keys = pl.DataFrame({"key": part_keys(part, day, time)})
        wanted = keys.join(written, on="key", how="left", maintain_order="left")["value"]
        obeyed &= (wanted == frame[name]).fill_null(True).to_numpy()
    return obeyed | missing


def as_written(keys: np.ndarray, values: pl.Series) -> pl.DataFrame:
    """How each key of a part is written: columns ``key`` and ``value``, by key.

    Args:
        keys: (n,) of some rows.
        values: (n,) of the same rows; of a key's values the first counts.
    """
    pairs = pl.DataFrame({"key": keys, "value": values}).drop_nulls()
    return pairs.unique("key", keep="first", maintain_order=True).sort("key")

"""Dates and times as a day of the column's calendar and a time of day."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal, Self, cast
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from tidemill.codecs.columns.base import FIRST, Allowed, ColumnCodec, SurrogateStream
from tidemill.codecs.columns.calendars import DAILY, LONGEST_PERIOD, Calendar, calendar_of
from tidemill.codecs.columns.intervals import LARGEST, between, everything, union, without
from tidemill.codecs.columns.line import NumberLine
from tidemill.codecs.columns.presence import Presence
from tidemill.core import checked_values as checked
from tidemill.core.condition import Test
from tidemill.core.errors import ConditionError
from tidemill.core.extremes import outward_days
from tidemill.core.grid import Batch, Real, Spec
from tidemill.core.persons import is_of_enough
from tidemill.core.run import Run
from tidemill.core.schema import Column

_PER_DAY = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
FEWEST_WEEKS = 8
MOST_HOURS = 20
"""Hours between the first and the last time of day that make a day of opening at most."""
FEWEST_DAYS = 50
"""Fewer weeks or rows are described by their days alone."""
FARTHEST_DAY = 95_000_000
"""Days from 1970 to the farthest date that polars can write."""
_EPOCH = dt.datetime(1970, 1, 1)


class DatetimeCodec(ColumnCodec):
    """Reals for the parts of a day in the column's calendar, and one for the time of day where
    there are such.

    Days are counted from 1970-01-01; those of a rhythm (first of the month, working days) are
    counted without the others, so that whatever parts are put together, none of the others is made.
    Where days without a rhythm span eight weeks or more, models see weeks and days of the week,
    which end on the weekday of the latest day, so that a last week that is not over does not reach
    beyond it. Times of day are counted in the largest unit that keeps them all (minutes, seconds,
    ...). A zone is kept; days and times are those of its wall clock, or of UTC where an hour that
    comes twice in the night in which clocks are put back could not be told from the other.

    Attributes:
        beside: Columns that rules compare with this one, which therefore get the same calendar;
            set before :meth:`fit`.
        plain: Whether its numbers must be days of UTC, as sums of them are made; set before
            :meth:`fit`.
        rhythm: The column's own calendar, where the numbers are those of a fuller one: what rules
            make is moved to its days.
        hours: The first and the last time of day, which the same is moved between; None where they
            hold most of a day.
    """

    unit: str
    zone: str | None
    wall: bool
    calendar: Calendar
    rhythm: Calendar = DAILY
    hours: tuple[int, int] | None = None
    ends: tuple[int, int] | None
    weekly: int | None
    day_step: int
    time_step: int
    presence: Presence

    def __init__(self, beside: Sequence[pl.Series] = (), *, plain: bool = False) -> None:
        self.beside, self.plain = beside, plain

    def fit(
        self, column: Column, values: pl.Series, run: Run, persons: np.ndarray | None = None
    ) -> Self:
        """Find the unit, the zone, the calendar and whether there are times of day."""
        dtype = values.dtype
        self.unit, self.zone = "", None
        if isinstance(dtype, pl.Datetime):
            self.unit, self.zone = dtype.time_unit, dtype.time_zone
        known = values.drop_nulls()
        if persons is not None:
            persons = persons[values.is_not_null().to_numpy()]
        self.wall = self._has_wall(known)
        day, time = self._day_and_time(known)
        self.calendar = self._calendar(day, persons)
        self.day_step = _day_step(day) if self.calendar.daily else 1
        self.time_step = 0
        if np.any(time):
            self.time_step = int(np.gcd.reduce(time, initial=_PER_DAY[self.unit]))
        alike = self.calendar.daily and self.day_step == 1
        self.weekly = _week_end(day) if alike else None
        self.presence = Presence.of(values)
        self.ends = None
        self.spec = self._spec(column)
        # what rules reckon with must not be moved afterwards
        if len(known) and not self.beside and not self.plain:
            self.ends = self._ends(day, self.numbers(known), persons)
            self.spec = self._spec(column)
        elif len(known) and not (self.zone and not self.wall):
            self._find_rhythm(day, time, persons)
        return self

    def _ends(
        self, day: np.ndarray, number: np.ndarray, persons: np.ndarray | None
    ) -> tuple[int, int]:
        """The smallest and the largest number; where few persons have it, that of a round day."""
        low, high = int(number.min()), int(number.max())
        begin, end = outward_days(int(day.min()), int(day.max()))
        before, last = self.calendar.numbers(np.array([begin - 1, end])) // self.day_step
        if not is_of_enough(number == low, persons):
            low = min(low, int(before + 1) * self.per_day)
        if not is_of_enough(number == high, persons):
            high = max(high, int(last + 1) * self.per_day - 1)
        return low, high

    def _find_rhythm(self, day: np.ndarray, time: np.ndarray, persons: np.ndarray | None) -> None:
        """The column's own days and hours, where they are fewer than those of its numbers."""
        own = calendar_of(day, persons)
        if own != self.calendar and not own.daily:
            self.rhythm = own
        if self.time_step and len(day) >= FEWEST_DAYS:
            first, last = int(time.min()) // self.time_step, int(time.max()) // self.time_step
            hour = max(self.per_day // 24, 1)  # the first and the last are rounded to hours
            first, last = first - first % hour, last - last % hour + hour - 1
            if first < last and last - first < MOST_HOURS * self.per_day / 24:
                self.hours = first, last

    def _has_wall(self, known: pl.Series) -> bool:
        """Whether the wall clock tells all moments apart, here and in the columns beside."""
        if not self.zone or self.plain:
            return False
        for values in (known, *self.beside):
            if values.dtype != known.dtype:
                return False
            moments = values.drop_nulls()
            if not (_in_zone(_on_the_wall(moments), self.zone) == moments).all():
                return False
        return True

    def _calendar(self, day: np.ndarray, persons: np.ndarray | None) -> Calendar:
        if self.plain:
            return DAILY
        days = [day]
        for values in self.beside:
            zoned = isinstance(values.dtype, pl.Datetime) and bool(values.dtype.time_zone)
            if zoned != bool(self.zone):
                return DAILY
            unit = values.dtype.time_unit if isinstance(values.dtype, pl.Datetime) else ""
            days.append(_days_of(values.drop_nulls(), unit, wall=self.wall)[0])
        if persons is None or len(days) > 1:  # dates beside have other rows
            return calendar_of(np.concatenate(days))
        return calendar_of(day, persons)

    def _spec(self, column: Column) -> Spec:
        codes = self.presence.codes(column.name)
        presence = 0 if codes else None
        parts = [("day", 1, float(self.day_step))]
        if not self.calendar.daily:
            parts = self.calendar.parts
        elif self.weekly is not None:
            parts = [("week", 7, 7.0), ("day of the week", 1, 1.0)]
        weights = tuple(weight for _, weight, _ in parts)
        reals = []
        for at, (name, weight, length) in enumerate(parts):
            most = weights[at - 1] // weight - 1 if at else None
            reals.append(Real(f"{column.name} {name}", length, presence, most=most))
        shift = self.weekly or 0
        if self.time_step:
            per_day = _PER_DAY[self.unit] // self.time_step
            seconds = self.time_step / _PER_DAY[self.unit] * 86_400
            name = f"{column.name} time of day"
            reals.append(Real(name, seconds, presence, most=per_day - 1))
            weights = (*(weight * self.day_step * per_day for weight in weights), 1)
            step, shift = Fraction(1, per_day), shift * per_day
        else:
            step = Fraction(self.day_step)
        self.line = NumberLine(weights, step, self._sort(), shift, self.ends)
        return Spec(tuple(reals), codes)

    def _sort(self) -> str:
        """What can be compared: dates of one calendar, with or without a zone; on the wall, of one
        zone."""
        sort = "zoned" if self.zone else "date"
        if self.wall:
            sort += f" {self.zone}"
        return sort if self.calendar.daily else f"{sort} {self.calendar}"

    @property
    def dtype(self) -> pl.DataType:
        if not self.unit:
            return pl.Date()
        return pl.Datetime(cast(Literal["ms", "us", "ns"], self.unit), self.zone)

    def _day_and_time(self, values: pl.Series) -> tuple[np.ndarray, np.ndarray]:
        """(n,) dates -> (n,) int64 days and (n,) int64 times of day in the column's unit."""
        return _days_of(values, self.unit, wall=self.wall)

    def numbers(self, values: pl.Series) -> np.ndarray:
        """(n,) dates -> (n,) numbers of the line."""
        day, time = self._day_and_time(values)
        number = self.calendar.numbers(day) // self.day_step
        if self.time_step:
            per_day = _PER_DAY[self.unit] // self.time_step
            number = number * self.day_step * per_day + time // self.time_step
        return number

    @property
    def per_day(self) -> int:
        """Numbers of a day."""
        return _PER_DAY[self.unit] // self.time_step if self.time_step else 1

    @property
    def moves_free(self) -> bool:
        return not self.rhythm.daily or self.hours is not None

    def own_numbers(self, number: np.ndarray, towards: int, low: int, high: int) -> np.ndarray:
        """Numbers of the line -> those near them in the column's own rhythm and hours."""
        if not self.moves_free:
            return number
        up, down = self._moved(number, 1), self._moved(number, -1)
        takes_up = np.full(len(number), towards > 0)
        if not towards:
            takes_up = up - number < number - down
            takes_up = np.where(up > high, False, np.where(down < low, True, takes_up))
        moved = np.clip(np.where(takes_up, up, down), low, high)
        return np.where(self._moved(moved, 1) == moved, moved, number)  # an end may be no own one

    def _moved(self, number: np.ndarray, towards: int) -> np.ndarray:
        """(n,) numbers -> the same or, where they are no own ones, those of an own day behind (1)
        or before (-1)."""
        ordinal, time = np.divmod(number, self.per_day)
        day = self.calendar.dates(ordinal * self.day_step)
        if self.hours is not None:
            first, last = self.hours
            early, late = time < first, time > last
            time = np.where(early | late, first + time % (last - first + 1), time)
            day = day + (late if towards > 0 else early) * towards
        before = self.rhythm.numbers(day)
        off = self.rhythm.dates(before) != day
        if not self.rhythm.daily:
            day = np.where(off, self.rhythm.dates(before + (off & (towards > 0))), day)
        return self.calendar.numbers(day) // self.day_step * self.per_day + time

    def encode(self, values: pl.Series) -> Batch:
        """(n,) dates -> one or several ticks each, 0 where there is none."""
        code = self.presence.encode(values)
        assert self.line is not None
        tick = np.zeros((len(values), len(self.spec.reals)), np.int64)
        here = values.is_not_null()
        tick[here.to_numpy()] = self.line.ticks(self.numbers(values.filter(here)))
        return Batch(tick, code)

    def nearest(self, values: pl.Series) -> pl.Series:
        """(n,) dates at the nearest step before them, between the first and the last in training
        where these are known."""
        return self.dates(self.numbers(values))

    def dates(self, number: np.ndarray) -> pl.Series:
        """(n,) numbers of the line -> dates, between the first and the last in training where these
        are known."""
        assert self.line is not None
        if self.ends is not None:
            number = np.clip(number, *self.ends)
        here = np.zeros((len(number), len(self.presence.codes(""))), np.int32)
        return self.decode(Batch(self.line.ticks(number), here), np.random.default_rng(0))

    def decode(
        self, batch: Batch, rng: np.random.Generator, fresh: SurrogateStream = FIRST
    ) -> pl.Series:
        """Ticks -> dates of the typed dtype."""
        assert self.line is not None
        number = self.line.number(batch.tick)
        _check_days(number, self.per_day)
        if not self.unit:
            day = self.calendar.dates(number * self.day_step)
            _check_days(day, 1)
            days = pl.Series(day.astype(np.int32))
            return self.presence.decode(days.cast(pl.Date), batch.code)
        if self.calendar.daily:
            physical = number * (self.time_step or self.day_step * _PER_DAY[self.unit])
        else:
            per_day = _PER_DAY[self.unit] // (self.time_step or _PER_DAY[self.unit])
            ordinal, time = np.divmod(number, per_day)
            day = self.calendar.dates(ordinal)
            _check_days(day, 1)
            physical = day * _PER_DAY[self.unit] + time * self.time_step
        if not self.wall:
            return self.presence.decode(pl.Series(physical).cast(self.dtype), batch.code)
        moments = pl.Series(physical).cast(pl.Datetime(self.dtype.time_unit))  # type: ignore[attr-defined]
        return self.presence.decode(_in_zone(moments, cast(str, self.zone)), batch.code)

    @property
    def missing_level(self) -> int | None:

        return self.presence.missing_level

    def allowed(self, column: Column, tests: Sequence[Test]) -> Allowed:
        """Intervals of the line; a date without a time of day stands for its midnight, in the
        column's zone."""
        return self.presence.allowed(column, tests, self._reached)

    def _reached(self, column: Column, test: Test) -> np.ndarray:
        assert self.line is not None
        return self.line.reached(self._numbers(column, test))

    def _numbers(self, column: Column, test: Test) -> np.ndarray:
        """The numbers of the line that pass a comparison."""
        if test.operator == "in":
            moments = [self._at(column, value) for value in test.value]
            return union((at, at) for at in moments)
        if test.operator == "=":
            at = self._at(column, test.value)
            return between(at, at)
        position = self._position(column, test.value)
        exact = position.denominator == 1
        if test.operator == "!=":
            return without(int(position)) if exact else everything()
        first = math.ceil(position)
        last = math.floor(position)
        return {
            "<": between(-LARGEST, first - 1),
            "<=": between(-LARGEST, last),
            ">": between(last + 1, LARGEST),
            ">=": between(first, LARGEST),
        }[test.operator]

    def _at(self, column: Column, value: Any) -> int:
        position = self._position(column, value)
        if position.denominator != 1:
            raise ConditionError(
                f"'{value}' is no value that the column can have",
                where=f"column '{column.name}'",
                hint="ask for a span: COL>=FROM together with COL<UNTIL",
            )
        return position.numerator

    def _position(self, column: Column, value: Any) -> Fraction:
        """Where a moment lies on the line; whole where the column can have it.

        Raises:
            ConditionError: The value is no date, or has a zone where the column has none.
        """
        assert self.line is not None
        if not isinstance(value, dt.date):
            raise ConditionError(
                f"'{value}' is no date",
                where=f"column '{column.name}'",
                hint="write the value as the column does",
            )
        moment = value
        if not isinstance(moment, dt.datetime):
            moment = dt.datetime(value.year, value.month, value.day)
        if moment.tzinfo is not None and not self.zone:
            raise ConditionError(
                f"'{value}' has a time zone, and the column has none",
                where=f"column '{column.name}'",
                hint="leave the zone out",
            )
        if self.zone and moment.tzinfo is None:
            moment = _moment_in_zone(column, moment, self.zone)
        if self.wall:
            moment = moment.astimezone(ZoneInfo(cast(str, self.zone))).replace(tzinfo=None)
        passed = moment.replace(tzinfo=None) - (moment.utcoffset() or dt.timedelta(0)) - _EPOCH
        microseconds = passed // dt.timedelta(microseconds=1)
        if self.calendar.daily:
            return Fraction(microseconds, 86_400_000_000) / self.line.step
        day, time = divmod(microseconds, 86_400_000_000)
        ordinal = int(self.calendar.numbers(np.array([day]))[0])
        per_day = Fraction(1) / self.line.step
        if not self.calendar.holds(np.array([day]))[0]:  # between the days that belong to it
            return (ordinal + 1) * per_day - Fraction(1, 2)
        return (ordinal + Fraction(time, 86_400_000_000)) * per_day

    def to_state(self) -> dict[str, Any]:

        return {
            "unit": self.unit,
            "zone": self.zone,
            "weekly": self.weekly,
            "day_step": self.day_step,
            "time_step": self.time_step,
            "wall": self.wall,
            "calendar": self.calendar.to_state(),
            "ends": self.ends,
            "rhythm": self.rhythm.to_state(),
            "hours": self.hours,
            "absences": list(self.presence.absences),
        }

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> Self:

        codec = cls()
        codec.unit = checked.text(state["unit"])
        codec.zone = None if state["zone"] is None else checked.text(state["zone"], 100)
        if codec.unit not in ("", *_PER_DAY) or (codec.zone is not None and not codec.unit):
            raise ValueError("unknown unit of time")
        pl.Series([], dtype=codec.dtype)  # raises where there is no such zone
        codec.day_step = checked.whole(state["day_step"], 1, LONGEST_PERIOD)
        codec.time_step = checked.whole(state["time_step"], 0, _PER_DAY.get(codec.unit, 0))
        if codec.time_step and _PER_DAY[codec.unit] % codec.time_step:
            raise ValueError("a day is no whole number of steps")
        codec.weekly = None if state["weekly"] is None else checked.whole(state["weekly"], 0, 6)
        if codec.weekly is not None and codec.day_step != 1:
            raise ValueError("weeks have seven days")
        # states from before there were calendars: every day, of UTC, without ends
        codec.wall = checked.truth(state.get("wall", False))
        if codec.wall and not codec.zone:
            raise ValueError("a clock on the wall has a zone")
        codec.calendar = DAILY
        if state.get("calendar"):
            codec.calendar = Calendar.from_state(state["calendar"])
        if state.get("rhythm"):
            codec.rhythm = Calendar.from_state(state["rhythm"])
        if state.get("hours"):
            codec.hours = checked.ends(state["hours"], 0, codec.per_day - 1)
        codec.ends = None
        if state.get("ends"):
            codec.ends = checked.ends(state["ends"])
        codec.presence = Presence.from_state(state["absences"])
        codec.spec = codec._spec(column)
        return codec


def _check_days(number: np.ndarray, per_day: int) -> None:
    """See that numbers are of days that there are.

    Raises:
        ValueError: They are not: they were never learned.
    """
    far = FARTHEST_DAY * per_day
    if len(number) and not -far <= int(number.min()) <= int(number.max()) <= far:
        raise ValueError("a date lies farther away than any calendar reaches")


def _day_step(day: np.ndarray) -> int:
    """The days from one date to the next, where all dates are multiples of it."""
    if len(day) < 20:
        return 1
    step = max(int(np.gcd.reduce(day - day.min())), 1)
    return 1 if np.any(day % step) else step


def _week_end(day: np.ndarray) -> int | None:
    """What is added to days so that a week ends on the latest; None where weeks would show
    nothing."""
    if len(day) < FEWEST_DAYS or day.max() - day.min() < 7 * FEWEST_WEEKS:
        return None
    if len(np.unique(day % 7)) == 1:
        return None
    return int((6 - day.max()) % 7)


def _days_of(values: pl.Series, unit: str, *, wall: bool) -> tuple[np.ndarray, np.ndarray]:
    """(n,) dates -> (n,) int64 days since 1970 and (n,) int64 times of day in their unit."""
    if wall:
        values = _on_the_wall(values)
    physical = values.to_physical().cast(pl.Int64).to_numpy()
    if not unit:
        return physical, np.zeros(len(physical), np.int64)
    return physical // _PER_DAY[unit], physical % _PER_DAY[unit]


def _on_the_wall(moments: pl.Series) -> pl.Series:
    return moments.dt.replace_time_zone(None)


def _in_zone(moments: pl.Series, zone: str) -> pl.Series:
    """(n,) times of the wall clock -> (n,) moments: the earlier of two; where clocks were put
    forward over a time, as much later."""
    found = _zoned(moments, zone)
    for later in ("30m", "1h", "2h", "24h"):
        if found.null_count() == moments.null_count():
            break
        found = found.fill_null(_zoned(moments.dt.offset_by(later), zone))
    return found


def _zoned(moments: pl.Series, zone: str) -> pl.Series:
    return moments.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")


def _moment_in_zone(column: Column, moment: dt.datetime, zone: str) -> dt.datetime:
    """A moment of the wall clock, the earlier one where clocks were put back.

    Raises:
        ConditionError: Clocks were put forward over it.
    """
    local = pl.Series([moment]).dt.replace_time_zone(
        zone, ambiguous="earliest", non_existent="null"
    )
    if local.null_count():
        raise ConditionError(
            f"{moment} does not exist in the zone {zone}",
            where=f"column '{column.name}'",
            hint="ask for another time",
        )
    return cast(dt.datetime, local.dt.convert_time_zone("UTC")[0])

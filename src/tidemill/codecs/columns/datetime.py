"""Dates and times as a day and a time of day."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal, Self, cast

import numpy as np
import polars as pl

from tidemill.codecs.columns.base import FIRST, Allowed, ColumnCodec, SurrogateStream
from tidemill.codecs.columns.intervals import LARGEST, between, everything, union, without
from tidemill.codecs.columns.line import NumberLine
from tidemill.codecs.columns.presence import Presence
from tidemill.core.condition import Test
from tidemill.core.errors import ConditionError
from tidemill.core.grid import Batch, Real, Spec
from tidemill.core.run import Run
from tidemill.core.schema import Column

_PER_DAY = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
FEWEST_WEEKS = 8
FEWEST_DAYS = 50
"""Fewer weeks or rows are described by their days alone."""
_EPOCH = dt.datetime(1970, 1, 1)


class DatetimeCodec(ColumnCodec):
    """One real for the week and one for the day in it, or one for the day; one for the time of day
    where there are such.

    Days are counted from 1970-01-01. Where they span eight weeks or more, models see weeks and days
    of the week, which end on the weekday of the latest day, so that a last week that is not over
    does not reach beyond it. Times of day are counted in the largest unit that keeps them all
    (minutes, seconds, ...). A zone is kept; the days and times are those of UTC, so that no hour is
    doubled or missing.
    """

    unit: str
    zone: str | None
    weekly: int | None
    day_step: int
    time_step: int
    presence: Presence

    def fit(self, column: Column, values: pl.Series, run: Run) -> Self:
        """Find the unit, the zone and whether there are times of day."""
        dtype = values.dtype
        self.unit, self.zone = "", None
        if isinstance(dtype, pl.Datetime):
            self.unit, self.zone = dtype.time_unit, dtype.time_zone
        day, time = self._day_and_time(values.drop_nulls())
        self.day_step = _day_step(day)
        self.time_step = 0
        if np.any(time):
            self.time_step = int(np.gcd.reduce(time, initial=_PER_DAY[self.unit]))
        self.weekly = _week_end(day) if self.day_step == 1 else None
        self.presence = Presence.of(values)
        self.spec = self._spec(column)
        return self

    def _spec(self, column: Column) -> Spec:
        codes = self.presence.codes(column.name)
        presence = 0 if codes else None
        if self.weekly is None:
            reals = [Real(f"{column.name} day", float(self.day_step), presence)]
            days = [self.day_step]
        else:
            reals = [
                Real(f"{column.name} week", 7.0, presence),
                Real(f"{column.name} day of the week", 1.0, presence),
            ]
            days = [7, 1]
        sort: Literal["date", "zoned"] = "zoned" if self.zone else "date"
        shift = self.weekly or 0
        if self.time_step:
            per_day = _PER_DAY[self.unit] // self.time_step
            seconds = self.time_step / _PER_DAY[self.unit] * 86_400
            reals.append(Real(f"{column.name} time of day", seconds, presence))
            weights = (*(day * per_day for day in days), 1)
            self.line = NumberLine(weights, Fraction(1, per_day), sort, shift * per_day)
        else:
            weights = tuple(day // self.day_step for day in days)
            self.line = NumberLine(weights, Fraction(self.day_step), sort, shift)
        return Spec(tuple(reals), codes)

    @property
    def dtype(self) -> pl.DataType:
        if not self.unit:
            return pl.Date()
        return pl.Datetime(cast(Literal["ms", "us", "ns"], self.unit), self.zone)

    def _day_and_time(self, values: pl.Series) -> tuple[np.ndarray, np.ndarray]:
        """(n,) dates -> (n,) int64 days and (n,) int64 times of day in the column's unit."""
        physical = values.to_physical().cast(pl.Int64).to_numpy()
        if not self.unit:
            return physical, np.zeros(len(physical), np.int64)
        return physical // _PER_DAY[self.unit], physical % _PER_DAY[self.unit]

    def encode(self, values: pl.Series) -> Batch:
        """(n,) dates -> one or two ticks each, 0 where there is none."""
        code = self.presence.encode(values)
        assert self.line is not None
        tick = np.zeros((len(values), len(self.spec.reals)), np.int64)
        here = values.is_not_null()
        day, time = self._day_and_time(values.filter(here))
        number = day // self.day_step
        if self.time_step:
            per_day = _PER_DAY[self.unit] // self.time_step
            number = number * self.day_step * per_day + time // self.time_step
        tick[here.to_numpy()] = self.line.ticks(number)
        return Batch(tick, code)

    def decode(
        self, batch: Batch, rng: np.random.Generator, fresh: SurrogateStream = FIRST
    ) -> pl.Series:
        """Ticks -> dates of the typed dtype."""
        assert self.line is not None
        number = self.line.number(batch.tick)
        if not self.unit:
            days = pl.Series((number * self.day_step).astype(np.int32))
            return self.presence.decode(days.cast(pl.Date), batch.code)
        physical = number * (self.time_step or self.day_step * _PER_DAY[self.unit])
        return self.presence.decode(pl.Series(physical).cast(self.dtype), batch.code)

    @property
    def missing_level(self) -> int | None:

        return self.presence.missing_level

    def allowed(self, column: Column, tests: Sequence[Test]) -> Allowed:
        """Intervals of the line; a date without a time of day stands for its midnight, in the
        column's zone."""
        return self.presence.allowed(column, tests, self._numbers)

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
            moment = _in_zone(column, moment, self.zone)
        passed = moment.replace(tzinfo=None) - (moment.utcoffset() or dt.timedelta(0)) - _EPOCH
        microseconds = passed // dt.timedelta(microseconds=1)
        return Fraction(microseconds, 86_400_000_000) / self.line.step

    def to_state(self) -> dict[str, Any]:

        return {
            "unit": self.unit,
            "zone": self.zone,
            "weekly": self.weekly,
            "day_step": self.day_step,
            "time_step": self.time_step,
            "absences": list(self.presence.absences),
        }

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> Self:

        codec = cls()
        codec.unit = str(state["unit"])
        codec.zone = state["zone"]
        if codec.unit not in ("", *_PER_DAY):
            raise ValueError("unknown unit of time")
        codec.day_step = int(state["day_step"])
        codec.time_step = int(state["time_step"])
        whole = codec.day_step >= 1 and codec.time_step >= 0
        if not whole or (codec.time_step and _PER_DAY[codec.unit] % codec.time_step):
            raise ValueError("a day is no whole number of steps")
        codec.weekly = None if state["weekly"] is None else int(state["weekly"]) % 7
        if codec.weekly is not None and codec.day_step != 1:
            raise ValueError("weeks have seven days")
        codec.presence = Presence.from_state(state["absences"])
        codec.spec = codec._spec(column)
        return codec


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


def _in_zone(column: Column, moment: dt.datetime, zone: str) -> dt.datetime:
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

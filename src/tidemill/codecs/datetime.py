"""Dates and times as a day and a time of day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self, cast

import numpy as np
import polars as pl

from tidemill.codecs.base import ColumnCodec
from tidemill.codecs.presence import ABSENCES, Presence
from tidemill.core.grid import Batch, Real, Spec
from tidemill.core.run import Run
from tidemill.core.schema import Column

_PER_DAY = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


class DatetimeCodec(ColumnCodec):
    """One real for the day (days since 1970-01-01) and, where times of day occur, one for the time of day.

    Times of day are counted in the largest unit that keeps them all (minutes, seconds, ...). A zone is kept; the days
    and times are those of UTC, so that no hour is doubled or missing.
    """

    unit: str
    zone: str | None
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
        self.day_step = 1 if len(day) < 20 else max(int(np.gcd.reduce(day - day.min())), 1)
        self.day_step = self.day_step if not np.any(day % self.day_step) else 1
        self.time_step = int(np.gcd.reduce(time)) if len(time) else 0
        self.presence = Presence.of(values)
        self.spec = self._spec(column)
        return self

    def _spec(self, column: Column) -> Spec:
        codes = self.presence.codes(column.name)
        presence = 0 if codes else None
        reals = [Real(f"{column.name} day", float(self.day_step), presence)]
        if self.time_step:
            reals.append(Real(f"{column.name} time of day", self.time_step / _PER_DAY[self.unit] * 86_400, presence))
        return Spec(tuple(reals), codes)

    def _day_and_time(self, values: pl.Series) -> tuple[np.ndarray, np.ndarray]:
        """(n,) dates -> (n,) int64 days and (n,) int64 times of day in the column's unit."""
        physical = values.to_physical().cast(pl.Int64).to_numpy()
        if not self.unit:
            return physical, np.zeros(len(physical), np.int64)
        return physical // _PER_DAY[self.unit], physical % _PER_DAY[self.unit]

    def encode(self, values: pl.Series) -> Batch:
        """(n,) dates -> one or two ticks each, 0 where there is none."""
        code = self.presence.encode(values)
        tick = np.zeros((len(values), len(self.spec.reals)), np.int64)
        here = values.is_not_null()
        day, time = self._day_and_time(values.filter(here))
        tick[here.to_numpy(), 0] = day // self.day_step
        if self.time_step:
            tick[here.to_numpy(), 1] = time // self.time_step
        return Batch(tick, code)

    def decode(self, batch: Batch, rng: np.random.Generator) -> pl.Series:
        """Ticks -> dates of the typed dtype."""
        day = batch.tick[:, 0] * self.day_step
        if not self.unit:
            return self.presence.decode(pl.Series(day.astype(np.int32)).cast(pl.Date), batch.code)
        time = batch.tick[:, 1] * self.time_step if self.time_step else 0
        unit = cast(Literal["ms", "us", "ns"], self.unit)
        values = pl.Series(day * _PER_DAY[self.unit] + time).cast(pl.Datetime(unit, self.zone))
        return self.presence.decode(values, batch.code)

    def to_state(self) -> dict[str, Any]:
        """Unit, zone, steps and absences."""
        return {"unit": self.unit, "zone": self.zone, "day_step": self.day_step, "time_step": self.time_step,
                "absences": list(self.presence.absences)}

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> Self:
        """Restored from :meth:`to_state`."""
        codec = cls()
        codec.unit, codec.zone = str(state["unit"]), state["zone"]
        if codec.unit not in ("", *_PER_DAY):
            raise ValueError("unknown unit of time")
        codec.day_step, codec.time_step = int(state["day_step"]), int(state["time_step"])
        codec.presence = Presence(tuple(ABSENCES[ABSENCES.index(name)] for name in state["absences"]))
        codec.spec = codec._spec(column)
        return codec

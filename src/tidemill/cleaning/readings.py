"""How columns of text are read as numbers and dates, so that rows not seen yet are read in the same
way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from tidemill.core import amounts, datetimes
from tidemill.core.schema import Column, Kind, Spelling
from tidemill.core.spelling import Mended
from tidemill.core.states import HasState, from_state

_PLACES = 6


@dataclass(frozen=True)
class ColumnReading(HasState):
    """How a column of text is read from now on.

    Attributes:
        kind: "number" or "datetime".
        whole: Whether its numbers are whole.
        step: The smallest step between its numbers, as in the schema.
        spelling: The marks of its numbers, and how its values are written as text.
        formats: The formats of its dates, or of its times of day and lengths of time (which are
            numbers, seconds), tried in this order; empty for other numbers.
    """

    kind: Kind
    whole: bool
    step: str | None
    spelling: Spelling
    formats: tuple[str, ...] = ()

    @property
    def noun(self) -> str:
        """What it reads, in the plural."""
        if self.kind == "datetime":
            return "dates"
        if self.formats and datetimes.is_duration(self.formats[0]):
            return "lengths of time"
        return "times of day" if self.formats else "numbers"

    def remarks_on(self, values: pl.Series) -> list[str]:
        """What had to be assumed in reading these values, each in words."""
        if self.kind != "datetime" or not self.formats:
            return []
        remarks = datetimes.notes_on(self.formats[0], values)
        orders = {datetimes.month_first(format_) for format_ in self.formats} - {None}
        if orders:
            remarks.append("month before day" if True in orders else "day before month")
        naive = isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone is None
        if naive and any(datetimes.ANY_OFFSET in format_ for format_ in self.formats):
            remarks.append("the local times are kept, and their offsets from UTC are dropped")
        if len(datetimes.zone_words(self.formats)) > 1:
            remarks.append("the local times are kept, and their zones are dropped")
        return remarks

    def dtype_name(self, dtype: pl.DataType) -> str:
        """The dtype as the schema writes it."""
        if isinstance(dtype, pl.Datetime):
            parts = [dtype.time_unit, dtype.time_zone] if dtype.time_zone else [dtype.time_unit]
            return f"Datetime({', '.join(parts)})"
        return "Time(s)" if any(map(datetimes.is_time_of_day, self.formats)) else str(dtype)

    def read(self, text: pl.Series) -> pl.Series:
        """(rows,) The values; null where a cell cannot be read."""
        text = text.str.strip_chars()
        if not self.formats:
            numbers = amounts.read_leniently(text, self.spelling)
            return numbers.cast(pl.Int64 if self.whole else pl.Float64, strict=False)
        return datetimes.read_any(text, self.formats)

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> ColumnReading:
        """The reading that :meth:`to_state` wrote.

        Raises:
            InputError: The state is not one of a reading.
        """
        found: ColumnReading = from_state(ColumnReading, state)
        return found


def kind_of(found: Mended) -> Kind:
    """Whether numbers or dates were found."""
    return "datetime" if found.values.dtype.is_temporal() else "number"


def known(column: Column, values: pl.Series) -> ColumnReading:
    """The reading of a column that is typed already."""
    spelling = column.spelling or Spelling()
    return ColumnReading(
        column.kind,
        values.dtype.is_integer(),
        column.step,
        replace(spelling, missing=""),
        (spelling.datetime,) if spelling.datetime else (),
    )


def found_in(found: Mended) -> ColumnReading:
    """The reading that gives what was found, also for rows not seen yet."""
    kind = kind_of(found)
    whole = found.values.dtype.is_integer()
    step = _step(found.values) if kind == "number" else None
    return ColumnReading(kind, whole, step, found.spelling, found.formats)


def _step(values: pl.Series) -> str | None:
    """The unit of the last decimal that occurs, as a decimal text; None beyond six decimals."""
    if values.dtype.is_integer():
        return "1"
    for places in range(_PLACES + 1):
        if (values.round(places) == values).all():
            return f"{10.0**-places:.{places}f}"
    return None

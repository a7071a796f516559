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

_SAMPLE = 200
_PLACES = 6


@dataclass(frozen=True)
class ColumnReading(HasState):
    """How a column of text is read from now on.

    Attributes:
        kind: "number" or "datetime".
        whole: Whether its numbers are whole.
        step: The smallest step between its numbers, as in the schema.
        spelling: The marks of its numbers, and how its values are written as text.
        formats: The formats of its dates, or of its times of day (which are numbers, seconds since
            midnight), tried in this order; empty for other numbers.
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
        return "times of day" if self.formats else "numbers"

    def dtype_name(self, dtype: pl.DataType) -> str:
        """The dtype as the schema writes it."""
        if isinstance(dtype, pl.Datetime):
            parts = [dtype.time_unit, dtype.time_zone] if dtype.time_zone else [dtype.time_unit]
            return f"Datetime({', '.join(parts)})"
        return "Time(s)" if self.kind == "number" and self.formats else str(dtype)

    def read(self, text: pl.Series) -> pl.Series:
        """(rows,) The values; null where a cell cannot be read."""
        text = text.str.strip_chars()
        if not self.formats:
            numbers = amounts.read_leniently(text, self.spelling)
            return numbers.cast(pl.Int64 if self.whole else pl.Float64, strict=False)
        dtype = datetimes.lenient_dtype(self.formats) if self.kind == "datetime" else pl.Int64()
        columns = [datetimes.read(text, dtype, format_) for format_ in self.formats]
        return pl.select(pl.coalesce(columns).alias(text.name)).to_series()

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


def found_in(column: Column, text: pl.Series, found: Mended) -> ColumnReading:
    """The reading that gives what was found, also for rows not seen yet."""
    kind = kind_of(found)
    whole = found.values.dtype.is_integer()
    if kind == "number":
        return ColumnReading(kind, whole, _step(found.values), found.spelling)
    read = found.values.is_not_null()
    cells, values = text.str.strip_chars().filter(read), found.values.filter(read)
    sample = cells.gather_every(max(1, len(cells) // _SAMPLE)).to_list()
    counts = {}
    for format_ in datetimes.lenient_formats(sample, column.name):
        agreeing = _agreeing(cells, values, format_)
        if agreeing:
            counts[format_] = agreeing
    formats = sorted(counts, key=lambda format_: -counts[format_])
    return ColumnReading(kind, whole, None, found.spelling, tuple(formats))


def _agreeing(cells: pl.Series, values: pl.Series, format_: str) -> int:
    """Cells that a format reads; 0 if it reads one of them otherwise (as 3 April and not as 4
    March)."""
    read = datetimes.read(cells, values.dtype, format_)
    return 0 if (read != values).any() else read.count()


def _step(values: pl.Series) -> str | None:
    """The unit of the last decimal that occurs, as a decimal text; None beyond six decimals."""
    if values.dtype.is_integer():
        return "1"
    for places in range(_PLACES + 1):
        if (values.round(places) == values).all():
            return f"{10.0**-places:.{places}f}"
    return None

"""What may be shown of a column to people who were not given its rows: what enough persons share,
and everything else rounded."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.columns import by_name
from tidemill.core.dataset import Dataset
from tidemill.core.persons import FEWEST_PERSONS, is_of_enough, persons_of
from tidemill.core.schema import Column
from tidemill.core.words import format_value

RARE = "a rare value"
HIDDEN = "not shown"
_PARTS = 20
"""An end is rounded to about so many parts of what lies between both."""
_LEAST = 1e-290
"""What is smaller is 0 to whoever reads it, and has no power of ten to be divided by."""
_YEARS = dt.timedelta(days=3 * 366)
"""Dates further apart are rounded to years, else to months."""


@dataclass(frozen=True, eq=False)
class ShownColumn:
    """One column, and whose its rows are.

    Attributes:
        column: What it is.
        values: Its cells.
        persons: (n,) the number of each row's person; None where each row is one of its own.
    """

    column: Column
    values: pl.Series
    persons: NDArray[np.int64] | None = None

    @property
    def hidden(self) -> bool:
        """Whether none of its values may be shown, however many share it."""
        return is_hidden(self.column)

    def shared(self) -> pl.Series:
        """The values that enough persons share, in order."""
        return shared_values(self.values, self.persons)

    def is_shared(self, value: Any) -> bool:
        """Whether enough persons share a value."""
        if value is None:
            return True
        rows = (self.values == value).fill_null(False).to_numpy()
        return is_of_enough(rows, self.persons)

    def said(self, value: Any) -> str:
        """A value as a sentence may have it: as it is where enough persons share it, else rounded.

        Example:
            >>> ages = pl.Series([40.0] * 5 + [63.45, 98_765.4])
            >>> shown = ShownColumn(Column("age", "number"), ages)
            >>> shown.said(40), shown.said(63.45), shown.said(98_765.4)
            ('40', '60 to 70', '90,000 to 100,000')
        """
        if self.hidden:
            return HIDDEN
        if isinstance(value, bool) or self.is_shared(value):
            return format_value(value)
        return rounded(value)

    def extent(self) -> tuple[str, str] | None:
        """The smallest and the largest value, rounded outward where fewer share them; None where
        there is none or none may be shown."""
        if self.hidden:
            return None
        known = self.values.drop_nulls()
        if known.dtype.is_float():
            known = known.filter(known.is_finite())
        if not len(known):
            return None
        low, high = known.min(), known.max()
        below, above = rounded_ends(low, high)
        return (
            format_value(low) if self.is_shared(low) else below,
            format_value(high) if self.is_shared(high) else above,
        )


def shown_columns(data: Dataset, names: Iterable[str]) -> dict[str, ShownColumn]:
    """Columns of a table by name, whose rows are persons' or of its entities."""
    persons = persons_of(data)
    return {name: ShownColumn(data.schema[name], data[name], persons) for name in names}


def persons_of_parts(parts: Sequence[Dataset]) -> NDArray[np.int64] | None:
    """(rows,) the number of each row's person, of the parts of a table one below the other."""
    first = parts[0]
    frames = [part.frame.select(by_name(*first.schema.names)) for part in parts]
    whole = pl.concat(frames, how="vertical_relaxed")
    return persons_of(replace(first, frame=whole, origin=None, places=None))


def is_hidden(column: Column) -> bool:
    """Whether no value of a column may be shown: it holds personal data that the user does not
    want to keep, or texts or ids, of which each may be one person's."""
    if column.kind in ("text", "id"):
        return True
    return is_personal(column)


def is_personal(column: Column) -> bool:
    """Whether a column holds personal data that the user did not ask to keep."""
    return bool(column.personal) and not column.kept


def shared_values(values: pl.Series, persons: NDArray[np.int64] | None = None) -> pl.Series:
    """The different values that enough persons share, in order.

    Example:
        >>> shared_values(pl.Series(["a"] * 5 + ["b"] * 4)).to_list()
        ['a']
        >>> shared_values(pl.Series(["a"] * 5), np.zeros(5, np.int64)).to_list()
        []
    """
    frame = pl.DataFrame({"value": values, "person": np.arange(len(values))})
    if persons is not None:
        frame = frame.with_columns(pl.Series("person", persons)).unique()
    counts = frame.drop_nulls("value").group_by("value").agg(pl.len())
    return counts.filter(pl.col("len") >= FEWEST_PERSONS)["value"].sort()


def rounded(value: Any) -> str:
    """A value of one person, rounded so far that it does not point to that person.

    Example:
        >>> rounded(98_765.43), rounded(-8172), rounded(0.37), rounded(90_000)
        ('90,000 to 100,000', '-9000 to -8000', '0.3 to 0.4', '80,000 to 100,000')
        >>> rounded(dt.date(1903, 2, 11)), rounded("Xanthopolis")
        ('1903', 'a rare value')
    """
    if isinstance(value, dt.date):
        return f"{value.year:04d}"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return RARE
    if not math.isfinite(value):
        return format_value(value)
    if abs(value) < _LEAST:
        return "0"
    unit = 10.0 ** math.floor(math.log10(abs(value)))
    low, high = math.floor(value / unit), math.ceil(value / unit)
    if low == high:
        low, high = low - 1, high + 1
    # a unit smaller than one is no exact float, so its multiples are rounded once more
    ends = [format_value(float(f"{end * unit:.12g}")) for end in (low, high)]
    return f"{ends[0]} to {ends[1]}"


def rounded_ends(low: Any, high: Any) -> tuple[str, str]:
    """Both ends of a column rounded outward, so that neither is a value of one row; 0 stays, and
    what lies on one side of it.

    Example:
        >>> rounded_ends(0.37, 98_765.43), rounded_ends(18, 90)
        (('0', '100,000'), ('15', '95'))
        >>> rounded_ends(0, 7), rounded_ends(-3, 40)
        (('0', '8'), ('-5', '45'))
        >>> rounded_ends(dt.date(1903, 2, 11), dt.date(2000, 3, 10))
        ('1903', '2000')
        >>> rounded_ends(dt.datetime(2024, 3, 5, 7), dt.datetime(2024, 11, 30))
        ('2024-03', '2024-11')
    """
    if isinstance(low, dt.date):
        form = "%Y" if high - low > _YEARS else "%Y-%m"
        return _day(low, form), _day(high, form)
    least = 1.0 if isinstance(low, int) and isinstance(high, int) else 0.0
    low, high = float(low), float(high)
    width = high - low
    if not math.isfinite(width) or width < _LEAST:
        return _around(low), _around(high)
    unit = max(_round_unit(width / _PARTS), least)
    first, last = math.floor(low / unit), math.ceil(high / unit)
    if first * unit == low != 0:
        first -= 1
    if last * unit == high != 0:
        last += 1
    return _multiple(first, unit), _multiple(last, unit)


def separating(below: Any, above: Any) -> Any:
    """The roundest value above one value and not above another, so that a bound between them tells
    neither.

    Example:
        >>> separating(192.54, 98_765.43), separating(3, 7), separating(-8172.6, -3.2)
        (50000.0, 5, -5000.0)
        >>> separating(dt.date(2023, 2, 28), dt.date(2033, 8, 19))
        datetime.date(2024, 1, 1)
    """
    if isinstance(below, dt.date):
        for later in _beginnings(below):
            if later < above:
                return later
        return below + (above - below) / 2
    low, high = float(below), float(above)
    if not low < high or not _LEAST < high - low < 1 / _LEAST:
        return above
    power = math.floor(math.log10(high - low)) + 1
    for exponent in range(min(power + 16, 300), power - 3, -1):
        for factor in (5, 2, 1):
            unit = factor * 10.0**exponent
            cut = float(f"{(math.floor(low / unit) + 1) * unit:.12g}")
            if low < cut < high:
                return int(cut) if isinstance(above, int) and cut.is_integer() else cut
    return low + (high - low) / 2


def _day(day: dt.date, form: str) -> str:
    return f"{day.year:04d}" if form == "%Y" else f"{day.year:04d}-{day.month:02d}"


def _beginnings(day: dt.date) -> list[dt.date]:
    """The next beginnings of a year, a month and a day behind a day or moment."""
    if day.year == dt.MAXYEAR:
        return []
    month = day.replace(day=1) + dt.timedelta(days=32)
    found = [day.replace(year=day.year + 1, month=1, day=1), month.replace(day=1)]
    found.append(day + dt.timedelta(days=1))
    if not isinstance(day, dt.datetime):
        return found
    return [dt.datetime(one.year, one.month, one.day, tzinfo=day.tzinfo) for one in found]


def _round_unit(least: float) -> float:
    """The smallest of 1, 2, 5 and 10 times a power of ten that is not below a number."""
    power = 10.0 ** math.floor(math.log10(least))
    factor = next(part for part in (1, 2, 5, 10) if part * power >= least * (1 - 1e-9))
    return float(factor * power)


def _multiple(times: int, unit: float) -> str:
    return format_value(float(f"{times * unit:.12g}"))


def _around(value: float) -> str:
    return format_value(value) if value == 0 or not math.isfinite(value) else rounded(value)

"""Single values of a column in four tables, written so that equal ones are found equal: whatever
their case, blanks and signs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.schema import Column

MOST_PLACES = 6
MOSTLY = 0.8
"""A step is that of a column where so many of its different values are multiples of it."""
_DAY = 86_400_000_000
_LARGEST = 2.0**53


@dataclass(frozen=True)
class Values:
    """The known values of one column in one table.

    Attributes:
        name: Of the column.
        known: Whole numbers of ticks, numbers, or texts; without what is missing.
        places: In which row each is.
        steps: Of numbers, the steps whose multiples an amount may be made of: look-alikes change
            what is left over beyond one of them.
        exact: Whether the numbers are so precise that two are not equal by chance.
        rows: Rows of the table.
    """

    name: str
    known: NDArray[Any]
    places: NDArray[np.int64]
    steps: tuple[int, ...]
    exact: bool
    rows: int

    def __len__(self) -> int:
        return self.rows

    @property
    def are_numbers(self) -> bool:
        """Whether these are numbers or dates."""
        return bool(self.steps) or self.exact


def values_of(parts: Sequence[pl.Series | None], column: Column) -> list[Values]:
    """The values of the column in each table, comparable with each other; none where it is not."""
    series = [pl.Series(column.name, [], pl.Null) if part is None else part for part in parts]
    if any(part.dtype.is_temporal() for part in series):
        plain, steps, exact = _moments(series)
    elif all(part.dtype.is_numeric() or part.dtype == pl.Null for part in series):
        plain, steps, exact = _numbers(series)
    else:
        plain, steps, exact = [_written_plainly(part) for part in series], (), False
    found = []
    for values in plain:
        here = np.flatnonzero(values.is_not_null().to_numpy())
        known = values.drop_nulls()
        array = known.to_numpy() if known.dtype.is_numeric() else np.asarray(known.to_list(), "U")
        found.append(Values(column.name, array, here, steps, exact, len(values)))
    return found


def _written_plainly(values: pl.Series) -> pl.Series:
    """Texts in lower case, with one blank in the place of blanks and signs."""
    texts = values.cast(pl.String).str.normalize("NFKC").str.to_lowercase()
    plain = texts.str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()
    return plain.set(plain == "", None)


def _moments(series: list[pl.Series]) -> tuple[list[pl.Series], tuple[int, ...], bool]:
    """Days, or microseconds where there are times of day."""
    moments = []
    for part in series:
        if part.dtype.is_temporal():
            moments.append(part.dt.epoch("us"))
        else:
            moments.append(pl.Series(part.name, [None] * len(part), pl.Int64))
    if all((part.drop_nulls() % _DAY == 0).all() for part in moments):
        return [part // _DAY for part in moments], (7, 28, 364), False
    return moments, (60_000_000, 3_600_000_000, _DAY), False


def _numbers(series: list[pl.Series]) -> tuple[list[pl.Series], tuple[int, ...], bool]:
    """Whole numbers of the smallest decimal step, or the numbers themselves where there is none."""
    if all(part.dtype.is_integer() or part.dtype == pl.Null for part in series):
        whole = [part.cast(pl.Int64, strict=False) for part in series]
        return whole, _powers(whole[0]), False
    floats = [part.cast(pl.Float64) for part in series]
    floats = [part.set(~part.is_finite(), None) for part in floats]
    largest = max((float(part.abs().max() or 0) for part in floats), default=0.0)  # type: ignore[arg-type]
    ours = floats[0].drop_nulls()
    for places in range(MOST_PLACES + 1):
        if largest * 10**places > _LARGEST:
            break
        scaled = ours * 10**places
        if ((scaled - scaled.round()).abs() <= 1e-6 * (1 + scaled.abs() * 1e-6)).all():
            ticks = [(part * 10**places).round() for part in floats]
            # what lies between two ticks is none of ours
            kept = [
                part.set((part - each * 10**places).abs() > 1e-3, None).cast(pl.Int64)
                for part, each in zip(ticks, floats, strict=True)
            ]
            return kept, _powers(kept[0]), False
    return floats, (), True


def _powers(values: pl.Series) -> tuple[int, ...]:
    """10, 100 and 1,000 times the step in which most numbers are written, as far as they reach
    beyond."""
    known = values.drop_nulls().to_numpy()
    if not len(known):
        return (10,)
    step = max(1, int(np.gcd.reduce(known)))
    reach = int(known.max()) - int(known.min())
    # a few finer values, such as 2.109999 among whole numbers, do not say how most are written
    different = np.unique(known)
    while 10 * step <= reach and np.mean(different % (10 * step) == 0) >= MOSTLY:
        step *= 10
    powers = (10 * step, 100 * step, 1000 * step)
    return tuple(power for power in powers if power <= reach) or powers[:1]

"""How columns of a database are asked for, and what their values become.

Each dialect says for every column what to select and in which dtype it is at the door. What
depends on the values (whether days are of the calendar, how many digits numbers have) is asked of
the database first, in one query, so that nothing is changed on the way without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from tidemill.core.run import Run
from tidemill.core.strftime import NANOSECONDS
from tidemill.core.words import shortlist
from tidemill.io.names import named
from tidemill.io.source import KnownColumn, Raw

MOST_DIGITS = 38
"""Of an exact decimal number."""
UTC = pl.Datetime("us", "UTC")
LOCAL = pl.Datetime("us")
_MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Pick:
    """A column as it is asked for.

    Attributes:
        name: The column.
        sql: What is selected, in the words of the dialect.
        dtype: What its values become.
        told: What is told of it, behind its name; "" for nothing.
        aside: Why it is left out of everything; "" where it is not.
    """

    name: str
    sql: str
    dtype: pl.DataType
    told: str = ""
    aside: str = ""


@dataclass(frozen=True)
class Inquiry:
    """A column that depends on its values.

    Attributes:
        asks: What is asked of the whole table first, in the words of the dialect.
        then: What is selected, given the answers.
    """

    asks: tuple[str, ...]
    then: Callable[[Sequence[Any]], Pick]


def unless(ask: str, usual: Pick, otherwise: Pick) -> Inquiry:
    """A column that is read otherwise where something is true of its values."""
    return Inquiry((ask,), lambda said: otherwise if said[0] else usual)


def decided(
    questions: Sequence[Pick | Inquiry], ask: Callable[[list[str]], Sequence[Any]]
) -> list[Pick]:
    """What is selected of each column.

    Args:
        questions: Of all columns.
        ask: Gives the answers to what is asked of a table.
    """
    asks = [text for one in questions if isinstance(one, Inquiry) for text in one.asks]
    answers = list(ask(asks)) if asks else []
    picks = []
    for one in questions:
        if isinstance(one, Inquiry):
            mine, answers = answers[: len(one.asks)], answers[len(one.asks) :]
            one = one.then(mine)
        picks.append(one)
    return picks


def decimals(name: str, sql: str, text: str, precision: int, scale: int) -> Pick:
    """Decimal numbers: exact where they have at most 38 digits, else as text.

    Args:
        name: The column.
        sql: What is selected.
        text: What is selected where there are more digits.
        precision, scale: Digits of the longest number, and those behind the point.
    """
    if precision <= MOST_DIGITS:
        return Pick(name, sql, pl.Decimal(precision, scale))
    why = f"holds numbers of {precision} digits, more than {MOST_DIGITS}: it was read as text"
    return Pick(name, text, pl.String(), told=why)


def raw_of(frame: pl.DataFrame, picks: Iterable[Pick], table: str, where: str, run: Run) -> Raw:
    """A table at the door, with what is told of its columns.

    Args:
        frame: The columns, in the order of the picks.
        picks: How they were asked for.
        table: Its name.
        where: For messages.
        run: Takes the warnings.
    """
    picks = list(picks)
    frame.columns = names = named([pick.name for pick in picks], where, run)
    known = {}
    for name, pick in zip(names, picks, strict=True):
        if pick.told:
            run.warn(f"The column '{name}' of '{table}' {pick.told}.", "read")
        if pick.aside:
            known[name] = KnownColumn(None, "ignore", pick.aside)
    if known:
        why = [f"'{name}' ({one.reason})" for name, one in known.items()]
        run.warn(f"Of '{table}' these are left out of everything: {shortlist(why, 8)}.", "read")
    return Raw(frame, name=table, known=known)


def settled(values: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Texts as a database spells values, in the dtype that they are of; all else as it is.

    Raises:
        PolarsError: A text is no such value.

    Example:
        >>> settled(pl.Series(["2024-02-29 10:00:00.5"]), LOCAL).to_list()
        [datetime.datetime(2024, 2, 29, 10, 0, 0, 500000)]
        >>> settled(pl.Series(["-25:00:00.5"]), pl.Duration("us")).to_list()
        [datetime.timedelta(days=-2, seconds=82799, microseconds=500000)]
    """
    if values.dtype == dtype:
        return values
    if values.dtype != pl.String:
        return values.cast(dtype)
    if dtype == pl.Boolean:
        return values.is_in(["1", "t", "true"])
    if dtype == pl.Date:
        return values.str.to_date("%Y-%m-%d")
    if isinstance(dtype, pl.Datetime):
        moments = values.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us")
        return moments.dt.replace_time_zone(dtype.time_zone)
    if dtype == pl.Time:
        return values.str.to_time("%H:%M:%S%.f")
    if isinstance(dtype, pl.Duration):
        return _durations(values)
    if dtype == pl.Binary:
        return values.str.decode("hex")
    return values.cast(dtype)


def _durations(values: pl.Series) -> pl.Series:
    """Hours, minutes and seconds, the hours of any number."""
    parts = values.str.extract_groups(r"^(-?)(\d+):(\d+):(\d+)(?:\.(\d+))?$").struct.unnest()
    names = parts.columns
    whole = [parts[name].cast(pl.Int64) for name in names[1:4]]
    rest = parts[names[4]].fill_null("0").str.pad_end(6, "0").cast(pl.Int64)
    ticks = ((whole[0] * 60 + whole[1]) * 60 + whole[2]) * _MICROSECONDS + rest
    signed = pl.select(pl.when(parts[names[0]] == "-").then(-ticks).otherwise(ticks)).to_series()
    return signed.cast(pl.Duration("us")).alias(values.name)


def joined(chunks: Sequence[pl.DataFrame], picks: Sequence[Pick]) -> pl.DataFrame:
    """Parts of a table one below the other; without a part, the columns without rows."""
    if chunks:
        return pl.concat(chunks, rechunk=False)
    return pl.DataFrame({str(at): pl.Series(dtype=one.dtype) for at, one in enumerate(picks)})


def as_time_of_day(durations: pl.Series) -> pl.Series:
    """Times of day that were counted from midnight."""
    return (durations.to_physical() * (NANOSECONDS // _MICROSECONDS)).cast(pl.Time)

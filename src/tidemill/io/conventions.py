"""How a file writes its numbers and dates: one column that proves it settles the others."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from tidemill.core import datetimes, numerals
from tidemill.core.conventions import Conventions
from tidemill.core.run import Run
from tidemill.core.schema import Spelling
from tidemill.core.spelling import spelled
from tidemill.core.words import plural, shortlist


def conventions_of(
    columns: Iterable[pl.Series], decimal: str | None = None, delimiter: str = ""
) -> Conventions:
    """What the columns of text of one file prove together.

    Columns that contradict each other prove nothing.

    Args:
        columns: Of text.
        decimal: The decimal mark, where the user says it.
        delimiter: What parts the fields of the file; a semicolon makes a decimal comma likely, as
            the comma is not free there.

    Example:
        >>> found = conventions_of([pl.Series("price", ["19,47"]), pl.Series("items", ["2.155"])])
        >>> found.decimal, found.either_mark
        (',', ('items',))
    """
    columns = tuple(columns)
    orders = {column.name: datetimes.order_shown(column) for column in columns}
    first = set(orders.values()) & {"day", "month"}
    shown = {column.name: numerals.decimal_shown(column) for column in columns}
    marks = set(shown.values()) & {".", ","}
    if decimal is None and len(marks) == 1:
        [decimal] = marks
    return Conventions(
        decimal=decimal,
        likely_decimal="," if delimiter == ";" and not marks else ".",
        month_first=first == {"month"} if len(first) == 1 else None,
        either_mark=tuple(name for name, mark in shown.items() if mark == "either"),
        either_order=tuple(name for name, order in orders.items() if order == "either"),
    )


def contradicts(conventions: Conventions, spelling: Spelling) -> bool:
    """Whether a file proves that its marks, or its order of day and month, are not those of a
    spelling.

    Example:
        >>> contradicts(Conventions(decimal=","), Spelling()), contradicts(
        ...     Conventions(decimal=","), Spelling(datetime="%m/%d/%Y"))
        (True, False)
    """
    if spelling.datetime:
        month_first = datetimes.month_first(spelling.datetime)
        return None not in (month_first, conventions.month_first) and (
            month_first != conventions.month_first
        )
    return conventions.decimal is not None and conventions.decimal != spelling.decimal


def read_again(
    values: pl.Series, theirs: Spelling, ours: Spelling, dtype: pl.DataType
) -> pl.Series | None:
    """A column read as another one is written; None where a value cannot be.

    Args:
        values: As they were read.
        theirs: How they are written.
        ours: How they are to be read.
        dtype: Of the other column.
    """
    text = values
    if values.dtype != pl.String:
        text = spelled(values, theirs).set(values.is_null(), None)
    if dtype == pl.String:
        return text
    if ours.datetime:
        again = datetimes.read(text, dtype, ours.datetime)
    elif dtype == pl.Boolean:
        words = {ours.true: True, ours.false: False}
        again = text.replace_strict(words, default=None, return_dtype=pl.Boolean)
    else:
        again = numerals.read(text, dtype, ours)
    return again.alias(values.name) if again.null_count() == values.null_count() else None


def warn_undecided_order(conventions: Conventions, dates: Iterable[pl.Series], run: Run) -> None:
    """Say once in which columns of dates day and month could be exchanged, as nothing tells.

    Dates that all fall on one or two days of the month tell it themselves, and dots do.

    Args:
        conventions: Of the file.
        dates: The columns that were read as dates.
        run: Takes the warning.
    """
    if conventions.month_first is not None:
        return
    names = [
        column.name
        for column in dates
        if column.name in conventions.either_order and not datetimes.day_tells(column)
    ]
    if names:
        run.warn(
            f"Nothing in the file tells whether the day or the month comes first in the dates of "
            f"{plural(len(names), 'column')} ({shortlist(names, 8)}); each reason says what was "
            "taken. If that is wrong, give the dates with the year first.",
            "read",
        )


def warn_undecided(conventions: Conventions, numbers: Iterable[str], run: Run) -> None:
    """Say once which columns of numbers could be read in two ways, as nothing in the file tells.

    Args:
        conventions: Of the file.
        numbers: The columns that were read as numbers.
        run: Takes the warning.
    """
    if conventions.decimal is not None:
        return
    names = [name for name in numbers if name in conventions.either_mark]
    if names:
        counted = plural(len(names), "column")
        run.warn(
            f"Nothing in the file tells whether '.' or ',' is its decimal mark, and each number of "
            f"{counted} ({shortlist(names, 8)}) could be read in both ways; "
            f"'{conventions.likely_decimal}' was taken. If that is wrong, the numbers are wrong by "
            "a factor of 1,000: write ?decimal=, or ?decimal=. behind the name of a text file.",
            "read",
        )

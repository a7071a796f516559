"""How a file writes its numbers and dates: one column that proves it settles the others."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from tidemill.core import numerals
from tidemill.core.conventions import Conventions
from tidemill.core.run import Run
from tidemill.core.words import plural, shortlist


def conventions_of(columns: Iterable[pl.Series]) -> Conventions:
    """What the columns of text of one file prove together.

    Columns that contradict each other prove nothing.

    Example:
        >>> conventions_of([pl.Series("price", ["19,47"]), pl.Series("items", ["2.155"])])
        Conventions(decimal=',', month_first=None, either_mark=('items',))
    """
    shown = {column.name: numerals.decimal_shown(column) for column in columns}
    marks = set(shown.values()) & {".", ","}
    return Conventions(
        decimal=marks.pop() if len(marks) == 1 else None,
        either_mark=tuple(name for name, mark in shown.items() if mark == "either"),
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
            f"{counted} ({shortlist(names, 8)}) could be read in both ways; '.' was taken. If that "
            "is wrong, the numbers are wrong by a factor of 1,000.",
            "read",
        )

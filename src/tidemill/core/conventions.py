"""How one file writes its numbers and dates, as far as its columns prove it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Conventions:
    """What holds for all columns of one file, so that a column that could be read in two ways is
    read as the others are.

    Attributes:
        decimal: The decimal mark that columns prove, "." or ","; None where none does, or where
            they contradict each other.
        likely_decimal: The decimal mark that is taken where none is proven.
        month_first: Whether the month stands before the day, as columns prove; None likewise.
        either_mark: Columns of which each number could be read in two ways ("2.155" is two thousand
            or two).
        either_order: Columns of which each date could be read in two ways ("02/03/2024" is in March
            or in February).
    """

    decimal: str | None = None
    likely_decimal: str = "."
    month_first: bool | None = None
    either_mark: tuple[str, ...] = ()
    either_order: tuple[str, ...] = ()


UNKNOWN = Conventions()

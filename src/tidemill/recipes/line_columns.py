"""Columns of sales lines, as numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.words import percent, plural
from tidemill.supervised.arrays import Floats, as_floats

Columns = Mapping[str, tuple[str, ...]]
"""What the recipe asks for -> the columns that hold it."""

REPEATED = 0.01
"""The share of lines that are equal to others from which on the page says so."""


def line_numbers(data: Dataset, name: str) -> Floats:
    """(n,) a column's numbers; NaN where one is missing.

    Raises:
        DataError: It holds no numbers.
    """
    if len(data) and data[name].null_count() == len(data):
        raise DataError(
            "it has no value at all",
            where=f"{data.name}, column '{name}'",
            hint="name another column",
        )
    if not data[name].dtype.is_numeric():
        raise DataError(
            "it holds no numbers",
            where=f"{data.name}, column '{name}'",
            hint="name a column that holds numbers",
        )
    return as_floats(data[name])


def price_of_a_piece(data: Dataset, columns: Columns, quantity: Floats) -> Floats | None:
    """(n,) what a piece cost, by the column of prices or that of money; None without either.

    Raises:
        DataError: Both are named, or one holds no numbers.
    """
    _one_of_two(data, columns)
    if columns["price"]:
        return line_numbers(data, columns["price"][0])
    if not columns["money"]:
        return None
    money = line_numbers(data, columns["money"][0])
    return np.divide(money, quantity, out=np.full(len(money), np.nan), where=quantity != 0)


def money_of_a_line(data: Dataset, columns: Columns) -> Floats | None:
    """(n,) what a line cost in all, by the column of money or those of price and quantity; None
    without them.

    Raises:
        DataError: Money and price are named, or one holds no numbers.
    """
    _one_of_two(data, columns)
    if columns["money"]:
        return line_numbers(data, columns["money"][0])
    if not columns["price"]:
        return None
    price = line_numbers(data, columns["price"][0])
    return price * line_numbers(data, columns["quantity"][0]) if columns["quantity"] else price


def _one_of_two(data: Dataset, columns: Columns) -> None:
    if columns["price"] and columns["money"]:
        raise DataError(
            "both the price of a piece and the money of a line are named",
            where=data.name,
            hint="name one of them: option 'column=price=COL' or option 'column=money=COL'",
        )


def repeated_lines(data: Dataset) -> tuple[str, ...]:
    """A sentence where many lines stand in the table more than once."""
    again = len(data) - data.frame.n_unique() if len(data) else 0
    if again <= REPEATED * len(data):
        return ()
    return (
        f"{percent(again, len(data))} of the lines are equal to an earlier one in all columns, and "
        "count as further sales: if the table holds lines twice, remove them.",
    )


def promotion_marks(data: Dataset, name: str) -> tuple[Floats, str]:
    """(n,) 1 where a line was on promotion, 0 where it was not, NaN where nothing is known; and how
    the column was read.

    Raises:
        DataError: Nothing says which of its values are promotions.
    """
    values = data[name]
    if values.dtype == pl.Boolean:
        return values.cast(pl.Float64).fill_null(float("nan")).to_numpy(), ""
    if values.dtype.is_numeric():
        numbers = as_floats(values)
        marks = np.where(np.isnan(numbers), np.nan, (numbers != 0).astype(float))
        return marks, f"Lines with another '{name}' than 0 count as on promotion."
    texts = values.cast(pl.String).alias("value")
    counts = texts.drop_nulls().value_counts(name="lines").sort("lines", "value")
    if counts.height != 2:
        raise DataError(
            f"it holds {plural(counts.height, 'different text')}, and nothing says which are "
            "promotions",
            where=f"{data.name}, column '{name}'",
            hint="give a column of 0 and 1, of yes and no, or of discounts",
        )
    rare = counts["value"][0]
    marks = (texts == rare).cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return marks, f"'{rare}', the rarer value of '{name}', counts as on promotion."

"""Lines of prices, as recipes about markets ask for them."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.recipes.base import RecipeColumn
from tidemill.supervised.arrays import as_floats

PRICE_COLUMNS = (
    RecipeColumn("entity", "which asset a row is of", required=False),
    RecipeColumn("time", "the day"),
    RecipeColumn("price", "the price, adjusted for splits and dividends"),
)


def price_lines(data: Dataset, columns: Mapping[str, tuple[str, ...]]) -> pl.DataFrame:
    """A line for each asset and time: "asset", "time" and "price", as
    :func:`tidemill.markets.history.history` takes them. Without an asset's column, all lines are of
    one asset, which is called as the column of prices.

    Raises:
        DataError: The time is no date, or the price no number.
    """
    [time], [price] = columns["time"], columns["price"]
    if not data[time].dtype.is_temporal():
        raise DataError(
            "it holds no dates",
            where=f"{data.name}, column '{time}'",
            hint="name the column that says the day, with dates as 2024-03-01",
        )
    assets = pl.repeat(price, len(data), eager=True)
    if columns["entity"]:
        assets = data[columns["entity"][0]].cast(pl.String)
    return pl.DataFrame({"asset": assets, "time": data[time], "price": numbers_of(data, price)})


def numbers_of(data: Dataset, name: str) -> pl.Series:
    """A column of numbers.

    Raises:
        DataError: It is not.
    """
    if not data[name].dtype.is_numeric():
        raise DataError(
            "it holds no numbers",
            where=f"{data.name}, column '{name}'",
            hint="name a column that holds numbers",
        )
    return pl.Series(as_floats(data[name]))


def last_of_each(lines: pl.DataFrame, values: pl.Series) -> dict[str, object]:
    """Asset -> its last value.

    Args:
        lines: As :func:`price_lines` gives them.
        values: Of the same lines.
    """
    known = lines.with_columns(value=values).sort("time").group_by("asset", maintain_order=True)
    return dict(known.agg(pl.col("value").last()).iter_rows())

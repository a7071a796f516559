"""A table with what its links tell: the columns of the rows that its rows point to, and summaries
of the rows that point to its own."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from tidemill.core.columns import by_name
from tidemill.core.database import Database, Link, naming
from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column

MOST_LEVELS = 5
"""Of a category, the shares of so many levels are told ..."""
LEAST_SHARE = 0.05
"""... each of which at least this share of the rows has."""


def with_links(database: Database, name: str) -> pl.DataFrame:
    """The rows of a table in their order, with further columns by their links, one step far.

    Of a row that it points to: its columns but for keys, names and texts ("customers: town"); where
    several rows have that key, of the first. Of rows that point to
    it: how many there are ("orders: rows"), and of their columns the mean and the standard
    deviation of numbers, the shares of the most frequent levels, and the first and the last
    time ("orders: mean of paid", "orders: share of status = returned"). They are empty where there
    is no such row, and the number of rows is then 0.

    Args:
        database: The tables and links.
        name: The table.

    Raises:
        SchemaError: There is no such table.
    """
    own = database[name].frame
    found = own
    for link in database.above(name):
        keys = naming(own, link.columns)
        found = _beside(found, _looked_up(keys, _of_parent(database, link)))
    for link in database.below(name):
        label = database.label(link, link.child)
        told = _looked_up(naming(own, link.to), _of_children(database, link, label))
        found = _beside(found, told.with_columns(by_name(f"{label}: rows").fill_null(0)))
    return found


def _looked_up(keys: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """What the other side tells of each key, in their order; a missing key is told nothing of."""
    told = keys.join(other, on=keys.columns, how="left", maintain_order="left")
    return told.drop(keys.columns)


def _beside(rows: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Rows with further columns; one that is called like a column that is there gets a number."""
    names = list(rows.columns)
    for name in told.columns:
        free, number = name, 2
        while free in names:
            free, number = f"{name} ({number})", number + 1
        names.append(free)
    return rows.hstack(told.rename(dict(zip(told.columns, names[rows.width :], strict=True))))


def _of_parent(database: Database, link: Link) -> pl.DataFrame:
    data = database.tables[link.parent]
    keys = naming(data.frame, link.to)
    label = database.label(link, link.parent)
    own = [
        data.frame[column.name].alias(f"{label}: {column.name}") for column in data.schema.modelled
    ]
    named = keys.hstack(own).drop_nulls(keys.columns)
    return named.unique(keys.columns, keep="first", maintain_order=True)


def _of_children(database: Database, link: Link, label: str) -> pl.DataFrame:
    data = database.tables[link.child]
    keys = naming(data.frame, link.columns)
    columns = data.schema.modelled
    values = [data.frame[column.name].alias(_value(at)) for at, column in enumerate(columns)]
    rows = keys.hstack(values).drop_nulls(keys.columns)
    asked = [pl.len().cast(pl.Int64).alias(f"{label}: rows")]
    for at, column in enumerate(columns):
        asked += _summaries(data, column, by_name(_value(at)), label)
    return rows.group_by(keys.columns, maintain_order=True).agg(asked)


def _value(at: int) -> str:
    return f"value {at}"  # keys are called "0", "1", ...


def _summaries(data: Dataset, column: Column, values: pl.Expr, label: str) -> Iterator[pl.Expr]:
    name = column.name
    if column.kind == "number":
        yield values.mean().alias(f"{label}: mean of {name}")
        yield values.std().alias(f"{label}: spread of {name}")
    elif column.kind == "boolean":
        yield values.mean().alias(f"{label}: share of {name}")
    elif column.kind == "datetime":
        yield values.min().alias(f"{label}: first {name}")
        yield values.max().alias(f"{label}: last {name}")
    elif column.kind == "category" and not column.personal:
        texts = data.frame[name].cast(pl.String).drop_nulls()
        counts = texts.alias("level").value_counts(name="count")
        common = counts.filter(pl.col("count") >= LEAST_SHARE * len(texts))
        ranked = common.sort("count", "level", descending=[True, False])
        for level in ranked["level"].head(MOST_LEVELS):
            share = (values.cast(pl.String) == level).mean()
            yield share.alias(f"{label}: share of {name} = {level}")

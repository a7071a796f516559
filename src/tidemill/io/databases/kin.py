"""A table with what its links tell: the columns of the rows that its rows point to, and summaries
of the rows that point to its own."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from tidemill.core.columns import by_name
from tidemill.core.database import Database, Link
from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column

MOST_LEVELS = 5
"""Of a category, the shares of so many levels are told ..."""
LEAST_SHARE = 0.05
"""... each of which at least this share of the rows has."""
_AT = "row of the table"


def with_links(database: Database, name: str) -> pl.DataFrame:
    """The rows of a table in their order, with further columns by their links, one step far.

    Of a row that it points to: its columns but for keys ("customers: town"). Of rows that point to
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
    rows = database[name].frame.with_row_index(_AT)
    for link in database.above(name):
        rows = _joined(rows, link.columns, _of_parent(database, link))
    for link in database.below(name):
        label = _label(database, link, link.child)
        rows = _joined(rows, link.to, _of_children(database, link, label))
        rows = rows.with_columns(by_name(f"{label}: rows").fill_null(0))
    return rows.sort(_AT).drop(_AT)


def _label(database: Database, link: Link, other: str) -> str:
    """What the columns of the other side are called: by its table, and by the columns that point
    where several links join the two tables."""
    alike = [one for one in database.links if (one.child, one.parent) == (link.child, link.parent)]
    if len(alike) == 1 and link.child != link.parent:
        return other
    return f"{other} by {' + '.join(link.columns)}"


def _joined(rows: pl.DataFrame, columns: tuple[str, ...], other: pl.DataFrame) -> pl.DataFrame:
    """The rows with the columns of others, which are told by their first ones, as texts."""
    on = other.columns[: len(columns)]
    told = rows.with_columns(
        by_name(column).cast(pl.String).alias(key) for column, key in zip(columns, on, strict=True)
    )
    free = [column for column in other.columns if column in on or column not in rows.columns]
    return told.join(other.select(by_name(*free)), on=on, how="left").drop(on)


def _keyed(data: Dataset, columns: tuple[str, ...]) -> tuple[pl.DataFrame, list[str]]:
    """The rows behind what names them, as texts."""
    keys = [f"key {at}" for at in range(len(columns))]
    texts = [
        data.frame[column].cast(pl.String).alias(key)
        for column, key in zip(columns, keys, strict=True)
    ]
    return pl.DataFrame(texts), keys


def _told(data: Dataset) -> list[Column]:
    """The columns that tell something of a row: no keys, names and texts."""
    return list(data.schema.modelled)


def _of_parent(database: Database, link: Link) -> pl.DataFrame:
    data = database.tables[link.parent]
    texts, keys = _keyed(data, link.to)
    label = _label(database, link, link.parent)
    own = [data.frame[column.name].alias(f"{label}: {column.name}") for column in _told(data)]
    return texts.hstack(own).drop_nulls(keys).unique(keys, keep="first", maintain_order=True)


def _of_children(database: Database, link: Link, label: str) -> pl.DataFrame:
    data = database.tables[link.child]
    texts, keys = _keyed(data, link.columns)
    columns = _told(data)
    rows = texts.hstack([data.frame[column.name] for column in columns]).drop_nulls(keys)
    asked = [pl.len().cast(pl.Int64).alias(f"{label}: rows")]
    for column in columns:
        asked += _summaries(data, column, label)
    return rows.group_by(keys, maintain_order=True).agg(asked)


def _summaries(data: Dataset, column: Column, label: str) -> Iterator[pl.Expr]:
    values, name = by_name(column.name), column.name
    if column.kind == "number":
        yield values.mean().alias(f"{label}: mean of {name}")
        yield values.std().alias(f"{label}: spread of {name}")
    elif column.kind == "boolean":
        yield values.mean().alias(f"{label}: share of {name}")
    elif column.kind == "datetime":
        yield values.min().alias(f"{label}: first {name}")
        yield values.max().alias(f"{label}: last {name}")
    elif column.kind == "category":
        texts = data.frame[name].cast(pl.String).drop_nulls()
        counts = texts.alias("level").value_counts(name="count")
        common = counts.filter(pl.col("count") >= LEAST_SHARE * len(texts))
        ranked = common.sort("count", "level", descending=[True, False])
        for level in ranked["level"].head(MOST_LEVELS):
            share = (values.cast(pl.String) == level).mean()
            yield share.alias(f"{label}: share of {name} = {level}")

"""Keys and links that nothing states: found in names and values, each with its reason.

A guess is taken only where nothing speaks against it: a key is whole and unique, and of a link all
values are there and the names are alike. What is alike by name, but not all there, is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import polars as pl

from tidemill.core.database import Database, Link, TableKey
from tidemill.core.dataset import Dataset
from tidemill.core.words import percent
from tidemill.personal.masking import mask

UP = ("parent", "manager", "reports", "reportsto", "supervisor", "boss", "reply", "replyto")
"""What columns are called that point to a row of their own table, with or without what that is
called by."""
ALIKE_ENOUGH = 0.5
"""Of a link that does not hold, at least this share of rows makes it worth telling."""
SMALLEST = 2
TELLING = 3
"""Letters of a name that two columns share for no other reason, at least."""


def keys_of(tables: Mapping[str, Dataset]) -> dict[str, TableKey]:
    """The key of each table that has one: a column that is whole and unique, and called like an id,
    or like its table."""
    found = {}
    for name, table in tables.items():
        unique = [column for column in table.schema.names if _is_unique(table, column)]
        ranked = sorted(unique, key=lambda column: _rank(column, name, table))
        if ranked and _rank(ranked[0], name, table)[0] < _NOT_CALLED_SO:
            why = f"all {len(table):,} values of '{ranked[0]}' differ and none is missing"
            found[name] = TableKey(name, (ranked[0],), why)
    return found


def links_of(
    tables: Mapping[str, Dataset], keys: Mapping[str, TableKey], said: Sequence[Link] = ()
) -> tuple[tuple[Link, ...], list[str]]:
    """The links between tables, and in words those that the names suggest and the values do not
    bear out.

    Args:
        tables: The tables.
        keys: What names their rows; only a key of one column is found to be pointed to.
        said: Links that are known: where their columns point needs no looking for.
    """
    links, doubts = [], []
    known = {(link.child, link.columns) for link in said}
    for child, table in tables.items():
        for column in table.schema.names:
            if (child, (column,)) in known or not _may_point(table, column):
                continue
            held = []
            for link in _named_alike(child, column, tables, keys):
                told = Database(tables, {}, (link,)).holds(link)
                filled = told.rows - told.empty
                if filled and not told.astray:
                    held.append(link)
                elif filled and told.astray <= (1 - ALIKE_ENOUGH) * filled:
                    doubts.append(
                        f"{link} is called like a link, but {told.astray:,} of {filled:,} rows "
                        f"({percent(told.astray / filled)}) point to no row, such as "
                        f"'{mask((told.example or ('',))[0])}'; if it is one, say so with option "
                        f"'link': {_spoken(link)}"
                    )
            if held:  # of several parents, the one that has the fewest further rows
                links.append(min(held, key=lambda link: len(tables[link.parent])))
    return tuple(_one_way(links)), doubts


def _one_way(links: list[Link]) -> list[Link]:
    """Of two tables with the same keys, which point to each other, the later one points."""
    kept: list[Link] = []
    for link in reversed(links):
        back = (link.parent, link.to, link.child, link.columns)
        if all((one.child, one.columns, one.parent, one.to) != back for one in kept):
            kept.append(link)
    return kept[::-1]


def _spoken(link: Link) -> str:
    return f"{link.child}.{link.columns[0]}={link.parent}.{link.to[0]}"


_NOT_CALLED_SO = 3


def _rank(column: str, name: str, table: Dataset) -> tuple[int, int]:
    """How much a column is called like the key of its table: less is more; then its place."""
    plain, own = _plain(column), {_plain(name), _singular(_plain(name))}
    place = table.schema.names.index(column)
    if plain in {"id", "key", *(one + end for one in own for end in ("id", "key", "no", "code"))}:
        return 0, place
    if plain.endswith(("id", "key", "code", "number", "uuid")) and place == 0:
        return 1, place
    if place == 0 and (table.frame[column].dtype == pl.String or table.schema[column].kind == "id"):
        return 2, place
    return _NOT_CALLED_SO, place


def _is_unique(table: Dataset, column: str) -> bool:
    values = table.frame[column]
    if len(values) < SMALLEST or not _may_point(table, column) or values.has_nulls():
        return False
    return values.n_unique() == len(values)


def _may_point(table: Dataset, column: str) -> bool:
    """Whether a column holds what can name a row: whole numbers or texts."""
    values = table.frame[column]
    if values.dtype.is_float():
        return bool((values.drop_nulls() % 1 == 0).all()) and values.count() > 0
    return values.dtype.is_integer() or values.dtype in (pl.String, pl.Categorical)


def _named_alike(
    child: str, column: str, tables: Mapping[str, Dataset], keys: Mapping[str, TableKey]
) -> list[Link]:
    """Links that the names suggest."""
    found = []
    for parent, key in keys.items():
        to = key.columns[0]
        if len(key.columns) > 1 or (child == parent and column == to):
            continue
        why = _why_alike(child, column, parent, to)
        if why:
            rows = f"all values are in '{parent}'"
            found.append(Link(child, (column,), parent, (to,), f"{why}, and {rows}"))
    return found


def _why_alike(child: str, column: str, parent: str, to: str) -> str:
    """Why a column's name suggests a link; "" where it does not."""
    plain, key, table = _plain(column), _plain(to), _plain(parent)
    ones = {table, _singular(table)}
    if child == parent:
        ends = {"", "id", "key", "no", "code", "to", key, *(one + key for one in ones)}
        above = plain in {up + end for up in UP for end in ends}
        return f"'{column}' is called like what stands above a row" if above else ""
    telling = len(key) >= TELLING or not key.isascii()
    if plain == key and telling and key not in ("key", "code", "name"):
        return f"both are called '{to}'" if column == to else f"'{column}' is called like '{to}'"
    if plain in {one + end for one in ones for end in (key, "id", "key", "code", "no", "")}:
        return f"'{column}' is called like '{parent}'"
    return ""


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


def _singular(name: str) -> str:
    """A table's name for one of its rows.

    Example:
        >>> [_singular(name) for name in ("orders", "categories", "boxes", "address", "客户")]
        ['order', 'category', 'box', 'address', '客户']
    """
    if name.endswith("ies"):
        return name[:-3] + "y"
    if name.endswith(("xes", "ses", "ches", "shes")):
        return name[:-2]
    if name.endswith("s") and not name.endswith("ss"):
        return name[:-1]
    return name

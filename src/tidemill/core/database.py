"""Several tables that belong together: their datasets, keys and links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from tidemill.core.columns import by_name
from tidemill.core.dataset import Dataset
from tidemill.core.errors import SchemaError
from tidemill.core.schema import Column
from tidemill.core.words import listing, plural, shortlist

EMPTY, ASTRAY = -1, -2
"""In the place of a row that is pointed to: nothing is, or a row that is not there."""


@dataclass(frozen=True, slots=True)
class TableKey:
    """What names a row of a table.

    Attributes:
        table: The table.
        columns: The columns that name a row together.
        reason: Why they are held to do so.
    """

    table: str
    columns: tuple[str, ...]
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.table}.{_columns(self.columns)}"


@dataclass(frozen=True, slots=True)
class Link:
    """Rows of a table that point to rows of a table, or of the same one.

    Attributes:
        child: The table whose rows point.
        columns: What they point with; a row in which one of them is missing points to nothing.
        parent: The table that they point to.
        to: The columns of the parent that these equal, in the same order.
        reason: Why it is held to be a link.
    """

    child: str
    columns: tuple[str, ...]
    parent: str
    to: tuple[str, ...]
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.child}.{_columns(self.columns)} = {self.parent}.{_columns(self.to)}"


@dataclass(frozen=True, slots=True)
class Broken:
    """How a link holds.

    Attributes:
        link: The link.
        rows: Rows of the child.
        empty: Those that point to nothing, as a value is missing.
        astray: Those that point to a row that is not there.
        example: One value, or several, that is not there; None where all are.
    """

    link: Link
    rows: int
    empty: int
    astray: int
    example: tuple[str, ...] | None = None


@dataclass(frozen=True, eq=False)
class Database:
    """Tables, their keys, and how they are linked.

    Attributes:
        tables: Name -> rows, in the order of the source.
        keys: Name -> what names its rows; a table may have none.
        links: All links, each once.
        name: What the database is called in reports.

    Raises:
        SchemaError: A key or a link speaks of what is not there.

    Example:
        >>> import tidemill as tm
        >>> customers = tm.read(pl.DataFrame({"id": [1, 2], "town": ["Rome", "Oslo"]}))
        >>> orders = tm.read(pl.DataFrame({"customer": [1, 1, 2], "paid": [5, 7, 9]}))
        >>> shop = Database({"customers": customers, "orders": orders},
        ...     {"customers": TableKey("customers", ("id",))},
        ...     (Link("orders", ("customer",), "customers", ("id",)),))
        >>> [len(table) for table in shop.tables.values()], shop.roots
        ([2, 3], ('customers',))
    """

    tables: Mapping[str, Dataset]
    keys: Mapping[str, TableKey] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    name: str = "database"

    def __post_init__(self) -> None:
        for key in self.keys.values():
            self._check(key.table, key.columns, f"the key {key}")
        for link in self.links:
            self._check(link.child, link.columns, f"the link {link}")
            self._check(link.parent, link.to, f"the link {link}")
            if len(link.columns) != len(link.to):
                raise SchemaError(
                    f"the link {link} has {len(link.columns)} columns on one side and "
                    f"{len(link.to)} on the other",
                    where=self.name,
                    hint="name as many columns of both tables",
                )

    def __getitem__(self, name: str) -> Dataset:
        """A table by its name.

        Raises:
            SchemaError: There is none.
        """
        self._check(name, (), "what is asked for")
        return self.tables[name]

    def __len__(self) -> int:
        return sum(len(table) for table in self.tables.values())

    @property
    def roots(self) -> tuple[str, ...]:
        """The tables whose rows point to no other table."""
        pointing = {link.child for link in self.links if link.child != link.parent}
        return tuple(name for name in self.tables if name not in pointing)

    def above(self, child: str) -> tuple[Link, ...]:
        """The links by which rows of a table point."""
        return tuple(link for link in self.links if link.child == child)

    def below(self, parent: str) -> tuple[Link, ...]:
        """The links that point to rows of a table."""
        return tuple(link for link in self.links if link.parent == parent)

    def telling(self, name: str) -> tuple[Column, ...]:
        """The columns of a table that carry information: none that name a row, or point to one."""
        naming = {column for link in self.above(name) for column in link.columns}
        naming |= {column for link in self.below(name) for column in link.to}
        key = self.keys.get(name)
        if key is not None and len(key.columns) == 1:
            naming |= set(key.columns)
        return tuple(c for c in self.tables[name].schema.modelled if c.name not in naming)

    def time(self, name: str) -> str | None:
        """The first column of times of a table: the order in which its rows came about."""
        times = [column.name for column in self.telling(name) if column.kind == "datetime"]
        return times[0] if times else None

    def holds(self, link: Link) -> Broken:
        """How a link holds in the rows."""
        at = self.places(link)
        astray = np.flatnonzero(at == ASTRAY)
        example = None
        if len(astray):
            child = naming(self.tables[link.child].frame, link.columns)
            example = child.row(int(astray[0]))
        return Broken(link, len(at), int((at == EMPTY).sum()), len(astray), example)

    def places(self, link: Link) -> np.ndarray:
        """(rows of the child,) the row of the parent that each points to: EMPTY where it points to
        nothing, ASTRAY where that row is not there. Of several rows with one key it is the
        first."""
        keys = naming(self.tables[link.parent].frame, link.to)
        names = keys.columns
        keys = keys.with_row_index("place").drop_nulls(names)
        keys = keys.unique(names, keep="first", maintain_order=True)
        own = naming(self.tables[link.child].frame, link.columns)
        found = own.join(keys, on=names, how="left", maintain_order="left")["place"]
        at = found.cast(pl.Int64).fill_null(ASTRAY).to_numpy()
        empty = own.select(pl.any_horizontal(pl.all().is_null())).to_series().to_numpy()
        return np.where(empty, EMPTY, at)

    def label(self, link: Link, other: str) -> str:
        """What the columns of one side of a link are called on the other: by its table, and by the
        columns that point where several links join the two tables.

        Args:
            link: The link.
            other: The child or the parent of it.
        """
        ends = link.child, link.parent
        alike = [one for one in self.links if (one.child, one.parent) == ends]
        if len(alike) == 1 and link.child != link.parent:
            return other
        return f"{other} by {' + '.join(link.columns)}"

    def __repr__(self) -> str:
        named = shortlist([f"{name} ({len(rows):,})" for name, rows in self.tables.items()], 20)
        tables, links = plural(len(self.tables), "table"), plural(len(self.links), "link")
        return f"{self.name}: {tables}, {links}: {named}"

    def _check(self, table: str, columns: Sequence[str], what: str) -> None:
        if table not in self.tables:
            raise SchemaError(
                f"{what} names the table '{table}', which is not there",
                where=self.name,
                hint=f"the tables are {listing(list(self.tables))}",
            )
        names = self.tables[table].schema.names
        lacking = [column for column in columns if column not in names]
        if lacking:
            raise SchemaError(
                f"{what} names the column '{lacking[0]}' of '{table}', which is not there",
                where=self.name,
                hint=f"its columns are {shortlist(list(names), 20)}",
            )


def depths(at: np.ndarray) -> np.ndarray:
    """(n,) how many links lead from each row of a table to one that points to none in it; of rows
    whose links go round in a circle 0.

    Args:
        at: (n,) the row that each points to; below 0 for none.

    Example:
        >>> depths(np.array([-1, 0, 1, 0])).tolist(), depths(np.array([1, 0])).tolist()
        ([0, 1, 2, 1], [0, 0])
    """
    by_parent = np.argsort(at, kind="stable")
    parents = at[by_parent]
    depth, level, step = np.zeros(len(at), np.int64), np.flatnonzero(at < 0), 0
    while len(level):
        first, end = (np.searchsorted(parents, level, side=side) for side in ("left", "right"))
        many = end - first
        begins = np.repeat(first - np.r_[0, np.cumsum(many)[:-1]], many)
        level = by_parent[begins + np.arange(many.sum())]
        step += 1
        depth[level] = step
    return depth


def parents_first(names: Sequence[str], links: Sequence[Link]) -> list[str]:
    """Tables in the order given, but each behind those that it points to; where links go round in a
    circle, the first of them stands first.

    Example:
        >>> parents_first(["lines", "orders"], [Link("lines", ("order",), "orders", ("id",))])
        ['orders', 'lines']
    """
    above: dict[str, set[str]] = {name: set() for name in names}
    for link in links:
        if link.child != link.parent and link.parent in above:
            above[link.child].add(link.parent)
    found: list[str] = []
    left = list(names)
    while left:
        free = [name for name in left if above[name] <= set(found)]
        found.append((free or left)[0])
        left.remove(found[-1])
    return found


def gathered(values: pl.Series, at: np.ndarray) -> pl.Series:
    """The values in these places; null below 0.

    Example:
        >>> gathered(pl.Series(["a", "b"]), np.array([1, -1, 0])).to_list()
        ['b', None, 'a']
    """
    if not len(values):
        return pl.repeat(None, len(at), dtype=values.dtype, eager=True)
    found = values.gather(pl.Series(np.maximum(at, 0)))
    return found.scatter(np.flatnonzero(at < 0), None) if (at < 0).any() else found


def naming(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """What names rows, as texts in columns that are called by their place, so that those of two
    tables can be compared whatever their types and names."""
    found = frame.select(by_name(*columns))
    texts = []
    for at, name in enumerate(found.columns):
        values = found[name]
        if values.dtype.is_float() and (values.drop_nulls() % 1 == 0).all():
            values = values.cast(pl.Int64, strict=False)  # whole numbers beside a gap are floats
        texts.append(values.cast(pl.String).alias(str(at)))
    return pl.DataFrame(texts)


def _columns(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"({', '.join(names)})"

"""A database that is open for reading, whatever is spoken there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from tidemill.core.database import Link, TableKey
from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.core.words import plural, shortlist
from tidemill.io.databases.sqlite import STATED
from tidemill.io.source import Raw


@dataclass(frozen=True)
class Stated:
    """What a database states of its tables.

    Attributes:
        keys: What names their rows.
        links: What points to what.
        left_out: Of what it states, in words, what cannot be taken.
    """

    keys: Sequence[TableKey]
    links: Sequence[Link]
    left_out: Sequence[str] = ()


@dataclass(frozen=True)
class Constraint:
    """A key or a foreign key, as a catalogue has it.

    Attributes:
        table: Whose it is.
        sort: "PRIMARY KEY", "UNIQUE" or "FOREIGN KEY".
        columns: Of the table, in its order.
        is_whole: Whether nothing may be missing in them.
        schema, parent, to: Of a foreign key, where it points; the schema is "" for that of the
            table.
    """

    table: str
    sort: str
    columns: tuple[str, ...]
    is_whole: bool = True
    schema: str = ""
    parent: str = ""
    to: tuple[str, ...] = ()


def stated_by(constraints: Iterable[Constraint], tables: Sequence[str]) -> Stated:
    """Primary keys, or unique columns in which nothing may be missing where a table has none, and
    foreign keys between tables.

    Args:
        constraints: All of a schema.
        tables: Those that are read.
    """
    own = [one for one in constraints if one.table in tables]
    keys: dict[str, TableKey] = {}
    for sort in ("PRIMARY KEY", "UNIQUE"):
        for one in own:
            if one.sort == sort and one.is_whole:
                keys.setdefault(one.table, TableKey(one.table, one.columns, STATED))
    links, left_out = [], []
    for one in own:
        if one.sort != "FOREIGN KEY":
            continue
        if one.schema:
            left_out.append(f"{one.table} points to the schema '{one.schema}'")
        elif one.parent not in tables:
            left_out.append(f"{one.table} points to '{one.parent}', which is not read")
        else:
            links.append(Link(one.table, one.columns, one.parent, one.to, STATED))
    return Stated(list(keys.values()), list(dict.fromkeys(links)), left_out)


class OpenedDatabase(ABC):
    """A database that is open; all that is read of it is of one moment."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What it is called in reports."""

    @abstractmethod
    def tables(self) -> list[str]:
        """The tables, without views."""

    @abstractmethod
    def views(self) -> list[str]:
        """The views, which are only read where one is named."""

    @abstractmethod
    def stated(self, tables: Sequence[str]) -> Stated:
        """The keys of tables, and the links between them."""

    @abstractmethod
    def read(self, table: str, run: Run) -> Raw:
        """The rows of a table or view that is there."""


def table_of(base: OpenedDatabase, asked: str | None, where: str) -> str:
    """The table or view that is asked for, or the only one there is.

    Raises:
        InputError: There is none of that name, or several and none is named.
    """
    tables = base.tables()
    names = [*tables, *base.views()]
    alike = [name for name in names if asked is not None and name.lower() == asked.lower()]
    if asked in names or len(alike) == 1:
        return asked if asked in names and asked is not None else alike[0]
    listed = shortlist([f"'{name}'" for name in names], 30)
    if asked is not None:
        near = get_close_matches(asked, names, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"the tables are: {listed or 'none'}"
        raise InputError(f"there is no table '{asked}'", where=where, hint=hint)
    if len(tables) == 1:
        return tables[0]
    if not names:
        raise InputError("the database holds no table", where=where, hint="give another")
    raise InputError(
        f"the database holds {plural(len(tables), 'table')}",
        where=where,
        hint=f"name one as ?table=NAME: {listed}",
    )

"""A database that is open for reading, whatever is spoken there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from tidemill.core.database import Link, TableKey
from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.core.words import plural, shortlist
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

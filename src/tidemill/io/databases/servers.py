"""Databases on servers, and DuckDB's files: each is opened and written by one module."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from types import ModuleType

import polars as pl

from tidemill.core.database import Database
from tidemill.core.dataset import Dataset
from tidemill.core.errors import InputError, OutputError
from tidemill.core.run import Run
from tidemill.core.schema import Schema
from tidemill.io.databases.address import Address, address_of
from tidemill.io.databases.made import planned
from tidemill.io.databases.opened import OpenedDatabase, table_of
from tidemill.io.source import Raw, Source
from tidemill.io.target import Target


@dataclass(frozen=True, repr=False, eq=False)
class ServerSource(Source):
    """A table of a database on a server, as postgresql://user@host/database?table=orders."""

    def open(self, run: Run) -> Raw:
        """The rows of the table that is asked for, or of the only one there is."""
        address = address_of(self.text, InputError)
        if "with" in address.settings:
            from tidemill.io.databases.reading import read_linked_table  # which reads sources

            return read_linked_table(address, run)
        with (
            run.stage("read", f"reading {self.shown}"),
            opened(address) as base,
        ):
            return base.read(table_of(base, address.table, self.shown), run)


@dataclass(frozen=True, repr=False, eq=False)
class OpenedTable(Source):
    """A table of a database that is open.

    Attributes:
        base: The database.
        table: Which of its tables.
    """

    base: OpenedDatabase
    table: str

    def open(self, run: Run) -> Raw:
        """Its rows."""
        return self.base.read(self.table, run)


@dataclass(frozen=True, repr=False, eq=False)
class ServerTarget(Target):
    """A table that is made on a server."""

    def write(
        self, parts: Iterable[Dataset], *, overwrite: bool = False, rows: int | None = None
    ) -> int:
        """Make the table; all rows are held in memory."""
        address, table = self._place(overwrite)
        all_parts = list(parts)
        frames = [part.frame for part in all_parts]
        data = replace(all_parts[0], frame=pl.concat(frames), name=table, origin=None)
        base = Database({table: data}, name=table)
        run = Run()
        planned(base, run)
        for told in run.warnings:
            raise OutputError(told, where=self.shown, hint="take the column out of the table")
        write_on_server(base, address, run)
        return len(data)

    def check(
        self,
        schema: Schema | None = None,
        *,
        overwrite: bool = False,
        reads: Iterable[Path] = (),
    ) -> None:
        """Say before the work that there is such a table already, or no server."""
        address, table = self._place(overwrite)
        _speaking(address).check(address, [table])

    def _place(self, overwrite: bool) -> tuple[Address, str]:
        address = address_of(self.text, OutputError)
        refuse_overwriting(address, overwrite)
        if address.table is None or "with" in address.settings:
            raise OutputError(
                "it is not said what the table shall be called",
                where=self.shown,
                hint="write ?table=NAME behind the address",
            )
        return address, address.table


def opened(address: Address) -> AbstractContextManager[OpenedDatabase]:
    """A database on a server, for reading.

    Raises:
        InputError: It says no, or is not there.
        MissingExtra: What speaks to it is not installed.
    """
    reading: AbstractContextManager[OpenedDatabase] = _speaking(address).reading(address)
    return reading


def refuse_overwriting(address: Address, overwrite: bool) -> None:
    """Refuse to replace what is on a server.

    Raises:
        OutputError: It is asked for.
    """
    if overwrite:
        raise OutputError(
            "nothing on a server is ever replaced",
            where=address.shown,
            hint="leave option 'overwrite' out, and name a new schema or table; or drop the old "
            "one yourself",
        )


def refuse_on_server(address: Address, names: Iterable[str], overwrite: bool) -> None:
    """Say before the work what speaks against making tables.

    Raises:
        OutputError: They are there, there is no such server, or it is asked to replace something.
        MissingExtra: What speaks to it is not installed.
    """
    refuse_overwriting(address, overwrite)
    if address.table is not None:
        raise OutputError(
            "several tables are written, and one is named",
            where=address.shown,
            hint="leave ?table= out",
        )
    _speaking(address).check(address, list(names))


def write_on_server(database: Database, address: Address, run: Run) -> None:
    """Make the tables of a database: all of them, or nothing.

    Raises:
        OutputError: The server says no, or a table is there.
        MissingExtra: What speaks to it is not installed.
    """
    _speaking(address).write(database, address, run)


def _speaking(address: Address) -> ModuleType:
    return import_module(f"tidemill.io.databases.{address.sort}")

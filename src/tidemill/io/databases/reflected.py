"""Keys and links that a server states, by SQLAlchemy."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from tidemill.core.database import Link, TableKey
from tidemill.io.databases.opened import Stated
from tidemill.io.databases.sqlite import STATED


@contextmanager
def engine_over(dialect: str, connect: Callable[[], Any]) -> Iterator[Any]:
    """A connection of SQLAlchemy over one that is made here, and closed at the end.

    Args:
        dialect: As "postgresql+psycopg".
        connect: Makes the connection of the driver.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    engine = create_engine(f"{dialect}://", creator=connect, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def stated(connection: Any, schema: str | None, tables: Sequence[str]) -> Stated:
    """Primary keys, or whole and unique columns where a table has none, and foreign keys.

    Args:
        connection: Of SQLAlchemy.
        schema: Where the tables are; None for where the connection is.
        tables: Their names.
    """
    from sqlalchemy import inspect

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of types that it does not know, which are not asked here
        asked = inspect(connection)
        of = {"schema": schema, "filter_names": list(tables)}
        primary = _by_table(asked.get_multi_pk_constraint(**of))
        unique = _by_table(asked.get_multi_unique_constraints(**of))
        foreign = _by_table(asked.get_multi_foreign_keys(**of))
        lacking = [name for name in tables if not primary.get(name, {}).get("constrained_columns")]
        whole = {name: _whole(asked, schema, name) for name in lacking if unique.get(name)}
    keys = []
    for name in tables:
        columns = primary.get(name, {}).get("constrained_columns") or ()
        for one in unique.get(name, ()):
            named = one["column_names"]
            if not columns and set(named) <= whole.get(name, set()):
                columns = named
        if columns:
            keys.append(TableKey(name, tuple(columns), STATED))
    links, left_out = [], []
    for name in tables:
        for one in foreign.get(name, ()):
            link = Link(
                name,
                tuple(one["constrained_columns"]),
                one["referred_table"],
                tuple(one["referred_columns"]),
                STATED,
            )
            elsewhere = one["referred_schema"] not in (None, schema)
            if elsewhere:
                left_out.append(f"{name} points to the schema '{one['referred_schema']}'")
            elif link.parent in tables and len(link.columns) == len(link.to):
                links.append(link)
            else:
                left_out.append(f"{name} points to '{link.parent}', which is not read")
    return Stated(keys, sorted(links, key=lambda link: tables.index(link.child)), left_out)


def _whole(asked: Any, schema: str | None, table: str) -> set[str]:
    """Columns in which nothing may be missing."""
    columns = asked.get_columns(table, schema=schema)
    return {str(column["name"]) for column in columns if not column["nullable"]}


def _by_table(found: Mapping[tuple[str | None, str], Any]) -> dict[str, Any]:
    return {name: told for (_, name), told in found.items()}

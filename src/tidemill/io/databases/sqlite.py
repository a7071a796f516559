"""What a SQLite file states of its tables: their names, keys and links."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from tidemill.core.database import Link, TableKey
from tidemill.io.formats.sqlite import trouble

STATED = "the database states it"


def stated(path: Path) -> tuple[list[str], list[TableKey], list[Link]]:
    """Tables in the order in which they were made, their primary keys, and their foreign keys.

    Raises:
        InputError: It is no database, or a damaged one.
    """
    uri = f"file:{quote(str(path.resolve()))}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as base:
            rows = base.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' "
                "AND name NOT LIKE 'sqlite_%' ORDER BY rowid"
            )
            tables = [str(name) for (name,) in rows]
            keys = [key for table in tables if (key := _key(base, table)) is not None]
            links = [link for table in tables for link in _links(base, table, tables, keys)]
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise trouble(error, path) from error
    return tables, keys, links


def _key(base: sqlite3.Connection, table: str) -> TableKey | None:
    rows = base.execute(
        "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", (table,)
    ).fetchall()
    return TableKey(table, tuple(str(name) for (name,) in rows), STATED) if rows else None


def _links(
    base: sqlite3.Connection, table: str, tables: Sequence[str], keys: Sequence[TableKey]
) -> list[Link]:
    """A table's foreign keys; where one names no columns of its parent, it means the primary key.
    Those to a table that is not there are left out, as the database lets them stand."""
    rows = base.execute(
        'SELECT id, "table", "from", "to" FROM pragma_foreign_key_list(?) ORDER BY id, seq',
        (table,),
    ).fetchall()
    by_lower = {name.lower(): name for name in tables}
    primary = {key.table: key.columns for key in keys}
    links = []
    for number in dict.fromkeys(row[0] for row in rows):
        own = [row for row in rows if row[0] == number]
        parent = by_lower.get(str(own[0][1]).lower())
        if parent is None:
            continue
        columns = tuple(str(row[2]) for row in own)
        to = tuple(str(row[3]) for row in own if row[3] is not None) or primary.get(parent, ())
        if len(to) == len(columns):
            links.append(Link(table, columns, parent, to, STATED))
    return links

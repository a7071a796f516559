"""A database in some lines: its tables, their keys, and how they are linked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from tidemill.core.database import Broken, Database
from tidemill.core.words import as_sentence, plural, shorten, unprintable_removed, width

_NAME = 30


def shown(database: Database) -> str:
    """Some lines a table: its size and key, and where its rows point to and why.

    Example:
        >>> import polars as pl
        >>> import tidemill as tm
        >>> from tidemill.core.database import TableKey, Link
        >>> print(shown(Database(
        ...     {"towns": tm.read(pl.DataFrame({"id": [1, 2], "name": ["Rome", "Oslo"]})),
        ...      "people": tm.read(pl.DataFrame({"town": [1, None, 7], "age": [30, 40, 50]}))},
        ...     {"towns": TableKey("towns", ("id",), "all differ")},
        ...     (Link("people", ("town",), "towns", ("id",), "the names are alike"),), "land")))
        land: 2 tables, 5 rows, 1 link
        <BLANKLINE>
        towns   2 rows, 2 columns
                key id: all differ.
        people  3 rows, 2 columns
                no key
                town points to towns.id: the names are alike.
                1 row points to nothing; 1 row points to a row that is not there.
    """
    tables = plural(len(database.tables), "table")
    rows, links = plural(len(database), "row"), plural(len(database.links), "link")
    lines = [f"{database.name}: {tables}, {rows}, {links}", ""]
    names = {name: shorten(" ".join(name.split()), _NAME) for name in database.tables}
    room = max(map(width, names.values()), default=0)
    for name, label in names.items():
        first, *others = _of_table(database, name)
        lines.append(f"{label}{' ' * (room - width(label))}  {first}")
        lines += [f"{'':<{room}}  {line}" for line in others]
    return unprintable_removed("\n".join(lines))


def as_state(database: Database) -> dict[str, Any]:
    """The same as plain JSON values."""
    return {
        "tables": [
            {"name": name, "rows": len(data), "columns": list(data.schema.names)}
            for name, data in database.tables.items()
        ],
        "keys": [asdict(key) for key in database.keys.values()],
        "links": [
            {**asdict(link), "empty": told.empty, "astray": told.astray}
            for link in database.links
            for told in (database.holds(link),)
        ],
    }


def _of_table(database: Database, name: str) -> Iterator[str]:
    data = database.tables[name]
    yield f"{plural(len(data), 'row')}, {plural(len(data.schema), 'column')}"
    key = database.keys.get(name)
    if key is None:
        yield "no key"
    else:
        yield f"key {' + '.join(key.columns)}: {_stopped(key.reason)}"
    for link in database.above(name):
        to = " + ".join(link.to)
        yield f"{' + '.join(link.columns)} points to {link.parent}.{to}: {_stopped(link.reason)}"
        held = _holding(database.holds(link))
        if held:
            yield held


def _stopped(reason: str) -> str:
    return reason if reason.endswith(".") else f"{reason}."


def _holding(told: Broken) -> str:
    parts = []
    for number, what in ((told.empty, "nothing"), (told.astray, "a row that is not there")):
        if number:
            points = "points" if number == 1 else "point"
            parts.append(f"{plural(number, 'row')} {points} to {what}")
    return as_sentence("; ".join(parts)) if parts else ""

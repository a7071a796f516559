"""A database of a server, a SQLite or DuckDB file, a spreadsheet or a folder of files of tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from tidemill.core.database import Database, Link, TableKey, naming
from tidemill.core.dataset import Dataset
from tidemill.core.errors import InputError, OptionError, SchemaError
from tidemill.core.run import Run
from tidemill.core.words import listing, plural, shortlist
from tidemill.io.databases import duckdb, finding, sqlite
from tidemill.io.databases.address import Address, address_of, is_address
from tidemill.io.databases.kin import with_links
from tidemill.io.databases.opened import OpenedDatabase
from tidemill.io.databases.servers import OpenedTable, opened
from tidemill.io.file import File, path_of
from tidemill.io.formats.excel import sheets_of
from tidemill.io.reading import read
from tidemill.io.source import Raw, Source
from tidemill.io.texts.documents import files_below

SQLITE = ("sqlite", "sqlite3", "db")
DUCKDB = ("duckdb",)
BOOKS = ("xlsx", "xlsm", "xls", "ods")
TABLES = ("csv", "tsv", "tab", "parquet", "pq", "json", "jsonl", "ndjson", *BOOKS)
"""Endings of files that are a table each in a folder."""
MOSTLY = 0.5
"""Of the files of a folder of tables, at least this share are tables."""
GIVEN = "given by the user"
_EMPTY = ("there are no rows", "there are no columns")
_LINK = re.compile(r"(?P<child>[^=]+?)\.(?P<columns>\([^)]+\)|[^.=]+)$")


@dataclass(frozen=True)
class _Listed:
    """The tables of a source, each by what reads it, and what the source states of them."""

    name: str
    sources: Mapping[str, Source]
    keys: Sequence[TableKey] = ()
    links: Sequence[Link] = ()
    left_out: Sequence[str] = ()


def is_database(source: object) -> bool:
    """Whether a source holds several tables, none of which is asked for by ``?table=`` or
    ``?sheet=``.

    Raises:
        InputError: There is no such file or server.
    """
    if not isinstance(source, str | Path):
        return False
    if is_address(source):
        address = address_of(str(source), InputError)
        if address.table is not None:
            return False
        with opened(address) as base:
            return len(base.tables()) > 1
    path = path_of(str(source))
    if not path.exists() or str(source).lower().startswith(("http:", "https:")):
        return False
    found = _tables_of(path)
    return found is not None and len(found.sources) > 1


def is_spreadsheet(source: str | Path) -> bool:
    """Whether the tables of a path are sheets, which need not belong together."""
    return _ending(path_of(str(source))) in BOOKS


def read_database(
    source: str | Path, run: Run, *, keys: Iterable[str] = (), links: Iterable[str] = ()
) -> Database:
    """All tables of a server's database, a SQLite or DuckDB file, a spreadsheet or a folder, with
    their keys and links.

    What a database states is taken as it is. Of files and sheets, keys and links are found in
    names and values; what is doubtful is told and left out.

    Args:
        source: The path, or the address.
        run: Shows the progress and takes the warnings.
        keys: Keys that the user names, "orders.id" or "lines.(order, product)".
        links: Links that the user names, "orders.customer=customers.id".

    Raises:
        InputError: It is no such source, a table cannot be read, or the server says no.
        SchemaError: A key or link names what is not there, or a key that the user names repeats.
        OptionError: A key or a link is not written so.
    """
    if is_address(source):
        address = address_of(str(source), InputError)
        with opened(address) as base:
            found = _listed(base, address)
            tables = _read_all(found, address.shown, run)
    else:
        path = path_of(str(source))
        listed = _tables_of(path)
        if listed is None or not listed.sources:
            raise InputError(
                "this holds no tables",
                where=str(path),
                hint="give a SQLite file, a spreadsheet, or a folder of csv or parquet files",
            )
        found = listed
        tables = _read_all(found, str(path), run)
    return _with_keys(found, tables, keys, links, run)


def _with_keys(
    found: _Listed,
    tables: Mapping[str, Dataset],
    keys: Iterable[str],
    links: Iterable[str],
    run: Run,
) -> Database:
    """The database of tables that were read."""
    for told in found.left_out:
        run.warn(f"Of '{found.name}' this is left out: {told}.", "read")
    named = {key.table: key for key in map(key_of, keys)}
    stated = {key.table: key for key in found.keys if key.table in tables}
    if not stated:
        stated = finding.keys_of(tables)
    known = {**stated, **named}
    own = [link_of(text) for text in links]
    taken = [link for link in found.links if {link.child, link.parent} <= set(tables)]
    if not found.links:
        guessed, doubts = finding.links_of(tables, known, own)
        taken = list(guessed)
        for doubt in doubts:
            run.warn(doubt, "read")
    pointed = {(link.child, link.columns) for link in own}
    taken = [link for link in taken if (link.child, link.columns) not in pointed] + own
    database = Database(_with_roles(tables, known, taken), known, tuple(taken), found.name)
    for key in named.values():
        _check_names(database, key)
    _tell_broken(database, run)
    return database


def read_linked(file: File, run: Run) -> Raw:
    """A table of several: of a folder alone, or with what its links tell.

    Raises:
        InputError: No table is named, or there is none of that name.
    """
    part = "sheet" if file.ending in BOOKS else "table"
    name = file.part.get(part, "")
    found = _tables_of(file.path)
    sources = {} if found is None else found.sources
    if name not in sources:
        raise InputError(
            f"there is no {part} '{name}'" if name else f"it is not said which {part} is meant",
            where=str(file.path),
            hint=f"write ?{part}=NAME&with=links; the tables are {listing(list(sources))}",
        )
    if "with" not in file.part:
        return sources[name].open(run)
    return Raw(with_links(read_database(file.path, run), name), name=name)


def read_linked_table(address: Address, run: Run) -> Raw:
    """A table of a server with what its links tell.

    Raises:
        InputError: No table is named, or there is none of that name.
    """
    base = read_database(address.text, run)
    name = address.table
    if name is None or name not in base.tables:
        raise InputError(
            f"there is no table '{name}'" if name else "no table is named",
            where=address.shown,
            hint=f"write ?table=NAME&with=links; the tables are {listing(list(base.tables))}",
        )
    return Raw(with_links(base, name), name=name)


def key_of(text: str) -> TableKey:
    """The key that "orders.id" or "lines.(order, product)" names.

    Raises:
        OptionError: It is not written so.

    Example:
        >>> key_of("lines.(order, product)").columns
        ('order', 'product')
    """
    table, columns = _column_of(text, "option 'key' as orders.id")
    return TableKey(table, columns, GIVEN)


def link_of(text: str) -> Link:
    """The link that "orders.customer=customers.id" names.

    Raises:
        OptionError: It is not written so.

    Example:
        >>> print(link_of("orders.customer = customers.id"))
        orders.customer = customers.id
    """
    sides = text.split("=")
    example = "option 'link' as orders.customer_id=customers.id"
    if len(sides) != 2:
        raise OptionError(f"'{text}' is no link", hint=f"write {example}")
    child, columns = _column_of(sides[0], example)
    parent, to = _column_of(sides[1], example)
    return Link(child, columns, parent, to, GIVEN)


def _column_of(text: str, example: str) -> tuple[str, tuple[str, ...]]:
    found = _LINK.match(text.strip())
    if found is None:
        raise OptionError(
            f"'{text.strip()}' names no column of a table",
            hint=f"write {example}; several columns are written lines.(order, product)",
        )
    names = tuple(part.strip() for part in found["columns"].strip("()").split(","))
    return found["child"].strip(), names


def _tables_of(path: Path) -> _Listed | None:
    """What a path holds; None where it is no file or folder of tables."""
    if path.is_dir():
        files = sorted(
            file
            for file in path.iterdir()
            if file.is_file() and not file.name.startswith((".", "~"))
        )
        tables = [file for file in files if _ending(file) in TABLES]
        if not tables or len(tables) < MOSTLY * sum(1 for _ in files_below(path)):
            return None  # such as images, with a table of what they show
        names = [file.name.partition(".")[0] for file in tables]
        repeated = [name for name in names if names.count(name) > 1]
        if repeated:
            raise InputError(
                f"two files would both be the table '{repeated[0]}'",
                where=str(path),
                hint="name them differently, or take one away",
            )
        sources = [Source.parse(str(file)) for file in tables]
        return _Listed(path.resolve().name, dict(zip(names, sources, strict=True)))
    ending = _ending(path)
    if ending in SQLITE:
        names, keys, links = sqlite.stated(path)
        return _Listed(path.name.partition(".")[0], _parts(path, "table", names), keys, links)
    if ending in DUCKDB:
        with duckdb.reading(path) as base:
            return _listed(base, path)
    if ending in BOOKS:
        return _Listed(path.name.partition(".")[0], _parts(path, "sheet", sheets_of(path)))
    return None


def _ending(path: Path) -> str:
    endings = path.name.lower().split(".")[1:]
    if endings and endings[-1] in ("gz", "zip"):
        endings = endings[:-1]
    return endings[-1] if endings else ""


def _parts(path: Path, part: str, names: Iterable[str]) -> dict[str, Source]:
    return {name: Source.parse(f"{path}?{part}={quote(name, safe='')}") for name in names}


def _listed(base: OpenedDatabase, address: Address | Path) -> _Listed:
    """The tables of a database that is open."""
    names = base.tables()
    said = base.stated(names)
    if isinstance(address, Path):
        sources = _parts(address, "table", names)
    else:
        sources = {name: OpenedTable(address.of_table(name), base, name) for name in names}
    return _Listed(base.name, sources, said.keys, said.links, said.left_out)


def _read_all(found: _Listed, where: str, run: Run) -> dict[str, Dataset]:
    """The tables that have rows; those without are told."""
    tables, empty = {}, []
    for name, source in found.sources.items():
        try:
            data = read(source, run)
        except InputError as error:
            if error.what not in _EMPTY:
                raise
            empty.append(name)
            continue
        tables[name] = replace(data, name=name)
    if empty:
        which = shortlist([f"'{name}'" for name in empty], 5)
        were = "is" if len(empty) == 1 else "are"
        run.warn(f"{plural(len(empty), 'table')} without rows {were} left out: {which}.", "read")
    if not tables:
        raise InputError("no table has rows", where=where, hint="give one that has")
    return tables


def _with_roles(
    tables: Mapping[str, Dataset], keys: Mapping[str, TableKey], links: Iterable[Link]
) -> dict[str, Dataset]:
    """The tables, in which what names rows is no column to learn from."""
    naming: dict[str, dict[str, str]] = {name: {} for name in tables}
    for key in keys.values():
        if key.table in naming:
            naming[key.table].update(dict.fromkeys(key.columns, f"it names a row: {key.reason}"))
    for link in links:
        if link.child in naming:
            why = f"it points to a row of '{link.parent}': {link.reason}"
            naming[link.child].update(dict.fromkeys(link.columns, why))
    found = {}
    for name, data in tables.items():
        schema = data.schema
        for column, why in naming[name].items():
            if column in schema:
                schema = schema.with_roles("key", [column], why)
        found[name] = replace(data, schema=schema)
    return found


def _check_names(database: Database, key: TableKey) -> None:
    """Raises SchemaError where what the user calls a key does not name each row."""
    values = naming(database[key.table].frame, key.columns)
    missing = len(values) - len(values.drop_nulls())
    repeated = len(values) - values.n_unique()
    if missing or repeated:
        raise SchemaError(
            f"{key} is no key: {plural(missing, 'row')} of {len(values):,} lack it, and "
            f"{plural(repeated, 'row')} repeat another's",
            where=database.name,
            hint="name columns that are filled and differ in all rows",
        )


def _tell_broken(database: Database, run: Run) -> None:
    for link in database.links:
        told = database.holds(link)
        named = naming(database[link.parent].frame, link.to).drop_nulls()
        repeated = len(named) - named.n_unique()
        if repeated:
            run.warn(
                f"{plural(repeated, 'row')} of '{link.parent}' repeat what {link} points to, so "
                "that it is not one row that is meant; the first stands for them.",
                "read",
            )
        if told.astray:
            run.warn(
                f"{plural(told.astray, 'row')} of '{link.child}' point to a row of "
                f"'{link.parent}' that is not there ({link}).",
                "read",
            )

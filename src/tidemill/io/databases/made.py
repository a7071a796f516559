"""What tables of a database become on a server: their columns, keys and links, parents first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from tidemill.core.columns import by_name
from tidemill.core.database import Database, Link, parents_first
from tidemill.core.errors import OutputError
from tidemill.core.run import Run
from tidemill.core.words import shortlist
from tidemill.io.dtypes import shown
from tidemill.io.frames import door_frame

Quoted = Callable[[str], str]
"""Gives a name as it stands in a statement."""


@dataclass(frozen=True, eq=False)
class MadeTable:
    """A table that is to be made.

    Attributes:
        name: What it is called.
        frame: Its rows, as they stand at the door; columns that a link joins have one dtype.
        primary: The columns that name a row; () for none.
        unique: Further columns that are pointed to.
        links: What its rows point to, as far as that holds in all rows.
    """

    name: str
    frame: pl.DataFrame
    primary: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...]
    links: tuple[Link, ...]

    @property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """All that names a row."""
        return (*([self.primary] if self.primary else []), *self.unique)

    @property
    def whole(self) -> frozenset[str]:
        """The columns in which nothing is missing."""
        if not self.frame.height:
            return frozenset(self.primary)
        return frozenset(one.name for one in self.frame if not one.null_count())


def planned(database: Database, run: Run) -> list[MadeTable]:
    """The tables, those first that others point to, but for links that go round in a circle.

    Args:
        database: The tables.
        run: Is told what is left out: pictures, sounds, lists and records.
    """
    frames = {}
    for name, data in database.tables.items():
        frame = door_frame(data)
        _tell_left_out(name, frame, run)
        # what is missing is NULL, also where a frame said NaN
        plain = [one for one in frame if not _is_odd(one)]
        frames[name] = pl.DataFrame(
            [one.fill_nan(None) if one.dtype.is_float() else one for one in plain]
        )
    frames = _alike(frames, database.links)
    _tell_unstated(database, run)
    made = {}
    for name, frame in frames.items():
        key = database.keys.get(name)
        primary = key.columns if key is not None and names_rows(frame, key.columns) else ()
        pointed = dict.fromkeys(link.to for link in database.below(name) if link.to != primary)
        unique = tuple(columns for columns in pointed if names_rows(frame, columns))
        links = tuple(link for link in dict.fromkeys(database.above(name)) if holds(database, link))
        made[name] = MadeTable(name, frame, primary, unique, links)
    stated = [link for table in made.values() for link in table.links]
    return [made[name] for name in parents_first(list(made), stated)]


def _tell_unstated(database: Database, run: Run) -> None:
    """Tell which keys and links the rows do not bear out, so that no database would take them."""
    tables = database.tables
    keys = [key for key in database.keys.values() if key.table in tables]
    broken = [str(key) for key in keys if not names_rows(tables[key.table].frame, key.columns)]
    broken += [str(link) for link in database.links if not holds(database, link)]
    if broken:
        run.warn(
            f"As not all rows bear it out, the database is not told: {shortlist(broken, 5)}.",
            "write",
        )


def names_rows(frame: pl.DataFrame, columns: Sequence[str]) -> bool:
    """Whether columns are there and name each row."""
    if not set(columns) <= set(frame.columns):
        return False
    values = frame.select(by_name(*columns))
    if any(one.null_count() for one in values):
        return False
    named = values.to_series() if values.width == 1 else values
    return named.n_unique() == len(named)


def holds(database: Database, link: Link) -> bool:
    """Whether all rows point to a row that is there, and to one."""
    child, parent = database.tables[link.child].frame, database.tables[link.parent].frame
    if not set(link.columns) <= set(child.columns) or not names_rows(parent, link.to):
        return False
    return not database.holds(link).astray


def created(table: MadeTable, place: str, quoted: Quoted, type_of: dict[str, str]) -> str:
    """The statement that makes a table, with its keys and what may not be missing.

    Args:
        table: What is made.
        place: Its name in the statement.
        quoted: Gives a name as it stands in a statement.
        type_of: The type of each column.
    """
    whole = table.whole
    parts = []
    for name in table.frame.columns:
        parts.append(f"{quoted(name)} {type_of[name]}{' NOT NULL' if name in whole else ''}")
    if table.primary:
        parts.append(f"PRIMARY KEY ({listed(table.primary, quoted)})")
    parts += [f"UNIQUE ({listed(columns, quoted)})" for columns in table.unique]
    return f"CREATE TABLE {place} ({', '.join(parts)})"


def quoted(name: str) -> str:
    """A name as it stands in a statement of standard SQL.

    Example:
        >>> quoted('a"b')
        '"a""b"'
    """
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def listed(names: Iterable[str], quoted: Quoted = quoted) -> str:
    """Names in a statement, with commas."""
    return ", ".join(map(quoted, names))


def linked(link: Link, place: str, quoted: Quoted) -> str:
    """What a table says of a link.

    Args:
        link: The link.
        place: The name of the parent in the statement.
        quoted: Gives a name as it stands in a statement.
    """
    return (
        f"FOREIGN KEY ({listed(link.columns, quoted)}) REFERENCES {place} "
        f"({listed(link.to, quoted)})"
    )


def parts_of(frame: pl.DataFrame, rows: int) -> Iterator[pl.DataFrame]:
    """A frame in parts of so many rows."""
    for begin in range(0, frame.height, rows):
        yield frame.slice(begin, rows)


def refuse_long_names(tables: Iterable[MadeTable], longest: int, where: str) -> None:
    """Refuse names that a server would cut.

    Args:
        tables: What is to be made.
        longest: Bytes that a name may have.
        where: For messages.

    Raises:
        OutputError: One is longer.
    """
    for table in tables:
        for name in (table.name, *table.frame.columns):
            if len(name.encode(errors="replace")) > longest or "\0" in name or not name:
                raise OutputError(
                    f"nothing can be called '{name[:40]}...' there" if name else "a name is empty",
                    where=where,
                    hint=f"give it a name of at most {longest} bytes",
                )


def tell_rounded(tables: Iterable[MadeTable], run: Run) -> None:
    """Tell which moments have more digits than microseconds, which servers round away."""
    for table in tables:
        fine = [f"'{values.name}'" for values in table.frame if _is_finer(values)]
        if fine:
            run.warn(
                f"Of '{table.name}' these are written in microseconds, further digits are rounded "
                f"away: {shortlist(fine, 8)}.",
                "write",
            )


def _is_finer(values: pl.Series) -> bool:
    """Whether moments have digits behind microseconds."""
    dtype = values.dtype
    if dtype != pl.Time and not (isinstance(dtype, pl.Datetime) and dtype.time_unit == "ns"):
        return False
    return bool((values.to_physical() % 1_000 != 0).any())


def _is_odd(values: pl.Series) -> bool:
    return values.dtype.is_nested() or values.dtype == pl.Object


def _tell_left_out(name: str, frame: pl.DataFrame, run: Run) -> None:
    odd = [f"'{values.name}' ({shown(values.dtype)})" for values in frame if _is_odd(values)]
    if odd:
        run.warn(f"Of '{name}' these are not written: {shortlist(odd, 8)}.", "write")


def _alike(frames: dict[str, pl.DataFrame], links: Iterable[Link]) -> dict[str, pl.DataFrame]:
    """The tables, in which columns that links join have one dtype."""
    group: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for link in links:
        for own, other in zip(link.columns, link.to, strict=True):
            ends = (link.child, own), (link.parent, other)
            joint = set().union(*(group.get(end, {end}) for end in ends))
            group.update(dict.fromkeys(joint, joint))
    done = dict(frames)
    for joint in {id(one): one for one in group.values()}.values():
        there = [(name, column) for name, column in joint if column in frames[name].columns]
        dtype = _common([frames[name][column] for name, column in there])
        if dtype is not None:
            for name, column in there:
                done[name] = done[name].with_columns(by_name(column).cast(dtype))
    return done


def _common(columns: Sequence[pl.Series]) -> pl.DataType | None:
    """The dtype in which columns can be compared by a database; None where they can already."""
    dtypes = {one.dtype for one in columns}
    if len(dtypes) < 2 or all(dtype in (pl.String, pl.Categorical, pl.Enum) for dtype in dtypes):
        return None
    whole = [one for one in columns if one.dtype.is_integer() or _is_whole(one)]
    return pl.Int64() if len(whole) == len(columns) else pl.String()


def _is_whole(values: pl.Series) -> bool:
    is_number = values.dtype.is_float() or values.dtype.is_decimal()
    return is_number and bool((values.drop_nulls() % 1 == 0).all())


def without(table: MadeTable, links: Iterable[Link]) -> MadeTable:
    """A table that does not state some of its links."""
    dropped = set(links)
    return replace(table, links=tuple(link for link in table.links if link not in dropped))

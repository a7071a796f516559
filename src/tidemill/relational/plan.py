"""In which order tables are learned and made, and what each of their rows is made for."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from tidemill.core.database import Database, Link, gathered
from tidemill.core.persons import tells_persons
from tidemill.core.schema import NAMES, Column
from tidemill.supervised.groups import between, numbers_of

FEWEST_APART = 20
"""Rows of so few groups do not tell how much groups differ."""
FEWEST_COPIED = 10
"""Columns of other names that have so many values do not agree in all rows by chance."""


@dataclass(frozen=True)
class TablePlan:
    """How the tables of a database are made.

    Attributes:
        order: The tables, each behind the one that its rows are made for.
        main: Table -> the link to the table that its rows are made for, one after the other; tables
            without one are made by themselves.
        dealt: Table -> further links, of which it is drawn what sort of row they point to, and
            which one of that sort is dealt out.
        own: Table -> links to itself.
        kept: Tables whose rows stay as they are.
    """

    order: tuple[str, ...]
    main: Mapping[str, Link]
    dealt: Mapping[str, tuple[Link, ...]]
    own: Mapping[str, tuple[Link, ...]]
    kept: frozenset[str] = frozenset()

    def counted(self, parent: str) -> list[Link]:
        """The links of which rows of a table know how many rows point to them."""
        found = [link for link in self.main.values() if link.parent == parent]
        found += [link for links in self.dealt.values() for link in links if link.parent == parent]
        return found + list(self.own.get(parent, ()))


def plan_of(database: Database, kept: Sequence[str] = ()) -> TablePlan:
    """The plan of a database.

    A table's rows are made for those of the table through which it belongs to persons; where that
    is open, for those whose groups of rows differ most, if there are any that do not stay as they
    are. Where links go round in a circle, one of them is dealt out.

    Args:
        database: The tables and links.
        kept: Tables whose rows stay as they are; they are made for nothing.
    """
    persons = person_tables(database)
    far = _steps_to(persons, database)
    main: dict[str, Link] = {}
    for name in sorted(database.tables, key=lambda one: far.get(one, len(far))):
        if name in kept or len(database.tables[name]) < FEWEST_APART:
            continue  # of few rows it would be chance whether there are any
        rivals = [link for link in database.above(name) if link.parent != name]
        rivals = [link for link in rivals if len(database.tables[link.parent]) >= FEWEST_APART]
        rivals = [link for link in rivals if name not in ancestors(link.parent, main)]
        if rivals:
            main[name] = min(rivals, key=lambda link: _rank(database, link, far, kept))
    dealt: dict[str, tuple[Link, ...]] = {}
    own: dict[str, tuple[Link, ...]] = {}
    for name in database.tables:
        links = () if name in kept else database.above(name)
        own[name] = tuple(link for link in links if link.parent == name)
        dealt[name] = tuple(
            link for link in links if link.parent != name and link != main.get(name)
        )
    order = sorted(database.tables, key=lambda one: len(ancestors(one, main)))
    return TablePlan(tuple(order), main, dealt, own, frozenset(kept))


def whose(
    database: Database, plan: TablePlan, place: Mapping[Link, np.ndarray]
) -> dict[str, np.ndarray]:
    """Table -> (rows,) the number of the person, or else the row of the first table, that each row
    belongs to: what floors count.

    Args:
        database: The tables.
        plan: Their plan.
        place: Of each main link the row of the parent that each row points to, below 0 for none.
    """
    found: dict[str, np.ndarray] = {}
    persons = person_tables(database)
    for name in plan.order:
        rows = len(database.tables[name])
        link = plan.main.get(name)
        if link is None or name in persons:
            found[name] = np.arange(rows)
            continue
        above = found[link.parent]
        at = place[link]
        fresh = above.max(initial=-1) + 1 + np.arange(rows)
        found[name] = np.where(at >= 0, above[np.maximum(at, 0)], fresh) if len(above) else fresh
    return found


def person_tables(database: Database) -> frozenset[str]:
    """The tables each of whose rows is a person: by the name of the table or of what names its
    rows, or else those that hold names of people."""
    told = {name for name in database.tables if _says_persons(database, name)}
    if told:
        return frozenset(told)
    tables = database.tables.items()
    named = [name for name, data in tables if any(c.personal == NAMES for c in data.schema)]
    return frozenset(named)


def _says_persons(database: Database, name: str) -> bool:
    called = [Column(f"{one} id", "id") for one in (name, name.removesuffix("s"))]
    key = database.keys.get(name)
    if key is not None and len(key.columns) == 1:
        column = database.tables[name].schema[key.columns[0]]
        called.append(replace(column, kind="id", role="key", personal=""))
    return any(tells_persons(column) for column in called)


def _steps_to(persons: Collection[str], database: Database) -> dict[str, int]:
    """Table -> how many links lead from it to persons, where any do."""
    far = dict.fromkeys(persons, 0)
    for step in range(1, len(database.tables)):
        for link in database.links:
            if far.get(link.parent) == step - 1:
                far.setdefault(link.child, step)
    return far


def ancestors(name: str, main: Mapping[str, Link]) -> list[str]:
    """A table and those that its rows are made for, one behind the other."""
    found = [name]
    while found[-1] in main:
        found.append(main[found[-1]].parent)
    return found


def _rank(
    database: Database, link: Link, far: Mapping[str, int], kept: Collection[str]
) -> tuple[int, bool, float, float]:
    """How a link stands among those of its table, the lowest first; what rows that stay as they are
    say of others cannot be drawn."""
    at = database.places(link)
    linked = at[at >= 0]
    groups = len(np.unique(linked))
    is_kept = link.parent in kept
    return far.get(link.parent, len(far)), is_kept, -apart(database, link.child, at), -groups


def apart(database: Database, table: str, group: np.ndarray) -> float:
    """How much groups of rows differ: the mean over columns of the share of the variance that lies
    between them, beyond chance (omega squared).

    Args:
        database, table: The rows.
        group: (rows,) the group of each; below 0 for none.
    """
    here = group >= 0
    number = np.unique(group[here], return_inverse=True)[1]
    if len(np.unique(number)) < FEWEST_APART:
        return 0.0
    found = []
    for column in database.telling(table):
        for values in numbers_of(database.tables[table], column):
            found.append(between(values[here], number))
    return float(np.mean(found)) if found else 0.0


def copied(database: Database, link: Link, at: np.ndarray) -> dict[str, str]:
    """Columns of the rows that point which are those of the row that is pointed to, in all rows:
    their names, and what they are called there.

    Columns of other names are compared, too, where a column has enough values that it is no
    chance.

    Args:
        database: The tables.
        link: The link.
        at: (rows of the child,) where each points to.
    """
    if len(at) < FEWEST_APART or (at < 0).any() or link.child == link.parent:
        return {}
    child, parent = database.tables[link.child].frame, database.tables[link.parent].frame
    found = {}
    for column in database.telling(link.child):
        values = child[column.name]
        told = values.n_unique()
        rivals = [
            other.name for other in database.telling(link.parent) if other.kind == column.kind
        ]
        rivals.sort(key=lambda name: not _alike(name, column.name))
        for name in rivals:
            enough = FEWEST_COPIED if not _alike(name, column.name) else 2
            if told < enough or values.dtype != parent[name].dtype:
                continue
            if values.eq_missing(gathered(parent[name], at)).all():
                found[column.name] = name
                break
    return found


def _alike(one: str, other: str) -> bool:
    return re.sub(r"[\W_]", "", one).lower() == re.sub(r"[\W_]", "", other).lower()


def same_within(values: pl.Series, at: np.ndarray) -> bool:
    """Whether a column is the same in all rows that are made for one row, where enough of these
    have several, and differs between them."""
    here = np.flatnonzero(at >= 0)
    told = pl.DataFrame({"at": at[here], "value": values.gather(pl.Series(here))})
    groups = told.group_by("at").agg(pl.len().alias("rows"), pl.col("value").n_unique())
    several = groups.filter(pl.col("rows") > 1)
    if len(several) < FEWEST_APART or (groups["value"] > 1).any():
        return False
    return bool(told["value"].n_unique() > 1)

"""A database in two parts, by the rows of one table with all that is made for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from tidemill.core.columns import by_name
from tidemill.core.database import Database, Link
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, OptionError
from tidemill.core.persons import level_counts
from tidemill.core.run import Run
from tidemill.core.split import MIN_ROWS
from tidemill.core.words import plural
from tidemill.relational.plan import TablePlan, person_tables, whose

FEWEST_SHARING, MOSTLY = 10, 0.8
"""Columns are compared in which most values are levels that so many persons share: of others no
model may keep what stands in them."""


@dataclass(frozen=True)
class Division:
    """A database of which rows of one table are held out, with all that is made for them.

    Attributes:
        root: The table whose rows are divided.
        train, holdout: The two parts; tables that do not belong to the root stand whole in both.
    """

    root: str
    train: Database
    holdout: Database


def root_of(base: Database, plan: TablePlan) -> str:
    """The table whose rows are divided: that of persons, or else one whose rows are made for no
    others; of several the one with most rows below.

    Raises:
        DataError: None has so many rows that some can be held out.
    """
    able = [n for n in plan.order if n not in plan.kept and len(base[n]) >= MIN_ROWS]
    if not able:
        raise DataError(
            f"no table that is learned has {MIN_ROWS} rows, so none can be held out",
            where=base.name,
            hint="learn it with `tidemill fit`, without a judgement",
        )
    persons = [name for name in able if name in person_tables(base)]
    alone = persons or [name for name in able if name not in plan.main] or able
    return max(alone, key=lambda name: sum(len(base[one]) for one in below(plan, name)))


def below(plan: TablePlan, table: str) -> list[str]:
    """A table and all that are made for its rows, one behind the other, in the order of making."""
    found = [table]
    for name in plan.order:
        link = plan.main.get(name)
        if link is not None and link.parent in found and name not in found:
            found.append(name)
    return found


def divided(base: Database, plan: TablePlan, run: Run, share: float = 0.3) -> Division:
    """Training and held-out part of a database.

    Rows that are made for nothing are divided by themselves. Where a row points to one on the other
    side, by a link that is not the one that it is made for, it points to nothing afterwards, or is
    left out where that names it; that is told.

    Args:
        base: The database.
        plan: Its plan.
        run: Its stream "split" draws the rows.
        share: The held-out share of the rows of the root.

    Raises:
        OptionError: The share is not between 0 and 1.
        DataError: There are too few rows.
    """
    if not 0 < share < 1:
        raise OptionError(
            f"the holdout's share is {share:g}", hint="give a share between 0 and 1, such as 0.3"
        )
    root = root_of(base, plan)
    rng = run.rng("split")
    held = {root: _drawn(len(base[root]), share, rng)}
    for name in below(plan, root)[1:]:
        link = plan.main[name]
        at = base.places(link)
        alone = _drawn(len(at), share, rng)
        held[name] = np.where(at >= 0, held[link.parent][np.maximum(at, 0)], alone)
    sides = []
    cut = 0
    for wanted in (False, True):
        stays = {name: side == wanted for name, side in held.items()}
        lost = _without_cut_keys(base, plan, stays)
        side, emptied = _emptied(base, plan, stays)
        cut += lost + emptied
        sides.append(side)
    if cut:
        points = "points" if cut == 1 else "point"
        run.warn(
            f"{plural(cut, 'row')} {points} to rows on the other side of the split, and to nothing "
            "in the part that is learned or held out; rows that are named by it are left out.",
            "split",
        )
    return Division(root, sides[0], sides[1])


def part(base: Database, plan: TablePlan, table: str, rows: np.ndarray) -> Database:
    """A database with only these rows of a table, and of the tables that are made for it only what
    was made for these; all others stay whole.

    Args:
        base, plan: The tables and their plan.
        table: The table that is divided.
        rows: Positions in it, or a mask.
    """
    kept = np.zeros(len(base[table]), bool)
    kept[rows] = True
    stays = {table: kept}
    for name in below(plan, table)[1:]:
        link = plan.main[name]
        at = base.places(link)
        stays[name] = (at >= 0) & stays[link.parent][np.maximum(at, 0)]
    return _only(base, stays)


def halves(
    base: Database, plan: TablePlan, table: str, rng: np.random.Generator
) -> tuple[Database, Database]:
    """Two parts, each with a half of the rows of a table, and what was made for these."""
    order = rng.permutation(len(base[table]))
    half = len(order) // 2
    one, other = np.sort(order[:half]), np.sort(order[half : 2 * half])
    return part(base, plan, table, one), part(base, plan, table, other)


def dealt_at_random(base: Database, plan: TablePlan, rng: np.random.Generator) -> Database:
    """The same tables, whose rows point anywhere: what is worthless of a database whose tables
    shall hang together."""
    tables = dict(base.tables)
    for name, data in base.tables.items():
        for link in plan.dealt.get(name, ()) + tuple(
            one for one in plan.main.values() if one.child == name
        ):
            order = pl.Series(rng.permutation(len(data)))
            shuffled = [data.frame[column].gather(order) for column in link.columns]
            data = replace(data, frame=data.frame.with_columns(shuffled))
        tables[name] = data
    return replace(base, tables=tables)


def not_compared(base: Database, plan: TablePlan) -> dict[str, list[str]]:
    """Table -> its columns most of whose values are levels that hardly anybody shares."""
    persons = whose(base, plan, {link: base.places(link) for link in plan.main.values()})
    found = {}
    for name, data in base.tables.items():
        left = []
        for column in base.telling(name):
            if column.kind != "category":
                continue
            counts = level_counts(data.frame[column.name], persons[name])
            rare = counts.filter(pl.col("persons") < FEWEST_SHARING)["count"].sum()
            if rare > (1 - MOSTLY) * len(data):
                left.append(column.name)
        found[name] = left
    return found


def ignoring(base: Database, columns: Mapping[str, Sequence[str]]) -> Database:
    """The database, of which these columns are not compared."""
    tables = {
        name: replace(data, schema=data.schema.with_roles("ignore", columns.get(name, ())))
        for name, data in base.tables.items()
    }
    return replace(base, tables=tables)


def _drawn(rows: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """(rows,) True on the share that is held out."""
    held = np.zeros(rows, bool)
    held[rng.permutation(rows)[: max(round(share * rows), 1)]] = True
    return held


def _without_cut_keys(base: Database, plan: TablePlan, stays: dict[str, np.ndarray]) -> int:
    """Leave out the rows that are named by what points to the other side, and those made for them;
    how many."""
    before = sum(int(one.sum()) for one in stays.values())
    again = True
    while again:
        again = False
        for name in list(stays):
            key = base.keys.get(name)
            named = set() if key is None else set(key.columns)
            for link in base.above(name):
                main = link == plan.main.get(name)
                if link.parent not in stays or not (main or named & set(link.columns)):
                    continue
                at = base.places(link)
                cut = stays[name] & (at >= 0) & ~stays[link.parent][np.maximum(at, 0)]
                stays[name] = stays[name] & ~cut
                again = again or bool(cut.any())
    return before - sum(int(one.sum()) for one in stays.values())


def _emptied(
    base: Database, plan: TablePlan, stays: Mapping[str, np.ndarray]
) -> tuple[Database, int]:
    """Only these rows, of which none points to one that does not stay; and how many did."""
    tables, cut = dict(_only(base, stays).tables), 0
    for link in base.links:
        if link.parent not in stays or link == plan.main.get(link.child):
            continue
        at = base.places(link)
        gone = (at >= 0) & ~stays[link.parent][np.maximum(at, 0)]
        if link.child in stays:
            gone = gone[stays[link.child]]
        if gone.any():
            cut += int(gone.sum())
            tables[link.child] = _pointing_nowhere(tables[link.child], link, gone)
    return replace(base, tables=tables), cut


def _pointing_nowhere(data: Dataset, link: Link, gone: np.ndarray) -> Dataset:
    mark = pl.Series(gone)
    frame = data.frame.with_columns(
        pl.when(mark).then(None).otherwise(by_name(column)).alias(column) for column in link.columns
    )
    columns = [replace(data.schema[column], nullable=True) for column in link.columns]
    return replace(data, frame=frame, schema=data.schema.replacing(*columns))


def _only(base: Database, stays: Mapping[str, np.ndarray]) -> Database:
    tables = {
        name: data.rows(np.flatnonzero(stays[name])) if name in stays else data
        for name, data in base.tables.items()
    }
    return replace(base, tables=tables)

"""Parts of a database by the rows of one table: what is made for a row goes with it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tidemill.core.database import Database
from tidemill.relational.plan import TablePlan, places


def part(database: Database, plan: TablePlan, table: str, rows: np.ndarray) -> Database:
    """A database with only these rows of a table, and of the tables that are made for it only what
    was made for these; all others stay whole.

    Args:
        database: The tables.
        plan: Their plan.
        table: The table that is divided.
        rows: Positions in it, or a mask.
    """
    kept = np.zeros(len(database[table]), bool)
    kept[rows] = True
    stays = {table: kept}
    for name in plan.order:
        link = plan.main.get(name)
        if link is not None and link.parent in stays and name != table:
            at = places(database, link)
            stays[name] = (at >= 0) & stays[link.parent][np.maximum(at, 0)]
    tables = {
        name: data.rows(np.flatnonzero(stays[name])) if name in stays else data
        for name, data in database.tables.items()
    }
    return replace(database, tables=tables)


def halves(
    database: Database, plan: TablePlan, table: str, rng: np.random.Generator
) -> tuple[Database, Database]:
    """Two parts, each with a half of the rows of a table, and what was made for these."""
    order = rng.permutation(len(database[table]))
    half = len(order) // 2
    one, other = np.sort(order[:half]), np.sort(order[half : 2 * half])
    return part(database, plan, table, one), part(database, plan, table, other)

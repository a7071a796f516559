"""The groups of a sensitive column, in the real and in the three compared sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from tidemill.core.condition import Condition, Test
from tidemill.core.dataset import Dataset
from tidemill.core.fairness import quarters
from tidemill.core.schema import Column
from tidemill.core.words import plural
from tidemill.supervised.arrays import Bools

MOST_GROUPS = 8
GROUP_ROWS = 50
"""Smaller groups of held-out rows have shares that are off by 0.07 by chance alone."""


class Group(NamedTuple):
    """A group of a sensitive column: its name, and which rows of the real and of the three compared
    sets are in it."""

    name: str
    members: tuple[Bools, ...]

    @property
    def rows(self) -> int:
        """Held-out real rows in it."""
        return int(self.members[0].sum())


@dataclass(frozen=True)
class ColumnGroups:
    """The groups of one column.

    Attributes:
        column: The column's name.
        groups: Those with enough held-out rows, the largest first, MOST_GROUPS at most.
        small: (name, held-out rows) of those that are left out.
    """

    column: str
    groups: tuple[Group, ...]
    small: tuple[tuple[str, int], ...]

    @property
    def note(self) -> str:
        """What a reader must know of groups that are left out; empty where none is."""
        if not self.small:
            return ""
        few = [(name, rows) for name, rows in self.small if rows < GROUP_ROWS]
        more = len(self.small) - len(few)
        parts = []
        if more:
            parts.append(f"the {more} smaller ones of {more + len(self.groups)}")
        if few:
            named = ", ".join(f"'{name}' ({plural(rows, 'row')})" for name, rows in few[:4])
            left = f" and {len(few) - 4} more" if len(few) > 4 else ""
            parts.append(
                f"too small to be judged, with fewer than {GROUP_ROWS} held-out rows: {named}{left}"
            )
        return f"Left out: {'; '.join(parts)}."

    @property
    def why(self) -> str:
        """Why nothing can be compared; empty where it can."""
        if len(self.groups) > 1:
            return ""
        return f"fewer than two groups have {GROUP_ROWS} held-out rows"

    def rest(self, side: int) -> Bools:
        """Which rows of a set are in none of the groups."""
        return ~np.logical_or.reduce([group.members[side] for group in self.groups])


def grouping(column: Column, tables: Sequence[Dataset]) -> ColumnGroups:
    """The groups of a column: levels, or quarters of numbers and dates, and the missing values.

    Args:
        column: Of the first table, which is real and held out.
        tables: With this column; each group has a mask for each.
    """
    found = []
    for name, tests in _tests(column, tables[0].frame[column.name]):
        condition = Condition(tests)
        group = Group(name, tuple(condition.mask(table.frame).to_numpy() for table in tables))
        if group.rows:
            found.append(group)
    found.sort(key=lambda group: -group.rows)
    groups = tuple(group for group in found if group.rows >= GROUP_ROWS)[:MOST_GROUPS]
    small = tuple((group.name, group.rows) for group in found[len(groups) :])
    return ColumnGroups(column.name, groups, small)


def _tests(column: Column, values: pl.Series) -> list[tuple[str, tuple[Test, ...]]]:
    """Names of the groups, and what a row of each is like."""
    named: list[tuple[str, tuple[Test, ...]]] = []
    present = values.drop_nulls()
    if column.kind not in ("number", "datetime"):
        for level in present.cast(pl.String).unique().sort():
            named.append((level, (Test(column.name, "=", level),)))
    elif len(present):
        for part in quarters(column.name, values):
            name = " and ".join(map(str, part)).replace(" is present", ", all")
            named.append((name, part))
    if values.has_nulls():
        named.append(("missing", (Test(column.name, "missing"),)))
    return named

"""Columns that go on from row to row: a balance that each amount adds to, and the number of a row
among those that belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from tidemill.core.database import gathered
from tidemill.core.dataset import Dataset
from tidemill.core.persons import FEWEST_PERSONS, level_counts

FEWEST_STEPS, FEWEST_GROUPS = 100, 20
"""In so many steps, and groups of several rows, a rule holds that is no chance."""
MOST_SIGNS = 20
"""Levels of a column that says whether an amount is added or taken."""
ALL, WITHIN = "all", "within"
CLOSE = 1e-9
"""Sums of decimal numbers are so exact, in parts of the largest."""


@dataclass(frozen=True)
class Running:
    """A column that is what it was in the row before, and an amount more or less.

    Attributes:
        column: The column.
        amount: The column that is added; None for 1.
        by: The column that says whether it is taken instead; None where that is the same in all
            rows.
        levels: The levels of it at which it is taken.
        but: Whether it is taken at all levels but these; without a column that says it, always.
        time: The column of times by which rows go on; None where they do as they stand.
    """

    column: str
    amount: str | None = None
    by: str | None = None
    levels: tuple[str, ...] = ()
    but: bool = False
    time: str | None = None

    def __str__(self) -> str:
        if self.amount is None:
            return f"{self.column} counts the rows"
        if self.by is None:
            sign = "minus" if self.but else "plus"
            return f"{self.column} is that of the row before {sign} {self.amount}"
        of = "other than " if self.but else ""
        return (
            f"{self.column} is that of the row before plus {self.amount}, or minus it where "
            f"{self.by} is {of}{' or '.join(self.levels)}"
        )

    def steps(self, rows: pl.DataFrame) -> np.ndarray:
        """(n,) what each row adds."""
        if self.amount is None:
            return np.ones(rows.height)
        amount = rows[self.amount].cast(pl.Float64).fill_null(0.0).to_numpy()
        if self.by is None:
            return -amount if self.but else amount
        named = rows[self.by].cast(pl.String).is_in(self.levels).fill_null(False).to_numpy()
        return np.where(named != self.but, -amount, amount)


def in_order(rows: pl.DataFrame, at: np.ndarray, time: str | None) -> np.ndarray:
    """(n,) the rows, those that are made for one row together and in the order of their times."""
    if time is None:
        return np.lexsort((np.arange(len(at)), at))
    moment = rows[time].cast(pl.Datetime("us")).to_physical().fill_null(0).to_numpy()
    return np.lexsort((np.arange(len(at)), moment, at))


def running_of(
    data: Dataset, at: np.ndarray, time: str | None, persons: np.ndarray
) -> list[Running]:
    """The columns that go on from row to row in all rows, by their times, or else as they stand.

    Args:
        data: The rows.
        at: (rows,) what each is made for; below 0 for nothing.
        time: Their column of times, where they have one.
        persons: (rows,) whose each is: levels that fewer than five persons have are not named.
    """
    for by in dict.fromkeys((time, None)):
        found = _going_on(data, at, in_order(data.frame, at, by), persons)
        if found:
            return [replace(rule, time=by) for rule in found]
    return []


def _going_on(
    data: Dataset, at: np.ndarray, order: np.ndarray, persons: np.ndarray
) -> list[Running]:
    after, before = order[1:], order[:-1]
    together = (at[after] == at[before]) & (at[after] >= 0)
    after, before = after[together], before[together]
    if len(after) < FEWEST_STEPS or len(np.unique(at[after])) < FEWEST_GROUPS:
        return []
    numbers = [c.name for c in data.schema if c.kind == "number" and not c.nullable]
    counts = [c.name for c in data.schema if data.frame[c.name].dtype.is_integer()]
    found: list[Running] = []
    for name in dict.fromkeys(numbers + counts):
        values = data.frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        if not np.isfinite(values).all():
            continue
        steps, close = values[after] - values[before], CLOSE * max(np.abs(values).max(), 1)
        amounts = [one for one in numbers if one not in {name, *(run.column for run in found)}]
        rule = _counting(name, steps) or _adding(data, name, amounts, after, steps, close, persons)
        if rule is not None:
            found.append(rule)
    return found


def _counting(name: str, steps: np.ndarray) -> Running | None:
    return Running(name) if (steps == 1).all() else None


def _adding(
    data: Dataset,
    name: str,
    amounts: Sequence[str],
    after: np.ndarray,
    steps: np.ndarray,
    close: float,
    persons: np.ndarray,
) -> Running | None:
    for amount in amounts:
        added = data.frame[amount].cast(pl.Float64).to_numpy()[after]
        plus, minus = np.abs(steps - added) <= close, np.abs(steps + added) <= close
        if not added.any() or not (plus | minus).all():
            continue
        if plus.all() or minus.all():
            return Running(name, amount, but=not plus.all())
        for column in data.schema.of_kind("category", "boolean"):
            texts = data.frame[column.name].cast(pl.String)
            levels = texts.gather(after)
            taken = set(levels.filter(pl.Series(~plus)).drop_nulls())
            given = set(levels.filter(pl.Series(~minus)).drop_nulls())
            if taken & given or levels.null_count() or len(taken | given) > MOST_SIGNS:
                continue
            counted = level_counts(texts, persons)
            common = set(counted.filter(pl.col("persons") >= FEWEST_PERSONS)["level"])
            rare = levels.filter(~levels.is_in(common))
            but = 2 * int(rare.is_in(taken).sum()) > len(rare)  # what is not named goes with most
            named = (given if but else taken) & common
            return Running(name, amount, column.name, tuple(sorted(named)), but)
    return None


def ordered(rows: pl.DataFrame, at: np.ndarray, time: str | None) -> str:
    """How rows stand: "all" in the order of their times, those "within" what they are made for, or
    "" in no such order."""
    if time is None or rows[time].null_count():
        return ""
    moment = rows[time].cast(pl.Datetime("us")).to_physical().to_numpy()
    if len(np.unique(at)) < FEWEST_GROUPS or len(at) < FEWEST_STEPS:
        return ""
    if (np.diff(moment) >= 0).all():
        return ALL
    by_file = in_order(rows, at, None)
    steps = np.diff(moment[by_file])[np.diff(at[by_file]) == 0]
    return WITHIN if len(steps) >= FEWEST_STEPS and (steps >= 0).all() else ""


def opening(rule: Running, rows: pl.DataFrame, at: np.ndarray, n: int) -> pl.Series:
    """(n,) what stood before the first row of each group; null where there is none."""
    values, steps = rows[rule.column].cast(pl.Float64).to_numpy(), rule.steps(rows)
    order = in_order(rows, at, rule.time)
    last_first = order[at[order] >= 0][::-1]
    found = np.full(n, np.nan)
    found[at[last_first]] = (values - steps)[last_first]  # the first of each group stays
    return pl.Series(found, nan_to_null=True).round(6)


def reckoned(rule: Running, rows: pl.DataFrame, at: np.ndarray, before: pl.Series) -> np.ndarray:
    """(rows,) the column, from what stands before the first row of each group; rows that are made
    for nothing begin at 0.

    Args:
        rule: The column.
        rows: The rows.
        at: (rows,) what each is made for; below 0 for nothing.
        before: Of each row above, what stands before the first of its rows.
    """
    start = gathered(before.cast(pl.Float64), at).fill_null(0.0).to_numpy()
    order = in_order(rows, at, rule.time)
    moved = pl.DataFrame({"at": at[order], "step": rule.steps(rows)[order]})
    passed = moved.select(pl.col("step").cum_sum().over("at"))["step"].to_numpy()
    found = np.empty(len(order))
    found[order] = start[order] + passed
    return found

"""Rows that are made for one row are as it is told of them: of several that are drawn for each
place, one is taken, so that their means and spreads are those that were drawn with that row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from tidemill.relational.running import Running
from tidemill.supervised.groups import as_numbers, group_means

MEAN, SPREAD = "mean", "spread"
KINDS = (MEAN, SPREAD)
TOLERANCE = 0.1
"""How far from what is told groups may be, in units of the spread between groups."""
FEW = 10
"""With so many rows, half of what they stay behind is aimed at in addition."""
ROUNDS = 4
"""How often all rows are looked at."""
MOST_AT_ONCE = 100_000
"""So many rows, in whole groups, are looked at together."""
MOST_TOGETHER = 300
"""Larger groups are looked at in parts of so many rows, each of which keeps what is told of all."""

Spoken = tuple[str, str | None, int | None]
"""What a promise speaks of: the column, a level of it, a direction along which sorts stand."""


@dataclass(frozen=True)
class Promise:
    """What a column of a row says of those that are made for it.

    Attributes:
        name: The column.
        of: The column of the rows that are made for it.
        what: "mean" or "spread".
        level: Of a category, the level whose share it is.
        trait: In the place of numbers, where sorts stand along this direction.
        unit: How many of the column's own units one is.
        running: In the place of numbers of a column, the steps of one that goes on from row to row.
    """

    name: str
    of: str
    what: str
    level: str | None = None
    trait: int | None = None
    unit: float = 1.0
    running: Running | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the rows that it can be reckoned from."""
        if self.running is None:
            return (self.of,)
        return tuple(one for one in (self.running.amount, self.running.by) if one is not None)

    def goal(self, above: pl.DataFrame) -> np.ndarray:
        """(rows above,) what is told; NaN for nothing."""
        return above[self.name].cast(pl.Float64).fill_null(float("nan")).to_numpy()

    @property
    def spoken(self) -> Spoken:
        """What it speaks of."""
        return self.of, self.level, self.trait


def numbers(promise: Promise, rows: pl.DataFrame, traits: Mapping[str, np.ndarray]) -> np.ndarray:
    """(n,) what a promise speaks of, in rows.

    Args:
        promise: The promise.
        rows: The rows.
        traits: Column of sorts -> (sorts, k) where each sort stands.
    """
    if promise.running is not None:
        return promise.running.steps(rows)
    if promise.trait is None:
        return as_numbers(rows[promise.of], promise.level) / promise.unit
    along = traits[promise.of][:, promise.trait]
    sort = rows[promise.of].cast(pl.Int64)
    found = along[np.clip(sort.fill_null(0).to_numpy(), 0, len(along) - 1)]
    return np.where(sort.is_null().to_numpy(), np.nan, found)


def aimed(
    promises: Sequence[Promise],
    above: pl.DataFrame,
    aim: pl.DataFrame,
    at: np.ndarray,
    drawn: Mapping[Spoken, np.ndarray],
) -> pl.DataFrame:
    """The rows above, with what is to be aimed at so that what is told comes out: further on where
    rows that were drawn for them stay behind it.

    Args:
        promises: What is told.
        above: The rows above.
        aim: What was aimed at last.
        at: (n,) which one each row is made for; below 0 for none.
        drawn: What promises speak of -> (n,) numbers of the rows that were drawn.
    """
    found = []
    for one in promises:
        goal = one.goal(above)
        if not np.isfinite(goal).any():
            continue
        values = drawn[one.spoken]
        known = np.isfinite(values) & (at >= 0)
        sizes, mean = group_means(values[known], at[known], len(above))
        came = mean
        if one.what == SPREAD:
            off = values[known] - mean[at[known]]
            came = np.sqrt(group_means(off**2, at[known], len(above))[1])
        # the mean of few rows is chance
        behind = np.where(sizes > 0, goal - came, 0.0) * sizes / (sizes + FEW)
        was = aim[one.name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        now = np.clip(was + np.nan_to_num(behind), np.nanmin(goal), np.nanmax(goal))
        found.append(pl.Series(one.name, now, nan_to_null=True).cast(above[one.name].dtype))
    return aim.with_columns(found)


def chosen(
    promises: Sequence[Promise],
    above: pl.DataFrame,
    at: np.ndarray,
    drawn: Mapping[Spoken, np.ndarray],
    rng: np.random.Generator,
) -> np.ndarray:
    """(n,) which of K rows that are drawn for each place is taken.

    The choice is drawn by Gibbs sampling: of a row given all others, the likelier the nearer mean
    and spread of its group come to what is told of them, so that what is needed is shared among
    all rows of a group, and rows stay as likely as they are otherwise.

    Args:
        promises: What is told.
        above: The rows that they are made for.
        at: (n,) which one each is made for; below 0 for none.
        drawn: What promises speak of -> (K, n) numbers, NaN where one is missing.
        rng: Source of chance.
    """
    found = np.zeros(len(at), np.int64)
    there = np.flatnonzero(at >= 0)
    if not len(there):
        return found
    there = there[np.argsort(at[there], kind="stable")]
    starts = np.flatnonzero(np.r_[True, np.diff(at[there]) != 0])
    cuts = starts[np.r_[True, np.diff(starts // MOST_AT_ONCE) > 0]][1:]
    units = {one: _units(one, promises, above) for one in drawn}
    for rows in np.split(there, cuts):
        block, position, group = _blocks(at[rows], rng)
        told = [
            _Told.of(one, promises, above, values[:, rows], group, units[one])
            for one, values in drawn.items()
        ]
        found[rows] = _drawn_by_turns(told, block, position, len(group), rng)
    return found


def _drawn_by_turns(
    told: Sequence[_Told],
    block: np.ndarray,
    position: np.ndarray,
    blocks: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """(n,) the choice of each row: those that stand in the same place of all blocks at a time."""
    choice = np.zeros(len(block), np.int64)
    steps = np.split(np.argsort(position, kind="stable"), np.cumsum(np.bincount(position))[:-1])
    for one in told:
        one.begin(block, blocks)
    for _ in range(ROUNDS):
        for step in steps:
            own, before = block[step], choice[step]
            off = sum(one.off(own, step, before) for one in told)
            chance = rng.gumbel(size=np.shape(off)) - off / (2 * TOLERANCE**2)
            choice[step] = np.argmax(chance, axis=0)
            for one in told:
                one.take(own, step, before, choice[step])
    return choice


def _units(spoken: Spoken, promises: Sequence[Promise], above: pl.DataFrame) -> dict[str, float]:
    """The spread between groups of what is told of them, by what it is; 0 for none."""
    found = dict.fromkeys(KINDS, 0.0)
    for one in promises:
        if one.spoken == spoken:
            goal = one.goal(above)
            found[one.what] = float(np.nanstd(goal)) if np.isfinite(goal).any() else 0.0
    return found


class _Told:
    """What is told of one column of the rows, and how it stands with the rows that are taken.

    Args:
        values: (K, n) of each row that is drawn; NaN where it is missing.
        goals: What is told of each group, (blocks,) by what it is; NaN where nothing is.
        units: The spread between groups of each.
    """

    def __init__(
        self, values: np.ndarray, goals: Mapping[str, np.ndarray], units: Mapping[str, float]
    ) -> None:
        known = np.isfinite(values)
        centre = values[known].mean() if known.any() else 0.0  # squares of large numbers are rough
        plain = np.where(known, values - centre, 0.0)
        self._parts = np.stack([known.astype(np.float64), plain, plain**2])
        self._goals, self._units = dict(goals), units
        self._goals[MEAN] = goals[MEAN] - centre

    @staticmethod
    def of(
        spoken: Spoken,
        promises: Sequence[Promise],
        above: pl.DataFrame,
        values: np.ndarray,
        group: np.ndarray,
        units: Mapping[str, float],
    ) -> _Told:
        """What is told of what some promises speak of.

        Args:
            spoken: What they speak of.
            promises, above: As for :func:`chosen`.
            values: (K, n) numbers.
            group: (blocks,) the row above of each.
            units: As :func:`_units` tells them.
        """
        goals = {what: np.full(len(group), np.nan) for what in KINDS}
        for one in promises:
            if one.spoken == spoken:
                goals[one.what] = one.goal(above)[group]
        return _Told(values.astype(np.float64), goals, units)

    def begin(self, block: np.ndarray, blocks: int) -> None:
        """The first row that is drawn for each place is taken."""
        self._sums = np.stack([np.bincount(block, part[0], blocks) for part in self._parts])

    def off(self, block: np.ndarray, rows: np.ndarray, choice: np.ndarray) -> np.ndarray:
        """(K, rows) how far groups are from what is told of them, squared and in units, if one of
        these rows each, which are of different blocks, is taken in the place of the chosen one."""
        others = self._sums[:, block] - self._parts[:, choice, rows]
        sizes, total, squares = others[:, None] + self._parts[:, :, rows]
        sizes = np.maximum(sizes, 1)
        mean = total / sizes
        spread = np.sqrt(np.maximum(squares / sizes - mean**2, 0))
        found = np.zeros_like(mean)
        for what, is_ in ((MEAN, mean), (SPREAD, spread)):
            if self._units[what]:
                away = (is_ - self._goals[what][block]) / self._units[what]
                found += np.where(np.isfinite(away), away, 0.0) ** 2
        return found

    def take(
        self, block: np.ndarray, rows: np.ndarray, before: np.ndarray, after: np.ndarray
    ) -> None:
        """Other rows are taken."""
        self._sums[:, block] += self._parts[:, after, rows] - self._parts[:, before, rows]


def _blocks(at: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each row the block that it is in and its place there, and the row above of each block:
    groups, or parts of large ones, in an order of chance."""
    order = np.lexsort((rng.random(len(at)), at))
    first = np.r_[True, np.diff(at[order]) != 0]
    start = np.maximum.accumulate(np.where(first, np.arange(len(at)), 0))
    place = np.arange(len(at)) - start
    begins = first | (place % MOST_TOGETHER == 0)
    block, position = np.empty(len(at), np.int64), np.empty(len(at), np.int64)
    block[order] = np.cumsum(begins) - 1
    position[order] = place % MOST_TOGETHER
    return block, position, at[order][begins]

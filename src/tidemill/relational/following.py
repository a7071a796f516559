"""Rows that follow each other in time: what each is told of the row before it, and of what is still
to come of what is told of all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from tidemill.core import checked_values as checked
from tidemill.core.database import gathered
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.schema import Column, Schema
from tidemill.relational.promises import MEAN, SPREAD, Promise, Spoken, numbers
from tidemill.relational.running import in_order
from tidemill.relational.summaries import rounded
from tidemill.relational.timing import Timing, gaps_of
from tidemill.supervised.groups import group_means, numbers_of

LEFT, PACE = "rows still to come", "mean time between the rows to come"
WEEKDAY, DAY = "weekday of the row before", "day of the month of the row before"
MOST_STEPS = 100
"""Rows of larger groups are drawn several at a time, in so many steps."""
FEW = 20
"""What is still to come is told as if there were so many rows more which are like all: that the
last row must be what is left would else be taken for the rule of all rows."""
LEAST_ALIKE, ERRORS = 0.05, 3.0
"""A column of the row before is told where it goes with that of the next by so much (correlation),
and by so many standard errors."""


@dataclass(frozen=True)
class MadeFor:
    """What is known of the rows that others are made for.

    Attributes:
        above: The rows.
        promises: What they say of those that are made for them.
        traits: Column of sorts -> (sorts, k) where each sort stands.
        ends: (rows, 2) the first and the last time of those that are made for each, in steps.
    """

    above: Dataset
    promises: tuple[Promise, ...]
    traits: Mapping[str, np.ndarray]
    ends: np.ndarray

    @property
    def spoken(self) -> dict[Spoken, list[Promise]]:
        """What promises speak of, and those that speak of it, the mean first; a spread by itself
        says nothing of the rows to come."""
        found: dict[Spoken, list[Promise]] = {}
        for one in sorted(self.promises, key=lambda one: one.what != MEAN):
            if one.what == MEAN or one.spoken in found:
                found.setdefault(one.spoken, []).append(one)
        return found

    def pace(self, at: np.ndarray, came: np.ndarray, left: np.ndarray, n: np.ndarray) -> np.ndarray:
        """(n,) the mean time between the rows to come.

        Args:
            at: What each row is made for.
            came: When the row before came, in steps.
            left: How many rows are to come.
            n: How many there are of its group.
        """
        first, last = self.ends[at].T
        return (np.maximum(last - came, 0) + FEW * (last - first) / n) / (left + FEW)


@dataclass(frozen=True)
class Following:
    """What rows are told that are drawn one after the other.

    Attributes:
        timing: How their times go on.
        columns: What they are told of the row before.
    """

    timing: Timing
    columns: tuple[str, ...]

    @staticmethod
    def of(data: Dataset, times: pl.Series, at: np.ndarray, timing: Timing) -> Following:
        """What is worth telling.

        Args:
            data: The rows, with what is drawn in the place of times.
            times: When each was.
            at: (n,) what each is made for; below 0 for nothing.
            timing: How times go on.
        """
        before = _Order.of(times, at).before
        group = np.unique(at, return_inverse=True)[1]
        columns = [timing.gap]
        for column in data.schema.modelled:
            if column.kind not in ("number", "category", "boolean") or column.name == timing.gap:
                continue
            if any(_goes_on(values, before, group) for values in numbers_of(data, column)):
                columns.append(column.name)
        return Following(timing, tuple(columns))

    def told(self, data: Dataset, times: pl.Series, at: np.ndarray, known: MadeFor) -> Dataset:
        """(n,) what rows are told that are there, of those made for nothing what means nothing.

        Args:
            data, times, at: As for :meth:`of`.
            known: What is known of those that they are made for.
        """
        order, own = _Order.of(times, at), np.maximum(at, 0)
        before = [gathered(data.frame[name], order.before) for name in self.columns]
        came = self.timing.steps(times)[np.maximum(order.before, 0)]
        came = np.where(order.before < 0, known.ends[own, 0], came)
        return self.beside(
            known.above.rows(own),
            rest_of(known, data.frame, order),
            Dataset(pl.DataFrame(before), data.schema.select(self.columns)),
            order.left,
            gathered(times, order.before),
            known.pace(own, came, order.left, order.size),
        )

    def beside(
        self,
        above: Dataset,
        rest: Mapping[str, np.ndarray],
        before: Dataset,
        left: np.ndarray,
        when: pl.Series,
        pace: np.ndarray,
    ) -> Dataset:
        """(n,) rows above, with what rows are told besides.

        Args:
            above: What each row is made for.
            rest: Column of these -> what it is to be from each row on.
            before: What is told of the row before; missing for the first.
            left: How many rows are to come, with each.
            when: When the row before was; missing for the first.
            pace: The mean time between the rows to come.

        Raises:
            DataError: A column above is called so already.
        """
        told = [pl.Series(name, values, nan_to_null=True) for name, values in rest.items()]
        besides = [
            *(before.frame[name].alias(_before(name)) for name in self.columns),
            pl.Series(LEFT, left, pl.Int64),
            pl.Series(PACE, rounded(pace), pl.Float64),
            when.dt.weekday().cast(pl.Int64).alias(WEEKDAY),
            when.dt.day().cast(pl.Int64).alias(DAY),
        ]
        columns = [replace(c, nullable=True) if c.name in rest else c for c in above.schema]
        columns += [replace(c, name=_before(c.name), nullable=True) for c in before.schema]
        columns += [
            Column(LEFT, "number", step="1", dtype="Int64"),
            Column(PACE, "number", dtype="Float64"),
            Column(WEEKDAY, "number", nullable=True, step="1", dtype="Int64"),
            Column(DAY, "number", nullable=True, step="1", dtype="Int64"),
        ]
        for column in columns[len(above.schema.columns) :]:
            if column.name in above.schema:
                raise DataError(
                    f"a column is called '{column.name}', as what rows are told that follow others",
                    where=above.name,
                    hint="call it differently",
                )
        frame = above.frame.with_columns(told).hstack(besides)
        return Dataset(frame, Schema(tuple(columns)), name=above.name)

    def to_state(self) -> dict[str, Any]:
        """A document."""
        return {"timing": self.timing.to_state(), "columns": list(self.columns)}

    @staticmethod
    def from_state(state: Mapping[str, Any], schema: Schema) -> Following:
        """What :meth:`to_state` wrote.

        Args:
            state: The document.
            schema: The columns of the rows.

        Raises:
            ValueError, KeyError: It does not fit to them.
        """
        timing = Timing.from_state(state["timing"])
        columns = tuple(map(checked.text, state["columns"]))
        if not {*columns, *(one.name for one in timing.drawn)} <= set(schema.names):
            raise ValueError("what is told of the row before is not there")
        if timing.column.name in schema:
            raise ValueError("times are drawn twice")
        return Following(timing, columns)


def with_missing(told: Dataset, above: Dataset) -> Dataset:
    """What rows are told, and one more row that misses what a row above misses: rows may be made
    for such, though none of those that are there is."""
    row = told.frame[:1].with_columns(
        pl.lit(None, told.frame.schema[name]).alias(name)
        for name in above.schema.names
        if above.frame[name].null_count()
    )
    return replace(told, frame=pl.concat([told.frame, row]), origin=None)


def _before(name: str) -> str:
    return f"row before: {name}"


def _goes_on(values: np.ndarray, before: np.ndarray, group: np.ndarray) -> bool:
    """Whether values go with those of the row before by more than that both are of one group."""
    sizes, means = group_means(values, group, int(group.max(initial=0)) + 1)
    off, here = values - means[group], np.flatnonzero(before >= 0)
    one, two, size = off[here], off[before[here]], sizes[group[here]]
    both = np.isfinite(one) & np.isfinite(two)
    one, two, size = one[both], two[both], size[both]
    scale = np.sqrt((one**2).sum() * (two**2).sum())
    if not scale:
        return False
    # of n values less their mean, two go against each other by 1 / (n - 1)
    together = one * two + (one**2 + two**2) / 2 / np.maximum(size - 1, 1)
    return bool(abs(together.sum() / scale) > max(LEAST_ALIKE, ERRORS / np.sqrt(len(one))))


@dataclass(frozen=True)
class _Order:
    """Rows in the order of their times.

    Attributes:
        order: (n,) the rows, those of a group together.
        start, end: (n,) in that order, the place of the first row of the group of each, and that
            behind the last one.
        before: (n,) the row before each, below 0 for none.
        left: (n,) how many rows of its group are to come, with itself.
        size: (n,) how many its group has.
    """

    order: np.ndarray
    start: np.ndarray
    end: np.ndarray
    before: np.ndarray
    left: np.ndarray
    size: np.ndarray

    @staticmethod
    def of(times: pl.Series, at: np.ndarray) -> _Order:
        """The order of rows by their times, and then as they stand."""
        order = in_order(pl.DataFrame(times), at, times.name)
        begins = np.flatnonzero(np.diff(at[order], prepend=-2) != 0)
        group = np.repeat(np.arange(len(begins)), np.diff(np.r_[begins, len(at)]))
        start, end = begins[group], np.r_[begins[1:], len(at)][group]
        place = np.arange(len(at))
        before, left, size = np.empty((3, len(at)), np.int64)
        before[order] = np.where((place == start) | (at[order] < 0), -1, np.r_[-1, order[:-1]])
        left[order], size[order] = end - place, end - start
        return _Order(order, start, end, before, left, size)

    def from_here(self, values: np.ndarray) -> np.ndarray:
        """(n,) the sum over the rows of its group from each on, and over FEW that are like all."""
        behind = np.r_[np.cumsum(values[self.order][::-1])[::-1], 0.0]
        found = np.empty(len(values))
        whole = behind[self.start] - behind[self.end]
        found[self.order] = behind[:-1] - behind[self.end] + FEW * whole / (self.end - self.start)
        return found


def rest_of(known: MadeFor, rows: pl.DataFrame, order: _Order) -> dict[str, np.ndarray]:
    """Column of the rows above -> what it is from each of the rows on that are there."""
    found: dict[str, np.ndarray] = {}
    for own in known.spoken.values():
        values = numbers(own[0], rows, known.traits)
        there = np.isfinite(values)
        centre = float(values[there].mean()) if there.any() else 0.0
        sums = np.stack([order.from_here(part) for part in _parts(values, centre)])
        found |= {one.name: _summed(one, sums, centre) for one in own}
    return found


class Succession:
    """Rows that are drawn step by step, those that stand in the same place of all groups at a time.

    Args:
        following: What they are told.
        known: What is known of the rows that they are made for.
        sizes: (rows above,) how many rows are made for each.
        before: Columns of the row before, without rows.
    """

    def __init__(
        self, following: Following, known: MadeFor, sizes: np.ndarray, before: Dataset
    ) -> None:
        self._following, self._known, self._sizes = following, known, sizes
        self._at_once = np.maximum(-(-sizes // MOST_STEPS), 1)
        self._before = replace(before, frame=before.frame.clear(len(sizes)), origin=None)
        self._came, self._step = known.ends[:, 0].astype(np.float64), 0
        self._sums: dict[Spoken, np.ndarray] = {}
        self._centre: dict[Spoken, float] = {}
        for spoken, own in known.spoken.items():
            self._begin(spoken, {one.what: one.goal(known.above.frame) for one in own})

    def _begin(self, spoken: Spoken, goals: Mapping[str, np.ndarray]) -> None:
        """Everything that is told is still to come."""
        unknown = np.full(len(self._sizes), np.nan)
        mean, spread = goals[MEAN], goals.get(SPREAD, unknown)
        known = np.isfinite(mean)
        self._centre[spoken] = centre = float(mean[known].mean()) if known.any() else 0.0
        parts = np.stack([np.ones(len(mean)), mean - centre, spread**2 + (mean - centre) ** 2])
        self._sums[spoken] = parts * (self._sizes + FEW)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray, Dataset]]:
        """At each step what rows are made for, their places among all, and what they are told."""
        begins, known = np.cumsum(self._sizes) - self._sizes, self._known
        while (self._sizes > (done := self._step * self._at_once)).any():
            groups = np.flatnonzero(self._sizes > done)
            here = np.minimum(self._at_once, self._sizes - done)[groups]
            at = np.repeat(groups, here)
            within = np.arange(len(at)) - np.repeat(np.cumsum(here) - here, here)
            left = (self._sizes - done)[at] - within
            rest = {
                one.name: _summed(one, self._sums[spoken][:, at], self._centre[spoken])
                for spoken, own in known.spoken.items()
                for one in own
            }
            told = self._following.beside(
                known.above.rows(at),
                rest,
                self._before.rows(at),
                left,
                self._when(at),
                known.pace(at, self._came[at], left, self._sizes[at]),
            )
            yield at, (begins + done)[at] + within, told
            self._step += 1

    def _when(self, at: np.ndarray) -> pl.Series:
        """When the row before was; missing for the first."""
        times = self._following.timing.at_steps(self._came[at].round().astype(np.int64))
        return times if self._step else times.clear(len(times))

    def take(self, rows: pl.DataFrame, at: np.ndarray) -> None:
        """The rows of a step have been drawn."""
        for spoken, own in self._known.spoken.items():
            values = numbers(own[0], rows, self._known.traits)
            parts = _parts(values, self._centre[spoken])
            for sums, part in zip(self._sums[spoken], parts, strict=True):
                np.subtract.at(sums, at, part)
        last = np.flatnonzero(np.diff(at, append=-1) != 0)
        gaps = gaps_of(rows[self._following.timing.gap])
        if not self._step:
            gaps[np.diff(at, prepend=-1) != 0] = 0
        self._came += np.bincount(at, gaps, len(self._sizes))
        frame = self._before.frame.with_columns(
            one.scatter(at[last], rows[one.name].gather(last).cast(one.dtype))
            for one in self._before.frame
        )
        self._before = replace(self._before, frame=frame)


def _parts(values: np.ndarray, centre: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(n,) whether each is known, its value, and the square of that."""
    known = np.isfinite(values)
    plain = np.where(known, values - centre, 0.0)  # squares of large numbers are rough
    return known.astype(np.float64), plain, plain**2


def _summed(promise: Promise, sums: np.ndarray, centre: float) -> np.ndarray:
    """(n,) the mean or the spread of what is summed up; NaN of nothing."""
    known, total, squares = sums
    mean = total / np.maximum(known, 1)
    found = mean + centre
    if promise.what == SPREAD:
        found = np.sqrt(np.maximum(squares / np.maximum(known, 1) - mean**2, 0))
    return rounded(np.where(known > 0, found, np.nan))

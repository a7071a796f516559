"""Times that go on from row to row: how long after the row before each came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from tidemill.codecs.columns.datetime import DatetimeCodec
from tidemill.core import checked_values as checked
from tidemill.core.database import gathered
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.relational.running import FEWEST_GROUPS, FEWEST_STEPS, in_order
from tidemill.supervised.groups import between, numbers_of

SLOW = 0.25
"""Where half of all rows follow after a longer part of a day, the time of the day is drawn by
itself."""
OFF = 0.15
"""Where the mean time between rows and the last time tell lengths that are so far apart, in parts
of the longer one, the mean time holds."""
MOST_DATED, PIECES = 0.5, 50
"""Times of which another column tells more than this share of its variance, in so many pieces of
time, are drawn with it."""


@dataclass(frozen=True)
class Timing:
    """A column of times in the place of which the time since the row before is drawn, in steps of
    the column's calendar: days, working days, seconds.

    Attributes:
        column: The column.
        label: What columns are called by that tell of these rows.
        codec: Its calendar.
        has_clock: Whether the time of the day is drawn besides, and whole days since the row
            before.
        least: The fewest steps from one row to the next: 1 where no two of a group come at once.
    """

    column: Column
    label: str
    codec: DatetimeCodec
    has_clock: bool
    least: int

    @property
    def gap(self) -> str:
        """What the time since the row before is called."""
        return f"{self.column.name}: since the row before"

    @property
    def clock(self) -> str:
        """What the time of the day is called."""
        return f"{self.column.name}: time of the day"

    @property
    def ends(self) -> tuple[str, str]:
        """What the first and the last time of the rows of a row are called there."""
        return f"{self.label}: first {self.column.name}", f"{self.label}: last {self.column.name}"

    @property
    def drawn(self) -> tuple[Column, ...]:
        """The columns that are drawn in its place."""
        names = (self.gap, self.clock) if self.has_clock else (self.gap,)
        return tuple(Column(name, "number", step="1", dtype="Int64") for name in names)

    def steps(self, times: pl.Series) -> np.ndarray:
        """(n,) how many steps of the calendar times are away from its first one; 0 for none."""
        here = times.is_not_null()
        found = np.zeros(len(times), np.int64)
        found[here.to_numpy()] = self.codec.numbers(times.filter(here)) // self._length
        return found

    def at_steps(self, steps: np.ndarray) -> pl.Series:
        """(n,) times so many steps of the calendar away from its first one."""
        return self.codec.dates(steps * self._length).alias(self.column.name)

    @property
    def _length(self) -> int:
        """How many numbers of the calendar one step is."""
        return self.codec.per_day if self.has_clock else 1

    def of_rows(self, times: pl.Series, at: np.ndarray) -> list[pl.Series]:
        """What is drawn in the place of times: 0 after the row before for the first of a group.

        Args:
            times: Of each row.
            at: (n,) what each is made for; below 0 for nothing.
        """
        order = in_order(pl.DataFrame(times), at, times.name)
        begins = np.diff(at[order], prepend=-2) != 0
        gaps = np.empty(len(at), np.int64)
        moved = np.diff(self.steps(times)[order], prepend=0)
        gaps[order] = np.where(begins | (at[order] < 0), 0, moved)
        found = [pl.Series(self.gap, gaps)]
        if self.has_clock:
            found.append(pl.Series(self.clock, self.codec.numbers(times) % self._length))
        return found

    def of_groups(self, times: pl.Series, at: np.ndarray, rows: int) -> list[pl.Series]:
        """The first and the last time of the rows of each of so many rows; null where there are
        none.

        Args:
            times, at: As for :meth:`of_rows`.
            rows: How many rows these can be made for.
        """
        order = in_order(pl.DataFrame(times), at, times.name)
        order = order[at[order] >= 0]
        found = []
        for name, rows_ in zip(self.ends, (order[::-1], order), strict=True):
            place = np.full(rows, -1)
            place[at[rows_]] = rows_  # of each group the one that comes last here
            found.append(gathered(times, place).alias(name))
        return found

    def begun(self, above: pl.DataFrame, rng: np.random.Generator) -> np.ndarray:
        """(rows above, 2) the first and the last time of the rows of each, in steps; where none is
        told, those of another row.

        Args:
            above: The rows above.
            rng: Source of chance.
        """
        found = np.stack([self.steps(above[name]) for name in self.ends], axis=1)
        known = np.all([above[name].is_not_null().to_numpy() for name in self.ends], axis=0)
        if known.any():
            gone = np.flatnonzero(~known)
            found[gone] = found[rng.choice(np.flatnonzero(known), len(gone))]
        found[:, 1] = np.maximum(found[:, 1], found[:, 0])
        return found

    @staticmethod
    def paced(ends: np.ndarray, pace: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """(rows above, 2) the first and the last time of the rows of each, such that the mean time
        between them is what is told: of few rows the last time says little of it, of many it is
        surer itself.

        Args:
            ends: As :meth:`begun` tells them.
            pace: The mean time since the row before, that of the first being 0; NaN for untold.
            sizes: How many rows each gets.
        """
        told = np.maximum(np.nan_to_num(pace), 0) * sizes
        length = ends[:, 1] - ends[:, 0]
        is_other = np.isfinite(pace) & (np.abs(told - length) > OFF * np.maximum(told, length))
        length = np.where(is_other, np.rint(told), length).astype(np.int64)
        latest = ends[:, 1].max() if len(ends) else 0
        last = np.minimum(ends[:, 0] + length, latest)
        return np.stack([ends[:, 0], np.maximum(last, ends[:, 0])], axis=1)

    def times(
        self, rows: pl.DataFrame, at: np.ndarray, ends: np.ndarray, rng: np.random.Generator
    ) -> pl.Series:
        """(n,) the times of rows, those of a group from its first time to its last.

        Args:
            rows: What was drawn in the place of times, rows of a group one after the other.
            at: (n,) what each row is made for; below 0 for nothing.
            ends: As :meth:`begun` tells them.
            rng: Draws the times of rows that are made for nothing, from those of others.
        """
        found = np.zeros(len(at), np.int64)
        there, loose = np.flatnonzero(at >= 0), np.flatnonzero(at < 0)
        group = at[there]
        gaps = gaps_of(rows[self.gap].gather(there))
        begins = np.diff(group, prepend=-1) != 0
        gaps[begins] = 0
        passed = np.cumsum(gaps)
        passed -= passed[np.flatnonzero(begins)][np.cumsum(begins) - 1]
        whole = np.zeros(len(ends))
        np.maximum.at(whole, group, passed)
        scale = (ends[:, 1] - ends[:, 0]) / np.maximum(whole, 1)
        since = np.rint(passed * scale[group]).astype(np.int64)
        steps = ends[group, 0] + self._apart(since, group, begins)
        if self.codec.ends is not None:  # who must come later than anybody begins earlier
            over = np.zeros(len(ends), np.int64)
            np.maximum.at(over, group, steps - self.codec.ends[1] // self._length)
            steps -= over[group]
        found[there] = steps
        if len(there):
            found[loose] = found[rng.choice(there, len(loose))]
        if self.has_clock:
            clock = gaps_of(rows[self.clock]).astype(np.int64)
            found = found * self._length + np.minimum(clock, self._length - 1)
        return self.codec.dates(found).alias(self.column.name)

    def _apart(self, since: np.ndarray, group: np.ndarray, begins: np.ndarray) -> np.ndarray:
        """(n,) steps since the first row of a group, each so many behind the row before as there
        must be."""
        start = np.flatnonzero(begins)[np.cumsum(begins) - 1]
        needed = (np.arange(len(since)) - start) * self.least
        told = pl.DataFrame({"group": group, "free": since - needed})
        return told.select(pl.col("free").cum_max().over("group"))["free"].to_numpy() + needed

    def to_state(self) -> dict[str, Any]:
        """A document."""
        return {
            "column": Schema((self.column,)).to_state(),
            "label": self.label,
            "codec": self.codec.to_state(),
            "has_clock": self.has_clock,
            "least": self.least,
        }

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> Timing:
        """What :meth:`to_state` wrote.

        Raises:
            ValueError, KeyError: It makes no sense.
        """
        [column] = Schema.from_state(state["column"]).columns
        codec = DatetimeCodec.from_state(column, state["codec"])
        if column.kind != "datetime" or codec.presence.absences:
            raise ValueError("these are no times of all rows")
        return Timing(
            column,
            checked.text(state["label"]),
            codec,
            checked.truth(state["has_clock"]),
            checked.whole(state["least"], 0, 1),
        )


def gaps_of(values: pl.Series) -> np.ndarray:
    """(n,) times that were drawn, none below 0."""
    return np.maximum(values.cast(pl.Float64).fill_null(0.0).to_numpy(), 0).round()


def is_dated(data: Dataset, time: str) -> bool:
    """Whether another column of a table tells of its times, as the number of a week does.

    Args:
        data: The rows.
        time: The column of times.
    """
    piece = data.frame[time].rank("ordinal").to_numpy().astype(np.int64) * PIECES // (len(data) + 1)
    return any(
        between(values, piece) > MOST_DATED
        for column in data.schema.modelled
        if column.name != time
        for values in numbers_of(data, column)
    )


def timing_of(
    data: Dataset, time: str, at: np.ndarray, label: str, persons: np.ndarray, run: Run
) -> Timing | None:
    """How times go on from row to row; None where too few do.

    Args:
        data: The rows.
        time: The column of times.
        at: (n,) what each row is made for; below 0 for nothing.
        label: What columns are called by that tell of these rows.
        persons: (n,) whose each is.
        run: For fitting the calendar.
    """
    times = data.frame[time]
    order = in_order(data.frame, at, time)
    together = (np.diff(at[order]) == 0) & (at[order][1:] >= 0)
    if times.null_count() or together.sum() < FEWEST_STEPS:
        return None
    if len(np.unique(at[order][1:][together])) < FEWEST_GROUPS:
        return None
    column = replace(data.schema[time], nullable=False)
    codec = DatetimeCodec().fit(column, times, run, persons)
    steps = np.diff(codec.numbers(times)[order])[together]
    if not steps.any():
        return None
    has_clock = codec.per_day > 1 and bool(np.median(steps) > SLOW * codec.per_day)
    least = int(not has_clock and steps.min() > 0)
    return Timing(column, label, codec, has_clock, least)

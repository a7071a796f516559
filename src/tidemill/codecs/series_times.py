"""The times of series: when each begins, and the gap from each step to the next."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Self

import numpy as np
import polars as pl

from tidemill.codecs.columns.datetime import DatetimeCodec
from tidemill.codecs.columns.intervals import LARGEST
from tidemill.codecs.columns.number import NumberCodec
from tidemill.core import checked_values as checked
from tidemill.core.errors import DataError
from tidemill.core.grid import Batch, Spec
from tidemill.core.persons import FEWEST_PERSONS, ends_of, sharing
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.series import SeriesLayout

FEW_GAPS = 20
"""Gaps of so few different lengths, each of enough persons, are levels; else they are numbers."""


class Timeline:
    """Times as whole numbers of the column's smallest step: a start for each series, a gap for each
    step.

    Attributes:
        spec: Of the starts: the time column's own channels; none where all series begin at the same
            time.
        gap: The column of gaps, which stands among those of the steps; None where all gaps are
            equal.
    """

    spec: Spec
    gap: Column | None

    def fit(
        self,
        column: Column,
        values: pl.Series,
        series: SeriesLayout,
        windows: SeriesLayout,
        taken: Collection[str],
        run: Run,
        persons: np.ndarray | None = None,
    ) -> Self:
        """Learn the step of time, which gaps there are, and whether starts differ.

        Args:
            column: The time column.
            values: Its values, series after series.
            series: Where each series lies in them.
            windows: What they are cut into.
            taken: Names that the column of gaps may not have.
            run: For the codec of the starts.
            persons: (rows,) whose each value is; None where each is a person's own.

        Raises:
            DataError: A time is infinite.
        """
        self.column = column
        if values.dtype.is_float() and not values.is_finite().all():
            raise DataError(
                "a time is not finite", where=f"column '{column.name}'", hint="leave these rows out"
            )
        clock = DatetimeCodec() if values.dtype.is_temporal() else NumberCodec()
        self._clock = clock.fit(column, values, run, persons)
        numbers = self.numbers(values)
        starts = numbers[windows.start]
        self._start = int(starts[0]) if (starts == starts[0]).all() else None
        known = np.delete(np.diff(numbers, prepend=0), series.start)
        whose = None if persons is None else np.delete(persons, series.start)
        different, place, counts = np.unique(known, return_inverse=True, return_counts=True)
        self._usual = int(different[np.argmax(counts)]) if len(known) else 1
        self._low, self._high = ends_of(known, whose) if len(known) else (1, 1)
        self.gap = None
        if len(different) > 1:
            shared = sharing(place, len(different), whose)
            levels = len(different) <= FEW_GAPS and shared.min() >= FEWEST_PERSONS
            name = f"gap of {column.name}"
            while name in taken:
                name += "'"
            self.gap = Column(name, "category" if levels else "number", dtype="Int64")
        return self._made()

    def _made(self) -> Self:
        self.spec = self._clock.spec if self._start is None else Spec()
        return self

    def numbers(self, values: pl.Series) -> np.ndarray:
        """(rows,) times -> (rows,) int64."""
        assert self._clock.line is not None
        return self._clock.line.number(self._clock.encode(values).tick)

    def gaps(self, values: pl.Series, series: SeriesLayout) -> pl.Series:
        """(rows,) times, series after series -> (rows,) gaps; the first of a series gets the most
        frequent one."""
        gaps = np.diff(self.numbers(values), prepend=0)
        gaps[series.start] = self._usual
        return pl.Series("gap" if self.gap is None else self.gap.name, gaps)

    def encode(self, starts: pl.Series) -> Batch:
        """(n,) first times -> their channels."""
        if self._start is not None:
            return Batch(np.zeros((len(starts), 0), np.int64), np.zeros((len(starts), 0), np.int32))
        return self._clock.encode(starts)

    def decode(self, starts: Batch, gaps: pl.Series | None, length: np.ndarray) -> pl.Series:
        """Times from the channels of n starts, the gaps of all steps, and the n lengths of the
        series."""
        assert self._clock.line is not None
        first = np.cumsum(length) - length
        if self._start is not None:
            begin = np.full(len(starts), self._start)
        else:
            begin = self._clock.line.number(starts.tick)
        steps = int(length.sum())
        gap = np.full(steps, self._usual)
        if gaps is not None:
            # what is generated may not reach beyond real gaps, which also keeps series in order
            gap = np.clip(gaps.to_numpy(), self._low, self._high)
        gap[first] = 0
        passed = np.cumsum(gap)
        return self._of_numbers(np.repeat(begin - passed[first], length) + passed)

    @property
    def usual(self) -> int:
        """The most frequent gap."""
        return self._usual

    def later(self, last: pl.Series, gaps: np.ndarray) -> pl.Series:
        """The times of (n, steps) steps that follow on n last times.

        Args:
            last: (n,) the times before.
            gaps: (n, steps) from each step to the next; none is longer or shorter than real ones.
        """
        passed = np.clip(gaps, self._low, self._high).cumsum(axis=1)
        return self._of_numbers((self.numbers(last)[:, None] + passed).ravel())

    def _of_numbers(self, numbers: np.ndarray) -> pl.Series:
        assert self._clock.line is not None
        numbers = np.clip(numbers, -LARGEST, LARGEST)
        present = np.zeros((len(numbers), len(self._clock.spec.codes)), np.int32)
        batch = Batch(self._clock.line.ticks(numbers), present)
        times = self._clock.decode(batch, np.random.default_rng(0))
        return times.rename(self.column.name)

    def to_state(self) -> dict[str, Any]:
        """The times as plain JSON."""
        return {
            "clock": self._clock.to_state(),
            "dated": isinstance(self._clock, DatetimeCodec),
            "start": self._start,
            "usual": self._usual,
            "low": self._low,
            "high": self._high,
            "gap": None if self.gap is None else [self.gap.name, self.gap.kind],
        }

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> Self:
        """Restored from :meth:`to_state`.

        Raises:
            ValueError: The state does not fit together.
        """
        line = cls()
        line.column = column
        dated = checked.truth(state["dated"])
        codec: type[DatetimeCodec | NumberCodec] = DatetimeCodec if dated else NumberCodec
        line._clock = codec.from_state(column, state["clock"])
        line._start = None
        if state["start"] is not None:
            line._start = checked.whole(state["start"], -LARGEST, LARGEST)
        line._low, line._high = checked.ends((state["low"], state["high"]), 0, LARGEST)
        line._usual = checked.whole(state["usual"], line._low, line._high)
        line.gap = None
        if state["gap"] is not None:
            name, kind = state["gap"]
            line.gap = Column(checked.text(name), kind, dtype="Int64")
        return line._made()

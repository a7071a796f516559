"""Rows of a table as series: those of one entity in the order of time, and windows of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.schema import Schema
from tidemill.core.split import entity_numbers


@dataclass(frozen=True, slots=True)
class SeriesLayout:
    """Where series lie in a table, or windows in series.

    Attributes:
        order: (rows,) positions of the rows: series after series as they first appear, each by
            time, ties as they stand.
        start: (k,) where each begins in ``order``.
        length: (k,) its steps.
    """

    order: np.ndarray
    start: np.ndarray
    length: np.ndarray

    def __len__(self) -> int:
        return len(self.start)

    def index(self, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """(k, steps) places in ``order`` and whether they are in use; those that are not repeat the
        last one."""
        step, length = np.arange(steps), self.length[:, None]
        places = self.start[:, None] + np.minimum(step, length - 1)
        return places, step < length

    def windows(self, steps: int, stride: int) -> SeriesLayout:
        """Cut into windows of at most so many steps, one every ``stride`` steps; the last one ends
        where its series does."""
        counts = window_counts(self.length, steps, stride)
        whose = np.repeat(np.arange(len(self)), counts)
        number = np.arange(len(whose)) - np.repeat(np.cumsum(counts) - counts, counts)
        length = np.minimum(self.length, steps)[whose]
        skipped = np.minimum(number * stride, self.length[whose] - length)
        return SeriesLayout(self.order, self.start[whose] + skipped, length)


def window_counts(length: np.ndarray, steps: int, stride: int) -> np.ndarray:
    """(k,) how many windows series of these lengths are cut into.

    Example:
        >>> window_counts(np.array([3, 10, 11]), 10, 4).tolist()
        [1, 1, 2]
    """
    return np.asarray(1 + -(-np.maximum(length - steps, 0) // stride))


def learnable(schema: Schema) -> bool:
    """Whether rows are declared as the steps of series: there is an entity and a time."""
    return schema.modality == "series"


def layout(data: Dataset) -> SeriesLayout:
    """The series of a table with a time column; all rows are one series where no column is the
    entity.

    A row without an entity is a series of its own.

    Raises:
        DataError: There is no time column, or a time is missing.
    """
    times = data.schema.of_role("time")
    if not times:
        raise DataError(
            "no column tells the order of the steps",
            where=data.name,
            hint="name it with option 'time'",
        )
    time = data[times[0].name]
    if time.null_count():
        raise DataError(
            f"{time.null_count():,} rows have no time, so their place in a series is not known",
            where=f"column '{times[0].name}'",
            hint="leave these rows out, or fill in their times",
        )
    entities = entity_numbers(data)
    whose = np.zeros(len(data), np.int64) if entities is None else entities
    _, first, whose = np.unique(whose, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))[whose]  # in order of first appearance
    order = np.lexsort((time.rank("dense").to_numpy(), rank))
    length = np.bincount(rank, minlength=len(first))
    return SeriesLayout(order, np.cumsum(length) - length, length)

"""Series of several entities in windows of one calendar: their numbers are channels beside one
another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from tidemill.codecs.calendar import CalendarCodec
from tidemill.codecs.codec import Claim, Codec
from tidemill.codecs.columns.base import FIRST, SurrogateStream
from tidemill.codecs.series import WINDOW, SeriesCodec
from tidemill.codecs.series_heads import SeriesHeads
from tidemill.core.columns import by_name
from tidemill.core.condition import Condition
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.grid import Batch, Constraints, Topology
from tidemill.core.run import Run
from tidemill.core.schema import Schema
from tidemill.core.series import learnable
from tidemill.core.words import plural

WIDEST = 300
"""Numbers of all entities at one time, at most: networks would learn hardly anything of more."""


class SideBySideCodec(Codec):
    """All entities together, in windows that networks can learn.

    A :class:`CalendarCodec` finds the times that the entities share. Their numbers at these times
    become columns beside one another, ``price of 1``, ``price of 2``, and a :class:`SeriesCodec`
    cuts that one long series into windows. What is made keeps the entities' names and what never
    changes of them; a column ``series`` tells windows apart.

    Attributes:
        windows: The codec of the series of all entities' numbers.

    Args:
        window: Times of a window; 0 for WINDOW, or half of the times where these are few.
    """

    modality: ClassVar[str] = "series"
    topology: ClassVar[Topology] = "steps"
    items: ClassVar[str] = "series"
    keeps: ClassVar[str] = (
        "The model holds the names of the entities and the times that they share, and may have "
        "learned stretches of their numbers by heart: keep it as safe as the data."
    )
    conditions: ClassVar[bool] = False
    together: ClassVar[bool] = True
    default_model: ClassVar[str] = "flow"
    as_table: ClassVar[str] = "fit without 'together=yes' to learn entities one by one"

    windows: SeriesCodec

    def __init__(self, window: int = 0) -> None:
        self._window = window

    @classmethod
    def unfitted(cls, window: int | None) -> Self:
        return cls(window or 0)

    @classmethod
    def claims(cls, schema: Schema, window: int | None) -> Claim:
        # those of single entities come first: this one is taken where it is asked for
        return "may" if learnable(schema) and (window is None or window > 1) else "no"

    @property
    def given(self) -> SeriesHeads | None:
        """What a window is made for: when it begins."""
        return self.windows.given

    def fit(self, data: Dataset, run: Run, persons: np.ndarray | None = None) -> Self:
        """Find the times that the entities share, and how their numbers move.

        Raises:
            DataError: An entity has two rows at a time, a column that changes is no number, hardly
                any time is shared, there are too many numbers, or the entities are persons.
        """
        self._calendar = CalendarCodec().find(data, run)
        channels = len(self._calendar.about) * len(self._calendar.names)
        if channels > WIDEST:
            raise DataError(
                f"{plural(len(self._calendar.about), 'entity', 'entities')} with "
                f"{plural(len(self._calendar.names), 'number')} each are {channels:,} numbers at "
                f"a time, and networks learn at most {WIDEST} together",
                where=data.name,
                hint="give fewer entities or columns, choose option 'model=fhs', or leave "
                "'together=yes' out",
            )
        wide = self.widened(data)
        run.emit(
            "note",
            "learn",
            f"Learning {plural(len(self._calendar.about), 'entity', 'entities')} together on "
            f"{plural(len(wide), 'shared time')}, as one series of {plural(channels, 'number')} "
            "beside one another.",
        )
        window = self._window or max(min(WINDOW, len(wide) // 2), 1)
        self.windows = SeriesCodec(window).fit(wide, run)
        return self._made()

    def _made(self) -> Self:
        self.schema, self.spec = self._calendar.schema, self.windows.spec
        return self

    @property
    def _time(self) -> str:
        return self.schema.of_role("time")[0].name

    def _channels(self) -> list[list[str]]:
        """Entity by entity, the columns of its numbers in the wide table."""
        entities = range(1, len(self._calendar.about) + 1)
        return [[f"{name} of {k}" for name in self._calendar.names] for k in entities]

    def widened(self, data: Dataset) -> Dataset:
        """Rows of the learned entities as one long series: a row for each time that they share.

        Raises:
            DataError: An entity is not there, or is at no time that the others share.
        """
        shared = self._calendar.shared(data)
        calendar = self._calendar.schema
        [time] = calendar.of_role("time")
        days = len(shared) // len(self._calendar.about)
        columns, kinds = [shared[time.name][:days].alias("time")], [replace(time, name="time")]
        for k, own in enumerate(self._channels()):
            for name, channel in zip(self._calendar.names, own, strict=True):
                columns.append(shared[name][k * days : (k + 1) * days].alias(channel))
                kinds.append(replace(calendar[name], name=channel, role="feature"))
        return Dataset(pl.DataFrame(columns), Schema(tuple(kinds)), name=data.name)

    def narrowed(self, wide: pl.DataFrame, courses: int) -> pl.DataFrame:
        """Rows of the wide table as rows of entities: of each of so many equally long courses,
        entity by entity."""
        who, steps = len(self._calendar.about), len(wide) // max(courses, 1)
        days = np.arange(len(wide)).reshape(courses, 1, steps)
        at = np.broadcast_to(days, (courses, who, steps)).ravel()
        whose = np.tile(np.repeat(np.arange(who), steps), courses)
        columns = [wide["time"].gather(at).alias(self._time)]
        columns += [column.gather(whose) for column in self._calendar.about]
        for k, name in enumerate(self._calendar.names):
            parts = np.array([wide[own[k]].to_numpy() for own in self._channels()])
            values = parts.reshape(who, courses, steps).swapaxes(0, 1).ravel()
            columns.append(pl.Series(name, values, wide[self._channels()[0][k]].dtype))
        return pl.DataFrame(columns)

    def encode(self, data: Dataset) -> Batch:
        """Rows of the learned entities -> Batch of n windows; tick (n, times, entities times
        numbers).

        Raises:
            DataError: An entity is not there, or is at no time that the others share.
        """
        return self.windows.encode(self.widened(data))

    def whose(self, data: Dataset, persons: np.ndarray | None) -> np.ndarray | None:
        """Each time is of its own, and stays so in all windows that it is in."""
        return self.windows.whose(self.widened(data), None)

    def decode(
        self,
        batch: Batch,
        rng: np.random.Generator,
        name: str = "data",
        surrogates: SurrogateStream = FIRST,
    ) -> Dataset:
        """n windows, one below the other; each entity by entity."""
        wide = self.windows.decode(batch, rng, name, surrogates).frame
        found = self.narrowed(wide, len(batch))
        courses = np.arange(surrogates.first, surrogates.first + len(batch)) + 1
        series = np.repeat(courses, len(found) // max(len(batch), 1))
        found = found.with_columns(pl.Series(self.schema.names[0], series, pl.Int64))
        return Dataset(found.select(by_name(*self.schema.names)), self.schema, name=name)

    def constraints(self, condition: Condition) -> Constraints:
        raise self.unsupported("condition")

    def levels(self, name: str) -> list[str]:
        return self._calendar.levels(name)

    def items_of(self, rows: int) -> int:
        whole = self.windows.window * len(self._calendar.about)
        return max(round(rows / whole), 1) if rows else 0

    def facts(self, batch: Batch) -> dict[str, Any]:
        return {"series": len(self._calendar.about), "window": self.windows.window}

    def described(self, manifest: Mapping[str, Any]) -> str:
        entities = plural(manifest["series"], "entity", "entities")
        return f"{entities} together, in windows of {plural(manifest['window'], 'time')}"

    def to_state(self) -> dict[str, Any]:
        return {"calendar": self._calendar.to_state(), "windows": self.windows.to_state()}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        codec = cls()
        codec._calendar = CalendarCodec.from_state(state["calendar"])
        codec.windows = SeriesCodec.from_state(state["windows"])
        channels = [channel for own in codec._channels() for channel in own]
        if sorted(codec.windows.schema.names[1:]) != sorted(["time", *channels]):
            raise ValueError("the numbers are not those of the entities")
        return codec._made()

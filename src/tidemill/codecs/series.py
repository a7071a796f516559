"""Series as rows of a grid: one site a step; what stays the same throughout a series stands beside
it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

import numpy as np
import polars as pl

from tidemill.codecs.columns.base import FIRST, SurrogateStream
from tidemill.codecs.columns.surrogate import IdCodec
from tidemill.codecs.series_times import Timeline
from tidemill.codecs.table import TableCodec
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.grid import Batch, Spec
from tidemill.core.run import Run
from tidemill.core.schema import Column, Rule, Schema
from tidemill.core.series import SeriesLayout, layout, window_counts

WHOLE = 64
"""Series of at most so many steps are learned whole where nothing is said."""
WINDOW = 24
"""Steps of the windows that longer series are then cut into."""
MOST_WINDOWS = 20_000
"""Windows overlap as much as they can without being more than this."""
FEWEST = 5
"""Fewer series, or windows of one, are refused."""
SERIES = "series"
"""The column that tells series apart where no column was the entity."""


class SequenceCodec:
    """The rows of an entity, by time, become the sites of one row of the grid.

    A :class:`TableCodec` turns the steps of all series, as rows, into channels: whatever holds for
    tables (kinds, missing values, rules within a row) holds for steps. A second one does so with
    the columns that never change within a series; these, and when a series begins, are the grid's
    context. The gap to the step before is one more column of the steps, where gaps differ. Entities
    are made afresh in the form of their ids; without an entity, a column ``series`` of numbers
    tells series apart.

    ``decode(encode(x)) == x`` for series that fit into the window, but for ids and texts, and for
    rows in the order of :func:`tidemill.core.series.layout`; longer ones come back as their
    windows.

    Attributes:
        schema: The columns that come out, and the rules that are kept within a step, or for a whole
            series.
        spec: Of a grid with sites (steps,); known after :meth:`fit`.
        window: Steps of a row of the grid, at most.
        stride: Steps from one window of a long series to the next.
        mean_steps: Steps of a row of the grid, on average.

    Args:
        window: Steps that series are cut to; 0 keeps series whole if none is longer than WHOLE, and
            cuts to WINDOW else.
    """

    schema: Schema
    spec: Spec
    stride: int
    mean_steps: float

    def __init__(self, window: int = 0) -> None:
        self.window = window

    def fit(self, data: Dataset, run: Run) -> Self:
        """Fit the codecs of steps, contexts, times and ids.

        Raises:
            DataError: There are too few series, a time is missing, or nothing changes from step to
                step.
        """
        kept = data.schema.select([c.name for c in data.schema if c.role != "ignore"])
        series = layout(data)
        windows = self._cut(series, data.name, run)
        ordered = data.rows(series.order).select(list(kept.names))
        inner = [c.name for c in kept if c.role not in ("entity", "time")]
        self._static_names = _static(ordered, series, inner)
        [time] = kept.of_role("time")
        self._times = Timeline().fit(
            replace(time, reason="", role_reason=""),
            ordered[time.name],
            series,
            windows,
            kept.names,
            run,
        )
        self._steps = TableCodec().fit(self._step_rows(ordered, series), run)
        if not self._steps.spec.reals and not self._steps.spec.codes:
            raise DataError(
                "nothing that can be learned changes from step to step",
                where=data.name,
                hint="leave option 'time' or option 'entity' out to learn rows one by one",
            )
        first = ordered.rows(series.start)
        self._static = (
            TableCodec().fit(first.select(self._static_names), run) if self._static_names else None
        )
        self._entities = {c.name: _ids(c, first[c.name], run) for c in kept.of_role("entity")}
        self.schema = self._outer(kept, run)
        return self._made(ragged=bool((windows.length < self.window).any()))

    def _cut(self, series: SeriesLayout, name: str, run: Run) -> SeriesLayout:
        """Settle the window and its stride.

        Raises:
            DataError: There are too few windows.
        """
        longest = int(series.length.max(initial=0))
        self.window = min(self.window or (longest if longest <= WHOLE else WINDOW), longest)
        self.stride = _stride(series.length, self.window)
        windows = series.windows(self.window, self.stride)
        if len(windows) < FEWEST:
            raise DataError(
                f"{len(windows)} series are too few to learn from",
                where=name,
                hint=f"give at least {FEWEST} series, or shorter ones with option 'window'",
            )
        self.mean_steps = float(windows.length.mean())
        said = f"{len(series):,} series of {int(series.length.min()):,} to {longest:,} steps"
        if longest > self.window:
            said += (
                f", cut into {len(windows):,} windows of up to {self.window} steps, one every "
                f"{f'{self.stride} steps' if self.stride > 1 else 'step'}; option 'window' "
                "sets another length"
            )
        run.emit("note", "learn", f"Learning {said}.")
        return windows

    def _step_rows(self, ordered: Dataset, series: SeriesLayout) -> Dataset:
        """The columns that change within a series, and the gaps, of rows in the order of the
        series."""
        outer = {*self._static_names, self._times.column.name}
        names = [c.name for c in ordered.schema if c.role != "entity" and c.name not in outer]
        steps = ordered.select(names)
        if self._times.gap is None:
            return steps
        gaps = self._times.gaps(ordered[self._times.column.name], series)
        return replace(
            steps,
            frame=pl.DataFrame([*steps.frame, gaps]),
            schema=replace(steps.schema, columns=(*steps.schema.columns, self._times.gap)),
        )

    def _outer(self, kept: Schema, run: Run) -> Schema:
        """The columns that come out with the rules that are kept; says which are not."""
        inside = [part.schema for part in (self._steps, self._static) if part is not None]
        rules = [rule for rule in kept.rules if any(rule in part.rules for part in inside)]
        fresh = {c.name for c in kept.of_role("entity")}
        for rule in kept.rules:
            if rule not in rules and not _of_entity(rule, fresh, set(self._static_names)):
                run.warn(
                    f"Generated rows may break the rule that {rule}: it ties what changes from "
                    "step to step to what "
                    "does not, or to the time.",
                    "learn",
                )
        # reasons quote values of real rows, which must not get into an artefact
        columns = [replace(column, reason="", role_reason="") for column in kept]
        if not self._entities:
            name = SERIES
            while name in kept:
                name += "'"
            columns.insert(0, Column(name, "id", "entity", dtype="Int64"))
            self._entities = {name: IdCodec().fit(columns[0], pl.Series(name, [], pl.Int64), run)}
        return Schema(tuple(columns), tuple(rules))

    def _made(self, *, ragged: bool) -> Self:
        parts = [*([self._static.spec] if self._static else []), self._times.spec]
        context = Spec.joined(parts)
        steps = self._steps.spec
        self.spec = Spec(
            steps.reals,
            steps.codes,
            (self.window,),
            ragged,
            steps.order,
            context if context.reals or context.codes else None,
        )
        return self

    def encode(self, data: Dataset) -> Batch:
        """Rows of whole series -> Batch of n series or windows; tick (n, steps, R), code (n, steps,
        K), mask (n, steps).

        Raises:
            DataError: A row breaks a rule, or holds what never occurred in training; a time is
                missing.
        """
        series = layout(data)
        ordered = data.rows(series.order)
        windows = series.windows(self.window, self.stride)
        index, used = windows.index(self.window)
        if not used.all() and not self.spec.ragged:
            raise DataError(
                f"a series has fewer than {self.window} steps, which none had when the codec was "
                "fitted",
                where=data.name,
                hint="leave it out, or fit anew",
            )
        steps = self._steps.encode(self._step_rows(ordered, series))
        first = ordered.rows(windows.start)
        parts = [
            *([self._static.encode(first)] if self._static else []),
            self._times.encode(first[self._times.column.name]),
        ]
        return Batch(
            np.where(used[..., None], steps.tick[index], 0),
            np.where(used[..., None], steps.code[index], 0),
            used if self.spec.ragged else None,
            Batch.joined(parts) if self.spec.context else None,
        )

    def decode(
        self,
        batch: Batch,
        rng: np.random.Generator,
        name: str = "data",
        fresh: SurrogateStream = FIRST,
    ) -> Dataset:
        """n rows of the grid -> all steps of n series, one below the other.

        Args:
            batch: The rows; the first site of each is taken to be in use.
            rng: Draws what is not learned.
            name: What the rows are called.
            fresh: Where ids go on; counted in series.
        """
        n = len(batch)
        length = (
            np.full(n, self.window) if batch.mask is None else np.maximum(batch.mask.sum(axis=1), 1)
        )
        used = np.arange(self.window) < length[:, None]
        inner = SurrogateStream(fresh.first * self.window, fresh.seed)
        steps = self._steps.decode(
            Batch(batch.tick[used], batch.code[used]), rng, name, inner
        ).frame
        static, starts = self._parted(batch.context, n)
        gaps = None if self._times.gap is None else steps[self._times.gap.name]
        columns = {c.name: c for c in steps} | {
            self._times.column.name: self._times.decode(starts, gaps, length)
        }
        whose = pl.Series(np.repeat(np.arange(n), length))
        if self._static:
            columns |= {
                c.name: c.gather(whose) for c in self._static.decode(static, rng, name, fresh).frame
            }
        for entity, codec in self._entities.items():
            ids = codec.decode(_empty(n), rng, fresh).rename(entity)
            columns[entity] = ids.gather(whose)
        return Dataset(pl.DataFrame([columns[c.name] for c in self.schema]), self.schema, name=name)

    def _parted(self, context: Batch | None, n: int) -> tuple[Batch, Batch]:
        """The channels of static columns, and those of the starts."""
        if context is None:
            return _empty(n), _empty(n)
        reals, codes = (
            (len(self._static.spec.reals), len(self._static.spec.codes)) if self._static else (0, 0)
        )
        return (
            Batch(context.tick[:, :reals], context.code[:, :codes]),
            Batch(context.tick[:, reals:], context.code[:, codes:]),
        )

    def levels(self, name: str) -> list[str]:
        """The levels of a column that are kept by name, the most frequent first; none for a column
        that has no levels.

        Raises:
            SchemaError: There is no such column.
        """
        self.schema[name]  # raises where there is none
        return next(
            (
                part.levels(name)
                for part in (self._steps, self._static)
                if part and name in part.schema
            ),
            [],
        )

    def to_state(self) -> dict[str, Any]:
        """Schema, window, and the codecs of steps, contexts, times and ids."""
        return {
            "schema": self.schema.to_state(),
            "window": self.window,
            "stride": self.stride,
            "mean_steps": self.mean_steps,
            "ragged": self.spec.ragged,
            "steps": self._steps.to_state(),
            "static": self._static.to_state() if self._static else None,
            "times": self._times.to_state(),
            "entities": {name: codec.to_state() for name, codec in self._entities.items()},
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Restored from :meth:`to_state`.

        Raises:
            ValueError: The state does not fit together.
        """
        codec = cls(int(state["window"]))
        codec.stride, codec.mean_steps = int(state["stride"]), float(state["mean_steps"])
        if codec.window < 1 or codec.stride < 1 or not 1 <= codec.mean_steps <= codec.window:
            raise ValueError("windows do not fit together")
        codec.schema = Schema.from_state(state["schema"])
        [time] = codec.schema.of_role("time")
        codec._times = Timeline.from_state(time, state["times"])
        codec._steps = TableCodec.from_state(state["steps"])
        codec._static = TableCodec.from_state(state["static"]) if state["static"] else None
        codec._static_names = list(codec._static.schema.names) if codec._static else []
        codec._entities = {
            str(name): IdCodec.from_state(codec.schema[name], ids)
            for name, ids in state["entities"].items()
        }
        there = {*codec._steps.schema.names, *codec._static_names, time.name, *codec._entities}
        if there - ({codec._times.gap.name} if codec._times.gap else set()) != set(
            codec.schema.names
        ):
            raise ValueError("the codec's columns are not the schema's")
        return codec._made(ragged=bool(state["ragged"]))


def _stride(length: np.ndarray, window: int) -> int:
    """The smallest stride with at most MOST_WINDOWS windows, or two of each series where these are
    more."""
    most, stride = max(MOST_WINDOWS, 2 * len(length)), 1
    while int(window_counts(length, window, stride).sum()) > most:
        stride += 1
    return stride


def _static(ordered: Dataset, series: SeriesLayout, names: list[str]) -> list[str]:
    """The columns that are the same throughout each series; none where no series has two steps, or
    there is one only."""
    if not names or len(series) < 2 or int(series.length.max(initial=0)) < 2:
        return []
    whose = pl.Series("", np.repeat(np.arange(len(series)), series.length))
    varied = (
        ordered.frame.select(names)
        .group_by(whose)
        .agg(pl.all().n_unique().cast(pl.Int64))
        .select(pl.col(names).max())
    )
    return [name for name in names if varied[name][0] == 1]


def _ids(column: Column, values: pl.Series, run: Run) -> IdCodec:
    """Fresh ids, one for each series."""
    known = values.drop_nulls().unique(maintain_order=True)
    return IdCodec().fit(column, known if known.dtype.is_integer() else known.cast(pl.String), run)


def _of_entity(rule: Rule, fresh: set[str], static: set[str]) -> bool:
    """Whether a rule says that something static follows from the entity, which fresh entities keep
    by themselves."""
    return rule.kind == "a decides b" and rule.columns[0] in fresh and rule.columns[1] in static


def _empty(n: int) -> Batch:
    return Batch(np.zeros((n, 0), np.int64), np.zeros((n, 0), np.int32))

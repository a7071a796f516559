"""Series as rows of a grid: one site a step; what stays the same throughout a series stands beside
it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from tidemill.codecs.codec import Claim, Codec, Past
from tidemill.codecs.columns import COLUMNS, codec_of
from tidemill.codecs.columns.base import FIRST, ColumnCodec, SurrogateStream
from tidemill.codecs.columns.ids import IdCodec
from tidemill.codecs.columns.surrogate import SurrogateCodec
from tidemill.codecs.series_heads import SeriesHeads
from tidemill.codecs.series_times import Timeline
from tidemill.codecs.stored_schema import stored_schema
from tidemill.codecs.table import TableCodec
from tidemill.core import checked_values as checked
from tidemill.core.columns import by_name
from tidemill.core.condition import Condition
from tidemill.core.dataset import Dataset
from tidemill.core.errors import ConditionError, DataError, OptionError
from tidemill.core.grid import Batch, Constraints, Spec, Topology
from tidemill.core.run import Run
from tidemill.core.schema import Column, Rule, Schema
from tidemill.core.series import SeriesLayout, layout, learnable, window_counts
from tidemill.core.words import listing

WHOLE = 64
"""Series of at most so many steps are learned whole where nothing is said."""
WINDOW = 24
"""Steps of the windows that longer series are then cut into."""
MOST_WINDOWS = 20_000
"""Windows overlap as much as they can without being more than this."""
AHEAD = 4
"""Series go on by so large a part of a window at a time: the rest of it is known."""
FEWEST = 5
"""Fewer series, or windows of one, are refused."""
SERIES = "series"
"""The column that tells series apart where no column was the entity."""


class SeriesCodec(Codec):
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
        window: Steps of a row of the grid, at most.
        stride: Steps from one window of a long series to the next.
        mean_steps: Steps of a row of the grid, on average.

    Args:
        window: Steps that series are cut to; 0 keeps series whole if none is longer than WHOLE, and
            cuts to WINDOW else.
    """

    modality: ClassVar[str] = "series"
    topology: ClassVar[Topology] = "steps"
    items: ClassVar[str] = "series"
    keeps: ClassVar[str] = TableCodec.keeps
    default_model: ClassVar[str] = "autoregressive"
    as_table: ClassVar[str] = (
        "fit without option 'time' or option 'entity' to learn rows one by one"
    )

    stride: int
    mean_steps: float

    def __init__(self, window: int = 0) -> None:
        self.window = window

    @classmethod
    def unfitted(cls, window: int | None) -> Self:
        return cls(window or 0)

    @classmethod
    def claims(cls, schema: Schema, window: int | None) -> Claim:
        if window is None:
            return "may" if learnable(schema) else "no"
        if window < 1:
            raise OptionError(
                f"a window of {window} steps makes no sense",
                hint="give 2 or more, or 1 to learn rows one by one",
            )
        if window == 1:
            return "no"
        if not schema.of_role("time"):
            raise OptionError(
                "a window needs the order of the steps",
                hint="name the time's column with option 'time'",
            )
        return "must"

    @classmethod
    def overlooked(cls, schema: Schema) -> str:
        if not schema.of_role("time") or learnable(schema):
            return ""
        return (
            "Rows are learned one by one; option 'entity=COL', or option 'window=N' for one long "
            "series, learns series."
        )

    @property
    def longest(self) -> int:  # type: ignore[override]
        """Steps of a series, at most."""
        return self.window

    @property
    def given(self) -> SeriesHeads | None:
        """What a series is made for: its columns that never change, and when it begins."""
        if self.spec.context is None:
            return None
        return self._heads

    def fit(self, data: Dataset, run: Run, persons: np.ndarray | None = None) -> Self:
        """Fit the codecs of steps, contexts, times and ids.

        Raises:
            DataError: There are too few series, a time is missing, or nothing changes from step to
                step.
        """
        kept = stored_schema(data, persons)
        series = layout(data)
        windows = self._cut(series, data.name, run)
        ordered = data.rows(series.order).select(list(kept.names))
        whose = None if persons is None else persons[series.order]
        inner = [c.name for c in kept if c.role not in ("entity", "time")]
        static = static_columns(ordered, series, inner)
        [time] = kept.of_role("time")
        times = Timeline().fit(time, ordered[time.name], series, windows, kept.names, run, whose)
        first = ordered.rows(series.start)
        self._heads = SeriesHeads(times, static)
        self._steps = TableCodec().fit(self._step_rows(ordered, series), run, whose)
        if not self._steps.spec.reals and not self._steps.spec.codes:
            raise DataError(
                "nothing that can be learned changes from step to step",
                where=data.name,
                hint="leave option 'time' or option 'entity' out to learn rows one by one",
            )
        self._heads = self._heads.fit(first, run, None if whose is None else whose[series.start])
        self._entities = {c.name: _ids(c, first[c.name], run) for c in kept.of_role("entity")}
        self.schema = self._outer(kept, run)
        return self._made(ragged=bool((windows.length < self.window).any()))

    def _cut(self, series: SeriesLayout, name: str, run: Run) -> SeriesLayout:
        """Settle the window and its stride.

        Raises:
            DataError: There are too few windows.
        """
        longest = int(series.length.max(initial=0))
        if not self.window:
            self.window = longest if longest <= WHOLE else WINDOW
        self.window = min(self.window, longest)
        self.stride = _stride(series.length, self.window)
        windows = series.windows(self.window, self.stride)
        if len(windows) < FEWEST:
            raise DataError(
                f"{len(windows)} series are too few to learn from",
                where=name,
                hint=f"give at least {FEWEST} series, or shorter ones with option 'window'",
            )
        self.mean_steps = float(windows.length.mean())
        note = f"{len(series):,} series of {int(series.length.min()):,} to {longest:,} steps"
        if longest > self.window:
            every = f"{self.stride} steps" if self.stride > 1 else "step"
            note += (
                f", cut into {len(windows):,} windows of up to {self.window} steps, one every "
                f"{every}; option 'window' sets another length"
            )
        run.emit("note", "learn", f"Learning {note}.")
        return windows

    def _step_rows(self, ordered: Dataset, series: SeriesLayout) -> Dataset:
        """The columns that change within a series, and the gaps, of rows in the order of the
        series."""
        times = self._heads.times
        outer = {*self._heads.names, times.column.name}
        names = [c.name for c in ordered.schema if c.role != "entity" and c.name not in outer]
        steps = ordered.select(names)
        if times.gap is None:
            return steps
        gaps = times.gaps(ordered[times.column.name], series)
        return replace(
            steps,
            frame=pl.DataFrame([*steps.frame, gaps]),
            schema=replace(steps.schema, columns=(*steps.schema.columns, times.gap)),
        )

    def _outer(self, kept: Schema, run: Run) -> Schema:
        """The columns that come out with the rules that are kept; says which are not."""
        inside = {*self._steps.schema.rules, *self._heads.schema.rules}
        rules = [rule for rule in kept.rules if rule in inside]
        fresh = {c.name for c in kept.of_role("entity")}
        codecs = [self._steps] if self._heads.static is None else [self._steps, self._heads.static]
        told = {rule for codec in codecs for rule, _ in codec.refused}
        for rule in kept.rules:
            if (
                rule not in rules
                and rule not in told
                and not _of_entity(rule, fresh, set(self._heads.names))
            ):
                run.warn(
                    f"Generated rows may break the rule that {rule}: it ties what changes from "
                    "step to step to what does not, or to the time.",
                    "learn",
                )
        columns = list(kept)
        if not self._entities:
            name = SERIES
            while name in kept:
                name += "'"
            columns.insert(0, Column(name, "id", "entity", dtype="Int64"))
            self._entities = {name: IdCodec().fit(columns[0], pl.Series(name, [], pl.Int64), run)}
        return Schema(tuple(columns), tuple(rules))

    def _made(self, *, ragged: bool) -> Self:
        context = self._heads.spec
        steps = self._steps.spec
        self.spec = Spec(
            tuple(replace(real, scale="linear") for real in steps.reals),
            steps.codes,
            (self.window,),
            ragged,
            steps.order,
            context if context.reals or context.codes else None,
            self.topology,
        )
        return self

    def encode(self, data: Dataset) -> Batch:
        """Rows of whole series -> Batch of n series or windows; tick (n, steps, R), code (n, steps,
        K), mask (n, steps)."""
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
        return Batch(
            np.where(used[..., None], steps.tick[index], 0),
            np.where(used[..., None], steps.code[index], 0),
            used if self.spec.ragged else None,
            self._heads.encode(first) if self.spec.context else None,
        )

    def whose(self, data: Dataset, persons: np.ndarray | None) -> np.ndarray:
        """Of each step of each window; where rows are persons of their own, they stay so in all
        windows that they are in."""
        series = layout(data)
        ordered = series.order if persons is None else persons[series.order]
        return np.asarray(ordered[series.windows(self.window, self.stride).index(self.window)[0]])

    def decode(
        self,
        batch: Batch,
        rng: np.random.Generator,
        name: str = "data",
        surrogates: SurrogateStream = FIRST,
    ) -> Dataset:
        """n rows of the grid -> all steps of n series, one below the other."""
        n, times = len(batch), self._heads.times
        length = self._lengths(batch)
        used = np.arange(self.window) < length[:, None]
        of_steps = SurrogateStream(surrogates.first * self.window, surrogates.seed)
        inner = Batch(batch.tick[used], batch.code[used])
        steps = self._steps.decode(inner, rng, name, of_steps).frame
        heads = _empty(n) if batch.context is None else batch.context
        gaps = None if times.gap is None else steps[times.gap.name]
        columns = {column.name: column for column in steps}
        columns[times.column.name] = times.decode(self._heads.starts(heads), gaps, length)
        whose = pl.Series(np.repeat(np.arange(n), length))
        for column in self._heads.static_columns(heads, rng, name, surrogates):
            columns[column.name] = column.gather(whose)
        for entity, codec in self._entities.items():
            ids = codec.decode(_empty(n), rng, surrogates).rename(entity)
            columns[entity] = ids.gather(whose)
        return Dataset(pl.DataFrame([columns[c.name] for c in self.schema]), self.schema, name=name)

    def nearest(self, rows: Dataset) -> tuple[Dataset, dict[str, int]]:
        near = rows.frame
        broken: dict[str, int] = {}
        for codec in (self._steps, self._heads.static):
            if codec is None:
                continue
            own = [name for name in codec.schema.names if name in rows.schema]
            if own:
                found, told = codec.nearest(rows.select(own))
                near = near.with_columns(found.frame.get_columns())
                broken |= told
        return rows.with_frame(near), broken

    def ahead(self, steps: int) -> int:
        # the more is known, the better: windows are as long as what was learned
        return min(steps, max(self.window // AHEAD, 1))

    def pasts(self, data: Dataset, ahead: int, run: Run) -> list[Past]:
        series = layout(data)
        ordered = data.rows(series.order)
        steps = self._steps.encode(self._step_rows(ordered, series))
        known = np.minimum(series.length, max(self.window - ahead, 1))
        found = []
        for many in np.unique(known).tolist():
            here = np.flatnonzero(known == many)
            end = series.start[here] + series.length[here]
            at = end[:, None] - many + np.arange(many)
            context = self._heads.encode(ordered.rows(at[:, 0])) if self.spec.context else None
            batch = Batch(steps.tick[at], steps.code[at], None, context)
            found.append(Past(batch, ordered.rows(end - 1)))
        return found

    def onward(self, past: Past, made: Batch, each: int, rng: np.random.Generator) -> pl.DataFrame:
        n, steps = made.tick.shape[:2]
        times = self._heads.times
        flat = Batch(
            made.tick.reshape(n * steps, -1), made.code.reshape(n * steps, made.code.shape[-1])
        )
        inner = self._steps.decode(flat, rng).frame
        last = past.last.frame[np.repeat(np.arange(len(past.last)), each)]
        gaps = np.full((n, steps), times.usual)
        if times.gap is not None:
            gaps = inner[times.gap.name].to_numpy().reshape(n, steps)
        columns = {column.name: column for column in inner}
        columns[times.column.name] = times.later(last[times.column.name], gaps)
        whose = pl.Series(np.repeat(np.arange(n), steps))
        for name in last.columns:
            if name not in columns:
                columns[name] = last[name].gather(whose)
        return pl.DataFrame([columns[c.name] for c in past.last.schema])

    def constraints(self, condition: Condition) -> Constraints:
        """What is asked of the columns that never change within a series.

        Raises:
            ConditionError: Something is asked of another column, or no series can pass.
        """
        static = self._heads.static
        known = () if static is None else static.schema.names
        for test in condition.tests:
            if test.column not in known:
                asked = (
                    f"ask for {listing(list(known)[:8])}" if known else "leave the condition out"
                )
                raise ConditionError(
                    "it is not the same throughout a series, so this cannot be asked of it",
                    where=f"column '{test.column}'",
                    hint=asked,
                )
        if static is None:
            return Constraints()
        if static.checked(condition).tests:
            raise ConditionError(
                "this cannot be asked of series", where=str(condition), hint="ask for its levels"
            )
        return static.constraints(condition)

    def untold(self, condition: Condition) -> Condition:
        """What is asked of every step."""
        steps = self._steps.schema
        return Condition(tuple(test for test in condition.tests if test.column in steps))

    def passing(self, condition: Condition, batch: Batch, rows: Dataset) -> np.ndarray:
        """Whether all steps of a series pass."""
        length = self._lengths(batch)
        held = condition.mask(rows.frame).to_numpy()
        return np.asarray(np.logical_and.reduceat(held, np.cumsum(length) - length))

    def _lengths(self, batch: Batch) -> np.ndarray:
        """(n,) steps of each series; one without a step would have no row to stand in."""
        if batch.mask is None:
            return np.full(len(batch), self.window)
        return np.asarray(np.maximum(batch.mask.sum(axis=1), 1))

    def items_of(self, rows: int) -> int:
        if not rows:
            return rows
        return max(round(rows / self.mean_steps), 1)

    def facts(self, batch: Batch) -> dict[str, Any]:
        return {"series": len(batch), "window": self.window}

    def described(self, manifest: Mapping[str, Any]) -> str:
        return f"{manifest['series']:,} series of {manifest['rows']:,} rows"

    def levels(self, name: str) -> list[str]:
        self.schema[name]  # raises where there is none
        if name in self._steps.schema:
            return self._steps.levels(name)
        if name in self._heads.schema:
            return self._heads.levels(name)
        return []

    def to_state(self) -> dict[str, Any]:
        return {
            "schema": self.schema.to_state(),
            "window": self.window,
            "stride": self.stride,
            "mean_steps": self.mean_steps,
            "ragged": self.spec.ragged,
            "steps": self._steps.to_state(),
            "heads": self._heads.to_state(),
            "entities": {name: codec.to_state() for name, codec in self._entities.items()},
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        codec = cls(checked.whole(state["window"], 1, checked.MOST_COUNTED))
        codec.stride = checked.whole(state["stride"], 1)
        codec.mean_steps = checked.real(state["mean_steps"], 1, codec.window)
        codec.schema = Schema.from_state(state["schema"])
        codec._heads = SeriesHeads.from_state(state["heads"])
        codec._steps = TableCodec.from_state(state["steps"])
        codec._entities = {
            checked.text(name): _of_entities(codec.schema[name]).from_state(codec.schema[name], ids)
            for name, ids in state["entities"].items()
        }
        there = {*codec._steps.schema.names, *codec._heads.schema.names, *codec._entities}
        if codec._heads.times.gap is not None:
            there.discard(codec._heads.times.gap.name)
        if there != set(codec.schema.names):
            raise ValueError("the codec's columns are not the schema's")
        return codec._made(ragged=checked.truth(state["ragged"]))


def _stride(length: np.ndarray, window: int) -> int:
    """The smallest stride with at most MOST_WINDOWS windows, or two of each series where these are
    more."""
    most, stride = max(MOST_WINDOWS, 2 * len(length)), 1
    while int(window_counts(length, window, stride).sum()) > most:
        stride += 1
    return stride


def static_columns(ordered: Dataset, series: SeriesLayout, names: list[str]) -> list[str]:
    """The columns that are the same throughout each series; none where no series has two steps, or
    there is one only."""
    if not names or len(series) < 2 or int(series.length.max(initial=0)) < 2:
        return []
    whose = pl.Series("", np.repeat(np.arange(len(series)), series.length))
    varied = (
        ordered.frame.select(by_name(*names))
        .group_by(whose)
        .agg(pl.all().n_unique().cast(pl.Int64))
        .select(by_name(*names).max())
    )
    return [name for name in names if varied[name][0] == 1]


def _ids(column: Column, values: pl.Series, run: Run) -> ColumnCodec:
    """Fresh ids or names, one for each series."""
    known = values.drop_nulls().unique(maintain_order=True)
    if not known.dtype.is_integer():
        known = known.cast(pl.String)
    return _of_entities(column)().fit(column, known, run)


def _of_entities(column: Column) -> type[ColumnCodec]:
    kind: type[ColumnCodec] = COLUMNS.load(codec_of(column))
    return kind if issubclass(kind, SurrogateCodec) else IdCodec


def _of_entity(rule: Rule, fresh: set[str], static: set[str]) -> bool:
    """Whether a rule says that something static follows from the entity, which fresh entities keep
    by themselves."""
    return rule.kind == "a decides b" and rule.columns[0] in fresh and rule.columns[1] in static


def _empty(n: int) -> Batch:
    return Batch(np.zeros((n, 0), np.int64), np.zeros((n, 0), np.int32))

"""Series of several entities on one calendar: a site a day, with the numbers of all entities."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from tidemill.codecs.codec import Claim, Codec, Past
from tidemill.codecs.columns.base import FIRST, SurrogateStream
from tidemill.codecs.columns.intervals import LARGEST
from tidemill.codecs.columns.number import NumberCodec, Scale
from tidemill.codecs.series import SERIES, static_columns
from tidemill.codecs.series_times import Timeline
from tidemill.codecs.stored_schema import stored_schema
from tidemill.core import checked_values as checked
from tidemill.core.columns import by_name
from tidemill.core.condition import Condition
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.grid import Batch, Constraints, Real, Spec, Topology
from tidemill.core.persons import tells_persons
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.core.series import SeriesLayout, layout
from tidemill.core.words import count, listing, number, percent, plural
from tidemill.supervised.price_splits import like_splits

THERE = 0.9
"""An entity is learned if it has a row at so large a share of the times."""
RARELY = 0.01
"""Numbers of which so many at most are 0 or below are thought to be above 0."""
CALM = 0.1
"""What mostly moves by more is no price."""
ROOM = 2.0**40
"""Ticks of the largest number, at most, so that numbers may grow."""
STATIC = (pl.String, pl.Boolean, pl.Int64, pl.Float64, pl.Date)
"""Types of what never changes within an entity that are kept."""


class CalendarCodec(Codec):
    """All entities together: what happens on the same day is made on the same day.

    A row of the grid is a whole course of the times that all entities share; a site is one of them,
    and its numbers are those of the first entity, then those of the second. What is made keeps the
    entities' names, what never changes of them, and the times; a column ``series`` tells courses
    apart. It is for entities that are no persons, such as shares or shops.

    ``decode(encode(x)) == x`` for rows of the entities and times that are kept, in the order of
    :func:`tidemill.core.series.layout`.

    Attributes:
        names: The columns of numbers, which change from time to time.
        about: The entities, with what never changes of each.
    """

    modality: ClassVar[str] = "series"
    topology: ClassVar[Topology] = "calendar"
    items: ClassVar[str] = "series"
    keeps: ClassVar[str] = (
        "The model holds every number of every entity, and the names of the entities: keep it as "
        "safe as the data."
    )
    conditions: ClassVar[bool] = False
    together: ClassVar[bool] = True
    default_model: ClassVar[str] = "fhs"
    as_table: ClassVar[str] = (
        "fit without option 'time' or option 'entity' to learn rows one by one"
    )

    names: tuple[str, ...]
    about: pl.DataFrame

    @classmethod
    def claims(cls, schema: Schema, window: int | None) -> Claim:
        # a course is learned whole, and not in windows
        return "may" if schema.of_role("time") and window is None else "no"

    def fit(self, data: Dataset, run: Run, persons: np.ndarray | None = None) -> Self:
        """Find the times that the entities share.

        Raises:
            DataError: An entity has two rows at a time, a column that changes is no number, hardly
                any time is shared, or the entities are persons.
        """
        self.find(data, run)
        entities = plural(len(self.about) or 1, "entity", "entities")
        run.emit(
            "note",
            "learn",
            f"Learning {entities} together on {plural(len(self._passed), 'shared time')}; the "
            "model holds every number of theirs.",
        )
        return self

    def find(self, data: Dataset, run: Run) -> Self:
        """The same without a word on what the model will hold."""
        kept = stored_schema(data)
        [time] = kept.of_role("time")
        self._entities = tuple(column.name for column in kept.of_role("entity"))
        _see_no_persons(kept, data.name)
        inner = [c.name for c in kept if c.role not in ("entity", "time")]
        whole = layout(data)
        ordered = data.rows(whole.order)
        static = static_columns(ordered, whole, inner)
        self.names = tuple(name for name in inner if name not in static)
        _see_numbers(kept, self.names, data.name)
        shared = _shared(ordered, whole, time.name, self.names, run)
        series = layout(shared)
        first = shared.rows(series.start)
        self.about = first.frame.select(by_name(*self._entities, *static))
        _see_kept(self.about, data.name)
        days = int(series.length[0])
        one = SeriesLayout(np.arange(days), np.zeros(1, np.int64), np.array([days]))
        clock = shared[time.name][:days]
        self._times = Timeline().fit(time, clock, one, one, kept.names, run.child(quiet=True))
        numbers = self._times.numbers(clock)
        self._passed = numbers - numbers[0]
        self._codecs = {}
        for name in self.names:
            column = replace(kept[name], nullable=False)
            self._codecs[name] = _with_room(column, shared[name], run)
        for name in self.names:
            self._tell_doubts(name, shared[name], clock, run)
        self.schema = self._outer(kept)
        return self._made()

    def _tell_doubts(self, name: str, values: pl.Series, clock: pl.Series, run: Run) -> None:
        """What looks like a mistake in a number, and would come again in what is made."""
        levels = values.cast(pl.Float64).to_numpy().reshape(-1, len(clock))
        low = int((levels <= 0).sum())
        if 0 < low <= RARELY * levels.size:
            run.warn(
                f"{plural(low, 'value')} of '{name}' {'is' if low == 1 else 'are'} 0 or below, and "
                "all others are above: so it moves by differences, and not by parts. Leave out "
                "what is a mistake.",
                "learn",
            )
        if low:
            return
        moves = np.diff(np.log(levels), axis=1).T
        if np.median(np.abs(moves)) > CALM:
            return  # a volume moves as far on any day
        found = like_splits(moves)
        labels = _labels(self.about, self._entities) if self._entities else [name]
        where = [
            f"{labels[who]} at {clock[day + 1]} "
            f"({number(levels[who, day + 1] / levels[who, day], 2)} times)"
            for day, who in found[:3].tolist()
        ]
        if where:
            more = f", and {count(len(found) - 3)} more" if len(found) > 3 else ""
            run.warn(
                f"'{name}' changes by what a split of shares makes, of {listing(where)}{more}: if "
                "it was one, give numbers that are adjusted for it, for it comes again in what is "
                "made.",
                "learn",
            )

    def _outer(self, kept: Schema) -> Schema:
        """The columns that come out; of rules none is promised."""
        name = SERIES
        while name in kept:
            name += "'"
        columns = [replace(c, nullable=False) if c.name in self.names else c for c in kept]
        return Schema((Column(name, "id", "entity", dtype="Int64"), *columns))

    def _made(self) -> Self:
        reals = []
        for who in range(len(self.about) or 1):
            reals += [
                Real(f"{name} of {who + 1}", self._codecs[name].spec.reals[0].step, scale="linear")
                for name in self.names
            ]
        self.spec = Spec(tuple(reals), sites=(len(self._passed),), topology="calendar")
        return self

    @property
    def _series(self) -> str:
        """The column that tells courses apart."""
        return self.schema.names[0]

    def encode(self, data: Dataset) -> Batch:
        """Rows of the learned entities -> Batch of one row; tick (1, times, entities times
        numbers).

        Raises:
            DataError: An entity is not there, is at no time that the others share, or a number is
                missing.
        """
        return self._encoded(data, None)[0]

    def shared(self, data: Dataset) -> Dataset:
        """The rows of the learned entities at the times that all share, entity by entity in the
        order of :attr:`about`.

        Raises:
            DataError: An entity is not there, or is at no time that the others share.
        """
        shared, place = self._shared(data, None)
        days = len(shared) // len(place)
        rows = np.argsort(place)[:, None] * days + np.arange(days)
        return shared.rows(rows.ravel())

    def _shared(self, data: Dataset, run: Run | None) -> tuple[Dataset, np.ndarray]:
        """The rows at the times that all share, entity by entity, and which entity each is."""
        whole = layout(data)
        ordered = data.rows(whole.order)
        place = self._places(ordered.rows(whole.start))
        [time] = self.schema.of_role("time")
        return _shared(ordered, whole, time.name, self.names, run, place), place

    def _encoded(self, data: Dataset, run: Run | None) -> tuple[Batch, Dataset]:
        """Rows of the learned entities as one row of the grid, and the last row of each entity."""
        shared, place = self._shared(data, run)
        days = len(shared) // len(place)
        ticks = [self._codecs[name].encode(shared[name]).tick[:, 0] for name in self.names]
        tick = np.stack(ticks, axis=1).reshape(len(place), days, len(self.names))
        own = np.argsort(place)
        tick = np.ascontiguousarray(tick[own].transpose(1, 0, 2).reshape(1, days, -1))
        last = shared.rows(own * days + days - 1)
        return Batch(tick, np.zeros((1, days, 0), np.int32)), last

    def _places(self, first: Dataset) -> np.ndarray:
        """(k,) which of the learned entities each row is of.

        Raises:
            DataError: One is not known, or not there.
        """
        if not self._entities:
            return np.zeros(len(first), np.int64)
        own = [_labels(self.about, self._entities), _labels(first.frame, self._entities)]
        known = {label: place for place, label in enumerate(own[0])}
        strange = [label for label in own[1] if label not in known]
        lacking = [label for label in own[0] if label not in set(own[1])]
        for names, what in ((strange, "was not learned"), (lacking, "has no row")):
            if names:
                raise DataError(
                    f"{listing(names[:3])}{', ...' if len(names) > 3 else ''} {what}",
                    where=f"{first.name}, column '{self._entities[0]}'",
                    hint="give rows of the entities that the model learned, and of no others",
                )
        return np.array([known[label] for label in own[1]])

    def whose(self, data: Dataset, persons: np.ndarray | None) -> np.ndarray | None:
        """No site is a person's."""
        return np.zeros(1, np.int64)

    def decode(
        self,
        batch: Batch,
        rng: np.random.Generator,
        name: str = "data",
        surrogates: SurrogateStream = FIRST,
    ) -> Dataset:
        """n courses, one below the other; each entity by entity."""
        days, who = batch.tick.shape[1], max(len(self.about), 1)
        passed = pl.Series(np.tile(np.diff(self._passed[:days], prepend=0), len(batch)))
        length = np.full(len(batch), days)
        starts = Batch(np.zeros((len(batch), 0), np.int64), np.zeros((len(batch), 0), np.int32))
        times = self._times.decode(starts, passed, length) if days else pl.Series([])
        courses = np.arange(surrogates.first, surrogates.first + len(batch))
        at = np.arange(len(batch) * days).reshape(len(batch), 1, days)
        own = times.gather(np.broadcast_to(at, (len(batch), who, days)).ravel())
        frame = self._rows(batch, np.repeat(courses + 1, who * days), own, rng)
        return Dataset(frame, self.schema, name=name)

    def _rows(
        self, batch: Batch, course: np.ndarray, times: pl.Series, rng: np.random.Generator
    ) -> pl.DataFrame:
        """The columns of n courses, with the course and the time of each row."""
        n, days = batch.tick.shape[:2]
        who = max(len(self.about), 1)
        tick = batch.tick.reshape(n, days, who, len(self.names)).transpose(0, 2, 1, 3)
        [time] = self.schema.of_role("time")
        columns = {self._series: pl.Series(course), time.name: times}
        whose = pl.Series(np.tile(np.repeat(np.arange(who), days), n))
        for name in self.about.columns:
            columns[name] = self.about[name].gather(whose)
        for k, name in enumerate(self.names):
            own = Batch(tick[..., k].reshape(-1, 1), np.zeros((n * who * days, 0), np.int32))
            columns[name] = self._codecs[name].decode(own, rng)
        return pl.DataFrame([columns[c.name].alias(c.name) for c in self.schema])

    def ahead(self, steps: int) -> int:
        return steps

    def pasts(self, data: Dataset, ahead: int, run: Run) -> list[Past]:
        batch, last = self._encoded(data, run)
        return [Past(batch, last)]

    def onward(self, past: Past, made: Batch, each: int, rng: np.random.Generator) -> pl.DataFrame:
        steps, who = made.tick.shape[1], max(len(self.about), 1)
        [time] = self.schema.of_role("time")
        last = past.last[time.name].max()
        gaps = np.full((1, steps), self._times.usual)
        times = self._times.later(pl.Series(time.name, [last], past.last[time.name].dtype), gaps)
        at = np.tile(np.arange(steps), each * who)
        course = np.repeat(np.arange(1, each + 1), who * steps)
        return self._rows(made, course, times.gather(at), rng)

    def constraints(self, condition: Condition) -> Constraints:
        raise self.unsupported("condition")

    def items_of(self, rows: int) -> int:
        whole = len(self._passed) * max(len(self.about), 1)
        return max(round(rows / whole), 1) if rows else 0

    def facts(self, batch: Batch) -> dict[str, Any]:
        return {"series": max(len(self.about), 1), "times": len(self._passed)}

    def described(self, manifest: Mapping[str, Any]) -> str:
        return (
            f"{plural(manifest['series'], 'entity', 'entities')} at "
            f"{plural(manifest['times'], 'time')}"
        )

    def levels(self, name: str) -> list[str]:
        self.schema[name]  # raises where there is none
        if name in self.about.columns and name not in self._entities:
            return self.about[name].drop_nulls().cast(pl.String).unique().sort().to_list()
        return []

    def to_state(self) -> dict[str, Any]:
        return {
            "schema": self.schema.to_state(),
            "entities": list(self._entities),
            "about": [
                [column.name, str(column.dtype), column.cast(pl.String).to_list()]
                for column in self.about
            ],
            "times": self._times.to_state(),
            "passed": self._passed.tolist(),
            "numbers": [[name, codec.to_state()] for name, codec in self._codecs.items()],
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        codec = cls()
        codec.schema = Schema.from_state(state["schema"])
        codec._entities = tuple(checked.text(name) for name in state["entities"])
        codec.about = pl.DataFrame(
            [_kept(checked.text(name), dtype, texts) for name, dtype, texts in state["about"]]
        )
        [time] = codec.schema.of_role("time")
        codec._times = Timeline.from_state(time, state["times"])
        codec._passed = np.array(checked.wholes(state["passed"], 0, LARGEST), np.int64)
        if not len(codec._passed) or codec._passed[0] or np.any(np.diff(codec._passed) <= 0):
            raise ValueError("the times are in no order")
        codec._codecs = {
            checked.text(name): NumberCodec.from_state(codec.schema[name], own)
            for name, own in state["numbers"]
        }
        codec.names = tuple(codec._codecs)
        there = [codec._series, time.name, *codec.about.columns, *codec.names]
        if sorted(there) != sorted(codec.schema.names):
            raise ValueError("the codec's columns are not the schema's")
        if not set(codec._entities) <= set(codec.about.columns) or any(
            own.spec.codes for own in codec._codecs.values()
        ):
            raise ValueError("the entities are not there, or a number may be missing")
        return codec._made()


def _with_room(column: Column, values: pl.Series, run: Run) -> NumberCodec:
    """The codec of a number; of floats with so many digits that there is no room above the largest,
    with fewer digits."""
    codec = NumberCodec().fit(column, values, run)
    most = float(values.cast(pl.Float64).abs().max() or 0)  # type: ignore[arg-type]
    if codec.integer or most / codec.scale.step <= ROOM:
        return codec
    places = math.floor(math.log10(ROOM / most))
    fewer = codec.coarsened(column, Fraction(10) ** -places)
    if fewer is None:
        fewer = codec.on_scale(column, Scale(binary=math.ceil(math.log2(most / ROOM))))
    return fewer


def _kept(name: str, dtype: str, texts: list[Any]) -> pl.Series:
    """What never changes, from the texts of its values.

    Raises:
        ValueError: It is of no type that is kept, or a text is none of its values.
    """
    types = {str(kind()): kind() for kind in STATIC}
    if dtype not in types:
        raise ValueError(f"what never changes cannot be of {dtype}")
    values = pl.Series(name, [None if one is None else checked.text(one) for one in texts])
    values = values.cast(pl.String)
    if types[dtype] == pl.Boolean:
        truths = {"true": True, "false": False}
        return values.replace_strict(truths, default=None, return_dtype=pl.Boolean)
    found = values.cast(types[dtype], strict=False)
    if found.null_count() != values.null_count():
        raise ValueError(f"'{name}' has values that are not of {dtype}")
    return found


def _labels(frame: pl.DataFrame, names: tuple[str, ...]) -> list[str]:
    """The entity of each row, as a text."""
    return (
        frame.select(pl.concat_str(by_name(*names).cast(pl.String), separator=", "))
        .to_series(0)
        .to_list()
    )


def _see_no_persons(kept: Schema, name: str) -> None:
    for column in kept.of_role("entity"):
        if tells_persons(column):
            raise DataError(
                "a model of series on one calendar keeps every entity's name and numbers, and "
                "these are persons",
                where=f"{name}, column '{column.name}'",
                hint="choose option 'model=autoregressive', which makes entities afresh",
            )


def _see_numbers(kept: Schema, names: tuple[str, ...], where: str) -> None:
    if not names:
        raise DataError(
            "nothing that can be learned changes from time to time",
            where=where,
            hint="leave option 'time' or option 'entity' out to learn rows one by one",
        )
    others = [name for name in names if kept[name].kind != "number"]
    if others:
        raise DataError(
            f"{listing(others[:5])} {'changes' if len(others) == 1 else 'change'} from time to "
            "time and can only be numbers in a model of series on one calendar",
            where=where,
            hint=f"leave such columns out with option 'ignore={others[0]}', or choose option "
            "'model=autoregressive'",
        )


def _see_kept(about: pl.DataFrame, where: str) -> None:
    """See that what never changes can be stored."""
    odd = [column.name for column in about if column.dtype not in STATIC]
    if odd:
        raise DataError(
            f"{listing(odd[:5])} never {'changes' if len(odd) == 1 else 'change'} within an entity "
            "and can only be texts, numbers or days in a model of series on one calendar",
            where=where,
            hint=f"leave such columns out with option 'ignore={odd[0]}'",
        )


def _shared(
    ordered: Dataset,
    series: SeriesLayout,
    time: str,
    names: tuple[str, ...],
    run: Run | None,
    places: np.ndarray | None = None,
) -> Dataset:
    """The rows at the times at which all entities have all of their numbers, entity by entity.

    Args:
        ordered: Rows in the order of the series.
        series: Where each entity lies in them.
        time: The time's column.
        names: The columns of numbers.
        run: Is told what is left out; None where nobody is.
        places: Where every entity must stay; None where those with few times are left out.

    Raises:
        DataError: An entity has two rows at one time, or hardly any time is shared.
    """
    who = np.repeat(np.arange(len(series)), series.length)
    times = ordered[time].rank("dense").to_numpy().astype(np.int64) - 1
    twice = np.flatnonzero((who[1:] == who[:-1]) & (times[1:] == times[:-1]))
    if len(twice):
        first = int(twice[0])
        raise DataError(
            f"{plural(len(twice), 'row')} {'has' if len(twice) == 1 else 'have'} the time of "
            f"another row of the same entity, as rows {ordered.row_number(first):,} and "
            f"{ordered.row_number(first + 1):,}",
            where=f"{ordered.name}, column '{time}'",
            hint="keep one row for each entity and time, or name the entity's column with "
            "option 'entity'",
        )
    whole = ordered.frame.select(by_name(*names).is_not_null()).to_numpy().all(axis=1)
    for name in names:
        if ordered[name].dtype.is_float():
            whole &= ordered[name].is_finite().fill_null(value=False).to_numpy()
    there = np.zeros((len(series), int(times.max(initial=-1)) + 1), bool)
    there[who[whole], times[whole]] = True
    share = there.mean(axis=1)
    kept = np.ones(len(series), bool) if places is not None else share >= THERE * share.max()
    days = there[kept].all(axis=0)
    if run is not None and not kept.all():
        run.warn(
            f"{plural(int((~kept).sum()), 'entity', 'entities')} with rows at fewer than "
            f"{percent(THERE)} of the times of the others {'is' if (~kept).sum() == 1 else 'are'} "
            "left out.",
            "learn",
        )
    lost = int(there[kept].any(axis=0).sum() - days.sum())
    if run is not None and lost:
        run.warn(
            f"{plural(lost, 'time')} at which not every entity has all of its numbers "
            f"{'is' if lost == 1 else 'are'} left out.",
            "learn",
        )
    if days.sum() < 2:
        raise DataError(
            f"the {count(int(kept.sum()))} entities share {plural(int(days.sum()), 'time')} only",
            where=ordered.name,
            hint="give entities with rows at the same times, or choose option "
            "'model=autoregressive', which learns each for itself",
        )
    return ordered.rows(np.flatnonzero(whole & kept[who] & days[times]))

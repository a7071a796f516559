"""Series that go on: what may follow on a given past, many times."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.codecs.codec import Codec
from tidemill.codecs.side_by_side import SideBySideCodec
from tidemill.core.columns import by_name
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, OptionError
from tidemill.core.options import MOST_AHEAD, MOST_ROWS
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.core.series import layout
from tidemill.core.states import HasState
from tidemill.core.words import number, percent, plural
from tidemill.models.base import GoesOn
from tidemill.synthesis.infilling import GivenRows

PATH = "path"
"""The column that tells the futures of a past apart."""
MOST_CELLS = 20_000_000
"""Rows that follow, at most."""
BAND = (0.05, 0.95)
"""Between which 90 % of the futures lie."""
STRETCHES, CHECKED = 5, 100
"""Stretches of the past that are held back, and futures that are made for each."""
FEWER_STRETCHES, FEWER_CHECKED = 3, 50
"""The same of models that go on a few steps at a time."""
WIDE, FAR = 10.0, 2.0
"""Values span a wide range if the largest is so many times the smallest; they are far from others
if they are more than so many times as large."""
TOLD = 20
"""Fewer futures say nothing of 9 in 10."""
FEWEST_BEFORE = 2
"""Steps that must be known before what is held back."""


@dataclass(frozen=True)
class ExtensionModel:
    """What futures are drawn from.

    Attributes:
        codec: Of series.
        generator: Its model.
    """

    codec: Codec
    generator: GoesOn

    def futures(self, past: Dataset, steps: int, paths: int, run: Run) -> pl.DataFrame:
        """What may follow.

        Args:
            past: Series in the codec's columns and types.
            steps: That follow on each.
            paths: How often each goes on.
            run: For progress and cancelling, and its random streams.

        Returns:
            The past's columns, and PATH from 1: entity by entity as they first appear, path by
            path, step by step.

        Raises:
            DataError: A series cannot go on.
            OptionError: The model cannot go on from a past.
        """
        if self.codec.together:
            return self._together(past, steps, paths, run)
        return self._one_by_one(past, steps, paths, run)

    def _together(self, past: Dataset, steps: int, paths: int, run: Run) -> pl.DataFrame:
        if isinstance(self.codec, SideBySideCodec):
            return self._side_by_side(self.codec, past, steps, paths, run)
        [known] = self.codec.pasts(past, steps, run)
        rng = run.rng("extend")
        made = self.generator.go_on(known.batch, steps, paths, rng, run)
        found = self.codec.onward(known, made, paths, rng)
        each = len(known.last) * steps
        path = pl.Series(PATH, np.repeat(np.arange(1, paths + 1), each))
        # the model has its own order of entities
        own = np.array([_entities_of(past).index(one) for one in _entities_of(known.last)])
        who = np.tile(np.repeat(own, steps), paths)
        found = found.select(by_name(*past.schema.names)).with_columns(path)
        return found[np.lexsort((path.to_numpy(), who))]

    def _side_by_side(
        self, codec: SideBySideCodec, past: Dataset, steps: int, paths: int, run: Run
    ) -> pl.DataFrame:
        """One series of all entities' numbers goes on; from values beyond what was learned as from
        the nearest that was."""
        wide = codec.widened(past)
        near, _ = codec.windows.nearest(wide)
        windows = replace(self, codec=codec.windows)
        made = _spliced(windows.futures(near, steps, paths, run), near, wide)
        beyond = sum(int((near[name] != wide[name]).sum()) for name in _numbers(wide.schema))
        if beyond:
            run.warn(
                f"{plural(beyond, 'value')} of the past {'is' if beyond == 1 else 'are'} beyond "
                "what the model knows, and taken for the nearest that it does; what follows goes "
                "on from where it is."
            )
        found = codec.narrowed(made, paths)
        path = pl.Series(PATH, np.repeat(np.arange(1, paths + 1), len(found) // paths))
        found = found.select(by_name(*past.schema.names)).with_columns(path)
        # the model has its own order of entities
        names = [column.name for column in past.schema.of_role("entity")]
        place = {one: k for k, one in enumerate(_entities_of(past))}
        who = np.array([place[one] for one in found.select(by_name(*names)).rows()])
        return found[np.lexsort((path.to_numpy(), who))]

    def _one_by_one(self, past: Dataset, steps: int, paths: int, run: Run) -> pl.DataFrame:
        """Windows are gone on with a part at a time, which then is known."""
        keyed, entities = _keyed(past)
        now, each, done, parts = keyed, paths, 0, []
        with run.stage("extend", "drawing what may follow", total=steps) as stage:
            while done < steps:
                ahead = self.codec.ahead(steps - done)
                new = self._next(now, ahead, each, run.child(quiet=True), done)
                parts.append(new)
                now = _joined(now, new, each, self.codec.longest)
                each, done = 1, done + ahead
                stage.advance(units=ahead)
        found = pl.concat(parts)
        key = found[_key_of(keyed)].to_numpy()
        found = found[np.argsort(key, kind="stable")]
        key = np.sort(key)
        path = pl.Series(PATH, key % paths + 1)
        return _with_entities(found, entities, key // paths).with_columns(path)

    def _next(self, now: Dataset, ahead: int, each: int, run: Run, done: int) -> pl.DataFrame:
        """So many steps of each series, ``each`` times; the key of a series is that of the one it
        goes on from times ``each``, plus the number of the path."""
        name, found = _key_of(now), []
        for k, known in enumerate(self.codec.pasts(now, ahead, run)):
            rng = run.rng("extend", done, k)
            made = self.generator.go_on(known.batch, ahead, each, rng, run)
            rows = self.codec.onward(known, made, each, rng)
            keys = known.last[name].to_numpy()
            keys = (keys[:, None] * each + np.arange(each)).ravel()
            found.append(rows.with_columns(pl.Series(name, np.repeat(keys, ahead))))
        return pl.concat(found)


def _entities_of(data: Dataset) -> list[tuple[object, ...]]:
    """The entities in the order in which they first appear; a single one where none is named."""
    series = layout(data)
    names = [column.name for column in data.schema.of_role("entity")]
    if not names:
        return [()] * len(series)
    return data.rows(series.order[series.start]).frame.select(by_name(*names)).rows()


def _key_of(data: Dataset) -> str:
    return data.schema.of_role("entity")[0].name


def _keyed(past: Dataset) -> tuple[Dataset, pl.DataFrame]:
    """The series with numbers in the place of their entities, in order; and the entities."""
    series = layout(past)
    ordered = past.rows(series.order)
    names = [column.name for column in past.schema.of_role("entity")]
    entities = ordered.frame[series.start].select(by_name(*names))
    key = pl.Series(np.repeat(np.arange(len(series)), series.length))
    frame = ordered.frame
    if not names:
        names = ["series"]
        while names[0] in past.schema:
            names[0] += "'"
    frame = frame.with_columns(key.alias(names[0])).drop(names[1:])
    kept = [column for column in past.schema if column.name not in names]
    schema = Schema((Column(names[0], "id", "entity", dtype="Int64"), *kept))
    return Dataset(frame.select(by_name(*schema.names)), schema, name=past.name), entities


def _joined(now: Dataset, new: pl.DataFrame, each: int, most: int) -> Dataset:
    """The last steps of each series and what follows on them."""
    name = _key_of(now)
    tail = now.frame.group_by(name, maintain_order=True).tail(most)
    if each > 1:
        tail = pl.concat(
            [tail.with_columns((by_name(name) * each + k).alias(name)) for k in range(each)]
        )
    return now.with_frame(pl.concat([tail, new.select(by_name(*tail.columns))], how="vertical"))


def _with_entities(
    found: pl.DataFrame, entities: pl.DataFrame, whose: NDArray[np.int64]
) -> pl.DataFrame:
    """The entities in the place of their numbers."""
    found = found.drop(found.columns[0])
    return pl.concat([entities[whose], found], how="horizontal") if entities.width else found


@dataclass(frozen=True)
class ForeseenColumn(HasState):
    """What futures say of a number, over all entities.

    Attributes:
        column: Its name.
        low, middle, high: 5 %, half and 95 % of the futures are below, at the last step: as a part
            of the last known value less 1 where ``relative``, else as the difference from it.
        relative: Whether all values are above 0, so that changes are parts.
        inside, known: How many of the values that were held back lay in the band in which 90 % of
            the futures lie that were made for them, and how many there were; 0 of 0 where nothing
            could be held back.
        times: Stretches that were held back.
    """

    column: str
    low: float
    middle: float
    high: float
    relative: bool
    inside: int
    known: int
    times: int


@dataclass(frozen=True)
class Extended(HasState):
    """What may follow on a past.

    Attributes:
        data: Entity by entity, path by path, step by step.
        steps, paths: How many follow, and how often.
        columns: What the futures say of each number.
    """

    data: Dataset
    steps: int
    paths: int
    columns: tuple[ForeseenColumn, ...]

    def __str__(self) -> str:
        return "\n".join(_sentence(one, self.steps) for one in self.columns)


def _sentence(one: ForeseenColumn, steps: int) -> str:
    step = plural(steps, "step")
    if one.relative:
        low, middle, high = (f"{number(100 * end, 3)} %" for end in (one.low, one.middle, one.high))
    else:
        low, middle, high = (number(end, 3) for end in (one.low, one.middle, one.high))
    said = (
        f"After {step}, '{one.column}' has moved by {low} to {high} in 9 of 10 futures (half of "
        f"them: by {middle} or less)."
    )
    if not one.known:
        return (
            f"{said} Whether such bands hold is not known: the past is too short to hold some back."
        )
    return (
        f"{said} Bands of 90 % held {percent(one.inside, one.known)} of the last known values, in "
        f"{plural(one.times, 'stretch', 'stretches')} of {step}; the model may have learned from "
        "them."
    )


def extended(
    model: ExtensionModel,
    given: GivenRows,
    steps: int,
    paths: int,
    run: Run,
    *,
    check: bool = True,
) -> Extended:
    """What may follow on rows that a user gives, and whether what is known of them would have been
    foreseen.

    Args:
        model: Of series.
        given: The past.
        steps: That follow on each series.
        paths: How often each goes on.
        run: For progress and cancelling, and its random streams.
        check: Whether it is looked what the futures say of each number, and whether what is known
            would have been foreseen.

    Raises:
        DataError: The past cannot go on.
        OptionError: The model is of no series, cannot go on from a past, or too much is asked.
    """
    known, said = read_past(given, model.codec.schema, run)
    if model.codec.together:
        shared = _at_shared_times(known, run)
        known, said = known.rows(shared), said.rows(shared)
    series = layout(known)
    _check_asked(steps, paths, len(series))
    found = _spliced(model.futures(known, steps, paths, run), known, said)
    columns = []
    if check and paths * len(series) >= TOLD:
        held = _held_back(model, known, said, steps, run)
        columns = [_foreseen(name, found, said, steps, held) for name in _numbers(known.schema)]
    path = Column(PATH, "category", "ignore", dtype="Int64")
    schema = Schema((*said.schema.columns, path))
    data = Dataset(
        found.select(by_name(*schema.names)),
        schema,
        origin=pl.repeat(1, len(found), dtype=pl.Int16, eager=True),
        name=known.name,
        frame_form=given.source.frame_form,
    )
    return Extended(data, steps, paths, tuple(columns))


def _at_shared_times(past: Dataset, run: Run) -> NDArray[np.bool_]:
    """(rows,) whether all entities have a row at the time of each, so that their steps are the same
    ones; at two rows of an entity the codec takes offence."""
    [time] = past.schema.of_role("time")
    times = past[time.name].rank("dense").to_numpy().astype(np.int64)
    shared = np.bincount(times)[times] >= len(layout(past))
    lost = len(np.unique(times[~shared]))
    if lost and shared.any():
        run.warn(
            f"{plural(lost, 'time')} at which not every entity has a row "
            f"{'is' if lost == 1 else 'are'} left out."
        )
    return shared if shared.any() else np.ones(len(past), bool)


def _check_asked(steps: int, paths: int, series: int) -> None:
    for name, asked, most in (("steps", steps, MOST_AHEAD), ("paths", paths, MOST_ROWS)):
        if not 1 <= asked <= most:
            raise OptionError(
                f"{asked:,} {name} cannot be made", hint=f"ask for 1 to {most:,} {name}"
            )
    if steps * paths * series > MOST_CELLS:
        raise OptionError(
            f"{steps:,} steps of {paths:,} paths of {series:,} series are more than "
            f"{MOST_CELLS:,} rows",
            hint="ask for fewer, with option 'paths'",
        )


def _numbers(schema: Schema) -> list[str]:
    return [c.name for c in schema if c.kind == "number" and c.role not in ("entity", "time")]


def _above_zero(values: pl.Series) -> bool:
    return bool((values > 0).all())


def _grows_by_parts(values: pl.Series, ours: pl.Series, theirs: pl.Series) -> bool:
    """Whether a number whose last values the model took for others moves by parts of them: where
    all are above 0, and the values span a wide range as prices do, or are not far from those that
    they are taken for."""
    if not (_above_zero(values) and _above_zero(theirs)):
        return False
    known = values.cast(pl.Float64).to_numpy()
    factor = np.log((ours / theirs).to_numpy())
    return bool(known.max() > WIDE * known.min() or np.abs(factor).max() <= np.log(FAR))


def _spliced(found: pl.DataFrame, known: Dataset, said: Dataset) -> pl.DataFrame:
    """Futures that go on from the user's own last values, where the model took these for others."""
    last = layout(known)
    end = last.order[last.start + last.length - 1]
    each = len(found) // len(last)
    columns = []
    for name in _numbers(known.schema):
        ours, theirs = said[name][end].cast(pl.Float64), known[name][end].cast(pl.Float64)
        if (ours == theirs).all():
            continue
        whose = np.repeat(np.arange(len(last)), each)
        values = found[name].cast(pl.Float64).to_numpy()
        own, taken = ours.to_numpy()[whose], theirs.to_numpy()[whose]
        is_part = _grows_by_parts(said[name], ours, theirs)
        moved = values * own / taken if is_part else values + own - taken
        dtype = found[name].dtype
        columns.append(pl.Series(name, np.rint(moved) if dtype.is_integer() else moved).cast(dtype))
    return found.with_columns(columns)


@dataclass(frozen=True)
class HeldBack:
    """Stretches that were held back, and what was made for them.

    Attributes:
        inside, known: Column -> values within the band, and all of them.
        times: How many stretches.
    """

    inside: dict[str, int]
    known: dict[str, int]
    times: int


def _held_back(
    model: ExtensionModel, known: Dataset, said: Dataset, steps: int, run: Run
) -> HeldBack:
    """The last stretches of the past, each foreseen by what was before it."""
    names = _numbers(known.schema)
    inside, counted = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    series = layout(known)
    shortest = int(series.length.min())
    most, paths = FEWER_STRETCHES, FEWER_CHECKED
    if model.codec.together:
        most, paths = STRETCHES, CHECKED
    stretches = min((shortest - FEWEST_BEFORE) // steps, most) if names else 0
    quiet = run.child(quiet=True)
    from_end = np.concatenate([np.arange(length)[::-1] for length in series.length])
    for k in run.track(list(range(max(stretches, 0))), "check", "foreseeing what is known"):
        earlier = np.flatnonzero(from_end >= (k + 1) * steps)
        before = known.rows(earlier)
        here = (from_end >= k * steps) & (from_end < (k + 1) * steps)
        came = said.rows(np.flatnonzero(here))
        made = model.futures(before, steps, paths, quiet.child("check", k, quiet=True))
        made = _spliced(made, before, said.rows(earlier))
        for name in names:
            futures = made[name].cast(pl.Float64).to_numpy().reshape(len(series), paths, steps)
            low, high = np.quantile(futures, BAND, axis=1)
            values = came[name].cast(pl.Float64).to_numpy().reshape(len(series), steps)
            inside[name] += int(((values >= low) & (values <= high)).sum())
            counted[name] += values.size
    return HeldBack(inside, counted, max(stretches, 0))


def _foreseen(
    name: str, found: pl.DataFrame, said: Dataset, steps: int, held: HeldBack
) -> ForeseenColumn:
    series = layout(said)
    last = said[name][series.order[series.start + series.length - 1]].cast(pl.Float64).to_numpy()
    ends = found[name].cast(pl.Float64).to_numpy().reshape(len(series), -1, steps)[..., -1]
    is_part = _above_zero(said[name]) and bool((ends > 0).all())
    moved = ends / last[:, None] - 1 if is_part else ends - last[:, None]
    low, middle, high = (float(end) for end in np.quantile(moved, [BAND[0], 0.5, BAND[1]]))
    return ForeseenColumn(
        name, low, middle, high, is_part, held.inside[name], held.known[name], held.times
    )


def series_of(given: GivenRows, schema: Schema) -> Dataset:
    """Given rows as series of a model, in its columns and types.

    Raises:
        DataError: A column of the model is not there, or an entity is missing.
    """
    own = [c.name for c in schema if c.name in given.known.schema]
    lacking = [c.name for c in schema if c.name not in own and c.kind not in ("id", "text")]
    if lacking:
        raise DataError(
            f"there is no column {', '.join(repr(name) for name in lacking[:5])}",
            where=given.source.name,
            hint="give all columns that the model learned",
        )
    frame = given.known.frame.select(by_name(*own))
    known = Dataset(frame, Schema(tuple(schema[name] for name in own)), name=given.source.name)
    for column in known.schema.of_role("entity"):
        gone = known[column.name].null_count()
        if gone:
            raise DataError(
                f"{plural(gone, 'row')} {'has' if gone == 1 else 'have'} no entity",
                where=f"{known.name}, column '{column.name}'",
                hint="leave these rows out",
            )
    return known


def read_past(given: GivenRows, schema: Schema, run: Run) -> tuple[Dataset, Dataset]:
    """Given rows as series that can go on: as the model knows them, and as the user said them.

    What is missing is as it was before, and that is told.

    Raises:
        DataError: There is no past, a column of the model is not there, or a time or an entity is
            missing.
    """
    given = given.records
    known = series_of(given, schema)
    if not len(given):
        raise DataError(
            "there is no past to go on from", where=given.source.name, hint="give its rows"
        )
    series = layout(known)
    said = replace(known, frame=given.values.select(by_name(*known.schema.names)))
    return (
        without_gaps(known.rows(series.order), run),
        without_gaps(said.rows(series.order)),
    )


def without_gaps(past: Dataset, run: Run | None = None) -> Dataset:
    """Series in order, missing cells as they were at the step before, or where there is none,
    after; ``run`` is told."""
    series = layout(past)
    who = pl.Series("who of it", np.repeat(np.arange(len(series)), series.length))
    names = [column.name for column in past.schema if column.role not in ("entity", "time")]
    gaps = {name: past[name].null_count() for name in names if past[name].null_count()}
    if not gaps:
        return past
    filled = past.frame.with_columns(by_name(*gaps).forward_fill().backward_fill().over(who))
    if run is not None:
        for name, many in gaps.items():
            run.warn(
                f"{plural(many, 'cell')} of '{name}' {'is' if many == 1 else 'are'} missing in "
                f"the past; what was there before stands for {'it' if many == 1 else 'them'}."
            )
    return past.with_frame(filled)

"""The model of one table of a database: its rows, given those of the table that they are made
for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from tidemill.codecs.columns.base import SurrogateStream
from tidemill.codecs.table import TableCodec
from tidemill.core.condition import Where, parse_where
from tidemill.core.dataset import Dataset
from tidemill.core.errors import OptionError
from tidemill.core.frame_form import FrameForm
from tidemill.core.grid import Batch, Code, Spec
from tidemill.core.run import Run
from tidemill.core.schema import Schema
from tidemill.models import MODELS
from tidemill.models.base import unfitted
from tidemill.relational.following import Following, MadeFor, Succession
from tidemill.relational.promises import MEAN, Promise, Spoken, aimed, chosen, numbers
from tidemill.synthesis.sampling import SampledModel, SampleJob, SamplePlan
from tidemill.synthesis.stages import FEWEST, Stage, Stages, drawn

MOST_DRAWN, SEVERAL = 200_000, (2, 4)
"""For each row that is made for another several are drawn, as many as all these allow."""
ALONE = "independent"
"""The model of tables of too few rows for another one."""


@dataclass(frozen=True)
class Context:
    """What rows are made for, as channels: those of the rows of the table above, and whether there
    is one.

    Attributes:
        codec: Of the rows of that table.
    """

    codec: TableCodec

    @property
    def spec(self) -> Spec:
        """Its channels."""
        return Spec.joined([Spec(codes=(Code("has a row above", 2),)), self.codec.spec])

    def encode(self, above: Dataset, at: np.ndarray) -> Batch:
        """(n,) rows of the table above -> what n rows are made for; below 0 for none of them."""
        names = list(self.codec.schema.names)
        rows = self.codec.encode(above.select(names))
        blank = Batch.blank(self.codec.spec, 1)
        return self._beside(at >= 0, Batch.stacked([blank, rows]).rows(np.maximum(at, -1) + 1))

    def blank(self, n: int) -> Batch:
        """What n rows are made for that are made for nothing."""
        return self._beside(np.zeros(n, bool), Batch.blank(self.codec.spec, n))

    def _beside(self, is_there: np.ndarray, rows: Batch) -> Batch:
        code = is_there.astype(np.int32)[:, None]
        return Batch.joined([Batch(np.zeros((len(code), 0), np.int64), code), rows])


class TableModel:
    """Makes rows of one table.

    Attributes:
        codec: Of its rows, with what is told beside them.
        context: Of what they are made for; None where they are made for nothing.
        model: The generator's registered name.
        rows: How many were learned from.
        following: What rows are told of those before them; None where they are drawn all at once.
    """

    def __init__(
        self,
        codec: TableCodec,
        context: Context | None,
        stage: Stage,
        rows: int,
        name: str,
        following: Following | None = None,
    ) -> None:
        self.codec, self.context, self._stage = codec, context, stage
        self.following = following
        self.rows, self.name = rows, name

    @property
    def model(self) -> str:
        """The generator's registered name."""
        return self._stage.model

    @property
    def complete(self) -> bool:
        """Whether learning went to its end."""
        generator = self._stage.generator
        return generator.steps_done == generator.steps_planned

    @staticmethod
    def fit(
        data: Dataset,
        persons: np.ndarray,
        above: Dataset | None,
        persons_above: np.ndarray | None,
        at: np.ndarray,
        model: str,
        options: Mapping[str, Any],
        run: Run,
        following: Following | None = None,
    ) -> TableModel:
        """Learn the rows of a table.

        Args:
            data: The rows, with what is told beside them.
            persons: (rows,) whose each is.
            above: The rows that they are made for, only columns that can be given; None for none.
            persons_above: Whose each of these is.
            at: (rows,) which one each is made for, below 0 for none.
            model, options: Of the generator.
            run: For progress.
            following: How rows follow each other; then `above` has a row for each of them.
        """
        codec = TableCodec().fit(data, run, persons)
        batch = replace(codec.encode(data), person=persons)
        context = None
        if above is not None and above.schema.names:
            context = Context(TableCodec().fit(above, run.child(quiet=True), persons_above))
            given = replace(context.encode(above, at), person=persons)
            batch = replace(batch, context=given)
        if len(data) < FEWEST or not (codec.spec.reals or codec.spec.codes):
            model, options = ALONE, {}
        if model == ALONE:
            context, batch = None, replace(batch, context=None)
        spec = codec.spec if context is None else replace(codec.spec, context=context.spec)
        generator = unfitted(model, options)
        if "row" not in getattr(generator, "learns", {"row"}):
            raise OptionError(
                f"the model '{model}' learns no rows of tables",
                hint="choose trees, flow, vae, gan or autoregressive for a database",
            )
        generator.fit(spec, batch, run)
        return TableModel(
            codec, context, Stage(codec, model, generator), len(data), data.name, following
        )

    def rare(self, data: Dataset) -> list[str]:
        """The columns most of whose values are none of the levels that are known by name."""
        found = []
        for column in self.codec.schema.of_kind("category"):
            texts = data.frame[column.name].cast(pl.String).drop_nulls()
            known = texts.is_in(self.codec.levels(column.name))
            if len(texts) and 2 * int(known.sum()) < len(texts):
                found.append(column.name)
        return found

    def drawn(self, n: int, where: Where, run: Run) -> Dataset:
        """n rows that are made for nothing, each of which is as it is asked.

        Raises:
            ConditionError: It cannot be understood, or no row can be so.
            SchemaError: A column is not there.
        """
        condition = parse_where(where, self.codec.schema, self.codec.levels)
        stages = Stages([self._stage], self.model)
        sampled = SampledModel(self.codec, stages, stages, self.name, FrameForm(), self.rows)
        return SampleJob(sampled, SamplePlan(n, (condition,)), run).all().data

    def drawn_for(
        self,
        above: Dataset,
        at: np.ndarray,
        promises: Sequence[Promise],
        traits: Mapping[str, np.ndarray],
        run: Run,
    ) -> Dataset:
        """A row for each of (n,) rows of the table above, below 0 for none of them.

        Args:
            above: The rows of that table.
            at: Which of them each row is made for.
            promises: What these say of the rows that are made for them.
            traits: Column of sorts -> (sorts, k) where each sort stands.
            run: Its seed decides what is drawn.
        """
        rng = run.rng("rows")
        if self.following is not None:
            return self._one_after_another(self.following, above, at, promises, traits, run)
        if self.context is None or not promises or not len(at):
            given = None if self.context is None else self.context.encode(above, at)
            batch = drawn(self._stage, len(at), given, rng, run)
        else:
            batch = self._as_promised(self.context, above, at, promises, traits, run)
        return self.codec.decode(batch, rng, self.name, SurrogateStream(0, _fresh(run)))

    def _as_promised(
        self,
        context: Context,
        above: Dataset,
        at: np.ndarray,
        promises: Sequence[Promise],
        traits: Mapping[str, np.ndarray],
        run: Run,
    ) -> Batch:
        """Rows for those above: of several that are drawn for each place the one that keeps what is
        told."""
        several = int(np.clip(MOST_DRAWN // len(at), *SEVERAL))
        asked = list(dict.fromkeys(name for one in promises for name in one.columns))
        told: dict[Spoken, list[np.ndarray]] = {one.spoken: [] for one in promises}
        batches: list[Batch] = []
        aim = above
        for k in range(several):
            own = run.child("drawn", k, quiet=k > 0)
            batch = drawn(self._stage, len(at), context.encode(aim, at), own.rng("rows"), own)
            rows = self.codec.decode(batch, own.rng("looked at"), only=asked).frame
            batches.append(batch)
            for one in promises:
                if len(told[one.spoken]) == k:
                    told[one.spoken].append(numbers(one, rows, traits).astype(np.float32))
            now = {one: values[-1] for one, values in told.items()}
            aim = replace(aim, frame=aimed(promises, above.frame, aim.frame, at, now))
        drawn_ = {one: np.stack(values) for one, values in told.items()}
        taken = chosen(promises, above.frame, at, drawn_, run.rng("chosen"))
        return Batch.stacked(batches).rows(taken * len(at) + np.arange(len(at)))

    def _one_after_another(
        self,
        following: Following,
        above: Dataset,
        at: np.ndarray,
        promises: Sequence[Promise],
        traits: Mapping[str, np.ndarray],
        run: Run,
    ) -> Dataset:
        """Rows for those above in the order of their times, with these."""
        timing, rng = following.timing, run.rng("rows")
        ends = timing.begun(above.frame, run.rng("ends"))
        for one in promises:
            if one.of == timing.gap and one.what == MEAN:
                sizes = np.bincount(at[at >= 0], minlength=len(above))
                ends = timing.paced(ends, one.goal(above.frame), sizes)
        if self.context is None:
            batch = drawn(self._stage, len(at), None, rng, run)
        else:
            asked = {*self.context.codec.schema.names, *(one.name for one in promises)}
            names = [name for name in above.schema.names if name in asked]
            known = MadeFor(above.select(names), tuple(promises), traits, ends)
            batch = self._in_steps(self.context, following, known, at, run)
        rows = self.codec.decode(batch, rng, self.name, SurrogateStream(0, _fresh(run)))
        times = timing.times(rows.frame, at, ends, run.rng("times"))
        schema = Schema((*rows.schema.columns, timing.column), (), rows.schema.conventions)
        return replace(rows, frame=rows.frame.hstack([times]), schema=schema)

    def _in_steps(
        self, context: Context, following: Following, known: MadeFor, at: np.ndarray, run: Run
    ) -> Batch:
        """Rows for those above, those that come first of all, then the second ones."""
        there, loose = at[at >= 0], np.flatnonzero(at < 0)
        sizes = np.bincount(there, minlength=len(known.ends))
        before = self.codec.decode(
            Batch.blank(self.codec.spec, 0), run.rng("before"), only=following.columns
        )
        named = [name for one in known.promises for name in one.columns]
        asked = list(dict.fromkeys([*following.columns, *named]))
        batches, places = [Batch.blank(self.codec.spec, 0)], [loose[:0]]
        steps = Succession(following, known, sizes, before)
        for number, (rows, where, told) in enumerate(steps):
            own = run.child("step", number, quiet=number > 0)
            given = context.encode(told, np.arange(len(rows)))
            batch = drawn(self._stage, len(rows), given, own.rng("rows"), own)
            looked = self.codec.decode(batch, own.rng("looked at"), only=asked)
            steps.take(looked.frame, rows)
            batches.append(batch)
            places.append(where)
        if len(loose):
            given = context.blank(len(loose))
            batches.append(drawn(self._stage, len(loose), given, run.rng("loose"), run))
            places.append(loose)
        return Batch.stacked(batches).rows(np.argsort(np.concatenate(places), kind="stable"))

    def strange(self, column: str, rows: int, n: int, run: Run) -> pl.Series:
        """n values of a column of ids that none of so many made rows has."""
        blank = Batch.blank(self.codec.spec, n)
        stream = SurrogateStream(rows, _fresh(run))
        return self.codec.decode(blank, run.rng("strange"), self.name, stream).frame[column]

    def to_state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """A document and arrays."""
        generator, arrays = self._stage.generator.to_state()
        document = {
            "codec": self.codec.to_state(),
            "context": None if self.context is None else self.context.codec.to_state(),
            "model": self.model,
            "generator": generator,
            "rows": self.rows,
            "following": None if self.following is None else self.following.to_state(),
            "name": self.name,
        }
        return document, arrays

    @staticmethod
    def from_state(state: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> TableModel:
        """What :meth:`to_state` wrote.

        Raises:
            ValueError, KeyError: It does not fit together.
        """
        codec = TableCodec.from_state(state["codec"])
        context = None
        if state["context"] is not None:
            context = Context(TableCodec.from_state(state["context"]))
        model = str(state["model"])
        if model not in MODELS:
            raise ValueError(f"there is no model called {model!r}")
        spec = codec.spec if context is None else replace(codec.spec, context=context.spec)
        generator = MODELS.load(model).from_state(spec, state["generator"], arrays)
        rows = state["rows"]
        if type(rows) is not int or rows < 0:
            raise ValueError("the number of rows makes no sense")
        following = None
        if state.get("following") is not None:  # models from before rows followed each other
            following = Following.from_state(state["following"], codec.schema)
        stage = Stage(codec, model, generator)
        return TableModel(codec, context, stage, rows, str(state["name"]), following)


def _fresh(run: Run) -> int:
    """The seed of what is made afresh, as of rows that are made for nothing."""
    return run.seed_of("sample", "fresh", 1)

"""The stages of a synthesizer: codecs and generators in a row, each given what came before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, cast

import numpy as np

from tidemill.codecs.codec import SOUND, Codec
from tidemill.codecs.codec import stages as codecs_of
from tidemill.core.dataset import Dataset
from tidemill.core.errors import OptionError
from tidemill.core.grid import Batch, ConditionalSample, Constraints
from tidemill.core.run import Run
from tidemill.models import MODELS
from tidemill.models.base import (
    Conditional,
    Generator,
    Interpolates,
    LearnsInSteps,
    WritesOn,
    cannot_learn,
    of_texts,
    unfitted,
)

FEWEST = 20
"""From fewer rows on, an earlier stage is made column by column."""
LEAST_SHARE = 0.001
"""Of its planned steps, a model whose time is over has learned nothing after fewer."""
EARLIER = ("trees", "independent")
"""The models that make contexts."""
TRIES = 20
"""How often a row is drawn again from a place on that is a copy, or no word."""
PATIENCE = 5
"""How often from the same place on."""
MOST_TRIES = 60
"""How often rows are drawn again at all."""


@dataclass(frozen=True)
class Stage:
    """A part of a dataset that is made in one go, given the stage before it.

    Attributes:
        codec: Turns it into a grid whose context is the grid of the stage before.
        model: The generator's registered name.
        generator: Makes such grids, for given contexts where there is a stage before.
    """

    codec: Codec
    model: str
    generator: Generator

    @property
    def writer(self) -> WritesOn | None:
        """The generator, where it can be told how its texts begin."""
        is_text = self.codec.topology == "tokens"
        return self.generator if is_text and isinstance(self.generator, WritesOn) else None


class Stages:
    """All stages in order. A row of the last one carries those of the stages before as its context.

    Args:
        stages: The stages.
        model: The registered name of the model that the user chose: the last stage that it makes is
            the main one, whose steps, curves and interpolation are those of the whole.
    """

    def __init__(self, stages: Sequence[Stage], model: str) -> None:
        self.stages = tuple(stages)
        self.main = next(stage for stage in reversed(self.stages) if stage.model == model)

    @property
    def last(self) -> Stage:
        """The stage whose rows carry all others."""
        return self.stages[-1]

    @property
    def of_rows(self) -> Stages:
        """The stages without that of texts, which are written for rows that are made; all where
        there are no texts, or nothing else."""
        if len(self.stages) == 1 or self.last.codec.topology != "tokens":
            return self
        before = self.stages[:-1]
        return Stages(before, before[-1].model)

    @staticmethod
    def fit(
        codec: Codec,
        batch: Batch,
        model: str,
        options: Mapping[str, Any] | None,
        run: Run,
        start: Stages | None = None,
    ) -> Stages:
        """Learn all stages of a dataset.

        Args:
            codec: Fitted; it knows the codecs of the stages before it.
            batch: The training rows, encoded.
            model, options: Of the main stage, and of others as the codec has it.
            run: Its steps are for the main stage, and its time for those of the user's model.
            start: Fitted stages of the same sort, from whose main weights learning begins.

        Raises:
            OptionError: The model cannot start from ``start``, cannot learn such data, or its time
                was over before it had learned anything.
        """
        batches = [*_contexts(batch), batch]
        planned = _planned(codec, model, options, len(batch))
        main = max(k for k, (name, one) in enumerate(planned) if one is not None and name == model)
        own = [k for k, (_, generator) in enumerate(planned) if generator is not None]
        made: list[Stage] = []
        for k, part in enumerate(codecs_of(codec)):
            name, generator = planned[k]
            run.check()
            if generator is None:
                made.append(_learned_beside(part, name, batches[k], run))
                continue
            run.begin_learning()
            inner = run if k == main else _sharing(run, len(own) - own.index(k))
            began = monotonic()
            if k != main or start is None:
                generator.fit(part.spec, batches[k], inner)
            else:
                _go_on(generator, part, batches[k], inner, model, start)
            _check_learned(generator, inner, monotonic() - began)
            made.append(Stage(part, name, generator))
        return Stages(made, model)

    def sample(self, n: int, rng: np.random.Generator, run: Run | None = None) -> Batch:
        """n new rows of the last stage, with the stages before as their context."""
        first = self.stages[0]
        if len(self.stages) == 1:
            return drawn(first, n, None, rng, run)
        return self.made_for(drawn(first, n, None, rng, _quiet(run)), rng, run)

    def infill(
        self, n: int, known: Constraints, rng: np.random.Generator, run: Run | None = None
    ) -> ConditionalSample:
        """n new rows whose first stage keeps to what is known of it.

        Raises:
            ConditionError: What is known never occurs together.
        """
        if len(self.stages) == 1:
            return self.last.generator.infill(n, known, rng, run)
        found = self.stages[0].generator.infill(n, known, rng, _quiet(run))
        return replace(found, batch=self.made_for(found.batch, rng, run))

    def between(
        self, ways: int, steps: int, rng: np.random.Generator, run: Run | None = None
    ) -> Batch | None:
        """``ways * steps`` rows, each way from one made row to another of the same context; None
        where the model of the last stage knows no such way."""
        generator = self.last.generator
        if self.main is not self.last or not isinstance(generator, Interpolates):
            return None
        context = None
        if len(self.stages) > 1:
            before = self.stages[:-1]
            earlier = Stages(before, before[-1].model)
            context = earlier.sample(ways, rng, _quiet(run))
        return generator.between(ways, steps, rng, run, context)

    def made_for(
        self,
        made: Batch,
        rng: np.random.Generator,
        run: Run | None,
        given: Dataset | None = None,
    ) -> Batch:
        """The later stages for rows of one of the stages.

        Args:
            made: The rows.
            rng: The random stream.
            run: For progress.
            given: Values of the same rows that are known, of the last stage too.
        """
        depth = 1
        context = made.context
        while context is not None:
            depth, context = depth + 1, context.context
        for stage in self.stages[depth:]:
            inner = run if stage is self.last else _quiet(run)
            begun = None
            if given is not None and stage.writer is not None:
                begun = stage.codec.begun(given, made)
            later = drawn(stage, len(made), made, rng, inner, begun)
            made = replace(later, context=made)
        return made

    def to_state(self) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
        """Model and state of each stage; the arrays' names begin with the number of their stage."""
        documents = []
        arrays = {}
        for number, stage in enumerate(self.stages):
            document, own = stage.generator.to_state()
            documents.append({"model": stage.model, "generator": document})
            arrays.update({f"{number}.{name}": array for name, array in own.items()})
        return documents, arrays

    @staticmethod
    def from_state(
        codec: Codec,
        documents: Sequence[Mapping[str, Any]],
        arrays: Mapping[str, np.ndarray],
        chosen: str,
    ) -> Stages:
        """The stages that :meth:`to_state` described, of which the chosen model made the main one.

        Raises:
            ValueError: The state does not fit the codec.
        """
        codecs = codecs_of(codec)
        if len(documents) != len(codecs):
            raise ValueError("there are not as many generators as stages")
        made = []
        for number, (part, document) in enumerate(zip(codecs, documents, strict=True)):
            model = str(document["model"])
            allowed = MODELS if part is codec or codec.rows_first else EARLIER
            if model not in allowed:
                raise ValueError(f"there is no model called {model!r} for this stage")
            prefix = f"{number}."
            own = {
                name.removeprefix(prefix): array
                for name, array in arrays.items()
                if name.startswith(prefix)
            }
            generator = MODELS.load(model).from_state(part.spec, document["generator"], own)
            made.append(Stage(part, model, generator))
        if chosen not in {stage.model for stage in made}:
            raise ValueError("the manifest names another model")
        return Stages(made, chosen)


def _check_learned(generator: Generator, run: Run, seconds: float) -> None:
    """Refuse a model whose time was over after so many seconds, before it had learned anything."""
    done, planned = generator.steps_done, generator.steps_planned
    if run.cancelled or run.steps is not None or done >= LEAST_SHARE * planned:
        return
    hint = "give it more time with option 'minutes'"
    if done:
        needed = max(seconds / done * planned / 60, 0.1)
        hint += f": all steps would take about {needed:,.1f} minutes"
    raise OptionError(
        f"the model learned nothing: its time was over after {done:,} of {planned:,} steps",
        hint=hint,
    )


def first_stage(batch: Batch) -> Batch:
    """The rows of the first stage that rows of the last one carry."""
    while batch.context is not None:
        batch = batch.context
    return batch


def _contexts(batch: Batch) -> list[Batch]:
    """What the rows are made for, the first stage first."""
    found: list[Batch] = []
    while batch.context is not None:
        batch = batch.context
        found.insert(0, batch)
    return found


def _planned(
    codec: Codec, model: str, options: Mapping[str, Any] | None, rows: int
) -> list[tuple[str, Generator | None]]:
    """The model of each stage: a generator for those of the user's models, unfitted; None for one
    by default."""
    parts = codecs_of(codec)
    chosen: Generator = unfitted(model, options)
    context = "trees" if rows >= FEWEST else "independent"
    planned: list[tuple[str, Generator | None]] = []
    for part in parts:
        asked = part is codec or codec.rows_first
        if part.topology == "tokens":
            planned.append(of_texts(model, options) or (model, chosen))
        elif asked and part.topology in getattr(chosen, "learns", {"row"}):
            planned.append((model, chosen))
        else:
            planned.append((context, None))
    if model not in {name for name, generator in planned if generator is not None}:
        raise cannot_learn(model, codec.topology)
    return planned


def _go_on(
    generator: Generator, part: Codec, batch: Batch, run: Run, model: str, start: Stages
) -> None:
    """Learn from the weights of another model on.

    Raises:
        OptionError: It cannot.
    """
    if not isinstance(generator, LearnsInSteps):
        raise OptionError(
            f"the model '{model}' learns anew each time and cannot start from another",
            hint="leave the start out, or choose a neural model: flow, vae, gan or autoregressive",
        )
    if start.main.codec.topology != part.topology or start.main.model != model:
        raise OptionError(
            "the model to start from is of another sort",
            hint="start from a model made with the same option 'model'",
        )
    generator.fit(part.spec, batch, run, start=start.main.generator)


def _sharing(run: Run, stages: int) -> Run:
    """The run of one of so many stages that are still to be learned in the time that is left."""
    inner = run.child(progress=True)
    if inner.deadline is not None:
        inner.deadline = monotonic() + max(inner.deadline - monotonic(), 0) / stages
    return inner


def _learned_beside(codec: Codec, model: str, batch: Batch, run: Run) -> Stage:
    """A stage by default, learned to its end."""
    inner = run.child(quiet=True, to_end=True)
    return Stage(codec, model, unfitted(model).fit(codec.spec, batch, inner))


def drawn(
    stage: Stage,
    n: int,
    context: Batch | None,
    rng: np.random.Generator,
    run: Run | None,
    begun: Batch | None = None,
) -> Batch:
    """n rows of a stage for rows of the one before it; none is a copy of a training row, where the
    codec can tell.

    Args:
        stage: The stage.
        n: How many rows.
        context: Those of the stage before; None for the first one.
        rng: The random stream.
        run: For progress.
        begun: How the rows begin.
    """
    codec = stage.codec
    made = _sampled(stage, n, context, rng, run, begun)
    fault = _fault(stage, made, begun, None)
    stays, tries = fault.copy(), np.zeros(n, np.int64)
    for _ in range(MOST_TRIES):
        rows = np.flatnonzero((fault != SOUND) & (tries < TRIES))
        if not len(rows):
            break
        given = None if begun is None else begun.rows(rows)
        before = None if context is None else context.rows(rows)
        begins = _beginning(stage, replace(made.rows(rows), context=before), stays[rows], given)
        again = _sampled(stage, len(rows), before, rng, _quiet(run), begins)
        made = made.replaced(rows, again)
        found = _fault(stage, again, given, stays[rows])
        is_further = found > fault[rows]
        # what again and again cannot be gone on with is drawn from farther and farther back
        back = np.maximum(stays[rows] - np.maximum(tries[rows] - PATIENCE, 0), 0)
        stays[rows] = np.where(is_further, found, back)
        tries[rows] = np.where(is_further, 0, tries[rows] + 1)
        fault[rows] = np.where(found == SOUND, SOUND, np.maximum(fault[rows], found))
    copies = np.flatnonzero(fault != SOUND)
    copies = copies[codec.copied(made.rows(copies), None if begun is None else begun.rows(copies))]
    if len(copies) and run is not None:
        run.warn(
            f"For {len(copies):,} of {n:,} {codec.noun} everything that the model made in "
            f"{TRIES + 1} tries was a copy of training {codec.noun}, so {codec.instead}."
        )
    return codec.without(made, copies)


def _fault(stage: Stage, made: Batch, begun: Batch | None, sound: np.ndarray | None) -> np.ndarray:
    """(n,) the site from which on each row is to be drawn again, SOUND where it is not: where a
    model writes on only what is wrong, else whole copies."""
    if stage.writer is not None:
        return stage.codec.fault(made, begun, sound)
    return np.where(stage.codec.copied(made, begun), 0, SOUND)


def _beginning(stage: Stage, made: Batch, stays: np.ndarray, given: Batch | None) -> Batch | None:
    """How rows begin that are drawn again: with so many of their sites, and with what is given;
    None where the model knows no beginnings."""
    if stage.writer is None or made.mask is None:
        return given
    mask = np.arange(made.mask.shape[1]) < stays[:, None]
    mask &= made.mask
    return replace(made, mask=mask if given is None or given.mask is None else mask | given.mask)


def _sampled(
    stage: Stage,
    n: int,
    context: Batch | None,
    rng: np.random.Generator,
    run: Run | None,
    begun: Batch | None,
) -> Batch:
    if begun is not None and stage.writer is not None:
        return stage.writer.write_on(begun, rng, run)
    if context is None:
        return stage.generator.sample(n, rng, run)
    return cast(Conditional, stage.generator).sample(n, rng, run, context=context)


def _quiet(run: Run | None) -> Run:
    """A run in which earlier stages are made without a word."""
    return (run or Run()).child(quiet=True)

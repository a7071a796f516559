"""The stages of a synthesizer: codecs and generators in a row, each given what came before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, cast

import numpy as np

from tidemill.codecs.codec import Codec
from tidemill.codecs.codec import stages as codecs_of
from tidemill.core.errors import OptionError
from tidemill.core.grid import Batch, ConditionalSample, Constraints
from tidemill.core.run import Run
from tidemill.models import MODELS
from tidemill.models.base import Conditional, Generator, Interpolates, LearnsInSteps, unfitted

FEWEST = 20
"""From fewer rows on, an earlier stage is made column by column."""
LEAST_SHARE = 0.001
"""Of its planned steps, a model whose time is over has learned nothing after fewer."""
EARLIER = ("trees", "independent")
"""The models that make earlier stages."""


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


class Stages:
    """All stages in order. A row of the last one carries those of the stages before as its context.

    The last stage is what the user chose a model for: its steps, curves and interpolation are those
    of the whole. Earlier stages are always learned to the end.
    """

    def __init__(self, stages: Sequence[Stage]) -> None:
        self.stages = tuple(stages)

    @property
    def last(self) -> Stage:
        """The stage that the user chose a model for."""
        return self.stages[-1]

    @staticmethod
    def fit(
        codec: Codec,
        batch: Batch,
        model: str,
        generator: Generator,
        run: Run,
        start: Stages | None = None,
    ) -> Stages:
        """Learn all stages of a dataset.

        Args:
            codec: Fitted; it knows the codecs of the stages before it.
            batch: The training rows, encoded.
            model, generator: Of the last stage; unfitted.
            run: Its steps and its time are for the last stage.
            start: Fitted stages of the same sort, from whose last weights learning begins.

        Raises:
            OptionError: The generator cannot start from ``start``, or its time was over before it
                had learned anything.
        """
        *earlier, last = codecs_of(codec)
        contexts = _contexts(batch)
        made = [
            _learned_before(part, context, run)
            for part, context in zip(earlier, contexts, strict=True)
        ]
        run.check()
        run.begin_learning()
        began = monotonic()
        if start is None:
            generator.fit(last.spec, batch, run)
        elif isinstance(generator, LearnsInSteps):
            if len(start.stages) != len(made) + 1:
                raise OptionError(
                    "the model to start from is of another sort",
                    hint="start from a model made with the same option 'model'",
                )
            generator.fit(last.spec, batch, run, start=start.last.generator)
        else:
            raise OptionError(
                f"the model '{model}' learns anew each time and cannot start from another",
                hint="leave the start out, or choose a neural model: flow, vae, gan or "
                "autoregressive",
            )
        _check_learned(generator, run, monotonic() - began)
        return Stages([*made, Stage(last, model, generator)])

    def sample(self, n: int, rng: np.random.Generator, run: Run | None = None) -> Batch:
        """n new rows of the last stage, with the stages before as their context."""
        if len(self.stages) == 1:
            return self.last.generator.sample(n, rng, run)
        first = self.stages[0].generator.sample(n, rng, _quiet(run))
        return self._made_for(first, rng, run)

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
        return replace(found, batch=self._made_for(found.batch, rng, run))

    def between(
        self, ways: int, steps: int, rng: np.random.Generator, run: Run | None = None
    ) -> Batch | None:
        """``ways * steps`` rows, each way from one made row to another of the same context; None
        where the model of the last stage knows no such way."""
        generator = self.last.generator
        if not isinstance(generator, Interpolates):
            return None
        context = None
        if len(self.stages) > 1:
            earlier = Stages(self.stages[:-1])
            context = earlier.sample(ways, rng, _quiet(run))
        return generator.between(ways, steps, rng, run, context)

    def _made_for(self, made: Batch, rng: np.random.Generator, run: Run | None) -> Batch:
        """The later stages for rows of the first one."""
        for stage in self.stages[1:]:
            generator = cast(Conditional, stage.generator)
            inner = run if stage is self.last else _quiet(run)
            made = replace(generator.sample(len(made), rng, inner, context=made), context=made)
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
        codec: Codec, documents: Sequence[Mapping[str, Any]], arrays: Mapping[str, np.ndarray]
    ) -> Stages:
        """The stages that :meth:`to_state` described.

        Raises:
            ValueError: The state does not fit the codec.
        """
        codecs = codecs_of(codec)
        if len(documents) != len(codecs):
            raise ValueError("there are not as many generators as stages")
        made = []
        for number, (part, document) in enumerate(zip(codecs, documents, strict=True)):
            model = str(document["model"])
            allowed = MODELS if part is codec else EARLIER
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
        return Stages(made)


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


def _learned_before(codec: Codec, batch: Batch, run: Run) -> Stage:
    model = "trees" if len(batch) >= FEWEST else "independent"
    generator = unfitted(model).fit(codec.spec, batch, run.child(quiet=True, to_end=True))
    return Stage(codec, model, generator)


def _quiet(run: Run | None) -> Run:
    """A run in which earlier stages are made without a word."""
    return (run or Run()).child(quiet=True)

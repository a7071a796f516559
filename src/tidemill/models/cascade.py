"""A generator of rows that are made for a context, with a generator of contexts, so that it needs
nothing beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Protocol, Self, cast

import numpy as np

from tidemill.core.errors import OptionError
from tidemill.core.grid import Batch, ConditionalSample, Constraints, Spec
from tidemill.core.run import Run
from tidemill.models import MODELS
from tidemill.models.base import Generator, Interpolates, LearnsInSteps, State, unfitted

FEWEST = 20
"""Fewer contexts are drawn column by column."""


class Conditional(Generator, Protocol):
    """A generator that makes rows for given contexts."""

    def sample(
        self, n: int, rng: np.random.Generator, run: Run | None = None, context: Batch | None = None
    ) -> Batch:
        """n new rows, one for each row of the context."""
        ...


class Cascade:
    """Contexts are drawn by ``trees``, rows by another generator given these; rows carry their
    context.

    Args:
        family: The registered name of what makes rows for contexts.
        rows: This itself; unfitted, or fitted where ``contexts`` is.
        contexts: Makes contexts; None until it is fitted.
        model: Its registered name.
    """

    parameters: ClassVar[Mapping[str, Any]] = {}

    def __init__(
        self, family: str, rows: Generator, contexts: Generator | None = None, model: str = ""
    ) -> None:
        self.family, self.rows, self.contexts, self.model = (
            family,
            cast(Conditional, rows),
            contexts,
            model,
        )
        # contexts are always learned to the end
        self.steps_done, self.steps_planned = rows.steps_done, rows.steps_planned

    @property
    def curves(self) -> dict[str, list[list[float]]]:
        """Of the rows' generator, where it learns in steps."""
        return self.rows.curves if isinstance(self.rows, LearnsInSteps) else {}

    @property
    def best_step(self) -> int:
        """Of the rows' generator."""
        return self.rows.best_step if isinstance(self.rows, LearnsInSteps) else self.rows.steps_done

    @property
    def snapshots(self) -> list[tuple[int, Batch]]:
        """Of the rows' generator, where it learns in steps; they carry their contexts."""
        return self.rows.snapshots if isinstance(self.rows, LearnsInSteps) else []

    def fit(self, spec: Spec, batch: Batch, run: Run, start: Any = None) -> Self:
        """Learn the contexts, then the rows given these.

        Args:
            spec, batch: The rows with their contexts.
            run: Its steps and deadline are for the rows.
            start: A fitted model of the same sort, from whose weights the rows' generator begins.

        Raises:
            OptionError: ``start`` is another sort of model.
        """
        assert spec.context is not None
        assert batch.context is not None
        self.model = "trees" if len(batch) >= FEWEST else "independent"
        self.contexts = unfitted(self.model).fit(
            spec.context, batch.context, run.child(quiet=True, to_end=True)
        )
        run.check()
        if start is None:
            self.rows.fit(spec, batch, run)
        elif isinstance(self.rows, LearnsInSteps) and isinstance(start, Cascade):
            self.rows.fit(spec, batch, run, start=start.rows)
        else:
            raise OptionError(
                "the model to start from is of another sort",
                hint="start from a model made with the same option 'model'",
            )
        self.steps_done, self.steps_planned = self.rows.steps_done, self.rows.steps_planned
        return self

    def sample(self, n: int, rng: np.random.Generator, run: Run | None = None) -> Batch:
        """New rows with their contexts."""
        assert self.contexts is not None
        return self._made_for(self.contexts.sample(n, rng, _plain(run)), rng, run)

    def infill(
        self, n: int, known: Constraints, rng: np.random.Generator, run: Run | None = None
    ) -> ConditionalSample:
        """n new rows whose contexts keep to what is known of these.

        Raises:
            ConditionError: What is known never occurs together.
        """
        assert self.contexts is not None
        found = self.contexts.infill(n, known, rng, _plain(run))
        return replace(found, batch=self._made_for(found.batch, rng, run))

    def between(
        self,
        ways: int,
        steps: int,
        rng: np.random.Generator,
        run: Run | None = None,
        context: Batch | None = None,
    ) -> Batch | None:
        """Rows on the way from one made row to another of the same context, where the rows'
        generator knows such."""
        if not isinstance(self.rows, Interpolates):
            return None
        assert self.contexts is not None
        told = context or self.contexts.sample(ways, rng, _plain(run))
        return self.rows.between(ways, steps, rng, run, told)

    def _made_for(self, context: Batch, rng: np.random.Generator, run: Run | None) -> Batch:
        return replace(self.rows.sample(len(context), rng, run, context=context), context=context)

    def to_state(self) -> State:
        """Both generators."""
        assert self.contexts is not None
        parts = {"rows": self.rows.to_state(), "context": self.contexts.to_state()}
        return (
            {
                "family": self.family,
                "contexts": self.model,
                **{name: document for name, (document, _) in parts.items()},
            },
            {
                f"{name}.{key}": array
                for name, (_, arrays) in parts.items()
                for key, array in arrays.items()
            },
        )

    @classmethod
    def from_state(
        cls, spec: Spec, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> Self:
        """Restored from :meth:`to_state`.

        Raises:
            KeyError, ValueError: The state does not fit the spec.
        """
        own, beside = (
            {
                key.removeprefix(f"{part}."): array
                for key, array in arrays.items()
                if key.startswith(f"{part}.")
            }
            for part in ("rows", "context")
        )
        family, model = str(document["family"]), str(document["contexts"])
        if spec.context is None or model not in ("trees", "independent") or family not in MODELS:
            raise ValueError("rows and contexts do not fit together")
        contexts = MODELS.load(model).from_state(spec.context, document["context"], beside)
        return cls(
            family, MODELS.load(family).from_state(spec, document["rows"], own), contexts, model
        )


def _plain(run: Run | None) -> Run:
    """A run in which contexts are drawn without a word."""
    return (run or Run()).child(quiet=True)

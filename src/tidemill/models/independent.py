"""The floor: every channel drawn by itself, as if the columns had nothing to do with each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np

from tidemill.core.grid import Batch, ConditionalSample, Constraints, Spec, Topology
from tidemill.core.run import Run
from tidemill.models.base import State, check_learns
from tidemill.models.binary_forest import BinaryForest
from tidemill.models.nested_dichotomies import halved
from tidemill.models.particles import infilled
from tidemill.models.variables import Variables


class Independent:
    """Right in each column, wrong between them: what every other generator must beat.

    Conditions are exact; only bounds on sums of channels need weighted candidates. Of images, every
    pixel is drawn by itself, as often so bright as it is at its place, whatever the context.

    Example:
        >>> from tidemill.core.grid import Code
        >>> spec = Spec(codes=(Code("plan", 2),))
        >>> batch = Batch(np.zeros((4, 0), np.int64), np.array([[0], [1], [1], [1]], np.int32))
        >>> model = Independent().fit(spec, batch, Run())
        >>> len(model.sample(10, np.random.default_rng(0)))
        10
        >>> made = model.infill(10, Constraints(code={0: np.array([False, True])}),
        ...     np.random.default_rng(0))
        >>> float(made.chance[0]), made.effective
        (0.75, 10.0)
    """

    parameters: ClassVar[Mapping[str, Any]] = {}
    steps_done = 1
    steps_planned = 1

    learns: ClassVar[frozenset[Topology]] = frozenset({"row", "pixels"})

    variables: Variables
    spec: Spec

    def fit(self, spec: Spec, batch: Batch, run: Run) -> Self:
        """Count each channel's values; instant.

        Raises:
            OptionError: The rows are series or texts.
        """
        check_learns("independent", self.learns, spec)
        self.spec = spec
        self.variables = Variables.learned(spec.flat, batch.flat)
        return self

    def sample(
        self, n: int, rng: np.random.Generator, run: Run | None = None, context: Batch | None = None
    ) -> Batch:
        """New rows; a context changes nothing in them."""
        return self.infill(n, Constraints(), rng, run, context).batch

    def infill(
        self,
        n: int,
        known: Constraints,
        rng: np.random.Generator,
        run: Run | None = None,
        context: Batch | None = None,
    ) -> ConditionalSample:
        """n new rows that keep to what is known; a context changes nothing in them.

        Raises:
            ConditionError: What is known never occurs.
        """
        nothing = np.zeros(0, int)
        answers = [
            BinaryForest.planned(halved(count, depth=0), count, nothing)
            for count in self.variables.count
        ]
        found = infilled(self.variables, answers, n, known, rng, run or Run())
        return replace(found, batch=replace(found.batch.shaped(self.spec), context=context))

    def to_state(self) -> State:
        """The counts."""
        return self.variables.to_state()

    @classmethod
    def from_state(
        cls, spec: Spec, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> Self:
        """Restored from :meth:`to_state`."""
        model = cls()
        model.spec, model.variables = spec, Variables.from_state(spec.flat, arrays)
        return model

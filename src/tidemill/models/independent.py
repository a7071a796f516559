"""The floor: every channel drawn by itself, as if the columns had nothing to do with each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from tidemill.core.grid import Batch, Known, Spec
from tidemill.core.run import Run
from tidemill.models.base import State
from tidemill.models.variables import Variables


class Independent:
    """Right in each column, wrong between them: what every other generator must beat.

    Example:
        >>> from tidemill.core.grid import Code
        >>> spec = Spec(codes=(Code("plan", 2),))
        >>> batch = Batch(np.zeros((4, 0), np.int64), np.array([[0], [1], [1], [1]], np.int32))
        >>> len(Independent().fit(spec, batch, Run()).sample(10, np.random.default_rng(0)))
        10
    """

    steps_done = 1
    steps_planned = 1

    variables: Variables

    def fit(self, spec: Spec, batch: Batch, run: Run) -> Self:
        """Count each channel's values; instant."""
        self.variables = Variables.learned(spec, batch)
        return self

    def sample(self, n: int, rng: np.random.Generator, known: Known | None = None, run: Run | None = None) -> Batch:
        """New rows; known channels are simply set."""
        variables = self.variables
        given = variables.symbols_of(known)
        symbols = np.empty((n, len(variables)), np.int32)
        for v in range(len(variables)):
            if v in given:
                symbols[:, v] = given[v]
            else:
                weight = variables.count[v] / variables.count[v].sum()
                symbols[:, v] = rng.choice(len(weight), n, p=weight)
        return variables.batch(variables.silenced(symbols), rng, known)

    def to_state(self) -> State:
        """The counts."""
        return self.variables.to_state()

    @classmethod
    def from_state(cls, spec: Spec, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        """Restored from :meth:`to_state`."""
        model = cls()
        model.variables = Variables.from_state(spec, arrays)
        return model

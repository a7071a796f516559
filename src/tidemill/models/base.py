"""What a generator is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, Self

import numpy as np

from tidemill.core.grid import Batch, Infilled, Known, Spec
from tidemill.core.run import Run

State = tuple[dict[str, Any], dict[str, np.ndarray]]
"""Plain JSON values, and arrays."""


class Generator(Protocol):
    """Learns grids and makes more of them."""

    steps_done: int
    """How many learning steps were taken; ``Run(steps=...)`` replays as many."""
    steps_planned: int
    """How many a full fit takes."""

    def fit(self, spec: Spec, batch: Batch, run: Run) -> Self:
        """Learn the rows; after any number of steps the generator is usable."""
        ...

    def sample(self, n: int, rng: np.random.Generator, run: Run | None = None) -> Batch:
        """New rows."""
        ...

    def infill(self, n: int, known: Known, rng: np.random.Generator, run: Run | None = None) -> Infilled:
        """n new rows that keep to what is known, drawn from the model's conditional distribution.

        Raises:
            ConditionError: What is known never occurs together under the model.
        """
        ...

    def to_state(self) -> State:
        """What is needed to sample."""
        ...

    @classmethod
    def from_state(cls, spec: Spec, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        """The generator that :meth:`to_state` described."""
        ...

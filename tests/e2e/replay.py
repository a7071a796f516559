"""A toy generator of tables and series, for tests: it gives rows that it saw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from tidemill.core.grid import Batch, ConditionalSample, Constraints, Spec, Topology
from tidemill.core.run import Run
from tidemill.models.base import State


class Replay:
    parameters: ClassVar[Mapping[str, Any]] = {}
    learns: ClassVar[frozenset[Topology]] = frozenset({"row", "steps"})
    steps_done = 1
    steps_planned = 1

    seen: Batch
    spec: Spec

    def fit(self, spec: Spec, batch: Batch, run: Run) -> Self:
        self.spec, self.seen = spec, Batch(batch.tick, batch.code, batch.mask)
        return self

    def sample(
        self, n: int, rng: np.random.Generator, run: Run | None = None, context: Batch | None = None
    ) -> Batch:
        assert (context is None) == (self.spec.context is None)
        assert context is None or len(context) == n
        return self.seen.rows(rng.integers(len(self.seen), size=n))

    def infill(
        self, n: int, known: Constraints, rng: np.random.Generator, run: Run | None = None
    ) -> ConditionalSample:
        return ConditionalSample(self.sample(n, rng), np.ones(n), n)

    def to_state(self) -> State:
        arrays = {"tick": self.seen.tick, "code": self.seen.code}
        return {}, arrays if self.seen.mask is None else {
            **arrays,
            "mask": self.seen.mask.astype(np.int64),
        }

    @classmethod
    def from_state(
        cls, spec: Spec, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> Self:
        model = cls()
        model.spec = spec
        model.seen = Batch(
            arrays["tick"],
            arrays["code"],
            arrays["mask"].astype(bool) if "mask" in arrays else None,
        )
        return model

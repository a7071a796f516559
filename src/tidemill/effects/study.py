"""Two groups of rows, what is known of each row from before, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidemill.supervised.arrays import Bools, FeatureLayout, Features, Floats


@dataclass(frozen=True)
class Study:
    """Rows of which some were treated.

    Attributes:
        layout, rows: What is known of each row from before the treatment.
        treated: (n,) whether it was.
        outcome: (n,) what came of it; 0 and 1 where it is whether something happened.
        whose: (n,) which person or other unit each row is of: rows of the same are no independent
            witnesses.
        assigned: The share that were treated, where this was drawn by lot; None where it was not.
    """

    layout: FeatureLayout
    rows: Features
    treated: Bools
    outcome: Floats
    whose: NDArray[np.int64]
    assigned: float | None = None

    def __len__(self) -> int:
        return len(self.treated)

    @property
    def happens(self) -> bool:
        """Whether the outcome is that something happened."""
        return bool(np.isin(self.outcome, (0.0, 1.0)).all())

    def part(self, index: NDArray[np.int64] | Bools) -> Study:
        """Some of the rows."""
        return Study(
            self.layout,
            self.rows.rows(index),
            self.treated[index],
            self.outcome[index],
            self.whose[index],
            self.assigned,
        )

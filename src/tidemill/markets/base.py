"""What foretells a market."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tidemill.supervised.arrays import Floats

FEWEST = 250
"""Days that must be known before one is foretold."""


@dataclass(frozen=True)
class Futures:
    """What may come.

    Attributes:
        returns: (paths, days, k), all assets together.
        places: (paths, days) the day of the past that each is made of.
    """

    returns: Floats
    places: NDArray[np.int64]


class Foreteller(Protocol):
    """Says of each day how much may be lost on it, by the days before, and draws futures."""

    def foretell(self, returns: Floats, first: int, level: float) -> tuple[Floats, Floats]:
        """The value at risk and the expected shortfall of days, each by the days before alone.

        Args:
            returns: (T, k).
            first: The first day that is foretold; at least FEWEST.
            level: How often the value at risk is to be undercut.

        Returns:
            (T + 1 - first, k) each, as returns; the last ones are of the day after the table's end.
        """
        ...

    def futures(self, returns: Floats, days: int, paths: int, rng: np.random.Generator) -> Futures:
        """The days that follow (T, k) returns."""
        ...

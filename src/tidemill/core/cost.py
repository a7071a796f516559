"""What a step will cost, said before it begins."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

_PROBE = 1 << 18
_PROBED = 0.027
"""Seconds that the probe took on the machine on which the rooms' costs were measured."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Time, and the most memory that the process holds: right within a factor of two, where the
    machine is not busy.

    Attributes:
        seconds: On the machine of the measurements (see :func:`pace`).
        bytes: Of the whole process.

    Example:
        >>> print(Cost(70, 2**30) + Cost(45, 1.2 * 2**30))
        about 2 minutes and 1.2 GiB
        >>> print(Cost(34, 3e8), "|", Cost(8000, 2**34))
        about 30 seconds and 0.3 GiB | about 2.2 hours and 16.0 GiB
    """

    seconds: float
    bytes: float

    def __add__(self, other: Cost) -> Cost:
        """One after the other."""
        return Cost(self.seconds + other.seconds, max(self.bytes, other.bytes))

    def __mul__(self, times: float) -> Cost:
        """So many times one after the other, or on a machine so much slower."""
        return Cost(self.seconds * times, self.bytes)

    @property
    def time(self) -> str:
        """The time in words."""
        if self.seconds < 100:
            return f"about {max(10, round(self.seconds, -1)):.0f} seconds"
        if self.seconds < 6000:
            return f"about {self.seconds / 60:.0f} minutes"
        return f"about {self.seconds / 3600:.1f} hours"

    def __str__(self) -> str:
        return f"{self.time} and {self.bytes / 2**30:.1f} GiB"


def pace(rng: np.random.Generator) -> float:
    """How much slower this machine is than the one of the measurements, by a probe of less than 0.1
    s.

    Args:
        rng: Makes the probe's numbers.
    """
    values = rng.random(_PROBE)
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        np.argsort(values, kind="stable")
        seconds.append(time.perf_counter() - began)
    return min(seconds) / _PROBED

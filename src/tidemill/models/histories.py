"""What followed each history of one length, counted: for n-gram models of planes and of parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tidemill.core import checked_arrays


@dataclass(frozen=True)
class Histories:
    """Histories of one length, each a number.

    Attributes:
        key: (h,) ascending.
        count: (h, levels) how often each level followed.
    """

    key: np.ndarray
    count: np.ndarray

    @staticmethod
    def counted(key: np.ndarray, level: np.ndarray, levels: int) -> Histories:
        """Of (m,) histories and the levels that follow them."""
        own, place = np.unique(key, return_inverse=True)
        count = np.bincount(place * levels + level, minlength=len(own) * levels)
        return Histories(own, count.reshape(len(own), levels).astype(np.int64))

    def of(self, key: np.ndarray) -> np.ndarray:
        """(m,) histories -> (m, levels) counts, 0 behind those that are not known."""
        at = np.minimum(np.searchsorted(self.key, key), len(self.key) - 1)
        return self.count[at] * (self.key[at] == key)[:, None]

    def to_arrays(self, name: str) -> dict[str, np.ndarray]:
        """As arrays whose names end with this one."""
        return {f"key.{name}": self.key, f"count.{name}": self.count}

    @staticmethod
    def from_arrays(arrays: Mapping[str, np.ndarray], name: str, levels: int) -> Histories:
        """What :meth:`to_arrays` gave.

        Raises:
            KeyError, ValueError: The arrays are no such counts.
        """
        key = checked_arrays.integers(arrays, f"key.{name}", np.int64, (None,), 0)
        shape = (len(key), levels)
        count = checked_arrays.integers(arrays, f"count.{name}", np.int64, shape, 0, 2**40)
        if not len(key) or np.any(np.diff(key) <= 0):
            raise ValueError("there are no histories, or one of them twice")
        return Histories(key, count)


def mixed_chances(
    histories: Sequence[Histories], keys: Iterable[np.ndarray], prior: float
) -> np.ndarray:
    """(m, levels) the chances of what follows m histories: the counts of each length mixed with the
    chances by the next shorter one, which weigh as much as ``prior`` levels that were seen.

    Args:
        histories: From those of nothing to the longest.
        keys: (m,) of each length.
        prior: What the shorter history weighs.
    """
    total = histories[0].count.sum(axis=0)
    chance = total / max(total.sum(), 1)
    for known, key in zip(histories, keys, strict=True):
        count = known.of(key)
        chance = (count + prior * chance) / (count.sum(axis=1, keepdims=True) + prior)
    return chance

"""A table batch as a matrix of symbols: one variable a channel, one small integer a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tidemill.core.grid import Batch, Spec
from tidemill.models.bins import Bins

ABSENT = -1
"""Symbol of a real channel where its presence code says that there is no number."""


class Variables:
    """The channels of a spec in drawing order, each with its symbols and their training counts.

    A code's symbols are its levels, a real's are its pieces. A presence code stands right before
    its reals.

    Attributes:
        spec: The grid's spec.
        channels: ("code" or "real", index in the spec) of each variable.
        pieces: Pieces of each real channel.
        count: (symbols,) training rows of each variable's symbols.
        presence: For each variable the one that says whether it has a number; None for codes and
            complete reals.
    """

    def __init__(self, spec: Spec, pieces: list[Bins], level_counts: list[np.ndarray]) -> None:
        self.spec = spec
        self.pieces = pieces
        self.channels = spec.order
        self.count = [
            level_counts[i] if sort == "code" else pieces[i].count for sort, i in self.channels
        ]
        self.presence = _presence(spec)

    def __len__(self) -> int:
        return len(self.channels)

    @staticmethod
    def learned(spec: Spec, batch: Batch) -> Variables:
        """Pieces and counts of training rows."""
        present = [_present(spec, batch.code, i) for i in range(len(spec.reals))]
        pieces = [Bins.of(batch.tick[present[i], i]) for i in range(len(spec.reals))]
        counts = [
            np.bincount(batch.code[:, i], minlength=code.size) for i, code in enumerate(spec.codes)
        ]
        return Variables(spec, pieces, counts)

    def symbols(self, batch: Batch) -> np.ndarray:
        """Batch of n rows -> (n, variables) int32, ABSENT where there is no number."""
        out = np.empty((len(batch), len(self)), np.int32)
        for v, (sort, i) in enumerate(self.channels):
            if sort == "code":
                out[:, v] = batch.code[:, i]
            elif not len(self.pieces[i]):
                out[:, v] = ABSENT
            else:
                present = _present(self.spec, batch.code, i)
                out[:, v] = np.where(present, self.pieces[i].nearest(batch.tick[:, i]), ABSENT)
        return out

    def channel_name(self, v: int) -> str:
        """The name of variable v's channel."""
        sort, i = self.channels[v]
        return self.spec.codes[i].name if sort == "code" else self.spec.reals[i].name

    def codes(self, symbols: np.ndarray) -> np.ndarray:
        """(n, variables) symbols -> (n, K) codes."""
        code = np.zeros((len(symbols), len(self.spec.codes)), np.int32)
        for v, (sort, i) in enumerate(self.channels):
            if sort == "code":
                code[:, i] = symbols[:, v]
        return code

    def batch(self, symbols: np.ndarray, rng: np.random.Generator) -> Batch:
        """(n, variables) symbols -> Batch, each number drawn within its piece."""
        tick = np.zeros((len(symbols), len(self.spec.reals)), np.int64)
        for v, (sort, i) in enumerate(self.channels):
            if sort == "real":
                here = symbols[:, v] != ABSENT
                tick[here, i] = self.pieces[i].draw(symbols[here, v], rng)
        return Batch(tick, self.codes(symbols))

    def to_state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Plain JSON values (none) and arrays."""
        arrays: dict[str, np.ndarray] = {}
        for v, (sort, i) in enumerate(self.channels):
            if sort == "code":
                arrays[f"level.{i:05d}"] = np.asarray(self.count[v], np.int64)
            else:
                p = self.pieces[i]
                arrays[f"piece.{i:05d}"] = np.stack([p.low, p.high, p.count]).astype(np.int64)
        return {}, arrays

    @staticmethod
    def from_state(spec: Spec, arrays: Mapping[str, np.ndarray]) -> Variables:
        """Restored from :meth:`to_state`.

        Raises:
            KeyError, ValueError: The arrays do not fit the spec.
        """
        pieces = []
        for i in range(len(spec.reals)):
            low, high, count = arrays[f"piece.{i:05d}"].astype(np.int64)
            if np.any(high < low) or np.any(count < 0):
                raise ValueError("pieces end before they begin")
            pieces.append(Bins(low, high, count))
        counts = [arrays[f"level.{i:05d}"].astype(np.int64) for i in range(len(spec.codes))]
        if any(c.shape != (code.size,) for c, code in zip(counts, spec.codes, strict=True)):
            raise ValueError("level counts do not fit the spec")
        return Variables(spec, pieces, counts)


def _presence(spec: Spec) -> list[int | None]:
    """For each variable the one that says whether it has a number; None for codes and complete
    reals."""
    place = {channel: v for v, channel in enumerate(spec.order)}
    codes = [spec.reals[i].presence if sort == "real" else None for sort, i in spec.order]
    return [None if code is None else place["code", code] for code in codes]


def _present(spec: Spec, code: np.ndarray, real: int) -> np.ndarray:
    """(n,) whether a real channel has a number."""
    presence = spec.reals[real].presence
    return np.ones(len(code), bool) if presence is None else code[:, presence] == 0

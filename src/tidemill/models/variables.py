"""A table batch as a matrix of symbols: one variable a channel, one small integer a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tidemill.core.grid import Batch, Spec
from tidemill.models import channels
from tidemill.models.bins import Bins
from tidemill.models.channels import level_counts, pieces_of, present

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
        self.pieces, self.level_counts = pieces, level_counts
        self.channels = spec.order
        self.count: list[np.ndarray] = []
        for kind, i in self.channels:
            self.count.append(level_counts[i] if kind == "code" else pieces[i].count)
        self.presence = _presence(spec)

    def __len__(self) -> int:
        return len(self.channels)

    @staticmethod
    def learned(spec: Spec, batch: Batch) -> Variables:
        """Pieces and counts of training rows."""
        pieces = [pieces_of(spec, batch, i) for i in range(len(spec.reals))]
        return Variables(spec, pieces, level_counts(spec, batch))

    def symbols(self, batch: Batch) -> np.ndarray:
        """Batch of n rows -> (n, variables) int32, ABSENT where there is no number."""
        out = np.empty((len(batch), len(self)), np.int32)
        for v, (kind, i) in enumerate(self.channels):
            if kind == "code":
                out[:, v] = batch.code[:, i]
            elif not len(self.pieces[i]):
                out[:, v] = ABSENT
            else:
                here = present(self.spec, batch, i)
                out[:, v] = np.where(here, self.pieces[i].nearest(batch.tick[:, i]), ABSENT)
        return out

    def channel_name(self, v: int) -> str:
        """The name of variable v's channel."""
        kind, i = self.channels[v]
        return self.spec.codes[i].name if kind == "code" else self.spec.reals[i].name

    def codes(self, symbols: np.ndarray) -> np.ndarray:
        """(n, variables) symbols -> (n, K) codes."""
        code = np.zeros((len(symbols), len(self.spec.codes)), np.int32)
        for v, (kind, i) in enumerate(self.channels):
            if kind == "code":
                code[:, i] = symbols[:, v]
        return code

    def batch(self, symbols: np.ndarray, rng: np.random.Generator) -> Batch:
        """(n, variables) symbols -> Batch, each number drawn within its piece."""
        tick = np.zeros((len(symbols), len(self.spec.reals)), np.int64)
        for v, (kind, i) in enumerate(self.channels):
            if kind == "real":
                here = symbols[:, v] != ABSENT
                tick[here, i] = self.pieces[i].draw(symbols[here, v], rng)
        return Batch(tick, self.codes(symbols))

    def to_state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Pieces and counts."""
        return {}, channels.to_arrays(self.pieces, self.level_counts, "level")

    @staticmethod
    def from_state(spec: Spec, arrays: Mapping[str, np.ndarray]) -> Variables:
        """Variables from their stored arrays.

        Raises:
            KeyError, ValueError: The arrays do not fit the spec.
        """
        return Variables(spec, *channels.from_arrays(spec, arrays, "level"))


def _presence(spec: Spec) -> list[int | None]:
    """For each variable the one that says whether it has a number; None for codes and complete
    reals."""
    place = {channel: v for v, channel in enumerate(spec.order)}
    presence: list[int | None] = []
    for kind, i in spec.order:
        code = spec.reals[i].presence if kind == "real" else None
        presence.append(None if code is None else place["code", code])
    return presence

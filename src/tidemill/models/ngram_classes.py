"""Texts by the class of what they are made for: a level of a column beside them, or of two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from tidemill.core import checked_arrays
from tidemill.core.grid import Batch, Channel, Spec
from tidemill.core.persons import FEWEST_PERSONS, sharing
from tidemill.models.bins import Bins
from tidemill.models.channels import pieces_of, present
from tidemill.models.ngram_counts import UnitStream

MOST_CLASSES, FEWEST_ROWS = 300, 20
"""Classes that there may be, and rows of each at least; other rows are of none."""
PIECES = 8
"""Into about so many a number is cut."""
BEST = 4
"""Channels that are tried in pairs: those that say most by themselves."""
PRIORS = (30.0, 300.0, 3000.0)
"""Units by which a class is taken to be like all texts, when channels are compared."""
POSITIONS = 200_000
"""Units that are looked at then."""
NO_CLASS = -1


@dataclass(frozen=True)
class ContextClasses:
    """Classes of rows by one or two channels of their context.

    Attributes:
        channels: Which, ("code", i) or ("real", i) of the context's spec.
        pieces: Of each the pieces that a number is cut into; None of codes.
        number: (levels of the first, levels of the second) the class of each; NO_CLASS of none. A
            number has a level more, for rows that have none.
        count: How many classes there are.
    """

    channels: tuple[tuple[Channel, int], ...]
    pieces: tuple[Bins | None, ...]
    number: np.ndarray
    count: int

    @staticmethod
    def of_all(
        spec: Spec, context: Batch, channels: Sequence[tuple[Channel, int]], persons: np.ndarray
    ) -> ContextClasses:
        """The classes that enough rows are of.

        Args:
            spec, context: Of a table.
            channels: One or two.
            persons: (n,) whose each row is.
        """
        pieces = tuple(
            pieces_of(spec, context, i, FEWEST_ROWS, PIECES) if kind == "real" else None
            for kind, i in channels
        )
        shape = _shape(spec, channels, pieces)
        unnumbered = ContextClasses(tuple(channels), pieces, np.arange(np.prod(shape)), 0)
        cell = unnumbered._cells(spec, context)
        size = int(np.prod(shape))
        rows = np.bincount(cell, minlength=size)
        enough = (rows >= FEWEST_ROWS) & (sharing(cell, size, persons) >= FEWEST_PERSONS)
        order = np.argsort(-rows, kind="stable")
        chosen = np.sort(order[enough[order]][:MOST_CLASSES])
        number = np.full(size, NO_CLASS)
        number[chosen] = np.arange(len(chosen))
        return ContextClasses(tuple(channels), pieces, number.reshape(shape), len(chosen))

    def of(self, spec: Spec, context: Batch) -> np.ndarray:
        """(n,) the class of each row of a context; NO_CLASS of none."""
        return self.number.reshape(-1)[self._cells(spec, context)]

    def _cells(self, spec: Spec, context: Batch) -> np.ndarray:
        """(n,) the combination of levels of each row."""
        shape = _shape(spec, self.channels, self.pieces)
        cell = np.zeros(len(context), np.int64)
        for (_, i), pieces, levels in zip(self.channels, self.pieces, shape, strict=True):
            if pieces is None:
                level = context.code[:, i].astype(np.int64)
            else:
                level = np.full(len(context), levels - 1)
                here = present(spec, context, i) & (len(pieces) > 0)
                level[here] = pieces.nearest(context.tick[here, i])
            cell = cell * levels + level
        return cell

    def to_state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Channels and pieces, and the class of each combination of levels."""
        arrays = {"class": self.number.reshape(-1).astype(np.int32)}
        for k, pieces in enumerate(self.pieces):
            if pieces is not None:
                arrays[f"piece.{k}"] = np.stack([pieces.low, pieces.high]).astype(np.int64)
        return {"channels": [[kind, i] for kind, i in self.channels]}, arrays

    @staticmethod
    def from_state(
        spec: Spec, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> ContextClasses:
        """The classes of :meth:`to_state`.

        Raises:
            KeyError, TypeError, ValueError: It is no such state.
        """
        channels, pieces = [], []
        for k, (kind, i) in enumerate(document["channels"]):
            if (kind, i) not in spec.order or type(i) is not int:
                raise ValueError("the classes are of a channel that there is not")
            channels.append((kind, i))
            own = None
            if kind == "real":
                low, high = checked_arrays.integers(arrays, f"piece.{k}", np.int64, (2, None))
                if np.any(high < low) or np.any(high[:-1] >= low[1:]):
                    raise ValueError("pieces end before they begin, or behind the next")
                own = Bins(low, high, np.zeros(len(low), np.int64))
            pieces.append(own)
        if len(channels) not in (1, 2):
            raise ValueError("the classes are of no channel, or of more than two")
        shape = _shape(spec, channels, pieces)
        size = shape[0] * (shape[1] if len(shape) == 2 else 1)
        number = checked_arrays.integers(
            arrays, "class", np.int32, (size,), NO_CLASS, MOST_CLASSES - 1
        )
        named = np.unique(number[number >= 0])
        if not np.array_equal(named, np.arange(len(named))) or not len(named):
            raise ValueError("the classes are not numbered one after the other")
        return ContextClasses(
            tuple(channels), tuple(pieces), number.reshape(shape).astype(np.int64), len(named)
        )


def best_classes(
    spec: Spec,
    context: Batch,
    persons: np.ndarray,
    stream: UnitStream,
    held: np.ndarray,
) -> ContextClasses | None:
    """The classes that say most about which units a text has, by held-out rows; None where none
    says anything.

    Args:
        spec, context: Of a table, n rows.
        persons: (n,) whose each row is.
        stream: The texts of these rows.
        held: (n,) bool, the rows that are held out.
    """
    at = stream.predicted
    at = at[:: max(len(at) // POSITIONS, 1)]
    unit, row = stream.unit[at], stream.row[at]
    learned = np.flatnonzero(~held)

    def gain(channels: Sequence[tuple[Channel, int]]) -> tuple[float, ContextClasses]:
        classes = ContextClasses.of_all(spec, context.rows(learned), channels, persons[learned])
        return _gain(classes.of(spec, context)[row], classes.count, unit, held[row]), classes

    channels = [channel for channel in spec.order if _may_tell(spec, channel)]
    single = [(gain([channel]), channel) for channel in channels]
    single = sorted((one for one in single if one[0][0] > 0), key=lambda one: -one[0][0])
    tried = [found for found, _ in single]
    for pair in combinations([channel for _, channel in single[:BEST]], 2):
        tried.append(gain(pair))
    return max(tried, key=lambda one: one[0])[1] if tried else None


def _may_tell(spec: Spec, channel: tuple[Channel, int]) -> bool:
    kind, i = channel
    return kind == "real" or spec.codes[i].size > 1


def _shape(
    spec: Spec, channels: Sequence[tuple[Channel, int]], pieces: Sequence[Bins | None]
) -> tuple[int, ...]:
    """How many levels each channel has; a number one more than pieces."""
    return tuple(
        spec.codes[i].size if own is None else len(own) + 1
        for (_, i), own in zip(channels, pieces, strict=True)
    )


def _gain(of: np.ndarray, count: int, unit: np.ndarray, held: np.ndarray) -> float:
    """How much likelier held-out units are by the shares of their class than by those of all texts,
    in nats a unit.

    Args:
        of: (m,) the class of each unit's row, or NO_CLASS.
        count: How many classes there are.
        unit: (m,) the units.
        held: (m,) bool, those that are held out.
    """
    if count < 2 or held.all() or not held.any():
        return 0.0
    size = int(unit.max()) + 1
    whole = np.bincount(unit[~held], minlength=size) + 1.0
    share = whole / whole.sum()
    inside = ~held & (of >= 0)
    counts = np.bincount(of[inside] * size + unit[inside], minlength=count * size)
    total = np.bincount(of[inside], minlength=count)
    asked = held & (of >= 0)
    general = share[unit[asked]]
    own = counts[of[asked] * size + unit[asked]]
    best = 0.0
    for prior in PRIORS:
        chance = (own + prior * general) / (total[of[asked]] + prior)
        best = max(best, float(np.log(chance / general).sum()) / int(held.sum()))
    return best

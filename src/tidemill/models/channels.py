"""What every view keeps of training rows: the pieces of each number, and how often each level
occurs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tidemill.core import checked_arrays
from tidemill.core.errors import ConditionError
from tidemill.core.grid import Batch, Constraints, Spec
from tidemill.core.persons import FEWEST_PERSONS
from tidemill.models.bins import MAX_PIECES, Bins

MOST_ROWS = 2.0**53
"""Counts of more rows are no counts."""


def present(spec: Spec, batch: Batch, real: int) -> np.ndarray:
    """(n, *sites) whether a real channel has a number."""
    here = np.ones(batch.tick.shape[:-1], bool) if batch.mask is None else batch.mask
    presence = spec.reals[real].presence
    return here if presence is None else here & (batch.code[..., presence] == 0)


def pieces_of(
    spec: Spec,
    batch: Batch,
    real: int,
    least: int = FEWEST_PERSONS,
    most: int = MAX_PIECES,
    cells: int | None = None,
) -> Bins:
    """The pieces of a real channel of training rows.

    Args:
        spec, batch: The rows.
        real: Which channel.
        least, most: As in :meth:`Bins.of`.
        cells: So many numbers are looked at, at most; None for all.
    """
    here = present(spec, batch, real)
    persons = None if batch.person is None else batch.person[here][:cells]
    ticks = batch.tick[..., real][here][:cells]
    return Bins.of(ticks, least, most, persons, spec.reals[real].most)


def level_counts(spec: Spec, batch: Batch) -> list[np.ndarray]:
    """Of each code, how often each of its levels occurs at the sites in use."""
    used = slice(None) if batch.mask is None else batch.mask
    counts = []
    for k, code in enumerate(spec.codes):
        levels = batch.code[..., k][used].ravel()
        counts.append(np.bincount(levels, minlength=code.size))
    return counts


def check_occurs(
    spec: Spec, pieces: Sequence[Bins], counts: Sequence[np.ndarray], known: Constraints
) -> None:
    """See that what is known occurs at all.

    Raises:
        ConditionError: No training row has such a value.
    """
    wrong = []
    for k, levels in known.code.items():
        if not (levels & (counts[k] > 0)).any():
            wrong.append(spec.codes[k].name)
    for r, bounds in known.tick.items():
        low, high = pieces[r].low[:, None], pieces[r].high[:, None]
        if not ((low <= bounds[:, 1]) & (high >= bounds[:, 0])).any():
            wrong.append(spec.reals[r].name)
    if wrong:
        raise ConditionError(
            "no training row is like this, so the model gives it no chance",
            where=f"column '{wrong[0]}'",
            hint="ask for values that occur, or for less at a time",
        )


def to_arrays(
    pieces: Sequence[Bins], counts: Sequence[np.ndarray], name: str = "count"
) -> dict[str, np.ndarray]:
    """For storing; ``name`` is that of the counts."""
    arrays = {}
    for r, own in enumerate(pieces):
        arrays[f"piece.{r:05d}"] = np.stack([own.low, own.high, own.count]).astype(np.int64)
    for k, count in enumerate(counts):
        arrays[f"{name}.{k:05d}"] = np.asarray(count, np.int64)
    return arrays


def within(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """The arrays whose names begin with a prefix, under their names without it."""
    own = {}
    for name, array in arrays.items():
        if name.startswith(prefix):
            own[name.removeprefix(prefix)] = array
    return own


def cleared(tick: np.ndarray, code: np.ndarray, mask: np.ndarray | None) -> Batch:
    """A batch that is zero at the sites that are not in use."""
    if mask is not None:
        tick = np.where(mask[..., None], tick, 0)
        code = np.where(mask[..., None], code, 0).astype(np.int32)
    return Batch(tick, code, mask)


def from_arrays(
    spec: Spec, arrays: Mapping[str, np.ndarray], name: str = "count"
) -> tuple[list[Bins], list[np.ndarray]]:
    """Pieces and counts from their stored arrays.

    Raises:
        KeyError, ValueError: The arrays do not fit the spec.
    """
    pieces = []
    for r in range(len(spec.reals)):
        name_of = f"piece.{r:05d}"
        low, high, count = checked_arrays.integers(arrays, name_of, np.int64, (3, None))
        if np.any(high < low) or np.any(high[:-1] >= low[1:]):
            raise ValueError("pieces end before they begin, or behind the next")
        pieces.append(Bins(low, high, _counts(count)))
    counts = []
    for k, code in enumerate(spec.codes):
        shape = (code.size,)
        counts.append(_counts(checked_arrays.integers(arrays, f"{name}.{k:05d}", np.int64, shape)))
    return pieces, counts


def has_empty_rows(arrays: Mapping[str, np.ndarray]) -> bool:
    """Whether stored arrays say that a row may have no site in use.

    Raises:
        ValueError: They say it in another way.
    """
    if "empty_rows" not in arrays:
        return False
    checked_arrays.integers(arrays, "empty_rows", np.int8, (1,), 1, 1)
    return True


def _counts(count: np.ndarray) -> np.ndarray:
    """The same, where they are counts of rows that can be added up."""
    if np.any(count < 0) or count.sum(dtype=float) > MOST_ROWS:
        raise ValueError("what is no count of rows stands for one")
    return count

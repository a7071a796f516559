"""Runs of units, counted: how often each occurs, and which may be stored."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tidemill.core.grid import Batch, Spec
from tidemill.core.persons import FEWEST_PERSONS, sharing

LONG, FEWEST_OF_LONG = 5, 3
"""Runs of LONG units or more are kept only where so many persons have them: of words, that many
are what somebody wrote."""
NONE = -1
"""In the place of a unit, a history or a class where there is none."""


@dataclass(frozen=True)
class UnitStream:
    """The units of texts one after the other: of each text a mark that it begins, its units, and a
    mark that it ends where there was room for more.

    Attributes:
        size: Units that there are; ``size`` marks an end and ``size + 1`` a beginning.
        unit: (m,) int64.
        row: (m,) the row of each.
        place: (m,) how many of its row stand before it.
        voice: (m,) who speaks there: 1 for the first of the units that say so, 0 before any does.
        person: (m,) whose it is.
        guarded: (m,) bool, or None where nothing is.
    """

    size: int
    unit: np.ndarray
    row: np.ndarray
    place: np.ndarray
    voice: np.ndarray
    person: np.ndarray
    guarded: np.ndarray | None

    @staticmethod
    def of(spec: Spec, batch: Batch) -> UnitStream:
        """The stream of a batch of texts."""
        n, sites = batch.code.shape[:2]
        used = np.ones((n, sites), bool) if batch.mask is None else batch.mask
        length = used.sum(axis=1)
        ended = (length < sites) & spec.ragged
        total = 1 + length + ended
        size, first = spec.codes[0].size, np.cumsum(total) - total
        row = np.repeat(np.arange(n), total)
        place = np.arange(len(row)) - first[row]
        within = (place > 0) & (place <= length[row])
        unit = np.full(len(row), size, np.int64)
        unit[first] = size + 1
        unit[within] = batch.code[..., 0][used]
        guarded = None
        if batch.guarded is not None:
            guarded = np.zeros(len(row), bool)
            guarded[within] = batch.guarded[used]
        voice = _voices(unit, place, size, spec.voices)
        return UnitStream(size, unit, row, place, voice, persons_of_rows(batch)[row], guarded)

    @property
    def predicted(self) -> np.ndarray:
        """The positions of what follows something: all but the marks of beginnings."""
        return np.flatnonzero(self.place > 0)

    def recent(self, at: np.ndarray, length: int) -> np.ndarray:
        """(p,) positions -> (p, length) the units before each, the nearest first."""
        units = np.full((len(at), length), NONE, np.int64)
        for k in range(1, length + 1):
            there = self.place[at] >= k
            units[there, k - 1] = self.unit[at[there] - k]
        return units


def voice_of(unit: np.ndarray, size: int, voices: int) -> np.ndarray:
    """(m,) whom each unit lets speak: 1 for the first of the last ``voices`` of ``size`` units, 0
    of all other units."""
    found = unit - (size - voices) + 1
    return np.where((unit >= size - voices) & (unit < size), found, 0)


def _voices(unit: np.ndarray, place: np.ndarray, size: int, voices: int) -> np.ndarray:
    """(m,) who speaks at each unit of a stream: whom the last one before it in its text that says
    so lets speak."""
    says = voice_of(unit, size, voices)
    at = np.where((says > 0) | (place == 0), np.arange(len(unit)), 0)
    return np.concatenate([[0], says[np.maximum.accumulate(at)]])[:-1]


def persons_of_rows(batch: Batch) -> np.ndarray:
    """(n,) the number of the person that each row is of."""
    if batch.person is None:
        return np.arange(len(batch))
    return batch.person if batch.person.ndim == 1 else batch.person[:, 0]


@dataclass(frozen=True)
class RunTable:
    """The different runs of one length: a history of length k and what follows it.

    Attributes:
        parent: (h,) of each history the next shorter one: without the unit farthest back.
        unit: (h,) that unit; of histories without units, which class they are of.
        history, follower: (g,) ascending in this order.
        seen: (g,) how often each run occurs.
        continued: (g,) before how many different units, or at how many beginnings.
        kept: (g,) bool, whether it may be stored.
    """

    parent: np.ndarray
    unit: np.ndarray
    history: np.ndarray
    follower: np.ndarray
    seen: np.ndarray
    continued: np.ndarray
    kept: np.ndarray


def counted(
    stream: UnitStream, order: int, of_unit: np.ndarray | None = None, classes: int = 1
) -> list[RunTable]:
    """Count the runs of 1 to ``order`` units.

    Args:
        stream: The texts.
        order: The length of the longest runs.
        of_unit: (m,) the class of each unit, within which runs that end there are counted, NONE
            for what is not counted; None where all are counted together.
        classes: How many there are.

    Returns:
        For each length a table. A run is kept where some occurrence of it has no guarded unit, or
        where FEWEST_PERSONS have it; a long one only where FEWEST_OF_LONG have it. Single units are
        kept where all are counted together: these the codec has chosen. With a run, all runs
        within it are kept.
    """
    width = stream.size + 2
    at = stream.predicted
    inside = np.zeros(len(at), np.int64) if of_unit is None else of_unit[at]
    at, inside = at[inside >= 0], inside[inside >= 0]
    parent, unit = np.zeros(classes, np.int64), np.arange(classes)
    run, of = np.unique(inside * width + stream.unit[at], return_inverse=True)
    table = _table(stream, at, parent, unit, run, of, 1)
    if of_unit is None:
        table = replace(table, kept=np.ones(len(run), bool))
    tables = [table]
    for k in range(1, order):
        longer = stream.place[at] >= k
        lower, first = of[longer], np.bincount(of[~longer], minlength=len(run))
        at = at[longer]
        key, inside = np.unique(inside[longer] * width + stream.unit[at - k], return_inverse=True)
        longer_run, of = np.unique(inside * width + stream.unit[at], return_inverse=True)
        lower_of = np.empty(len(longer_run), np.int64)
        lower_of[of] = lower  # the same wherever the longer run occurs
        behind = np.bincount(lower_of, minlength=len(run))
        tables[-1] = replace(tables[-1], continued=first + behind)
        run = longer_run
        tables.append(_table(stream, at, key // width, key % width, run, of, k + 1))
    return tables


def _table(
    stream: UnitStream,
    at: np.ndarray,
    parent: np.ndarray,
    unit: np.ndarray,
    run: np.ndarray,
    of: np.ndarray,
    length: int,
) -> RunTable:
    """The runs of one length.

    Args:
        stream: The texts.
        at: (p,) where runs end.
        parent, unit: (h,) of each history.
        run: (g,) the key of each run: its history, and its last unit.
        of: (p,) which run each is.
        length: Their length.
    """
    width = stream.size + 2
    seen = np.bincount(of, minlength=len(run))
    kept = _kept(stream, at, of, len(run), length)
    return RunTable(parent, unit, run // width, run % width, seen, seen, kept)


def _kept(
    stream: UnitStream, at: np.ndarray, of: np.ndarray, count: int, length: int
) -> np.ndarray:
    """(count,) whether each run of this length may be stored.

    Args:
        stream: The texts.
        at: (p,) where runs end.
        of: (p,) which run each is.
        count: How many different ones there are.
        length: Their length.
    """
    kept = np.ones(count, bool)
    if stream.guarded is not None:
        before = np.concatenate([[0], np.cumsum(stream.guarded)])
        untouched = before[at + 1] == before[at + 1 - length]
        kept = np.bincount(of[untouched], minlength=count) > 0
        rare = ~kept[of]
        shared = sharing(of[rare], count, stream.person[at[rare]])
        kept |= shared >= FEWEST_PERSONS
    if length >= LONG:
        kept &= sharing(of, count, stream.person[at]) >= FEWEST_OF_LONG
    return kept

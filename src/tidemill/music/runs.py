"""Runs of notes that recur, in whatever key."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from tidemill.music.scores import runs_of

COPY_NOTES, PHRASE_NOTES = 8, 5
"""Notes of a run that is called a copy where it is found again, and of a phrase."""

Run = tuple[tuple[int, int], ...]
"""(semitones from the note before, sixteenths that it lasts) of each note but the first."""


def note_runs(piece: np.ndarray, notes: int, voice: int = 0) -> list[tuple[int, Run]]:
    """The runs of so many notes of a voice: where each begins, and its steps, the same in every
    key.

    Example:
        >>> piece = np.array([[60], [62], [190], [64]])
        >>> note_runs(piece, 3)
        [(0, ((2, 2), (2, 1)))]
    """
    line = runs_of(piece, voice)
    steps = [(after[2] - before[2], after[1]) for before, after in pairwise(line)]
    found = []
    for first in range(len(line) - notes + 1):
        found.append((line[first][0], tuple(steps[first : first + notes - 1])))
    return found


def runs_in(pieces: Iterable[np.ndarray], notes: int) -> frozenset[Run]:
    """All runs of so many notes of the first voices."""
    return frozenset(run for piece in pieces for _, run in note_runs(piece, notes))


def heard_before(piece: np.ndarray) -> float | None:
    """The share of runs of PHRASE_NOTES notes of the first voice that came before; None where there
    are not two."""
    runs = [run for _, run in note_runs(piece, PHRASE_NOTES)]
    if len(runs) < 2:
        return None
    return 1 - len(set(runs)) / len(runs)


def copied_share(piece: np.ndarray, known: frozenset[Run]) -> float | None:
    """The share of a piece's runs of COPY_NOTES notes that are known; None where it has none."""
    runs = [run for _, run in note_runs(piece, COPY_NOTES)]
    if not runs:
        return None
    return sum(run in known for run in runs) / len(runs)

"""How well counts of generated pieces foretell held-out ones, note by note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tidemill.music.scores import HELD, REST, begun, pitches

LEVELS = HELD + 2
"""Pitches, silence, and going on."""
SILENT, GOES_ON = HELD, HELD + 1
PRIOR = 2.0
"""Notes that counts take from those of the shorter history."""
LEAST = 1e-6
_BEAT = 4


@dataclass(frozen=True)
class NoteCounts:
    """What each voice does behind histories of growing length, counted: none; what it had before;
    and the place in the beat; and what the voice above has.

    Attributes:
        tables: For each length of history, (keys ascending, how often) of history and level, and
            of the history alone.
    """

    tables: tuple[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray], ...]

    @staticmethod
    def of(pieces: Sequence[np.ndarray]) -> NoteCounts:
        """Of these pieces."""
        histories, level = _told(pieces)
        tables = []
        for history in histories:
            run, count = np.unique(history * LEVELS + level, return_counts=True)
            own, whole = np.unique(history, return_counts=True)
            tables.append((run, count, own, whole))
        return NoteCounts(tuple(tables))

    def nats(self, pieces: Sequence[np.ndarray]) -> float | None:
        """The mean of -log of the chance of what each voice does at each step; None where there is
        no step."""
        histories, level = _told(pieces)
        if not len(level):
            return None
        chance = np.full(len(level), 1 / LEVELS)
        for history, (run, count, own, whole) in zip(histories, self.tables, strict=True):
            seen = _looked_up(run, count, history * LEVELS + level)
            total = _looked_up(own, whole, history)
            chance = (seen + PRIOR * chance) / (total + PRIOR)
        return float(-np.log(np.maximum(chance, LEAST)).mean())


def _looked_up(keys: np.ndarray, counts: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """(m,) counts of what is asked, 0 of what is not there."""
    if not len(keys):
        return np.zeros(len(asked))
    at = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[at] == asked, counts[at], 0)


def _told(pieces: Sequence[np.ndarray]) -> tuple[list[np.ndarray], np.ndarray]:
    """(m,) histories of each length, and the levels that follow them, of all voices and steps."""
    histories: list[list[np.ndarray]] = [[] for _ in range(4)]
    levels = [np.zeros(0, np.int64)]
    for piece in pieces:
        whole = begun(piece).astype(np.int64)
        had = np.where(pitches(whole) == REST, SILENT, pitches(whole))
        level = np.where(whole >= HELD, GOES_ON, np.where(whole == REST, SILENT, whole))
        before = np.vstack([np.full((1, had.shape[1]), GOES_ON), had[:-1]])
        place = np.arange(len(had)) % _BEAT
        for voice in range(had.shape[1]):
            above = had[:, voice - 1] if voice else np.full(len(had), GOES_ON)
            above_moves = (level[:, voice - 1] != GOES_ON) if voice else np.zeros(len(had), bool)
            own = voice * LEVELS + before[:, voice]
            placed = own * _BEAT + place
            together = (placed * LEVELS + above) * 2 + above_moves
            for kept, history in zip(
                histories, (np.full(len(had), voice), own, placed, together), strict=True
            ):
                kept.append(history)
            levels.append(level[:, voice])
    joined = [np.concatenate(part) if part else np.zeros(0, np.int64) for part in histories]
    return joined, np.concatenate(levels)

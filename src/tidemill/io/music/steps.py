"""Notes of any length become voices on sixteenths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from tidemill.core.errors import InputError
from tidemill.core.words import plural
from tidemill.music.scores import HELD, MOST_VOICES, REST, STEPS_A_QUARTER

MOST_STEPS = 4096
"""Of a piece: 256 bars of 4/4."""


@dataclass(frozen=True)
class Note:
    """A note.

    Attributes:
        start, length: In quarters.
        pitch: 0 to 127.
        line: What it is written in: a track, or a voice.
    """

    start: Fraction
    length: Fraction
    pitch: int
    line: int = 0


@dataclass
class Losses:
    """What could not be kept of pieces, counted.

    Attributes:
        moved: Notes that began between two steps.
        crowded: Notes for which no voice was free.
        cut: Pieces that are longer than pieces may be.
        left_out: Other things, by what they are.
    """

    moved: int = 0
    crowded: int = 0
    cut: int = 0
    left_out: dict[str, int] = field(default_factory=dict)

    def count(self, what: str, times: int = 1) -> None:
        """Something else that is left out."""
        self.left_out[what] = self.left_out.get(what, 0) + times

    def told(self) -> list[str]:
        """A sentence each."""
        found = []
        if self.moved:
            found.append(
                f"{plural(self.moved, 'note begins or ends', 'notes begin or end')} between two "
                "sixteenths and were moved to the nearest one"
            )
        if self.crowded:
            found.append(f"{plural(self.crowded, 'note')} left out, for which no voice was free")
        if self.cut:
            found.append(f"{plural(self.cut, 'piece')} cut after {MOST_STEPS:,} sixteenths")
        for what, times in self.left_out.items():
            found.append(f"{what} ({times:,} times)" if times > 1 else what)
        return found


def piece_of(notes: Sequence[Note], losses: Losses, voices: int = 0) -> np.ndarray:
    """Notes on sixteenths, (steps, voices).

    Every line has a voice of its own, where none has two notes at once; else each note takes a
    voice that is free, the highest first, the one that was nearest to it.

    Args:
        notes: Of one piece.
        losses: Is told what is lost.
        voices: How many voices; 0 for as many as are needed, up to 4 where a line has chords.
    """
    stepped = [_stepped(note, losses) for note in notes]
    longest = max((end for _, end, _, _ in stepped), default=0)
    losses.cut += longest > MOST_STEPS
    longest = min(longest, MOST_STEPS)
    lines = sorted({line for *_, line in stepped})
    own = {line: k for k, line in enumerate(lines)}
    if len(lines) <= (voices or MOST_VOICES) and not _overlap(notes):
        piece = np.full((longest, max(voices, len(lines), 1)), REST, np.int16)
        for start, end, pitch, line in sorted(stepped):
            if start < longest and 0 <= piece[start, own[line]] < HELD:
                losses.crowded += 1  # two that began within a sixteenth have one place
            _put(piece, own[line], start, end, pitch)
        return piece
    piece = np.full((longest, voices or _CHORD), REST, np.int16)
    latest: list[int] = [0] * piece.shape[1]
    for start, end, pitch, _ in sorted(stepped, key=lambda one: (one[0], -one[2])):
        if start >= longest:
            continue
        free = [v for v in range(piece.shape[1]) if piece[start, v] == REST]
        if not free:
            losses.crowded += 1
            continue
        nearest = min(free, key=lambda v: (abs(latest[v] - pitch) if latest[v] else 0, v))
        latest[nearest] = pitch
        _put(piece, nearest, start, end, pitch)
    return piece


_CHORD = 4


def asked_voices(text: str, where: str) -> int:
    """The number behind ``?voices=``; 0 where nothing was said.

    Raises:
        InputError: It is none.
    """
    if not text:
        return 0
    if not text.isdigit() or not 1 <= int(text) <= MOST_VOICES:
        raise InputError(
            f"'?voices={text}' is no number of voices",
            where=where,
            hint=f"write ?voices=4, from 1 to {MOST_VOICES}",
        )
    return int(text)


def _stepped(note: Note, losses: Losses) -> tuple[int, int, int, int]:
    """(start, end, pitch, line) in steps; at least one step long."""
    start, end = note.start * STEPS_A_QUARTER, (note.start + note.length) * STEPS_A_QUARTER
    first, last = round(start), round(end)
    losses.moved += first != start or last != end
    return first, max(last, first + 1), note.pitch, note.line


def _overlap(notes: Sequence[Note]) -> bool:
    """Whether two notes of one line sound at once."""
    ends: dict[int, Fraction] = {}
    for note in sorted(notes, key=lambda one: one.start):
        if note.start < ends.get(note.line, 0):
            return True
        ends[note.line] = note.start + note.length
    return False


def _put(piece: np.ndarray, voice: int, start: int, end: int, pitch: int) -> None:
    """Write a note, which ends what the voice still has there."""
    piece[start : start + 1, voice] = pitch
    piece[start + 1 : end, voice] = pitch + HELD

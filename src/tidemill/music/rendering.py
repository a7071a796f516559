"""What a piece sounds like: a few sines a note, no samples of instruments."""

from __future__ import annotations

import numpy as np

from tidemill.music.scores import STEPS_A_QUARTER, runs_of

RATE = 16_000
"""Samples a second."""
TEMPO = 90.0
"""Quarters a minute, where nothing is said."""
OVERTONES = (1.0, 0.5, 0.25, 0.12, 0.06)
"""How loud each is, the ground tone first."""
ATTACK, RELEASE, FADING = 0.02, 0.08, 1.6
"""Seconds in which a note rises, falls silent behind its end, and becomes softer."""
LOUDEST = 0.85
_A4, _A4_HERTZ = 69, 440.0


def rendered(piece: np.ndarray, tempo: float = TEMPO, rate: int = RATE) -> np.ndarray:
    """The sound of a piece.

    Args:
        piece: (steps, voices).
        tempo: Quarters a minute.
        rate: Samples a second.

    Returns:
        (samples,) from -1 to 1; a second of silence for a piece without a note.

    Example:
        >>> rendered(np.array([[69], [197]]), tempo=60, rate=8000).shape
        (4640,)
    """
    step = 60 / tempo / STEPS_A_QUARTER
    samples = int(len(piece) * step * rate) + int(RELEASE * rate)
    mixed = np.zeros(samples)
    for voice in range(piece.shape[1]):
        for start, steps, pitch in runs_of(piece, voice):
            note = _note(pitch, steps * step, rate)
            first = int(start * step * rate)
            room = mixed[first : first + len(note)]
            room += note[: len(room)]
    loudest = float(np.abs(mixed).max(initial=0.0))
    return mixed * (LOUDEST / loudest) if loudest else np.zeros(rate)


def _note(pitch: int, seconds: float, rate: int) -> np.ndarray:
    """(samples,) a note with its end."""
    hertz = _A4_HERTZ * 2 ** ((pitch - _A4) / 12)
    at = np.arange(int((seconds + RELEASE) * rate)) / rate
    tone = np.zeros(len(at))
    for overtone, loud in enumerate(OVERTONES, start=1):
        if overtone * hertz < rate / 2:
            tone += loud * np.sin(2 * np.pi * overtone * hertz * at)
    rising = np.minimum(at / ATTACK, 1.0)
    falling = np.clip((seconds + RELEASE - at) / RELEASE, 0.0, 1.0)
    return tone * rising * falling * np.exp(-at / FADING)

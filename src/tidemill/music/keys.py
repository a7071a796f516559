"""Keys of pieces, and chords."""

from __future__ import annotations

import numpy as np

from tidemill.music.scores import REST, pitches

OCTAVE = 12
NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])
"""How well each of twelve pitches fits a key, from its tonic on (Krumhansl and Kessler 1982)."""
_TRIADS = ((0, 4, 7), (0, 3, 7), (0, 3, 6), (0, 4, 8))
"""Major, minor, diminished and augmented."""


def _profiles() -> np.ndarray:
    """(24, 12) of the major keys from C on, then of the minor ones, each with mean 0, norm 1."""
    rows = [np.roll(profile, tonic) for profile in (MAJOR, MINOR) for tonic in range(OCTAVE)]
    centred = np.array(rows) - np.mean(rows, axis=1, keepdims=True)
    return np.asarray(centred / np.linalg.norm(centred, axis=1, keepdims=True))


def key_of(piece: np.ndarray) -> tuple[str, float]:
    """The key that fits a piece best ("G", "Em"), and the correlation of its profile with how long
    each of the twelve pitches sounds (Krumhansl and Schmuckler); ("", 0.0) where nothing does.

    Example:
        >>> key_of(np.array([[67], [71], [74], [67], [66], [67]]))[0]
        'G'
    """
    sounds = pitches(piece)[piece != REST]
    shares = np.bincount(sounds % OCTAVE, minlength=OCTAVE).astype(float)
    centred = shares - shares.mean()
    norm = float(np.linalg.norm(centred))
    if norm == 0:
        return "", 0.0
    fits = _profiles() @ (centred / norm)
    best = int(fits.argmax())
    return NAMES[best % OCTAVE] + "m" * (best >= OCTAVE), float(fits[best])


def chord_steps(piece: np.ndarray) -> np.ndarray:
    """(steps,) whether three or more of the twelve pitches sound at once."""
    return np.array([len(_classes(step)) >= 3 for step in pitches(piece)], bool)


def triad_steps(piece: np.ndarray) -> np.ndarray:
    """(steps,) whether what sounds is a triad, and nothing else: major, minor, diminished or
    augmented."""
    return np.array([_is_triad(_classes(step)) for step in pitches(piece)], bool)


def _classes(step: np.ndarray) -> frozenset[int]:
    return frozenset(int(pitch) % OCTAVE for pitch in step if pitch != REST)


def _is_triad(classes: frozenset[int]) -> bool:
    if len(classes) != 3:
        return False
    for root in classes:
        if tuple(sorted((one - root) % OCTAVE for one in classes)) in _TRIADS:
            return True
    return False

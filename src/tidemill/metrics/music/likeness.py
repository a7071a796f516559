"""What pieces are like: chords, held notes, crossings, range, key, and how often they repeat
themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np

from tidemill.core.score import Score
from tidemill.core.words import ratio
from tidemill.music.keys import chord_steps, key_of, triad_steps
from tidemill.music.runs import heard_before
from tidemill.music.scores import REST, is_held, pitches

Pieces = Sequence[np.ndarray]


def triads(pieces: Pieces) -> float | None:
    """Of the steps at which three or more of the twelve pitches sound, the share of triads."""
    chords = np.concatenate([chord_steps(piece) for piece in pieces] or [np.zeros(0, bool)])
    found = np.concatenate([triad_steps(piece) for piece in pieces] or [np.zeros(0, bool)])
    return float(found.sum() / chords.sum()) if chords.any() else None


def held(pieces: Pieces) -> float | None:
    """Of what sounds at a step, the share that began before it."""
    sounding = sum(int((piece != REST).sum()) for piece in pieces)
    going_on = sum(int(is_held(piece).sum()) for piece in pieces)
    return going_on / sounding if sounding else None


def crossings(pieces: Pieces) -> float | None:
    """Of the steps at which two voices that stand side by side sound, the share at which the lower
    one is above the higher one."""
    both = crossed = 0
    for piece in pieces:
        sounds = pitches(piece)
        upper, lower = sounds[:, :-1], sounds[:, 1:]
        together = (upper != REST) & (lower != REST)
        both += int(together.any(axis=1).sum())
        crossed += int((together & (lower > upper)).any(axis=1).sum())
    return crossed / both if both else None


def spans(pieces: Pieces) -> float | None:
    """Semitones between the lowest and the highest note of a voice in a piece, on average."""
    found = []
    for piece in pieces:
        for line in pitches(piece).T:
            sounds = line[line != REST]
            if len(sounds):
                found.append(int(sounds.max() - sounds.min()))
    return float(np.mean(found)) if found else None


def key_fit(pieces: Pieces) -> float | None:
    """How well pieces fit their best key, on average."""
    fits = [key_of(piece) for piece in pieces]
    known = [fit for key, fit in fits if key]
    return float(np.mean(known)) if known else None


def repetition(pieces: Pieces) -> float | None:
    """The share of runs of notes of the first voice that came before in their piece."""
    shares = [heard_before(piece) for piece in pieces]
    known = [share for share in shares if share is not None]
    return float(np.mean(known)) if known else None


def lengths(pieces: Pieces) -> float | None:
    """Sixteenths of a piece, on average."""
    return float(np.mean([len(piece) for piece in pieces])) if pieces else None


LIKENESS: Mapping[str, tuple[Callable[[Pieces], float | None], str, str]] = {
    "triads among chords": (triads, "of the chords are triads", "no three pitches sound at once"),
    "held notes": (held, "of what sounds at a step is held from before", "nothing sounds"),
    "voice crossings": (
        crossings,
        "of the steps have a voice above the one over it",
        "there are no two voices that sound together",
    ),
    "range of a voice": (spans, "semitones lie between a voice's ends", "nothing sounds"),
    "key fit": (key_fit, "is the correlation with the best key", "nothing sounds"),
    "repetition within a piece": (
        repetition,
        "of the runs of notes came before in their piece",
        "no piece has enough notes",
    ),
    "length of a piece": (lengths, "sixteenths has a piece", "there are no pieces"),
}
"""Name -> what is measured, how it is said, and why it may not be known."""
BETTER: Literal["ceiling"] = "ceiling"


def likeness(sets: Mapping[str, Pieces]) -> list[Score]:
    """Each figure of generated pieces, between the floor's and held-out real ones'.

    Args:
        sets: "synthetic", "floor" and "holdout".
    """
    found = []
    for name, (measure, said, why) in LIKENESS.items():
        value, floor, real = (measure(sets[one]) for one in ("synthetic", "floor", "holdout"))
        if value is None:
            found.append(Score("music", name, None, better=BETTER, why=why))
            continue
        beside = "" if real is None else f" (real pieces: {ratio(real)})"
        sentence = f"{ratio(value)} {said}{beside}."
        found.append(Score("music", name, value, floor, real, better=BETTER, sentence=sentence))
    return found

"""Voices as NumPy stores them: all pieces one behind the other, with the length of each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.io.source import Raw
from tidemill.music.scores import HELD, MOST_VOICES, REST, SCORE, scores

LENGTHS = "_len"
PART = "train"
"""The part that is read where nothing is said, if there is one of the name."""


def parts_of(arrays: Mapping[str, np.ndarray]) -> list[str]:
    """The names of arrays of voices: those of which another array, ``NAME_len``, says how long each
    piece is."""
    return [name.removesuffix(LENGTHS) for name in arrays if _is_length(name, arrays)]


def _is_length(name: str, arrays: Mapping[str, np.ndarray]) -> bool:
    voices = arrays.get(name.removesuffix(LENGTHS))
    return name.endswith(LENGTHS) and voices is not None and voices.ndim == 2


def read_voices(arrays: Mapping[str, np.ndarray], asked: str, where: str, run: Run) -> Raw:
    """The pieces of one part: (steps of all pieces, voices) whole numbers, a pitch or -1 for each
    sixteenth.

    A pitch that stays the same is taken for one note that goes on.

    Args:
        arrays: Of the file.
        asked: The part behind ``?part=``; "" for "train", or the only one.
        where: The file, for messages.
        run: Is told what is taken for what.

    Raises:
        InputError: There is no such part, lengths do not fit, or values are no pitches.
    """
    there = parts_of(arrays)
    name = asked or (PART if PART in there else there[0])
    if name not in there or (len(there) > 1 and not asked and PART not in there):
        what = f"there is no part '{name}'" if asked else "there are several parts"
        raise InputError(what, where=where, hint=f"say which: ?part=NAME, with {', '.join(there)}")
    voices, lengths = arrays[name], arrays[name + LENGTHS]
    _check(name, voices, lengths, where)
    pieces = [_piece(part) for part in np.split(voices, np.cumsum(lengths)[:-1])]
    run.emit(
        "note",
        "read",
        f"{len(pieces):,} pieces of '{name}'; a pitch that stays the same is taken for one note",
    )
    return Raw(pl.DataFrame([scores(SCORE, pieces)]))


def _check(name: str, voices: np.ndarray, lengths: np.ndarray, where: str) -> None:
    def refused(what: str, hint: str) -> InputError:
        return InputError(what, where=f"{where}, '{name}'", hint=hint)

    whole = np.issubdtype(voices.dtype, np.integer) and np.issubdtype(lengths.dtype, np.integer)
    if not whole or lengths.ndim != 1 or not 1 <= voices.shape[1] <= MOST_VOICES:
        raise refused(
            f"voices of {voices.dtype} in the shape {voices.shape} are no pieces",
            f"store whole numbers, (steps, voices) with up to {MOST_VOICES} voices, and lengths",
        )
    if len(lengths) == 0 or (lengths < 1).any() or int(lengths.sum(dtype=np.int64)) != len(voices):
        raise refused(
            f"the lengths add up to {int(lengths.sum(dtype=np.int64)):,} steps, and there are "
            f"{len(voices):,}",
            "store how many steps each piece has, each at least one",
        )
    if voices.min() < REST or voices.max() >= HELD:
        raise refused(
            f"the values reach from {voices.min()} to {voices.max()}",
            f"store pitches from 0 to {HELD - 1}, and {REST} for a rest",
        )


def _piece(sounds: np.ndarray) -> np.ndarray:
    sounds = sounds.astype(np.int16)
    same = np.zeros(sounds.shape, bool)
    same[1:] = (sounds[1:] == sounds[:-1]) & (sounds[1:] != REST)
    return np.where(same, sounds + HELD, sounds)

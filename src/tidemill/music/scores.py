"""A column of pieces of music: each value is a list of steps, and each step holds what every voice
does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.errors import SchemaError
from tidemill.core.schema import Schema

STEPS_A_QUARTER = 4
"""A step is a sixteenth."""
REST = -1
"""A voice that is silent; a pitch from 0 to 127 (60 is middle C) begins."""
HELD = 128
"""A pitch that goes on is larger by so much."""
MOST_VOICES = 16
SCORE, METRE, KEY, TEMPO, TITLE = "score", "metre", "key", "tempo", "title"
"""What readers call columns."""


def scores(name: str, pieces: Sequence[np.ndarray]) -> pl.Series:
    """A column of pieces.

    Args:
        name: Of the column.
        pieces: (steps, voices) each, of one number of voices: REST, a pitch, or a pitch + HELD.

    Example:
        >>> column = scores("score", [np.array([[60], [60 + HELD], [REST]])])
        >>> column.dtype
        List(Array(Int16, shape=(1,)))
    """
    voices = pieces[0].shape[1] if len(pieces) else 1
    lengths = np.array([len(piece) for piece in pieces], np.int64)
    flat = np.zeros((0, voices), np.int16)
    if len(pieces):
        flat = np.ascontiguousarray(np.concatenate(list(pieces)), dtype=np.int16)
    steps = pl.Series(name, flat, dtype=pl.Array(pl.Int16, voices))
    number = pl.Series("piece", np.repeat(np.arange(len(pieces)), lengths), dtype=pl.Int64)
    grouped = pl.DataFrame([number, steps]).group_by("piece", maintain_order=True).agg(pl.all())
    whole = pl.DataFrame({"piece": pl.Series(np.arange(len(pieces)), dtype=pl.Int64)})
    joined = whole.join(grouped, on="piece", how="left", maintain_order="left")
    dtype = pl.List(pl.Array(pl.Int16, voices))
    return joined.to_series(1).fill_null(pl.Series([[]], dtype=dtype)).alias(name)


def pieces_of(values: pl.Series) -> list[np.ndarray]:
    """A column of pieces -> (steps, voices) int16 each.

    Example:
        >>> pieces_of(scores("score", [np.array([[60, 55], [188, REST]])]))[0].tolist()
        [[60, 55], [188, -1]]
    """
    voices = voices_of(values)
    lengths = values.list.len().fill_null(0).to_numpy()
    steps = values.drop_nulls().list.explode(keep_nulls=False, empty_as_null=False)
    flat = steps.to_numpy().reshape(-1, voices).astype(np.int16)
    return np.split(flat, np.cumsum(lengths)[:-1]) if len(values) else []


def is_scores(dtype: pl.DataType) -> bool:
    """Whether a column of this dtype holds pieces."""
    if not isinstance(dtype, pl.List) or not isinstance(dtype.inner, pl.Array):
        return False
    return dtype.inner.inner == pl.Int16 and len(dtype.inner.shape) == 1


def voices_of(values: pl.Series) -> int:
    """How many voices the pieces of a column have."""
    assert isinstance(values.dtype, pl.List)
    assert isinstance(values.dtype.inner, pl.Array)
    return int(values.dtype.inner.shape[0])


def score_name(schema: Schema) -> str:
    """The name of the column of pieces.

    Raises:
        SchemaError: There is none.
    """
    if schema.score is None:
        raise SchemaError("there is no column of scores", hint="give data with pieces of music")
    return schema.score.name


def score_pieces(data: Dataset) -> list[np.ndarray]:
    """The pieces of a dataset, (steps, voices) int16 each.

    Raises:
        SchemaError: There is no column of them.
    """
    return pieces_of(data[score_name(data.schema)])


def is_held(piece: np.ndarray) -> np.ndarray:
    """Whether each voice goes on at each step."""
    return piece >= HELD


def pitches(piece: np.ndarray) -> np.ndarray:
    """What sounds in each voice at each step: a pitch, or REST."""
    return np.where(piece >= HELD, piece - HELD, piece)


def begun(piece: np.ndarray) -> np.ndarray:
    """The same piece, with what goes on from nothing, or from another pitch, begun anew."""
    sounds = pitches(piece)
    before = np.vstack([np.full((1, piece.shape[1]), REST), sounds[:-1]])
    goes_on = is_held(piece) & (sounds == before)
    return np.where(goes_on, sounds + HELD, sounds).astype(np.int16)


def with_voices(piece: np.ndarray, voices: int) -> np.ndarray:
    """The same piece with silent voices behind its own, so that there are so many."""
    missing = voices - piece.shape[1]
    return np.pad(piece, ((0, 0), (0, missing)), constant_values=REST)


def runs_of(piece: np.ndarray, voice: int) -> list[tuple[int, int, int]]:
    """The notes of a voice: (step at which it begins, steps that it lasts, pitch).

    Example:
        >>> runs_of(np.array([[60], [188], [REST], [62]]), 0)
        [(0, 2, 60), (3, 1, 62)]
    """
    line, sounds = piece[:, voice], pitches(piece[:, voice : voice + 1])[:, 0]
    starts = np.flatnonzero((line >= 0) & (line < HELD))
    breaks = np.append(np.flatnonzero(line < HELD), len(line))
    ends = breaks[np.searchsorted(breaks, starts, side="right")]
    return [(int(a), int(b - a), int(sounds[a])) for a, b in zip(starts, ends, strict=True)]


def notes_of(piece: np.ndarray, voice: int) -> np.ndarray:
    """(notes,) the pitches of a voice, in order."""
    return np.array([pitch for _, _, pitch in runs_of(piece, voice)], np.int64)


def all_pitches(pieces: Iterable[np.ndarray]) -> np.ndarray:
    """(sounds,) the pitches of all voices at all steps."""
    found = [pitches(piece)[piece >= 0] for piece in pieces]
    return np.concatenate([np.zeros(0, np.int64), *found]).astype(np.int64)

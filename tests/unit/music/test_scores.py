"""Pieces as columns, keys, runs and sound."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tidemill.music.keys import NAMES, chord_steps, key_of, triad_steps
from tidemill.music.rendering import rendered
from tidemill.music.runs import copied_share, heard_before, note_runs, runs_in
from tidemill.music.scores import HELD, REST, begun, pieces_of, pitches, runs_of, scores

SCALE = np.array([0, 2, 4, 5, 7, 9, 11, 12])
pieces = st.lists(arrays(np.int16, st.tuples(st.integers(0, 9), st.just(3)),
                         elements=st.integers(REST, 2 * HELD - 1)), max_size=5)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(pieces)
def test_a_column_gives_its_pieces_back(made: list[np.ndarray]) -> None:
    column = scores("score", made)
    back = pieces_of(column)
    assert len(column) == len(back) == len(made)
    for piece, same in zip(made, back, strict=True):
        assert np.array_equal(piece, same)
    if made:
        again = pl.read_parquet(_stored(column))["score"]
        assert again.dtype == column.dtype


def _stored(column: pl.Series) -> bytes:
    import io

    file = io.BytesIO()
    pl.DataFrame([column]).write_parquet(file)
    return file.getvalue()


@settings(max_examples=40, deadline=None)
@given(arrays(np.int16, st.tuples(st.integers(1, 12), st.just(2)), elements=st.integers(-1, 255)))
def test_notes_of_a_begun_piece_are_all_that_sounds(piece: np.ndarray) -> None:
    whole = begun(piece)
    assert np.array_equal(pitches(whole), pitches(piece))
    for voice in range(2):
        notes = runs_of(whole, voice)
        assert sum(length for _, length, _ in notes) == (whole[:, voice] != REST).sum()


def test_a_scale_is_in_its_key_wherever_it_begins() -> None:
    for tonic in range(12):
        line = 60 + tonic + np.repeat(SCALE, [4, 1, 2, 1, 3, 1, 1, 4])
        assert key_of(line[:, None])[0] == NAMES[tonic]
    assert key_of(np.full((4, 1), REST)) == ("", 0.0)


def test_triads_are_three_pitches_of_a_triad_in_any_place() -> None:
    piece = np.array([[72, 64, 55, 48], [72, 65, 55, 48], [60, 60, 60, 60], [71, 65, 62, 50]])
    assert chord_steps(piece).tolist() == [True, True, False, True]
    assert triad_steps(piece).tolist() == [True, False, False, True]


def test_runs_are_the_same_in_every_key() -> None:
    line = 60 + np.array([0, 2, 4, 5, 7, 5, 4, 2, 0, 2, 4, 5])
    piece, moved = line[:, None], line[:, None] + 5
    assert runs_in([piece], 8) == runs_in([moved], 8)
    assert copied_share(moved, runs_in([piece], 8)) == 1.0
    assert copied_share(moved[:7], runs_in([piece], 8)) is None
    assert heard_before(piece) == 0.0
    assert heard_before(np.vstack([piece, piece])) > 0.3
    assert len(note_runs(piece, 8)) == 5


def test_a_piece_sounds_as_long_as_it_lasts_and_at_its_pitch() -> None:
    piece = np.full((8, 1), 69 + HELD)
    piece[0] = 69
    sound = rendered(piece, tempo=60, rate=8000)
    assert abs(len(sound) / 8000 - 2.08) < 0.01
    loudest = np.abs(np.fft.rfft(sound[:8000])).argmax()
    assert abs(loudest - 440) <= 2
    assert not rendered(np.full((4, 2), REST)).any()

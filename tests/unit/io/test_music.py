"""MIDI, ABC and arrays of voices: what is read, what is told, what is refused."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import mido
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import tidemill as tm
from tidemill.core.errors import InputError, SchemaError
from tidemill.core.run import Event, Run
from tidemill.io.music.abc import read_tune
from tidemill.io.music.midi import read_midi, write_midi
from tidemill.io.music.steps import Losses, Note, piece_of
from tidemill.music.scores import HELD, REST, begun, pieces_of, pitches, score_pieces

TUNE = "X:1\nT:A tune\nM:4/4\nL:1/4\nK:G\n"


def midi(piece: np.ndarray, **facts: str) -> bytes:
    file = io.BytesIO()
    write_midi(file, piece, **facts)
    return file.getvalue()


def notes(body: str) -> list[int]:
    """The pitches that a tune's melody begins."""
    line = read_tune(TUNE + body, "a tune", Losses()).piece[:, 0]
    return line[(line != REST) & (line < HELD)].tolist()


@settings(max_examples=30, deadline=None)
@given(arrays(np.int16, st.tuples(st.integers(1, 20), st.just(3)), elements=st.integers(-1, 255)))
def test_a_piece_that_is_written_is_read_again(made: np.ndarray) -> None:
    piece = begun(made)
    if not (piece != REST).any():
        return
    found = read_midi(midi(piece, metre="3/4", key="Em"), "a file", Losses(), 3)
    assert (found.metre, found.key) == ("3/4", "Em")
    last = int(np.flatnonzero((piece != REST).any(axis=1)).max()) + 1
    own = [v for v in range(3) if (piece[:, v] != REST).any()]
    assert np.array_equal(found.piece[:, : len(own)], piece[:last, own])


@pytest.mark.parametrize(
    ("body", "played"),
    [
        ("|:C|[1D:|[2E||", "CDCE"),
        ("C|D:|E|F:|", "CDCDEFEF"),
        ("|:C|1 D:|2 E|:F|G:|", "CDCEFGFG"),
        ("C:|:D:|", "CCDD"),
        ("C::D:|", "CCDD"),
        ("|:C|[1,3D:|[2E:|", "CDCECD"),
        ("C|D|]", "CD"),
        ("C||D|:E:|", "CDEE"),
        ("C|[1D:|[2E||F|", "CDCEF"),
    ],
)
def test_repeats_are_written_out(body: str, played: str) -> None:
    # in C major, so that every note is what it is called
    tune = read_tune(f"X:1\nL:1/1\nK:C\n{body}", "a tune", Losses()).piece[:, 0]
    names = {60: "C", 62: "D", 64: "E", 65: "F", 67: "G"}
    assert "".join(names[p] for p in tune[(tune != REST) & (tune < HELD)].tolist()) == played


def test_signs_octaves_ties_and_lengths_are_read() -> None:
    assert notes("F =F ^c c|c C, c'") == [66, 65, 73, 73, 72, 48, 84]
    line = read_tune(TUNE + "G2-|G/2 A3/2 B>c (3ABc z2 z|", "a tune", Losses()).piece[:, 0]
    line = line[8:]  # an upbeat of two quarters ends its bar
    assert line[:10].tolist() == [67, *[67 + HELD] * 9]
    assert pitches(line[10:, None])[:14, 0].tolist() == [69] * 6 + [71] * 6 + [72] * 2


def test_an_upbeat_ends_its_bar() -> None:
    piece = read_tune(TUNE + "D|GABc|", "a tune", Losses()).piece
    assert piece[:12, 0].tolist() == [REST] * 12
    assert piece[12, 0] == 62


def test_no_note_is_lost_in_silence() -> None:
    """A note without an end, and two within a sixteenth."""
    file = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    for pitch, wait, length in ((60, 0, 480), (62, 0, 50), (64, 0, 50), (65, 380, 480)):
        track.append(mido.Message("note_on", note=pitch, time=wait))
        track.append(mido.Message("note_off", note=pitch, time=length))
    track.append(mido.Message("note_on", note=72, time=0))
    file.tracks.append(track)
    written, losses = io.BytesIO(), Losses()
    file.save(file=written)
    piece = read_midi(written.getvalue(), "a file", losses).piece
    assert piece[(piece != REST) & (piece < HELD)].tolist() == [60, 64, 65]
    assert losses.crowded == 1
    assert "notes that never end are left out" in losses.told()


def test_what_is_lost_is_counted() -> None:
    losses = Losses()
    read_tune(TUNE + '"D7/f+"{g}(3def [Gd]|', "a tune", losses)
    told = " ".join(losses.told())
    for said in ("moved to the nearest", "grace notes", "highest note", "fifth", "basses"):
        assert said in told
    crowded = [Note(Fraction(0), Fraction(1), 60 + k) for k in range(6)]
    piece = piece_of(crowded, losses)
    assert piece.shape == (4, 4)
    assert piece[0].tolist() == [65, 64, 63, 62]
    assert losses.crowded == 2


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("X:1\nM:4/4\nGAB", "no line K:"),
        (TUNE, "has no notes"),
        (TUNE + "GA ? B|", "bar 1: '\\? B|' is not understood"),
        ("X:1\nM:0/4\nK:C\nC|", "is no metre"),
        (TUNE + "V:1\nGA|\nV:2\nGA|", "several voices"),
        (TUNE + "G,,,,,,,,,", "beyond all pitches"),
    ],
)
def test_tunes_that_are_not_understood_are_refused(text: str, what: str) -> None:
    with pytest.raises(InputError, match=what):
        read_tune(text, "a tune", Losses())


def drums_only() -> bytes:
    file, track = mido.MidiFile(), mido.MidiTrack()
    track.append(mido.Message("note_on", channel=9, note=40, time=0))
    track.append(mido.Message("note_off", channel=9, note=40, time=100))
    file.tracks.append(track)
    content = io.BytesIO()
    file.save(file=content)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "no MIDI file"),
        (b"MThd", "no MIDI file"),
        (b"\x89PNG and so on", "no MIDI file"),
        (midi(np.array([[60]]))[:-9], "no MIDI file|no notes"),
        (midi(np.array([[REST]])), "no notes"),
        (drums_only(), "only those of drums"),
    ],
    ids=["empty", "head", "picture", "cut", "silent", "drums"],
)
def test_files_without_a_piece_are_refused(content: bytes, what: str) -> None:
    with pytest.raises(InputError, match=what):
        read_midi(content, "a file", Losses())


def test_a_folder_is_read_and_what_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(midi(np.array([[60, 48], [188, 50]]), metre="4/4"))
    (tmp_path / "b.abc").write_text(f"{TUNE}GABc|\n\n{TUNE}c2 z2|")
    (tmp_path / "c.mid").write_bytes(b"nothing")
    events: list[Event] = []
    run = Run(listener=events.append)
    data = tm.read(tmp_path, run=run)
    assert len(data) == 3
    assert data.schema.modality == "music"
    assert {piece.shape[1] for piece in score_pieces(data)} == {4}
    assert any("1 piece of" in said and "cannot be read" in said for said in run.warnings)


def test_arrays_of_voices_are_read_by_part(tmp_path: Path) -> None:
    path = tmp_path / "voices.npz"
    voices = np.array([[60, 48], [60, 50], [-1, 50], [62, 50]], np.int16)
    np.savez(path, train=voices, train_len=[3, 1], test=voices[:2], test_len=[2])
    [first, second] = score_pieces(tm.read(path))
    assert first.tolist() == [[60, 48], [188, 50], [REST, 178]]
    assert second.tolist() == [[62, 50]]
    assert len(tm.read(f"{path}?part=test")) == 1
    with pytest.raises(InputError, match="there is no part 'valid'"):
        tm.read(f"{path}?part=valid")
    np.savez(path, train=voices, train_len=[3, 2])
    with pytest.raises(InputError, match="add up to 5 steps, and there are 4"):
        tm.read(path)
    np.savez(path, train=voices + 200, train_len=[4])
    with pytest.raises(InputError, match="reach from 199 to 262"):
        tm.read(path)


def test_a_column_of_tunes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tunes.parquet"
    tunes = [TUNE + "GABc|", TUNE + "?", TUNE + "c4|"]
    pl.DataFrame({"abc": tunes, "from": ["here", "there", "here"]}).write_parquet(path)
    run = Run()
    data = tm.read(path, run=run)
    assert data.schema["abc"].kind == "score"
    assert len(pieces_of(data["abc"])) == 2
    assert any("1 tune of 'abc' cannot be read" in said for said in run.warnings)
    assert tm.read(path, ignore=["abc"]).schema.modality == "rows"
    with pytest.raises((InputError, SchemaError)):
        tm.read(path, target="abc", schema=None, ignore=["nothing"])

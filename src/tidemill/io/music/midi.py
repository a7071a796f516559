"""MIDI files become pieces, and pieces MIDI files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import IO

import mido
import numpy as np
import polars as pl

from tidemill.core.errors import InputError
from tidemill.io.music.steps import Losses, Note, piece_of
from tidemill.music.rendering import TEMPO
from tidemill.music.scores import KEY, METRE, STEPS_A_QUARTER, pieces_of, runs_of
from tidemill.music.scores import TEMPO as TEMPO_COLUMN

ENDINGS = ("mid", "midi")
DRUMS = 9
"""The channel of drums, counted from 0."""
TICKS = 480
"""Of a quarter, as they are written."""
LOUD = 80
MOST_NOTES = 200_000


@dataclass(frozen=True)
class MidiPiece:
    """What a file holds.

    Attributes:
        piece: (steps, voices).
        metre, key: As "4/4" and "Em"; "" where the file does not say.
        tempo: Quarters a minute; None where the file does not say.
    """

    piece: np.ndarray
    metre: str
    key: str
    tempo: float | None


def read_midi(content: bytes, where: str, losses: Losses, voices: int = 0) -> MidiPiece:
    """The piece of a file.

    Args:
        content: Of the file.
        where: What it is called, for messages.
        losses: Is told what is not kept.
        voices: As of :func:`tidemill.io.music.steps.piece_of`.

    Raises:
        InputError: It is no MIDI file, or holds no notes but those of drums.
    """
    try:
        file = mido.MidiFile(file=io.BytesIO(content))
    except (OSError, EOFError, ValueError, KeyError, IndexError, TypeError) as error:
        raise InputError(
            "this is no MIDI file, or a damaged one",
            where=where,
            hint="save it again as a standard MIDI file",
        ) from error
    if file.type == 2 or file.ticks_per_beat <= 0:
        raise InputError(
            "the file counts time in a way that is not read (several pieces in one, or frames)",
            where=where,
            hint="save each piece as a standard MIDI file of type 1",
        )
    notes, facts = _notes(file, losses)
    if not notes:
        raise InputError(
            "there are no notes, or only those of drums", where=where, hint="leave the file out"
        )
    first = {name: values[0] for name, values in facts.items()}
    return MidiPiece(
        piece_of(notes, losses, voices),
        first.get("metre", ""),
        first.get("key", ""),
        float(first["tempo"]) if "tempo" in first else None,
    )


def _notes(file: mido.MidiFile, losses: Losses) -> tuple[list[Note], dict[str, list[str]]]:
    """All notes but those of drums, and what is said of metre, key and tempo, in order."""
    notes: list[Note] = []
    facts: dict[str, list[str]] = {}
    drums = 0
    for number, track in enumerate(file.tracks):
        own, in_drums = _track_notes(track, number, file.ticks_per_beat, facts, losses)
        notes += own
        drums += in_drums
    if len(notes) > MOST_NOTES:
        losses.count(f"all notes but the first {MOST_NOTES:,} are left out")
        notes = notes[:MOST_NOTES]
    if drums:
        losses.count("drums are left out")
    for name, values in facts.items():
        if len(set(values)) > 1:
            losses.count(f"the {name} changes within a piece; the first one is kept")
    return notes, facts


def _track_notes(
    track: mido.MidiTrack,
    number: int,
    beat: int,
    facts: dict[str, list[str]],
    losses: Losses,
) -> tuple[list[Note], int]:
    """The notes of a track, and how many messages are of drums."""
    notes: list[Note] = []
    tick = drums = 0
    sounding: dict[tuple[int, int], int] = {}
    for message in track:
        tick += message.time
        if message.is_meta:
            _note_fact(message, facts)
        if message.type not in ("note_on", "note_off"):
            continue
        if message.channel == DRUMS:
            drums += 1
            continue
        sound = (message.channel, message.note)
        began = sounding.pop(sound, None)
        if began is not None and tick > began:
            start, length = Fraction(began, beat), Fraction(tick - began, beat)
            notes.append(Note(start, length, message.note, number * 16 + message.channel))
        if message.type == "note_on" and message.velocity > 0:
            sounding[sound] = tick
    if sounding:
        losses.count("notes that never end are left out", len(sounding))
    return notes, drums


def _note_fact(message: mido.MetaMessage, facts: dict[str, list[str]]) -> None:
    if message.type == "time_signature":
        said = f"{message.numerator}/{message.denominator}"
        facts.setdefault("metre", []).append(said)
    elif message.type == "key_signature":
        facts.setdefault("key", []).append(message.key)
    elif message.type == "set_tempo" and message.tempo > 0:
        facts.setdefault("tempo", []).append(str(round(mido.tempo2bpm(message.tempo), 2)))


def midi_files(pieces: pl.Series, about: pl.DataFrame) -> Iterator[bytes]:
    """The bytes of a MIDI file for each piece of a column, with what the other columns say of its
    metre, key and tempo."""
    rows = about.to_dicts() if about.width else [{}] * len(pieces)
    for piece, row in zip(pieces_of(pieces), rows, strict=True):
        tempo, file = row.get(TEMPO_COLUMN), io.BytesIO()
        pace = float(tempo) if isinstance(tempo, int | float) and 10 <= tempo <= 1000 else TEMPO
        write_midi(file, piece, pace, str(row.get(METRE) or ""), str(row.get(KEY) or ""))
        yield file.getvalue()


def write_midi(
    file: IO[bytes], piece: np.ndarray, tempo: float = TEMPO, metre: str = "", key: str = ""
) -> None:
    """A piece as a MIDI file of type 1, a track a voice; the same piece gives the same bytes.

    Args:
        file: An open file.
        piece: (steps, voices).
        tempo: Quarters a minute.
        metre: "4/4"; "" to say nothing.
        key: "Em"; "" to say nothing. A key that MIDI has no name for is not said.
    """
    out = mido.MidiFile(type=1, ticks_per_beat=TICKS)
    head = mido.MidiTrack()
    head.append(mido.MetaMessage("set_tempo", tempo=min(mido.bpm2tempo(tempo), (1 << 24) - 1)))
    above, _, below = metre.partition("/")
    if above.isdigit() and below in ("1", "2", "4", "8", "16", "32"):
        head.append(
            mido.MetaMessage("time_signature", numerator=int(above), denominator=int(below))
        )
    if key in _KEYS:
        head.append(mido.MetaMessage("key_signature", key=key))
    out.tracks.append(head)
    for voice in range(piece.shape[1]):
        out.tracks.append(_track(piece, voice))
    out.save(file=file)


def _track(piece: np.ndarray, voice: int) -> mido.MidiTrack:
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("track_name", name=f"voice {voice + 1}"))
    step, at = TICKS // STEPS_A_QUARTER, 0
    # drums have a channel of their own
    channel = voice if voice < DRUMS else (voice + 1) % 16
    for start, length, pitch in runs_of(piece, voice):
        wait = (start - at) * step
        track.append(mido.Message("note_on", channel=channel, note=pitch, velocity=LOUD, time=wait))
        track.append(
            mido.Message("note_off", channel=channel, note=pitch, velocity=0, time=length * step)
        )
        at = start + length
    return track


_SIGNED = tuple(f"{name}{sign}" for sign in ("", "b", "#") for name in "CDEFGAB")
_KEYS = frozenset(_SIGNED) - {"Fb", "D#", "E#", "G#", "A#", "B#"} | frozenset(
    f"{name}m" for name in _SIGNED if name not in ("Cb", "Db", "Fb", "Gb", "E#", "B#")
)
"""Keys that MIDI can name."""

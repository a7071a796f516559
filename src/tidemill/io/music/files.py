"""Files of MIDI and ABC become rows, a piece each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.core.words import plural
from tidemill.io.file import File
from tidemill.io.music.abc import read_tune, tunes_in
from tidemill.io.music.midi import read_midi
from tidemill.io.music.steps import Losses, asked_voices
from tidemill.io.source import Raw
from tidemill.io.texts.documents import files_below
from tidemill.music.scores import KEY, METRE, SCORE, TEMPO, TITLE, scores, with_voices

ENDINGS = (".mid", ".midi", ".abc")


@dataclass(frozen=True)
class ReadPiece:
    """A piece and what is said of it; None for what is not."""

    piece: np.ndarray
    title: str | None
    metre: str | None
    key: str | None
    tempo: float | None


def read_midi_file(file: File, run: Run) -> Raw:
    """A MIDI file: one row.

    Raises:
        InputError: It cannot be read.
    """
    where, losses = str(file.path), Losses()
    voices = asked_voices(file.part.get("voices", ""), where)
    return _raw([_midi(file.content(), where, losses, voices)], where, losses, run)


def read_abc_file(file: File, run: Run) -> Raw:
    """An ABC file: a row for each tune in it.

    Raises:
        InputError: It cannot be read.
    """
    where, losses = str(file.path), Losses()
    found, lost = [], []
    for number, text in enumerate(tunes_in(_text(file.content(), where)), start=1):
        try:
            found.append(_tune(text, f"tune {number}", losses))
        except InputError as error:
            lost.append(str(error).splitlines()[0])
    return _raw(found, where, losses, run, lost)


def read_folder(file: File, run: Run) -> Raw:
    """Files of a folder in the order of their names, a row for each piece.

    Raises:
        InputError: None can be read.
    """
    where, losses = str(file.path), Losses()
    many = asked_voices(file.part.get("voices", ""), where)
    paths = [path for path in files_below(file.path) if path.suffix.lower() in ENDINGS]
    found: list[ReadPiece] = []
    lost: list[str] = []
    files = run.track(sorted(paths), "read", f"reading the pieces of {where}")
    for number, path in enumerate(files, start=1):
        name = f"file {number} by name"  # names may be those of people
        try:
            if path.suffix.lower() == ".abc":
                tunes = tunes_in(_text(path.read_bytes(), name))
                found += [_tune(tune, name, losses) for tune in tunes]
            else:
                found.append(_midi(path.read_bytes(), name, losses, many))
        except (InputError, OSError) as error:
            lost.append(str(error).splitlines()[0])
    return _raw(found, where, losses, run, lost)


def _text(content: bytes, where: str) -> str:
    for encoding in ("utf-8-sig", "latin-1"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text.replace("\r\n", "\n").replace("\r", "\n")
    raise InputError("this is no text", where=where, hint="give a file in ABC notation")


def _midi(content: bytes, where: str, losses: Losses, voices: int) -> ReadPiece:
    found = read_midi(content, where, losses, voices)
    return ReadPiece(found.piece, None, found.metre or None, found.key or None, found.tempo)


def _tune(text: str, where: str, losses: Losses) -> ReadPiece:
    found = read_tune(text, where, losses)
    return ReadPiece(
        found.piece, found.title or None, found.metre or None, found.key or None, found.tempo
    )


def _raw(
    found: Sequence[ReadPiece],
    where: str,
    losses: Losses,
    run: Run,
    lost: Sequence[str] = (),
) -> Raw:
    """Rows of pieces, all with as many voices as the one that has most.

    Raises:
        InputError: There are none.
    """
    if lost:
        some = "; ".join(lost[:3])
        run.warn(
            f"{plural(len(lost), 'piece')} of {where} cannot be read and left out: {some}", "read"
        )
    if not found:
        raise InputError(
            "no piece can be read", where=where, hint="give MIDI files, or tunes in ABC notation"
        )
    for said in losses.told():
        run.emit("note", "read", f"Of {where}: {said}.")
    voices = max(one.piece.shape[1] for one in found)
    columns = [scores(SCORE, [with_voices(one.piece, voices) for one in found])]
    facts = {
        TITLE: pl.Series([one.title for one in found], dtype=pl.String),
        METRE: pl.Series([one.metre for one in found], dtype=pl.String),
        KEY: pl.Series([one.key for one in found], dtype=pl.String),
        TEMPO: pl.Series([one.tempo for one in found], dtype=pl.Float64),
    }
    columns += [values.alias(name) for name, values in facts.items() if values.count()]
    return Raw(pl.DataFrame(columns))

"""Columns of a table that hold sounds: as paths, as bytes of WAV files, or as samples with their
rate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from tidemill.acoustics.sounds import is_sound, sounds
from tidemill.acoustics.spectrogram import FASTEST, SLOWEST
from tidemill.acoustics.wav import wav
from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.io.images.columns import PROBED
from tidemill.io.options import ColumnOverrides
from tidemill.io.sound.decoding import ENDINGS, EncodedSound, decoded_sounds
from tidemill.io.source import Raw


def with_sounds(raw: Raw, wishes: ColumnOverrides, where: str, run: Run) -> Raw:
    """The columns with sounds of one rate in the place of their paths and bytes; rows whose sound
    cannot be read are left out.

    Args:
        raw: The columns at the door.
        wishes: A column of kind "sound" holds sounds, whatever its values look like.
        where: Where the table is, for messages.
        run: Takes the warnings.

    Raises:
        InputError: A column that shall hold sounds holds neither paths nor bytes nor samples.
    """
    frame, folder = raw.frame, raw.folder
    for name in raw.frame.columns:
        values = frame[name]
        if wishes.roles.get(name) == "ignore":
            continue
        sources = _sources(values, folder, wished=wishes.kinds.get(name) == "sound")
        if sources is None and wishes.kinds.get(name) == "sound" and not is_sound(values.dtype):
            raise InputError(
                f"the column '{name}' shall hold sounds, but it holds {values.dtype}",
                where=where,
                hint="give paths or bytes of WAV files",
            )
        if sources is not None:
            rows = [f"row {k + 1}" for k in range(len(values))]
            found = decoded_sounds(sources, rows, f"{where}, column '{name}'", run, None)
            frame = frame[found.kept].with_columns(sounds(name, found.takes, found.rate))
    return replace(raw, frame=frame)


def _sources(values: pl.Series, folder: Path | None, *, wished: bool) -> list[EncodedSound] | None:
    """Files or their bytes; None where the column holds none, or sounds that need nothing."""
    if is_sound(values.dtype):
        return None if _is_even(values) else [_file_of(value) for value in values.to_list()]
    known = values.drop_nulls()
    if values.dtype == pl.Binary:
        first = known.head(PROBED).to_list()
        is_wav = bool(first) and all(one[:4] == b"RIFF" and one[8:12] == b"WAVE" for one in first)
        return list(values.to_list()) if is_wav or wished else None
    if values.dtype != pl.String or folder is None:
        return None
    paths = [value for value in known.head(PROBED).to_list() if value]
    named = bool(paths) and bool(known.str.to_lowercase().str.ends_with(ENDINGS[0]).all())
    if wished or (named and all((folder / path).is_file() for path in paths)):
        return [None if value is None else folder / value for value in values.to_list()]
    return None


def _is_even(values: pl.Series) -> bool:
    """Whether all are sounds, whole and of one rate."""
    lists, rates = values.struct.field("samples"), values.struct.field("rate")
    if values.has_nulls() or lists.has_nulls() or rates.has_nulls() or rates.n_unique() > 1:
        return False
    is_rate = rates.is_between(SLOWEST, FASTEST).all()
    return is_rate and bool((lists.list.len() > 0).all()) and not lists.explode().has_nulls()


def _file_of(value: dict[str, object] | None) -> bytes | None:
    """A sound as a WAV file, so that all are brought to one form in one way."""
    samples, rate = (None, None) if value is None else (value["samples"], value["rate"])
    if not isinstance(samples, list) or not isinstance(rate, int) or None in samples or rate < 1:
        return None
    return wav(np.array(samples, np.int16), rate)

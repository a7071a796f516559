"""WAV files become samples of 16 bits, one channel and one rate."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from tidemill.acoustics.spectrogram import FASTEST, SLOWEST
from tidemill.acoustics.wav import LOUDEST
from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.core.words import count, plural, shortlist

ENDINGS = (".wav", ".wave")
LONGEST = 600.0
"""Seconds of the longest sound that is read."""
_WHOLE, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_DEPTHS = {_WHOLE: (8, 16, 24, 32), _FLOAT: (32, 64)}
_PACKED = {2: "ADPCM", 6: "A-law", 7: "mu-law", 17: "IMA ADPCM", 49: "GSM", 85: "MP3"}
_STREAMED = (0, 0xFFFFFFFF)
"""What programs say of the length of sound that they do not know yet."""

EncodedSound = Path | bytes | None


def is_sound_file(name: str) -> bool:
    """Whether a name, or a path, is that of a WAV file that is not hidden.

    Example:
        >>> is_sound_file("a/B.WAV"), is_sound_file(".b.wav"), is_sound_file("a.mp3")
        (True, False, False)
    """
    place = PurePosixPath(name)
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in place.parts)
    return place.suffix.lower() in ENDINGS and not hidden


class _Unreadable(Exception):
    """Why a file is no sound that can be read, as the end of "it ..."."""


@dataclass(frozen=True)
class _Take:
    """A sound as its file has it: (n, channels) from -1 to 1."""

    values: np.ndarray
    rate: int
    bits: int


@dataclass(frozen=True)
class DecodedSounds:
    """Sounds of one rate.

    Attributes:
        takes: Each (samples,) int16.
        rate: Samples a second.
        kept: (n,) which of the sources they are; unreadable ones are left out.
    """

    takes: list[np.ndarray]
    rate: int
    kept: np.ndarray


def decoded_sounds(
    sources: Sequence[EncodedSound], names: Sequence[str], where: str, run: Run, rate: int | None
) -> DecodedSounds:
    """Sounds as samples of 16 bits: channels are averaged, and all brought to the commonest rate or
    to the one that is asked for.

    Args:
        sources: WAV files, or their bytes; None where there is none.
        names: What each is called, for messages.
        where: Where they are, for messages.
        run: Shows the progress and takes the warnings.
        rate: Samples a second that all are to have; None for the commonest rate.

    Raises:
        InputError: None can be read, or the rate is none.
    """
    if rate is not None and not SLOWEST <= rate <= FASTEST:
        raise InputError(
            f"'?rate={rate}' is no rate of samples",
            where=where,
            hint=f"write ?rate=16000, from {SLOWEST:,} to {FASTEST:,} samples a second",
        )
    takes: list[_Take] = []
    kept: list[int] = []
    lost: list[str] = []
    for k, source in enumerate(run.track(sources, "read", f"reading the sounds of {where}")):
        try:
            takes.append(_take(source))
            kept.append(k)
        except _Unreadable as error:
            lost.append(f"{names[k]}: it {error}")
    if not takes:
        raise InputError(
            f"no sound can be read ({shortlist(lost, 3)})",
            where=where,
            hint="give WAV files of plain samples (PCM); any sound program writes them",
        )
    if lost:
        counted = f"{count(len(lost))} of {plural(len(sources), 'sound')}"
        run.warn(f"{counted} cannot be read and are left out ({shortlist(lost, 3)}).", "read")
    common = rate or Counter(take.rate for take in takes).most_common(1)[0][0]
    _tell(takes, common, run)
    return DecodedSounds([_plain(take, common) for take in takes], common, np.array(kept))


def _tell(takes: Sequence[_Take], rate: int, run: Run) -> None:
    """Say what reading changes."""
    of = f"of {plural(len(takes), 'sound')}"
    others = sum(take.rate != rate for take in takes)
    if others:
        run.warn(
            f"{count(others)} {of} have another rate and were resampled to {count(rate)} samples a "
            "second: what is made of fewer holds no high tones.",
            "read",
        )
    wide = sum(take.values.shape[1] > 1 for take in takes)
    if wide:
        run.emit("note", "read", f"{count(wide)} {of} have several channels; they were averaged.")
    deep = sum(take.bits > 16 for take in takes)
    if deep:
        run.emit("note", "read", f"{count(deep)} {of} have more than 16 bits; they were rounded.")


def _plain(take: _Take, rate: int) -> np.ndarray:
    """(samples,) int16 of this rate."""
    values = take.values.mean(axis=1)
    if take.rate != rate:
        from scipy.signal import resample_poly

        values = resample_poly(values, rate, take.rate)
    whole = np.rint(values * (LOUDEST + 1)).clip(-LOUDEST - 1, LOUDEST)
    return np.asarray(whole, dtype=np.int16)


def _take(source: EncodedSound) -> _Take:
    """The sound of a WAV file.

    Raises:
        _Unreadable: It is none that can be read.
    """
    if source is None:
        raise _Unreadable("is missing")
    try:
        content = source if isinstance(source, bytes) else source.read_bytes()
    except OSError as error:
        raise _Unreadable(f"cannot be opened ({error.strerror or error})") from error
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise _Unreadable("is no WAV file, whatever its name says")
    form = b""
    for name, start, size in _chunks(content):
        if name == b"fmt ":
            form = content[start : start + size]
        elif name == b"data":
            return _samples(form, content, start, size)
    raise _Unreadable("has no samples")


def _chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, beginning and stated size of each part."""
    at = 12
    while at + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, at)
        yield name, at + 8, size
        at += 8 + size + size % 2


def _samples(form: bytes, content: bytes, start: int, size: int) -> _Take:
    if len(form) < 16:
        raise _Unreadable("does not say what its samples are")
    sort, channels, rate, _, width, bits = struct.unpack_from("<HHIIHH", form)
    if sort == _EXTENSIBLE and len(form) >= 26:
        [sort] = struct.unpack_from("<H", form, 24)
    if sort not in _DEPTHS:
        how = _PACKED.get(sort, f"format {sort}")
        raise _Unreadable(f"is compressed ({how}), and only plain samples can be read")
    if bits not in _DEPTHS[sort] or not channels or width != channels * bits // 8:
        raise _Unreadable(
            f"has samples of {bits} bits in {channels} channels, which fits no format"
        )
    if not SLOWEST <= rate <= FASTEST:
        raise _Unreadable(f"states a rate of {rate:,} samples a second")
    there = len(content) - start
    if size > there and size not in _STREAMED:
        raise _Unreadable(f"is cut off: it has {there:,} of {size:,} bytes of samples")
    frames = (there if size in _STREAMED else size) // width
    if not frames:
        raise _Unreadable("has no samples")
    if frames > LONGEST * rate:
        raise _Unreadable(f"is {frames / rate:,.0f} seconds long; at most {LONGEST:.0f} are read")
    plain = content[start : start + frames * width]
    values = _as_floats(plain, sort, bits).reshape(frames, channels)
    if not np.isfinite(values).all():
        raise _Unreadable("has samples that are no numbers")
    return _Take(values, rate, bits)


def _as_floats(plain: bytes, sort: int, bits: int) -> np.ndarray:
    """Samples from -1 to 1."""
    if sort == _FLOAT:
        return np.frombuffer(plain, f"<f{bits // 8}").astype(float)
    if bits == 8:  # the only ones without a sign
        return (np.frombuffer(plain, np.uint8) - 128.0) / 128
    if bits == 24:
        parts = np.zeros((len(plain) // 3, 4), np.uint8)
        parts[:, 1:] = np.frombuffer(plain, np.uint8).reshape(-1, 3)
        return parts.view("<i4")[:, 0] / 2.0**31
    return np.frombuffer(plain, f"<i{bits // 8}") / 2.0 ** (bits - 1)

"""WAV files as the standard library reads them again."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
import pytest

from tidemill.acoustics.wav import wav
from tidemill.core.errors import OutputError
from tidemill.io.sound.wav import write_wav


def test_floats_are_cut_off_and_rounded() -> None:
    with wave.open(io.BytesIO(wav(np.array([-2.0, -1, 0, 0.5, 1, 2]), 8000))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        samples = np.frombuffer(file.readframes(6), "<i2")
    assert samples.tolist() == [-32767, -32767, 0, 16384, 32767, 32767]


def test_channels_and_whole_samples_are_kept() -> None:
    both = np.array([[1, -1], [2, -2]], np.int16)
    with wave.open(io.BytesIO(wav(both, 44_100))) as file:
        assert file.getnchannels() == 2
        assert np.frombuffer(file.readframes(2), "<i2").tolist() == [1, -1, 2, -2]


def test_a_file_is_not_replaced_unasked(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.zeros(10), 8000)
    with pytest.raises(OutputError, match="exists already"):
        write_wav(tmp_path / "a.wav", np.ones(10), 8000)
    write_wav(tmp_path / "a.wav", np.ones(10), 8000, overwrite=True)

"""Samples become a WAV file, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tidemill.acoustics.wav import wav
from tidemill.core.artifact import writing


def write_wav(path: Path, samples: np.ndarray, rate: int, *, overwrite: bool = False) -> None:
    """Write samples as WAV of 16 bits.

    Args:
        path: The file.
        samples: (n,) of one channel or (n, channels); int16, or floats from -1 to 1.
        rate: Samples a second.
        overwrite: Whether what is there may be replaced.

    Raises:
        OutputError: The file exists, or cannot be written.
    """
    with writing(path, overwrite=overwrite) as aside:
        aside.write_bytes(wav(samples, rate))

"""Samples as the bytes of a WAV file."""

from __future__ import annotations

import io
import wave

import numpy as np

LOUDEST = 32_767
"""The largest sample of 16 bits."""


def wav(samples: np.ndarray, rate: int) -> bytes:
    """Samples as a WAV file of 16 bits; the same samples give the same bytes.

    Args:
        samples: (n,) of one channel or (n, channels); int16 as they are, floats from -1 to 1, of
            which those beyond are cut off.
        rate: Samples a second.

    Example:
        >>> len(wav(np.zeros(8000), 8000))
        16044
    """
    whole = samples
    if samples.dtype != np.int16:
        whole = np.rint(np.clip(samples, -1, 1) * LOUDEST).astype(np.int16)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1 if whole.ndim == 1 else whole.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(whole.astype("<i2").tobytes())
    return out.getvalue()

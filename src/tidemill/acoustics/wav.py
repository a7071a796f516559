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


def read_wav(content: bytes) -> tuple[np.ndarray, int]:
    """A WAV file of 16 bits and one channel -> samples (n,) from -1 to 1, and their rate; also one
    of a program that did not know yet how long it would be.

    Raises:
        ValueError: It is none.

    Example:
        >>> read_wav(wav(np.full(3, 0.5), 8000))
        (array([0.5, 0.5, 0.5]), 8000)
    """
    try:
        with wave.open(io.BytesIO(content)) as file:
            if (file.getnchannels(), file.getsampwidth()) != (1, 2):
                raise ValueError("it is no WAV file of 16 bits and one channel")
            frames = file.readframes(len(content))
            rate = file.getframerate()
    except (wave.Error, EOFError) as error:
        raise ValueError(str(error)) from error
    whole = np.frombuffer(frames[: len(frames) // 2 * 2], "<i2")
    return whole / (LOUDEST + 1), rate

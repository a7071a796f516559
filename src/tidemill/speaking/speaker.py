"""What a speaker is given, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import numpy as np

SpokenLanguage = Literal["en", "zh"]


@dataclass(frozen=True)
class Speech:
    """A text that was said.

    Attributes:
        samples: (n,) from -1 to 1.
        rate: Samples a second.
    """

    samples: np.ndarray
    rate: int


class Speaker(Protocol):
    """Something that says sentences aloud; nothing leaves this machine when it does.

    Attributes:
        name: The registered name.
        spoken: Its voices, the usual one first, and what each speaks.
    """

    name: ClassVar[str]
    spoken: ClassVar[Mapping[str, tuple[SpokenLanguage, ...]]]

    def say(self, sentence: str, language: SpokenLanguage, voice: str) -> Speech:
        """One sentence, said by one of its voices.

        Raises:
            MissingExtra: What it needs is not installed.
            DataError: It cannot say it.
        """
        ...

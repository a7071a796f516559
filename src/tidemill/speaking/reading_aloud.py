"""A text read aloud, sentence by sentence."""

from __future__ import annotations

import numpy as np

from tidemill.core.errors import DataError, MissingExtra, OptionError
from tidemill.core.run import Run
from tidemill.speaking import SPEAKERS
from tidemill.speaking.page import is_chinese, sentences
from tidemill.speaking.speaker import Speaker, Speech

PAUSE = 0.35
"""Seconds of silence between two sentences."""
LONGEST = 20_000
"""Characters that are read aloud: about half an hour."""


def speaker_of(voice: str | None) -> tuple[Speaker, str]:
    """The speaker that has a voice, and the voice's name; without one the first speaker that is
    installed, by its usual voice.

    Raises:
        OptionError: There is no such voice.
        MissingExtra: What it needs is not installed.
    """
    spoken = {name: SPEAKERS.load(name).spoken for name in SPEAKERS}
    if voice is not None:
        for name, voices in spoken.items():
            if voice in voices:
                return SPEAKERS.load(name)(), voice
        known = [one for voices in spoken.values() for one in voices]
        raise OptionError(f"there is no voice '{voice}'", hint=f"choose one of {', '.join(known)}")
    for name, voices in spoken.items():
        try:
            return SPEAKERS.load(name)(), next(iter(voices))
        except MissingExtra:
            continue
    raise AssertionError("the last speaker can always be made")


def read_aloud(text: str, voice: str | None, where: str, run: Run) -> Speech:
    """A text said sentence by sentence, each in its language, with pauses between.

    Args:
        text: English, Chinese or both.
        voice: Who says it; None for the usual one.
        where: For messages.
        run: Progress and cancelling.

    Raises:
        DataError: There is nothing to be said, too much, or in a language that the voice does not
            speak.
        MissingExtra: Nothing that speaks is installed.
    """
    parts = sentences(text)
    if not parts:
        raise DataError(
            "there is nothing to be read aloud", where=where, hint="give a text with words"
        )
    if len(text) > LONGEST:
        raise DataError(
            f"a text of {len(text):,} characters is too long to be read aloud",
            where=where,
            hint=f"give at most {LONGEST:,} characters",
        )
    speaker, voice = speaker_of(voice)
    said = []
    rate = 0
    for sentence in run.track(parts, "speak", f"reading {where} aloud"):
        language = "zh" if is_chinese(sentence) else "en"
        if language not in speaker.spoken[voice]:
            raise DataError(
                f"the voice '{voice}' speaks no Chinese",
                where=sentence[:40],
                hint="pip install 'tidemill[speak]' for one that does",
            )
        speech = speaker.say(sentence, language, voice)
        rate = speech.rate
        said += [speech.samples, np.zeros(round(PAUSE * rate))]
    return Speech(np.concatenate(said[:-1]), rate)

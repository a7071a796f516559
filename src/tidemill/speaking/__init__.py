"""Speakers, one a file: they say a text aloud."""

from tidemill.core.registry import Entry, Registry

SPEAKERS = Registry(
    "speakers",
    {
        "kokoro": Entry(
            "tidemill.speaking.kokoro:Kokoro",
            "a small network on this machine, English and Chinese",
            "speak",
        ),
        "espeak": Entry(
            "tidemill.speaking.espeak:Espeak",
            "the program espeak-ng, where it is installed; English",
        ),
        "none": Entry("tidemill.speaking.mute:Mute", "says what to install for one that speaks"),
    },
)

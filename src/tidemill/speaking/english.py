"""English texts in the phonemes that Kokoro knows: by a dictionary of 180,000 words, and letter by
letter where a word is in none."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cached_property
from importlib.resources import files

from tidemill.speaking.numbers import NUMBER, english
from tidemill.speaking.signs import signs_in_words

_MARKS = str.maketrans({"_": " ", "/": " ", "–": "-", "’": "'"})
_WEAK = {"a": "ɐ", "an": "ən", "the": "ðə", "to": "tə", "and": "ænd", "of": "ʌv"}
"""How words are said that nobody stresses."""
_TOKEN = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)*|[.,;:!?()\"]")
_VOWELS = "aeiouyAEIOUYæɑɐɔəɚɛɜɪʊʌiuO"
_VOICELESS = "ptkfθ"
_HISSING = "szʃʒʧʤ"
_ENDINGS = ("'s", "s", "es", "ed", "d", "ing", "ly", "er", "less", "ness")


class EnglishPhonemes:
    """A dictionary of the package misaki (Apache-2.0); nothing else of that package is run."""

    def __call__(self, text: str) -> str:
        """A sentence as phonemes."""
        said = ""
        words = _TOKEN.findall(spelled_out(text).replace("-", " "))
        for at, word in enumerate(words):
            if not word[0].isalpha():
                said += word
                continue
            following = words[at + 1] if at + 1 < len(words) else ""
            sound = self._word(word)
            if word.lower() == "the" and following[:1] in tuple("aeiouAEIOU"):
                sound = "ði"
            said += f" {sound}" if said else sound
        return said

    def _word(self, word: str) -> str:
        if word.lower() in _WEAK and word != "A":
            return _WEAK[word.lower()]
        if word.isupper() and 1 < len(word) <= 5 and self._known(word) is None:
            return self._letters(word)
        found = self._known(word) or self._inflected(word.lower()) or self._joined(word.lower())
        return found or self._letters(word)

    def _known(self, word: str) -> str | None:
        for form in dict.fromkeys((word, word.lower(), word.capitalize())):
            for lexicon in self._lexicons:
                said = lexicon.get(form)
                if isinstance(said, dict):
                    said = said.get("DEFAULT")
                if isinstance(said, str) and said:
                    return said
        return None

    @cached_property
    def _lexicons(self) -> tuple[Mapping[str, object], ...]:
        folder = files("misaki") / "data"
        return tuple(
            json.loads((folder / f"us_{sort}.json").read_text(encoding="utf-8"))
            for sort in ("gold", "silver")
        )

    def _inflected(self, word: str) -> str | None:
        """A known word with an ending."""
        for ending in _ENDINGS:
            if not word.endswith(ending) or len(word) < len(ending) + 2:
                continue
            stem = word.removesuffix(ending)
            for form in (stem, f"{stem}e", stem[:-1] if stem[-1] == stem[-2] else "", f"{stem}y"):
                said = self._known(form) if len(form) > 1 else None
                if said is not None:
                    return said + _ended(said, ending)
        return None

    def _joined(self, word: str) -> str | None:
        """Two known words in one, the first as long as can be."""
        for at in range(len(word) - 3, 2, -1):
            first, second = self._known(word[:at]), self._known(word[at:])
            if first and second:
                return first + second.replace("ˈ", "ˌ")
        return None

    def _letters(self, word: str) -> str:
        return " ".join(self._known(letter.upper()) or "" for letter in word if letter != "'")


def spelled_out(text: str) -> str:
    """A text whose numbers and signs are words.

    Example:
        >>> spelled_out("95.2 % of A/B")
        'ninety-five point two percent of A B'
    """
    said = signs_in_words(text, "en").translate(_MARKS)
    said = NUMBER.sub(lambda match: f" {english(match[0])} ", said)
    return " ".join(said.split())


def _ended(stem: str, ending: str) -> str:
    """How an ending sounds behind this stem."""
    last = stem[-1]
    if ending in ("s", "es", "'s"):
        if last in _HISSING:
            return "ᵻz"
        return "s" if last in _VOICELESS else "z"
    if ending in ("ed", "d"):
        if last in "td":
            return "ᵻd"
        return "t" if last in _VOICELESS + _HISSING[:1] + "ʃʧ" else "d"
    return {"ing": "ɪŋ", "ly": "li", "er": "əɹ", "less": "ləs", "ness": "nəs"}[ending]

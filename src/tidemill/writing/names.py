"""Names in a text that were not asked for: brands, persons, marks of a standard."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidemill.core.text_tokens import IDEOGRAPHS
from tidemill.writing.quantities import known_unit
from tidemill.writing.stop_words import OPENERS, STOP_WORDS
from tidemill.writing.writer import Language

_WORD = re.compile(r"(?<![\w])[^\W\d_]+(?:['’][^\W\d_]+)*(?![\w])")
_CODE = re.compile(r"[A-Za-z0-9]*(?:[A-Za-z][0-9]|[0-9][A-Za-z])[A-Za-z0-9]*")
_BEGIN = re.compile(r"(?:^|[.!?:;]['\"”’)]*\s+|•\s*)['\"“‘(]*$")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]+(?:['’][A-Za-z]+)*")
_QUOTED = re.compile(r"[《「『“\"]([^》」』”\"]{1,40})[》」』”\"]")
_FIRM = re.compile(rf"([{IDEOGRAPHS}]{{2}})(?:牌(?!子|照|号)|公司|集团)")
_NO_FIRM = re.compile("品$|[招名大老金王]$|本$")


def foreign_names(
    text: str, known: frozenset[str], ordinary: frozenset[str], language: Language
) -> Iterator[str]:
    """Names and codes in a text that are not known.

    A name in Chinese characters is told only where it is quoted or followed by what firms are
    called; a name at the beginning of an English sentence by not being an ordinary word.

    Args:
        text: The text, without the values that it was asked to carry.
        known: Words in lower case that may have a capital.
        ordinary: Words in lower case that begin a sentence as any other word does.
        language: Of the text.

    Example:
        >>> none = frozenset()
        >>> list(foreign_names("Enjoy tea. Made by Acme with IP67.", none, none, "en"))
        ['IP67', 'Acme']
    """
    for code in _CODE.findall(text):
        if code.casefold() not in known and not _is_amount(code):
            yield code
    if language == "zh":
        yield from _in_chinese(text, known | ordinary)
    else:
        yield from _in_english(text, known, ordinary | OPENERS | STOP_WORDS["en"])


def _is_amount(code: str) -> bool:
    """Whether it is a number and its unit, which the check of numbers looks at: 750ml."""
    amount = re.fullmatch(r"\d+([A-Za-z]+)", code)
    return amount is not None and known_unit(amount[1]) != ""


def _in_english(text: str, known: frozenset[str], ordinary: frozenset[str]) -> Iterator[str]:
    for match in _WORD.finditer(text):
        word, plain = match[0], _base(match[0])
        if word.islower() or plain in known or word == "I" or word.startswith(("I'", "I’")):
            continue
        begins = _BEGIN.search(text[: match.start()]) is not None
        only_first = word[1:] == word[1:].lower()
        if begins and only_first and plain in ordinary:
            continue
        yield word


def _base(word: str) -> str:
    """The word in lower case, without an ending of possession."""
    return re.sub(r"['’]s$", "", word.casefold())


def _in_chinese(text: str, known: frozenset[str]) -> Iterator[str]:
    for word in _LATIN.findall(text):
        if _base(word) not in known and len(word) > 1 and not known_unit(word):
            yield word
    for quoted in _QUOTED.findall(text):
        if quoted.casefold() not in known and quoted.strip():
            yield quoted
    for firm in _FIRM.findall(text):
        if firm not in known and not _NO_FIRM.search(firm):
            yield firm

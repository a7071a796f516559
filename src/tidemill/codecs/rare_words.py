"""Words, numbers and codes in texts that only a few persons share, which point to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set

import numpy as np

from tidemill.core.persons import shared_items
from tidemill.core.text_tokens import IDEOGRAPHS, TOKEN, UNSPACED
from tidemill.personal.in_text import personal_spans

Word = tuple[str, int, int]
"""A word in lower case, where it begins in its text, and where it ends."""

_LETTERS = rf"[^\W{UNSPACED}]"
_LINKED = re.compile(rf"{_LETTERS}+(?:[-./:,@&=?%+#~]+{_LETTERS}+)+|{_LETTERS}*\d{_LETTERS}*")
"""What is written without a blank, such as dates, amounts, part numbers and addresses of mails."""
_GROUPED = re.compile(r"\d+(?: \d+)+")
"""Groups of digits, as of long numbers."""
_CODE = re.compile(r"[\d@]")
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
_IDEOGRAPH = re.compile(f"[{IDEOGRAPHS}]")
_PLAIN = re.compile(rf"(?:(?![\d_{UNSPACED}])\w)+(?:['’](?:(?![\d_{UNSPACED}])\w)+)*")
_OF_CODES = re.compile(r"[\d@_/#&=+-]")
_FEWEST_OF_CODE = 4
_FEWEST_GROUPED = 5
"""Characters of a code, and digits of a number in groups, from which on it is looked at whole."""
_FEWEST_LETTERS, _FEWEST_DIGITS = 4, 3
"""A word of fewer letters, or a number of fewer digits, points to nobody."""


def words_of_text(text: str) -> Iterator[Word]:
    """The tokens of a text, and beside these each number, code or personal datum of several tokens
    as one.

    Example:
        >>> [word for word, _, _ in words_of_text("Ref AB-1234, thanks")]
        ['ref', 'ab', '-', '1234', ',', 'thanks', 'ab-1234']
        >>> [word for word, _, _ in words_of_text("call 020 7946")][2:]
        ['7946', '020 7946']
    """
    for found in TOKEN.finditer(text):
        yield found.group().casefold(), found.start(), found.end()
    for datum in personal_spans(text):
        yield text[datum.start : datum.end].casefold(), datum.start, datum.end
    if not _CODE.search(text):
        return
    for found in _LINKED.finditer(text):
        code = found.group()
        if len(code) >= _FEWEST_OF_CODE and _CODE.search(code) and not code.isdigit():
            yield code.casefold(), found.start(), found.end()
    for found in _GROUPED.finditer(text):
        if len(found.group().replace(" ", "")) >= _FEWEST_GROUPED:
            yield found.group(), found.start(), found.end()


def shared_words(texts: Iterable[str], persons: Sequence[int] | None) -> set[str]:
    """The words of :func:`words_of_text` that texts of FEWEST_PERSONS persons or more hold.

    Args:
        texts: They.
        persons: Whose each is; None where each is a person's own.
    """
    return shared_items(({word for word, _, _ in words_of_text(text)} for text in texts), persons)


def in_rare_words(texts: Sequence[str], shared: Set[str]) -> np.ndarray:
    """(characters of all texts, one after the other) whether each is part of a word that is none of
    the shared ones.

    Example:
        >>> in_rare_words(["a Zoe", "a"], {"a"}).astype(int).tolist()
        [0, 0, 1, 1, 1, 0]
    """
    rare = np.zeros(sum(map(len, texts)), bool)
    first = 0
    for text in texts:
        for word, start, end in words_of_text(text):
            if word not in shared:
                rare[first + start : first + end] = True
        first += len(text)
    return rare


def points_to_someone(word: str) -> bool:
    """Whether a rare word is long enough to point to a person; a Chinese character counts as two
    letters.

    Example:
        >>> [points_to_someone(word) for word in ("zolotukhin", "zoe", "4711", "47", "王小明")]
        [True, False, True, False, True]
    """
    letters = len(_LETTER.findall(word)) + len(_IDEOGRAPH.findall(word))
    return len(_DIGIT.findall(word)) >= _FEWEST_DIGITS or letters >= _FEWEST_LETTERS


def may_be_made_up(text: str, start: int, end: int) -> bool:
    """Whether what stands there is a word of letters by itself, no part of a number or a code, of a
    script with blanks between words.

    Example:
        >>> [may_be_made_up("PX-47 is new", *at) for at in ((0, 2), (6, 8), (9, 12))]
        [False, True, True]
    """
    around = text[max(start - 1, 0) : start] + text[end : end + 1]
    return bool(_PLAIN.fullmatch(text, start, end)) and not _OF_CODES.search(around)

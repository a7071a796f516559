"""The words of a text in any script, and how many of its letters are of which script."""

from __future__ import annotations

import re

IDEOGRAPHS = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
"""Han characters, as a range of a regular expression."""
UNSPACED = IDEOGRAPHS + "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u0e00-\u0eff\u1000-\u109f"
"""Characters of scripts that write no blanks between words: Han, kana, Thai, Lao, Burmese."""

RUN_OF_WORDS, RUN_OF_CHARACTERS = 6, 12
"""Words of a run that is somebody's own; of scripts without blanks its characters."""
FEWEST_OF_RUN = 3
"""A run, or a whole text, of so many persons or more is a turn of phrase that may be repeated."""

TOKEN = re.compile(
    rf"[{UNSPACED}]"
    r"|\d+"
    rf"|(?:(?![\d_{UNSPACED}])\w)+(?:['’](?:(?![\d_{UNSPACED}])\w)+)*"
    r"|[^\w\s]|_"
)
"""One token of :func:`text_tokens`."""
_WORD = re.compile(r"[^\W_]")


def text_tokens(text: str) -> list[str]:
    """Words, runs of digits and single marks in order; each character by itself of a script that
    has no blanks between words. What stands between them is white space.

    Example:
        >>> text_tokens("I can't pay €12.50!")
        ['I', "can't", 'pay', '€', '12', '.', '50', '!']
        >>> text_tokens("手机 Nova7 很好。")
        ['手', '机', 'Nova', '7', '很', '好', '。']
    """
    return TOKEN.findall(text)


def text_words(text: str) -> list[str]:
    """The tokens without marks, in lower case.

    Example:
        >>> text_words("Is it OK? 好的")
        ['is', 'it', 'ok', '好', '的']
    """
    return [token.casefold() for token in text_tokens(text) if _WORD.match(token)]


_UNSPACED_LETTER = re.compile(f"[{UNSPACED}]")
_LETTER = re.compile(r"[^\W\d_]")


def is_unspaced(text: str) -> bool:
    """Whether most letters of a text are of a script that has no blanks between words.

    Example:
        >>> is_unspaced("屏幕很清晰, OK"), is_unspaced("the screen"), is_unspaced("")
        (True, False, False)
    """
    letters = len(_LETTER.findall(text))
    return 2 * len(_UNSPACED_LETTER.findall(text)) > letters

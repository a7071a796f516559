"""Personal data made unreadable, so that an example shows their form only."""

from __future__ import annotations

import re

_LONGEST = 40


def mask(text: str) -> str:
    """The form of a text: letters become x, digits become 0, marks and blanks stay.

    Example:
        >>> mask("Ann.Lee@mail.com, +44 20 7946 0958")
        'Xxx.Xxx@xxxx.xxx, +00 00 0000 0000'
    """
    form = "".join(_masked(character) for character in text[:_LONGEST])
    return f"{form}…" if len(text) > _LONGEST else form


def _masked(character: str) -> str:
    if character.isupper():
        return "X"
    if character.isalpha():
        return "x"
    return re.sub(r"\d", "0", character)

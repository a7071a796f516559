"""What is said of a Markdown text in lines of keys and values between two lines ``---`` at its
beginning."""

from __future__ import annotations

import re

_BLOCK = re.compile(r"---[ \t]*\n(.*?)(?<=\n)(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_FIELD = re.compile(r"([^\W\d][\w -]{0,60}?)[ \t]*:(?:[ \t]+(.*))?")
_QUOTED = re.compile(r"(['\"])(.*)\1")


def parted(text: str) -> tuple[dict[str, str], str]:
    """The plain keys and values before a text, and the text without them.

    Of lists and records below a key nothing is kept. What stands between the lines is text where
    its first line is no key: two lines ``---`` may also be rules.

    Example:
        >>> parted("---\\ntitle: 'To the sea'\\nyear: 1819\\ntags:\\n  - ode\\n---\\nO sea!")
        ({'title': 'To the sea', 'year': '1819'}, 'O sea!')
        >>> parted("---\\nO sea!\\n---\\n")
        ({}, '---\\nO sea!\\n---\\n')
    """
    block = _BLOCK.match(text)
    if block is None:
        return {}, text
    lines = [line.rstrip() for line in block[1].split("\n")]
    lines = [line for line in lines if line and not line.startswith("#")]
    if lines and _FIELD.fullmatch(lines[0]) is None:
        return {}, text
    fields: dict[str, str] = {}
    for line in lines:
        field = _FIELD.fullmatch(line)
        value = "" if field is None or field[2] is None else field[2].strip()
        if field is not None and value not in ("", "|", ">", "|-", ">-"):
            quoted = _QUOTED.fullmatch(value)
            fields.setdefault(field[1], value if quoted is None else quoted[2])
    return fields, text[block.end() :]

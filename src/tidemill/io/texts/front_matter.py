"""What is said of a Markdown text in lines of keys and values between two lines ``---`` at its
beginning."""

from __future__ import annotations

import re
from collections.abc import Mapping

_BLOCK = re.compile(r"---[ \t]*\n(.*?)(?<=\n)(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_FIELD = re.compile(r"([^\W\d][\w -]{0,60}?)[ \t]*:(?:[ \t]+(.*))?")
_BLOCKS = ("|", ">", "|-", ">-")
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
        if field is not None and value not in ("", *_BLOCKS):
            quoted = _QUOTED.fullmatch(value)
            fields.setdefault(field[1], value if quoted is None else quoted[2])
    return fields, text[block.end() :]


def with_fields(fields: Mapping[str, str], text: str) -> str:
    """A text with keys and values before it, of which :func:`parted` gives them again.

    Example:
        >>> print(with_fields({"title": "'Ode'", "year": "1819"}, "O sea!"))
        ---
        title: "'Ode'"
        year: 1819
        ---
        O sea!
    """
    lines = []
    for name, value in fields.items():
        said = " ".join(value.split("\n"))
        is_plain = said == said.strip() and not _QUOTED.fullmatch(said) and said not in _BLOCKS
        lines.append(f"{name}: {said if is_plain else _in_quotes(said)}\n")
    return f"---\n{''.join(lines)}---\n{text}"


def _in_quotes(value: str) -> str:
    return f"'{value}'" if '"' in value else f'"{value}"'

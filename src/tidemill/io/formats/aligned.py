"""Text whose columns are aligned by blanks, as programs print tables."""

from __future__ import annotations

import re
from collections import Counter

from tidemill.io.layout import kind_of

FIELD = "\x1f"
"""What parts the fields of a text that was aligned."""
_GAP = re.compile(r" {2,}|\t+")
_DASHES = re.compile(r"\s*[-=]{2,}(?:\s+[-=]{2,})+\s*")
_STEADY = 0.9
_GROUPED = re.compile(r"\D{0,3}\d{1,3}(?: \d{2,4})+(?:[.,]\d+)?\D{0,4}")
_WORD = re.compile(r'"((?:[^"]|"")*)"(?=\s|$)|(\S+)')


def with_fields(content: bytes) -> bytes | None:
    """The text with a mark between its fields, line by line; None where its lines are not aligned.

    A line of dashes below the names tells where columns begin; else two blanks or more part them,
    in nearly every line the same number of times, or any blanks in each line.

    Example:
        >>> with_fields(b"name    n\\nAnn    12\\nBob Lee 7\\n") is None
        True
        >>> with_fields(b"name     n\\nAnn     12\\nBob Lee  7\\n")
        b'name\\x1fn\\nAnn\\x1f12\\nBob Lee\\x1f7'
    """
    lines = content.decode("utf-8").splitlines()
    if FIELD in lines[0]:
        return None
    ruler = next((line for line in lines[:50] if _DASHES.fullmatch(line)), None)
    if ruler is not None:
        starts = [group.start() for group in re.finditer(r"[-=]{2,}", ruler)]
        split = [_cut(line, starts) if _is_ruled(line, starts) else [line] for line in lines]
    else:
        split = [_GAP.split(line.strip()) for line in lines]
        if not _are_steady([fields for fields in split if fields != [""]]):
            split = [_words(line) for line in lines]
            if not _are_words([line for line in lines if line.strip()]):
                return None
    return "\n".join(FIELD.join(fields) for fields in split).encode()


def _are_steady(lines: list[list[str]]) -> bool:
    """Whether lines of several fields have equally many, and numbers or dates stand in a column: in
    running text there may be two blanks, too."""
    widths = Counter(len(fields) for fields in lines if len(fields) > 1)
    if not widths:
        return False
    width, often = widths.most_common(1)[0]
    if often < max(3, _STEADY * widths.total(), 0.5 * len(lines)):
        return False
    rows = [fields for fields in lines if len(fields) == width][1:]
    for column in zip(*rows, strict=True):
        if sum(kind_of(cell) in ("number", "date", "year") for cell in column) >= 0.8 * len(rows):
            return True
    return False


def _words(line: str) -> list[str]:
    """What blanks part, but for those between quotation marks."""
    return [quoted.replace('""', '"') or word for quoted, word in _WORD.findall(line)]


def _are_words(lines: list[str]) -> bool:
    """Whether single blanks part fields: names in quotation marks, as R writes them, or three
    fields or more in each line, most of them numbers, and the line as a whole is none."""
    split = [_words(line) for line in lines]
    if len(lines) < 3 or len(split[0]) not in (len(split[1]) - 1, len(split[1])):
        return False
    if any(len(words) != len(split[1]) for words in split[2:]):
        return False
    if len(split[0]) > 1 and re.fullmatch(r'\s*(?:"[^"]*"\s*)+', lines[0]):
        return True
    if len(split[0]) < 3 or all(map(_is_one, lines[1:])):
        return False
    values = [
        all(kind_of(cell) in ("", "number", "date", "year") for cell in column)
        for column in zip(*split[1:], strict=True)
    ]
    names = not any(map(str.isdigit, lines[0]))
    return all(values) or (names and 2 * sum(values) > len(values))


def _is_one(line: str) -> bool:
    return kind_of(line) == "date" or _GROUPED.fullmatch(line.strip()) is not None


def _cut(line: str, starts: list[int]) -> list[str]:
    ends = [*starts[1:], len(line)]
    return [line[begin:end].strip() for begin, end in zip(starts, ends, strict=True)]


def _is_ruled(line: str, starts: list[int]) -> bool:
    """Whether a line has blanks where each column but the first begins, and something in two."""
    apart = all(line[at - 1 : at].strip() == "" for at in starts[1:])
    return apart and sum(map(bool, _cut(line, starts))) > 1

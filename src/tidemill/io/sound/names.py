"""What the names of files tell of them: ``{digit}_{speaker}_{take}.wav``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tidemill.core.errors import InputError

FEWEST_FILES = 8
FEWEST_OF_LEVEL = 4
"""Files that have a level, on average, of a part that tells something."""
_MARKS = ("_", "-", " ", ".")
_FIELD = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class NamePart:
    """A part of the files' names.

    Attributes:
        name: Of the column.
        values: Of each file.
        reason: Why it is one, in words.
    """

    name: str
    values: tuple[str, ...]
    reason: str


def told_by_names(stems: Sequence[str], pattern: str, label: str, where: str) -> list[NamePart]:
    """The parts of names that tell something, the first of which is what a file is.

    Args:
        stems: Names without their endings.
        pattern: Such as "{digit}_{speaker}_{}", where what stands in {} is left out; "" to look for
            one.
        label: What the first part is called, where it is found and not said.
        where: For messages.

    Raises:
        InputError: The pattern has no part, or a name does not follow it.

    Example:
        >>> stems = [f"{word}_{take}" for word in ("yes", "no") for take in range(6)]
        >>> [(part.name, part.values[0]) for part in told_by_names(stems, "", "label", "there")]
        [('label', 'yes')]
    """
    if pattern:
        return _by_pattern(stems, pattern, where)
    return _found(stems, label)


def _by_pattern(stems: Sequence[str], pattern: str, where: str) -> list[NamePart]:
    fields = _FIELD.findall(pattern)
    named = [field for field in fields if field]
    if not named or len(set(named)) < len(named):
        raise InputError(
            f"'?names={pattern}' names no part, or one twice",
            where=where,
            hint="write ?names={digit}_{speaker}_{}: {} around the name of each part that is a "
            "column, and empty for the others",
        )
    between = [re.escape(text) for text in _FIELD.split(pattern)[::2]]
    form = re.compile("(.+?)".join(between))
    matched = [form.fullmatch(stem) for stem in stems]
    if None in matched:
        raise InputError(
            f"the name '{stems[matched.index(None)]}' does not follow '?names={pattern}'",
            where=where,
            hint="write a pattern that all names follow, without their ending",
        )
    parts = []
    for at, field in enumerate(fields):
        if field:
            values = tuple(match[at + 1] for match in matched if match)
            parts.append(NamePart(field, values, f"the part {{{field}}} of the file names"))
    return parts


def _found(stems: Sequence[str], label: str) -> list[NamePart]:
    if len(stems) < FEWEST_FILES:
        return []
    for mark in _MARKS:
        split = [tuple(stem.split(mark)) for stem in stems]
        if len({len(parts) for parts in split}) == 1 and len(split[0]) > 1:
            return _telling(split, stems[0], label)
    return []


def _telling(split: Sequence[tuple[str, ...]], first: str, label: str) -> list[NamePart]:
    """The parts that have a few levels; the last is none where it numbers files that are else the
    same."""
    parts = list(zip(*split, strict=True))
    places = [at for at, values in enumerate(parts) if _has_levels(values)]
    last = len(parts) - 1
    numbers = all(value.isdecimal() for value in parts[last])
    if last in places and len(places) > 1 and numbers and len(set(split)) == len(split):
        places.remove(last)
    found: list[NamePart] = []
    for at in places:
        name = f"part_{at + 1}" if found else label
        reason = f"part {at + 1} of the file names, such as '{parts[at][0]}' of '{first}'"
        found.append(NamePart(name, parts[at], reason))
    return found


def _has_levels(values: Sequence[str]) -> bool:
    levels = len(set(values))
    return levels > 1 and levels * FEWEST_OF_LEVEL <= len(values) and "" not in values

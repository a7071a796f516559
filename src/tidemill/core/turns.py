"""Dialogues as one text: a line a turn, who speaks before a colon."""

from __future__ import annotations

import re
from collections.abc import Iterable

Turn = tuple[str | None, str]
"""Who speaks, None where it is not said, and what."""
LONGEST_SPEAKER = 60
"""Characters of a name of a speaker at most."""
_HEAD = re.compile(rf"(?!\s)([^\n:]{{0,{LONGEST_SPEAKER}}}):(?: |$)")


def may_speak(speaker: str | None) -> bool:
    """Whether the name of a speaker can stand before a colon.

    Example:
        >>> may_speak("First Lord"), may_speak("a: b"), may_speak(None)
        (True, False, True)
    """
    return speaker is None or _head_of(f"{speaker}: ") == f"{speaker}: " != ": "


def text_of_turns(turns: Iterable[Turn]) -> str:
    """A line for each turn; further lines of what is said begin with a blank.

    Example:
        >>> print(text_of_turns([("Ann", "Hello!\\nIs it you?"), ("Bob", "Yes.")]))
        Ann: Hello!
         Is it you?
        Bob: Yes.
    """
    lines = (f"{speaker or ''}: {said}".replace("\n", "\n ") for speaker, said in turns)
    return "\n".join(lines)


def turns_in(text: str) -> list[Turn]:
    """The turns of a text; those of :func:`text_of_turns` where it was made of such.

    Example:
        >>> turns_in("Ann: Hello!\\n Is it you?\\nBob: Yes.")
        [('Ann', 'Hello!\\nIs it you?'), ('Bob', 'Yes.')]
    """
    turns: list[Turn] = []
    for line in text.split("\n") if text else ():
        head = _head_of(line)
        if head is not None:
            turns.append((head.rstrip().removesuffix(":") or None, line[len(head) :]))
        elif turns:
            speaker, said = turns[-1]
            turns[-1] = speaker, f"{said}\n{line.removeprefix(' ')}"
        else:
            turns.append((None, line))
    return turns


def speakers_in(text: str) -> list[str]:
    """How the turns of a text begin, in order: who speaks, the colon and the blank.

    Example:
        >>> speakers_in("Ann: Hello!\\nBob: Yes.")
        ['Ann: ', 'Bob: ']
    """
    heads = (_head_of(line) for line in text.split("\n"))
    return [head for head in heads if head is not None and head.endswith(" ")]


def _head_of(line: str) -> str | None:
    found = _HEAD.match(line)
    return None if found is None else found.group()

"""Dialogues in JSON, an object each with a list of its turns: a row a turn."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.core.schema import Kind
from tidemill.core.words import count, plural, shortlist
from tidemill.io.bounds import MAX_RATIO, PLAIN_BYTES
from tidemill.io.source import KnownColumn

_LISTS = ("turns", "messages", "dialogue", "dialog", "conversation", "conversations", "utterances")
_TEXTS = ("text", "content", "utterance", "value", "message")
_SPEAKERS = ("speaker", "role", "from", "author")
_IDS = ("dialogue_id", "dialog_id", "conversation_id", "dialogue", "conversation", "id")
"""Keys of what there is, in the order in which they are looked for."""
_OF_TEXTS = frozenset(_LISTS) - {"messages"}
"""Lists of texts by themselves that are turns: messages may be those of a program."""
_NAMED = re.compile(rf'"({"|".join(_LISTS)})"\s*:\s*\['.encode())
DIALOGUE, TURN, SPEAKER, TEXT = "dialogue", "turn", "speaker", "text"
_ALTERNATING = ("first", "second")
"""Who speaks where turns are texts by themselves."""


@dataclass(frozen=True)
class Turns:
    """The rows of dialogues, and what is known of their columns."""

    rows: list[dict[str, Any]]
    known: Mapping[str, KnownColumn]


@dataclass(frozen=True)
class _Keys:
    """Where the parts of a dialogue stand; "" for what is not said.

    Attributes:
        turns: The key of the list of turns.
        text, speaker: Keys of a turn that is an object.
        id: The key by which dialogues are told apart.
    """

    turns: str
    text: str
    speaker: str
    id: str


def may_hold_dialogues(content: bytes) -> bool:
    """Whether a key of lists of turns occurs, which is cheaply told."""
    return _NAMED.search(content) is not None


def turns_of(objects: Iterable[dict[str, Any]], size: int, where: str, run: Run) -> Turns | None:
    """The turns of all dialogues, one below the other, beside what is said of their dialogue; None
    where the objects are no dialogues.

    Args:
        objects: One for each dialogue.
        size: Bytes that they have as JSON.
        where: For messages.
        run: Takes a warning of what is left out.

    Raises:
        InputError: What is said of dialogues becomes too large where it is repeated for each turn.
    """
    objects = list(objects)
    keys = _keys(objects)
    if keys is None:
        return None
    names = _names(objects, keys)
    rows: list[dict[str, Any]] = []
    gone: set[str] = set()
    left = max(PLAIN_BYTES, MAX_RATIO * size)
    for number, one in enumerate(objects, start=1):
        about = {names[key]: value for key, value in one.items() if _is_plain(value)}
        gone.update(key for key, value in one.items() if not _is_plain(value))
        turns = one[keys.turns]
        left -= len(turns) * sum(len(str(value)) for value in about.values())
        if left < 0:
            raise InputError(
                "what is said of each dialogue is too large to be repeated for its turns",
                where=where,
                hint="take the long texts beside the turns out",
            )
        for turn, said in enumerate(turns, start=1):
            beginning = {names[keys.id]: one[keys.id]} if keys.id else {DIALOGUE: number}
            row = {**beginning, TURN: turn, **_said(said, turn, keys, names, gone), **about}
            rows.append(row)
    gone.discard(keys.turns)
    empty = sum(not one[keys.turns] for one in objects)
    without = f"; {plural(empty, 'dialogue')} without any left out" if empty else ""
    run.warn(
        f"{where} holds {plural(len(objects), 'dialogue')}: each of their {count(len(rows))} turns "
        f"was read as a row{without}.",
        "read",
    )
    if gone:
        counted = plural(len(gone), "key")
        run.warn(
            f"{counted} of the dialogues of {where} hold records or lists and were left out: "
            f"{shortlist(sorted(gone), 5)}.",
            "read",
        )
    return Turns(rows, _known(names[keys.id] if keys.id else DIALOGUE, rows))


def _known(dialogue: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, KnownColumn]:
    speakers = {row[SPEAKER] for row in rows}
    kind: Kind | None = "category" if 2 * len(speakers) <= len(rows) else None
    return {
        dialogue: KnownColumn("id", "entity", "tells which dialogue a turn belongs to"),
        TURN: KnownColumn("number", "time", "the order of the turns"),
        SPEAKER: KnownColumn(kind, None, "who speaks"),
        TEXT: KnownColumn("text", None, "what is said"),
    }


def _keys(objects: Sequence[dict[str, Any]]) -> _Keys | None:
    """Where the parts of these dialogues stand; None where not each has a list of turns."""
    for name in _LISTS:
        lists = [one.get(name) for one in objects]
        if not objects or not all(isinstance(turns, list) for turns in lists):
            continue
        turns = [turn for turns in lists for turn in turns or ()]
        if name in _OF_TEXTS and turns and all(isinstance(turn, str) for turn in turns):
            return _Keys(name, "", "", _id(objects))
        if not turns or not all(isinstance(turn, dict) for turn in turns):
            continue
        text, speaker = _first(_TEXTS, turns), _first(_SPEAKERS, turns)
        if text and speaker and all(_is_said(turn, text, speaker) for turn in turns):
            return _Keys(name, text, speaker, _id(objects))
    return None


def _is_said(turn: Mapping[str, Any], text: str, speaker: str) -> bool:
    return isinstance(turn.get(text), str | None) and _is_plain(turn.get(speaker))


def _first(names: Sequence[str], turns: Sequence[dict[str, Any]]) -> str:
    """The first name that most turns have, some with a text; "" where there is none."""
    for name in names:
        values = [turn[name] for turn in turns if name in turn]
        if 2 * len(values) > len(turns) and any(isinstance(value, str) for value in values):
            return name
    return ""


def _id(objects: Sequence[dict[str, Any]]) -> str:
    """The key whose values tell the objects apart; "" where there is none."""
    for name in _IDS:
        values = [one.get(name) for one in objects]
        are_plain = all(isinstance(value, str | int) for value in values)
        if are_plain and len({str(value) for value in values}) == len(values):
            return name
    return ""


def _said(
    said: Any, turn: int, keys: _Keys, names: Mapping[str, str], gone: set[str]
) -> dict[str, Any]:
    """Speaker, text and what else is plain of a turn."""
    if isinstance(said, str):
        return {SPEAKER: _ALTERNATING[(turn - 1) % 2], TEXT: said}
    others = {}
    for key, value in said.items():
        if key in (keys.speaker, keys.text):
            continue
        if _is_plain(value):
            others[names[f"{keys.turns}.{key}"]] = value
        else:
            gone.add(f"{keys.turns}.{key}")
    return {SPEAKER: said.get(keys.speaker), TEXT: said.get(keys.text), **others}


def _names(objects: Sequence[dict[str, Any]], keys: _Keys) -> dict[str, str]:
    """What the columns of keys are called: as the keys, by their path where a name is taken."""
    taken = {DIALOGUE, TURN, SPEAKER, TEXT} - ({keys.id} & {DIALOGUE})
    names: dict[str, str] = {}
    for one in objects:
        for path, key in _paths(one, keys):
            if path not in names:
                name = key if key not in taken else path
                while name in taken:
                    name += "_"
                names[path] = name
                taken.add(name)
    return names


def _paths(one: Mapping[str, Any], keys: _Keys) -> Iterator[tuple[str, str]]:
    """The keys of a dialogue, and of its turns, with their paths."""
    for key in one:
        if key != keys.turns:
            yield key, key
    for turn in one[keys.turns]:
        if isinstance(turn, dict):
            for key in turn:
                yield f"{keys.turns}.{key}", key


def _is_plain(value: Any) -> bool:
    return not isinstance(value, list | dict)

"""Dialogues in JSON, an object each with a list of its turns: a row a dialogue, with its turns as
one text, or a row a turn."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.core.schema import Kind, Schema, TurnKeys
from tidemill.core.turns import may_speak, text_of_turns, turns_in
from tidemill.core.words import count, plural, shortlist
from tidemill.io import file
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
class DialogueRows:
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


def dialogues_of(
    objects: Sequence[dict[str, Any]], by: str, size: int, where: str, run: Run
) -> DialogueRows | None:
    """A row for each dialogue or for each turn; None where the objects are no dialogues.

    Args:
        objects: One for each dialogue.
        by: DIALOGUE or TURN; "" for what suits them.
        size: Bytes that they have as JSON.
        where: For messages.
        run: Takes a warning of what is left out.

    Raises:
        InputError: What is said of dialogues becomes too large where it is repeated for each turn,
            or the name of a speaker has a colon in it.
    """
    keys = _keys(objects)
    if keys is None:
        return None
    if not by:
        by = file.DIALOGUE if len(objects) > 1 and _unfit(objects, keys) is None else file.TURN
    if by == file.TURN:
        return _turns(objects, keys, size, where, run)
    unfit = _unfit(objects, keys)
    if unfit is not None:
        raise InputError(
            f"the speaker {unfit!r} cannot stand before a colon, as in a dialogue that is one text",
            where=where,
            hint=f"read a row a turn: write ?by={file.TURN}",
        )
    return _texts(objects, keys, where, run)


def _unfit(objects: Sequence[dict[str, Any]], keys: _Keys) -> str | None:
    """A speaker whose name cannot stand before a colon; None where all can."""
    for one in objects:
        for turn in one[keys.turns]:
            speaker = None if isinstance(turn, str) else turn.get(keys.speaker)
            if not may_speak(None if speaker is None else str(speaker)):
                return str(speaker)
    return None


def _texts(objects: Sequence[dict[str, Any]], keys: _Keys, where: str, run: Run) -> DialogueRows:
    """A row a dialogue, its turns as one text."""
    rows: list[dict[str, Any]] = []
    gone: set[str] = set()
    untold = 0
    for one in objects:
        row = {}
        for key, value in one.items():
            if key == keys.turns:
                said = [_turn(turn, number, keys) for number, turn in enumerate(value)]
                row[key] = text_of_turns((who, text) for who, text in said if text is not None)
                untold += sum(text is None for _, text in said)
                known = (keys.speaker, keys.text)
                gone.update(f"{key}.{k}" for t in value if keys.text for k in t if k not in known)
            elif _is_plain(value):
                row[key] = value
            else:
                gone.add(key)
        rows.append(row)
    run.warn(
        f"{where} holds {plural(len(objects), 'dialogue')}: each was read as a row, its turns as "
        f"one text; ?by={file.TURN} behind the file's name gives a row a turn.",
        "read",
    )
    if untold:
        run.warn(f"{plural(untold, 'turn')} of {where} without a text left out.", "read")
    if gone:
        shown = shortlist(sorted(gone), 5)
        run.warn(f"Of the dialogues of {where} left out: {shown}.", "read")
    turns = TurnKeys(keys.text, keys.speaker)
    found = {keys.turns: KnownColumn("text", None, "dialogues, a line a turn", turns)}
    if keys.id:
        found[keys.id] = KnownColumn("id", "key", "tells which dialogue it is")
    return DialogueRows(rows, found)


def _turn(said: Any, number: int, keys: _Keys) -> tuple[str | None, str | None]:
    """Who speaks, and what is said; None where there is no text."""
    if isinstance(said, str):
        return _ALTERNATING[number % 2], said
    speaker = said.get(keys.speaker)
    return None if speaker is None else str(speaker), said.get(keys.text)


def with_turns(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """Dialogues that are texts as lists of their turns, as JSON has them."""
    for column in schema:
        if column.turns is not None and column.name in frame.columns:
            made = [_listed(text, column.turns) for text in frame[column.name].to_list()]
            part: pl.DataType | type[pl.DataType] = pl.String
            if column.turns.text:
                part = pl.Struct({column.turns.speaker: pl.String, column.turns.text: pl.String})
            turns = pl.Series(column.name, made, pl.List(part))
            frame = frame.with_columns(turns)
    return frame


def _listed(text: str | None, keys: TurnKeys) -> list[Any] | None:
    """The turns of a text as JSON has them."""
    if text is None:
        return None
    if not keys.text:
        return [said for _, said in turns_in(text)]
    return [{keys.speaker: speaker, keys.text: said} for speaker, said in turns_in(text)]


def _turns(
    objects: Sequence[dict[str, Any]], keys: _Keys, size: int, where: str, run: Run
) -> DialogueRows:
    """The turns of all dialogues, one below the other, beside what is said of their dialogue.

    Raises:
        InputError: What is said of dialogues becomes too large where it is repeated for each turn.
    """
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
    return DialogueRows(rows, _known(names[keys.id] if keys.id else DIALOGUE, rows))


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

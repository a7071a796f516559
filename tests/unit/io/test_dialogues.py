"""Dialogues in JSON: a row a turn, under whatever usual names, and other objects left alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.io.opening import read
from tidemill.core.dataset import Dataset
from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.core.schema import TurnKeys
from tidemill.core.turns import may_speak, text_of_turns, turns_in
from tidemill.io.writing import write


def by_turn(path: Path, run: Run, **options: Any) -> Dataset:
    return read(f"{path}?by=turn", run, **options)


def lines(path: Path, *rows: Any) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def said(speaker: str, text: str, **more: Any) -> dict[str, Any]:
    return {"speaker": speaker, "text": text, **more}


def test_a_row_a_turn(tmp_path: Path, run: Run) -> None:
    path = lines(
        tmp_path / "t.jsonl",
        {"dialogue_id": "d1", "topic": "food", "turns": [said("a", "Hungry?"), said("b", "Yes.")]},
        {"dialogue_id": "d2", "topic": "time", "turns": [said("a", "Late?", sure=True)]},
        {"dialogue_id": "d3", "topic": "none", "turns": []},
    )
    data = by_turn(path, run)
    assert data.frame.to_dict(as_series=False) == {
        "dialogue_id": ["d1", "d1", "d2"],
        "turn": [1, 2, 1],
        "speaker": ["a", "b", "a"],
        "text": ["Hungry?", "Yes.", "Late?"],
        "topic": ["food", "food", "time"],
        "sure": [None, None, True],
    }
    roles = {column.name: (column.kind, column.role) for column in data.schema}
    assert roles["dialogue_id"] == ("id", "entity")
    assert roles["turn"] == ("number", "time")
    assert roles["text"] == ("text", "feature")
    assert data.schema.modality == "series"
    assert "3 dialogues: each of their 3 turns was read as a row; 1 dialogue" in run.warnings[0]


def test_the_names_of_chats(tmp_path: Path, run: Run) -> None:
    chat = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": None}]
    data = by_turn(lines(tmp_path / "t.jsonl", *[{"messages": chat}] * 4), run)
    assert data["dialogue"].to_list() == [1, 1, 2, 2, 3, 3, 4, 4]
    assert data["speaker"].to_list() == ["user", "assistant"] * 4
    assert data["text"].to_list() == ["Hi", None] * 4
    assert data.schema["speaker"].kind == "category"
    (tmp_path / "t.json").write_text(json.dumps([{"conversations": [{"from": "x", "value": "y"}]}]))
    assert by_turn(tmp_path / "t.json", run)["text"].to_list() == ["y"]


def test_texts_by_themselves_are_said_in_turn(tmp_path: Path, run: Run) -> None:
    rows = [{"dialogue": ["Hello.", "Hello!", "Bye."]}, {"dialogue": ["Yes?"]}]
    data = by_turn(lines(tmp_path / "t.jsonl", *rows), run)
    assert data["speaker"].to_list() == ["first", "second", "first", "first"]
    assert data["text"].to_list() == ["Hello.", "Hello!", "Bye.", "Yes?"]
    assert data["dialogue"].to_list() == [1, 1, 1, 2]


def test_names_that_are_taken_and_what_is_left_out(tmp_path: Path, run: Run) -> None:
    row = {
        "text": "about",
        "turn": 7,
        "tags": ["x"],
        "turns": [said("a", "Hi", turn=3, acts={"greet": 1}), said("b", "Ho", turn=4)],
    }
    data = by_turn(lines(tmp_path / "t.jsonl", row), run)
    assert data.frame.row(1, named=True) == {
        "dialogue": 1,
        "turn": 2,
        "speaker": "b",
        "text": "Ho",
        "turns.turn": 4,
        "text_": "about",
        "turn_": 7,
    }
    assert "2 keys of the dialogues" in run.warnings[1]
    assert "tags, turns.acts" in run.warnings[1]


@pytest.mark.parametrize(
    "row",
    [
        {"messages": ["disk full", "tried again"]},
        {"turns": [{"left": 1}, {"left": 2}]},
        {"turns": [1, 2]},
        {"turns": [{"speaker": "a", "text": ["x"]}]},
        {"turns": [{"speaker": {"name": "a"}, "text": "x"}]},
    ],
)
def test_other_lists_are_counted_as_ever(tmp_path: Path, run: Run, row: dict[str, Any]) -> None:
    data = read(lines(tmp_path / "t.jsonl", *[{"k": k, **row} for k in range(3)]), run)
    assert len(data) == 3
    assert data.schema.modality == "rows"


def test_a_line_without_turns_makes_it_no_dialogue(tmp_path: Path, run: Run) -> None:
    path = lines(tmp_path / "t.jsonl", {"turns": [said("a", "x")], "k": 1}, {"k": 2})
    assert len(read(path, run)) == 2


def test_what_the_user_says_counts(tmp_path: Path, run: Run) -> None:
    row = {"turns": [said("a", "x", at=5), said("b", "y", at=9)], "shop": "s"}
    path = lines(tmp_path / "t.jsonl", row, row)
    data = by_turn(path, run, time="at", entity="shop")
    assert data.schema["turn"].role == "feature"
    assert data.schema["at"].role == "time"
    assert data.schema["shop"].role == "entity"


def test_a_fault_is_told_with_the_line_of_the_file(tmp_path: Path, run: Run) -> None:
    rows = [{"k": 1, "turns": [said("a", "x"), said("b", "y")]}, {"k": True, "turns": []}]
    rows += [{"k": True, "turns": [said("a", "x")]}]
    with pytest.raises(InputError, match="line 2, key 'k': true or false, but line 1"):
        read(lines(tmp_path / "t.jsonl", *rows), run)


def test_what_would_grow_too_large_is_refused(tmp_path: Path, run: Run) -> None:
    path = lines(tmp_path / "t.jsonl", {"about": "x" * 200_000, "turns": ["a"] * 200_000})
    with pytest.raises(InputError, match="too large to be repeated"):
        by_turn(path, run)


VALUES = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=5))
OBJECTS = st.dictionaries(
    st.sampled_from(["speaker", "role", "text", "content", "turn", "x"]), VALUES, max_size=4
)
DIALOGUES = st.dictionaries(
    st.sampled_from(["turns", "messages", "id", "text", "dialogue", "y"]),
    st.one_of(VALUES, st.lists(st.one_of(OBJECTS, st.text(max_size=5)), max_size=4)),
    max_size=4,
)


@settings(deadline=None, max_examples=150)
@given(st.lists(DIALOGUES, min_size=1, max_size=4))
def test_any_objects_are_read_or_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    path = lines(tmp_path_factory.mktemp("any") / "t.jsonl", *rows)
    try:
        data = read(path, Run())
    except InputError:
        return
    assert len(data) >= 1


def test_a_row_a_dialogue_with_its_turns_as_one_text(tmp_path: Path, run: Run) -> None:
    late = said("a", "Late?", sure=True)
    rows: list[dict[str, Any]] = [
        {"id": "d1", "topic": "food", "turns": [said("a", "Hungry?\nReally?"), said("b", "Yes.")]},
        {"id": "d2", "topic": "time", "turns": [late, said("b", "")]},
        {"id": "d3", "topic": "none", "turns": []},
    ]
    data = read(lines(tmp_path / "t.jsonl", *rows), run)
    assert data["turns"].to_list() == ["a: Hungry?\n Really?\nb: Yes.", "a: Late?\nb: ", ""]
    assert data["topic"].to_list() == ["food", "time", "none"]
    assert data.schema["turns"].turns == TurnKeys("text", "speaker")
    assert data.schema["id"].role == "key"
    assert data.schema.modality == "rows"
    assert "3 dialogues: each was read as a row" in run.warnings[0]
    assert "left out: turns.sure" in run.warnings[1]
    write(data, tmp_path / "back.jsonl")
    back = [json.loads(line) for line in (tmp_path / "back.jsonl").read_text().splitlines()]
    del late["sure"]
    assert back == rows
    assert read(tmp_path / "back.jsonl", run).frame.equals(data.frame)


def test_turns_that_are_texts_are_written_as_such(tmp_path: Path, run: Run) -> None:
    rows = [{"dialogue": ["Hello.", "Hello: you!", "Bye."]}, {"dialogue": ["Yes?"]}]
    data = read(lines(tmp_path / "t.jsonl", *rows), run)
    assert data["dialogue"][0] == "first: Hello.\nsecond: Hello: you!\nfirst: Bye."
    write(data, tmp_path / "back.jsonl")
    back = [json.loads(line) for line in (tmp_path / "back.jsonl").read_text().splitlines()]
    assert back == rows


def test_speakers_that_cannot_stand_before_a_colon(tmp_path: Path, run: Run) -> None:
    rows = [{"turns": [said("a: b", "x"), said("c", "y")]}] * 3
    path = lines(tmp_path / "t.jsonl", *rows)
    assert read(path, run)["speaker"].to_list() == ["a: b", "c"] * 3
    with pytest.raises(InputError, match="the speaker 'a: b' cannot stand before a colon"):
        read(f"{path}?by=dialogue", run)


def test_what_is_no_dialogue_is_not_read_as_one(tmp_path: Path, run: Run) -> None:
    path = lines(tmp_path / "t.jsonl", {"k": 1}, {"k": 2})
    with pytest.raises(InputError, match="'\\?by=turn' is for dialogues, and these are none"):
        read(f"{path}?by=turn", run)
    with pytest.raises(InputError, match="'\\?by=line' makes no sense"):
        read(f"{path}?by=line", run)


SPEAKERS = st.one_of(st.none(), st.text(min_size=1, max_size=6).filter(may_speak))


@given(st.lists(st.tuples(SPEAKERS, st.text(max_size=12)), max_size=5))
def test_any_turns_come_back_from_their_text(turns: list[tuple[str | None, str]]) -> None:
    assert turns_in(text_of_turns(turns)) == turns


@given(st.text(max_size=40))
def test_any_text_has_turns(text: str) -> None:
    said_in_all = "".join(said for _, said in turns_in(text))
    assert len(said_in_all) <= len(text)

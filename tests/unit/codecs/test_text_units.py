from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.codecs.text_units import FIRST_LEARNED, TextUnits, speakers_of

ENGLISH = ["The card was declined, and I can't pay.", "Is the card in the mail?"] * 20
CHINESE = ["屏幕很清晰，物流也快。", "质量不好，不推荐"] * 20
STRANGE = [
    "",
    " ",
    "\n\n",
    "  two  blanks ",
    "\t\x00\x1f\x7f",
    "naïve café",
    "👩‍👩‍👧 ok 👍🏽",
    "a\u0301",
]


@pytest.mark.parametrize("texts", [ENGLISH, CHINESE, []])
@pytest.mark.parametrize("most", [None, 0, 50])
@settings(max_examples=60, deadline=None)
@given(strange=st.lists(st.text(max_size=40), max_size=4))
def test_any_text_comes_back(texts: list[str], most: int | None, strange: list[str]) -> None:
    units = TextUnits.fit(texts, most=most)
    asked = [*strange, *STRANGE, *texts[:2], "x" * 500]
    found = units.encode(asked)
    assert [units.decode(one.tolist()) for one in found] == asked
    assert all(one.dtype == np.int32 for one in found)
    assert all(one.max(initial=0) < units.size for one in found)
    assert [units.widths[one].sum() for one in found] == [len(one.encode()) for one in asked]
    again = TextUnits.from_state(json.loads(json.dumps(units.to_state())))
    assert [one.tolist() for one in again.encode(asked)] == [one.tolist() for one in found]


def test_frequent_words_become_one_unit_with_their_blank() -> None:
    units = TextUnits.fit(ENGLISH, most=200)
    assert {"The", " the", " card", " can't"} <= set(units.learned)
    [found] = units.encode(["The card"])
    assert [units.decode([unit]) for unit in found.tolist()] == ["The", " card"]


def test_numbers_are_spelled_digit_by_digit() -> None:
    units = TextUnits.fit(["paid 2024 times"] * 20, most=200)
    [found] = units.encode(["2024"])
    assert len(found) == 4


def test_scripts_without_blanks_are_spelled_with_characters() -> None:
    units = TextUnits.fit(CHINESE)
    assert {len(unit) for unit in units.learned} == {1}
    [found] = units.encode(["屏幕"])
    assert len(found) == 2
    mixed = TextUnits.fit(["OK", *CHINESE] * 100)
    assert {len(unit) for unit in mixed.learned} == {1}


def test_little_text_is_spelled_with_characters() -> None:
    assert {len(unit) for unit in TextUnits.fit(ENGLISH).learned} == {1}
    assert max(len(unit) for unit in TextUnits.fit(ENGLISH * 20).learned) > 4


def test_what_few_persons_hold_is_no_unit() -> None:
    texts = ["the same words"] * 40 + ["Zolotukhin ½"] * 30
    persons = np.array([*range(40), *([40, 41] * 15)])
    units = TextUnits.fit(texts, persons, most=500)
    assert "½" not in units.learned
    assert not any("Z" in unit or "tukh" in unit for unit in units.learned)
    [found] = units.encode(["½"])
    assert (found < FIRST_LEARNED).all()


def test_bytes_that_make_no_character_are_left_out() -> None:
    units = TextUnits.fit(ENGLISH)
    [found] = units.encode(["½ ok"])
    assert units.decode(found[1:].tolist()) == " ok"


@pytest.mark.parametrize("learned", [[""], ["a", "a"], ["a" * 33], [1], ["a"] * 70_000])
def test_what_is_no_state_is_refused(learned: list[object]) -> None:
    with pytest.raises(ValueError, match=r"text|units"):
        TextUnits.from_state({"learned": learned, "speakers": []})


@pytest.mark.parametrize("speakers", [["a"], ["a: ", "a: "], ["a: b: "], ["\n: "], [1], [" a: "]])
def test_what_are_no_speakers_is_refused(speakers: list[object]) -> None:
    with pytest.raises(ValueError, match=r"text|speakers"):
        TextUnits.from_state({"learned": [], "speakers": speakers})


@pytest.mark.parametrize("most", [0, 50])
def test_who_speaks_is_one_unit_at_the_beginning_of_a_line(most: int) -> None:
    dialogues = ["Ann: is it Bob: or not?\nBob: it is.\nAnn: good"] * 10
    speakers = speakers_of([*dialogues, "Zoe: hidden"], None)
    assert speakers == ["Ann: ", "Bob: "]
    units = TextUnits.fit(dialogues, None, most, speakers)
    [found] = units.encode(dialogues[:1])
    first = units.size - 2
    assert found[found >= first].tolist() == [first, first + 1, first]
    assert units.decode(found.tolist()) == dialogues[0]
    again = TextUnits.from_state(json.loads(json.dumps(units.to_state())))
    assert np.array_equal(again.encode(dialogues[:1])[0], found)

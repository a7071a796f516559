from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tidemill.codecs import copy_gate
from tidemill.codecs.copy_gate import CopyGate

WORDS = (
    "the",
    "card",
    "is",
    "not",
    "here",
    "please",
    "send",
    "money",
    "back",
    "today",
    "my",
    "pin",
)


def texts(rows: int, seed: int = 0, words: int = 12) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, words)) for _ in range(rows)]


CANARIES = (
    "My secret pass phrase is zolotukhin-42.",
    "我把备用钥匙放在门口左边第三个花盆下面了",
    "reference QX-90417 please",
)


def gate(extra: tuple[str, ...] = CANARIES) -> CopyGate:
    return CopyGate.fit([*texts(400), *extra], None, 7)


def test_whole_texts_are_caught_in_whatever_case_and_with_whatever_marks() -> None:
    made = [*texts(20), *CANARIES, texts(3)[1].upper().replace(" ", ", ") + "!"]
    assert gate().copied(made).all()


def test_rare_words_are_caught_wherever_they_stand() -> None:
    found = gate().copied(["send zolotukhin money", "the QX-90417 card", "pin 90417"])
    assert found.tolist() == [True, True, True]


def test_long_stretches_are_caught() -> None:
    [one, other] = texts(400)[5:7]
    first, second = one.split(), other.split()
    most = " ".join([*first[:11], "today"])
    half = " ".join([*first[:6], *second[:6]])
    characters = CANARIES[1][:17] + "，好"
    assert gate().copied([most, half, characters]).tolist() == [True, False, True]


def test_few_new_texts_are_taken_for_copies() -> None:
    assert gate().copied(texts(2_000, seed=1)).mean() < 0.03
    made = [
        "".join(one) for one in np.random.default_rng(2).choice(list("的一是了我不"), (500, 30))
    ]
    assert gate().copied(made).mean() < 0.03


def test_what_enough_persons_say_may_be_said_again() -> None:
    turn = "i love this product and would buy it again"
    repeated = CopyGate.fit([*texts(400), *[turn] * 5], None, 7)
    assert not repeated.copied([turn])[0]
    persons = np.array([*range(400), *[400, 401] * 2, 400])
    assert CopyGate.fit([*texts(400), *[turn] * 5], persons, 7).copied([turn])[0]


def test_empty_texts_and_no_texts_copy_nothing() -> None:
    assert gate().copied(["", "...", "\n"]).tolist() == [False] * 3
    assert gate().copied([]).tolist() == []
    assert CopyGate.fit([], None, 1).copied(["some new words"]).tolist() == [False]


def test_a_salt_makes_another_filter_that_holds_no_text() -> None:
    one, other = CopyGate.fit(list(CANARIES), None, 1), CopyGate.fit(list(CANARIES), None, 2)
    assert not np.array_equal(one.bits, other.bits)
    stored = json.dumps(one.to_state())
    assert not any(word in stored for word in ("zolotukhin", "secret", "花盆"))


def test_very_many_runs_are_kept_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copy_gate, "MOST_BYTES", 12_000)
    long = texts(400, words=50)
    small = CopyGate.fit(long, None, 7)
    assert small.every > 1
    assert len(small.bits) <= 12_001
    made = [" ".join([*text.split()[:48], "new"]) for text in long]
    assert small.copied(long).all()
    assert small.copied(made).mean() > 0.9
    assert small.copied(texts(400, seed=1, words=50)).mean() < 0.03


def test_a_state_restores_the_gate() -> None:
    one = gate()
    again = CopyGate.from_state(json.loads(json.dumps(one.to_state())))
    made = [*texts(50), *texts(50, seed=3)]
    assert again.copied(made).tolist() == one.copied(made).tolist()
    assert again.to_state() == one.to_state()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[("salt", -1), ("salt", 2**63), ("every", 0), ("bits", ""), ("bits", "?"), ("bits", 3)],
        *[("bits", "A" * (5 << 20)), ("shared", "AAAA"), ("shared", "A" * 32 + "\n")],
        ("shared", "//////////8AAAAAAAAAAA=="),
    ],
)
def test_a_damaged_state_is_refused(key: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        CopyGate.from_state({**gate().to_state(), key: value})

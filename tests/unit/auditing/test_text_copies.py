"""Texts that copy training texts in large parts are red; other people's texts and those of the
n-gram model are green."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
import pytest

from tests.unit.auditing.leaky import audited
from tidemill.auditing.text_copies import ATTACK
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.metrics.texts.copies import LARGE_PARTS, LEAK
from tidemill.synthesis.synthesizer import Synthesizer

SCHEMA = Schema((Column("text", "text"), Column("kind", "category"), Column("age", "number")))
WORDS = [f"{a}{b}{c}" for a in "bklmnr" for b in "aeiou" for c in ("t", "sk", "mmer", "n")]
ROWS = 800


def chain(rng: np.random.Generator) -> list[str]:
    """Words of which each mostly has a few that may follow it."""
    at, said = int(rng.integers(len(WORDS))), []
    for _ in range(int(rng.integers(9, 16))):
        said.append(WORDS[at])
        at = (7 * at + int(rng.integers(6))) % len(WORDS)
    return said


def table(texts: Sequence[Sequence[str]], seed: int) -> Dataset:
    rng = np.random.default_rng(seed)
    frame = pl.DataFrame(
        {
            "text": [" ".join(words) for words in texts],
            "kind": rng.choice(["complaint", "question"], len(texts)),
            "age": rng.integers(18, 80, len(texts)),
        }
    )
    return Dataset(frame, SCHEMA)


def people(seed: int) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    return [chain(rng) for _ in range(ROWS)]


Texts = list[list[str]]
TRAIN, HELD = people(1), people(2)


def most_of(train: Texts, other: Texts) -> Texts:
    """The first four fifths of each text, and another end."""
    cuts = [round(0.8 * len(text)) for text in train]
    return [a[:cut] + b[cut:] for a, b, cut in zip(train, other, cuts, strict=True)]


def joined(train: Texts, other: Texts) -> Texts:
    """The first half of one text, and the second half of another."""
    halves = [len(text) // 2 + 1 for text in train]
    return [
        a[:cut] + b[-cut:] for a, b, cut in zip(train, train[1:] + train[:1], halves, strict=True)
    ]


def a_third(train: Texts, other: Texts) -> Texts:
    """A third of the texts as they are."""
    return train[::3] + other[: ROWS - len(train[::3])]


def lights(made: Dataset) -> dict[str, str]:
    found = audited(table(TRAIN, 1), table(HELD, 2), made, None)
    return {leak.score.name: leak.light for leak in found.of(ATTACK)}


@pytest.mark.parametrize("copying", [most_of, joined, a_third])
def test_copied_texts_are_red(copying: Callable[[Texts, Texts], Texts]) -> None:
    said = lights(table(copying(TRAIN, people(3)), 3))
    assert said[LARGE_PARTS] == "red"
    assert (said[LEAK] == "red") == (copying is a_third)


def test_the_persons_are_named_whose_texts_come_back() -> None:
    made = table(most_of(TRAIN, people(3))[:100] + people(4)[100:], 3)
    [leak] = [
        one
        for one in audited(table(TRAIN, 1), table(HELD, 2), made, None).of(ATTACK)
        if one.score.name == LARGE_PARTS
    ]
    assert leak.light == "red"
    assert set(range(100)) <= set(leak.exposed.tolist()) < set(range(120))


def test_texts_of_other_people_are_green() -> None:
    assert lights(table(people(3), 3)) == {LEAK: "green", LARGE_PARTS: "green"}


def test_texts_of_the_ngram_model_are_green() -> None:
    model = Synthesizer.fit(table(TRAIN, 1), Run(0), "ngram")
    assert lights(model.sample_dataset(ROWS, run=Run(1))) == {LEAK: "green", LARGE_PARTS: "green"}


def test_sentences_that_many_say_are_no_copies() -> None:
    """Forms of which three people at least have each: neither held-out nor made ones stand out."""
    forms = people(5)[:60]

    def filled(seed: int) -> Dataset:
        rng = np.random.default_rng(seed)
        return table([forms[int(rng.integers(60))] + chain(rng)[:2] for _ in range(ROWS)], seed)

    said = audited(filled(1), filled(2), filled(3), None)
    assert {leak.light for leak in said.of(ATTACK)} == {"green"}


def test_few_texts_are_not_known_and_a_table_without_texts_is_not_asked() -> None:
    few = table(people(3)[:20] + [[]] * (ROWS - 20), 3)
    assert lights(few) == {LEAK: "not known"}
    bare = [table(people(k), k).select(["kind", "age"]) for k in (1, 2, 3)]
    assert not audited(bare[0], bare[1], bare[2], None).of(ATTACK)

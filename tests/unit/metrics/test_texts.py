"""Made texts that are like real ones, that lose their thread, repeat themselves, or are copies, are
told for what they are."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest

from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.core.score import Evidence, Score
from tidemill.metrics.evaluate import evaluate
from tidemill.metrics.texts.agreement import CLASS, NUMBERS, VALUES, text_agreement
from tidemill.metrics.texts.copies import EXACT, LEAK, LONGEST, MOSTLY, text_copies
from tidemill.metrics.texts.detection import BY_EMBEDDING, BY_ORDER, BY_WORDS, text_detection
from tidemill.metrics.texts.sets import TextSample, words_by_themselves
from tidemill.metrics.texts.variety import ALIKE, DISTINCT, FRONTIER, REPEATED, text_variety

METRICS_OF_TEXTS = (text_detection, text_variety, text_agreement, text_copies)
SCHEMA = Schema((Column("text", "text"), Column("kind", "category")))
THINGS = {
    "card": ["lost", "stolen", "frozen", "expired"],
    "parcel": ["late", "broken", "missing", "returned"],
    "room": ["dirty", "noisy", "cold", "small"],
    "phone": ["slow", "dead", "locked", "scratched"],
}
BETWEEN = (
    "that you sent to me last week was as I had to find out",
    "which I told your people about on Monday is still, and I am sorry to say it,",
    "I wrote to you about two days ago seems to be, whatever they say,",
    "for which I paid so much money is, if I may be so frank,",
)


def table(texts: Sequence[str], kinds: Sequence[str]) -> Dataset:
    return Dataset(pl.DataFrame({"text": texts, "kind": kinds}), SCHEMA)


def letters(rows: int, seed: int, *, thread: bool = True) -> Dataset:
    """Complaints that begin with a thing and end with what is wrong with it; without a thread, they
    end with what is wrong with any thing."""
    rng = np.random.default_rng(seed)
    texts, kinds = [], []
    for _ in range(rows):
        thing, other = rng.choice(list(THINGS), 2)
        wrong = rng.choice(THINGS[thing if thread else other])
        texts.append(
            f"The {thing} number {rng.integers(10_000)} {rng.choice(BETWEEN)} {wrong} today!"
        )
        kinds.append(rng.choice(["complaint", "question"]))
    return table(texts, kinds)


def against(made: Dataset, train: Dataset | None = None) -> Evidence:
    return Evidence(letters(800, 1) if train is None else train, letters(800, 2), made, made)


def named(scores: Sequence[Score]) -> dict[str, Score]:
    return {score.name: score for score in scores}


def value(score: Score) -> float:
    assert score.value is not None, score.why
    return score.value


def test_other_real_texts_pass_for_real() -> None:
    scores = named(list(text_detection(against(letters(800, 3)), Run(seed=1))))
    for name in (BY_WORDS, BY_EMBEDDING, BY_ORDER):
        score = scores[name]
        assert score.interval is not None
        assert score.interval[0] < 0.52
        assert (score.floor or 0) > 0.9
        assert score.ceiling == pytest.approx(0.5, abs=0.06)


def test_words_one_by_one_get_the_floor() -> None:
    real = letters(800, 3)
    sample = TextSample(tuple(real["text"]), np.array(real["kind"].to_list(), object))
    made = words_by_themselves(sample, sample.classes, np.random.default_rng(0))
    evidence = against(table(made, list(sample.classes)))
    for score in text_detection(evidence, Run(seed=1)):
        assert value(score) == pytest.approx(score.floor, abs=0.03)


def test_only_the_order_tells_texts_that_lose_their_thread() -> None:
    scores = named(list(text_detection(against(letters(800, 3, thread=False)), Run(seed=1))))
    assert value(scores[BY_WORDS]) < 0.56
    assert value(scores[BY_ORDER]) > 0.7


def test_marks_and_blanks_are_seen_by_the_embedding() -> None:
    plain = letters(800, 3)
    made = table([text.replace("!", " ! ") for text in plain["text"]], plain["kind"].to_list())
    scores = named(list(text_detection(against(made), Run(seed=1))))
    assert value(scores[BY_WORDS]) < 0.56
    assert value(scores[BY_EMBEDDING]) > 0.9


def test_variety_of_real_texts_of_one_text_and_of_few_subjects() -> None:
    real = named(list(text_variety(against(letters(800, 3)), Run(seed=1))))
    for score in real.values():
        assert score.reach == pytest.approx(1, abs=0.1), score.name
    few = letters(800, 3)
    few = few.rows(np.flatnonzero(few["text"].str.contains("^The card")))
    few = few.rows(np.arange(800) % len(few))
    made = named(list(text_variety(against(few), Run(seed=1))))
    assert value(made[REPEATED]) > 0.6
    assert value(made[DISTINCT[2]]) < 0.6 * value(real[DISTINCT[2]])
    assert value(made[ALIKE]) > value(real[ALIKE]) + 0.05
    assert value(made[FRONTIER]) < 0.8 < value(real[FRONTIER])


def test_copies_are_counted_beside_those_that_chance_makes() -> None:
    train = letters(800, 1)
    third = [*train["text"][:264], *letters(536, 3)["text"]]
    scores = named(list(text_copies(against(table(third, ["x"] * 800), train), Run(seed=1))))
    assert value(scores[EXACT]) == pytest.approx(0.33, abs=0.02)
    assert scores[EXACT].ceiling == pytest.approx(0, abs=0.01)
    assert scores[LEAK].light == "red"
    honest = named(list(text_copies(against(letters(800, 3), train), Run(seed=1))))
    assert honest[LEAK].light == "green"
    assert value(scores[LEAK]) == pytest.approx(0.33, abs=0.02)
    assert value(honest[LONGEST]) == pytest.approx(honest[LONGEST].ceiling, abs=0.02)
    assert value(scores[MOSTLY]) > value(honest[MOSTLY]) + 0.2


def test_no_training_text_stands_in_a_score() -> None:
    train = letters(800, 1)
    for metric in METRICS_OF_TEXTS:
        told = str([score.to_state() for score in metric(against(train, train), Run(seed=1))])
        assert not [text for text in train["text"] if text in told]


def test_a_phrase_of_many_is_no_copy() -> None:
    train = letters(800, 1)
    phrase = table([*train["text"][:700], *["No comment."] * 100], ["x"] * 800)
    made = table([*letters(700, 3)["text"], *["no comment"] * 100], ["x"] * 800)
    scores = named(list(text_copies(against(made, phrase), Run(seed=1))))
    assert value(scores[EXACT]) < 0.01


def test_chinese_texts_are_compared_by_character() -> None:
    things = ["屏幕", "电池", "酒店", "房间", "朋友", "快递", "客服"]
    words = [*things, "很好", "不错", "太差", "清晰", "干净", "便宜", "失望"]

    def reviews(seed: int) -> Dataset:
        rng = np.random.default_rng(seed)
        texts = ["，".join(rng.choice(words, 8)) + "。" for _ in range(300)]
        return table(texts, ["x"] * 300)

    evidence = Evidence(reviews(1), reviews(2), reviews(3), reviews(3))
    scores = named([*text_detection(evidence, Run(seed=1)), *text_copies(evidence, Run(seed=1))])
    assert value(scores[BY_WORDS]) < 0.6
    assert (scores[BY_WORDS].floor or 0) > 0.9
    assert value(scores[LONGEST]) == pytest.approx(scores[LONGEST].ceiling, abs=0.03)


def offers(rows: int, seed: int, *, true: bool = True) -> Dataset:
    """Offers whose texts say colour and price of their row, or of none."""
    rng = np.random.default_rng(seed)
    colours = rng.choice(["dark red", "blue", "green"], rows)
    prices = np.round(rng.uniform(1, 99, rows), 2)
    said = (colours, prices) if true else (rng.permutation(colours), rng.permutation(prices))
    texts = [f"A {c} cup for {p:.2f} EUR." for c, p in zip(*said, strict=True)]
    frame = pl.DataFrame({"text": texts, "colour": colours, "price": prices})
    schema = (Column("text", "text"), Column("colour", "category"), Column("price", "number"))
    return Dataset(frame, Schema(schema))


def test_texts_that_say_their_row_and_texts_that_say_another() -> None:
    sets = [offers(300, 1), offers(300, 2)]
    true, false = (
        named(list(text_agreement(Evidence(*sets, made, made), Run(seed=1))))
        for made in (offers(300, 3), offers(300, 3, true=False))
    )
    for name in (CLASS, VALUES, NUMBERS):
        assert true[name].reach == pytest.approx(1, abs=0.02)
        assert false[name].value == pytest.approx(false[name].floor, abs=0.1)


def test_columns_that_texts_do_not_say_are_not_looked_for() -> None:
    scores = named(list(text_agreement(against(letters(800, 3)), Run(seed=1))))
    assert "do not say" in scores[VALUES].why
    assert value(scores[CLASS]) == pytest.approx(scores[CLASS].floor, abs=0.1)


def test_a_table_of_texts_only_is_measured() -> None:
    parts = [letters(120, seed).select(["text"]) for seed in range(4)]
    scores = evaluate(Evidence(*parts), Run(seed=1))
    known = {score.metric for score in scores if score.value is not None}
    assert known == {"text_detection", "text_variety", "text_copies"}


def test_missing_columns_few_texts_and_tables_without_texts() -> None:
    real, other = letters(100, 1), letters(100, 2)
    no_column = Evidence(real, other, other.select(["kind"]), other)
    none = Evidence(real, other, other.rows(np.arange(20)), other)
    empty = other.with_frame(other.frame.with_columns(text=pl.lit("")))
    no_texts = Evidence(real, other, empty, empty)
    for metric in METRICS_OF_TEXTS:
        for evidence, why in (
            (no_column, "no column 'text'"),
            (none, "needed"),
            (no_texts, "0 generated texts"),
        ):
            assert all(why in score.why for score in metric(evidence, Run()))
        rows = real.select(["kind"])
        assert not list(metric(Evidence(rows, rows, rows, rows), Run()))


def test_five_thousand_texts_take_ten_seconds() -> None:
    evidence = Evidence(letters(5000, 1), letters(5000, 2), letters(5000, 3), letters(5000, 4))
    begun = time.process_time()
    for metric in METRICS_OF_TEXTS:
        assert list(metric(evidence, Run(seed=1)))
    assert time.process_time() - begun < 10

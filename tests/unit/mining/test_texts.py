"""Mining of texts finds planted words, labels, topics and complaints, and nothing in chance."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from tidemill.core.dataset import Dataset
from tidemill.core.finding import Findings
from tidemill.core.run import Run
from tidemill.core.schema import Column, Kind, Role, Schema
from tidemill.mining.mine import mine
from tidemill.mining.texts.group_words import log_odds

TOPICS = (
    "card pin machine chip terminal swipe plastic stripe counter reader wallet slot",
    "transfer account bank iban sender branch payee deposit wire balance salary ledger",
    "parcel courier street van doorbell box label depot driver address tracking stamp",
    "screen battery camera speaker charger pixel button sensor headphone cable memory antenna",
    "hotel flight airport luggage passport ticket suite gate pilot runway lounge visa",
)
FILLERS = [
    *("please", "today", "again", "still", "really", "maybe"),
    *("often", "quite", "never", "since", "around", "almost"),
]
KINDS: dict[str, Kind] = {"text": "text", "day": "datetime"}


def dataset(**values: object) -> Dataset:
    frame = pl.DataFrame(values)
    columns = []
    for name in frame.columns:
        role: Role = "target" if name == "label" else "feature"
        columns.append(
            Column(name, KINDS.get(name, "category"), role, dtype=str(frame[name].dtype))
        )
    return Dataset(frame, Schema(tuple(columns)))


def found(data: Dataset, seed: int = 0) -> Findings:
    rows = np.random.default_rng(99).permutation(len(data))
    cut = round(0.7 * len(data))
    train, held = data.rows(np.sort(rows[:cut])), data.rows(np.sort(rows[cut:]))
    return mine(train, held, Run(seed, threads=1), ["texts"])


def of_topics(count: int, seed: int = 0) -> tuple[list[str], np.ndarray]:
    """Texts of four words of one topic and six fillers, and their topics."""
    rng = np.random.default_rng(seed)
    topic = rng.integers(0, len(TOPICS), count)
    said = []
    for at in topic:
        words = [*rng.choice(TOPICS[at].split(), 4, replace=False), *rng.choice(FILLERS, 6)]
        said.append(" ".join(rng.permutation(words)))
    return said, topic


def chance(count: int, seed: int) -> list[str]:
    rng = np.random.default_rng(seed)
    words = " ".join((*TOPICS, *FILLERS)).split()
    return [" ".join(rng.choice(words, 10)) for _ in range(count)]


def test_labels_words_and_topics_are_found() -> None:
    said, topic = of_topics(800)
    data = dataset(text=said, label=[f"topic {at}" for at in topic])
    findings = found(data)
    [model] = findings.of("texts", "classifier")
    assert model.strength > 0.95
    words = findings.of("texts", "group words")
    assert len(words) == len(TOPICS)
    for finding in words:
        assert finding.table is not None
        assert finding.interval
        assert finding.interval[0] <= finding.strength <= finding.interval[1]
        [test] = finding.condition.tests
        own = TOPICS[int(str(test.value)[-1])]
        assert {row[0] for row in finding.table.rows} <= set(own.split())
    [topics] = findings.of("texts", "topics")
    assert topics.figures["topics"] == len(TOPICS)
    assert topics.table is not None
    for name, *_ in topics.table.rows:
        assert any(set(name.split(", ")) <= set(own.split()) for own in TOPICS)
    assert not findings.of("texts", "doubtful labels")
    json.dumps(findings.to_state())
    assert findings.to_state() == found(data).to_state()


def test_wrong_labels_are_found_by_their_rows() -> None:
    said, topic = of_topics(800)
    wrong = np.random.default_rng(5).choice(800, 24, replace=False)
    labels = topic.copy()
    labels[wrong] = (labels[wrong] + 1) % len(TOPICS)
    data = dataset(text=said, label=[f"topic {at}" for at in labels])
    [doubted] = found(data).of("texts", "doubtful labels")
    assert doubted.table is not None
    assert len(doubted.table.rows) == doubted.support
    assert {row[0] - 1 for row in doubted.table.rows} <= set(wrong.tolist())
    assert doubted.support >= 4


def test_a_complaint_that_comes_up_is_found() -> None:
    said, _ = of_topics(600)
    days = [date(2024, 1, 1) + timedelta(days=k % 300) for k in range(600)]
    complaint = "the parcel of last week never came and nobody answers the telephone in your shop"
    for k in range(40):
        said.append(f"{complaint} {FILLERS[k % 12]}")
        days.append(date(2024, 9, 20) + timedelta(days=k))
    [finding] = found(dataset(text=said, day=days)).of("texts", "rising")
    assert finding.strength > 0.9
    assert finding.columns == ("text", "day")
    steady = [date(2024, 1, 1) + timedelta(days=int(k)) for k in range(600)]
    steady += [date(2024, 1, 1) + timedelta(days=15 * k) for k in range(40)]
    assert not found(dataset(text=said, day=steady)).of("texts", "rising")


def test_chinese_texts_are_looked_at_in_pairs_of_characters() -> None:
    rng = np.random.default_rng(0)
    good, bad = ("味道", "好吃", "新鲜", "分量"), ("太慢", "退款", "难吃", "生气")
    label = rng.integers(0, 2, 400)
    said = ["，".join(rng.choice((bad, good)[at], 3)) + "。今天点的" for at in label]
    findings = found(dataset(text=said, label=np.array(["bad", "good"])[label]))
    for finding in findings.of("texts", "group words"):
        assert finding.table is not None
        own = good if "good" in finding.sentence else bad
        assert {row[0] for row in finding.table.rows} <= set(own)
    assert len(findings.of("texts", "group words")) == 2


@pytest.mark.parametrize("start", range(4))
def test_chance_gives_nothing(start: int) -> None:
    for seed in range(10 * start, 10 * start + 10):
        rng = np.random.default_rng(1000 + seed)
        data = dataset(
            text=chance(300, seed),
            label=rng.choice(["a", "b", "c"], 300),
            day=[date(2024, 1, 1) + timedelta(days=int(k)) for k in rng.integers(0, 300, 300)],
        )
        assert not found(data, seed)


def test_words_of_one_person_are_never_shown() -> None:
    said, topic = of_topics(800)
    people = [f"p{k}" for k in range(800)]
    for k in np.flatnonzero(topic == 0)[:60]:
        said[k] += " zanzibar"
        people[k] = "one"
    frame = pl.DataFrame({"who": people, "text": said, "label": [f"topic {at}" for at in topic]})
    columns = (
        Column("who", "id", "entity"),
        Column("text", "text"),
        Column("label", "category", "target"),
    )
    findings = found(Dataset(frame, Schema(columns)))
    assert findings
    assert "zanzibar" not in json.dumps(findings.to_state())


def test_a_label_that_no_held_out_text_has_is_no_crash() -> None:
    said, topic = of_topics(300)
    data = dataset(text=said, label=np.array(["other", "first"])[(topic == 0).astype(int)])
    train, held = data.rows(np.arange(200)), data.rows(200 + np.flatnonzero(topic[200:] == 0))
    held = held.rows(np.resize(np.arange(len(held)), 60))
    assert not mine(train, held, Run(threads=1), ["texts"]).of("texts", "group words")


def test_few_texts_give_nothing() -> None:
    assert not found(dataset(text=["card"] * 20, label=["a", "b"] * 10))
    assert not found(dataset(text=[None, ""] * 100, label=["a", "b"] * 100))


def test_log_odds_of_a_group_that_holds_nothing() -> None:
    scores = log_odds(np.array([0, 0]), np.array([0, 10]))
    assert np.isfinite(scores).all()

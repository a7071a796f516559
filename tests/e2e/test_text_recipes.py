"""Recipes about texts, as people use them: with foreign numbers, other customers' names and missing
values planted, none of which may be delivered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.e2e.conftest import Tidemill
from tests.unit.writing.faulty_server import Received, Told, chat, serving
from tidemill.core.errors import DataError, OptionError
from tidemill.core.run import Run
from tidemill.recipes import describe as describing
from tidemill.recipes.run import recipe
from tidemill.writing.replies import Replies, Reply
from tidemill.writing.writer import Ask, Writer, WrittenText

MAKERS = ["Nordia", "Alpen", "Fjell", "Kelo", "Ostra", "Varde"]
COLOURS = ["red", "blue", "olive", "grey", "black"]


def shop(rows: int, written: int) -> pl.DataFrame:
    """Cups, of which the first have a description, in two sentences that all of them share."""
    table = {
        "maker": [MAKERS[k % 6] for k in range(rows)],
        "colour": [COLOURS[k % 5] for k in range(rows)],
        "volume_ml": [250 + 10 * k for k in range(rows)],
        "price": [9.5 + k for k in range(rows)],
    }
    texts = [
        f"This {colour} cup by {maker} is a pleasure. It holds {volume} ml and costs {price:.2f}."
        for maker, colour, volume, price in zip(*table.values(), strict=True)
    ]
    return pl.DataFrame({**table, "description": [*texts[:written], *[None] * (rows - written)]})


# --- describe -------------------------------------------------------------------------------------


def test_a_catalogue_is_described_in_its_own_sentences(tidemill: Tidemill, tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    shop(60, 40).write_csv(path)
    done = tidemill("recipe", "describe", path, "--out", tmp_path / "out")
    assert done.code == 0, done.err
    assert "20 texts asked for: 20 by template" in " ".join(done.out.split())
    made = pl.read_csv(tmp_path / "out" / "descriptions.csv")
    assert made.height == 20
    for row in made.iter_rows(named=True):
        text = row["description (Tidemill)"]
        assert text.startswith(f"This {row['colour']} cup by {row['maker']} is a pleasure.")
        assert f"{row['volume_ml']} ml" in text
        assert f"{row['price']:g}" in text
        assert row["origin"] == "template"
    figures = json.loads((tmp_path / "out" / "figures.json").read_text())
    assert figures["delivered"] == figures["by_template"] == 20
    assert figures["values"] == 80
    assert figures["texts_with_a_foreign_number"] == figures["texts_with_a_foreign_value"] == 0
    page = (tmp_path / "out" / "report.html").read_text()
    assert "none chosen" in page
    assert "What left this machine" in page


class Liar(Writer):
    """Rewords truly every fourth time; else adds a number or a name, or leaves a value out."""

    name = "local"

    def __init__(self) -> None:
        self.calls = 0

    def write(self, asks: Sequence[Ask], run: Run) -> list[WrittenText | None]:
        found: list[WrittenText | None] = []
        for ask in asks:
            values = ask.attributes
            true = (
                f"Take this {values['colour']} cup from {values['maker']}, with room for "
                f"{values['volume_ml']} ml, at {values['price']}."
            )
            lies = ("", " It lasts 99 years.", " Designed by Zarathon.", None)
            lie = lies[self.calls % 4]
            self.calls += 1
            text = true.replace(values["maker"], "us") if lie is None else true + lie
            found.append(WrittenText(text, "liar-1"))
        return found

    def tells(self) -> str | None:
        return "All was shouted out of the window."

    def counts(self) -> Mapping[str, int]:
        return {"calls": self.calls}


def test_no_lie_of_a_writer_is_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def opened(*_: Any) -> Iterator[Writer]:
        yield Liar()

    monkeypatch.setattr(describing, "opened_writer", opened)
    told = recipe(
        "describe", shop(60, 40), writer="local=liar.gguf", assume={"tries": 1, "words": 5}
    )
    made = told.tables["descriptions"]
    by_model = made.filter(pl.col("origin") == "local")
    assert by_model.height == told.figures["by_local"] == 5
    assert told.figures["by_template"] == 15
    texts = " ".join(made["description (Tidemill)"])
    assert "99" not in texts
    assert "Zarathon" not in texts
    assert all(row["maker"] in row["description (Tidemill)"] for row in made.iter_rows(named=True))
    strict = recipe("describe", shop(60, 40), writer="local=liar.gguf", assume={"tries": 1})
    assert "by_local" not in strict.figures  # "room" is no word of a row or a written description
    page = told.report.html()
    assert "shouted out of the window" in page
    assert "says the name that was not given" in page


def test_an_endpoint_is_asked_checked_and_told_of(tidemill: Tidemill, tmp_path: Path) -> None:
    pytest.importorskip("httpx", reason="httpx of the extra 'endpoint' is not installed")
    path, out = tmp_path / "shop.csv", tmp_path / "out"
    shop(44, 40).write_csv(path)

    def answer(number: int, call: Received) -> Told:
        said = call.body["messages"][-1]["content"]
        value = dict(re.findall(r"^(\w+): (.*)$", said, re.MULTILINE))
        text = "You get a {colour} cup made by {maker}. It holds {volume_ml} ml, at {price}."
        lie = " It costs 7.77 elsewhere." if value["maker"] == "Ostra" else ""
        return chat(text.format(**value) + lie)

    with serving(answer) as server:
        options = ("--option", "model=tiny", "--assume", "tries=2")
        writer = f"endpoint={server.url}"
        done = tidemill("recipe", "describe", path, "--out", out, "--writer", writer, *options)
    assert done.code == 0, done.err
    made = pl.read_csv(out / "descriptions.csv")
    by_origin = dict(zip(made["maker"], made["origin"], strict=True))
    assert by_origin.pop("Ostra") == "template"
    assert {*by_origin.values()} == {"endpoint"}
    assert "7.77" not in " ".join(made["description (Tidemill)"])
    figures = json.loads((out / "figures.json").read_text())
    assert figures["writer_calls"] == len(server.received) == 5
    sent = json.dumps([call.body for call in server.received])
    assert "Fjell" not in sent  # a maker of written descriptions alone
    told = (out / "report.html").read_text().partition("What left this machine")[2]
    assert server.url in told


def test_rows_that_all_have_a_description_are_written_anew_unseen() -> None:
    told = recipe("describe", shop(60, 60), assume={"most": 4})
    assert told.figures["asked"] == 4
    assert "which no writer has seen" in told.report.html()


def test_zeros_that_may_stand_for_unknown_are_told() -> None:
    table = shop(60, 40).with_columns(
        pl.Series("price", [0.0 if k > 50 else 9.5 + k for k in range(60)])
    )
    assert "&#39;price&#39; is 0 in 9 rows" in recipe("describe", table).report.html()


def test_own_texts_pass_the_same_check() -> None:
    told = recipe("describe", shop(300, 280), writer="own", assume={"tries": 2})
    assert told.figures["delivered"] == 20
    assert told.figures["texts_tried"] > 20
    assert told.figures["texts_with_a_foreign_number"] == 0
    with pytest.raises(DataError, match="none to learn from"):
        recipe("describe", shop(30, 0), writer="own")


@pytest.mark.parametrize(
    ("writer", "options", "said"),
    [
        ("moon", {}, "no writer 'moon'"),
        ("local", {}, "writer=local=FILE"),
        ("template=x", {}, "writer=template"),
        ("template", {"heat": "1"}, "no option 'heat'"),
        ("endpoint=https://models.example/v1", {}, "needs 'model'"),
        ("endpoint=https://models.example/v1", {"model": "m", "calls": "many"}, "no number"),
        ("endpoint=https://models.example/v1", {"model": "m", "plain_http": "?"}, "yes nor no"),
    ],
)
def test_a_writer_that_cannot_be_is_refused(
    writer: str, options: Mapping[str, str], said: str
) -> None:
    with pytest.raises(OptionError, match=said):
        recipe("describe", shop(30, 20), writer=writer, model_options=options)


def test_a_language_that_cannot_be_checked_is_refused() -> None:
    table = pl.DataFrame(
        {
            "farbe": ["rot", "blau"] * 15,
            "description": ["Diese Tasse ist eine Freude und kommt in der Farbe Rot zu Ihnen"] * 20
            + [None] * 10,
        }
    )
    with pytest.raises(DataError, match="neither in English nor in Chinese"):
        recipe("describe", table, columns=["text=description"])


def test_a_chinese_catalogue_is_described() -> None:
    brands = ["雪岭", "晨曦", "远山", "青禾", "白露", "云杉"]
    rows = [(brands[k % 6], f"{300 + 10 * k}毫升") for k in range(60)]
    texts = [f"{brand}保温杯，容量{volume}，适合日常使用。" for brand, volume in rows]
    table = pl.DataFrame(
        {
            "品牌": [brand for brand, _ in rows],
            "容量": [volume for _, volume in rows],
            "描述": [*texts[:40], *[None] * 20],
        }
    )
    told = recipe("describe", table, columns={"attribute": ["品牌", "容量"], "text": "描述"})
    assert told.tables["descriptions"]["description"].to_list() == texts[40:]
    assert "in Chinese" in told.report.subtitle


@pytest.mark.slow
def test_a_real_catalogue_without_texts_is_listed_and_said_to_be(real: Path) -> None:
    table = pl.read_parquet(real / "product_catalogue_en" / "walmart.parquet").head(300)
    told = recipe("describe", table)
    assert told.figures["delivered"] == 300
    assert told.figures["values_as_they_are"] == told.figures["values"]
    assert told.figures["texts_with_a_foreign_number"] == 0
    assert "These are lists" in told.report.html()


# --- reply ----------------------------------------------------------------------------------------

TOPICS = {
    "lost_card": ["I lost my card", "my card is gone", "someone took my card", "card missing help"],
    "late_parcel": ["where is my parcel", "parcel still not here", "when will the parcel arrive"],
    "wrong_bill": ["the bill is wrong", "you billed me too much", "mistake on my invoice please"],
    "opening": ["when are you open", "opening hours on sunday", "is the shop open today"],
}
FAMILY = ["Kowalski", "Brandt", "Silva", "Okafor", "Meyer", "Rossi", "Novak", "Haddad"]
PLANTED = ["Ostrander", "Vandermeer", "Zielonka"]


def desk(rows: int, answered: int) -> pl.DataFrame:
    """Questions of customers; three answers are about one other person each."""
    rng = np.random.default_rng(5)
    found = []
    for k in range(rows):
        topic = list(TOPICS)[k % 4]
        name, order = f"Mr {FAMILY[rng.integers(8)]}", f"A-{10_000 + 7 * k}"
        question = f"{TOPICS[topic][rng.integers(3)]} {'please ' * rng.integers(2)}thanks"
        answer = f"Dear {name}, we look at {topic.replace('_', ' ')} now; your case is {order}."
        if k < len(PLANTED):
            answer += f" Mrs {PLANTED[k]} paid {7_001 + k} for that."
        found.append((question, answer if k < answered else None, name, order, topic))
    names = ("question", "answer", "customer", "case", "topic")
    return pl.DataFrame(found, names, orient="row")


def test_replies_are_proved_and_say_nothing_of_others(tidemill: Tidemill, tmp_path: Path) -> None:
    path = tmp_path / "desk.csv"
    desk(480, 440).write_csv(path)
    out = tmp_path / "out"
    done = tidemill("recipe", "reply", path, "--column", "intent=topic", "--out", out)
    assert done.code == 0, done.err
    assert "questions can be answered at once" in " ".join(done.out.split())
    figures = json.loads((out / "figures.json").read_text())
    assert figures["right"] > 0.95
    assert figures["floor"] < 0.35
    assert figures["right_low"] <= figures["right"] <= figures["right_high"]
    assert figures["replies_with_something_foreign"] == 0
    made = pl.read_csv(out / "replies.csv")
    assert made.height == figures["new"] == 40
    given = made.filter(pl.col("goes to") == "the customer")
    assert given.height == figures["new_replied"] > 30
    for row in given.iter_rows(named=True):
        assert row["customer"] in row["reply"]
        assert row["case"] in row["reply"]
        assert not any(name in row["reply"] for name in PLANTED)
        others = [name for name in FAMILY if name not in row["customer"]]
        assert not any(name in row["reply"] for name in others)
    page = (out / "report.html").read_text()
    assert "Kowalski" not in page
    assert "finds nothing of another customer" in page


@pytest.mark.parametrize("leak", [" It is as for A-10007.", " Call 555 7002."])
def test_a_leak_would_be_seen_by_the_second_look(
    leak: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = Replies.to

    def leaking(self: Replies, question: str, values: Mapping[str, str]) -> Reply:
        made = right(self, question, values)
        return replace(made, text=made.text and made.text + leak)

    monkeypatch.setattr(Replies, "to", leaking)
    told = recipe("reply", desk(200, 200), columns={"intent": "topic"})
    assert told.figures["replies_with_something_foreign"] >= 0.9 * told.figures["replied"] > 0
    assert "read them before they are sent" in told.report.html()


def test_without_intents_answers_are_compared_by_what_tells_them_apart() -> None:
    told = recipe("reply", desk(400, 400).drop("topic"))
    assert told.figures["right"] > 0.9
    assert told.figures["floor"] < 0.4  # the greeting that all answers share counts for nothing
    assert "reply" in told.tables["replies"].columns


def test_questions_whose_answers_cannot_be_told_all_go_to_a_person() -> None:
    table = desk(400, 400)
    mixed = table["topic"].sample(fraction=1, shuffle=True, seed=3)
    told = recipe("reply", table.with_columns(mixed), columns={"intent": "topic"})
    assert told.refused[0].what == "No question can be answered at once."
    assert told.figures["replied"] == 0
    assert told.tables["replies"]["reply"].null_count() == told.tables["replies"].height


def test_columns_of_questions_are_found_or_asked_for() -> None:
    with pytest.raises(DataError, match="column=answer=COL"):
        recipe("reply", desk(100, 90).rename({"answer": "said"}))
    with pytest.raises(DataError, match="too few to learn from"):
        recipe("reply", desk(100, 30))


@pytest.mark.slow
def test_real_questions_are_replied_to_as_often_rightly_as_promised(real: Path) -> None:
    """Questions of banking77, one answer to each of the 77 intents."""
    table = pl.read_parquet(real / "banking77_en" / "banking77_en.parquet").sample(4_000, seed=1)
    topic = pl.col("category").str.replace_all("_", " ")
    asked = table.select(
        pl.col("text").alias("question"),
        pl.format("Thank you for asking about {}. See its page.", topic).alias("answer"),
        "category",
    )
    told = recipe("reply", asked, columns={"intent": "category"}, assume={"right": 0.9})
    assert told.figures["right_high"] > 0.9
    assert told.figures["replied_share"] > 0.5
    assert told.figures["right"] > 20 * told.figures["floor"]


# --- summarize ------------------------------------------------------------------------------------

MATTER = "The harbour stays closed because the storm broke both cranes of the harbour."
FILLER = [
    "Dear all.",
    "Lunch is served at noon as always.",
    "My neighbour has a cat.",
    "The weather in spring is mixed.",
    "Coffee is in the kitchen.",
]


def letters(rows: int) -> pl.DataFrame:
    """Texts whose matter stands behind their beginning, and what a person says of each."""
    storm = "The storm broke the cranes, and the harbour stays closed until cranes are mended."
    texts = [f"{' '.join(FILLER[: 2 + k % 4])} {MATTER} {storm}" for k in range(rows)]
    return pl.DataFrame(
        {
            "letter": texts,
            "desk": ["north" if k % 3 else "south" for k in range(rows)],
            "short": ["Storm broke cranes; harbour closed until the cranes are mended."] * rows,
        }
    )


def test_summaries_stand_in_their_texts_and_are_measured(
    tidemill: Tidemill, tmp_path: Path
) -> None:
    path, out = tmp_path / "letters.parquet", tmp_path / "out"
    letters(60).write_parquet(path)
    named = ("--column", "text=letter", "--column", "summary=short", "--column", "group=desk")
    done = tidemill("recipe", "summarize", path, "--out", out, *named, "--assume", "sentences=2")
    assert done.code == 0, done.err
    made = pl.read_csv(out / "summaries.csv")
    for row in made.iter_rows(named=True):
        assert MATTER in row["summary"]
        assert all(part in row["letter"] for part in row["summary"].split(". "))
    figures = json.loads((out / "figures.json").read_text())
    assert figures["sentences_not_found"] == 0
    assert figures["sentences"] == 120
    assert figures["rouge_1"] > figures["lead_rouge_1"]
    assert figures["rouge_1_gain_low"] > 0
    groups = pl.read_csv(out / "groups.csv")
    assert set(groups["desk"]) == {"north", "south"}
    for row in groups.iter_rows(named=True):
        assert row["sentence"] in made["letter"][row["row"] - 1]


def test_summaries_that_are_worse_than_the_first_sentences_are_said_to_be() -> None:
    table = letters(60).with_columns(pl.lit("Dear all. Lunch is served at noon.").alias("short"))
    told = recipe("summarize", table, columns=["text=letter", "summary=short"])
    assert told.figures["rouge_1_gain_high"] < 0
    assert "read the first sentences" in told.report.html()


def test_what_cannot_be_measured_is_refused_and_personal_data_are_masked() -> None:
    texts = [f"{MATTER} My name is Anna Ostrander. {' '.join(FILLER)} {MATTER}" for _ in range(30)]
    told = recipe(
        "summarize", pl.DataFrame({"n": range(30), "letter": texts}), columns=["text=letter"]
    )
    assert told.refused[0].what == "How good the summaries are cannot be said."
    assert "Ostrander" not in told.report.html()
    with pytest.raises(DataError, match="no column holds free text"):
        recipe("summarize", pl.DataFrame({"n": range(30)}))


@pytest.mark.slow
def test_real_chinese_reviews_are_summarized(real: Path) -> None:
    path = real / "shop_reviews_zh" / "online_shopping.parquet"
    table = pl.read_parquet(path).sample(1_500, seed=2)
    told = recipe("summarize", table, columns={"group": "cat"})
    assert told.figures["sentences_not_found"] == 0
    assert 0.3 < told.figures["share_left"] < 0.8
    assert told.tables["groups"]["cat"].n_unique() == table["cat"].n_unique()

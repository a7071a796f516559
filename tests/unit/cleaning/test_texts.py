"""Checks of texts: planted faults are found and mended, and texts without them are left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tidemill.cleaning import plan
from tidemill.cleaning.texts.html import plain
from tidemill.cleaning.texts.languages import language_of
from tidemill.cleaning.texts.mojibake import undone
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.near_texts import near_groups
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema

CHECKS = (
    "mojibake",
    "html",
    "near_duplicates",
    "boilerplate",
    "languages",
    "personal_in_texts",
)
WORDS = [
    *("card", "transfer", "payment", "account", "letter", "refund", "charge", "branch", "mobile"),
    *("abroad", "limit", "cash", "week", "fee", "pending", "top", "money", "exchange", "rate"),
]


def texts(count: int, seed: int = 0) -> list[str]:
    """Sentences of common words in random order, of which none is like another."""
    rng = np.random.default_rng(seed)
    return [f"the {' '.join(rng.choice(WORDS, 10))} was not here" for _ in range(count)]


def table(values: list[str | None], **others: object) -> Dataset:
    columns = [Column("text", "text"), *(Column(name, "category") for name in others)]
    return Dataset(pl.DataFrame({"text": values, **others}), Schema(tuple(columns)))


def found(values: list[str | None], check: str) -> Issue:
    [issue] = plan.learn(table(values), Run(), [check]).issues
    return issue


def test_texts_without_faults_are_left_alone() -> None:
    data = table([*texts(300), None])
    cleaned = plan.clean(data, Run(), CHECKS)
    assert cleaned.issues == ()
    assert cleaned.data.frame.equals(data.frame)


def test_a_table_without_texts_is_left_alone() -> None:
    data = Dataset(pl.DataFrame({"x": np.arange(80.0)}), Schema((Column("x", "number"),)))
    assert not plan.learn(data, Run(), CHECKS).issues


# --- mojibake -------------------------------------------------------------------------------------

RIGHT = (
    "Grüße aus München – „schön“, süß und 10 € für 3 m²",
    "L’été à Genève : « déjà vu », cœur, Noël, garçon, ça coûte 5 €",
    "it’s “fine”… really – 20 °C, naïve café ™",
    "手机屏幕很清晰，物流也很快。",
    "это очень хорошо",
    "great 😀👍 thanks",
    "中国 und München 😀",
)


@pytest.mark.parametrize("text", RIGHT)
@pytest.mark.parametrize("times", [1, 2])
def test_wrong_encodings_are_undone(text: str, times: int) -> None:
    read = text
    for _ in range(times):
        read = read.encode("utf-8").decode("latin-1")
    assert undone(read) == text


def test_windows_encodings_are_undone() -> None:
    text = "it’s “fine” – für 5 €, cœur, Österreich"
    assert undone(text.encode("utf-8").decode("cp1252", "replace")) != text  # 0x9D is lost
    text = "it’s – für 5 €, cœur, Österreich"
    assert undone(text.encode("utf-8").decode("cp1252")) == text


@pytest.mark.parametrize(
    "text",
    [
        *RIGHT,
        "l'été\u00a0» et «\u00a0à\u00a0»",
        "CAFÉ» “AMANHÃ” NÃO ÁÉÍ… Â, Ã",
        "»Ä« und „Ö“ – Å“ Ø, ÀÈ",
        "naïve Ångström, São Paulo, PÃO",
        "Ôter l’Â… ð þ Æ",
    ],
)
def test_right_texts_are_left(text: str) -> None:
    assert undone(text) == text


@pytest.mark.parametrize("seed", range(20))
def test_mending_twice_changes_nothing_more(seed: int) -> None:
    rng = np.random.default_rng(seed)
    alphabet = list("aÃ¼Â©âé€™œ»å½\x9d&lt;gmp;<b>/br ")
    for _ in range(50):
        text = "".join(rng.choice(alphabet, 30))
        assert undone(undone(text)) == undone(text)
        assert plain(plain(text)) == plain(text)


def test_each_mended_text_is_logged() -> None:
    wrong = "the card for MÃ¼nchen &amp; Paris"
    data = table([wrong, *texts(50), None])
    cleaned = plan.clean(data, Run(), CHECKS)
    assert cleaned.data["text"][0] == "the card for München & Paris"
    assert cleaned.data["text"][1:].equals(data["text"][1:])
    assert cleaned.changes["check"].to_list() == ["mojibake", "html"]
    assert cleaned.changes["before"][0] == wrong
    assert [issue.count for issue in cleaned.issues] == [1, 1]
    assert all(issue.applied for issue in cleaned.issues)
    assert plan.Plan.from_state(cleaned.plan.to_state()) == cleaned.plan
    again = plan.apply(cleaned.plan, cleaned.data)
    assert again.changes.is_empty()


# --- HTML -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<p>very <b>good</b></p>", "very good"),
        ("one<br>two<br />three", "one two three"),
        ('see <a href="http://x.de">this</a> page', "see this page"),
        ("Tom &amp; Jerry &#39;25&quot;", "Tom & Jerry '25\""),
        ("100&nbsp;g &lt; 1&nbsp;kg", "100 g < 1 kg"),
        ("&lt;b&gt;fine&lt;/b&gt;", "fine"),
        ("很好<br/>下次再来", "很好 下次再来"),
        ("a<script>var x = 1;</script>b", "a b"),
    ],
)
def test_remnants_of_html_are_taken_out(text: str, expected: str) -> None:
    assert plain(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "how do i close a <b> tag in HTML?",
        "a < b and c > d, x<y>z",
        "I <3 it, R&D; AT&T, ?a=1&copy=2",
        "mail to <anna@mail.com> or <unknown>",
        "  two  blanks ",
    ],
)
def test_what_is_no_remnant_is_left(text: str) -> None:
    assert plain(text) == text


# --- what is reported -----------------------------------------------------------------------------


def test_near_duplicates_are_counted() -> None:
    held = texts(200)
    planted = [f"{text} again" for text in held[:7]] + held[:3]
    issue = found([*held, *planted], "near_duplicates")
    assert issue.count == 10
    assert issue.figures == {"exact": 3.0, "largest_group": 3.0}
    assert not issue.applied


def test_groups_are_the_same_for_every_seed_and_unspaced() -> None:
    held = [
        "这家店的东西非常好吃而且送餐的速度也特别快",
        "物流太慢了等了整整一个星期才收到货物非常失望",
    ]
    held.append(held[0] + "！赞")
    for seed in range(20):
        assert near_groups(held, np.random.default_rng(seed)).tolist() == [0, 1, 0]


def test_boilerplate_is_reported_and_of_one_person_not() -> None:
    ending = "Sent from my telephone today."
    held = [f"{text}. {ending}" if k < 30 else text for k, text in enumerate(texts(300))]
    issue = found(held, "boilerplate")
    assert issue.count == 30
    assert issue.example == f"'{ending}'"
    people = ["one" if k < 30 else f"p{k % 90}" for k in range(300)]
    data = table(held, person=people)
    schema = Schema((data.schema["text"], replace(data.schema["person"], role="entity")))
    assert not plan.learn(replace(data, schema=schema), Run(), ["boilerplate"]).issues


def test_other_languages_are_reported() -> None:
    german = [f"die {word} ist nicht mit dem Brief bei uns" for word in WORDS[:8]]
    issue = found([*texts(200), *german], "languages")
    assert issue.count == 8
    assert "8 in German" in issue.sentence
    assert language_of("c'est dans la boîte et je ne sais pas") == "French"
    assert language_of("これはとても良いです") == "Japanese"


def test_personal_data_in_texts_are_counted_and_never_shown() -> None:
    said = ["write to anna.lee@mail.com or call +44 20 7946 0958", "my name is Anna Lee"]
    issue = found([*texts(100), *said], "personal_in_texts")
    assert issue.count == 2
    assert issue.severity == "personal data"
    assert "e-mail addresses in 1" in issue.sentence
    assert "anna" not in str(issue).lower()

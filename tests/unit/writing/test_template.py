"""Templates: learned from planted texts, true of every row, and of no person alone."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.writing.checks import refusals
from tidemill.writing.patterns import Pattern, mined_patterns
from tidemill.writing.template import Template, listed_text, template_of
from tidemill.writing.writer import Ask

MAKERS = ["Nordia", "Alpen", "Fjell", "Kelo", "Ostra", "Varde"]
COLOURS = ["red", "blue", "olive", "grey", "black", "white"]


def rows(count: int) -> list[dict[str, str]]:
    return [
        {
            "maker": MAKERS[k % 6],
            "colour": COLOURS[(k * 5 + k // 6) % 6],
            "volume": f"{250 + 10 * k} ml",
            "price": f"{9.5 + k:.2f} EUR",
        }
        for k in range(count)
    ]


def text_of(row: dict[str, str]) -> str:
    article = "an" if row["colour"][0] in "aeiou" else "a"
    return (
        f"The {row['maker']} cup is {article} {row['colour']} classic. It holds {row['volume']}. "
        f"You pay {row['price']} today."
    )


def test_shared_sentences_are_filled_with_every_attribute() -> None:
    train = rows(30)
    template = template_of([text_of(row) for row in train], train)
    asks = [Ask("Describe the cup.", row) for row in rows(60)[30:]]
    written = template.write(asks, Run(seed=3))
    for ask, one in zip(asks, written, strict=True):
        assert one is not None
        assert one.text == text_of(dict(ask.attributes))
        assert refusals(one.text, ask, template.lexicon) == ()


def test_what_the_training_texts_do_not_say_is_listed() -> None:
    train = rows(30)
    template = template_of([text_of(row) for row in train], train)
    row = {**rows(31)[30], "lid": "steel"}
    [written] = template.write([Ask("Describe the cup.", row)], Run())
    assert written is not None
    assert written.text == text_of(rows(31)[30]) + " Lid: steel."


def test_a_sentence_of_fewer_than_five_persons_is_not_kept() -> None:
    train = rows(9)
    texts = [text_of(row) for row in train]
    secret = [
        f"{text} Ask Mrs Ostrander for {row['maker']}."
        for text, row in zip(texts, train, strict=True)
    ]
    assert not _says(mined_patterns([*secret[:4], *texts[4:]], train), "Ostrander")
    assert _says(mined_patterns([*secret[:5], *texts[5:]], train), "Ostrander")
    of_one = mined_patterns([*secret[:8], texts[8]], train, [0] * 8 + [1])
    assert not _says(of_one, "Ostrander")


def _says(patterns: tuple[Pattern, ...], word: str) -> bool:
    return any(word in literal for one in patterns for literal in one.literals)


def test_what_is_said_of_a_few_products_is_not_said_of_others() -> None:
    """A note in ten texts of one maker, with a slot where the maker's own name stood."""
    train = rows(60)
    texts = [text_of(row) for row in train]
    for number, row in enumerate(train):
        if row["maker"] == "Kelo":
            texts[number] += f" Visit www.{row['maker']}.com for patterns."
            if number % 12 == 3:
                texts[number] += f" This {row['maker']} cup comes with a saucer."
    template = template_of(texts, train)
    for maker, visit in (("Kelo", True), ("Polar", False), ("Nordia", False)):
        ask = Ask("Describe the cup.", {**train[0], "maker": maker})
        fitting = [one for one in template.patterns if one.fits(ask.attributes)]
        assert _says(tuple(fitting), "Visit") is visit
    template = template_of([*texts[:3], *(text_of(row) for row in train[3:])], train)
    assert not _says(template.patterns, "saucer")


def test_a_name_or_number_in_a_shared_sentence_is_never_said() -> None:
    train = rows(30)
    texts = [f"The {row['maker']} cup by Acme. {row['colour']} for 24 hours." for row in train]
    template = template_of(texts, train)
    [written] = template.write([Ask("Describe it.", train[0])], Run())
    assert written is not None
    assert "Acme" not in written.text
    assert "24" not in written.text


def test_a_sentence_of_one_kind_is_not_said_of_another() -> None:
    """ "Keeps warm" stands beside thermos cups alone."""
    train = [
        {**row, "kind": "thermos" if index % 2 else "glass"} for index, row in enumerate(rows(30))
    ]
    texts = [
        f"{row['maker']} keeps warm." if row["kind"] == "thermos" else f"{row['maker']} is clear."
        for row in train
    ]
    template = template_of(texts, train)
    for kind, said in (("thermos", "keeps warm"), ("glass", "is clear")):
        [written] = template.write([Ask("It.", {"maker": "Polar", "kind": kind})], Run())
        assert written is not None
        assert said in written.text
    [written] = template.write([Ask("It.", {"maker": "Polar", "kind": "paper"})], Run())
    assert written is not None
    assert written.text == "Maker: Polar; kind: paper."


def test_chinese_texts_are_learned_and_listed() -> None:
    brands = ["雪岭", "晨曦", "远山", "青禾", "白露", "云杉"]
    train = [{"品牌": brands[k % 6], "容量": f"{300 + 10 * k}毫升"} for k in range(12)]
    texts = [f"{row['品牌']}保温杯，容量{row['容量']}，适合日常使用。" for row in train]
    template = template_of(texts, train)
    row = {"品牌": "雪岭", "容量": "900毫升", "颜色": "蓝色"}
    [written] = template.write([Ask("请描述这件商品。", row, language="zh")], Run())
    assert written is not None
    assert written.text == "雪岭保温杯，容量900毫升，适合日常使用。颜色：蓝色。"


def test_the_same_seed_writes_the_same() -> None:
    train = rows(30)
    template = template_of([text_of(row) for row in train], train)
    asks = [Ask("Describe the cup.", row) for row in train]
    assert template.write(asks, Run(seed=5)) == template.write(asks, Run(seed=5))


def test_a_text_that_cannot_be_short_enough_is_not_written() -> None:
    assert Template().write([Ask("It.", {"maker": "Nordia"}, longest=5)], Run()) == [None]


WORDS = st.text(string.ascii_letters + string.digits + " -.,'%€äé汉字杯", min_size=1, max_size=24)
NAMES = st.text(string.ascii_lowercase + "_", min_size=2, max_size=12).filter(
    lambda n: n.strip("_")
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(NAMES, WORDS, min_size=1, max_size=6), st.sampled_from(["en", "zh"]))
def test_the_list_of_attributes_passes_the_check(attributes: dict[str, str], language: str) -> None:
    ask = Ask("Describe it.", attributes, language=language)  # type: ignore[arg-type]
    text = listed_text(attributes, ask.language)
    if any(value.strip() for value in attributes.values()):
        assert refusals(text, ask) == ()


@pytest.mark.parametrize(
    "attributes",
    [
        {"maker": "Sony", "title": "Sony 46' LCD HDTV - KDL46", "price": "1299.0"},
        {"waterproof": "no", "lid": "yes"},
        {"version": "10.4.1", "code": "0071", "date": "2024-03-05"},
        {"dimensions": "11.25 x 8.0 x 1.25 inches", "weight": "0.19"},
        {"a": "it", "b": "the", "c": "X"},
        {"note": "<b>bold</b> {x} http://a.example", "loss": "-5 %"},
        {"height": "10", "width": "10", "depth": "20"},
    ],
)
def test_the_list_of_real_attributes_passes_the_check(attributes: dict[str, str]) -> None:
    assert refusals(listed_text(attributes, "en"), Ask("It.", attributes)) == ()


def test_a_template_is_stored_as_json_and_checked_when_it_is_read() -> None:
    train = rows(30)
    template = template_of([text_of(row) for row in train], train)
    state = json.loads(json.dumps(template.to_state()))
    assert Template.from_state(state) == template
    for damage in (
        {**state, "patterns": [{**state["patterns"][0], "slots": ["maker"] * 9}]},
        {**state, "words": "no words"},
        {**state, "values": [1]},
        {"patterns": []},
    ):
        with pytest.raises(InputError):
            Template.from_state(damage)

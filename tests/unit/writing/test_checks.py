"""What a text is refused for: planted faults, one in each text, in English and Chinese."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from tidemill.writing.checks import refusals
from tidemill.writing.lexicon import Lexicon, lexicon_of
from tidemill.writing.writer import Ask

BOTTLE = {
    "maker": "Nordia",
    "kind": "insulated bottle",
    "volume": "750 ml",
    "material": "stainless steel",
    "colour": "black",
    "price": "24.90 EUR",
}
GOOD = (
    "The Nordia insulated bottle holds 750 ml. It is made of stainless steel in black "
    "and costs 24.90 EUR."
)
ASK = Ask("Describe the product in two sentences.", BOTTLE)
BOTTLE_ZH = {"品牌": "雪岭", "品类": "保温杯", "容量": "500毫升", "材质": "不锈钢", "售价": "129元"}
GOOD_ZH = "雪岭保温杯采用不锈钢材质，容量500毫升，售价129元，适合日常使用。"
ASK_ZH = Ask("请用一两句话描述这件商品。", BOTTLE_ZH, language="zh")


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD.replace("24.90 EUR", "€24.90"),
        GOOD.replace("24.90", "24,90"),
        GOOD.replace("24.90", "24.9"),
        GOOD.replace("750 ml", "750ml"),
        GOOD.replace("750 ml", "750 millilitres"),
        GOOD.replace("insulated bottle", "INSULATED bottles"),
        GOOD.replace("The Nordia insulated bottle", "Nordia's insulated black bottle"),
        "Enjoy your drinks. " + GOOD,
    ],
)
def test_a_true_text_passes_however_it_is_worded(text: str) -> None:
    assert refusals(text, ASK) == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (GOOD.replace("750 ml", "700 ml"), "volume"),
        (GOOD.replace("750 ml", "750 l"), "volume"),
        (GOOD.replace("750 ml", "750k ml"), "volume"),
        (GOOD.replace("24.90", "2490"), "price"),
        (GOOD.replace("24.90 EUR", "$24.90"), "price"),
        (GOOD.replace("24.90 EUR", "24.90 million EUR"), "price"),
        (GOOD.replace("24.90", "-24.90"), "price"),
        (GOOD.replace(" in black", ""), "colour"),
        (GOOD.replace("black", "blackish"), "colour"),
        (GOOD.replace("stainless steel", "steel"), "material"),
        (GOOD.replace("in black", "not black"), "denies colour"),
        (GOOD + " It keeps tea hot for 12 hours.", "number '12 hours'"),
        (GOOD + " It comes with two cups.", "number 'two'"),
        (GOOD + " It has a dual wall.", "number 'dual'"),
        (GOOD + " It comes as a pair.", "number 'pair'"),
        (GOOD + " It is loved by thousands.", "number 'thousands'"),
        (GOOD + " It costs half of ½.", "number '1"),
        (GOOD.replace("steel", "st\u200beel"), "marks"),
        (GOOD + " \ufffc", "marks"),
        (GOOD + " It has a one-year warranty.", "number 'one"),
        (GOOD + " It is a gift from Acme.", "name 'Acme'"),
        (GOOD + " Acme bottles are worse.", "name 'Acme'"),
        (GOOD + " It is BPA free.", "name 'BPA'"),
        (GOOD + " It meets IP67.", "name 'IP67'"),
        (GOOD + " It works with any iPhone.", "name 'iPhone'"),
        (GOOD + " Visit www.example.com now.", "marks"),
        ("**Nordia** " + GOOD, "marks"),
        (GOOD + "<|im_end|>", "marks"),
        ("Sure, this is it: " + GOOD, "speaks of itself"),
        ("Describe the product in two sentences. Also in English now. " + GOOD, ""),
        (GOOD + " It is dishwasher safe." * 9, "repeats itself"),
        (GOOD + " It is so good to use. It is so good to use.", "repeats itself"),
        (GOOD + " 很好用。", "not in English"),
        ("", "empty"),
        (" \n ", "empty"),
        ("x" * 700, "characters"),
    ],
)
def test_a_planted_fault_is_found(text: str, reason: str) -> None:
    assert any(reason in one for one in refusals(text, ASK)) or reason == ""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (GOOD_ZH.replace("500毫升", "550毫升"), "容量"),
        (GOOD_ZH.replace("500毫升", "500升"), "容量"),
        (GOOD_ZH.replace("129元", "129美元"), "售价"),
        (GOOD_ZH.replace("不锈钢", "玻璃"), "材质"),
        (GOOD_ZH.replace("采用不锈钢", "不是不锈钢"), "denies 材质"),
        (GOOD_ZH + "两年质保。", "number"),
        (GOOD_ZH + "保温十二小时。", "number"),
        (GOOD_ZH + "八折优惠。", "number"),
        (GOOD_ZH + "百万用户的选择。", "number"),
        (GOOD_ZH + "与Acme合作。", "name 'Acme'"),
        (GOOD_ZH + "荣获《金杯》。", "name '金杯'"),
        (GOOD_ZH + "由华兴公司制造。", "name '华兴'"),
        (GOOD_ZH + "とても良い。", "not in Chinese"),
        ("以下是描述：" + GOOD_ZH, "speaks of itself"),
        ("保温杯，" * 24 + GOOD_ZH, "repeats itself"),
        (
            "The bottle by 雪岭: 保温杯, 不锈钢, 500毫升, 129元, is very good indeed",
            "not in Chinese",
        ),
    ],
)
def test_a_planted_fault_in_chinese_is_found(text: str, reason: str) -> None:
    assert any(reason in one for one in refusals(text, ASK_ZH))


@pytest.mark.parametrize(
    "text",
    [
        GOOD_ZH,
        GOOD_ZH.replace("500毫升", "５００ ml"),
        GOOD_ZH.replace("129元", "¥129"),
        GOOD_ZH + "十分好用，是一件好礼物。",
    ],
)
def test_a_true_chinese_text_passes(text: str) -> None:
    assert refusals(text, ASK_ZH) == ()


def test_a_value_of_another_row_is_refused() -> None:
    """ "Stainless steel bottle of black glass", as a small model wrote it."""
    lexicon = Lexicon(values={"material": frozenset({"stainless steel", "glass", "steel"})})
    text = GOOD.replace("in black", "in black glass")
    assert refusals(text, ASK) == ()
    assert refusals(text, ASK, lexicon) == ("says material 'glass', which another row has",)
    assert refusals(GOOD, ASK, lexicon) == ()


def test_a_name_that_texts_write_in_lower_case_is_a_word() -> None:
    texts = ["A sturdy bottle. Sturdy it is, by Acme."] * 5
    lexicon = lexicon_of(texts, [{}] * 5)
    assert refusals("Sturdy bottles last. " + GOOD, ASK, lexicon) == ()
    assert "says the name 'Acme', which was not given" in refusals(GOOD + " By Acme.", ASK, lexicon)
    assert lexicon_of(texts[:4], [{}] * 4).words == frozenset()


@pytest.mark.parametrize(
    ("text", "value", "passes"),
    [
        ("This jacket is waterproof.", "yes", True),
        ("This jacket is not waterproof.", "yes", False),
        ("This jacket is not waterproof.", "no", True),
        ("No leaks: this jacket is waterproof.", "no", False),
        ("This is a jacket.", "yes", False),
        ("This jacket, waterproof: no.", "no", True),
    ],
)
def test_yes_and_no_are_said_of_their_name(text: str, value: str, passes: bool) -> None:
    assert (refusals(text, Ask("Describe it.", {"waterproof": value})) == ()) is passes


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("A car with 4 doors and 5 seats.", True),
        ("A car with 5 doors and 4 seats.", False),
        ("Doors: 4, seats: 5.", True),
        ("Doors: 5, seats: 4.", False),
        ("A car with four doors and five seats.", True),
        ("A car: 4 and 5.", False),
    ],
)
def test_numbers_in_each_others_place_are_refused(text: str, passes: bool) -> None:
    assert (refusals(text, Ask("Describe it.", {"doors": "4", "seats": "5"})) == ()) is passes


def test_two_attributes_of_one_value_are_both_said() -> None:
    ask = Ask("Describe it.", {"brand": "Red", "colour": "red"})
    assert refusals("A red cup by Red.", ask) == ()
    assert refusals("A red cup.", ask) != ()
    assert refusals("Width and height are 10.", Ask("It.", {"width": "10", "height": "10"})) != ()


def test_an_example_is_not_copied() -> None:
    example = ({"maker": "Nordia"}, GOOD)
    ask = Ask(ASK.instruction, BOTTLE, [example])
    assert refusals(GOOD, ask) == ("is the copy of an example",)
    other = GOOD.replace("Nordia", "Alpen").replace("750", "500").replace("black", "white")
    assert refusals(GOOD, Ask(ASK.instruction, BOTTLE, [({}, other)])) == ()


def test_a_text_in_another_latin_language_is_refused() -> None:
    ask = Ask("Describe it.", {"maker": "Nordia"})
    german = "die flasche von Nordia ist sehr gut und hält den tee für lange zeit warm"
    assert "is not in English" in refusals(german, ask)


def test_json_fits_its_schema() -> None:
    schema = {
        "type": "object",
        "required": ["text"],
        "properties": {"text": {"type": "string"}},
    }
    ask = Ask("Describe it.", {}, schema=schema)
    assert refusals('{"text": "a"}', ask) == ()
    for wrong in ("{", "[]", "{}", '{"text": 1}', "[" * 500):
        assert refusals(wrong, ask) != ()
    full = Ask("Describe it.", BOTTLE, schema=schema)
    assert refusals(f'{{"text": "{GOOD}"}}', full) == ()
    assert refusals('{"text": "The bottle."}', full) != ()


def test_a_text_of_any_size_is_refused_at_once() -> None:
    began = time.perf_counter()
    assert refusals("ab " * 1_000_000, ASK) == ("has 2999999 characters, more than 600",)
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    ("form", "values", "language"),
    [
        (
            "The {maker} {kind} holds {volume}. It is made of {material} and costs {price}.",
            {
                "maker": ["Nordia", "Alpen", "Fjell"],
                "kind": ["insulated bottle", "travel mug", "tea pot"],
                "volume": ["250 ml", "2500 ml", "0.25 l", "25 ml"],
                "material": ["stainless steel", "steel", "glass"],
                "price": ["24.90 EUR", "249 EUR", "24.90 USD"],
            },
            "en",
        ),
        (
            "{品牌}{品类}采用{材质}材质，容量{容量}，售价{售价}，适合日常使用。",
            {
                "品牌": ["雪岭", "晨曦", "远山"],
                "品类": ["保温杯", "茶壶", "饭盒"],
                "材质": ["不锈钢", "玻璃", "陶瓷"],
                "容量": ["250毫升", "2500毫升", "25毫升", "250升"],
                "售价": ["129元", "12元", "129美元"],
            },
            "zh",
        ),
    ],
    ids=["en", "zh"],
)
def test_a_value_in_the_place_of_another_is_always_refused(
    form: str, values: dict[str, list[str]], language: str
) -> None:
    rng = np.random.default_rng(0)
    rows = [{name: str(rng.choice(own)) for name, own in values.items()} for _ in range(60)]
    lexicon = lexicon_of([form.format(**row) for row in rows], rows)
    for row in rows[:30]:
        ask = Ask("Describe it." if language == "en" else "请描述。", row, language=language)  # type: ignore[arg-type]
        assert refusals(form.format(**row), ask, lexicon) == ()
        for name, own in values.items():
            for value in set(own) - {row[name]}:
                assert refusals(form.format(**{**row, name: value}), ask, lexicon) != (), value


def test_a_number_is_told_from_another_by_the_unit_in_its_name() -> None:
    ask = Ask("Describe the product.", {"volume_ml": "650", "price": "28.50"})
    assert refusals("It holds 650 ml and costs 28.50.", ask) == ()
    assert refusals("It holds 28.50 ml and costs 650.", ask)
    assert refusals("It holds 28.50 and costs 650.", ask)
    two = Ask("Describe the product.", {"volume_ml": "650", "spout_ml": "20"})
    assert refusals("It holds 650 ml and pours 20 ml.", two)


def test_words_that_nothing_gave_are_refused_where_that_is_asked_for() -> None:
    examples = [({"maker": "Alpen"}, "A sturdy cup by Alpen finds its place.")]
    given = {"maker": "Nordia", "price": "9.50"}
    ask = Ask("Describe the product.", given, examples, own_words=0)
    said = "The sturdy cup by Nordia finds its place. It is available and costs 9.50."
    assert refusals(said, ask) == ()
    lie = "The luxurious cup by Nordia, a top choice of gamers, costs 9.50."
    assert refusals(lie, replace(ask, own_words=None)) == ()
    assert refusals(lie, replace(ask, own_words=4)) == ()
    assert refusals(lie, ask) == tuple(
        f"says '{word}' of its own accord" for word in ("luxurious", "top", "choice", "gamers")
    )


def test_a_number_of_a_title_is_not_said_of_something_else() -> None:
    """The title's litres for a price, and a price for the maker, as a small model wrote."""
    row = {"title": "Square Step Can 24 gal", "maker": "Nordia", "price": "399.97"}
    ask = Ask("Describe the product.", row)
    assert refusals("The Square Step Can 24 gal by Nordia is yours for 399.97.", ask) == ()
    wrong = "The Square Step Can 24 gal by Nordia at 399.97 is yours for 24 gal."
    assert refusals(wrong, ask) == ("says a part of title by itself: '24'",)

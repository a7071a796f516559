"""Summaries of planted texts: what they say stands in the text, and is what most of it is about."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.writing.summaries import lead_of, rouge, sentences_of, summary_of

STORY = (
    "Good morning to all readers. The harbour was closed because of the storm. "
    "Ships waited outside of the closed harbour. A cook told a joke. "
    "The storm broke two cranes of the harbour. Cheese is sold on Mondays. "
    "The harbour opens again when the storm is over and the cranes are mended."
)
STORY_ZH = (
    "大家早上好。港口因为台风关闭了。许多货船在关闭的港口外等待。厨师讲了一个笑话。"
    "台风吹坏了港口的两台吊车。周一卖奶酪。台风过后，港口修好吊车才会重新开放。"
)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300), st.integers(1, 5))
def test_every_sentence_stands_in_the_text_in_its_order(text: str, number: int) -> None:
    found = summary_of(text, number)
    assert len(found) <= number
    place = 0
    for sentence in found:
        place = text.index(sentence, place)
    assert summary_of(text, number) == found


@pytest.mark.parametrize(
    ("text", "aside"),
    [(STORY, ("morning", "joke", "Cheese")), (STORY_ZH, ("早上", "笑话", "奶酪"))],
)
def test_what_the_text_is_about_is_chosen(text: str, aside: tuple[str, ...]) -> None:
    found = " ".join(summary_of(text, 3))
    assert not [word for word in aside if word in found]


def test_what_was_said_is_not_said_again() -> None:
    again = STORY + " The harbour was closed because of the storm!" * 3
    found = summary_of(again, 3)
    assert sum("closed because" in sentence for sentence in found) == 1


def test_sentences_end_where_they_end() -> None:
    text = 'He paid 1.50 at 5 p.m. in St. Ives, e.g. "twice." Then?! No.'
    assert sentences_of(text) == [
        'He paid 1.50 at 5 p.m. in St. Ives, e.g. "twice."',
        "Then?!",
        "No.",
    ]
    assert sentences_of("他说：“好。”然后走了！\n真的") == ["他说：“好。”", "然后走了！", "真的"]
    assert sentences_of(" \n ") == []
    assert lead_of(STORY, 2) == sentences_of(STORY)[:2]


def test_rouge_as_counted_by_hand() -> None:
    found = rouge("police killed the gunman", "police kill the gunman")
    assert found.one == pytest.approx(0.75)
    assert found.two == pytest.approx(1 / 3)
    assert found.longest == pytest.approx(0.75)
    assert rouge("the gunman police killed", "police killed the gunman").longest == pytest.approx(
        0.5
    )
    assert rouge("", "a") == rouge("a", "b") == rouge("", "")
    assert rouge("很好", "很好").one == 1.0

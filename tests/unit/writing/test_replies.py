"""Replies: filled from the new row, and never with anything of another customer."""

from __future__ import annotations

import pytest

from tidemill.writing.replies import replies_of, specific_spans

NAMES = ["Anna Lee", "Tom Berg", "Lena Roth", "Ivo Hahn", "Mia Song", "Kim Falk", "Jo Marsh"]
ROWS = [{"name": name, "order": f"A-{4711 + 13 * k}"} for k, name in enumerate(NAMES)]
QUESTIONS = ["where is my parcel", "when does my parcel come", "parcel still not here"]
ASKED = [QUESTIONS[k % 3] for k in range(7)]
TOLD = [
    f"Dear {row['name']}, order {row['order']} is on its way. Call 0800 555 from 9 to 17."
    for row in ROWS
]
NEW = {"name": "Zoe Wild", "order": "B-99"}


def test_a_reply_is_filled_from_the_new_row_and_keeps_what_all_answers_say() -> None:
    made = replies_of(ASKED, TOLD, ROWS)
    reply = made.to("where is the parcel?", NEW)
    assert reply.text == "Dear Zoe Wild, order B-99 is on its way. Call 0800 555 from 9 to 17."
    assert 0.5 < reply.sureness <= 1


def test_without_what_a_slot_needs_there_is_no_reply() -> None:
    made = replies_of(ASKED, TOLD, ROWS)
    assert made.to("where is the parcel?", {"name": "Zoe Wild"}).text is None


@pytest.mark.parametrize(
    "planted",
    [
        "Mrs Ostrander at the desk has your file.",
        "It came back on 14 March.",
        "Your card is 4929 1111.",
        "Write to o.strander@mail.com about it.",
        "Parcelon took it.",
        "You have two parcels there.",
        "we asked tom berg about it.",
        "we asked berg about it.",
    ],
)
def test_what_is_about_another_customer_alone_is_never_said(planted: str) -> None:
    """Each is in the answers of four customers, and the question is theirs, word by word."""
    told = [f"{text} {planted}" if k < 4 else text for k, text in enumerate(TOLD)]
    made = replies_of(["my parcel is lost"] * 4 + ASKED[4:], told, ROWS)
    text = made.to("my parcel is lost", NEW).text
    assert text is None or planted not in text


def test_a_name_that_a_customer_says_is_taken_from_the_new_question() -> None:
    asked = [f"I lost my card. My name is {name}" for name in NAMES]
    made = replies_of(asked, [f"Dear {name}, we block it." for name in NAMES], [{}] * 7)
    reply = made.to("I lost my card. My name is Zoe Wild", {})
    assert reply.text == "Dear Zoe Wild, we block it."
    assert made.to("I lost my card, Zoe", {}).text is None
    assert made.to("I lost my card", {}).text is None


def test_a_greeted_name_that_five_customers_have_is_still_nobody_elses() -> None:
    made = replies_of(["lost card"] * 6, ["Dear Anna, we block it."] * 6, [{}] * 6)
    assert made.to("lost card", {}).text is None


def test_chinese_replies_are_filled_and_guarded() -> None:
    names = ["王小明", "李雷", "韩梅梅", "张伟", "刘洋", "陈静"]
    rows = [{"姓名": name, "订单": f"{4711 + k}"} for k, name in enumerate(names)]
    told = [f"{row['姓名']}您好，您的订单{row['订单']}已发出，请拨打10086。" for row in rows]
    made = replies_of(["我的快递在哪里？"] * 6, told, rows)
    new = {"姓名": "赵敏", "订单": "9001"}
    assert made.to("快递在哪？", new).text == "赵敏您好，您的订单9001已发出，请拨打10086。"
    assert made.to("快递在哪？", {}).text is None
    told = [text + "李雷也有同样的问题。" if k < 4 else text for k, text in enumerate(told)]
    text = replies_of(["我的快递丢了"] * 4 + ["几点开门"] * 2, told, rows).to("快递丢了", new).text
    assert text is None or "李雷" not in text


def test_questions_about_nothing_known_are_not_sure() -> None:
    reply = replies_of(ASKED, TOLD, ROWS).to("quantum chess?", NEW)
    assert reply.sureness < 0.3


def test_an_ordinary_beginning_of_a_sentence_is_no_name() -> None:
    said = "Please wait. The Order came. hello, it is fine."
    found = [said[one.begin : one.end] for one in specific_spans(said, frozenset({"order"}))]
    assert found == ["Order"]


def test_an_hour_that_many_happen_to_have_is_not_said_to_others() -> None:
    """Each of twelve hours stands in five answers: what varies is about the customer."""
    asked = ["when is my show"] * 60
    told = [
        f"Your show is at {8 + k % 12}:30, hall {k % 2 + 1}. Doors open at 7." for k in range(60)
    ]
    made = replies_of(asked, told, [{}] * 60)
    assert made.to("when is my show", {}).text is None
    told = ["Your show is at 10:30, hall 2. Doors open at 7."] * 60
    assert replies_of(asked, told, [{}] * 60).to("when is my show", {}).text == told[0]

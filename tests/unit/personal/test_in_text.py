from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.core.schema import BIRTH_DATES, MAILS, NAMES
from tidemill.personal.in_text import ACCOUNTS, PHONES, personal_spans


def found(text: str) -> list[tuple[str, str]]:
    return [(text[one.start : one.end], one.what) for one in personal_spans(text)]


@pytest.mark.parametrize(
    ("text", "datum", "what"),
    [
        ("write to Anna.Lee+x@mail.co.uk, please", "Anna.Lee+x@mail.co.uk", MAILS),
        ("发到wang88@qq.com谢谢", "wang88@qq.com", MAILS),
        ("call +44 20 7946 0958 today", "+44 20 7946 0958", PHONES),
        ("call (212) 555-0147 or so", "(212) 555-0147", PHONES),
        ("at 650-259-1111.", "650-259-1111", PHONES),
        ("phone number: 0171 2345678", "0171 2345678", PHONES),
        ("手机号13812345678，谢谢", "13812345678", PHONES),
        ("电话：010-51236699", "010-51236699", PHONES),
        ("card 4111 1111 1111 1111 ok", "4111 1111 1111 1111", "payment card numbers"),
        ("to DE89 3704 0044 0532 0130 00", "DE89 3704 0044 0532 0130 00", "bank account"),
        ("身份证11010519491231002X。", "11010519491231002X", "Chinese resident"),
        ("ssn 536-90-4399 is", "536-90-4399", "US social"),
        ("加微信 wang_88xyz 吧", "wang_88xyz", ACCOUNTS),
        ("QQ：609909965", "609909965", ACCOUNTS),
        ("ask @annalee about it", "@annalee", ACCOUNTS),
        ("see https://example.com/users/anna?x=1 now", "https://example.com/users/anna?x=1", "web"),
        ("born on 12 March 1985 in", "12 March 1985", BIRTH_DATES),
        ("my date of birth is 12/03/1985", "12/03/1985", BIRTH_DATES),
        ("我的生日是1985年3月12日", "1985年3月12日", BIRTH_DATES),
        ("Dear Mr. Zolotukhin, thanks", "Zolotukhin", NAMES),
        ("spoke to Dr Oscar van der Berg", "Oscar", NAMES),
        ("my name is Zoe Okafor and", "Zoe Okafor", NAMES),
        ("Hi, I'm Anna Lee from", "Anna Lee", NAMES),
        ("Frau Müller war", "Müller", NAMES),
        ("je m'appelle Élise Dubois", "Élise Dubois", NAMES),
        ("多谢。王小明先生说", "王小明", NAMES),
        ("请找欧阳女士", "欧阳", NAMES),
        ("感谢张师傅", "张", NAMES),
        ("你好，我叫李雷，", "李雷", NAMES),
        ("我是孙波。", "孙波", NAMES),
        ("收货人：赵一", "赵一", NAMES),
    ],
)
def test_personal_data_are_found_where_they_stand(text: str, datum: str, what: str) -> None:
    spans = found(text)
    assert any(one.startswith(datum) and sort.startswith(what) for one, sort in spans), spans


@pytest.mark.parametrize(
    "text",
    [
        "I am German and I'm Happy with it.",
        "Designed Soft Material for the Mr",
        "order 19513967161 of 2024-05-31 for 1,299.00",
        "ISBN 9787111054252, model PX-4711, 12:30",
        "call 400-711-6699",
        "see https://example.com/watch/netflix.com/x",
        "card 4111 1111 1111 1112",
        "谢谢师傅，谢谢快递师傅。感谢骑士师傅",
        "我叫车，我叫快递员。我是学生，我是江苏人",
        "基金经理、温柔女士、马上医生",
        "老百姓的书",
        "",
    ],
)
def test_other_texts_give_no_alarm(text: str) -> None:
    assert found(text) == []


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_spans_are_in_order_and_none_overlaps(text: str) -> None:
    ends = [0]
    for one in personal_spans(text):
        assert ends[-1] <= one.start < one.end <= len(text)
        ends.append(one.end)


def test_long_texts_are_read_in_time() -> None:
    for part in ("1 ", "1-", "a.", "@", "A ", "Mr ", "王", "www.", "姓", "1", "a@a.", "+1 "):
        assert len(personal_spans(part * 20_000)) < 20_001

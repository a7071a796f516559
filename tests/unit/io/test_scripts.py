"""The encoding of a short text is known by its languages' frequent characters."""

from __future__ import annotations

import pytest

from tidemill.io.formats.scripts import ranked

TEXTS = {
    "gb18030": (
        "编号,金额,日期\n1,2,3",
        "网点",
        "有效,是\n",
        "客户满意度调查：产品体验很好，物流速度快，值得推荐！",
        "¥12.50",
        "张伟,李娜,欧阳修",
        "北京市朝阳区建国路88号",
    ),
    "big5": ("編號,金額,日期", "客戶,訂單,總計", "台北市中正區", "姓名,性別"),
    "shift_jis": ("顧客番号,注文日,金額", "りんご,みかん", "氏名"),
    "euc_kr": ("고객번호,이름,금액", "서울특별시", "매출 합계", "주문 상태,완료"),
    "cp1251": ("Дата;Сумма;Клиент", "Да;Нет", "ИТОГО", "Иванов Иван"),
    "cp1252": (
        "Größe;Straße",
        "café,naïve,señor",
        "£12.50",
        "€ 1.234,50",
        "Übung",
        "10°C",
        "– total –",
    ),
}


@pytest.mark.parametrize(
    ("encoding", "text"), [(name, text) for name, texts in TEXTS.items() for text in texts]
)
def test_a_few_characters_tell_the_encoding(encoding: str, text: str) -> None:
    assert ranked(text.encode(encoding))[0][0] == encoding

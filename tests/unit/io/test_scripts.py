"""The encoding of a short text is known by its languages' frequent characters."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.io.file import located
from tidemill.io.formats import delimited
from tidemill.io.formats.encoding import as_utf8
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


@pytest.mark.parametrize("text", ["a\n99.04元\n12.5元", "日 ƽ"])
def test_chinese_that_happens_to_be_utf_8(text: str) -> None:
    run = Run()
    assert as_utf8(text.encode("gb18030"), "f", run).decode() == text
    assert "?encoding=NAME" in run.warnings[0]


@pytest.mark.parametrize("text", ["10 µ", "Ů", "ơ, ư", "ș, ț", "Ԫ Ԭ Ӏ", "元", "ƒ(x)", "é"])
def test_utf_8_stays_what_it_is(text: str) -> None:
    run = Run()
    assert as_utf8(text.encode(), "f", run).decode() == text
    assert run.warnings == []


def test_the_user_may_say_the_encoding(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("město,n\nPlzeň,1\nJičín,2\n".encode("cp1250"))
    run = Run()
    assert delimited.read(located(path, {"encoding": "cp1250"}), run).frame.columns[0] == "město"
    assert run.warnings == []
    path.write_text("a,b\n1,2\n3,4\n", encoding="utf-8-sig")
    assert delimited.read(located(path, {"encoding": "UTF-8"}), run).frame.columns == ["a", "b"]
    for name in ("klingon", "base64", ""):
        with pytest.raises(InputError, match="no encoding"):
            delimited.read(located(path, {"encoding": name}), run)

"""Signs in words: where a minus is not heard, another number is."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tidemill.speaking.speaker import SpokenLanguage

_RANGE = re.compile(r"(?<![\d-])(\d[\d.,]*)\s?[-–]\s?(?=\d[\d.,]*(?![\d-]))")
"""From a number to another one; a date such as 2026-12-02 is none."""
_MINUS = re.compile(r"(?<![A-Za-z0-9)\]-])[-–－](?=[$€£¥￥]?\d)|−")
_MONEY = re.compile(r"([$€£¥￥])\s?(\d[\d.,]*)")
_WORDS: Mapping[SpokenLanguage, Mapping[str, str]] = {
    "en": {
        **{"to": " to ", "minus": " minus ", "%": " percent ", "％": " percent "},
        **{"×": " times ", "&": " and ", "=": " equals ", "+": " plus ", "@": " at "},
        **{"±": " plus or minus ", ">": " more than ", "<": " less than "},
        **{"≥": " at least ", "≤": " at most "},
        **{"$": " dollars ", "€": " euros ", "£": " pounds ", "¥": " yuan ", "￥": " yuan "},
    },
    "zh": {
        **{"to": "到", "minus": "负", "×": "乘", "&": "和", "=": "等于", "+": "加", "±": "正负"},
        **{">": "大于", "<": "小于", "≥": "至少", "≤": "至多"},
        **{"$": "美元", "€": "欧元", "£": "英镑", "¥": "元", "￥": "元"},
    },
}


def signs_in_words(text: str, language: SpokenLanguage) -> str:
    """A text whose signs are words; its numbers stay as they are.

    Example:
        >>> signs_in_words("-2.5 to +3 %, p <0.05", "en").split()
        ['minus', '2.5', 'to', 'plus', '3', 'percent', ',', 'p', 'less', 'than', '0.05']
        >>> signs_in_words("-2.5，10-15，$3", "zh")
        '负2.5，10到15，3美元'
    """
    words = _WORDS[language]
    said = _RANGE.sub(lambda match: match[1] + words["to"], text)
    said = _MINUS.sub(words["minus"], said)
    said = _MONEY.sub(lambda match: match[2] + words[match[1]], said)
    for sign, word in words.items():
        if len(sign) == 1:
            said = said.replace(sign, word)
    return said

"""Numbers in a text, in digits and in words, each with the unit beside it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from tidemill.core import units

_CHINESE_MARKS = str.maketrans({"，": ", ", "、": ", ", "：": ": ", "；": "; ", "−": "-"})
_DIGITS = re.compile(r"(?<![\d.,])(?:(?<![\w)])-)?\d+(?:[.,]\d+)*")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d{0,2}(?:\.\d{3}){2,}")
_SPELLED_UNITS: Mapping[str, str] = {
    word: unit
    for unit, words in {
        "l": "litre litres liter liters 升",
        "ml": "millilitre millilitres milliliter milliliters 毫升",
        "kg": "kilogram kilograms kilo kilos kgs 千克",
        "g": "gram grams gr gramme grammes",
        "oz": "ounce ounces",
        "km": "kilometre kilometres kilometer kilometers",
        "m": "metre metres meter meters",
        "cm": "centimetre centimetres centimeter centimeters",
        "mm": "millimetre millimetres millimeter millimeters 毫米",
        "inches": 'inch inches " ″ 英寸 寸',
        "ft": "foot feet 英尺",
        "W": "watt watts 瓦",
        "V": "V volt volts 伏",
        "Hz": "Hz hz hertz 赫兹",
        "mAh": "mAh mah 毫安",
        "GB": "GB gb gigabyte gigabytes",
        "TB": "TB tb terabyte terabytes",
        "MB": "MB mb megabyte megabytes",
        "weeks": "week weeks 周",
        "months": "month months 月 个月",
        "years": "year years yr yrs 年",
        "hours": "时",
        "minutes": "分",
        "dollars": "dollar 美元",
        "euros": "欧元",
        "pounds": "pound 英镑",
        "yuan": "yuan",
        "°": "° degrees degree 度",
        "thousand": "k K thousand 千",
        "million": "mn mio million millions 百万",
        "billion": "bn billion billions",
        "ten thousand": "万 萬",
        "hundred million": "亿 億",
    }.items()
    for word in words.split()
}
_SMALL = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
    fifteen sixteen seventeen eighteen nineteen""".split()  # noqa: SIM905
_TENS = dict(
    zip(
        "twenty thirty forty fifty sixty seventy eighty ninety".split(),  # noqa: SIM905
        range(20, 100, 10),
        strict=True,
    )
)
_NUMBER_WORDS: Mapping[str, int] = {
    **{word: value for value, word in enumerate(_SMALL) if value > 1},
    **_TENS,
    **{f"hundred{s}": 100 for s in ("", "s")},
    **{f"thousand{s}": 1_000 for s in ("", "s")},
    **{f"million{s}": 1_000_000 for s in ("", "s")},
    **{f"billion{s}": 1_000_000_000 for s in ("", "s")},
    **{f"dozen{s}": 12 for s in ("", "s")},
    "pair": 2,
    "couple": 2,
    "quadruple": 4,
    "twice": 2,
    "double": 2,
    "dual": 2,
    "twin": 2,
    "triple": 3,
}
_COMPOUND = re.compile(
    rf"\b({'|'.join(_TENS)})[- ]({'|'.join(_SMALL[1:10])})\b"
    rf"|\b(one)[- ](?=(?:year|month|week|day|hour|minute|litre|liter|piece|pack)s?\b)"
    rf"|\b({'|'.join(_NUMBER_WORDS)})\b",
    re.IGNORECASE,
)
_CHINESE_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"两": 2}
_CHINESE_COUNTED = (
    "年|个月|月|周|天|日|小时|分钟|秒|毫升|升|千克|公斤|克|斤|厘米|毫米|米|元|件|只|台|瓶|盒|包|"
    "袋|人|位|次|层|档|挡|级|寸|倍|片|张|把|双|套|折|款|种|项|用户|顾客|家"
)
_CHINESE_NUMBER = re.compile(
    rf"(?<!第)([零一二两三四五六七八九十百千万亿]+)(?={_CHINESE_COUNTED})|百分之([零一二两三四五六七八九十百]+)"
)
_ARTICLE = re.compile("一[件只台瓶盒包把套片张位次层款种项家人]")


@dataclass(frozen=True, slots=True)
class NumberInText:
    """A number in a text.

    Attributes:
        number: Its value as text, without marks between digits or zeros at its end.
        unit: The unit or currency beside it; "" where none that is known stands there.
        begin, end: Where it stands in the plain text.
    """

    number: str
    unit: str
    begin: int
    end: int


def plain_form(text: str) -> str:
    """The text with digits and marks of the usual width, one blank for all white space, and "-" for
    a minus.

    Example:
        >>> plain_form("容量：７５０ ml，售价")
        '容量: 750 ml, 售价'
    """
    return " ".join(unicodedata.normalize("NFKC", text.translate(_CHINESE_MARKS)).split())


def quantities(text: str) -> list[NumberInText]:
    """The numbers in a text that :func:`plain_form` gave, in their order.

    A comma before three digits parts thousands, any other one decimals.

    Example:
        >>> [(one.number, one.unit) for one in quantities("24,90 EUR for 1,500 ml, five of $3")]
        [('24.9', 'euros'), ('1500', 'ml'), ('5', ''), ('3', 'dollars')]
    """
    found = [*_in_digits(text), *_in_english(text), *_in_chinese(text)]
    return sorted(found, key=lambda one: one.begin)


def number_value(digits: str) -> str:
    """Digits with their marks as one spelling for one value.

    Example:
        >>> [number_value(one) for one in ("24.90", "24,9", "1,299.00", "05", "0071", "10.4.1")]
        ['24.9', '24.9', '1299', '5', '0071', '10.4.1']
    """
    sign, digits = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
    if _GROUPED.fullmatch(digits):
        return sign + digits.replace(",", "").replace(".", "")
    whole, mark, decimals = digits, "", ""
    last = max(digits.rfind("."), digits.rfind(","))
    if last >= 0:
        whole, mark, decimals = digits[:last], digits[last], digits[last + 1 :]
    if mark and (mark in whole or not (whole.isdigit() or _GROUPED.fullmatch(whole))):
        return sign + digits  # a version or a date
    whole = whole.replace(",", "").replace(".", "")
    if mark or len(whole) <= 2:
        whole = whole.lstrip("0") or "0"
    decimals = decimals.rstrip("0")
    return sign + (f"{whole}.{decimals}" if decimals else whole)


def _in_digits(text: str) -> Iterator[NumberInText]:
    for match in _DIGITS.finditer(text):
        parts = [match[0]]
        if match[0].count(",") > 1 and not _GROUPED.match(match[0].lstrip("-")):
            parts = match[0].split(",")
        unit = _unit_beside(text, match.start(), match.end())
        for part in parts:
            yield NumberInText(number_value(part), unit, match.start(), match.end())


def _unit_beside(text: str, begin: int, end: int) -> str:
    """The unit behind a number, or the currency before it."""
    behind = re.match(r"[ -]?([^\W\d_]+|[%‰°\"″$€£¥￥₩₹]C?F?)", text[end:])
    if behind:
        unit = known_unit(behind[1])
        if unit:
            return unit
    before = re.search(r"(?:^|[^A-Za-z0-9])([A-Z]{3} ?|[A-Z]{0,2}[$€£¥￥₩₹] ?)$", text[:begin])
    return known_unit(before[1].strip()) if before else ""


@lru_cache(maxsize=1 << 16)
def known_unit(text: str) -> str:
    """The unit that a word stands for, or that a run of Chinese characters begins with; "" where
    none is known.

    Example:
        >>> known_unit("litres"), known_unit("毫升的"), known_unit("bottle")
        ('l', 'ml', '')
    """
    for form in (text, text.casefold()):
        if form in _SPELLED_UNITS:
            return _SPELLED_UNITS[form]
        family = units.family_of(form)
        if family != form or form in units.all_units():
            return family
    # Chinese has no blank behind a unit: 毫升的
    if re.match(r"[\u4e00-\u9fff]{2}", text):
        for length in (2, 1):
            known = known_unit(text[:length]) if len(text) > length else ""
            if known:
                return known
    return ""


def unit_words(text: str) -> set[str]:
    """The units that words of a name or a sentence stand for.

    Example:
        >>> sorted(unit_words("price_eur")), sorted(unit_words("weight (kg)"))
        (['euros'], ['kg'])
    """
    words = re.findall(r"[^\W\d_]+|[%‰°$€£¥]", text)
    found = {known_unit(word) or known_unit(word.upper()) for word in words}
    return found - {""}


def _in_english(text: str) -> Iterator[NumberInText]:
    for match in _COMPOUND.finditer(text):
        tens, small, one, single = match.groups()
        if tens:
            value = _TENS[tens.casefold()] + _SMALL.index(small.casefold())
        elif one:
            value = 1
        else:
            value = _NUMBER_WORDS[single.casefold()]
        unit = _unit_beside(text, match.start(), match.end())
        yield NumberInText(str(value), unit, match.start(), match.end())


def _in_chinese(text: str) -> Iterator[NumberInText]:
    for match in _CHINESE_NUMBER.finditer(text):
        begin, end = match.span()
        if _ARTICLE.fullmatch(text[begin : end + 1]):
            continue
        unit = "%" if match[2] else known_unit(re.match(r"[\u4e00-\u9fff]*", text[end:])[0][:3])  # type: ignore[index]
        yield NumberInText(str(_chinese_value(match[1] or match[2])), unit, begin, end)


def _chinese_value(digits: str) -> int:
    """The value of a number in Chinese digits.

    Example:
        >>> [_chinese_value(one) for one in ("十二", "三百五十", "两千", "一二")]
        [12, 350, 2000, 12]
    """
    powers = {"十": 10, "百": 100, "千": 1000}
    if not set(digits) & {*powers, "万", "亿"}:
        return int("".join(str(_CHINESE_DIGITS[one]) for one in digits))
    total, section, digit = 0, 0, 0
    for one in digits:
        if one in powers:
            section += (digit or 1) * powers[one]
            digit = 0
        elif one in "万亿":
            total = (total + section + digit) * (10_000 if one == "万" else 100_000_000)
            section, digit = 0, 0
        else:
            digit = _CHINESE_DIGITS[one]
    return total + section + digit

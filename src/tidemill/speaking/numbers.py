"""Numbers in words."""

from __future__ import annotations

import re

_ONES = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_GROUPS = ("", "thousand", "million", "billion", "trillion")
_MOST = 15
"""Digits of a number that is said as one; longer ones are said digit by digit."""
_DIGITS = "零一二三四五六七八九"
_UNITS = ("", "十", "百", "千")
_MYRIADS = ("", "万", "亿", "兆")
NUMBER = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
"""A number as it stands in a text, also with commas between groups of three digits."""


def english(number: str) -> str:
    """A number in English words.

    Example:
        >>> english("1,204.50"), english("0.07")
        ('one thousand two hundred four point five zero', 'zero point zero seven')
    """
    whole, _, places = number.replace(",", "").partition(".")
    said = _digits(whole) if _is_code(whole) else _english_whole(int(whole))
    return f"{said} point {_digits(places)}" if places else said


def chinese(number: str) -> str:
    """A number in Chinese characters.

    Example:
        >>> chinese("1,204.5"), chinese("10"), chinese("100010"), chinese("0.07")
        ('一千二百零四点五', '十', '十万零一十', '零点零七')
    """
    whole, _, places = number.replace(",", "").partition(".")
    said = _spelled(whole) if _is_code(whole) else _chinese_whole(int(whole))
    return f"{said}点{_spelled(places)}" if places else said


def _is_code(digits: str) -> bool:
    """Whether digits are said one by one."""
    return len(digits) > _MOST or (len(digits) > 1 and digits[0] == "0")


def _digits(digits: str) -> str:
    return " ".join(_ONES[int(digit)] for digit in digits)


def _spelled(digits: str) -> str:
    return "".join(_DIGITS[int(digit)] for digit in digits)


def _english_whole(number: int) -> str:
    if number == 0:
        return _ONES[0]
    parts: list[str] = []
    for group in _GROUPS:
        number, rest = divmod(number, 1000)
        if rest:
            parts.insert(0, f"{_below_thousand(rest)} {group}".strip())
    return " ".join(parts)


def _below_thousand(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    parts = [f"{_ONES[hundreds]} hundred"] if hundreds else []
    if rest >= 20:
        ones = f"-{_ONES[rest % 10]}" if rest % 10 else ""
        parts.append(_TENS[rest // 10] + ones)
    elif rest:
        parts.append(_ONES[rest])
    return " ".join(parts)


def _chinese_whole(number: int) -> str:
    if number == 0:
        return _DIGITS[0]
    said, gap = "", False
    digits = str(number)
    groups = [digits[max(end - 4, 0) : end] for end in range(len(digits), 0, -4)]
    for place in reversed(range(len(groups))):
        group = int(groups[place])
        if group == 0:
            gap = bool(said)
            continue
        lacks = bool(said) and (gap or group < 1000)
        said += ("零" if lacks else "") + _below_myriad(group, alone=not said) + _MYRIADS[place]
        gap = False
    return said


def _below_myriad(number: int, *, alone: bool) -> str:
    said, gap = "", False
    digits = str(number)
    for at, digit in enumerate(digits):
        unit = _UNITS[len(digits) - 1 - at]
        if digit == "0":
            gap = True
            continue
        said += ("零" if gap and said else "") + _DIGITS[int(digit)] + unit
        gap = False
    return said.removeprefix("一") if alone and said.startswith("一十") else said

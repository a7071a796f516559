"""What stands beside numbers: currencies of one family, units, multipliers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from tidemill.core import calendar_names

_UNIT = re.compile(r"\s[^\W\d_]{2,12}(?:[ /][^\W\d_]{1,12}\.?)?\.?|\s?[°\"”″'′](?: ?[CFNSEWKR])?")

# the first of each is the family's name; texts of one family are one unit
_CURRENCIES = (
    ("dollars", "$", "US$", "U$S", "USD", "US dollars", "dollars"),
    ("Australian dollars", "A$", "AU$", "AUD"),
    ("Canadian dollars", "C$", "CA$", "CAD"),
    ("Hong Kong dollars", "HK$", "HKD"),
    ("New Zealand dollars", "NZ$", "NZD"),
    ("Singapore dollars", "S$", "SGD"),
    ("Taiwan dollars", "NT$", "TWD"),
    ("reais", "R$", "BRL"),
    ("Mexican pesos", "MX$", "MXN"),
    ("euros", "€", "EUR", "Euro", "euro", "euros", "EURO"),
    ("pounds", "£", "GBP"),
    ("yuan or yen", "¥", "￥"),
    ("yuan", "元", "人民币", "RMB", "CNY", "CN¥", "CN￥", "块", "人民币元"),
    ("yen", "円", "JPY", "JP¥", "日元"),
    ("won", "₩", "원", "KRW"),
    ("rupees", "₹", "Rs.", "Rs", "INR", "₨"),
    ("francs", "CHF", "Fr.", "SFr."),
    ("crowns", "kr", "kr.", "Kr", "Kr.", "SEK", "NOK", "DKK"),
    ("zlotys", "zł", "PLN"),
    ("Czech crowns", "Kč", "CZK"),
    ("forints", "Ft", "HUF"),
    ("lei", "lei", "RON"),
    ("roubles", "₽", "руб", "руб.", "р.", "RUB"),
    ("hryvnias", "₴", "грн", "UAH"),
    ("lira", "₺", "TL", "TRY"),
    ("dong", "₫", "VND"),
    ("shekels", "₪", "ILS"),
    ("baht", "฿", "THB"),
    ("Philippine pesos", "₱", "PHP"),
    ("naira", "₦", "NGN"),
    ("rand", "R", "ZAR"),
    ("ringgit", "RM", "MYR"),
    ("rupiah", "Rp", "Rp.", "IDR"),
    ("dirhams", "AED"),
    ("riyals", "SAR"),
)
# "¥" and "元" in one column are one currency, and so are "¥" and "円"
_WIDER = {"yuan or yen": ("yuan", "yen")}
_MEASURES = (
    ("%", "%", "％", "pct", "percent"),
    ("‰", "‰"),
    ("bp", "bp", "bps"),
    ("°C", "°C", "℃"),
    ("°F", "°F", "℉"),
    ("kg", "kg", "Kg", "KG", "公斤"),
    ("g", "g", "克"),
    ("mg", "mg"),
    ("lb", "lb", "lbs", "lbs."),
    ("oz", "oz", "oz."),
    ("km", "km", "公里"),
    ("m", "m", "米"),
    ("cm", "cm", "厘米"),
    ("mm", "mm"),
    ("miles", "mi", "miles"),
    ("ft", "ft"),
    ("l", "l", "L"),
    ("ml", "ml", "mL"),
    ("m²", "m²", "m2", "㎡", "平米", "平方米"),
    ("sqft", "sqft", "sq ft", "sq. ft."),
    ("kWh", "kWh"),
    ("W", "W"),
    ("kW", "kW"),
    ("km/h", "km/h", "kmh"),
    ("mph", "mph"),
    ("hours", "h", "hr", "hrs", "hour", "hours", "Std", "Std.", "Stunden", "小时"),
    ("minutes", "min", "min.", "mins", "minute", "minutes", "Min", "Min.", "Minuten", "分钟"),
    ("seconds", "sec", "secs", "second", "seconds", "Sek", "Sek.", "Sekunden", "秒"),
    ("days", "day", "days", "Tage", "天"),
    ("pieces", "pcs", "pc", "Stk", "Stk.", "St.", "件", "个", "台"),
)
BYTES: Mapping[str, int] = {
    "KB": 3,
    "kB": 3,
    "MB": 6,
    "GB": 9,
    "TB": 12,
}
"""Sizes of files above a byte: the power of ten of each unit."""
MULTIPLIERS: Mapping[str, int] = {
    "k": 3,
    "K": 3,
    "m": 6,
    "M": 6,
    "mn": 6,
    "mio": 6,
    "Mio": 6,
    "Mio.": 6,
    "mln": 6,
    "million": 6,
    "Million": 6,
    "millions": 6,
    "b": 9,
    "B": 9,
    "bn": 9,
    "Bn": 9,
    "BN": 9,
    "billion": 9,
    "Mrd": 9,
    "Mrd.": 9,
    "Tsd": 3,
    "Tsd.": 3,
    "thousand": 3,
    "tn": 12,
    "trillion": 12,
    "lakh": 5,
    "Lakh": 5,
    "crore": 7,
    "千": 3,
    "万": 4,
    "萬": 4,
    "百万": 6,
    "亿": 8,
    "億": 8,
    "만": 4,
    "억": 8,
}
"""Words and letters that stand for a power of ten."""


def currencies() -> tuple[str, ...]:
    """Every text that stands for a currency."""
    return tuple(text for _, *texts in _CURRENCIES for text in texts)


def at_sight(affix: str, *, marked: bool, before: bool) -> bool:
    """Whether a text beside a number is a unit at sight, and not a letter of a code ("R2", "5B").

    Args:
        affix: What stands there, with its blanks.
        marked: Whether any number has a decimal or thousands mark.
        before: Whether it stands before the number.
    """
    unit = affix.strip()
    if not unit:
        return True
    if unit not in _families():
        return not before and _is_like_unit(affix)
    letters = unit.rstrip(".")
    if not (letters.isascii() and letters.isalpha()) or marked:
        return True
    return affix != unit if before or len(letters) == 1 else True


def _is_like_unit(affix: str) -> bool:
    """Whether a text behind all numbers of a column may be a unit that is not known ("12.5 kmpl",
    "1,204 views", "17.3°"), and no month or half of the day."""
    words = affix.lower().replace(".", "").split()
    return _UNIT.fullmatch(affix) is not None and not calendar_names.all_words().intersection(words)


def sure_currencies() -> tuple[str, ...]:
    """Currencies that are signs, or three capitals: what is hardly ever anything else."""
    return tuple(text for text in currencies() if not re.fullmatch(r"[A-Za-z.]{1,2}\.?", text))


def measures() -> tuple[str, ...]:
    """Every text that stands for a unit that is no currency."""
    return tuple(text for _, *texts in _MEASURES for text in texts)


def all_units() -> tuple[str, ...]:
    """Every text that stands for a currency, another unit or a power of ten."""
    return (*currencies(), *measures(), *BYTES, *MULTIPLIERS, "B")


def pattern(texts: Iterable[str]) -> str:
    """A regular expression of any of these texts, the longest first."""
    longest_first = sorted(set(texts), key=lambda text: (-len(text), text))
    return "|".join(map(re.escape, longest_first))


def family_of(unit: str) -> str:
    """The unit that a text stands for, whatever its spelling; the text itself where it is not
    known.

    Example:
        >>> family_of("USD"), family_of("$"), family_of("kg")
        ('dollars', 'dollars', 'kg')
    """
    return _families().get(unit.strip(), unit.strip())


def common_names() -> dict[str, str]:
    """The unit of every text that stands for one; of "¥" the yuan."""
    names = {text: name for name, *texts in (*_CURRENCIES, *_MEASURES) for text in texts}
    return {text: _WIDER.get(name, (name,))[0] for text, name in names.items()}


def families(units: Iterable[str]) -> list[str]:
    """The different units among texts, each once and sorted; "" where there is none.

    Example:
        >>> families(["¥", "元", ""]), families(["$", "€"])
        (['', 'yuan'], ['dollars', 'euros'])
    """
    found = {family_of(unit) for unit in units}
    for wide, narrow in _WIDER.items():
        if wide in found and any(one in found for one in narrow):
            found.discard(wide)
    return sorted(found)


@lru_cache(maxsize=1)
def _families() -> dict[str, str]:
    return {text: name for name, *texts in (*_CURRENCIES, *_MEASURES) for text in texts}

"""Numbers in the many forms in which people, ledgers and languages write them, read one way and
leniently."""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass
from decimal import Decimal
from functools import lru_cache

import polars as pl

from tidemill.core import units
from tidemill.core.numerals import LETTER_SIDES, NEGATIVE_SIDES, SIDES, narrowed, plain
from tidemill.core.schema import Spelling

_EXACT_DIGITS = 15
_ONE_LENGTH = 0.9
_NEEDS_CURRENCY = ("m", "b", "B")
_USUAL = {
    "\u00a0": " ",
    "\u202f": " ",
    "\u2009": " ",
    "\u2007": " ",
    "\u2212": "-",
    "\u2013": "-",
    "△": "-",
    "▲": "-",
    "’": "'",
    "，": ",",
    "٫": ".",
    "٬": ",",
    # digits of Arabic, Persian and Hindi
    **{chr(zero + digit): str(digit) for zero in (0x660, 0x6F0, 0x966) for digit in range(10)},
}
_NO_CENTS = r"(\d)[.,](?:--?|—)(\s|€|$)"  # "12,-" and "12.--"
_SPLIT = (
    r"^(?P<before>\D*?\p{L}\.|\D*?)"
    r"(?P<body>(?:\d(?:[\d.,' ]*\d)?[.,]?|[.,]\d+)(?:[eE][-+]?\d+)?)(?P<after>\D*)$"
)
_SURE = units.pattern(units.sure_currencies())
# zero as spreadsheets write it in accounts
_ZERO_BEHIND, _ZERO_BEFORE = rf"^((?:{_SURE})\s*)-+$", rf"^-+(\s*(?:{_SURE}))$"
_UNSURE = units.pattern(set(units.currencies()) - set(units.sure_currencies()))
_ABOUT = r"(?:[~≈∼]|ca\.?\s|circa\s|approx\.?\s|about\s|約|约)?"
_SIDES = units.pattern(side for side in SIDES if side not in LETTER_SIDES)
_BEFORE = re.compile(
    rf"(?P<open>\(?){_ABOUT}\s?(?P<s1>[-+]?)(?:(?P<side>{_SIDES})\s?)?\s?"
    rf"(?P<unit>(?:{_SURE})\s?|(?:{_UNSURE})(?:\s|(?<=\.))|)(?P<s2>[-+]?)\s?(?P<inner>\(?)"
)
_LETTERS = units.pattern(unit for unit in units.measures() if re.fullmatch("[A-Za-z]", unit))
_UNITS = units.pattern(
    unit for unit in units.measures() + units.currencies() if not re.fullmatch("[A-Za-z]", unit)
)
_POWERS = units.pattern((*units.MULTIPLIERS, *units.BYTES))
_AFTER = re.compile(
    rf"(?:\s(?P<bytes>B|[Bb]ytes)|\s?(?P<power>{_POWERS}))?"
    rf"(?P<unit>\s?(?:{_UNITS})|\s(?:{_LETTERS})|)(?P<bound>[+]?)(?P<s3>-?)(?P<close>\)?)"
    rf"(?:\s?(?P<side>{_SIDES}|\s[{''.join(sorted(LETTER_SIDES))}]))?"
)
_FORM = {
    "power": pl.Int64,
    "power_text": pl.String,
    "unit": pl.String,
    "side": pl.String,
    "is_negative": pl.Boolean,
    "is_bound": pl.Boolean,
}
BOUND = "+"
"""The suffix of a spelling in which every number is the lower bound of what is meant."""


def usual(text: pl.Series) -> pl.Series:
    """The cells without outer blanks, and with the usual digits, blanks, minus signs and
    apostrophes.

    Example:
        >>> usual(pl.Series([" １２，３４５．６７ ", "−5", " $ -   "])).to_list()
        ['12,345.67', '-5', '$ 0']
    """
    text = text.str.strip_chars().str.replace(_NO_CENTS, "${1}${2}")
    text = text.str.replace(_ZERO_BEHIND, "${1}0").str.replace(_ZERO_BEFORE, "0${1}")
    if not text.str.contains(r"[^\x00-\x7f]").any():
        return text
    return narrowed(text).str.replace_many(list(_USUAL), list(_USUAL.values())).str.strip_chars()


def read_leniently(text: pl.Series, spelling: Spelling) -> pl.Series:
    """The cells as numbers: Int64 where all are whole, else Float64.

    Read are currencies, units and words such as "million" on either side, and negative numbers as
    "(5)", "5-" or "5 DR". Codes give null (leading zeros, "80E0", whole numbers of more than 18
    digits), as do numbers with more digits than a float holds, and whatever is no number.

    Args:
        text: A String series.
        spelling: Its marks are what counts, and a suffix "+".

    Example:
        >>> read_leniently(pl.Series(["($1,234.50)", "19M", "80E0", "7"]),
        ...     Spelling(thousands=",")).to_list()
        [-1234.5, 19000000.0, None, 7.0]
    """
    levels = text.unique()
    if len(levels) * 2 > len(text):
        return _values(text, spelling)
    values = pl.DataFrame({"text": levels, "value": _values(levels, spelling)})
    rows = text.to_frame("text").join(
        values, on="text", how="left", maintain_order="left", nulls_equal=True
    )
    return rows["value"].alias(text.name)


def _values(text: pl.Series, spelling: Spelling) -> pl.Series:
    parts = _parts(text, spelling)
    digits = plain(parts["body"], spelling)
    powers = parts["power"].fill_null(0)
    scaled = digits + ("e" + powers.cast(pl.String))
    digits = digits.zip_with(powers == 0, scaled)
    values = digits.cast(pl.Float64, strict=False)
    values = values.set(values.is_infinite().fill_null(False), None)
    whole = digits.cast(pl.Int64, strict=False)
    if (powers != 0).any():
        fits = (values == values.round()) & (values.abs() < 2.0**53)
        in_full = values.set(~fits.fill_null(False) | (powers == 0), None).cast(pl.Int64)
        whole = whole.fill_null(in_full)
    if whole.count() == values.count():
        values = whole
    else:
        values = values.set(_inexact(digits, values), None)
    return values.zip_with(~parts["is_negative"].fill_null(False), -values).alias(text.name)


def units_among(text: pl.Series, spelling: Spelling) -> list[str]:
    """The different units of cells that can be read, each once and sorted; "" for none.

    Example:
        >>> units_among(pl.Series(["¥5", "6元", "7"]), Spelling())
        ['', 'yuan']
    """
    parts = _parts(text.unique(), spelling).filter(pl.col("body").is_not_null())
    return units.families(parts["unit"].unique())


def different_units(text: pl.Series, spelling: Spelling) -> list[str]:
    """The units of a column of numbers that have not all the same; empty where they have.

    With one unit, some numbers may lack it, unless it is a per cent sign.
    """
    found = units_among(text, spelling)
    if len(found) > 2 or (len(found) == 2 and (found[0] or found[1] in ("%", "‰", "bp"))):
        return [unit or "none" for unit in found]
    return []


def is_one_sided(text: pl.Series, spelling: Spelling) -> bool:
    """Whether some numbers say that they are credit ("5.10 CR") and the others say nothing, so that
    nobody knows their sign."""
    if not text.str.contains(r"\d.*[CcH贷]").any():
        return False
    sides = _parts(text.unique(), spelling).filter(pl.col("body").is_not_null())["side"]
    return set(sides) > {""} and not set(sides) & NEGATIVE_SIDES


@dataclass(frozen=True)
class _Beside:
    """What stands about the digits of a number, understood.

    Attributes:
        power: The power of ten that it multiplies by.
        power_text: Its text.
        unit: The family of its currency or unit, "" for none.
        side: Its side of an account, "" for none.
        is_negative: Whether it says that the number is negative.
        is_bound: Whether it says that the number is a lower bound.
    """

    power: int
    power_text: str
    unit: str
    side: str
    is_negative: bool
    is_bound: bool


def _parts(text: pl.Series, spelling: Spelling) -> pl.DataFrame:
    """What each cell consists of: its body (null where it is no number), and what its form says."""
    split = usual(text).str.extract_groups(_SPLIT).struct.unnest()
    forms = split.select("before", "after").drop_nulls().unique()
    rows = []
    for before, after in forms.iter_rows():
        form = _form(before, after)
        if form is not None:
            rows.append((before, after, *astuple(form)))
    known = pl.DataFrame(rows, {"before": pl.String, "after": pl.String, **_FORM}, orient="row")
    found = split.join(known, on=["before", "after"], how="left", maintain_order="left")
    body, power_text = pl.col("body"), pl.col("power_text")
    ok = (
        body.str.contains(_body(spelling.thousands, spelling.decimal))
        & power_text.is_not_null()
        & ((power_text == "") | ~body.str.contains("[eE]"))
        # "85123K" is an article, and no 85 million; "5B" is a flat
        & ~(power_text.str.contains("^[A-Za-z]$") & body.str.contains(r"^\d{5,}$"))
        & ((power_text != "B") | (pl.col("unit") != "") | body.str.contains("[.,]"))
        & (~pl.col("side").is_in(list(LETTER_SIDES)) | body.str.contains(r"[.,]\d\d$"))
        & (~pl.col("is_bound") | (spelling.suffix == BOUND))
    )
    return found.with_columns(pl.when(ok).then(body).alias("body"))


@lru_cache(maxsize=4096)
def _form(before: str, after: str) -> _Beside | None:
    """The form of these texts before and after the digits; None where something in them is not
    known, or two things say the sign."""
    left, right = _BEFORE.fullmatch(before), _AFTER.fullmatch(after)
    if left is None or right is None:
        return None
    opened, closed = left["open"] or left["inner"], right["close"]
    if bool(opened) != bool(closed) or (left["open"] and left["inner"]):
        return None
    if left["side"] and right["side"]:
        return None
    side = (left["side"] or right["side"] or "").strip()
    signs = [mark for mark in (opened, left["s1"], left["s2"], right["s3"], side) if mark]
    named = {units.common_names()[one.strip()] for one in (left["unit"], right["unit"]) if one}
    if len(signs) > 1 or len(named) > 1:
        return None
    power = right["power"] or ""
    size = power in units.BYTES or bool(right["bytes"])
    unit = "bytes" if size else "".join(named)
    if power in _NEEDS_CURRENCY and power != "B" and not unit:
        return None
    minus = bool(signs) and (signs[0] in "(-" or side in NEGATIVE_SIDES)
    tens = {**units.MULTIPLIERS, **units.BYTES}.get(power, 0)
    return _Beside(tens, power, unit, side, minus, bool(right["bound"]))


@lru_cache(maxsize=64)
def _body(thousands: str, decimal: str) -> str:
    """The pattern of the digits of a number with these marks; no code begins with a zero."""
    group, mark = (f"[{one}]" if one else "" for one in (thousands, decimal))
    whole = [r"0", r"[1-9]\d{0,17}"]
    if group:
        whole.append(rf"[1-9]\d{{0,2}}(?:{group}\d{{3}}){{1,5}}")
    if thousands == ",":
        whole.append(r"[1-9]\d?(?:,\d\d){0,5},\d{3}")
    scientific = rf"\d+(?:{mark}\d*[eE][-+]?\d+|[eE][-+]\d+)"
    return rf"^(?:{scientific}|(?:{'|'.join(whole)})(?:{mark}\d*)?|{mark}\d+)$"


def _inexact(digits: pl.Series, values: pl.Series) -> pl.Series:
    """(rows,) True where a float does not hold all digits that are written."""
    length = digits.str.replace(r"[eE].*", "").str.replace_all(r"\D", "")
    long = (length.str.strip_chars_start("0").str.len_chars() > _EXACT_DIGITS).fill_null(False)
    long &= values.is_not_null()
    if not long.any():
        return long
    at = long.arg_true()
    pairs = zip(digits.gather(at), values.gather(at), strict=True)
    lost = [Decimal(repr(value)) != Decimal(digit) for digit, value in pairs]
    return long.scatter(at, lost)


def are_codes(text: pl.Series) -> bool:
    """Whether cells of digits are codes: all of one length, some with a zero in front, or with an
    "E" among them ("80E0").

    Example:
        >>> are_codes(pl.Series(["10500", "00003"])), are_codes(pl.Series(["105", "7"]))
        (True, False)
    """
    digits = text.filter(text.str.contains(r"^\d+(?:E\d+)?$"))
    odd = digits.filter(digits.str.contains(r"^0\d|E"))
    if odd.is_empty():
        return False
    length = digits.str.len_chars()
    usual_length = length.mode()[0]
    return bool(
        (length == usual_length).mean() >= _ONE_LENGTH
        and (odd.str.len_chars() == usual_length).any()
    )


def are_numbered(text: pl.Series) -> bool:
    """Whether nearly all cells are telephone numbers or stand for themselves, as "+4930123456",
    "(3)" and "5+" do, whose signs do not say what is negative.

    Example:
        >>> are_numbered(pl.Series(["(1)", "(2)"])), are_numbered(pl.Series(["(1)", "2"]))
        (True, False)
    """
    found = text.str.contains(r"^(?:\+\d{7,}|\(\d{1,3}\)|\d{1,3}-)$")
    return bool((found.mean() or 0.0) >= _ONE_LENGTH)  # type: ignore[operator]


def like_codes(text: pl.Series) -> pl.Series:
    """(rows,) True where a cell has digits only, but is no number: a zero in front, "80E0", or more
    digits than a number holds."""
    return text.str.contains(r"^0\d+$|^\d+[eE]\d+$|^\d{19,}$|^[-+]?\d[\d,]{7,}\.\d+$")

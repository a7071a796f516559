"""Numbers in the many forms in which people, ledgers and languages write them, read one way and
leniently."""

from __future__ import annotations

import re
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
    "’": "'",
    "，": ",",
}
_SURE = units.pattern(units.sure_currencies())
_UNSURE = units.pattern(set(units.currencies()) - set(units.sure_currencies()))
_BEFORE = rf"(?:(?:{_SURE})\s?|(?:{_UNSURE})\s)"
_LETTERS = units.pattern(unit for unit in units.measures() if re.fullmatch("[A-Za-z]", unit))
_AFTER = units.pattern(
    unit for unit in units.measures() + units.currencies() if not re.fullmatch("[A-Za-z]", unit)
)
_POWERS = units.pattern((*units.MULTIPLIERS, *units.BYTES))
_SIDES_AFTER = units.pattern(side for side in SIDES if side not in LETTER_SIDES)
_ABOUT = r"(?:[~≈∼]|ca\.?\s|circa\s|approx\.?\s|about\s|約|约)"
BOUND = "+"
"""The suffix of a spelling in which every number is the lower bound of what is meant."""


def usual(text: pl.Series) -> pl.Series:
    """The cells without outer blanks, and with the usual digits, blanks, minus signs and
    apostrophes.

    Example:
        >>> usual(pl.Series([" １２，３４５．６７ ", "−5"])).to_list()
        ['12,345.67', '-5']
    """
    text = text.str.strip_chars()
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
    parts = _parts(text, spelling)
    digits = plain(parts["body"], spelling)
    powers = parts["power"].replace_strict(
        {**units.MULTIPLIERS, **units.BYTES}, default=0, return_dtype=pl.Int64
    )
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
    return values.zip_with(~parts["is_negative"], -values).alias(text.name)


def units_among(text: pl.Series, spelling: Spelling) -> list[str]:
    """The different units of cells that can be read, each once and sorted; "" for none.

    Example:
        >>> units_among(pl.Series(["¥5", "6元", "7"]), Spelling())
        ['', 'yuan']
    """
    parts = _parts(text, spelling).filter(pl.col("body").is_not_null())
    sizes = (parts["bytes"] != "") | parts["power"].is_in(list(units.BYTES))
    either = parts["before"].zip_with(parts["before"] != "", parts["after"]).set(sizes, "bytes")
    return units.families(either.unique().drop_nulls())


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
    sides = _parts(text, spelling).filter(pl.col("body").is_not_null())["side"].unique()
    return set(sides) > {""} and not set(sides) & NEGATIVE_SIDES


def _parts(text: pl.Series, spelling: Spelling) -> pl.DataFrame:
    """What each cell consists of: body (null where it is no number), before, after, power, bytes,
    side ("" where there is none), is_negative."""
    pattern = _pattern(spelling.thousands, spelling.decimal, spelling.suffix == BOUND)
    found = usual(text).str.extract_groups(pattern).struct.unnest()
    found = found.with_columns(pl.col(found.columns).fill_null(""))
    found = found.with_columns(pl.col("before", "after", "side").str.strip_chars())
    minus = (
        pl.concat_str("s1", "s2", "s3").str.count_matches("-")
        + (pl.col("open") == "(").cast(pl.UInt32)
        + pl.col("side").is_in(list(NEGATIVE_SIDES)).cast(pl.UInt32)
    )
    said = pl.concat_str("open", "s1", "s2", "s3").str.len_chars() + (pl.col("side") != "").cast(
        pl.UInt32
    )
    cents = pl.col("body").str.contains(r"[.,]\d\d$")
    unit, other = (pl.col(c).replace(units.common_names()) for c in ("before", "after"))
    # "85123K" is an article, and no 85 million
    code = pl.col("power").str.contains("^[A-Za-z]$") & pl.col("body").str.contains(r"^\d{5,}$")
    billions = (pl.col("power") == "B") & pl.col("body").str.contains(r"[.,]")
    ok = (
        (pl.col("body") != "")
        & (said <= 1)
        & ((pl.col("open") == "(") == (pl.col("close") == ")"))
        & ((unit == "") | (other == "") | (unit == other))
        & ((pl.col("power") == "") | ~pl.col("body").str.contains("[eE]"))
        & (~pl.col("power").is_in(list(_NEEDS_CURRENCY)) | (unit != "") | billions)
        & ~code
        & (~pl.col("side").is_in(list(LETTER_SIDES)) | cents)
    )
    return found.select(
        pl.when(ok).then("body").alias("body"),
        "before",
        "after",
        "power",
        "bytes",
        "side",
        is_negative=minus == 1,
    )


@lru_cache(maxsize=64)
def _pattern(thousands: str, decimal: str, bound: bool) -> str:
    group, mark = (f"[{one}]" if one else "" for one in (thousands, decimal))
    whole = [r"0", r"[1-9]\d{0,17}"]
    if group:
        whole.append(rf"[1-9]\d{{0,2}}(?:{group}\d{{3}}){{1,5}}")
    if thousands == ",":
        whole.append(r"[1-9]\d?(?:,\d\d){0,5},\d{3}")
    scientific = rf"\d+(?:{mark}\d*[eE][-+]?\d+|[eE][-+]\d+)"
    body = rf"{scientific}|(?:{'|'.join(reversed(whole))})(?:{mark}\d*)?|{mark}\d+"
    after = rf"\s?(?:{_AFTER})|\s(?:{_LETTERS})"
    letters = "".join(sorted(LETTER_SIDES))
    return (
        rf"^(?P<open>\(?)(?:{_ABOUT}\s?)?(?P<s1>[-+]?)\s?(?P<before>{_BEFORE}|)(?P<s2>[-+]?)\s?"
        rf"(?P<body>{body})(?:\s(?P<bytes>B|[Bb]ytes)|\s?(?P<power>{_POWERS}))?(?P<after>{after}|)"
        rf"{'[+]?' if bound else ''}(?P<s3>-?)(?P<close>\)?)"
        rf"(?:\s?(?P<side>{_SIDES_AFTER}|\s[{letters}]))?$"
    )


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


def like_codes(text: pl.Series) -> pl.Series:
    """(rows,) True where a cell has digits only, but is no number: a zero in front, "80E0", or more
    digits than a number holds."""
    return text.str.contains(r"^0\d+$|^\d+[eE]\d+$|^\d{19,}$|^[-+]?\d[\d,]{7,}\.\d+$")

"""Numbers written as text: marks between digits, what stands before and after, decimals; both ways,
nothing lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Literal

import numpy as np
import polars as pl

from tidemill.core import units
from tidemill.core.conventions import UNKNOWN, Conventions
from tidemill.core.schema import Spelling

_CURRENCY = r"[$€£¥￥₹₽₩₺₫₪]|R\$|US\$|Rs\.?|USD|EUR|GBP|CNY|RMB|JPY|INR|CHF|AUD|CAD"
_UNIT = r"[%‰€£₽₫]|元|円|원|kr|zł|USD|EUR|GBP|CNY|RMB|JPY|CHF|°C|°F"
_AFFIXED = re.compile(
    rf"(-?)((?:(?:{_CURRENCY}) ?)?)([^A-Za-z$€£%]*\d(?:[eE][-+]?\d+)?)((?: ?(?:{_UNIT}))?)"
)
_SAMPLE = 200
_SHARE = 0.8
# signs, currencies, units and sides of an account about a number
_AROUND = rf"(?:[^\d\p{{L}}]|{units.pattern(units.all_units())}|[DCSH]R?|借|贷)*"
_NUMBER = r"(?:0|[1-9]\d*|[1-9]\d{0,2}(?:[.,' \u00a0\u202f’]\d{2,3})*)(?:[.,]\d*)?"
_NUMBER_LIKE = rf"^{_AROUND}{_NUMBER}{_AROUND}$"
_LEADING_ZERO = rf"^{_AROUND}0\d"
_EITHER = rf"^{_AROUND}[1-9]\d{{0,2}}[.,]\d{{3}}{_AROUND}$"
_MAX_PLACES = 15
_MAX_DIGITS = 36  # polars' decimals hold 38
# (thousands mark, decimal mark), the likelier first: a column of "1,234" alone has thousands, one
# of "1.234" decimals
_MARKS = (
    ("", "."),
    (",", "."),
    (".", ","),
    ("", ","),
    (" ", "."),
    (" ", ","),
    ("\u00a0", "."),
    ("\u00a0", ","),
    ("\u202f", ","),
    ("'", "."),
    ("’", "."),
)


def spellings_of(
    cells: list[str], conventions: Conventions = UNKNOWN
) -> Iterator[tuple[pl.DataType, Spelling]]:
    """Dtypes and spellings that every cell has the shape of, the likelier first.

    Args:
        cells: Cells without missing markers.
        conventions: What other columns of the file prove.

    Example:
        >>> dtype, spelling = next(spellings_of(["-$1,250.00", "$3.50"]))
        >>> dtype, spelling.prefix, spelling.thousands, spelling.places
        (Float64, '$', ',', 2)
    """
    found = _without_affixes(cells)
    if found is None:
        return
    prefix, suffix, bodies = found
    for thousands, decimal in marks_in(bodies, conventions):
        if not all(map(_shape(thousands, decimal).fullmatch, bodies)):
            continue
        spelling = Spelling(decimal=decimal, thousands=thousands, prefix=prefix, suffix=suffix)
        decimals = {len(body.partition(decimal)[2]) for body in bodies}
        if decimals == {0}:
            yield pl.Int64(), spelling
        elif len(decimals) == 1 and max(decimals) <= _MAX_PLACES:
            yield pl.Float64(), replace(spelling, places=max(decimals))
        yield pl.Float64(), replace(spelling, places=None)
        yield pl.Float64(), replace(spelling, places=0)


def marks_in(cells: list[str], conventions: Conventions = UNKNOWN) -> list[tuple[str, str]]:
    """The pairs of thousands and decimal mark that could be meant: those with the file's decimal
    mark first, then the usual one, and those that occur in any cell."""
    marks = []
    for thousands, decimal in _MARKS:
        mark = thousands or decimal
        if (mark == "." and not thousands) or any(mark in cell for cell in cells):
            marks.append((thousands, decimal))
    return sorted(marks, key=lambda pair: pair[1] != (conventions.decimal or pair[1]))


def decimal_shown(text: pl.Series) -> Literal["", "either", ".", ","]:
    """The decimal mark that a column of numbers proves; "either" where each of its marks could as
    well part thousands, "" where it says nothing.

    Example:
        >>> [decimal_shown(pl.Series([cell])) for cell in ("19,47", "1.234,5", "2.155", "7")]
        [',', ',', 'either', '']
    """
    text = text.drop_nulls()
    sample = text.gather_every(max(1, len(text) // _SAMPLE))
    sample = sample.filter(sample.str.contains(r"\d"))
    marked = sample.str.contains(r"\d[.,]\d")
    if not marked.any() or sample.str.contains(_NUMBER_LIKE).mean() < _SHARE:  # type: ignore[operator]
        return ""
    if sample.str.contains(_LEADING_ZERO).any():  # days and months, times, codes
        return ""
    for cells in (sample, text):  # the whole column only where the sample leaves it open
        point, comma = (cells.str.contains(_proof(mark)).any() for mark in ".,")
        if point != comma:
            return "." if point else ","
        if point:
            return ""
    return "either" if sample.str.contains(_EITHER).any() else ""


def read(text: pl.Series, dtype: pl.DataType, spelling: Spelling) -> pl.Series:
    """The cells as numbers of this dtype; null where a cell is none, and where it says NaN."""
    if spelling.prefix:
        text = text.str.replace(spelling.prefix, "", literal=True)
    if spelling.suffix:
        text = text.str.strip_suffix(spelling.suffix)
    values = _plain(text, spelling).cast(dtype, strict=False)
    return values.fill_nan(None) if dtype == pl.Float64 else values


def read_leniently(text: pl.Series, spelling: Spelling) -> pl.Series:
    """The cells as numbers with any currency sign or unit: Int64 where all are whole, else Float64.

    Leading zeros and whole numbers of more than 18 digits are codes: they give null, as does
    whatever is no number.
    """
    mark, group = re.escape(spelling.decimal), re.escape(spelling.thousands)
    grouped = rf"|[1-9]\d{{0,2}}(?:{group}\d{{3}}){{1,5}}" if group else ""
    body = rf"[-+]?(?:0|[1-9]\d{{0,17}}{grouped})?(?:{mark}\d+)?(?:[eE][-+]?\d+)?"
    pattern = rf"^([-+]?)(?:(?:{_CURRENCY}) ?)?({body})(?: ?(?:{_UNIT}))?$"
    parts = text.str.extract_groups(pattern).struct.unnest()
    plain = _plain(parts["1"].str.strip_prefix("+") + parts["2"], spelling)
    values = plain.cast(pl.Float64, strict=False)
    whole = plain.cast(pl.Int64, strict=False)
    if whole.count() == values.count():
        values = whole
    return values.alias(text.name)


def write_integers(values: pl.Series, spelling: Spelling) -> pl.Series:
    """Whole numbers as text; null stays null."""
    return _dressed(values.cast(pl.String), spelling)


def write_floats(values: pl.Series, spelling: Spelling) -> pl.Series:
    """Floats as text, with decimals as :func:`tidemill.core.spelling.spelled` says; null stays
    null."""
    if spelling.places:
        return _dressed(_fixed(values, spelling.places), spelling)
    text = values.cast(pl.String)
    if spelling.places == 0:
        text = text.str.strip_suffix(".0")
    size = values.abs()
    # where polars writes neither as Python nor in full
    odd = ((size < 1e-4) & (size > 0)) | (size >= 1e16)
    if odd.any():
        cells = []
        for value in values.filter(odd):
            in_full = spelling.places is not None
            cells.append(np.format_float_positional(value, trim="-") if in_full else repr(value))
        text = _patched(text, odd, cells)
    return _dressed(text, spelling)


def _fixed(values: pl.Series, places: int) -> pl.Series:
    wide = (values.abs() >= 10.0 ** (_MAX_DIGITS - places)).fill_null(False)
    text = values.set(wide, None).cast(pl.Decimal(38, places)).cast(pl.String)
    if wide.any():
        text = _patched(text, wide, [f"{x:.{places}f}" for x in values.filter(wide)])
    zero = (values == 0).fill_null(False)
    if zero.any():  # the decimal has no negative zero, while "-0.00" is written by many programs
        zero &= pl.Series(np.signbit(values.fill_null(1.0).to_numpy()))
        text = _patched(text, zero, [f"{-0.0:.{places}f}"] * int(zero.sum()))
    return text


def _patched(text: pl.Series, where: pl.Series, cells: list[str]) -> pl.Series:
    return text.scatter(where.arg_true(), cells) if cells else text


def _dressed(text: pl.Series, spelling: Spelling) -> pl.Series:
    """Marks between digits, and what stands before and after; the minus sign stands before all."""
    if spelling.thousands:
        parts = text.str.splitn(".", 2).struct.unnest()
        whole = (
            parts["field_0"]
            .str.reverse()
            .str.replace_all(r"(\d{3})", "${1}" + spelling.thousands)
            .str.reverse()
        )
        whole = whole.str.replace(rf"^(-?){re.escape(spelling.thousands)}", "${1}")
        text = whole + (spelling.decimal + parts["field_1"]).fill_null("")
    elif spelling.decimal != ".":
        text = text.str.replace(".", spelling.decimal, literal=True)
    if spelling.prefix:
        negative = text.str.starts_with("-")
        # a plain text first: polars names the sum "literal"
        text = spelling.prefix + text.str.strip_prefix("-")
        if negative.any():
            text = text.zip_with(~negative, "-" + text)
    if spelling.suffix:
        text = text + spelling.suffix
    return text


def _plain(text: pl.Series, spelling: Spelling) -> pl.Series:
    if spelling.thousands:
        text = text.str.replace_all(spelling.thousands, "", literal=True)
    if spelling.decimal != ".":
        text = text.str.replace(spelling.decimal, ".", literal=True)
    return text


def _without_affixes(cells: list[str]) -> tuple[str, str, list[str]] | None:
    """The prefix and suffix that all cells share, and the signed numbers between them."""
    bodies: list[str] = []
    affixes: set[tuple[str, str]] = set()
    for cell in cells:
        if cell in ("inf", "-inf"):
            continue
        match = _AFFIXED.fullmatch(cell)
        if match is None:
            return None
        sign, prefix, body, suffix = match.groups()
        bodies.append(sign + body)
        affixes.add((prefix, suffix))
    if len(affixes) != 1:
        return None
    [(prefix, suffix)] = affixes
    return prefix, suffix, bodies


@lru_cache(maxsize=2)
def _proof(mark: str) -> str:
    """The pattern of numbers in which this is the decimal mark and nothing else."""
    other = "," if mark == "." else r"\."
    mark = re.escape(mark)
    forms = [
        rf"(?:0|[1-9]\d*){mark}(?:\d{{1,2}}|\d{{4,}})",
        rf"(?:0|[1-9]\d{{3,}}){mark}\d+",
        rf"\d{{1,3}}(?:{other}\d{{3}})+{mark}\d+",
        rf"\d{{1,3}}(?:{other}\d{{3}}){{2,}}",
        rf"\d{{1,2}}(?:{other}\d\d)+{other}\d{{3}}(?:{mark}\d+)?",
        rf"\d{{1,3}}(?:[ \u00a0\u202f'’]\d{{3}})+{mark}\d+",
    ]
    return rf"^{_AROUND}(?:{'|'.join(forms)}){_AROUND}$"


@lru_cache(maxsize=64)
def _shape(thousands: str, decimal: str) -> re.Pattern[str]:
    mark = re.escape(decimal)
    if not thousands:
        exponent = r"(?:[eE][-+]?\d+)?" if decimal == "." else ""
        return re.compile(rf"-?\d+(?:{mark}\d+)?{exponent}")
    return re.compile(rf"-?\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})*(?:{mark}\d+)?")

"""Numbers written as text: marks between digits, what stands before and after, decimals; both ways,
nothing lost."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Literal

import numpy as np
import polars as pl

from tidemill.core import units
from tidemill.core.conventions import UNKNOWN, Conventions
from tidemill.core.schema import Spelling

# minus as in print, a dash for it, as in Japanese accounts, and as on keyboards
_SIGNS = "+\u2212\u2013△▲-"
_CORE = re.compile(r"(?:\d(?:[\d.,'’ \u00a0\u202f\u2009]*\d)?|[.,]\d+)(?:[eE][-+]?\d+)?")
# of debit and credit, as banks tell their customers: what is debited is negative
_SIDES = {"DR": "CR", "Dr": "Cr", "Dr.": "Cr.", "dr": "cr", "S": "H", "D": "C", "借": "贷"}
NEGATIVE_SIDES = frozenset(_SIDES)
SIDES = (*_SIDES, *_SIDES.values())
LETTER_SIDES = frozenset("SHDC")
_SIDE = r"DR|CR|Dr\.?|Cr\.?|dr|cr|借|贷"
_BEFORE = re.compile(
    rf"\s?(\(?)([{_SIGNS}]?)(?:({_SIDE})\s?)?\s?([^()\d{_SIGNS}]*?)([{_SIGNS}]?)\s?(\(?)"
)
_AFTER = re.compile(
    rf"([^()\d{_SIGNS}]*?)(\)?)([{_SIGNS}]?)"
    rf"(?:\s?({_SIDE})|\s([SHDC]))?(\)?)\s?"
)
_LAKHS = re.compile(r"\d{1,2}(?:,\d\d)*,\d{3}(?:\.\d+)?|\d{1,3}(?:\.\d+)?")
_WIDE_DIGIT = re.compile("[\uff10-\uff19]")
_WIDE = str.maketrans({chr(ord(narrow) + 0xFEE0): narrow for narrow in "0123456789.,()+-%$"})
_TO_WIDE = {narrow: chr(ord(narrow) + 0xFEE0) for narrow in "0123456789.,()+-%$"}
_LONGEST_CHANGE = 6
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
    ("\u202f", "."),
    ("\u202f", ","),
    ("\u2009", "."),
    ("\u2009", ","),
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
    full_width = any(_WIDE_DIGIT.search(cell) for cell in cells)
    if full_width:
        cells = [cell.translate(_WIDE) for cell in cells]
    found = _taken_apart(cells)
    if found is None:
        return
    form, bodies = found
    form = replace(form, full_width=full_width)
    bare = any(body[0] in ".," for body in bodies)
    for thousands, decimal in marks_in(bodies, conventions):
        lakhs = not all(map(_shape(thousands, decimal).fullmatch, bodies))
        if lakhs and (thousands != "," or not all(map(_LAKHS.fullmatch, bodies))):
            continue
        spelling = replace(
            form, decimal=decimal, thousands=thousands, lakhs=lakhs, leading_zero=not bare
        )
        decimals = {len(body.partition(decimal)[2]) for body in bodies}
        if decimals == {0}:
            yield pl.Int64(), spelling
        elif len(decimals) == 1 and max(decimals) <= _MAX_PLACES:
            yield pl.Float64(), replace(spelling, places=max(decimals))
        yield pl.Float64(), replace(spelling, places=None)
        yield pl.Float64(), replace(spelling, places=0)


def of_commonest_form(cells: list[str]) -> list[str]:
    """The cells whose digits have the same about them as those of most, and those that differ in
    the sign only.

    Example:
        >>> of_commonest_form(["$5", "-$6", "7", "$8"])
        ['$5', '-$6', '$8']
    """
    found = []
    for cell in cells:
        core = _CORE.search(cell)
        form = core and _form(f"{cell[: core.start()]}#{cell[core.end() :]}")
        if form:
            found.append((form, cell))
    if not found:
        return []
    [(unit, _)] = Counter(form.unit for form, _ in found).most_common(1)
    alike = [(form, cell) for form, cell in found if form.unit == unit]
    signs = {}
    for is_negative in (False, True):
        forms = Counter(form for form, _ in alike if form.is_negative == is_negative)
        signs[is_negative] = forms.most_common(1)[0][0] if forms else None
    return [cell for form, cell in alike if signs[form.is_negative] == form]


def marks_in(cells: list[str], conventions: Conventions = UNKNOWN) -> list[tuple[str, str]]:
    """The pairs of thousands and decimal mark that could be meant: those with the file's decimal
    mark first, then the usual one, and those that occur in any cell."""
    marks = []
    for thousands, decimal in _MARKS:
        mark = thousands or decimal
        if (mark == "." and not thousands) or any(mark in cell for cell in cells):
            marks.append((thousands, decimal))
    if conventions.decimal is None and conventions.likely_decimal == ".":
        return marks  # the usual order
    first = conventions.decimal or conventions.likely_decimal
    return sorted(marks, key=lambda pair: pair[1] != first)


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
    name = text.name
    if spelling.full_width:
        text = narrowed(text)
    positive, negative = _forms(spelling)
    if positive != "#" or negative != "-#":
        text = _signed(text, positive, negative)
    values = plain(text, spelling).cast(dtype, strict=False).alias(name)
    return values.fill_nan(None) if dtype == pl.Float64 else values


def narrowed(text: pl.Series) -> pl.Series:
    """The cells with digits and marks that are as wide as Chinese characters in their usual
    width."""
    wide = [chr(code) for code in _WIDE]
    return text.str.replace_many(wide, list(_WIDE.values()))


def _forms(spelling: Spelling) -> tuple[str, str]:
    """The whole form of positive and of negative numbers, with prefix and suffix."""
    inner = f"{spelling.prefix}#{spelling.suffix}"
    return spelling.positive.replace("#", inner), spelling.negative.replace("#", inner)


def _signed(text: pl.Series, positive: str, negative: str) -> pl.Series:
    """The digits of each cell with a minus sign where its form says so; what has another form stays
    as it is."""
    before, after = negative.split("#")
    is_negative = text.str.starts_with(before) & text.str.ends_with(after)
    inner = text.str.strip_prefix(before).str.strip_suffix(after)
    before, after = positive.split("#")
    others = text.str.strip_prefix(before).str.strip_suffix(after)
    return ("-" + inner).zip_with(is_negative, others)


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
    """Marks between digits, and what stands before and after."""
    is_negative = text.str.starts_with("-")
    text = text.str.strip_prefix("-")
    if not spelling.leading_zero:
        text = text.str.replace(r"^0\.", ".")
    if spelling.thousands:
        parts = text.str.splitn(".", 2).struct.unnest()
        whole = _grouped(parts["field_0"], spelling)
        text = whole + (spelling.decimal + parts["field_1"]).fill_null("")
    elif spelling.decimal != ".":
        text = text.str.replace(".", spelling.decimal, literal=True)
    positive, negative = _forms(spelling)
    dressed = _within(text, positive)
    if is_negative.any():
        dressed = _within(text, negative).zip_with(is_negative, dressed)
    if spelling.full_width:
        dressed = dressed.str.replace_many(list(_TO_WIDE), list(_TO_WIDE.values()))
    return dressed


def _within(text: pl.Series, form: str) -> pl.Series:
    before, after = form.split("#")
    # a plain text first: polars names the sum "literal"
    text = before + text if before else text
    return text + after if after else text


def _grouped(whole: pl.Series, spelling: Spelling) -> pl.Series:
    backwards = whole.str.reverse()
    size = 2 if spelling.lakhs else 3
    rest = backwards.str.slice(3).str.replace_all(rf"(\d{{1,{size}}})", spelling.thousands + "${1}")
    return (backwards.str.slice(0, 3) + rest).str.reverse()


def plain(text: pl.Series, spelling: Spelling) -> pl.Series:
    """The cells without thousands marks, and with a point as decimal mark."""
    if spelling.thousands:
        text = text.str.replace_all(spelling.thousands, "", literal=True)
    if spelling.decimal != ".":
        text = text.str.replace(spelling.decimal, ".", literal=True)
    return text


def _taken_apart(cells: list[str]) -> tuple[Spelling, list[str]] | None:
    """The forms of the numbers' signs and what stands about all of them, and their digits with
    marks."""
    bodies: list[str] = []
    forms: dict[bool, set[_Form]] = {False: set(), True: set()}
    for cell in cells:
        if cell in ("inf", "-inf"):
            continue
        cores = list(islice(_CORE.finditer(cell), 2))
        if len(cores) != 1:
            return None
        [core] = cores
        form = _form(f"{cell[: core.start()]}#{cell[core.end() :]}")
        if form is None:
            return None
        bodies.append(core[0])
        forms[form.is_negative].add(form)
    if not bodies or max(map(len, forms.values())) > 1:
        return None
    spelling = _spelling_of(next(iter(forms[False]), None), next(iter(forms[True]), None), bodies)
    return None if spelling is None else (spelling, bodies)


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


@dataclass(frozen=True)
class _Form:
    """What stands about the digits of a number.

    Attributes:
        text: All of it, "#" being the digits.
        unit: Currencies and units, in the order in which they stand, with their blanks.
        marks: What says the sign: "()", a minus or plus sign, or a side of an account.
        is_negative: Whether it says that the number is negative.
    """

    text: str
    unit: tuple[str, str]
    marks: str
    is_negative: bool


@lru_cache(maxsize=4096)
def _form(text: str) -> _Form | None:
    """A form taken apart; None where something in it is not known, or two things say the sign."""
    before, _, after = text.partition("#")
    left, right = _BEFORE.fullmatch(before), _AFTER.fullmatch(after)
    if left is None or right is None:
        return None
    opened, closed = left[1] + left[6], right[2] + right[6]
    if len(opened) != len(closed) or len(opened) > 1:
        return None
    side = right[4] or right[5] or ""
    marks = (opened + closed, left[2], left[3], left[5], right[3], side)
    signs = [mark for mark in marks if mark]
    if len(signs) > 1:
        return None
    mark = signs[0] if signs else ""
    is_negative = mark in _SIDES or mark == "()" or (mark in _SIGNS and mark not in ("", "+"))
    return _Form(text, (left[4], right[1]), mark, is_negative)


def _spelling_of(
    positive: _Form | None, negative: _Form | None, bodies: list[str]
) -> Spelling | None:
    """How numbers of these forms are written; None where they do not go together, or may be codes
    as well."""
    marked = any(re.search(r"\d[^\deE]\d", body) for body in bodies)
    given = [form for form in (positive, negative) if form is not None]
    units_ = {(form.unit[0].strip(), form.unit[1].strip()) for form in given}
    if len(units_) != 1 or not all(_is_at_sight(form, marked) for form in given):
        return None
    if len(given) == 1 and not _stands_alone(given[0], marked, bodies):
        return None
    plus = positive.text if positive else _turned(given[0])
    minus = negative.text if negative else _turned(given[0])
    if plus not in minus:
        return Spelling(positive=plus, negative=minus)
    prefix, _, suffix = plus.partition("#")
    return Spelling(prefix=prefix, suffix=suffix, negative=minus.replace(plus, "#", 1))


def _is_at_sight(form: _Form, marked: bool) -> bool:
    before, after = form.unit
    # a sign between parts a letter from the digits as a blank does
    before += " " if form.text.partition("#")[0] != before else ""
    return units.at_sight(before, marked=marked, before=True) and units.at_sight(
        after, marked=marked, before=False
    )


def _stands_alone(form: _Form, marked: bool, bodies: list[str]) -> bool:
    """Whether a form that all numbers of a column have is one of numbers, and not of codes: "12-",
    "(3)", "5+"."""
    if form.marks in LETTER_SIDES:
        return False
    trailing = form.text.rstrip().endswith(("+", *_SIGNS))
    if form.marks == "()" or trailing:
        return marked or any(len(body) > 3 for body in bodies)
    if form.marks == "+":  # else telephone numbers
        return marked or all(len(body) <= _LONGEST_CHANGE for body in bodies)
    return True


def _turned(form: _Form) -> str:
    """The form of numbers of the other sign."""
    if form.marks in _SIDES:
        return form.text.replace(form.marks, _SIDES[form.marks])
    if form.marks in _SIDES.values():
        other = next(minus for minus, plus in _SIDES.items() if plus == form.marks)
        return form.text.replace(form.marks, other)
    if form.marks == "()":
        return form.text.replace("(", "").replace(")", "")
    if form.marks and form.is_negative:
        return form.text.replace(form.marks, "")
    if form.text.strip().startswith("+"):
        return form.text.replace("+", "-")
    return "-" + form.text


@lru_cache(maxsize=64)
def _shape(thousands: str, decimal: str) -> re.Pattern[str]:
    mark = re.escape(decimal)
    if not thousands:
        exponent = r"(?:[eE][-+]?\d+)?" if decimal == "." else ""
        return re.compile(rf"(?:\d+(?:{mark}\d+)?|{mark}\d+){exponent}")
    return re.compile(rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})*(?:{mark}\d+)?")

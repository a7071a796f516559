"""Texts that look like amounts or dates although no reading of them is known."""

from __future__ import annotations

from typing import Literal

import polars as pl

from tidemill.core import calendar_names, durations, units
from tidemill.core.datetimes import says_date
from tidemill.core.numerals import narrowed

Resembled = Literal["", "amounts", "numbers", "dates", "lengths of time"]
_SHARE = 0.8
_PROBE = 2_000
_CELLS = 20_000
_CURRENCY = units.pattern(units.sure_currencies())
_AMOUNT = (
    # a currency beside a number, or a number with a mark and two decimals and some sign about it
    rf"^[^\p{{L}}\d]{{0,3}}(?:(?:{_CURRENCY})[^\p{{L}}\d]{{0,3}}\d[\d.,'’\s]*.{{0,15}}"
    rf"|\d[\d.,'’\s]*\s?(?:{_CURRENCY})[^\d]{{0,15}}"
    r"|(?:\d[\d,'’ ]*\.|\d[\d.'’ ]*,)\d\d"
    r"(?:[^\d\p{L}]{1,3}(?:\p{L}{1,6}[.]?)?)?)$"
)
_GROUPED = r"(?:\d{1,3}(?:[.,'’ ]\d{3})*|\d{1,2}(?:,\d\d)*,\d{3}|\d+)"
_CENTS = rf"^[-+]?{_GROUPED}[.,]\d\d$"
# a number with a decimal or thousands mark and what is beside it, which begins with no letter
_BESIDE = (
    r"^(?P<before>[^\p{L}\d]{0,3})(?:\d{1,3}(?:[.,'’ \u00a0]\d{3})+(?:[.,]\d+)?|\d+[.,]\d+)"
    r"(?P<after>(?:[^\d.,][^\d]{0,20})?(?:/ ?\d{1,3})?)$"
)
_MOST_FORMS = 5
# a number and a mark that refers to a footnote
_WITH_NOTE = rf"^[-+]?{_GROUPED}(?:[.,]\d+)?(?: ?(?:[*†‡§¹²³ª]+|\[\w{{1,2}}\]|\([a-z]\)))?$"
_HALF, _MANY = 0.5, 20  # amounts that are written in several ways, some of them not known
_NUMBER = r"[-+]?\d[\d.,]*\s?[\p{L}%]{0,3}"
_BOUND = rf"^(?:[<>≤≥]=?\s?{_NUMBER}|{_NUMBER}\+)$"
_BOUNDS = 0.02


_SEPARATED = r"[ ]?[-/._年月 ][ ]?"
_YEAR = r"(?:(?:19|20)\d\d|(?:令和|平成|昭和|大正|明治|民国|民國)(?:\d{1,3}|元))"
_DAY = (
    rf"(?:{_YEAR}{_SEPARATED}\d{{1,2}}{_SEPARATED}\d{{1,2}}日?"
    rf"|\d{{1,2}}{_SEPARATED}\d{{1,2}}{_SEPARATED}{_YEAR})"
)
_SHORT_DAY = r"\d{1,2}(?:/\d{1,2}/|\.\d{1,2}\.)\d\d"
_CLOCK = r"(?:[T ,-]{1,3}[^\d\s]{0,4}\d{1,2}[:.h]\d\d.{0,25})?"
_DATE = rf"^(?:[\p{{L}}.,]{{1,12}} )?(?:{_DAY}|{_SHORT_DAY}){_CLOCK}(?: ?[\p{{L}}()（）]{{1,12}})?$"
_MONTHS = calendar_names.month_words()
_MONTH = rf"(?i)(?:^|[^\p{{L}}])({'|'.join(_MONTHS)})\.?(?:[^\p{{L}}]|$)"
_FEWEST_MONTHS = 3
_LONGEST_DATE = 40
_LONGEST = 60
_LONG_UNITS = (
    "years?|yrs?|months?|mons?|mths?|mos?|weeks?|wks?|jahre?|monate?|wochen?|ans?|mois|semaines?"
    "|años?|mes(?:es)?|semanas?|年|个月|個月|ヶ月|か月|周|週間?|日間?|時間|лет|год[а]?|мес|дн(?:ей|я)"
)
_LENGTH = (
    rf"^(?:(?:\d+(?:[.,]\d+)? ?(?:{'|'.join(durations.unit_words())}|{_LONG_UNITS})\.?[ ,]*"
    r"(?:and |und |et |y )?)+|(?:-?\d+ days?,? )?[-+]?\d{1,3}:\d\d(?::\d\d)?(?:[.,]\d{1,9})?)$"
)
# in columns whose name says that they are dates ("13/02", "R6.2.13")
_IN_PARTS = r"^\p{L}{0,2}\d{1,4}(?:[-/.年月 ]\d{1,2}){1,2}日?$"


def _like_dates(levels: pl.Series) -> bool:
    """Whether texts look like dates: numbers as in one, or names of several months beside
    numbers."""
    short = levels.str.len_chars() <= _LONGEST_DATE
    months = levels.str.to_lowercase().str.extract(_MONTH)
    found = short & (levels.str.contains(_DATE) | months.is_not_null())
    if not (found & months.is_null()).any() and months.n_unique() < _FEWEST_MONTHS:
        return False
    return bool(found.mean() >= _SHARE)  # type: ignore[operator]


def _beside_units(levels: pl.Series) -> bool:
    """Whether most texts are a number beside one of a few other texts, as units are."""
    parts = levels.str.extract_groups(_BESIDE).struct.unnest().drop_nulls()
    forms = parts.select("before", "after").unique()
    some = (forms["before"] != "") | (forms["after"] != "")
    few = len(forms) <= min(_MOST_FORMS, len(parts) // 4)
    return few and len(parts) >= _HALF * len(levels) and bool(some.any())


def resembled(text: pl.Series) -> Resembled:
    """What most different cells of a column of text look like; "" for nothing. Numbers some of
    which are bounds ("<0.5") are no amounts that could be added up.

    Args:
        text: A String series that is not read as numbers or dates.

    Example:
        >>> resembled(pl.Series(["$12.50/hr", "$9.00/hr"])), resembled(pl.Series(["A-12", "B-7"]))
        ('amounts', '')
    """
    cells = text.drop_nulls()
    cells = cells.gather_every(max(1, len(cells) // _CELLS))
    every = cells.str.strip_chars().unique(maintain_order=True).head(_PROBE)
    levels = every.filter(every.str.contains(r"\d") & (every.str.len_chars() <= _LONGEST))
    if not len(levels) or len(levels) < _SHARE * len(every):
        return ""
    levels = narrowed(levels)
    if _like_dates(levels):
        return "dates"
    if says_date(text.name) and levels.str.contains(_IN_PARTS).mean() >= _SHARE:  # type: ignore[operator]
        return "dates"
    if levels.str.to_lowercase().str.contains(_LENGTH).mean() >= _SHARE:  # type: ignore[operator]
        return "lengths of time"
    if levels.str.contains(_AMOUNT).mean() >= _SHARE:  # type: ignore[operator]
        return "amounts"
    if len(levels) >= _MANY and levels.str.contains(_CENTS).mean() >= _HALF:  # type: ignore[operator]
        return "amounts"
    noted = levels.str.contains(_WITH_NOTE) & ~levels.str.contains(r"\d$")
    if _beside_units(levels) or (noted.any() and levels.str.contains(_WITH_NOTE).all()):
        return "numbers"
    bounds, plain = levels.str.contains(_BOUND), levels.str.contains(rf"^{_NUMBER}$")
    if bounds.mean() >= _BOUNDS and (bounds | plain).mean() >= _SHARE:  # type: ignore[operator]
        return "numbers"
    return ""


def why_unread(looks: Resembled) -> str:
    """Why texts that look like something are not read, in words."""
    if looks == "dates":
        return "in forms that are not known, or that can be read in two ways"
    return "in a form that is not known"

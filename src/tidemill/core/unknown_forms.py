"""Texts that look like amounts or dates although no reading of them is known."""

from __future__ import annotations

from typing import Literal

import polars as pl

from tidemill.core import calendar_names, durations, units

Resembled = Literal["", "amounts", "numbers", "dates", "lengths of time"]
_SHARE = 0.8
_PROBE = 2_000
_CURRENCY = units.pattern(units.sure_currencies())
_AMOUNT = (
    # a currency beside a number, or a number with a mark and two decimals and some sign about it
    rf"^[^\p{{L}}\d]{{0,3}}(?:(?:{_CURRENCY})[^\p{{L}}\d]{{0,3}}\d[\d.,'’\s]*.{{0,15}}"
    rf"|\d[\d.,'’\s]*\s?(?:{_CURRENCY})[^\d]{{0,15}}"
    r"|(?:\d[\d,'’ ]*\.|\d[\d.'’ ]*,)\d\d"
    r"(?:[^\d\p{L}]{1,3}(?:\p{L}{1,6}[.]?)?)?)$"
)
_CENTS = r"^[-+]?\d[\d.,'’ ]*[.,]\d\d$"
_HALF, _MANY = 0.5, 20  # amounts that are written in several ways, some of them not known
_NUMBER = r"[-+]?\d[\d.,]*\s?[\p{L}%]{0,3}"
_BOUND = rf"^(?:[<>≤≥]=?\s?{_NUMBER}|{_NUMBER}\+)$"
_BOUNDS = 0.02


_SEPARATED = r"[ ]?[-/._年月 ][ ]?"
_YEAR = r"(?:19|20)\d\d"
_DAY = (
    rf"(?:{_YEAR}{_SEPARATED}\d{{1,2}}{_SEPARATED}\d{{1,2}}日?"
    rf"|\d{{1,2}}{_SEPARATED}\d{{1,2}}{_SEPARATED}{_YEAR})"
)
_SHORT_DAY = r"\d{1,2}(?:/\d{1,2}/|\.\d{1,2}\.)\d\d"
_CLOCK = r"(?:[T ,-]{1,3}\d{1,2}[:.h]\d\d.{0,25})?"
_DATE = rf"^(?:[\p{{L}}.,]{{1,12}} )?(?:{_DAY}|{_SHORT_DAY}){_CLOCK}(?: ?[\p{{L}}()]{{1,12}})?$"
_MONTHS = calendar_names.month_words()
_MONTH = rf"(?i)(?:^|[^\p{{L}}])({'|'.join(_MONTHS)})\.?(?:[^\p{{L}}]|$)"
_FEWEST_MONTHS = 3
_LONGEST_DATE = 40
_LONGEST = 60
_LENGTH = (
    rf"^(?:\d+(?:[.,]\d+)? ?(?:{'|'.join(durations.unit_words())})\.?[ ,]*(?:and |und |et )?)+$"
)


def _like_dates(levels: pl.Series) -> bool:
    """Whether texts look like dates: numbers as in one, or names of several months beside
    numbers."""
    short = levels.str.len_chars() <= _LONGEST_DATE
    months = levels.str.to_lowercase().str.extract(_MONTH)
    found = short & (levels.str.contains(_DATE) | months.is_not_null())
    if not (found & months.is_null()).any() and months.n_unique() < _FEWEST_MONTHS:
        return False
    return bool(found.mean() >= _SHARE)  # type: ignore[operator]


def resembled(text: pl.Series) -> Resembled:
    """What most different cells of a column of text look like; "" for nothing. Numbers some of
    which are bounds ("<0.5") are no amounts that could be added up.

    Args:
        text: A String series that is not read as numbers or dates.

    Example:
        >>> resembled(pl.Series(["$12.50/hr", "$9.00/hr"])), resembled(pl.Series(["A-12", "B-7"]))
        ('amounts', '')
    """
    levels = text.drop_nulls().str.strip_chars().unique(maintain_order=True).head(_PROBE)
    levels = levels.filter(levels.str.contains(r"\d") & (levels.str.len_chars() <= _LONGEST))
    if not len(levels) or len(levels) < _SHARE * min(text.n_unique(), _PROBE):
        return ""
    if _like_dates(levels):
        return "dates"
    if levels.str.to_lowercase().str.contains(_LENGTH).mean() >= _SHARE:  # type: ignore[operator]
        return "lengths of time"
    if levels.str.contains(_AMOUNT).mean() >= _SHARE:  # type: ignore[operator]
        return "amounts"
    cents = levels.str.contains(_CENTS) & ~levels.str.contains(r"^(?:\d+[.]){3}\d+$")
    if len(levels) >= _MANY and cents.mean() >= _HALF:  # type: ignore[operator]
        return "amounts"
    bounds, plain = levels.str.contains(_BOUND), levels.str.contains(rf"^{_NUMBER}$")
    if bounds.mean() >= _BOUNDS and (bounds | plain).mean() >= _SHARE:  # type: ignore[operator]
        return "numbers"
    return ""


def why_unread(looks: Resembled) -> str:
    """Why texts that look like something are not read, in words."""
    if looks == "dates":
        return "in forms that are not known, or that can be read in two ways"
    return "in a form that is not known"

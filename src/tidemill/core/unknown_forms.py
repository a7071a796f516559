"""Texts that look like amounts or dates although no reading of them is known."""

from __future__ import annotations

from typing import Literal

import polars as pl

from tidemill.core import units

Resembled = Literal["", "amounts", "dates"]
_SHARE = 0.8
_PROBE = 2_000
_CURRENCY = units.pattern(units.sure_currencies())
_AMOUNT = (
    # a currency beside a number, or a number with a mark and two decimals and some sign about it
    rf"^[^\p{{L}}\d]{{0,3}}(?:(?:{_CURRENCY})[^\p{{L}}\d]{{0,3}}\d[\d.,'’\s]*.{{0,15}}"
    rf"|\d[\d.,'’\s]*\s?(?:{_CURRENCY})[^\d]{{0,15}}"
    r"|\d[\d.,'’\s]*[.,]\d\d[^\d\p{L}]{0,3}(?:[\p{L}%]{1,6}[.]?)?[^\d\p{L}]{0,3})$"
)


def resembled(text: pl.Series) -> Resembled:
    """What most different cells of a column of text look like; "" for nothing.

    Args:
        text: A String series that is not read as numbers or dates.

    Example:
        >>> resembled(pl.Series(["$12.50/hr", "$9.00/hr"])), resembled(pl.Series(["A-12", "B-7"]))
        ('amounts', '')
    """
    levels = text.drop_nulls().str.strip_chars().unique(maintain_order=True).head(_PROBE)
    levels = levels.filter(levels.str.contains(r"\d"))
    if not len(levels) or len(levels) < _SHARE * min(text.n_unique(), _PROBE):
        return ""
    if levels.str.contains(_AMOUNT).mean() >= _SHARE:  # type: ignore[operator]
        return "amounts"
    return ""

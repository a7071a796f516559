"""Texts that a spreadsheet would run: written with an apostrophe before them, and read without
it."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

NEUTRAL, KEEP = "neutral", "keep"
FORMULAS = (NEUTRAL, KEEP)
_BEFORE = r"""^['"\s\p{Cc}\x{200b}\x{feff}]*"""
"""What some programs leave out before they look for a formula."""
_SIGN = r"[+\-＋－]"
_RISKY = rf"{_BEFORE}[=@＝＠+\-＋－]|^'*[\t\r\n]"
_HARMLESS = (
    rf"^'*[ \x{{a0}}]*(?:{_SIGN}+"  # a dash alone, or dashes
    rf"|{_SIGN}\s*[€$£¥]?\s*\d[\d\s.,'’_]*(?:[eE][+\-]?\d+)?\s*[%‰€$£¥]?"  # a number
    r"|\+[\d\s().,/\-]+)$"  # a telephone number
)


def neutral(text: pl.Series) -> pl.Series:
    """Texts with an apostrophe before each that a spreadsheet would run; numbers stay.

    Example:
        >>> neutral(pl.Series(["=1+1", "-5", "+49 170 123", "-A1", "team", None])).to_list()
        ["'=1+1", '-5', '+49 170 123', "'-A1", 'team', None]
    """
    risky = _is_risky(text)
    return text if not risky.any() else ("'" + text).zip_with(risky, text).alias(text.name)


def neutral_frame(frame: pl.DataFrame, typed: Collection[str]) -> pl.DataFrame:
    """The same of a frame of texts and of its names.

    Args:
        frame: Columns of text.
        typed: Those that hold numbers or moments, which stay as they are.
    """
    names = neutral(pl.Series(frame.columns, dtype=pl.String))
    columns = [one if one.name in typed else neutral(one) for one in frame]
    return pl.DataFrame([one.alias(name) for one, name in zip(columns, names, strict=True)])


def freed(text: pl.Series) -> pl.Series:
    """The texts that :func:`neutral` was given.

    Example:
        >>> freed(pl.Series(["'=1+1", "'-A1", "'tis", "'-5"])).to_list()
        ['=1+1', '-A1', "'tis", "'-5"]
    """
    rest = text.str.slice(1)
    marked = text.str.starts_with("'") & _is_risky(rest)
    return text if not marked.any() else rest.zip_with(marked, text)


def _is_risky(text: pl.Series) -> pl.Series:
    return text.str.contains(_RISKY) & ~text.str.contains(_HARMLESS)

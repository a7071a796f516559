"""Texts that stand for "missing", and words that say that an answer is not known."""

from __future__ import annotations

import polars as pl

from tidemill.core.spelling import MISSING_MARKERS

# words that often are an answer ("guarantor: none"), so they are never touched
_ANSWERS = frozenset({"none", "nil", "missing", "not available", "not applicable"})
_MARKERS = sorted(MISSING_MARKERS - _ANSWERS)
_MARKS = r"^[?\-._*]+$"
_UNKNOWN = (
    "unknown",
    "unk",
    "unspecified",
    "undefined",
    "not stated",
    "not specified",
    "not known",
    "not available",
    "missing",
    "no answer",
    "refused",
    "未知",
    "不详",
)


def are_markers(texts: pl.Series) -> pl.Series:
    """(rows,) True where a text is a marker of a missing value and nothing else; never null.

    Example:
        >>> are_markers(pl.Series(["N/A", "???", "none", None])).to_list()
        [True, True, False, False]
    """
    normal = _normal(texts.fill_null("-"))
    return (normal.is_in(_MARKERS) | normal.str.contains(_MARKS)) & texts.is_not_null()


def say_unknown(texts: pl.Series) -> pl.Series:
    """(rows,) True where a text is a word such as "unknown"; never null.

    Example:
        >>> say_unknown(pl.Series(["Unknown", "other", None])).to_list()
        [True, False, False]
    """
    return _normal(texts.fill_null("")).is_in(_UNKNOWN)


def _normal(texts: pl.Series) -> pl.Series:
    return texts.str.strip_chars().str.to_lowercase()

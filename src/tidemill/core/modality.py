"""What sort of data a dataset is, and the one sentence by which a part refuses a sort that it does
not look at."""

from __future__ import annotations

from typing import Literal, get_args

Modality = Literal["rows", "series", "images"]
"""Rows that stand for themselves, rows that are the steps of series, or an image a row."""

MODALITIES: tuple[Modality, ...] = get_args(Modality)

TABLES: tuple[Modality, ...] = ("rows", "series")
"""For parts that look at rows one by one, as they may also where these are the steps of series."""

PLURALS: dict[Modality, str] = {"rows": "tables", "series": "series", "images": "images"}


def unsuited(what: str, modality: Modality) -> str:
    """The sentence by which a part refuses data of a modality.

    Example:
        >>> unsuited("the learner 'mirrored'", "rows")
        "the learner 'mirrored' is not for tables"
    """
    return f"{what} is not for {PLURALS[modality]}"

"""Rows whose cells stand one column too far to the left or to the right."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
import polars as pl

from tidemill.cleaning.base import counted, has_more_levels
from tidemill.cleaning.cells import Cells

_MOST_LEVELS = 2_000
_MOST_CANDIDATES = 1_000
_SAMPLE = 2_000
_FEWEST = 3
"""Cells that must fit the column beside theirs, and not their own."""


@dataclass(frozen=True, slots=True)
class ShiftedRow:
    """One row that stands askew.

    Attributes:
        row: Its position.
        column: The first column whose cell belongs elsewhere.
        to_the_right: Whether the cells belong to the columns on their right, since a cell is lost.
    """

    row: int
    column: str
    to_the_right: bool


class _Profile:
    """What the cells of a column look like: its levels, or the forms of its texts."""

    def __init__(self, values: pl.Series) -> None:
        counts = counted(values)
        self.levels: frozenset[str] = frozenset()
        often = counts.filter(pl.col("count") > 1)
        repeated = int(often["count"].sum())
        total = int(counts["count"].sum())
        if values.dtype == pl.String and often.height <= _MOST_LEVELS and repeated >= 0.9 * total:
            self.levels = frozenset(often["value"])
        sample = counts["value"].gather_every(max(1, counts.height // _SAMPLE)).cast(pl.String)
        forms = Counter(map(form, sample))
        self.forms = {one for one, count in forms.items() if count >= max(2, 0.005 * len(sample))}

    def fits(self, text: str) -> bool:
        """Whether a cell could stand in this column."""
        return text in self.levels if self.levels else form(text) in self.forms


def form(text: str) -> str:
    """A text with its words and its numbers made alike.

    Example:
        >>> form("February 11, 2018"), form("4.99"), form("1,000+"), form("19M")
        ('a 0, 0', '0', '0+', '0a')
    """
    return re.sub(r"\d+(?:[.,]\d+)?", "0", re.sub(r"[^\W\d_]+(?:[ '’-][^\W\d_]+)*", "a", text))


def shifted(cells: Cells) -> list[ShiftedRow]:
    """The rows of which at least three cells fit the column beside theirs and not their own."""
    if len(cells.frame.columns) <= _FEWEST:
        return []
    rows = _candidates(cells)
    if not len(rows) or len(rows) > _MOST_CANDIDATES:
        return []
    profiles = [_Profile(cells.frame[name]) for name in cells.frame.columns]
    found = [_judged(cells, row, profiles) for row in rows.tolist()]
    return [shift for shift in found if shift is not None]


def _candidates(cells: Cells) -> np.ndarray:
    """Rows with at least two cells that are unlike all others of their column."""
    odd = np.zeros(cells.frame.height, np.int16)
    for name in cells.texts:
        text = cells.frame[name]
        reading = cells.reading(name)
        if reading is not None:
            odd += reading.alien.to_numpy()
            continue
        if has_more_levels(text, _MOST_LEVELS):
            continue
        counts = counted(text)
        single = counts.filter(pl.col("count") == 1)["value"]
        if len(single) <= max(5, 0.01 * cells.frame.height):
            odd += text.is_in(single.to_list()).fill_null(False).to_numpy()
    return np.flatnonzero(odd >= 2)


def _judged(cells: Cells, row: int, profiles: list[_Profile]) -> ShiftedRow | None:
    names = cells.frame.columns
    texts = ["" if value is None else str(value).strip() for value in cells.frame.row(row)]
    own = [not text or profile.fits(text) for text, profile in zip(texts, profiles, strict=True)]
    if own.count(False) < _FEWEST:
        return None
    best: tuple[int, ShiftedRow] | None = None
    for step in (1, -1):
        beside = [_fits_beside(texts, profiles, at, step) for at in range(len(names))]
        for start in range(len(names)):
            misfits = own[:start].count(False) + beside[start:].count(False)
            shift = ShiftedRow(row, names[start], step == 1)
            if best is None or misfits < best[0]:
                best = misfits, shift
    filled = sum(map(bool, texts))
    if best is None or own.count(False) - best[0] < _FEWEST or 4 * best[0] > filled:
        return None
    return best[1]


def _fits_beside(texts: list[str], profiles: list[_Profile], at: int, step: int) -> bool:
    """Whether a cell could stand in the column beside its own; a blank one always could."""
    if not texts[at]:
        return True
    return 0 <= at + step < len(texts) and profiles[at + step].fits(texts[at])

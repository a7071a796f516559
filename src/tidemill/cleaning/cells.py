"""A table as rows of cells: which are blank, which do not fit their column."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from tidemill.cleaning.base import counted
from tidemill.cleaning.markers import are_markers
from tidemill.core.dataset import Dataset
from tidemill.core.spelling import mended

_MARKS = r"^[\s?_*.,;:/\\|=~–—-]*$"
_MOST_TEXTS = 20_000
_READ = 0.75
_PROBE = 2_000
"""The share of a column's cells that are numbers or dates where a word among them is alien."""


@dataclass(frozen=True)
class CellReading:
    """A column of text of which most cells read as numbers or dates.

    Attributes:
        texts: Its different texts.
        values: What each of them reads as, null where it cannot be read.
        alien: (rows,) True where a cell holds something else, and no marker of a missing value.
    """

    texts: pl.Series
    values: pl.Series
    alien: pl.Series


class Cells:
    """The cells of a table, looked at row by row; what takes time is looked up when it is asked.

    Attributes:
        frame: The rows.
        texts: The columns that hold text.
        named: The columns that hold anything but numbers.
        filled: Column -> the share of its cells that hold something.
    """

    def __init__(self, data: Dataset) -> None:
        self.frame = data.frame
        dtypes = data.frame.schema
        self.texts = [name for name, dtype in dtypes.items() if dtype == pl.String]
        self._readings: dict[str, CellReading | None] = {}
        rows = max(1, data.frame.height)
        self.filled = {name: 1 - data[name].null_count() / rows for name in dtypes}

    @property
    def named(self) -> list[str]:
        """The columns that hold dates, words or codes, and no numbers."""
        return [name for name in self.frame.columns if not self._is_number(name)]

    @cached_property
    def present(self) -> np.ndarray:
        """(rows,) how many cells of each row are not missing."""
        known = pl.sum_horizontal(pl.all().is_not_null()).alias("n")
        return self.frame.select(known)["n"].to_numpy()

    @cached_property
    def textless(self) -> np.ndarray:
        """(rows,) whether a row holds numbers only, in a table whose other rows hold words or
        dates, too."""
        never = np.zeros(self.frame.height, bool)
        dated = [name for name, dtype in self.frame.schema.items() if dtype.is_temporal()]
        if any(self.filled[name] == 1 for name in dated):
            return never
        if not any(self.filled[name] >= 0.9 for name in self.named):
            return never
        return np.asarray(self.blanks(self.named) & (self.present > 0))

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """The words of the columns' names, and those that occur in cells of several rows."""
        words = set(words_in(" ".join(self.frame.columns)))
        for name in self.texts:
            counts = counted(self.frame[name]).filter(pl.col("count") > 1)
            words.update(words_in(" ".join(counts["value"].head(_MOST_TEXTS))))
        return frozenset(words)

    def blanks(self, names: list[str]) -> np.ndarray:
        """(rows,) whether every cell of these columns is blank."""
        at = np.arange(self.frame.height)
        # those first that are looked at quickly, or leave few rows
        for name in sorted(names, key=lambda name: (name in self.texts, self.filled[name])):
            if not len(at):
                break
            at = at[blank(self.frame[name][at]).to_numpy()]
        rows = np.zeros(self.frame.height, bool)
        rows[at] = True
        return rows

    def is_blank(self, name: str, row: int) -> bool:
        """Whether a cell holds nothing."""
        return bool(blank(self.frame[name][row : row + 1])[0])

    def reading(self, name: str) -> CellReading | None:
        """A column of text read as numbers or dates, where most of its cells are."""
        if name not in self._readings:
            values = self.frame[name]
            self._readings[name] = _reading(values) if values.dtype == pl.String else None
        return self._readings[name]

    def is_alien(self, name: str, row: int) -> bool:
        """Whether a cell is a text among numbers or dates."""
        reading = self.reading(name)
        return reading is not None and bool(reading.alien[row])

    def numbers(self) -> dict[str, np.ndarray]:
        """(rows,) The numbers of each column that holds some, NaN where there is none."""
        found = {}
        for name in self.frame.columns:
            if self._is_number(name):
                reading, values = self.reading(name), self.frame[name]
                if reading is not None:
                    values = values.replace_strict(reading.texts, reading.values, default=None)
                found[name] = values.cast(pl.Float64).fill_null(float("nan")).to_numpy()
        return found

    def shown(self, row: int, most: int = 4) -> list[tuple[str, str]]:
        """The first cells of a row that are not blank: column and text."""
        found = []
        for name, value in self.frame.row(row, named=True).items():
            if value is not None and not self.is_blank(name, row):
                found.append((name, " ".join(str(value).split())))
        return found[:most]

    def _is_number(self, name: str) -> bool:
        if self.frame[name].dtype.is_numeric():
            return True
        reading = self.reading(name)
        return reading is not None and reading.values.dtype.is_numeric()


def _reading(values: pl.Series) -> CellReading | None:
    known = values.drop_nulls()
    if len(known) > _PROBE:  # most columns of text are words, which a part of them shows
        probe = known.gather_every(len(known) // _PROBE).unique(maintain_order=True)
        if mended(probe, _READ - 0.25) is None:
            return None
    texts = known.unique(maintain_order=True)
    found = mended(texts, _READ) if len(texts) else None
    if found is None:
        return None
    unread = texts.filter(found.unread)
    alien = values.is_in(unread.to_list()).fill_null(False)
    if alien.sum() > (1 - _READ) * values.count():
        return None
    return CellReading(texts, found.values, alien)


def words_in(text: str) -> list[str]:
    """The words of a text, in lower case.

    Example:
        >>> words_in("West-region (EUR)")
        ['west', 'region', 'eur']
    """
    return re.findall(r"\w+", text.lower())


def blank(values: pl.Series) -> pl.Series:
    """(rows,) True where a cell is missing, or a text of marks such as "-" or "n/a"; never null."""
    if values.dtype != pl.String:
        return values.is_null()
    # "none" may be an answer, and is no gap
    return values.is_null() | are_markers(values) | values.fill_null("").str.contains(_MARKS)

"""What recipes about texts share: which column holds them, rows as values by name, and texts as a
page shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.run import Run
from tidemill.core.text_tokens import is_unspaced, text_words
from tidemill.core.words import opening, width
from tidemill.io.formulas import KEEP
from tidemill.io.writing import text_frame
from tidemill.personal.in_text import personal_spans
from tidemill.personal.masking import mask
from tidemill.writing.stop_words import STOP_WORDS
from tidemill.writing.writer import Language

SHOWN = 12
LONGEST = 500
"""Characters of a text that a page shows."""
_FEWEST_WORDS = 20
"""Words by which a language is told."""


def longest_texts(data: Dataset, what: str) -> str:
    """The column of free text whose texts are longest.

    Args:
        data: The table.
        what: What the recipe calls the column, by which the user may name another.

    Raises:
        DataError: No column holds free text.
    """
    sizes = {
        column.name: float(data[column.name].cast(pl.String).str.len_chars().fill_null(0).sum())
        for column in data.schema
        if column.kind == "text" and column.role != "ignore"
    }
    if not sizes:
        raise DataError(
            "no column holds free text",
            where=data.name,
            hint=f"name the column of the texts with option 'column={what}=COL'",
        )
    return max(sizes, key=lambda name: sizes[name])


def texts_of(data: Dataset, name: str) -> list[str]:
    """(rows,) the texts of a column without blanks around them; "" where there is none."""
    return [text.strip() for text in data[name].cast(pl.String).fill_null("").to_list()]


def values_of(data: Dataset, names: Sequence[str]) -> list[dict[str, str]]:
    """(rows,) name -> value as it was spelled at the source, without those that are missing."""
    cells = text_frame(data, KEEP)
    known = {name: cells[name].fill_null("").to_list() for name in names}
    return [
        {name: known[name][row].strip() for name in names if known[name][row].strip()}
        for row in range(len(data))
    ]


def with_columns_behind(data: Dataset, added: Mapping[str, Iterable[object]]) -> pl.DataFrame:
    """The rows as they were spelled, and further columns behind them under names that are free."""
    frame = text_frame(data, KEEP)
    more = []
    for name, values in added.items():
        free = name if name not in frame.columns else f"{name} (Tidemill)"
        more.append(pl.Series(free, list(values)))
    return frame.with_columns(more)


def language_of(texts: Sequence[str], data: Dataset) -> Language:
    """The language of texts, of those whose texts can be checked.

    Args:
        texts: Some of them.
        data: For its name.

    Raises:
        DataError: They are in another language.
    """
    sample = " ".join(texts)
    if is_unspaced(sample):
        return "zh"
    words = text_words(sample)
    counts = {name: sum(word in own for word in words) for name, own in STOP_WORDS.items()}
    likeliest = max(counts, key=lambda name: (counts[name], name == "en"))
    letters = [word for word in words if word.isalpha()]
    is_latin = 2 * sum(word.isascii() for word in letters) >= len(letters)
    if len(words) >= _FEWEST_WORDS and (likeliest != "en" or not is_latin):
        raise DataError(
            "the texts are neither in English nor in Chinese, so what is written cannot be checked",
            where=data.name,
            hint="give a table in one of these languages",
        )
    return "en"


def some_rows(among: Sequence[int], number: int, run: Run) -> list[int]:
    """Rows drawn at random, none chosen, in their order."""
    drawn = run.rng("recipes", "shown").permutation(np.asarray(among, dtype=np.int64))[:number]
    return sorted(int(row) for row in drawn)


def shown_text(text: str, longest: int = LONGEST) -> str:
    """A text as a page shows it: what is personal in it made unreadable, and cut where it is long.

    Example:
        >>> shown_text("My name is Anna Lee, and the pot leaks.")
        'My name is Xxxx Xxx, and the pot leaks.'
    """
    for one in reversed(personal_spans(text)):
        text = text[: one.start] + mask(text[one.start : one.end]) + text[one.end :]
    text = " ".join(text.split())
    return text if width(text) <= longest else opening(text, longest)


def shown_values(values: Mapping[str, str]) -> str:
    """A row in one cell of a page."""
    return "; ".join(f"{name}: {shown_text(value, 120)}" for name, value in values.items())

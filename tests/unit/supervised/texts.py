"""Tables of a text and a number whose truth is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column, Schema
from tidemill.supervised.arrays import Floats

WORDS = tuple(f"w{k}" for k in range(200))
Truth = Callable[[np.ndarray, Floats], Floats]
"""(whether a text has the word "never", the number) -> the chance of "yes", (n,)."""

TRUTHS: dict[str, Truth] = {
    "a word": lambda never, x: np.where(never, 0.98, 0.02),
    "a word and a number": lambda never, x: np.where(never & (x > 0), 0.98, 0.02),
    "a word turns a number": lambda never, x: np.where(never == (x > 0), 0.98, 0.02),
}


def reviews(rows: int, truth: str, seed: int = 0) -> Dataset:
    """Texts of twelve words of a language of 200, Zipf-like, of which a third has "never", too; a
    number ``x``; and ``label`` by one of TRUTHS."""
    rng = np.random.default_rng(seed)
    often = 1 / (np.arange(len(WORDS)) + 5.0)
    never, x = rng.random(rows) < 0.35, rng.normal(size=rows)
    texts = []
    for has in never:
        words = rng.choice(WORDS, 12, p=often / often.sum()).tolist()
        if has:
            words.insert(int(rng.integers(12)), "Never")
        texts.append(" ".join(words))
    label = np.where(rng.random(rows) < TRUTHS[truth](never, x), "yes", "no")
    frame = pl.DataFrame({"review": texts, "x": x, "label": label})
    columns = (
        Column("review", "text"),
        Column("x", "number", dtype="Float64"),
        Column("label", "category", "target"),
    )
    return Dataset(frame, Schema(columns))

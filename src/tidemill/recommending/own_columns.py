"""What the columns of a table say of its items, or of its customers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from tidemill.core.columns import by_name
from tidemill.core.text_tokens import text_words
from tidemill.supervised.arrays import Floats, as_floats

AGREEING = 0.1
"""A column is an item's own where its lines differ from the most frequent value of their item at
most so many times as often as from the most frequent one of all."""
FEWEST_ITEMS = 5
"""Items that share a level or a word, without which it says nothing of another item."""
MOST_TERMS = 300
FEWEST_NUMBERS = 12
"""Different numbers from which on they are told by size, not one by one."""
PARTS = 5
"""Into which numbers are cut by size."""


def own_columns(
    lines: pl.DataFrame, key: str, names: Sequence[str], *, certain: bool
) -> pl.DataFrame:
    """The columns that are a key's own: the key and, for each column, its most frequent value.

    Args:
        lines: The key and others, a row each.
        key: The column that items, or customers, are told apart by.
        names: The columns that are looked at.
        certain: Whether the user says that they are the key's own; else those are kept whose lines
            nearly always say the same of it.

    Example:
        >>> lines = pl.DataFrame({"item": [*"abcdef", *"abcdef"], "kind": ["tea", "jam"] * 6,
        ...                       "till": [1] * 6 + [2] * 6})
        >>> own_columns(lines, "item", ["kind", "till"], certain=False).rows()[:2]
        [('a', 'tea'), ('b', 'jam')]
    """
    table = lines.select(by_name(key)).drop_nulls().unique().sort(by_name(key))
    for name in names:
        known = lines.select(by_name(key).alias("key"), by_name(name).alias("value")).drop_nulls()
        counted = known.group_by("key", "value").len()
        counted = counted.sort("len", "value", descending=[True, False])
        own = counted.group_by("key", maintain_order=True).agg(
            value=pl.col("value").first(), most=pl.col("len").first(), lines=pl.col("len").sum()
        )
        if own["value"].n_unique() > 1 and (certain or _is_own(counted, own)):
            values = own.select("key", by_name("value").alias(name))
            table = table.join(values, left_on=key, right_on="key", how="left")
    return table


def _is_own(counted: pl.DataFrame, own: pl.DataFrame) -> bool:
    """Whether lines of a key say the same; keys of a single line tell nothing."""
    again = own.filter(pl.col("lines") > 1)
    if again.height < FEWEST_ITEMS or again["value"].n_unique() < 2:
        return False
    values = counted.join(again.select("key"), on="key", how="semi")
    of_value = values.group_by("value").agg(pl.col("len").sum())["len"].to_numpy()
    differ = of_value.sum() - again["most"].sum()
    return bool(differ <= AGREEING * (of_value.sum() - of_value.max()))


def design_of(table: pl.DataFrame) -> Floats:
    """(m, d) the items' columns as numbers around 0: levels and words that several items share, and
    sizes.

    Args:
        table: "item" and its columns, a row each.

    Example:
        >>> kinds = ["red cup", "blue cup"] * 5
        >>> design_of(pl.DataFrame({"item": list(range(10)), "kind": kinds})).shape
        (10, 4)
    """
    terms: dict[tuple[str, str], list[int]] = {}
    sizes = []
    for name in table.columns[1:]:
        values = table[name]
        if (values.dtype.is_numeric() or values.dtype.is_temporal()) and (
            values.n_unique() > FEWEST_NUMBERS
        ):
            numbers = as_floats(values)
            sizes.append(_standard_size(numbers))
            values = _parts_of(numbers)
        for at, value in enumerate(values.cast(pl.String)):
            if value is not None:
                for term in {value.casefold(), *text_words(value)}:
                    terms.setdefault((name, term), []).append(at)
    shared = {term: at for term, at in terms.items() if FEWEST_ITEMS <= len(at) < table.height}
    kept = sorted(shared, key=lambda term: (-len(shared[term]), term))[:MOST_TERMS]
    found = np.zeros((table.height, len(kept) + len(sizes)))
    for place, term in enumerate(kept):
        found[shared[term], place] = 1.0
    for place, size in enumerate(sizes, start=len(kept)):
        found[:, place] = size
    return found - found.mean(axis=0)


def _standard_size(numbers: Floats) -> Floats:
    """Their ranks, from -1 to 1; 0 where there is none."""
    known = np.isfinite(numbers)
    ranks = pl.Series(numbers[known]).rank("average").to_numpy()
    found = np.zeros(len(numbers))
    found[known] = 2 * (ranks - 0.5) / max(len(ranks), 1) - 1
    return found


def _parts_of(numbers: Floats) -> pl.Series:
    """Which of a few parts, by size, each number is in."""
    known = np.isfinite(numbers)
    cuts = np.quantile(numbers[known], np.arange(1, PARTS) / PARTS)
    parts = np.searchsorted(cuts, numbers).tolist()
    said = [str(part) if there else None for part, there in zip(parts, known, strict=True)]
    return pl.Series(said, dtype=pl.String)

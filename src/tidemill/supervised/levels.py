"""The levels of a column as text, and rows as codes of them."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from tidemill.supervised.arrays import Floats


def frequent_levels(values: pl.Series, most: int, least: int = 1) -> tuple[str, ...]:
    """So many levels that at least so many rows have, the most frequent first, and of equally
    frequent ones the first in the alphabet.

    Example:
        >>> frequent_levels(pl.Series(["b", "a", None, "b", "c"]), 2)
        ('b', 'a')
    """
    counts = values.drop_nulls().cast(pl.String).alias("level").value_counts()
    ordered = counts.filter(pl.col("count") >= least).sort(
        ["count", "level"], descending=[True, False]
    )
    return tuple(ordered["level"].head(most).to_list())


def level_codes(
    values: pl.Series, levels: Sequence[str], *, other: float, missing: float
) -> Floats:
    """The position of each row's level, (n,).

    Args:
        values: The rows.
        levels: Levels as text, in order.
        other: The code of levels that are not among them.
        missing: The code where there is none.

    Example:
        >>> level_codes(pl.Series(["b", None, "z"]), ["a", "b"], other=-1, missing=9).tolist()
        [1.0, 9.0, -1.0]
    """
    texts = values.cast(pl.String)
    positions = list(range(len(levels)))
    codes = texts.replace_strict(
        list(levels), positions, default=other, return_dtype=pl.Float64
    ).to_numpy(writable=True)
    codes[texts.is_null().to_numpy()] = missing
    return codes

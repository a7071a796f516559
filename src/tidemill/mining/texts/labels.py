"""The groups that a column divides texts into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.schema import Column
from tidemill.core.words import format_value
from tidemill.mining.texts.corpus import Corpus

FEWEST_OF_LABEL = 10
"""Training texts without which a label is not looked at."""
MOST_LABELS = 150
MOST_NUMBERS = 10
"""A column of numbers with more different ones has no labels."""


@dataclass(frozen=True, eq=False)
class Labels:
    """The labels of texts.

    Attributes:
        column: Their column.
        names, values: Of each label as it is told, and as it stands in the column.
        seen, held: Codes of the labels of training and held-out texts; -1 where it is none of
            them.
        left_out: Further labels, of too few training texts.
    """

    column: str
    names: tuple[str, ...]
    values: tuple[Any, ...]
    seen: NDArray[np.int64]
    held: NDArray[np.int64]
    left_out: int


def target_labels(corpus: Corpus) -> Labels | None:
    """The labels that the target has, where it has any."""
    target = corpus.train.target
    return None if target is None else labels_of(corpus, target)


def labels_of(corpus: Corpus, column: Column) -> Labels | None:
    """The labels of a column with enough texts; None where there are fewer than two, or too
    many."""
    if column.kind not in ("category", "boolean", "number"):
        return None
    series = corpus.train[column.name]
    counted = series.drop_nulls().alias("value").value_counts()
    if column.kind == "number" and counted.height > MOST_NUMBERS:
        return None
    values = counted.filter(pl.col("count") >= FEWEST_OF_LABEL)["value"].sort()
    if not 2 <= len(values) <= MOST_LABELS:
        return None
    codes = pl.DataFrame({"value": values, "code": np.arange(len(values))})

    def coded(part: pl.Series) -> NDArray[np.int64]:
        rows = pl.DataFrame({"value": part.cast(values.dtype)})
        found = rows.join(codes, on="value", how="left", maintain_order="left")
        return found["code"].fill_null(-1).cast(pl.Int64).to_numpy()

    return Labels(
        column.name,
        tuple(format_value(value) for value in values),
        tuple(values),
        coded(series),
        coded(corpus.held[column.name]),
        counted.height - len(values),
    )

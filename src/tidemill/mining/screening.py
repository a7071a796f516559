"""Which columns to look at where a table has more than a technique can take."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.columns import by_name
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.mining.sampling import sample_rows

_ROWS = 2000


def most_connected(
    train: Dataset, columns: Sequence[Column], limit: int, run: Run, technique: str
) -> tuple[Column, ...]:
    """At most so many columns, those with the strongest rank correlation with any other; in the
    table's order.

    Columns that do not vary are left out. A warning says when others are.

    Args:
        train: Training rows.
        columns: The columns to choose from.
        limit: Most columns.
        run: Seed, and the listener of the warning.
        technique: Who asks, for the warning.
    """
    if not columns:
        return ()
    distinct = train.frame.select(by_name(*[column.name for column in columns]).n_unique()).row(0)
    varying = [column for column, values in zip(columns, distinct, strict=True) if values > 1]
    if len(varying) <= limit:
        return tuple(varying)
    ranks = rank_matrix(sample_rows(train, _ROWS, run.rng("mining/screening")), varying)
    related = np.abs(ranks.T @ ranks)
    np.fill_diagonal(related, 0)
    kept = np.sort(np.argsort(-related.max(axis=1), kind="stable")[:limit])
    run.warn(
        f"The table has {len(varying):,} columns that vary; {technique} were looked for among the "
        f"{limit} that go together with another column the most.",
        "mine",
    )
    return tuple(varying[at] for at in kept)


def rank_matrix(data: Dataset, columns: Sequence[Column]) -> NDArray[np.float64]:
    """Centred ranks of length 1, (n, columns); levels rank by how frequent they are, missing values
    in the middle."""
    ranks = []
    for at, column in enumerate(columns):
        values = by_name(column.name)
        if column.kind not in ("number", "datetime"):
            values = pl.len().over(by_name(column.name))
        ranks.append(values.rank("average").cast(pl.Float64).alias(str(at)))
    centred = data.frame.select(ranks).with_columns(pl.all() - pl.all().mean())
    matrix = centred.fill_null(0.0).to_numpy()
    lengths = np.sqrt((matrix**2).sum(axis=0))
    return np.asarray(matrix / np.where(lengths > 0, lengths, 1.0))

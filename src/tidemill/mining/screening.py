"""Which columns to look at where a table has more than a technique can take."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.mining.binning import as_floats, learn_bins
from tidemill.mining.sampling import sample_rows

_ROWS = 2000


def most_connected(train: Dataset, columns: Sequence[Column], limit: int, run: Run,
                   technique: str) -> tuple[Column, ...]:
    """At most so many columns, those with the strongest rank correlation with any other; in the table's order.

    A warning says when columns are left out.

    Args:
        train: Training rows.
        columns: The columns to choose from.
        limit: Most columns.
        run: Seed, and the listener of the warning.
        technique: Who asks, for the warning.
    """
    varying = [column for column in columns
               if train[column.name].drop_nulls().n_unique() + (train[column.name].null_count() > 0) > 1]
    if len(varying) <= limit:
        return tuple(varying)
    few = sample_rows(train, _ROWS, run.rng("mining/screening"))
    ranks = np.column_stack([ranked(few, column) for column in varying])
    related = np.abs(ranks.T @ ranks)
    np.fill_diagonal(related, 0)
    kept = np.sort(np.argsort(-related.max(axis=1), kind="stable")[:limit])
    run.warn(f"The table has {len(varying):,} columns that vary; {technique} were looked for among the {limit} that go "
             "together with another column the most.", "mine")
    return tuple(varying[at] for at in kept)


def ranked(data: Dataset, column: Column) -> np.ndarray:
    """Centred ranks of length 1, (n,); levels rank by how frequent they are."""
    from scipy.stats import rankdata

    series = data[column.name]
    if column.kind in ("number", "datetime"):
        values = as_floats(series)
    else:
        values = learn_bins(series, column, levels=1000).codes(series).astype(np.float64)
    ranks = rankdata(np.where(np.isnan(values), np.inf, values))
    ranks -= ranks.mean()
    length = np.sqrt(ranks @ ranks)
    return np.asarray(ranks / length if length else ranks)

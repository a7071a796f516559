"""How well made rows pass for real ones: the score that a family without a likelihood is stopped by."""

from __future__ import annotations

from typing import Any

import lightgbm as lgb
import numpy as np

from tidemill.core.grid import Batch

MOST_ROWS = 4000
"""Rows of each sort."""
MOST_COLUMNS = 40
"""Columns that the judge sees; where rows have more, some at random."""
TREES, FOLDS = 100, 3
JUDGE: dict[str, Any] = {"objective": "binary", "learning_rate": 0.1, "num_leaves": 15, "max_bin": 127, "num_threads": 1,
                         "deterministic": True, "force_row_wise": True, "verbosity": -1}


def told_apart(real: Batch, made: Batch, rng: np.random.Generator) -> float:
    """How well trees tell real rows from made ones: the area under the ROC curve on rows that they did not see.

    The classifier two-sample test of Lopez-Paz and Oquab (2017), small enough to be taken many times in a training.

    Args:
        real: Rows that the model did not learn from.
        made: The model's.
        rng: Draws rows and columns.

    Returns:
        0.5 where the trees have to guess, 1 where they always know.
    """
    n = min(len(real), len(made), MOST_ROWS)
    if n < 2 * FOLDS:
        return 0.5
    sides = [part.rows(rng.permutation(len(part))[:n]) for part in (real, made)]
    x = np.concatenate([_columns(side) for side in sides])
    x = x[:, np.sort(rng.permutation(x.shape[1])[:MOST_COLUMNS])]
    label = np.repeat([1.0, 0.0], n)
    fold = np.tile(np.arange(n) % FOLDS, 2)
    found = []
    for k in range(FOLDS):
        shown = fold != k
        judge = lgb.train({**JUDGE, "min_data_in_leaf": min(20, n // 4)}, lgb.Dataset(x[shown], label[shown]), TREES)
        said = judge.predict(x[~shown], num_threads=1)
        found.append(_auc(np.asarray(said), label[~shown] > 0))
    return float(np.mean(found))


def _columns(batch: Batch) -> np.ndarray:
    """(n, columns) ticks, codes, sites in use and context, side by side."""
    parts = [batch.tick, batch.code, *([] if batch.mask is None else [batch.mask.sum(axis=1)])]
    flat = [part.reshape(len(batch), -1).astype(float) for part in parts]
    return np.concatenate([*flat, *([] if batch.context is None else [_columns(batch.context)])], axis=1)


def _auc(score: np.ndarray, positive: np.ndarray) -> float:
    """How often a positive is scored above a negative, ties counted half."""
    above, other = score[positive], np.sort(score[~positive])
    below = np.searchsorted(other, above, "left") + np.searchsorted(other, above, "right")
    return float(below.mean() / (2 * len(other)))

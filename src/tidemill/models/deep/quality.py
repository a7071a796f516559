"""How well made rows pass for real ones: the score that a family without a likelihood is stopped
by."""

from __future__ import annotations

from typing import Any

import lightgbm as lgb
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tidemill.core.grid import Batch
from tidemill.supervised.auc import auc
from tidemill.supervised.boosting import REPEATABLE

MOST_ROWS = 4000
"""Rows of each sort."""
MOST_COLUMNS = 40
"""Columns that the judge sees; where rows have more, some at random."""
TREES, FOLDS = 100, 3
JUDGE: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.1,
    "num_leaves": 15,
    "max_bin": 127,
    **REPEATABLE,
}

UNITS, POOLED, PROJECTED = (32, 64), 4, 64
"""Of the random network through which images are seen: units of its layers, sides of its last grid,
numbers at its end."""


def frechet(real: Batch, made: Batch) -> float:
    """The Fréchet distance of images in features of a convolutional network with random weights,
    always the same ones.

    Features of random networks serve where no trained one fits the images (Naeem et al. 2020,
    "Reliable fidelity and diversity metrics for generative models").
    """
    sides = [_seen(part).double() for part in (real, made)]
    if min(map(len, sides)) < 2:
        return 0.0
    one, other = (torch.cov(side.T) for side in sides)
    mean, middle = (side.mean(0) for side in sides)
    level, base = torch.linalg.eigh(one)
    root = (base * level.clamp_min(0).sqrt()) @ base.T
    shared = torch.linalg.eigvalsh(root @ other @ root).clamp_min(0).sqrt().sum()
    return float((mean - middle).square().sum() + one.trace() + other.trace() - 2 * shared)


def _seen(batch: Batch) -> Tensor:
    """(n, PROJECTED) what the random network sees of images."""
    both = np.concatenate([batch.tick / 128.0, batch.code], axis=-1).astype(np.float32)
    h = torch.from_numpy(both[:MOST_ROWS]).movedim(-1, 1)
    rng = torch.Generator().manual_seed(0)
    for units in UNITS:
        weight = (
            torch.randn((units, h.shape[1], 3, 3), generator=rng) * (2 / (9 * h.shape[1])) ** 0.5
        )
        h = functional.relu(functional.conv2d(h, weight, stride=2, padding=1))
    flat = functional.adaptive_avg_pool2d(h, POOLED).flatten(1)
    return (
        flat.float() @ torch.randn((flat.shape[1], PROJECTED), generator=rng) / flat.shape[1] ** 0.5
    )


def two_sample_auc(real: Batch, made: Batch, rng: np.random.Generator) -> float:
    """How well trees tell real rows from made ones: the area under the ROC curve on rows that they
    did not see.

    The classifier two-sample test of Lopez-Paz and Oquab (2017), small enough to be taken many
    times in a training.

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
        judge = lgb.train(
            {**JUDGE, "min_data_in_leaf": min(20, n // 4)},
            lgb.Dataset(x[shown], label[shown]),
            TREES,
        )
        said, is_real = np.asarray(judge.predict(x[~shown], num_threads=1)), label[~shown] > 0
        found.append(auc(said[is_real], said[~is_real]).value)
    return float(np.mean(found))


def _columns(batch: Batch) -> np.ndarray:
    """(n, columns) ticks, codes, sites in use and context, side by side."""
    parts = [batch.tick, batch.code, *([] if batch.mask is None else [batch.mask.sum(axis=1)])]
    flat = [part.reshape(len(batch), -1).astype(float) for part in parts]
    return np.concatenate(
        [*flat, *([] if batch.context is None else [_columns(batch.context)])], axis=1
    )

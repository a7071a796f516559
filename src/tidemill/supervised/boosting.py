"""Boosted trees and forests on mixed columns, with fixed settings: the judge of detection, a
learner of utility."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tidemill.core.run import Run
from tidemill.supervised.arrays import FeatureLayout, Features, Floats

if TYPE_CHECKING:
    import lightgbm as lgb

NATIVE_LEVELS = 100
"""Categories up to so many levels are split by LightGBM as sets of levels; others by their rank in
frequency."""
COLUMNS_A_TREE = 300
"""Of wider tables, each tree is shown so many columns, drawn anew."""
THREADS = 1
"""A second thread saves next to nothing on tables of this size, but on a busy machine the two wait
for each other."""

REPEATABLE: Mapping[str, Any] = {
    "deterministic": True,
    "force_col_wise": True,  # by row, LightGBM 4.7 writes beyond its memory on some tables
    "num_threads": THREADS,
    "verbosity": -1,
}
"""LightGBM's parameters that make a model the same every time."""


def tree_matrix(rows: Features) -> Floats:
    """Numbers, then codes, (n, columns): missing numbers are NaN, a missing level is a level of its
    own (code 0). Then, of texts, whether they have each of their most frequent terms, with which
    other columns may go together."""
    matrix: Floats = np.concatenate([rows.numbers, rows.codes], axis=1)
    return matrix if rows.common is None else np.concatenate([matrix, rows.common], axis=1)


def boosted(
    layout: FeatureLayout,
    matrix: Floats,
    label: Floats,
    run: Run,
    *,
    trees: int,
    classes: int = 2,
    weight: Floats | None = None,
    **settings: Any,
) -> lgb.Booster:
    """LightGBM's defaults (31 leaves, learning rate 0.1, 20 rows a leaf) but for what is given; the
    same every time.

    It learns on one thread, and of a table of more than COLUMNS_A_TREE columns each tree sees that
    many.

    Args:
        layout: What the columns are.
        matrix: As :func:`tree_matrix` gives it.
        label: 0 and 1, class codes, or numbers, (n,).
        run: Its seed.
        trees: Boosting rounds.
        classes: Their number; 0 where the label is a number.
        weight: What each row counts for, (n,); None for all the same.
        settings: Further LightGBM parameters.
    """
    import lightgbm as lgb

    first = len(layout.numbers)
    native = [first + j for j, levels in enumerate(layout.levels) if len(levels) <= NATIVE_LEVELS]
    fixed: Mapping[str, Any] = {
        **objective_of(classes),
        **REPEATABLE,
        "seed": run.seed_of("metrics", "boosting"),
        "feature_fraction": min(1.0, COLUMNS_A_TREE / max(1, matrix.shape[1])),
        **settings,
    }
    data = lgb.Dataset(
        matrix, label, weight=weight, categorical_feature=native, params={"verbosity": -1}
    )
    return lgb.train(dict(fixed), data, trees)


def objective_of(classes: int) -> Mapping[str, Any]:
    """LightGBM's parameters for so many classes, or for a number where there are none."""
    if classes == 0:
        return {"objective": "regression", "num_class": 1}
    if classes == 2:
        return {"objective": "binary", "num_class": 1}
    return {"objective": "multiclass", "num_class": classes}


def class_chances(model: lgb.Booster, matrix: Floats, classes: int) -> Floats:
    """The chance of each class, (n, classes); numbers (n,) where there are no classes."""
    predicted = predictions(model, matrix)
    if classes == 2:
        return np.column_stack([1 - predicted, predicted])
    return predicted


def predictions(model: lgb.Booster, matrix: Floats) -> Floats:
    """What the model makes of the rows: probabilities (n,), or (n, classes), or numbers (n,)."""
    return np.asarray(model.predict(matrix, num_threads=THREADS))

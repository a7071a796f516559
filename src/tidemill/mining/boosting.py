"""Gradient-boosted trees (LightGBM) for any target, with honest predictions of the training
rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tidemill.core.run import Run
from tidemill.mining.outcome import Outcome
from tidemill.supervised.arrays import Floats
from tidemill.supervised.boosting import REPEATABLE

if TYPE_CHECKING:
    import lightgbm

FOLDS = 5
MOST_ROUNDS = 400
PATIENCE = 20
LEAST_GAIN = 1e-4
"""Trees are added while they better the loss by this much (of the variance, for a number)."""
WIDE = 150
"""Features that a tree of a wide table looks at."""
FEW_ROWS = 10_000
"""Below so many rows the trees learn in smaller steps, and may be smaller."""
LEAVES = (15, 4)
"""Of few rows, large trees learn chance before they have learned all of an effect."""


@dataclass(frozen=True)
class BoostedTrees:
    """A fitted model.

    Attributes:
        booster: LightGBM's own.
        outcome: What it predicts.
    """

    booster: lightgbm.Booster
    outcome: Outcome

    def predict(self, rows: Floats) -> Floats:
        """Class chances (n, classes), or the expected number (n, 1)."""
        return _two_dimensional(np.asarray(self.booster.predict(rows, num_threads=1)), self.outcome)

    def gains(self) -> Floats:
        """How much each feature's splits bettered the loss, (features,)."""
        return np.asarray(self.booster.feature_importance("gain"), dtype=np.float64)

    def contributions(self, rows: Floats, run: Run) -> Floats:
        """SHAP values (Lundberg et al. 2020) on the model's own scale, and the base value at the
        end.

        Returns:
            (n, outputs, features + 1); outputs is 1 but for several classes. A row's sum is its raw
            score.
        """

        def explain(part: Floats) -> Floats:
            return np.asarray(self.booster.predict(part, pred_contrib=True, num_threads=1))

        parts = np.array_split(rows, min(run.threads, len(rows)))
        flat = np.vstack(list(run.map(explain, parts)))
        return flat.reshape(len(rows), -1, rows.shape[1] + 1)


def fit_trees(
    rows: Floats, target: Floats, outcome: Outcome, categorical: Sequence[int], run: Run
) -> tuple[BoostedTrees, Floats]:
    """A model of all rows, and predictions of each row by models that have not seen it.

    The number of trees, and of few rows their size, is found on a fifth of the rows; then the folds
    and the final model use it. The models are fitted beside each other, each by one thread: so the
    number of threads cannot change the result, and none waits for another where the machine is
    busy.

    Args:
        rows: (n, features), NaN where missing.
        target: Class codes or numbers, (n,), none missing.
        outcome: What the target is.
        categorical: Positions of the features that are codes of levels.
        run: Seed and threads.
    """
    import lightgbm

    fold = _folds(target, outcome, run)
    tried = []
    for leaves in LEAVES if len(rows) < FEW_ROWS else LEAVES[:1]:
        settings = _settings(outcome, len(rows), rows.shape[1], leaves, run)
        tried.append((*_early_stopped(rows, target, fold == 0, settings, categorical), settings))
    _, rounds, settings = min(tried, key=lambda each: each[0])

    def fit(held_fold: int) -> lightgbm.Booster:
        used = fold != held_fold  # no row is of the last fold: that model is fitted on all
        return lightgbm.train(
            settings, _dataset(rows[used], target[used], settings, categorical), rounds
        )

    *crossed, final = run.map(fit, range(FOLDS + 1))
    unseen = np.empty((len(rows), len(outcome.levels) or 1))
    for at, booster in enumerate(crossed):
        unseen[fold == at] = BoostedTrees(booster, outcome).predict(rows[fold == at])
    return BoostedTrees(final, outcome), unseen


def _settings(outcome: Outcome, rows: int, features: int, leaves: int, run: Run) -> dict[str, Any]:
    name = {"binary": "binary", "number": "regression", "classes": "multiclass"}[outcome.kind]
    return {
        "objective": name,
        "num_class": len(outcome.levels) if outcome.kind == "classes" else 1,
        "learning_rate": 0.05 if rows < FEW_ROWS and outcome.kind != "classes" else 0.1,
        "num_leaves": leaves,
        "path_smooth": 20,
        "min_data_in_leaf": max(5, min(20, rows // 30)),
        "max_bin": 127,
        "cat_smooth": 20,
        "feature_fraction": min(0.6, max(WIDE / features, 0.05)),
        "seed": run.seed_of("mining/drivers/trees"),
        **REPEATABLE,
    }


def _folds(target: Floats, outcome: Outcome, run: Run) -> NDArray[np.int64]:
    """The fold of each row, (n,); classes are spread evenly."""
    order = run.rng("mining/drivers/folds").permutation(len(target))
    if outcome.kind != "number":
        order = order[np.argsort(target[order], kind="stable")]
    fold = np.empty(len(target), np.int64)
    fold[order] = np.arange(len(target)) % FOLDS
    return fold


def _early_stopped(
    rows: Floats,
    target: Floats,
    held: NDArray[np.bool_],
    settings: dict[str, Any],
    categorical: Sequence[int],
) -> tuple[float, int]:
    """The loss of the rows held back, and after how many trees it is the least."""
    import lightgbm

    data = _dataset(rows[~held], target[~held], settings, categorical)
    check = data.create_valid(rows[held], target[held])
    delta = LEAST_GAIN * (float(target.var()) if settings["objective"] == "regression" else 1.0)
    booster = lightgbm.train(
        settings,
        data,
        MOST_ROUNDS,
        valid_sets=[check],
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False, min_delta=delta)],
    )
    (score,) = booster.best_score["valid_0"].values()
    return float(score), max(int(booster.best_iteration), 1)


def _dataset(
    rows: Floats, target: Floats, settings: dict[str, Any], categorical: Sequence[int]
) -> lightgbm.Dataset:
    import lightgbm

    return lightgbm.Dataset(rows, target, categorical_feature=list(categorical), params=settings)


def _two_dimensional(predicted: Floats, outcome: Outcome) -> Floats:
    if outcome.kind == "binary":
        return np.column_stack([1 - predicted, predicted])
    return predicted.reshape(len(predicted), -1)

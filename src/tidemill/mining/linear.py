"""The plain model beside the trees: logistic or linear regression."""

from __future__ import annotations

import numpy as np

from tidemill.core.dataset import Dataset
from tidemill.core.one_thread import one_thread
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.mining.embedding import embed, learn_axes
from tidemill.mining.outcome import Outcome
from tidemill.supervised.arrays import Floats

MOST_ROWS = 20_000
MOST_DIMENSIONS = 300


def linear_predictions(
    train: Dataset,
    holdout: Dataset,
    columns: tuple[Column, ...],
    target: Floats,
    outcome: Outcome,
    run: Run,
) -> Floats:
    """Predictions of the held-out rows: class chances (n, classes), or the expected number (n, 1).

    Several classes have one model each against the rest. It learns from at most 20,000 rows, and
    from the first columns that have 300 dimensions together.

    Args:
        train, holdout: Rows with a target.
        columns: What to predict from, the most telling first.
        target: Class codes or numbers of the training rows, (n,).
        outcome: What the target is.
        run: Seed.
    """
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.multiclass import OneVsRestClassifier

    if len(train) > MOST_ROWS:
        at = np.sort(run.rng("mining/drivers/linear").choice(len(train), MOST_ROWS, replace=False))
        train, target = train.rows(at), target[at]
    axes = learn_axes(train, columns[:MOST_DIMENSIONS])
    seen, held = embed(train, axes)[:, :MOST_DIMENSIONS], embed(holdout, axes)[:, :MOST_DIMENSIONS]
    with one_thread(openmp=True):  # so that sums have one order, whatever the number of threads
        if outcome.kind == "number":
            return np.asarray(Ridge(alpha=1.0).fit(seen, target).predict(held)).reshape(-1, 1)
        one = LogisticRegression(C=1.0, solver="newton-cholesky", max_iter=200)
        model = OneVsRestClassifier(one).fit(seen, target.astype(int))
        chances = np.zeros((len(held), len(outcome.levels)))
        chances[:, model.classes_] = model.predict_proba(held)
    return chances

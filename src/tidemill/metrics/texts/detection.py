"""Whether a classifier can tell made texts from real ones: by their words, by their characters, or
by the order of their words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from tidemill.core.one_thread import one_thread
from tidemill.core.picture import Table
from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.core.words import ratio
from tidemill.metrics.texts.order import FIGURES, WordOrder
from tidemill.metrics.texts.sets import ComparedTexts, compared_texts
from tidemill.metrics.texts.terms import embedded, word_weights
from tidemill.supervised.arrays import FeatureLayout, Floats
from tidemill.supervised.auc import Auc, auc, mean_auc
from tidemill.supervised.boosting import boosted, predictions

METRIC = "text_detection"
BY_WORDS = "text detection by words (AUC)"
BY_EMBEDDING = "text detection by embedding (AUC)"
BY_ORDER = "text detection by order (AUC)"
MOST_TEXTS = 2_000
FOLDS = 3
TREES, LEAVES = 60, 8

Judge = Callable[[Any, Floats, Any], Floats]
"""(rows to learn from, 1 where these are real, rows to judge) -> how real these look."""


def text_detection(evidence: Evidence, run: Run) -> Iterable[Score]:
    """How well classifiers tell made from held-out real texts (AUC); 0.5 is best.

    Three judges, each by 3-fold cross-validation:

    - words: logistic regression on the weights of words and pairs of words
      (:func:`~tidemill.metrics.texts.terms.word_weights`);
    - embedding: boosted trees on a latent semantic analysis of runs of characters, marks and blanks
      among them (:func:`~tidemill.metrics.texts.terms.embedded`);
    - order: boosted trees on what a model of runs of words, learned from one half of the held-out
      texts, says of a text, and on whether its two halves are about the same
      (:class:`~tidemill.metrics.texts.order.WordOrder`). Made texts are told from the other half.

    Floor: words of training texts of the same class, drawn one by one, against held-out texts.
    Ceiling: training texts against held-out texts.

    Args:
        evidence: The sets; nothing is measured where there is no column of texts.
        run: Draws the samples, the folds and the embedding.
    """
    if not evidence.train.schema.texts:
        return
    sets = compared_texts(evidence, run, METRIC, MOST_TEXTS)
    if isinstance(sets, str):
        for name in (BY_WORDS, BY_EMBEDDING, BY_ORDER):
            yield Score(METRIC, name, None, better="low", why=sets)
        return
    run.check()
    found = [_judged(word_weights((*sets.real, *o)), len(o), _by_line, run) for o in sets.compared]
    yield _score(BY_WORDS, "that weighs words and pairs of words", found, sets)
    run.check()
    points = embedded((*sets.real, *sets.made, *sets.floor, *sets.ceiling), run)
    size = len(sets)
    found = [
        _judged(np.concatenate([points[:size], points[k * size : (k + 1) * size]]), size, by, run)
        for k, by in ((k, _by_trees(points.shape[1], run)) for k in (1, 2, 3))
    ]
    yield _score(BY_EMBEDDING, "that sees which runs of characters go together", found, sets)
    run.check()
    yield _by_order(sets, run)


def _by_order(sets: ComparedTexts, run: Run) -> Score:
    half = len(sets) // 2
    order = WordOrder(sets.real[half:], run)
    real, *others = (order.figures(texts[:half]) for texts in (sets.real, *sets.compared))
    judge = _by_trees(len(FIGURES), run)
    found = [_judged(np.concatenate([real, other]), half, judge, run) for other in others]
    rows = [
        (name, *(round(float(figures[:, k].mean()), 3) for figures in (others[0], real)))
        for k, name in enumerate(FIGURES[:-1])
    ]
    table = Table(("figure", "generated texts", "held-out texts"), tuple(rows), "Order of words")
    who = "that sees how words follow each other and whether a text keeps to its subject"
    return _score(BY_ORDER, who, found, sets, table)


def _judged(matrix: Any, others: int, judge: Judge, run: Run) -> Auc:
    """What a judge makes of rows that it did not learn from; the last so many are no real texts."""
    real = matrix.shape[0] - others
    rng = run.rng("metrics", METRIC, "folds")
    fold = np.concatenate([rng.permutation(size) % FOLDS for size in (real, others)])
    label = np.repeat([1.0, 0.0], [real, others])
    aucs = []
    for k in range(FOLDS):
        learned, judged = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        looks = judge(matrix[learned], label[learned], matrix[judged])
        aucs.append(auc(looks[label[judged] == 1], looks[label[judged] == 0]))
    return mean_auc(aucs)


def _by_line(rows: Any, label: Floats, judged: Any) -> Floats:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(solver="liblinear", C=10.0, tol=1e-3)
    with one_thread():
        looks: Floats = model.fit(rows, label).decision_function(judged)
    return looks


def _by_trees(axes: int, run: Run) -> Judge:
    layout = FeatureLayout(tuple(map(str, range(axes))), (), (), (False,) * axes)

    def judge(rows: Floats, label: Floats, judged: Floats) -> Floats:
        model = boosted(layout, rows, label, run, trees=TREES, num_leaves=LEAVES)
        return predictions(model, judged)

    return judge


def _score(
    name: str, who: str, found: Sequence[Auc], sets: ComparedTexts, table: Table | None = None
) -> Score:
    mine, floor, ceiling = found
    sentence = (
        f"A classifier {who} tells generated from held-out real texts with an AUC of "
        f"{ratio(mine.value)} (0.5 is guessing, 1 is certain; words drawn one by one get "
        f"{ratio(floor.value)}, training texts {ratio(ceiling.value)})"
    )
    if mine.interval[0] <= 0.5:
        sentence += ": it cannot tell them apart"
    return Score(
        METRIC,
        name,
        mine.value,
        floor.value,
        ceiling.value,
        "low",
        sentence=f"{sentence}{sets.note}.",
        table=table,
        interval=mine.interval,
        figures={"texts_of_each": len(sets), "error": mine.error},
    )

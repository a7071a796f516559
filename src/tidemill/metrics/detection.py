"""Whether a classifier can tell synthetic rows from real ones (the classifier two-sample test)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.core.dataset import Dataset
from tidemill.core.picture import Table
from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.core.words import plural, quoted, ratio
from tidemill.supervised.arrays import Features, Floats, features, together
from tidemill.supervised.auc import Auc, auc, mean_auc
from tidemill.supervised.boosting import boosted, predictions, tree_matrix
from tidemill.supervised.design import learn_design, logistic
from tidemill.supervised.sampling import affordable, sides

TREES = 150
FOLDS = 3
MOST_ROWS = 25_000
CELLS = 1_500_000
FEWEST_ROWS = 100
"""With fewer rows of each sort the judges, whose leaves hold 20 rows, are too weak for their 0.5 to
say anything."""
BY_TREES, BY_LINE = "detection by trees (AUC)", "detection by a linear model (AUC)"
_CANDIDATES = 10
_SHUFFLED_ROWS = 4000


class Judgement(NamedTuple):
    """What a judge that was shown both sorts of rows made of rows it had not seen.

    Attributes:
        auc: 0.5 where it has to guess, 1 where it always knows.
        loss: Per column, how much of the AUC is lost once the column is shuffled, the largest
            first.
    """

    auc: Auc
    loss: dict[str, float]


def detection(evidence: Evidence, run: Run) -> Iterable[Score]:
    """How well a classifier tells held-out real rows from equally many synthetic ones (AUC); 0.5 is
    best.

    Lopez-Paz and Oquab (2017), "Revisiting Classifier Two-Sample Tests". Real rows are those of the
    holdout, so a generator that repeats training rows is not rewarded. Two judges, whose settings
    are kept fixed so that figures can be compared between runs and versions:
    :func:`judged_by_trees` and :func:`judged_by_line`.

    Floor: rows of independent columns against the holdout. Ceiling: training rows against the
    holdout, about 0.5.

    Args:
        evidence: The sets; with fewer than FEWEST_ROWS rows the Scores have no value.
        run: Draws the samples and the folds.
    """
    columns = evidence.train.schema.modelled
    chosen = sides(
        evidence,
        run,
        "detection",
        equal=True,
        most=affordable(len(columns), cells=CELLS, most=MOST_ROWS),
    )
    if len(chosen.real) < FEWEST_ROWS:
        why = (
            f"there are {plural(len(chosen.real), 'row')} of each sort; {FEWEST_ROWS} are "
            "needed to judge"
        )
        for name in (BY_TREES, BY_LINE):
            yield Score("detection", name, None, better="low", why=why)
        return
    judges = (
        (BY_TREES, judged_by_trees, "A tree classifier"),
        (
            BY_LINE,
            judged_by_line,
            "A linear classifier, which weighs columns one by one and sees no relations,",
        ),
    )
    for name, judge, who in judges:
        found = [judge(chosen.real, other, run) for other in chosen.compared]
        yield _score(name, who, found, len(chosen.real), chosen.note)


def judged_by_trees(real: Dataset, other: Dataset, run: Run) -> Judgement:
    """LightGBM's judgement, by 3-fold cross-validation.

    150 trees of 31 leaves, learning rate 0.1, 20 rows a leaf. Categories up to 100 levels are split
    as sets of levels (LightGBM's own way), others by their rank in frequency over both sorts of
    rows; missing is a level. In a table of more than 300 columns, each tree sees 300 of them.

    Args:
        real, other: Equally many rows.
        run: Folds and seed.
    """
    layout, parts = features((real, other))
    rows, label, fold = _labelled(parts, run)
    matrix = tree_matrix(rows)
    models, aucs = [], []
    for k in range(FOLDS):
        run.check()
        models.append(boosted(layout, matrix[fold != k], label[fold != k], run, trees=TREES))
        aucs.append(_auc(predictions(models[k], matrix[fold == k]), label[fold == k]))
    found = mean_auc(aucs)
    if found.interval[0] <= 0.5:
        return Judgement(found, {})
    gains = np.sum([model.feature_importance("gain") for model in models], axis=0)
    columns = np.argsort(-gains, kind="stable")[:_CANDIDATES]
    rng = run.rng("metrics", "detection", "unseen")
    unseen = rng.permutation(np.flatnonzero(fold == 0))[:_SHUFFLED_ROWS]
    loss = _losses(lambda x: predictions(models[0], x), matrix[unseen], label[unseen], columns)
    return Judgement(found, {layout.names[j]: value for j, value in loss.items()})


def judged_by_line(real: Dataset, other: Dataset, run: Run) -> Judgement:
    """Logistic regression's judgement on standardised numbers, one-hot levels and flags of missing
    values.

    Args:
        real, other: Equally many rows.
        run: Folds.
    """
    layout, parts = features((real, other))
    rows, label, fold = _labelled(parts, run)
    matrix = learn_design(layout, rows)(rows)
    aucs = []
    for k in range(FOLDS):
        run.check()
        model = logistic(matrix[fold != k], label[fold != k])
        aucs.append(_auc(model.decision_function(matrix[fold == k]), label[fold == k]))
    return Judgement(mean_auc(aucs), {})


def _labelled(parts: Sequence[Features], run: Run) -> tuple[Features, Floats, NDArray[np.int64]]:
    """Real and other rows, their label (1 for real) and their fold, which holds equally many of
    each sort."""
    rng = run.rng("metrics", "detection", "folds")
    fold = np.concatenate([rng.permutation(len(part)) % FOLDS for part in parts])
    return together(*parts), np.repeat([1.0, 0.0], [len(part) for part in parts]), fold


def _auc(scores: Floats, label: Floats) -> Auc:
    return auc(scores[label == 1], scores[label == 0])


def _losses(
    predict: Callable[[Floats], Floats], matrix: Floats, label: Floats, columns: Iterable[int]
) -> dict[int, float]:
    """The AUC that is lost on rows the model has not seen once each column is shuffled, the largest
    first."""
    # rows stand in random order, so the next row's value is one drawn at random
    whole = _auc(predict(matrix), label).value
    lost = {}
    for j in columns:
        shuffled = matrix.copy()
        shuffled[:, j] = np.roll(matrix[:, j], 1)
        lost[int(j)] = whole - _auc(predict(shuffled), label).value
    return dict(sorted(lost.items(), key=lambda item: -item[1]))


def _score(name: str, who: str, judgements: list[Judgement], rows: int, note: str) -> Score:
    mine, floor, ceiling = judgements
    low, high = mine.auc.interval
    sentence = (
        f"{who} tells generated rows from held-out real ones with an AUC of "
        f"{ratio(mine.auc.value)} (0.5 is guessing, 1 is certain; for unrelated columns "
        f"{ratio(floor.auc.value)})"
    )
    if low <= 0.5:
        sentence += ": it cannot tell them apart"
    table = None
    telling = [column for column, loss in mine.loss.items() if loss > mine.auc.error][:3]
    if telling:
        sentence += f"; what gives them away most: {quoted(telling)}"
        table = Table(
            ("column", "AUC lost once it is shuffled"),
            tuple((column, round(loss, 4)) for column, loss in mine.loss.items()),
            "Columns that give generated rows away",
        )
    return Score(
        "detection",
        name,
        mine.auc.value,
        floor.auc.value,
        ceiling.auc.value,
        "low",
        sentence=sentence + note + ".",
        table=table,
        interval=(low, high),
        figures={"rows_of_each": rows, "error": mine.auc.error},
    )

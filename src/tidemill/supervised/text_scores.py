"""What texts say of a target: linear models of their words.

A linear learner takes all terms beside its other columns. Trees, neighbours and networks take one
score a class in their place, from linear models that have not seen the row (stacking: Wolpert 1992,
"Stacked generalization"): on short questions, reviews in Chinese and planted tables that was better
than a truncated SVD with each of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tidemill.core.run import Run
from tidemill.supervised.arrays import FeatureLayout, Features, Floats
from tidemill.supervised.design import learn_design
from tidemill.supervised.log_odds import chances_of
from tidemill.supervised.text_weights import TermWeights

if TYPE_CHECKING:
    from scipy import sparse

FOLDS = 5
SCALE = float(np.sqrt(10))
"""Terms are so many times larger than a text's length of 1, which is a penalty of C = 10 where the
other columns have C = 1."""
_SURE = 5.0
"""The score of a class that all rows are of, or none."""


@dataclass(frozen=True)
class TermModel:
    """A linear model of terms.

    Attributes:
        weights: (terms, outputs): one output for two classes and for a number.
        base: (outputs,) the score of a row that has none of them.
    """

    weights: Floats
    base: Floats

    def __call__(self, matrix: sparse.csr_array) -> Floats:
        """(n, outputs) log-odds, or numbers."""
        return np.asarray(matrix @ self.weights + self.base)


def with_text_scores(
    layout: FeatureLayout,
    rows: Features,
    label: Floats,
    weight: Floats | None,
    test: Features,
    classes: int,
    run: Run,
) -> tuple[FeatureLayout, Features, Features]:
    """The same rows with what their texts say of the target as further numbers: one score a class,
    one alone for two classes or a number. They are as they were where there are no texts.

    Args:
        layout: What the columns are.
        rows: To learn from; each is scored by models that have not seen it, nor the same texts.
        label: Class codes or numbers, (n,), none missing.
        weight: How much each counts, (n,); None for all alike.
        test: Other rows.
        classes: Number of classes; 0 for a number.
        run: Its stream divides the rows.
    """
    if rows.texts is None or test.texts is None or classes == 1:
        return layout, rows, test
    weigh = TermWeights.learned(layout.terms, rows.texts)
    matrix = weigh(rows.texts)
    if not matrix.shape[1]:
        return layout, rows, test
    fold = text_folds(rows.texts, label, classes, run.rng("supervised", "texts"))
    seen, model = crossed(matrix, label, weight, classes, fold)
    asked = model(weigh(test.texts))
    count, numbers = seen.shape[1], len(layout.numbers)
    scored = replace(
        layout,
        numbers=layout.numbers + tuple(f"score {k} of texts" for k in range(count)),
        gaps=layout.gaps[:numbers] + (False,) * count + layout.gaps[numbers:],
        scores=count,
    )
    return (
        scored,
        replace(rows, numbers=np.column_stack([rows.numbers, seen])),
        replace(test, numbers=np.column_stack([test.numbers, asked])),
    )


def crossed(
    matrix: sparse.csr_array,
    label: Floats,
    weight: Floats | None,
    classes: int,
    fold: NDArray[np.int64],
) -> tuple[Floats, TermModel]:
    """(n, outputs) the score of each row by the model that was learned without its fold, and the
    mean of these models for other rows."""
    models = []
    scores: list[Floats] = []
    for k in range(FOLDS):
        learn = fold != k
        own = None if weight is None else weight[learn]
        model = linear_scores(SCALE * matrix[learn], label[learn], own, classes)
        models.append(model)
        scores.append(model(SCALE * matrix[~learn]))
    seen = np.empty((len(label), scores[0].shape[1]))
    for k, own in enumerate(scores):
        seen[fold == k] = own
    weights = SCALE * np.mean([model.weights for model in models], axis=0)
    return seen, TermModel(weights, np.mean([model.base for model in models], axis=0))


def linear_scores(
    matrix: sparse.csr_array, label: Floats, weight: Floats | None, classes: int
) -> TermModel:
    """Logistic regression of each class against the rest (of two, of the second), with penalty
    C = 1; ridge regression of a number."""
    if not classes:
        from sklearn.linear_model import Ridge

        ridge = Ridge(solver="sparse_cg", tol=1e-4).fit(matrix, label, weight)
        return TermModel(ridge.coef_[:, None], np.array([float(ridge.intercept_)]))
    outputs = [1] if classes == 2 else list(range(classes))
    found = [_odds(matrix, label == code, weight) for code in outputs]
    return TermModel(
        np.column_stack([weights for weights, _ in found]), np.array([base for _, base in found])
    )


def _odds(
    matrix: sparse.csr_array, inside: NDArray[np.bool_], weight: Floats | None
) -> tuple[Floats, float]:
    from sklearn.linear_model import LogisticRegression

    if inside.all() or not inside.any():
        return np.zeros(matrix.shape[1]), _SURE if inside.any() else -_SURE
    # the base is penalised as the weight of a column of tens is: hardly
    model = LogisticRegression(solver="liblinear", intercept_scaling=10.0)
    model.fit(matrix, inside, weight)
    return model.coef_[0], float(model.intercept_[0])


def linear_with_texts(
    layout: FeatureLayout,
    rows: Features,
    label: Floats,
    weight: Floats | None,
    test: Features,
    classes: int,
) -> Floats:
    """What one linear model of all columns and all terms says of other rows: (n, classes) chances,
    or (n,) numbers. Arguments as of :func:`with_text_scores`."""
    from scipy import sparse

    assert rows.texts is not None
    assert test.texts is not None
    weigh = TermWeights.learned(layout.terms, rows.texts)
    design = learn_design(*without_scores(layout, rows))
    seen, asked = (
        sparse.csr_array(
            sparse.hstack([design(plain), SCALE * weigh(texts)], format="csr", dtype=np.float64)
        )
        for plain, texts in (
            (without_scores(layout, rows)[1], rows.texts),
            (without_scores(layout, test)[1], test.texts),
        )
    )
    scores = linear_scores(seen, label, weight, classes)(asked)
    if not classes:
        return scores[:, 0]
    chances = chances_of(scores)
    if classes == 2:
        return np.column_stack([1 - chances[:, 0], chances[:, 0]])
    return np.asarray(chances / chances.sum(axis=1, keepdims=True))


def without_scores(layout: FeatureLayout, rows: Features) -> tuple[FeatureLayout, Features]:
    """The columns by themselves, without texts and what these say."""
    numbers = len(layout.numbers)
    kept = numbers - layout.scores
    plain = replace(
        layout,
        numbers=layout.numbers[:kept],
        gaps=layout.gaps[:kept] + layout.gaps[numbers:],
        terms=(),
        scores=0,
    )
    return plain, replace(rows.without_texts(), numbers=rows.numbers[:, :kept])


def text_folds(
    counts: sparse.csr_array, label: Floats, classes: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """(n,) the fold of each row: rows of the same texts are in one, as a copy tells what it is a
    copy of; classes are spread evenly."""
    first: dict[bytes, int] = {}
    group = np.empty(counts.shape[0], np.int64)
    starts: list[int] = []
    for row, (begin, end) in enumerate(pairwise(counts.indptr)):
        key = counts.indices[begin:end].tobytes() + counts.data[begin:end].tobytes()
        group[row] = first.setdefault(key, len(first))
        if group[row] == len(starts):
            starts.append(row)
    order = rng.permutation(len(starts))
    if classes:
        order = order[np.argsort(label[starts][order], kind="stable")]
    fold = np.empty(len(starts), np.int64)
    fold[order] = np.arange(len(starts)) % FOLDS
    return fold[group]

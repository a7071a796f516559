"""The learners by which strategies are compared, with fixed settings for 100 to 50,000 rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from tidemill.core.errors import MissingExtra
from tidemill.core.modality import TABLES, Modality
from tidemill.core.registry import Entry, Registry
from tidemill.core.run import Run
from tidemill.supervised.arrays import FeatureLayout, Features, Floats
from tidemill.supervised.boosting import (
    COLUMNS_A_TREE,
    NATIVE_LEVELS,
    REPEATABLE,
    class_chances,
    objective_of,
    tree_matrix,
)
from tidemill.supervised.design import MOST_NEWTON, learn_design
from tidemill.supervised.hearing import Hearing
from tidemill.supervised.log_odds import chances_of
from tidemill.supervised.points import Points, learn_embedding, squared_distances
from tidemill.supervised.text_scores import linear_with_texts, without_scores

Learner = Callable[[FeatureLayout, Features, Floats, Floats | None, Features, int, Run], Floats]
"""(layout, rows, label, weight, test rows, classes, run) -> probabilities (n, classes), or numbers
(n,) where classes is 0.

The label has each of the classes at least once, and no missing value. What texts say of the target
is among the numbers; see :func:`tidemill.supervised.text_scores.with_text_scores`."""

LEARNERS = Registry(
    "learners",
    {
        "boosting": Entry(
            "tidemill.supervised.learners:boosting", "boosted trees (LightGBM)", sees=TABLES
        ),
        "logistic": Entry(
            "tidemill.supervised.learners:linear",
            "a linear model (logistic or ridge regression)",
            sees=TABLES,
        ),
        "nearest": Entry(
            "tidemill.supervised.learners:neighbours", "nearest neighbours (k-NN)", sees=TABLES
        ),
        "perceptron": Entry(
            "tidemill.supervised.learners:perceptron",
            "a neural network (one hidden layer)",
            sees=TABLES,
        ),
        "convolutional": Entry(
            "tidemill.supervised.learners:convolutional",
            "a convolutional network (of images, moved at random in training)",
            sees=("images",),
        ),
        "kernel": Entry(
            "tidemill.supervised.learners:kernel",
            "a support vector machine (of what is heard when in sounds, of the patterns of levels)",
            sees=("sounds", "levels"),
        ),
        "mirrored": Entry(
            "tidemill.supervised.learners:mirrored",
            "a convolutional network of mirrored images (moved and mirrored at random in training)",
            sees=("images",),
        ),
    },
)
PREFERRED: dict[Modality, tuple[str, ...]] = {
    "images": ("convolutional",),
    "sounds": ("kernel",),
    "levels": ("kernel",),
}
"""Learners that are used by default where not all that suit the data are."""

FEWEST_TREES = 30
MOST_TREES = 200
TREES = 100
"""Boosting rounds at 5,000 rows; fewer on smaller tables, which many rounds would learn by
heart."""
MOST_LEAVES = 31
MOST_IN_LEAF = 20
FEWEST_IN_LEAF = 4
MOST_NEIGHBOURHOODS = 10_000
"""Of more rows, k-NN searches so many."""
MOST_NEIGHBOURS = 50
MOST_SHOWN = 10_000
"""Of more rows, the perceptron learns so many."""
HIDDEN = 32
STEPS = 1200
IMAGE_STEPS = 400
"""Of a convolutional network; so many whatever the number of images, so that more of them are no
longer training."""
_BLOCK = 1 << 22  # distances at a time: 16 MB


def words_of(name: str) -> str:
    """A learner's name in sentences ("boosted trees").

    Raises:
        OptionError: There is no such learner.
    """
    if name not in LEARNERS:
        LEARNERS.load(name)
    return LEARNERS[name].line.partition(" (")[0]


def learners_of(modality: Modality) -> tuple[str, ...]:
    """The learners by default."""
    return PREFERRED.get(modality) or LEARNERS.for_modality(modality)


def boosting(
    layout: FeatureLayout,
    rows: Features,
    label: Floats,
    weight: Floats | None,
    test: Features,
    classes: int,
    run: Run,
) -> Floats:
    """LightGBM: 30 to 200 trees of up to 31 leaves of 20 rows, learning rate 0.1; fewer and smaller
    ones for few rows."""
    import lightgbm as lgb

    first = len(layout.numbers)
    matrix = tree_matrix(rows)
    trees = int(np.clip(TREES * (len(rows) / 5000) ** 0.35, FEWEST_TREES, MOST_TREES))
    settings: dict[str, Any] = {
        **objective_of(classes),
        **REPEATABLE,
        "seed": run.seed_of("proof", "boosting"),
        "lambda_l2": 1.0,
        "num_leaves": int(np.clip(len(rows) // 25, 4, MOST_LEAVES)),
        "min_data_in_leaf": int(np.clip(len(rows) // 50, FEWEST_IN_LEAF, MOST_IN_LEAF)),
        "feature_fraction": min(1.0, COLUMNS_A_TREE / max(1, matrix.shape[1])),
    }
    native = [first + j for j, levels in enumerate(layout.levels) if len(levels) <= NATIVE_LEVELS]
    data = lgb.Dataset(
        matrix, label, weight=weight, categorical_feature=native, params={"verbosity": -1}
    )
    # without keep_training_booster the model is written as text and read again
    model = lgb.train(settings, data, trees, keep_training_booster=True)
    return class_chances(model, tree_matrix(test), classes)


def linear(
    layout: FeatureLayout,
    rows: Features,
    label: Floats,
    weight: Floats | None,
    test: Features,
    classes: int,
    run: Run,
) -> Floats:
    """Logistic regression with the usual penalty (C = 1), ridge regression for numbers;
    standardised, levels one-hot. With texts their terms stand beside that, and of several classes
    each is told from the rest."""
    from sklearn.linear_model import LogisticRegression, Ridge

    if rows.texts is not None:
        return linear_with_texts(layout, rows, label, weight, test, classes)
    design = learn_design(layout, rows)
    matrix = design(rows)
    newton = matrix.shape[1] <= MOST_NEWTON
    with warnings.catch_warnings():
        # of columns that say the same, and of steps that were not enough
        warnings.simplefilter("ignore")
        if not classes:
            fitted: Floats = Ridge().fit(matrix, label, weight).predict(design(test))
            return fitted
        model = LogisticRegression(
            solver="newton-cholesky" if newton else "lbfgs",
            max_iter=50 if newton else 500,
            tol=1e-3,
        )
        chances: Floats = model.fit(matrix, label, weight).predict_proba(design(test))
    return chances


def neighbours(
    layout: FeatureLayout,
    rows: Features,
    label: Floats,
    weight: Floats | None,
    test: Features,
    classes: int,
    run: Run,
) -> Floats:
    """k nearest neighbours, k the root of the number of rows (5 to 50), the nearer the more their
    vote counts.

    Hechenbichler and Schliep (2004), "Weighted k-Nearest-Neighbor Techniques", with Epanechnikov's
    kernel up to the next neighbour. Numbers lie at their ranks, so no column counts more for its
    unit.
    """
    chosen = _sampled(len(rows), MOST_NEIGHBOURHOODS, run.rng("proof", "nearest"))
    points, queries = _points(layout, rows, test, classes, run)
    points = points[chosen]
    known = label[chosen]
    strength = np.ones(len(chosen)) if weight is None else weight[chosen]
    votes = np.eye(classes)[known.astype(int)] if classes else known[:, None]
    k = min(int(np.clip(round(np.sqrt(len(chosen))), 5, MOST_NEIGHBOURS)), len(chosen) - 1)
    step = max(1, _BLOCK // len(points))
    blocks = []
    for start in range(0, len(queries), step):
        distances = squared_distances(queries[start : start + step], points)
        near = np.argpartition(distances, k, axis=1)[:, : k + 1]
        reach = np.take_along_axis(distances, near, axis=1).astype(float)
        farthest = np.maximum(reach.max(axis=1, keepdims=True), 1e-9)
        kernel = np.maximum(1 - reach / farthest, 1e-3) * strength[near]
        sums = np.einsum("ij,ijc->ic", kernel, votes[near])
        blocks.append(sums / kernel.sum(axis=1, keepdims=True))
    predicted = np.concatenate(blocks)
    return predicted if classes else predicted[:, 0]


def _points(
    layout: FeatureLayout, rows: Features, test: Features, classes: int, run: Run
) -> tuple[Points, Points]:
    """Rows as points. Of texts, the chances of the classes by them take the place of a column: two
    texts that surely are of different classes are at distance 1."""
    if not classes or not layout.scores:
        embed = learn_embedding(layout, rows.without_texts(), run)
        return embed(rows.without_texts()), embed(test.without_texts())
    plain, known = without_scores(layout, rows)
    embed = learn_embedding(plain, known, run)
    found = []
    for part in (rows, test):
        chances = chances_of(part.numbers[:, -layout.scores :]).astype(np.float32)
        share = 1.0 if layout.scores == 1 else np.float32(np.sqrt(0.5))
        points = embed(without_scores(layout, part)[1])
        found.append(np.concatenate([points, share * chances], axis=1))
    return found[0], found[1]


def perceptron(
    layout: FeatureLayout,
    rows: Features,
    label: Floats,
    weight: Floats | None,
    test: Features,
    classes: int,
    run: Run,
) -> Floats:
    """A network of one hidden layer of 32 units, trained by Adam for about 1,200 steps, whatever
    the number of rows."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    chosen = _sampled(len(rows), MOST_SHOWN, run.rng("proof", "perceptron"))
    design = learn_design(layout, rows)
    inputs = design(rows.rows(chosen))
    known = label[chosen]
    weights = None if weight is None else weight[chosen]
    batch = int(np.clip(len(chosen) // 8, 8, 200))
    settings: dict[str, Any] = {
        "hidden_layer_sizes": (HIDDEN,),
        "alpha": 1e-2,
        "batch_size": batch,
        "learning_rate_init": 3e-3,
        "tol": 0.0,
        "max_iter": max(1, round(STEPS * batch / len(chosen))),
        "n_iter_no_change": STEPS,
        "random_state": run.seed_of("proof", "perceptron"),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is meant to stop after so many steps
        if classes:
            classifier = MLPClassifier(**settings).fit(inputs, known, weights)
            chances: Floats = classifier.predict_proba(design(test))
            return chances
        middle = float(known.mean())
        spread = float(known.std()) or 1.0
        regressor = MLPRegressor(**settings).fit(inputs, (known - middle) / spread, weights)
        numbers: Floats = regressor.predict(design(test)) * spread + middle
        return numbers


def convolutional(
    layout: FeatureLayout,
    rows: Features,
    label: Floats,
    weight: Floats | None,
    test: Features,
    classes: int,
    run: Run,
) -> Floats:
    """Two convolutional layers and a dense one, 400 steps on 128 images each, each image moved by
    up to 2 pixels.

    Raises:
        MissingExtra: PyTorch is not installed.
    """
    return _seen(rows, label, weight, test, run, flip=False)


def mirrored(
    layout: FeatureLayout,
    rows: Features,
    label: Floats,
    weight: Floats | None,
    test: Features,
    classes: int,
    run: Run,
) -> Floats:
    """The same, and half of the images are mirrored left to right: for things that have no left and
    right."""
    return _seen(rows, label, weight, test, run, flip=True)


def kernel(
    layout: FeatureLayout,
    rows: Features,
    label: Floats,
    weight: Floats | None,
    test: Features,
    classes: int,
    run: Run,
) -> Floats:
    """A support vector machine with Gaussian kernels on pictures of sounds; its chances are the
    shares of the pairs of classes that each wins, by how clearly."""
    assert rows.pixels is not None
    assert test.pixels is not None
    return Hearing.learned(rows.pixels, label, weight).chances(test.pixels)


def _seen(
    rows: Features, label: Floats, weight: Floats | None, test: Features, run: Run, *, flip: bool
) -> Floats:
    try:
        from tidemill.imaging.classifier import Classifier
    except ImportError as error:
        raise MissingExtra(
            "a convolutional network needs the package 'torch'", hint="pip install 'tidemill[deep]'"
        ) from error

    assert rows.pixels is not None
    assert test.pixels is not None
    names = [f"{code:09.0f}" for code in label]  # classes are put in the order of their names
    learned = Classifier.learned(
        rows.pixels,
        names,
        run,
        shift=True,
        flip=flip,
        steps=IMAGE_STEPS,
        weight=weight,
        seed=run.seed_of("proof", "convolutional"),
    )
    return learned.chances(test.pixels)


def _sampled(rows: int, most: int, rng: np.random.Generator) -> np.ndarray:
    """Positions of at most so many rows, in their order."""
    return np.arange(rows) if rows <= most else np.sort(rng.permutation(rows)[:most])

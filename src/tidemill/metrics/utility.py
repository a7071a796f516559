"""What models that learned from synthetic rows are worth on real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from tidemill.core.picture import Picture
from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.core.words import plural, ratio
from tidemill.supervised.arrays import FeatureLayout, Features, Floats, features
from tidemill.supervised.auc import auc
from tidemill.supervised.boosting import boosted, class_chances, tree_matrix
from tidemill.supervised.design import learn_design, logistic
from tidemill.supervised.sampling import Sides, affordable, sides
from tidemill.supervised.targets import Targets, targets
from tidemill.supervised.text_scores import linear_with_texts, with_text_scores

MOST_ROWS = 50_000
CELLS = 2_000_000
CELLS_A_TEXT = 100
"""A text takes as long as so many numbers."""
FEWEST_ROWS = 50
BOOSTED, FOREST = 100, 50  # trees
LEAF = 5
MEAN = "utility, mean of the learners"

Learner = Callable[[FeatureLayout, Features, Floats, Features, int, Run], Floats]
"""(layout, training rows, their target, test rows, number of classes or 0, run) -> predictions (n,
classes) or (n,)."""


def utility(evidence: Evidence, run: Run) -> Iterable[Score]:
    """The held-out score of models of the target that learned from synthetic rows (train on
    synthetic, test on real).

    Esteban et al. (2017), "Real-valued (Medical) Time Series Generation with Recurrent Conditional
    GANs". Three learners: boosted trees, a random forest and a linear model. Two classes: AUC;
    more: the mean over classes of the AUC of each class against the rest; a number: R². The test
    rows are those of the holdout.

    Floor: models that learned from rows of independent columns, or guessing (AUC 0.5, R² 0) where
    that is better: what they take for a relation is noise, and can be wrong on average. Ceiling:
    models that learned from equally many training rows.

    Args:
        evidence: The sets; without a target the Scores have no value.
        run: Draws the samples; seed of the learners.
    """
    columns = evidence.train.schema.modelled
    width = len(columns) + CELLS_A_TEXT * len(evidence.train.schema.texts)
    most = affordable(width, cells=CELLS, most=MOST_ROWS)
    taken = sides(evidence, run, "utility", most=most, texts=True)
    target = targets((taken.ceiling, *taken))
    why = target if isinstance(target, str) else _obstacle(target, taken)
    if why or isinstance(target, str):
        yield Score("utility", MEAN, None, why=why)
        return
    classes = len(target.classes)
    measure = _measure(classes)
    guessing = _guessing(classes)
    used = [c for c in (*columns, *taken.real.schema.texts) if c.name != target.column]
    layout, parts = features(tuple(taken), used)
    rows: list[Features] = []
    labels: list[Floats] = []
    for part, values in zip(parts, target.values[1:], strict=True):
        known = ~np.isnan(values)
        rows.append(part.rows(known))
        labels.append(values[known])
    qualities: dict[str, list[float]] = {}
    scored = [
        with_text_scores(layout, rows[k], labels[k], None, rows[0], classes, run) for k in (1, 2, 3)
    ]
    for name, learner in LEARNERS.items():
        run.check()
        mine, floor, ceiling = (
            _quality(learner(own, seen, label, test, classes, run), labels[0], classes)
            for (own, seen, test), label in zip(scored, labels[1:], strict=True)
        )
        qualities[name] = [mine, max(floor, guessing), ceiling]
    yield _mean(qualities, measure, target, taken)
    for name, reached in qualities.items():
        yield _single(name, reached, measure, taken)


def _measure(classes: int) -> str:
    if not classes:
        return "R²"
    return "AUC" if classes == 2 else "mean AUC"


def _guessing(classes: int) -> float:
    """What predictions that know nothing reach."""
    return 0.5 if classes else 0.0


def _obstacle(target: Targets, taken: Sides) -> str:
    """Why no model can be learned or tested; empty where it can."""
    names = ("held-out", "generated", "floor's", "training")
    for name, values in zip(names, target.values[1:], strict=True):
        present = values[~np.isnan(values)]
        if len(present) < FEWEST_ROWS:
            return (
                f"{plural(len(present), 'row')} of the {name} ones have a target; "
                f"{FEWEST_ROWS} are needed"
            )
        if len(np.unique(present)) < 2:
            return f"the target '{target.column}' has one value only in the {name} rows"
    schema = taken.real.schema
    return (
        "" if len(schema.modelled) + len(schema.texts) > 1 else "there is no column but the target"
    )


def _quality(predicted: Floats, truth: Floats, classes: int) -> float:
    if not classes:
        return float(1 - ((truth - predicted) ** 2).sum() / ((truth - truth.mean()) ** 2).sum())
    present = np.unique(truth).astype(int)
    if classes == 2:
        present = present[1:]
    areas = [auc(predicted[truth == k, k], predicted[truth != k, k]).value for k in present]
    return float(np.mean(areas))


def _boosting(
    layout: FeatureLayout, rows: Features, label: Floats, test: Features, classes: int, run: Run
) -> Floats:
    return _trees(layout, rows, label, test, classes, run, BOOSTED)


def _forest(
    layout: FeatureLayout, rows: Features, label: Floats, test: Features, classes: int, run: Run
) -> Floats:
    return _trees(
        layout,
        rows,
        label,
        test,
        classes,
        run,
        FOREST,
        boosting="rf",
        bagging_freq=1,
        bagging_fraction=0.632,
        feature_fraction_bynode=0.5,
        min_data_in_leaf=LEAF,
        num_leaves=256,
    )


def _trees(
    layout: FeatureLayout,
    rows: Features,
    label: Floats,
    test: Features,
    classes: int,
    run: Run,
    trees: int,
    **settings: Any,
) -> Floats:
    matrix = tree_matrix(rows)
    model = boosted(layout, matrix, label, run, trees=trees, classes=classes, **settings)
    return class_chances(model, tree_matrix(test), classes)


def _linear(
    layout: FeatureLayout, rows: Features, label: Floats, test: Features, classes: int, run: Run
) -> Floats:
    from sklearn.linear_model import Ridge

    if rows.texts is not None:
        return linear_with_texts(layout, rows, label, None, test, classes)
    design = learn_design(layout, rows)
    if not classes:
        fitted: Floats = Ridge().fit(design(rows), label).predict(design(test))
        return fitted
    model = logistic(design(rows), label)
    predicted = np.zeros((len(test), classes))  # a class that was never seen keeps probability 0
    predicted[:, model.classes_.astype(int)] = model.predict_proba(design(test))
    return predicted


LEARNERS: Mapping[str, Learner] = {
    "boosted trees": _boosting,
    "random forest": _forest,
    "linear model": _linear,
}


def _mean(qualities: dict[str, list[float]], measure: str, target: Targets, taken: Sides) -> Score:
    """The mean over the learners, each with its figures after (synthetic, floor, real) rows."""
    by_rows = list(zip(*qualities.values(), strict=True))
    value, floor, ceiling = (float(np.mean(figures)) for figures in by_rows)
    sentence = (
        f"Models of '{target.column}' that learned from generated rows reach {measure} "
        f"{ratio(value)} on held-out real rows, against {ratio(ceiling)} from equally many real "
        f"rows and {ratio(floor)} from unrelated columns (mean of {len(qualities)} "
        f"learners){taken.note}."
    )
    synthetic, unrelated, real = (
        tuple(round(figure, 4) for figure in figures) for figures in by_rows
    )
    series = (
        ("unrelated columns", unrelated),
        ("generated rows", synthetic),
        ("real rows", real),
    )
    classes = len(target.classes)
    title = f"{measure} on held-out real rows, by what was learned from"
    picture = Picture("bars", title, tuple(qualities), series, "", measure, _guessing(classes))
    return Score(
        "utility",
        MEAN,
        value,
        floor,
        ceiling,
        sentence=sentence,
        picture=picture,
        figures={"rows": len(taken.synthetic), "classes": classes},
    )


def _single(name: str, reached: list[float], measure: str, taken: Sides) -> Score:
    value, floor, ceiling = reached
    model = name.replace("boosted trees", "model of boosted trees")
    sentence = (
        f"A {model} that learned from generated rows reaches {measure} {ratio(value)} on held-out "
        f"real rows, from real rows {ratio(ceiling)}{taken.note}."
    )
    title = f"utility by {name} ({measure})"
    return Score("utility", title, value, floor, ceiling, sentence=sentence)

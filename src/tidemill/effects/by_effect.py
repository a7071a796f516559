"""How large an effect is to be expected of each row, and whether rows differ at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tidemill.core.run import Run
from tidemill.effects.differing import seen_again
from tidemill.effects.estimates import scores
from tidemill.effects.nuisances import BY, Nuisances, expected_of, nuisances
from tidemill.effects.study import Study
from tidemill.supervised.arrays import Features, Floats
from tidemill.supervised.design import learn_design
from tidemill.supervised.folds import folds

SPLITS = 5
PENALTY = 100.0
"""Of the regression of scores, which are mostly noise."""
QUESTIONS, LEAST_LEAF = 2, 0.05
"""Questions of the tree of scores, and the least share of rows of its leaves."""
SURE = 1.645
"""Standard errors by which rows must differ on rows that were not learned from."""

EffectModel = Callable[[Study, Nuisances, Features, Run], Floats]
"""(rows to learn from, what is expected of them, rows asked of, run) -> (k,) effects."""


def by_linear_models(study: Study, nuisance: Nuisances, asked: Features, run: Run) -> Floats:
    """What a linear model of the treated rows expects, less what one of the others does."""
    classes = 2 if study.happens else 0
    sides = [
        expected_of(study, study.outcome, own, asked, classes, BY[0], run)
        for own in (~study.treated, study.treated)
    ]
    return sides[1] - sides[0]


def by_scores(study: Study, nuisance: Nuisances, asked: Features, run: Run) -> Floats:
    """A ridge regression of the doubly robust scores (Kennedy 2023)."""
    from sklearn.linear_model import Ridge

    design = learn_design(study.layout, study.rows)
    model = Ridge(PENALTY).fit(design(study.rows), scores(study, nuisance))
    return np.asarray(model.predict(design(asked)))


def by_questions(study: Study, nuisance: Nuisances, asked: Features, run: Run) -> Floats:
    """A tree of two questions on the scores."""
    from sklearn.tree import DecisionTreeRegressor

    design = learn_design(study.layout, study.rows)
    tree = DecisionTreeRegressor(
        max_depth=QUESTIONS, min_samples_leaf=LEAST_LEAF, random_state=0
    ).fit(design(study.rows), scores(study, nuisance))
    return np.asarray(tree.predict(design(asked)))


EFFECT_MODELS: Mapping[str, EffectModel] = {
    "two linear models": by_linear_models,
    "a regression of scores": by_scores,
    "two questions": by_questions,
}
"""By name. Their mean is taken: scores are so noisy that choosing one of them does worse."""
ONE_FOR_ALL, SEVERAL = "one effect for all", "the mean of several models"


@dataclass(frozen=True)
class ExpectedEffects:
    """What is expected of rows that were not learned from.

    Attributes:
        by: SEVERAL or ONE_FOR_ALL.
        each: (k,) the effect of each row.
    """

    by: str
    each: Floats


def expected_effects(study: Study, asked: Features, run: Run) -> ExpectedEffects:
    """The effects that are to be expected of rows: the mean of several models, drawn towards the
    mean effect as far as these go too far on rows that they have not seen. One effect for all,
    where rows do not surely differ there (the best linear predictor of Chernozhukov et al. 2018).

    Args:
        study: Rows to learn from.
        asked: Other rows.
        run: Its streams divide the rows.
    """
    nuisance = nuisances(study, run)
    score, unseen = scores(study, nuisance), np.empty(len(study))
    label = study.treated.astype(float)
    own = run.child("effects")
    for train, test in folds(label, own, splits=SPLITS, repeats=1, classes=2, groups=study.whose):
        part = nuisance.part(train)
        unseen[test] = _mean(study.part(train), part, study.rows.rows(test), run)
    slope, middle = seen_again(unseen, score, study.whose), float(score.mean())
    if slope.mean <= SURE * slope.error:
        return ExpectedEffects(ONE_FOR_ALL, np.full(len(asked), middle))
    found = _mean(study, nuisance, asked, run)
    each = middle + min(slope.mean, 1.0) * (found - unseen.mean())
    return ExpectedEffects(SEVERAL, each)


def _mean(study: Study, nuisance: Nuisances, asked: Features, run: Run) -> Floats:
    """The mean of what all models say."""
    run.check()
    each = [model(study, nuisance, asked, run) for model in EFFECT_MODELS.values()]
    return np.asarray(np.mean(each, axis=0))

"""Whether treated and untreated rows were alike from the start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidemill.core.run import Run
from tidemill.effects.nuisances import Nuisances, treatment_chances
from tidemill.effects.study import Study
from tidemill.supervised.arrays import Floats
from tidemill.supervised.auc import Auc, auc


@dataclass(frozen=True)
class ColumnBalance:
    """How far apart treated and untreated rows are in one column.

    Attributes:
        name: The column.
        before: The largest standardised difference, of its mean or of the share of one of its
            levels.
        after: The same where rows are weighted by one over the chance of their group.
        p: Of a difference before, if there was none.
    """

    name: str
    before: float
    after: float
    p: float


def balance(study: Study, nuisance: Nuisances) -> list[ColumnBalance]:
    """Of each column, the widest apart first (standardised differences: Austin 2009)."""
    chance = np.clip(nuisance.propensity, 1e-3, 1 - 1e-3)
    weight = np.where(study.treated, 1 / chance, 1 / (1 - chance))
    once = np.ones(len(study))
    found = []
    for name, marks in _columns(study):
        before = max(abs(_apart(mark, study, once)) for mark in marks)
        after = max(abs(_apart(mark, study, weight)) for mark in marks)
        p = min(1.0, len(marks) * min(_p(mark, study) for mark in marks))
        found.append(ColumnBalance(name, before, after, p))
    return sorted(found, key=lambda one: -one.before)


def told_by_columns(study: Study, run: Run) -> Auc:
    """How well the columns tell who was treated, of rows that were not learned from; 0.5 where this
    was drawn by lot."""
    chance = treatment_chances(study, run)
    return auc(chance[study.treated], chance[~study.treated])


def _columns(study: Study) -> list[tuple[str, list[Floats]]]:
    """Each column as numbers: itself and whether it is missing, or whether it is each level."""
    found: list[tuple[str, list[Floats]]] = []
    for j, name in enumerate(study.layout.numbers):
        values = study.rows.numbers[:, j]
        gone = np.isnan(values)
        marks = [np.where(gone, np.nan if gone.all() else np.nanmean(values), values)]
        if gone.any():
            marks.append(gone.astype(float))
        found.append((name, marks))
    for j, name in enumerate(study.layout.categories):
        codes = study.rows.codes[:, j]
        levels = np.unique(codes)
        found.append((name, [(codes == level).astype(float) for level in levels]))
    return found


def _apart(values: Floats, study: Study, weight: Floats) -> float:
    """The standardised difference of the means."""
    own, others = study.treated, ~study.treated
    spread = np.sqrt((values[own].var() + values[others].var()) / 2)
    if not spread > 0:
        return 0.0
    up = np.average(values[own], weights=weight[own])
    down = np.average(values[others], weights=weight[others])
    return float((up - down) / spread)


def _p(values: Floats, study: Study) -> float:
    """Welch's test."""
    from scipy.stats import ttest_ind

    own, others = values[study.treated], values[~study.treated]
    if own.std() + others.std() == 0:
        return 1.0 if own.mean() == others.mean() else 0.0
    return float(ttest_ind(own, others, equal_var=False).pvalue)

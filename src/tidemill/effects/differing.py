"""Whether a treatment does more for some rows than for others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidemill.effects.estimates import Effect, mean_of, scores
from tidemill.effects.nuisances import Nuisances
from tidemill.effects.study import Study
from tidemill.supervised.arrays import Floats

GROUPS = 4


@dataclass(frozen=True)
class Differing:
    """How effects differ.

    Attributes:
        slope: How much of an expected difference in effects is there on rows that were not learned
            from: 1 for all of it, 0 for nothing.
        groups: The effects of quarters of the rows, those with the least expected effect first.
    """

    slope: Effect
    groups: tuple[Effect, ...]

    @property
    def differ(self) -> bool:
        """Whether effects surely differ."""
        return self.slope.low > 0


def differing(study: Study, nuisance: Nuisances) -> Differing:
    """The best linear predictor of the effect, and sorted groups (Chernozhukov et al. 2018,
    "Generic Machine Learning Inference on Heterogeneous Treatment Effects").

    Args:
        study: Rows with a counterpart.
        nuisance: What is expected of each, by models that have not seen it.
    """
    score = scores(study, nuisance)
    slope = seen_again(nuisance.effect, score, study.whose)
    order = np.argsort(nuisance.effect, kind="stable")
    groups = [mean_of(score[at], study.whose[at]) for at in np.array_split(order, GROUPS)]
    return Differing(slope, tuple(groups))


def seen_again(expected: Floats, score: Floats, whose: NDArray[np.int64]) -> Effect:
    """How much of an expected difference in effects is there: 1 for all of it, 0 for nothing, and
    where no difference is expected.

    Args:
        expected: (n,) effects that are expected of rows that were not learned from.
        score: (n,) their doubly robust scores.
        whose: (n,) which person each row is of.
    """
    centred = expected - expected.mean()
    spread = float((centred**2).mean())
    if spread <= 0:
        return mean_of(np.zeros(len(score)), whose)
    slope = float((centred * score).mean()) / spread
    off = score - score.mean() - slope * centred
    return mean_of(slope + centred * off / spread, whose)

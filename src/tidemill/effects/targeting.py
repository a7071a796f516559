"""Whom to treat next, learned from one half of the rows and measured on the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidemill.core.run import Run
from tidemill.effects.by_effect import expected_effects
from tidemill.effects.estimates import scores
from tidemill.effects.nuisances import BY, Nuisances, expected_of
from tidemill.effects.policies import PolicyValue, first_rows, policy_values
from tidemill.effects.qini import QiniCurve, qini_curve
from tidemill.effects.study import Study
from tidemill.supervised.arrays import Floats
from tidemill.supervised.folds import folds

EFFECT, RESPONSE, EVERYONE, CHANCE = (
    "those whom it moves most",
    "those who respond most",
    "everyone",
    "as many by chance",
)
"""Whom rules treat."""


@dataclass(frozen=True)
class Prices:
    """What is gained and paid.

    Attributes:
        value: Of one outcome.
        cost: Of one treatment.
        told: Whether the user said both; else gains are counted in outcomes.
    """

    value: float = 1.0
    cost: float = 0.0
    told: bool = False

    def worth(self, effect: Floats) -> Floats:
        """What treating rows gains, by how many outcomes that brings."""
        return self.value * effect - self.cost


@dataclass(frozen=True)
class Targeting:
    """Whom to treat.

    Attributes:
        by: The model by which effects are expected.
        values: What rules are worth on the measured half, EFFECT first.
        curves: EFFECT and RESPONSE -> what the list brings, by its length.
        halves: Places of the rows that were learned from, and of those that were measured on.
        each: (n,) the effect that is expected of each row, by models that have not seen it.
        score: (n,) their doubly robust scores.
    """

    by: str
    values: tuple[PolicyValue, ...]
    curves: Mapping[str, QiniCurve]
    halves: tuple[NDArray[np.int64], NDArray[np.int64]]
    each: Floats
    score: Floats

    @property
    def own(self) -> PolicyValue:
        """The rule of the list by effect."""
        return self.values[0]

    @property
    def is_better(self) -> bool:
        """Whether the list by effect surely gains more than treating as many by chance, and, where
        prices are told, than everyone and than nobody."""
        return self.own.beats(*self._rivals) and self.own.gain.low > 0

    @property
    def _rivals(self) -> tuple[str, ...]:
        names = [one.name for one in self.values]
        return tuple(name for name in (CHANCE, EVERYONE) if name in names)


def targeting(
    study: Study, nuisance: Nuisances, prices: Prices, share: float, run: Run
) -> Targeting:
    """Whom to treat, and what that is worth.

    Args:
        study: Treatment drawn by lot.
        nuisance: What is expected of its rows.
        prices: Where they are told, those are treated for whom it pays; else a share of all rows.
        share: Of the rows that can be treated where prices are not told.
        run: Its streams divide the rows.
    """
    first, second = halves(study, run)
    learned, asked = study.part(first), study.part(second)
    ahead = expected_effects(learned, asked.rows, run.child("first"))
    back = expected_effects(asked, learned.rows, run.child("second"))
    each = np.empty(len(study))
    each[second], each[first] = ahead.each, back.each
    response = _response(learned, asked, run.child("response"))
    score = scores(study, nuisance)
    rules = _rules(ahead.each, response, prices, share, run)
    values = policy_values(rules, score[second], asked.whose, prices.value, prices.cost)
    curves = {
        EFFECT: qini_curve(ahead.each, asked, run),
        RESPONSE: qini_curve(response, asked, run),
    }
    return Targeting(ahead.by, tuple(values), curves, (first, second), each, score)


def halves(study: Study, run: Run) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of two halves of the rows, with as many treated ones each; rows of one person are in
    one half."""
    label = study.treated.astype(float)
    dealt = folds(label, run.child("halves"), splits=2, repeats=1, classes=2, groups=study.whose)
    return dealt[0]


def _rules(
    effect: Floats, response: Floats, prices: Prices, share: float, run: Run
) -> dict[str, Floats]:
    """Name -> (k,) whom each rule treats."""
    ties = run.rng("effects", "rules").permutation(len(effect))
    own = first_rows(effect, share, ties)
    if prices.told:
        own = (prices.worth(effect) > 0).astype(float)
    chosen = float(own.mean())
    rules = {
        EFFECT: own,
        RESPONSE: first_rows(response, chosen, ties),
        CHANCE: np.full(len(effect), chosen),
    }
    if prices.told:
        rules[EVERYONE] = np.ones(len(effect))
    return rules


def _response(learned: Study, asked: Study, run: Run) -> Floats:
    """(k,) what is expected of rows that are treated: by it most lists are made today."""
    classes = 2 if learned.happens else 0
    return expected_of(learned, learned.outcome, learned.treated, asked.rows, classes, BY[1], run)

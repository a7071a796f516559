"""A rehearsal: an effect that is known is planted into generated rows, and estimated as that of the
real rows is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidemill.core.run import Run
from tidemill.effects.estimates import doubly_robust
from tidemill.effects.nuisances import BY, Nuisances, expected_of, nuisances
from tidemill.effects.study import Study
from tidemill.supervised.arrays import Features, Floats

TIMES = 50
ROWS = 1000
SIZES = (0.0, 0.5, 1.0)
"""Planted effects, as shares of the one that was found."""


@dataclass(frozen=True)
class Rehearsal:
    """What came out where the truth was known, all (times,).

    Attributes:
        truth: The planted mean effects.
        mean, low, high: The estimates with their 95 % intervals.
    """

    truth: Floats
    mean: Floats
    low: Floats
    high: Floats

    @property
    def times(self) -> int:
        """How often it was rehearsed."""
        return len(self.truth)

    @property
    def held(self) -> int:
        """How often the interval held the truth."""
        return int(((self.low <= self.truth) & (self.truth <= self.high)).sum())

    @property
    def bias(self) -> float:
        """How far estimates were off on average, with their sign."""
        return float((self.mean - self.truth).mean())


def rehearse(
    study: Study, nuisance: Nuisances, made: Features, found: float, run: Run, times: int = TIMES
) -> Rehearsal:
    """Plant effects into generated rows and estimate them.

    Args:
        study: The real rows: what comes without the treatment, and who is treated, is learned from
            them.
        nuisance: What is expected of them.
        made: Generated rows, in the layout of the study.
        found: The effect that was found in the real rows.
        run: Its streams draw rows and outcomes.
        times: How often.
    """
    classes = 2 if study.happens else 0
    base = expected_of(study, study.outcome, ~study.treated, made, classes, BY[1], run)
    if study.assigned is None:
        everyone = np.ones(len(study), bool)
        label = study.treated.astype(float)
        chance = expected_of(study, label, everyone, made, 2, BY[0], run)
    else:
        chance = np.full(len(made), study.assigned)
    off = (study.outcome - nuisance.without)[~study.treated]
    rows = []
    for k in run.track(range(times), "rehearsal", "planting effects into generated rows"):
        rng = run.rng("effects", "rehearsal", k)
        at = rng.integers(len(made), size=min(ROWS, len(made)))
        treated = rng.random(len(at)) < chance[at]
        if min(treated.sum(), (~treated).sum()) < 2 * len(BY) * 5:
            continue
        effect = SIZES[k % len(SIZES)] * found
        before = base[at]
        after = np.clip(before + effect, 0, 1) if study.happens else before + effect
        expected = np.where(treated, after, before)
        if study.happens:
            outcome = (rng.random(len(at)) < expected).astype(float)
        else:
            outcome = expected + rng.choice(off, len(at))
        planted = Study(
            study.layout, made.rows(at), treated, outcome, np.arange(len(at)), study.assigned
        )
        own = run.child("rehearsal", k, quiet=True)
        one = doubly_robust(planted, nuisances(planted, own))
        rows.append((float((after - before).mean()), one.mean, one.low, one.high))
    truth, mean, low, high = np.array(rows).reshape(-1, 4).T
    return Rehearsal(truth, mean, low, high)

"""What treating the first of a list brings beyond treating as many at random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidemill.core.run import Run
from tidemill.effects.study import Study
from tidemill.supervised.arrays import Bools, Floats
from tidemill.supervised.resampling import counts_of_persons, interval

SHARES = np.linspace(0.0, 1.0, 21)
DRAWS = 200


@dataclass(frozen=True)
class QiniCurve:
    """What a list brings, by how many of its first rows are treated.

    Attributes:
        gained: (21,) outcomes more, per 1,000 rows of the list, of 0 %, 5 %, ... treated.
        low, high: (21,) their 95 % intervals.
        coefficient: The Qini coefficient; ``least`` and ``most`` are its interval.
    """

    gained: Floats
    low: Floats
    high: Floats
    coefficient: float
    least: float
    most: float


def qini_curve(order_by: Floats, study: Study, run: Run) -> QiniCurve:
    """The curve of Radcliffe (2007): of the first k rows, what came of the treated ones less what
    came of as many untreated ones. The coefficient is the area between it and a straight line, as a
    share of that of the best order there can be.

    Args:
        order_by: (n,) the rows with the largest numbers come first; ties in a random order.
        study: Treatment drawn by lot.
        run: Its streams break ties and draw the rows.
    """
    n = len(study)
    ties = run.rng("effects", "ties").permutation(n)
    order = ties[np.argsort(-order_by[ties], kind="stable")]
    rng = run.rng("effects", "qini")
    once = np.ones((1, n))
    drawn = counts_of_persons(study.whose, rng, DRAWS)
    own, coefficient = _measured(order, study, once)
    curves, coefficients = _measured(order, study, drawn)
    ends = np.quantile(curves, [0.025, 0.975], axis=0)
    return QiniCurve(own[0], ends[0], ends[1], float(coefficient[0]), *interval(coefficients))


def _measured(order: np.ndarray, study: Study, counts: Floats) -> tuple[Floats, Floats]:
    """(draws, 21) what the list brings per 1,000 rows, and (draws,) its coefficients, where rows
    count (draws, n) times."""
    treated, outcome = study.treated, study.outcome
    curves, coefficients = [], []
    ideal = np.argsort(-np.where(treated, outcome, -outcome), kind="stable")
    for count in counts:
        curve = _gains(count[order], treated[order], outcome[order])
        best = _gains(count[ideal], treated[ideal], outcome[ideal])
        places = np.r_[0.0, np.cumsum(count[order])]
        total = places[-1]
        gained = np.interp(SHARES * total, places, curve)
        curves.append(1000 * gained / (count[treated].sum() or 1))
        straight = curve[-1] * total / 2
        area = np.trapezoid(curve, places) - straight
        most = np.trapezoid(best, np.r_[0.0, np.cumsum(count[ideal])]) - straight
        coefficients.append(area / most if most else 0.0)
    return np.array(curves), np.array(coefficients)


def _gains(count: Floats, treated: Bools, outcome: Floats) -> Floats:
    """(n + 1,) of the first k rows what came of the treated ones, less what came of as many
    untreated ones."""
    many = np.cumsum(count * treated)
    others = np.cumsum(count * ~treated)
    of_treated = np.cumsum(count * treated * outcome)
    of_others = np.cumsum(count * ~treated * outcome)
    share = np.divide(many, others, out=np.zeros(len(many)), where=others > 0)
    return np.r_[0.0, of_treated - of_others * share]

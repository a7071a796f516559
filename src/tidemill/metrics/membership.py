"""Whether an attacker who has the synthetic rows can tell whose rows were in training."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.core.words import percent, plural, ratio
from tidemill.metrics.privacy import some, suspects
from tidemill.supervised.arrays import Floats
from tidemill.supervised.auc import Auc, auc
from tidemill.supervised.points import Points, nearest
from tidemill.supervised.sampling import sampled

MEMBERSHIP = "membership inference (AUC)"
MOST_ROWS = 5000
FEWEST_ROWS = 80
_TOUCHING = 1e-3  # added to distances, so that a ratio of two zeros is 1


def membership(evidence: Evidence, run: Run) -> Iterable[Score]:
    """How well an attack tells training rows from rows that the generator has not seen (AUC); 0.5
    is guessing.

    The attack of van Breugel et al. (2023), "Membership Inference Attacks against Synthetic Data
    through Overfitting Detection" (DOMIAS), with the nearest neighbour's distance for the density:
    a row is taken for a training row where it lies near to a synthetic row, measured by how near it
    lies to other real rows. One half of the holdout rows are the attacker's real rows, the other
    half are to be told from training rows; at most MOST_ROWS of each are tried.

    Floor: rows of independent columns are published instead. Ceiling: a quarter of the holdout rows
    are published instead, which the attacker then sees instead of synthetic ones.

    Args:
        evidence: The sets.
        run: Draws the parts of the holdout.
    """
    found = suspects(evidence, run, "membership")
    if not isinstance(found, str) and len(found.holdout) < FEWEST_ROWS:
        found = f"there are {plural(len(found.holdout), 'held-out row')}; {FEWEST_ROWS} are needed"
    if isinstance(found, str):
        yield Score("membership", MEMBERSHIP, None, better="low", why=found)
        return
    rng = run.rng("metrics", "membership", "parts")
    members = some(found.train, MOST_ROWS, rng)
    known, rest = np.array_split(found.holdout[rng.permutation(len(found.holdout))], 2)
    others, published = np.array_split(rest, 2)
    strangers = some(rest, MOST_ROWS, rng)
    mine = attack(found.synthetic, known, members, strangers, run)
    floor = attack(some(found.floor, len(members), rng), known, members, strangers, run)
    ceiling = attack(published, known, members, some(others, MOST_ROWS, rng), run)
    tried = len(members) + len(strangers)
    note = sampled(tried) if tried < len(evidence.train) + len(evidence.holdout) // 2 else ""
    seen = "the"
    if len(found.synthetic) < len(evidence.synthetic):
        seen = f"{len(found.synthetic):,} of the"
    yield Score(
        "membership",
        MEMBERSHIP,
        mine.value,
        floor.value,
        ceiling.value,
        "low",
        sentence=_sentence(mine, seen, note),
        interval=mine.interval,
        figures={
            "error": mine.error,
            "ceiling_error": ceiling.error,
            "members": len(members),
            "strangers": len(strangers),
        },
    )


def _sentence(found: Auc, seen: str, note: str) -> str:
    low, high = found.interval
    return (
        f"Of a training row and an unseen one, an attacker who has {seen} synthetic rows and other "
        f"real rows picks the training row in {percent(found.value)} of cases (AUC "
        f"{ratio(found.value)}, 95 % interval {ratio(low)} to {ratio(high)}; 0.5 is "
        f"guessing){note}."
    )


def attack(published: Points, known: Points, members: Points, strangers: Points, run: Run) -> Auc:
    """How often the attack ranks a member above a stranger.

    Args:
        published: Rows that the attacker sees, (n, axes).
        known: Real rows of the same population that the attacker has, (m, axes).
        members, strangers: Rows that are to be told apart.
        run: Its threads and cancelling.
    """
    of_members = _suspicion(members, published, known, run)
    return auc(of_members, _suspicion(strangers, published, known, run))


def _suspicion(rows: Points, published: Points, known: Points, run: Run) -> Floats:
    to_published, to_known = (
        np.sqrt(nearest(rows, points, run)[1]) + _TOUCHING for points in (published, known)
    )
    return -to_published / to_known

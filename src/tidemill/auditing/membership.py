"""Membership inference: can it be told whose rows the generator learned from?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from scipy.stats import hypergeom

from tidemill.auditing.base import AttackData, AttackSummary, leak, unknown
from tidemill.core.leak import Leak
from tidemill.core.run import Run
from tidemill.core.words import percent, plural
from tidemill.metrics.light import FEW_LIMIT
from tidemill.supervised.arrays import Floats
from tidemill.supervised.auc import Auc, auc
from tidemill.supervised.excess import Excess, at_least, of_auc, of_rates, rate
from tidemill.supervised.points import nearest

FALSE = 0.01
"""The share of unseen rows that an attacker may wrongly take for training rows."""
FEWEST_ROWS = 100
"""Holdout rows that are needed for a share of FALSE."""
_TOUCHING = 1e-3  # added to distances, so that a ratio of two zeros is 1


class Caught(NamedTuple):
    """Rows that are more suspicious than all but FALSE of the unseen ones.

    Attributes:
        members: Which training rows are, (n,).
        strangers: How many unseen rows are.
        of: How many unseen rows there are.
    """

    members: np.ndarray
    strangers: int
    of: int

    @property
    def excess(self) -> Excess:
        """What the attack gains on training rows; sure is only what is more than rows in random
        order would give."""
        above = int(self.members.sum())
        gain = of_rates(rate(above, len(self.members)), rate(self.strangers, self.of))
        # the chance that so few unseen rows stand among the so many most suspicious ones
        everybody = len(self.members) + self.of
        chance = hypergeom.cdf(self.strangers, everybody, self.of, above + self.strangers)
        return at_least(gain, float(chance))


def membership(data: AttackData, run: Run) -> Iterable[Leak]:
    """Membership inference by distance and by density ratio: on average, and for the few whom it
    exposes most.

    By distance: a row is suspicious that lies near to a synthetic row. By density ratio: that lies
    nearer to a synthetic row than to other real rows, as in DOMIAS (van Breugel et al. 2023) with
    the nearest neighbour's distance for the density. The attacker's other real rows are one half of
    the holdout, and the unseen rows to be told from training rows the other half; then the halves
    change places.

    An average hides a few exposed people, so the share of training rows is measured, too, that
    stand out beyond all but 1 % of the unseen ones (Carlini et al. 2022, "Membership Inference
    Attacks From First Principles").

    Args:
        data: People and releases.
        run: Not drawn from: people stand in random order.
    """
    apart = _to_other_people(data, run)

    by_distance = []
    by_ratio = []
    for release in data.releases:
        by_distance.append((-release.to_train, -release.to_holdout))
        by_ratio.append((_ratio(release.to_train, apart[0]), _ratio(release.to_holdout, apart[1])))
    ways = (
        (
            "distance",
            "who only looks how near each person lies to the synthetic rows",
            by_distance,
        ),
        ("density ratio", "who also has other real rows to compare with", by_ratio),
    )
    for way, who, suspicions in ways:
        yield _on_average(way, who, [auc(*sides) for sides in suspicions])
        yield _few(way, who, suspicions, data)


def _ratio(near: Floats, apart: Floats) -> Floats:
    """How suspicious rows are by their distances to the release and to other real rows."""
    return -(near + _TOUCHING) / (apart[: len(near)] + _TOUCHING)


def caught(members: Floats, strangers: Floats) -> Caught:
    """Who is more suspicious than all but FALSE of the unseen rows.

    Example:
        >>> found = caught(np.array([1.0, 5.0, 200.0]), np.arange(100.0))
        >>> found.members.tolist(), found.strangers
        ([False, False, True], 1)
    """
    allowed = int(FALSE * len(strangers))
    limit = np.sort(strangers)[-1 - allowed]
    return Caught(members > limit, int((strangers > limit).sum()), len(strangers))


def _to_other_people(data: AttackData, run: Run) -> tuple[Floats, Floats]:
    """Distances of attacked rows to the nearest of the attacker's own real rows: the half of the
    holdout they are not in."""
    points = data.holdout.points
    half = len(points) // 2
    first, second = points[:half], points[half : 2 * half]
    train = np.empty(len(data.train))
    train[0::2] = nearest(data.train.points[0::2], first, run)[1]
    train[1::2] = nearest(data.train.points[1::2], second, run)[1]
    holdout = np.empty(len(points))
    holdout[:half] = nearest(first, second, run)[1]
    holdout[half:] = nearest(points[half:], first, run)[1]
    return np.sqrt(train), np.sqrt(holdout)


def _on_average(way: str, who: str, areas: list[Auc]) -> Leak:
    mine, floor, ceiling = areas
    low, high = mine.interval
    sentence = (
        f"An attacker {who} picks the training row out of a training row and an unseen one in "
        f"{percent(mine.value)} of cases (95 % interval {percent(low)} to {percent(high)}). "
        f"Guessing gives 50 %, the published training rows themselves {percent(ceiling.value)}."
    )
    summary = AttackSummary(
        "membership",
        f"membership by {way}, on average",
        sentence=sentence,
        figures={"auc": mine.value, "auc_floor": floor.value, "auc_ceiling": ceiling.value},
    )
    return leak(summary, *(of_auc(area) for area in areas))


def _few(way: str, who: str, scores: list[tuple[Floats, Floats]], data: AttackData) -> Leak:
    name = f"membership by {way}, the most exposed"
    if len(data.holdout) < FEWEST_ROWS:
        return unknown(
            "membership",
            name,
            f"there are {plural(len(data.holdout), 'held-out row')}; "
            f"{FEWEST_ROWS} are needed to tell what 1 % of them are like",
            FEW_LIMIT,
        )
    found = [caught(*sides) for sides in scores]
    mine, _, ceiling = found
    members = int(mine.members.sum())
    sentence = (
        f"If an attacker {who} accuses so few that at most 1 % of unseen rows are taken for "
        f"training rows, {members:,} of {len(mine.members):,} training rows are found "
        f"({percent(mine.members.mean())}; of unseen rows it was "
        f"{percent(mine.strangers / mine.of)}). With the training rows published it would be "
        f"{percent(ceiling.members.mean())}."
    )
    summary = AttackSummary(
        "membership",
        name,
        FEW_LIMIT,
        sentence,
        exposed=data.train.places[: len(mine.members)][mine.members],
        why=f"found by membership inference ({way})",
        figures={
            "true_positives": float(mine.members.mean()),
            "false_positives": mine.strangers / mine.of,
        },
    )
    return leak(summary, *(each.excess for each in found))

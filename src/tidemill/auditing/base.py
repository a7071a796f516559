"""What an attack is, what it is given, and what its figure means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tidemill.auditing.excess import Excess
from tidemill.core.dataset import Dataset
from tidemill.core.leak import Leak, Light
from tidemill.core.picture import Table
from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.core.words import percent
from tidemill.supervised.arrays import FeatureLayout, Features, Floats
from tidemill.supervised.auc import NORMAL_95
from tidemill.supervised.points import Embedding, Points

if TYPE_CHECKING:
    from tidemill.synthesis.synthesizer import Synthesizer

SURE = 3.3
"""Standard errors by which a leak must stand out: by chance one figure in 2,000 does, and an audit
has about ten."""
LIMIT = 0.15
"""From which leak on a light is red, where all rows are judged together."""
FEW_LIMIT = 0.05
"""The same where a few exposed rows are looked for."""
PLANTED_LIMIT = 0.25
"""The same for canaries, which are made to be remembered."""
TRACE = 0.2
"""A leak that is surely there, but below this part of the limit, is a trace that leaves the light
green."""
LEAST_POWER = 0.1
"""An attack works if it surely gains at least this much where the training rows themselves are
published."""


@dataclass(frozen=True)
class AttackTargets:
    """Real rows that are attacked, in random order.

    Attributes:
        places: Position of each in its table, (n,).
        rows, features, points: The same rows as a table, as arrays and as points.
    """

    places: NDArray[np.int64]
    rows: Dataset
    features: Features
    points: Points

    def __len__(self) -> int:
        return len(self.places)


@dataclass(frozen=True)
class Release:
    """A table that the attacker has.

    Attributes:
        rows, features, points: Its rows as a table, as arrays and as points.
        to_train, to_holdout: Distance of the first attacked training and holdout rows to the
            nearest released row; how many there are is how many are attacked with this release.
    """

    rows: Dataset
    features: Features
    points: Points
    to_train: Floats
    to_holdout: Floats


@dataclass(frozen=True)
class AttackData:
    """What attacks are given: the people attacked, and three releases to attack them with.

    Attributes:
        train: Rows that the generator learned from.
        holdout: Rows that it never saw: the control. What succeeds on them as well is no leak.
        synthetic: The rows that are audited.
        floor: Rows of the ``independent`` model.
        ceiling: The training rows themselves, published.
        others: Points of training rows that are not attacked; none in small tables.
        everybody: All training and all holdout rows as arrays, in random order; those attacked come
            first.
        layout, embedding: Of the arrays and points.
        evidence: All rows of the four tables, modelled columns only.
        model: The generator; None where only its rows are known.
        canaries: How many rows to plant in all; 0 for none.
    """

    train: AttackTargets
    holdout: AttackTargets
    synthetic: Release
    floor: Release
    ceiling: Release
    others: Points
    everybody: tuple[Features, Features]
    layout: FeatureLayout
    embedding: Embedding
    evidence: Evidence
    model: Synthesizer | None = None
    canaries: int = 0

    @property
    def releases(self) -> tuple[Release, Release, Release]:
        """The audited rows, the floor's, and the training rows."""
        return self.synthetic, self.floor, self.ceiling


Attack = Callable[[AttackData, Run], Iterable[Leak]]
"""Attacks training and holdout rows with each release; what cannot be computed is a Leak "not
known" that says why."""


@dataclass(frozen=True)
class AttackSummary:
    """What an attack says of itself.

    Attributes:
        attack: Its registered name.
        name: What was measured.
        limit: The leak from which on it is red.
        sentence: What happened, in plain words.
        table: Its evidence; never a value of a real row.
        figures: Further named numbers.
        exposed: Positions of exposed training rows.
        why: How they were exposed, in words.
    """

    attack: str
    name: str
    limit: float = LIMIT
    sentence: str = ""
    table: Table | None = None
    figures: Mapping[str, float] = field(default_factory=dict)
    exposed: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    why: str = ""


def leak(summary: AttackSummary, mine: Excess, floor: Excess, ceiling: Excess) -> Leak:
    """The leak on the scale from 0 to what publishing the training rows would show, and its light.

    Red: surely a leak, of at least the limit. Amber: surely a leak, but a smaller one. Green: none
    was found, or a trace of one, and one of the size of the limit can be ruled out at 95 %.
    Otherwise it is not known.

    Args:
        summary: What the attack says.
        mine, floor, ceiling: What it gains with each release.
    """
    if ceiling.end(-NORMAL_95) < LEAST_POWER:
        why = (
            "this attack could see nothing here: it would hardly gain anything even if the "
            f"training rows themselves were published ({percent(max(0.0, ceiling.value))} of what "
            "it could gain)"
        )
        score = Score(
            summary.attack,
            summary.name,
            None,
            better="low",
            why=why,
            figures=dict(summary.figures),
            table=summary.table,
        )
        return Leak(summary.attack, score, "not known", "", summary.limit)
    scale = ceiling.value
    value = mine.end(0.0) / scale
    low = mine.end(-NORMAL_95) / scale
    high = mine.end(NORMAL_95) / scale
    light, reason = _light(value, high, mine.end(-SURE) > 0, summary.limit)
    score = Score(
        summary.attack,
        summary.name,
        value,
        floor.value / scale,
        1.0,
        "low",
        sentence=summary.sentence,
        table=summary.table,
        interval=(low, high),
        figures={"could_have_missed": max(0.0, high), **summary.figures},
    )
    return Leak(summary.attack, score, light, reason, summary.limit, summary.exposed, summary.why)


def unknown(attack: str, name: str, why: str, limit: float = LIMIT) -> Leak:
    """An attack that could not be made, and why."""
    return Leak(attack, Score(attack, name, None, better="low", why=why), "not known", "", limit)


def _light(value: float, high: float, sure: bool, limit: float) -> tuple[Light, str]:
    of_all = "of what publishing the training rows would show"
    if sure and value >= limit:
        return "red", (
            f"This is a leak: {percent(min(value, 1.0))} {of_all}; from {percent(limit)} on the "
            "light is red."
        )
    if sure and value >= TRACE * limit:
        return "amber", (
            f"This is a small leak, but not chance: {percent(value)} {of_all}; from "
            f"{percent(limit)} on the light would be red."
        )
    if high >= limit:
        return "not known", (
            f"No leak is proven, but one of up to {percent(min(1.0, high))} {of_all} could have "
            f"been missed, and from {percent(limit)} on the light would be red: there are too few "
            "rows to tell."
        )
    ruled_out = percent(max(0.0, high))
    if sure:
        return "green", (
            f"There is a trace of a leak ({percent(value)} {of_all}); one above {ruled_out} is "
            "ruled out (95 %)."
        )
    return "green", f"No leak was found; one above {ruled_out} {of_all} is ruled out (95 %)."

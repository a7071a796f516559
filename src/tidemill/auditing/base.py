"""What an attack is, what it is given, and what its figure means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tidemill.core.dataset import Dataset
from tidemill.core.leak import Leak
from tidemill.core.picture import Table
from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.metrics.light import LIMIT, measured
from tidemill.supervised.arrays import FeatureLayout, Features, Floats
from tidemill.supervised.excess import Excess
from tidemill.supervised.points import Embedding, Points

if TYPE_CHECKING:
    from tidemill.synthesis.synthesizer import Synthesizer


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
        apart: Distance of each attacked training and holdout row to the nearest of other training
            rows, as many for all of them.
        layout, embedding: Of the arrays and points.
        evidence: All rows of the four tables, modelled columns only.
        whole: The same with ids, texts and what else is there.
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
    apart: tuple[Floats, Floats]
    layout: FeatureLayout
    embedding: Embedding
    evidence: Evidence
    whole: Evidence
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

    Args:
        summary: What the attack says.
        mine, floor, ceiling: What it gains with each release.
    """
    found = measured(mine, ceiling, summary.limit)
    if isinstance(found, str):
        score = Score(
            summary.attack,
            summary.name,
            None,
            better="low",
            why=found,
            figures=dict(summary.figures),
            table=summary.table,
            light="not known",
        )
        return Leak(summary.attack, score, "not known", "", summary.limit)
    score = Score(
        summary.attack,
        summary.name,
        found.value,
        float(floor.value / ceiling.value),
        1.0,
        "low",
        sentence=summary.sentence,
        table=summary.table,
        interval=(found.low, found.high),
        figures={**found.figures, **summary.figures},
        light=found.light,
    )
    return Leak(
        summary.attack,
        score,
        found.light,
        found.reason,
        summary.limit,
        summary.exposed,
        summary.why,
    )


def unknown(attack: str, name: str, why: str, limit: float = LIMIT) -> Leak:
    """An attack that could not be made, and why."""
    score = Score(attack, name, None, better="low", why=why, light="not known")
    return Leak(attack, score, "not known", "", limit)

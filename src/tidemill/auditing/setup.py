"""From the four tables to what attacks are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tidemill.auditing.base import AttackData, AttackTargets, Release
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.run import Run
from tidemill.core.score import Evidence
from tidemill.metrics.privacy import ENTRIES, FEWEST_ROWS
from tidemill.supervised.arrays import Features, features, together
from tidemill.supervised.points import axes_of, learn_embedding, nearest

if TYPE_CHECKING:
    from tidemill.synthesis.synthesizer import Synthesizer

MOST_ATTACKED, FEWEST_ATTACKED, MOST_RELEASED = 20_000, 2000, 200_000
"""Rows that are attacked on each side, and rows of a release that the attacker uses at most."""
MULTIPLICATIONS = 80_000_000_000
"""What the search for nearest rows may cost: attacked rows of a side x released rows x axes; about
5 s on two cores."""
MOST_OTHERS = 100_000
"""Training rows that are not attacked, and that tell how far from all others a row is."""
TRIED = 3000
"""Rows on each side that are attacked with the floor and with the training rows: they only give the
scale."""


def scene(
    evidence: Evidence, run: Run, model: Synthesizer | None = None, canaries: int = 0
) -> AttackData:
    """The people to attack and the three releases to attack them with, as points of one space.

    Numbers are ranked among as many training as holdout rows, so that neither has an advantage.

    Args:
        evidence: Training, holdout, synthetic and floor rows.
        run: Draws the samples.
        model: The generator, where it is known.
        canaries: How many rows to plant.

    Raises:
        DataError: A table has too few rows, or there is no column to compare.
    """
    evidence = _modelled(evidence)
    layout, parts = features((evidence.train, evidence.holdout, evidence.synthetic, evidence.floor))
    axes = max(1, axes_of(layout))
    most = min(MOST_RELEASED, max(FEWEST_ROWS, ENTRIES // axes))
    rng = run.rng("auditing", "people")
    synthetic, floor = (rng.permutation(len(part))[:most] for part in parts[2:])
    attacked = min(
        most, max(FEWEST_ATTACKED, min(MOST_ATTACKED, MULTIPLICATIONS // (axes * len(synthetic))))
    )
    everybody = [rng.permutation(len(part)) for part in parts[:2]]
    train, holdout = (order[:attacked] for order in everybody)
    published = _published(everybody[0], attacked, len(synthetic) / len(parts[2]), most, rng)
    reference = min(len(train), len(holdout))
    embed = learn_embedding(
        layout, together(parts[0].rows(train[:reference]), parts[1].rows(holdout[:reference])), run
    )
    people = [
        AttackTargets(places, table.rows(places), rows.rows(places), embed(rows.rows(places)))
        for places, table, rows in (
            (train, evidence.train, parts[0]),
            (holdout, evidence.holdout, parts[1]),
        )
    ]

    def release(table: Dataset, rows: Features, places: NDArray[np.int64], tried: int) -> Release:
        points = embed(rows.rows(places))
        to_train, to_holdout = (
            np.sqrt(nearest(side.points[:tried], points, run)[1]) for side in people
        )
        return Release(table.rows(places), rows.rows(places), points, to_train, to_holdout)

    return AttackData(
        people[0],
        people[1],
        release(evidence.synthetic, parts[2], synthetic, MOST_ATTACKED),
        release(evidence.floor, parts[3], floor, TRIED),
        release(evidence.train, parts[0], published, TRIED),
        embed(parts[0].rows(everybody[0][attacked:][:MOST_OTHERS])),
        (parts[0].rows(everybody[0]), parts[1].rows(everybody[1])),
        layout,
        embed,
        evidence,
        model,
        canaries,
    )


def _modelled(evidence: Evidence) -> Evidence:
    names = [column.name for column in evidence.train.schema.modelled]
    if not names:
        raise DataError(
            "there is no column of numbers, categories or dates to attack by",
            where=evidence.train.name,
            hint="give a kind to a column with option 'schema'",
        )
    sets = {
        "training": evidence.train,
        "holdout": evidence.holdout,
        "synthetic": evidence.synthetic,
        "floor": evidence.floor,
    }
    for what, data in sets.items():
        if len(data) < FEWEST_ROWS:
            raise DataError(
                f"{len(data)} {what} rows are too few for an audit",
                where=data.name,
                hint=f"give at least {FEWEST_ROWS}, better 1,000",
            )
    train, holdout, synthetic, floor = (data.select(names) for data in sets.values())
    return Evidence(train, holdout, synthetic, floor)


def _published(
    everybody: NDArray[np.int64], attacked: int, share: float, most: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Positions of training rows that are published: all, or so many.

    Where the attacker uses only a share of the synthetic rows, only that share of the attacked rows
    is published, too: the audited rows and this ceiling then lose as much.
    """
    first = everybody[:attacked]
    kept = first[rng.random(len(first)) < share] if share < 1 else first
    return rng.permutation(np.concatenate([kept, everybody[attacked:][: max(0, most - len(kept))]]))

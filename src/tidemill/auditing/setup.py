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
from tidemill.metrics.nearest import MOST_ROWS
from tidemill.supervised.arrays import Features, Floats, features, together
from tidemill.supervised.points import Embedding, Points, axes_of, learn_embedding, nearest

if TYPE_CHECKING:
    from tidemill.synthesis.synthesizer import Synthesizer

FEWEST_ROWS = 20
ENTRIES = 60_000_000
"""Numbers that the points of one set may hold (240 MB)."""
FEWEST_ATTACKED = 2000
"""Rows that are attacked on each side, if there are so many; MOST_ROWS at most."""
MOST_RELEASED = 200_000
"""Rows of a release that the attacker uses at most."""
MULTIPLICATIONS = 80_000_000_000
"""What the search for nearest rows may cost: attacked rows of a side x released rows x axes; about
5 s on two cores."""
MOST_OTHERS = 100_000
"""Training rows that are not attacked, and that tell how far from all others a row is."""
TRIED = 3000
"""Rows on each side that are attacked with the floor and with the training rows: they only give the
scale."""


def attack_data(
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
    whole, evidence = evidence, _modelled(evidence)
    layout, parts = features((evidence.train, evidence.holdout, evidence.synthetic, evidence.floor))
    train_rows, holdout_rows, synthetic_rows, floor_rows = parts
    axes = max(1, axes_of(layout))
    most = min(MOST_RELEASED, max(FEWEST_ROWS, ENTRIES // axes))
    rng = run.rng("auditing", "people")
    used = rng.permutation(len(synthetic_rows))[:most]
    used_of_floor = rng.permutation(len(floor_rows))[:most]
    affordable = MULTIPLICATIONS // (axes * len(used))
    attacked = min(most, max(FEWEST_ATTACKED, min(MOST_ROWS, affordable)))
    train_order = rng.permutation(len(train_rows))
    holdout_order = rng.permutation(len(holdout_rows))
    share = len(used) / len(synthetic_rows)
    published = _published(train_order, attacked, share, most, rng)
    alike = min(attacked, len(train_rows), len(holdout_rows))
    learned_from = together(
        train_rows.rows(train_order[:alike]), holdout_rows.rows(holdout_order[:alike])
    )
    embed = learn_embedding(layout, learned_from, run)

    train = _targets(evidence.train, train_rows, train_order[:attacked], embed)
    holdout = _targets(evidence.holdout, holdout_rows, holdout_order[:attacked], embed)

    others = embed(train_rows.rows(train_order[attacked:][:MOST_OTHERS]))

    def release(table: Dataset, rows: Features, places: NDArray[np.int64], tried: int) -> Release:
        chosen = rows.rows(places)
        points = embed(chosen)
        to_train = np.sqrt(nearest(train.points[:tried], points, run)[1])
        to_holdout = np.sqrt(nearest(holdout.points[:tried], points, run)[1])
        return Release(table.rows(places), chosen, points, to_train, to_holdout)

    return AttackData(
        train=train,
        holdout=holdout,
        synthetic=release(evidence.synthetic, synthetic_rows, used, MOST_ROWS),
        floor=release(evidence.floor, floor_rows, used_of_floor, TRIED),
        ceiling=release(evidence.train, train_rows, published, TRIED),
        others=others,
        apart=_apart(train.points, holdout.points, others, run),
        everybody=(train_rows.rows(train_order), holdout_rows.rows(holdout_order)),
        layout=layout,
        embedding=embed,
        evidence=evidence,
        whole=whole,
        model=model,
        canaries=canaries,
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
    for what, table in sets.items():
        if len(table) < FEWEST_ROWS:
            raise DataError(
                f"{len(table)} {what} rows are too few for an audit",
                where=table.name,
                hint=f"give at least {FEWEST_ROWS}, better 1,000",
            )
    return Evidence(
        evidence.train.select(names),
        evidence.holdout.select(names),
        evidence.synthetic.select(names),
        evidence.floor.select(names),
    )


def _targets(
    table: Dataset, rows: Features, places: NDArray[np.int64], embed: Embedding
) -> AttackTargets:
    chosen = rows.rows(places)
    return AttackTargets(places, table.rows(places), chosen, embed(chosen))


def _published(
    everybody: NDArray[np.int64], attacked: int, share: float, most: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Positions of training rows that are published: all, or so many.

    Where the attacker uses only a share of the synthetic rows, only that share of the attacked rows
    is published, too: the audited rows and this ceiling then lose as much.
    """
    kept = everybody[:attacked]
    if share < 1:
        kept = kept[rng.random(len(kept)) < share]
    others = everybody[attacked:][: max(0, most - len(kept))]
    return rng.permutation(np.concatenate([kept, others]))


def _apart(train: Points, holdout: Points, others: Points, run: Run) -> tuple[Floats, Floats]:
    """Distance of each attacked training and holdout row to the nearest of other training rows, as
    many for all of them.

    The attacked training rows are cut in two: those of one half look for their nearest among the
    other, so that none finds itself; and so do the two halves of the holdout.
    """
    first_half, second_half = train[: len(train) // 2], train[len(train) // 2 :]
    distances = []
    for points in (train, holdout):
        cut = len(points) // 2
        _, first = nearest(points[:cut], np.concatenate([second_half, others]), run)
        _, second = nearest(points[cut:], np.concatenate([first_half, others]), run)
        distances.append(np.sqrt(np.concatenate([first, second])))
    return distances[0], distances[1]

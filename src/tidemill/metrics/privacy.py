"""Which rows a privacy metric compares: equally many training and held-out rows, beside synthetic
ones, as points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidemill.core.run import Run
from tidemill.core.score import Evidence
from tidemill.supervised.arrays import features, together
from tidemill.supervised.points import Points, axes_of, learn_embedding
from tidemill.supervised.sampling import thinned

MOST_ROWS = 100_000
ENTRIES = 60_000_000
"""Numbers that the points of one set may hold (240 MB)."""
FEWEST_ROWS = 20


@dataclass(frozen=True)
class Suspects:
    """Points of the rows that a generator has seen, of rows that it has not seen, and of those that
    it made.

    Attributes:
        train, holdout: (n, axes) each: equally many, so that a row that has nothing to do with
            either is as often nearer to the one as to the other.
        synthetic, floor: (m, axes) each, for m of their own.
    """

    train: Points
    holdout: Points
    synthetic: Points
    floor: Points


def suspects(evidence: Evidence, run: Run, metric: str) -> Suspects | str:
    """The sets as points in one space, or why they cannot be compared.

    Numbers are ranked among training and holdout rows together, so that neither has an advantage.

    Args:
        evidence: The sets.
        run: Its stream of the metric's name draws the samples.
        metric: The metric's registered name.
    """
    names = [column.name for column in evidence.train.schema.modelled]
    size = min(len(evidence.train), len(evidence.holdout))
    if min(size, len(evidence.synthetic), len(evidence.floor)) < FEWEST_ROWS:
        return f"there are fewer than {FEWEST_ROWS} training, holdout or synthetic rows"
    rng = run.rng("metrics", metric, "rows")
    real = min(size, MOST_ROWS)
    sets = [
        thinned(evidence.train, real, rng),
        thinned(evidence.holdout, real, rng),
        thinned(evidence.synthetic, MOST_ROWS, rng),
        thinned(evidence.floor, MOST_ROWS, rng),
    ]
    layout, parts = features([data.select(names) for data in sets])
    most = max(FEWEST_ROWS, ENTRIES // max(1, axes_of(layout)))
    fewer = []
    for part in parts:
        if len(part) > most:
            part = part.rows(np.sort(rng.choice(len(part), most, replace=False)))
        fewer.append(part)
    place = learn_embedding(layout, together(*fewer[:2]), run)
    return Suspects(*(place(part) for part in fewer))


def some(points: Points, rows: int, rng: np.random.Generator) -> Points:
    """So many points drawn without repetition; all where there are no more."""
    if len(points) <= rows:
        return points
    return points[np.sort(rng.choice(len(points), rows, replace=False))]

"""Whether held-out rows can be the control of attacks: unseen, of the same sort, of enough
entities."""

from __future__ import annotations

import numpy as np

from tidemill.auditing.base import AttackData, unknown
from tidemill.auditing.closeness import compared
from tidemill.core.dataset import Dataset
from tidemill.core.leak import Leak
from tidemill.core.run import Run
from tidemill.core.split import FEWEST_ENTITIES, entity_numbers
from tidemill.core.words import percent, plural
from tidemill.metrics.light import LIMIT, SURE, TRACE, measured
from tidemill.metrics.nearest import NEAR
from tidemill.supervised.auc import auc
from tidemill.supervised.excess import of_auc, of_hits

CONTROL = "control"
"""What stands in the place of an attack where the held-out rows are no control."""
NAME = "held-out rows as the control"
LEARNED = 0.05
"""From which gain on they are no control."""


def few_entities(train: Dataset, holdout: Dataset) -> Leak | None:
    """Rows of one entity are alike, so that few entities say nothing, however many their rows."""
    found = [entity_numbers(part) for part in (train, holdout)]
    for numbers, what in zip(found, ("training", "held-out"), strict=True):
        entities = 0 if numbers is None else int(numbers.max(initial=-1)) + 1
        if numbers is not None and entities < FEWEST_ENTITIES:
            return unknown(
                CONTROL,
                NAME,
                f"the {what} rows are of {plural(entities, 'entity', 'entities')} only, and "
                f"{FEWEST_ENTITIES} are needed to tell copies of them from rows that are merely "
                "like theirs",
            )
    return None


def no_control(data: AttackData, run: Run) -> Leak | None:
    """Why the held-out rows of these attacks are no control; None where they are one."""
    return _learned(data) or _other_sort(data, run)


def _learned(data: AttackData) -> Leak | None:
    """Unseen rows are as far from training rows as those are from each other; learned ones are
    nearer: a few of them at no distance, or many at less."""
    among_training, of_holdout = data.apart
    limit = float(np.quantile(among_training, NEAR, method="inverted_cdf"))
    gains = (
        of_hits(of_holdout <= limit, among_training <= limit),
        of_auc(auc(among_training, of_holdout)),
    )
    if not any(gain.end(-SURE) > 0 and gain.value >= LEARNED for gain in gains):
        return None
    return unknown(
        CONTROL,
        NAME,
        "the held-out rows are no control, for many of them were learned: they lie nearer to the "
        "training rows than these lie to each other; hold out rows before anything is learned, as "
        "`tidemill split` does",
    )


def _other_sort(data: AttackData, run: Run) -> Leak | None:
    """Columns drawn independently know no row, and so lie as near to unseen as to training rows."""
    _, floor, ceiling = compared(data, run)
    found = measured(floor.excess, ceiling.excess)
    surely = floor.excess.end(-SURE) > 0
    if isinstance(found, str) or not surely or found.value < TRACE * LIMIT:
        return None
    return unknown(
        CONTROL,
        NAME,
        "the held-out rows are of another sort than the training rows, such as later ones: even "
        f"columns drawn independently of each other look {percent(found.value)} copied beside "
        "them; to measure privacy, hold out rows drawn at random",
    )

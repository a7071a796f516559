"""Whether held-out rows can be the control of attacks: unseen, of the same sort, of enough
entities."""

from __future__ import annotations

from tidemill.auditing.base import AttackData, unknown
from tidemill.auditing.closeness import compared
from tidemill.core.dataset import Dataset
from tidemill.core.leak import Leak
from tidemill.core.privacy import UNCONTROLLED
from tidemill.core.run import Run
from tidemill.core.split import FEWEST_ENTITIES, entity_numbers
from tidemill.core.words import percent, plural
from tidemill.metrics.light import LIMIT, SURE, TRACE, measured
from tidemill.metrics.unseen import LEARNED, MADE_OF_UNSEEN, learned, nearer_to_unseen

CONTROL = "control"
"""What stands in the place of an attack where the held-out rows are no control."""


def few_entities(train: Dataset, holdout: Dataset) -> Leak | None:
    """Rows of one entity are alike, so that few entities say nothing, however many their rows."""
    found = [entity_numbers(part) for part in (train, holdout)]
    for numbers, what in zip(found, ("training", "held-out"), strict=True):
        entities = 0 if numbers is None else int(numbers.max(initial=-1)) + 1
        if numbers is not None and entities < FEWEST_ENTITIES:
            return unknown(
                CONTROL,
                UNCONTROLLED,
                f"the {what} rows are of {plural(entities, 'entity', 'entities')} only, and "
                f"{FEWEST_ENTITIES} are needed to tell copies of them from rows that are merely "
                "like theirs",
            )
    return None


def no_control(data: AttackData, run: Run) -> Leak | None:
    """Why the held-out rows of these attacks are no control; None where they are one."""
    sets = data.evidence
    if learned(sets.train, sets.holdout, run):
        return unknown(CONTROL, UNCONTROLLED, LEARNED)
    if nearer_to_unseen(data.synthetic.to_train, data.synthetic.to_holdout):
        return unknown(CONTROL, UNCONTROLLED, MADE_OF_UNSEEN)
    return _other_sort(data, run)


def _other_sort(data: AttackData, run: Run) -> Leak | None:
    """Columns drawn independently know no row, and so lie as near to unseen as to training rows."""
    _, floor, ceiling = compared(data, run)
    found = measured(floor.excess, ceiling.excess)
    surely = floor.excess.end(-SURE) > 0
    if isinstance(found, str) or not surely or found.value < TRACE * LIMIT:
        return None
    return unknown(
        CONTROL,
        UNCONTROLLED,
        "the held-out rows are of another sort than the training rows, such as later ones: even "
        f"columns drawn independently of each other look {percent(found.value)} copied beside "
        "them; to measure privacy, hold out rows drawn at random",
    )

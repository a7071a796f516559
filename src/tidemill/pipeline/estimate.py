"""How long a run will take and how much memory it needs, said before a long one begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tidemill.cleaning.cost import cost as cleaning
from tidemill.core.cost import Cost, pace
from tidemill.core.dataset import Dataset
from tidemill.core.modality import Modality
from tidemill.core.run import Run
from tidemill.core.words import number
from tidemill.imaging.cost import cost as looking
from tidemill.metrics.cost import cost as metrics
from tidemill.mining.cost import cost as mining
from tidemill.models.base import Generator, unfitted

LONG = 10.0
"""Seconds from which on it is said beforehand what a job costs."""
_FLOOR = 4e-7
"""Seconds for each cell that the floor learns and makes."""
OWN_COSTS: dict[Modality, Callable[[Dataset], Cost]] = {"images": looking}
"""What data of a modality cost beside what every table costs."""


def learning(train: Dataset, model: Generator) -> Cost | None:
    """What the model says in ``cost(rows, columns, bytes)`` that learning costs; None where it does
    not say.

    Args:
        train: The training rows.
        model: With its options.
    """
    cost = getattr(model, "cost", None)
    if cost is None:
        return None
    said: Cost = cost(len(train), len(train.schema.modelled), _size(train))
    return said


def of_run(train: Dataset, holdout: Dataset, rows: int | None = None, rounds: int = 1) -> Cost:
    """What one run costs beside learning.

    Args:
        train, holdout: The real rows.
        rows: How many to make; as many as training rows by default.
        rounds: How many rounds.
    """
    columns = len(train.schema.modelled)
    table = _size(train)
    made = rows or len(train)
    real = table + _size(holdout)
    # the findings are mined again of three tables
    mined = mining(len(train), columns, real) * (3 + rounds)
    judged = metrics(made, len(holdout), columns, round(2 * real + 3 * table * made / len(train)))
    return (
        cleaning(len(train) + len(holdout), columns, real)
        + mined
        + judged
        + _looking(train)
        + Cost(_FLOOR * columns * (len(train) + made), 0)
    )


def announce(
    model: str | None,
    options: Mapping[str, Any] | None,
    train: Dataset,
    run: Run,
    beside: Cost | None = None,
) -> None:
    """Tell the user what a job will cost on this machine, where it is long.

    Args:
        model, options: A registered model's name, None where models still compete; where it does
            not say what learning costs, that is told.
        train: What it learns from.
        run: Shows the note.
        beside: What the rest of the job costs; None where learning is all.
    """
    slower = pace(run.rng("estimate"))
    learned = None if model is None else learning(train, unfitted(model, options))
    learned = None if learned is None else learned * slower
    words = ""
    if run.minutes is not None:
        most = 60 * run.minutes
        learned = Cost(most if learned is None else min(most, learned.seconds), 0)
        minutes = "1 minute" if run.minutes == 1 else f"{number(run.minutes, 2)} minutes"
        words = f", of which at most {minutes} to learn"
    elif learned is None:
        which = "the model" if model is None else f"'{model}'"
        words = f", beside what {which} takes to learn; option 'minutes' limits that"
    elif learned.seconds >= LONG:
        words = "; option 'minutes' limits the learning"
    rest = None if beside is None else beside * slower
    known = [cost for cost in (learned, rest) if cost is not None]
    whole = sum(known, Cost(0, 0))
    if whole.seconds >= LONG:
        run.emit("note", "estimate", f"This will take {whole}{words}.")


def _looking(train: Dataset) -> Cost:
    cost = OWN_COSTS.get(train.schema.modality)
    return Cost(0, 0) if cost is None else cost(train)


def _size(data: Dataset) -> int:
    return int(data.frame.estimated_size())

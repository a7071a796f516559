"""Run the registered techniques one after the other."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from tidemill.core.columns import by_name
from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding, Findings
from tidemill.core.persons import persons_of
from tidemill.core.run import Run
from tidemill.core.shown import is_personal, shared_values
from tidemill.core.words import as_sentence
from tidemill.mining import TECHNIQUES
from tidemill.mining.sampling import joined


def mine(
    train: Dataset, holdout: Dataset, run: Run, techniques: Iterable[str] | None = None
) -> Findings:
    """What the techniques find in the training rows and confirm on the held-out rows.

    Args:
        train: The rows that techniques learn from.
        holdout: The rows that all figures are taken from.
        run: Seed, threads, progress.
        techniques: Registered names, in the order wished; None for all that look at such data.

    Raises:
        OptionError: A technique is not registered.
    """
    train, holdout = _without_persons(train, holdout, run)
    asked = None if techniques is None else tuple(techniques)
    modality = train.schema.modality
    chosen = TECHNIQUES.chosen(modality, asked)
    for sentence in TECHNIQUES.unsuited(modality, asked).values():
        run.warn(as_sentence(sentence), "mine")
    found: list[Finding] = []
    about = "looking for " + ", ".join(chosen)
    for name, technique in run.track(tuple(chosen.items()), "mine", about):
        run.emit("note", "mine", f"looking for {name}")
        found.extend(technique(train, holdout, run))
    return Findings(found)


def _without_persons(train: Dataset, holdout: Dataset, run: Run) -> tuple[Dataset, Dataset]:
    """The rows without the columns of personal data, of which no value may be told; and without the
    levels of too few persons, where these have several rows each."""
    personal = [
        column.name
        for column in train.schema.modelled
        if is_personal(column) and column.role not in ("target", "time")
    ]
    for name in personal:
        run.emit(
            "note",
            "mine",
            f"'{name}' holds {train.schema[name].personal}: nothing is looked for in it; option "
            f"'keep={name}' has it looked at.",
        )
    kept = [name for name in train.schema.names if name not in personal]
    train, holdout = train.select(kept), holdout.select(kept)
    both = joined(train, holdout)
    persons = persons_of(both)
    if persons is None:
        return train, holdout
    known = []
    for column in both.schema.modelled:
        if column.kind == "category" and column.role != "time":
            shared = shared_values(both[column.name], persons)
            level = by_name(column.name)
            known.append(pl.when(level.is_in(shared.implode())).then(level))
    return (
        train.with_frame(train.frame.with_columns(known)),
        holdout.with_frame(holdout.frame.with_columns(known)),
    )

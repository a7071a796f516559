"""Personal data are reported, and what of them is generated afresh."""

from __future__ import annotations

from tidemill.cleaning.base import Check, Diagnosis, sampled
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.words import percent, plural
from tidemill.personal.judging import Personal, judged

_MOST_ROWS = 200_000


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Look for personal data in every column, also in those that models leave out."""
    rows, note = sampled(train, _MOST_ROWS, run, "clean/personal")
    issues = []
    for column in train.schema:
        found = judged(column, rows[column.name])
        if found is not None:
            issues.append(_issue(column, found, note))
    return Diagnosis(tuple(issues))


def _issue(column: Column, found: Personal, note: str) -> Issue:
    cells = f"{plural(found.cells, 'cell')} ({percent(found.share)}{note})"
    return Issue(
        "personal",
        f"'{column.name}' holds {found.what} in {cells}.",
        (column.name,),
        found.cells,
        found.example,
        severity="personal data",
        action=_action(column),
    )


def _action(column: Column) -> str:
    if column.role == "ignore":
        return "kept in the table; models leave it out"
    if column.personal and column.kind == "id":
        return "kept in the table; models generate fresh ones in their place"
    return "kept; leave the column out before you share the data, or a model of it"


CHECK = Check(diagnose)

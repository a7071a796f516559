"""Columns that differ in nearly every row, so that they name rows and tell nothing about them, are
reported."""

from __future__ import annotations

import polars as pl

from tidemill.cleaning.base import Check, Diagnosis, considered
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.words import percent, plural, quoted
from tidemill.personal.masking import mask

_NEARLY = 0.9
_FEWEST = 20


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Find categories, ids and counted numbers that differ in nearly every row."""
    found: dict[bool, dict[str, float]] = {False: {}, True: {}}
    for column in considered(train, "number", "category", "id"):
        known = train[column.name].drop_nulls()
        if len(known) < max(_FEWEST, len(train) // 2) or column.role == "target":
            continue
        different = known.n_unique()
        if different < _NEARLY * len(known):
            continue
        if column.kind == "number" and not _counts_rows(known, different):
            continue
        found[_is_left_out(column)][column.name] = different / len(known)
    issues = [_issue(train, shares, left_out) for left_out, shares in found.items() if shares]
    return Diagnosis(tuple(issues))


def _is_left_out(column: Column) -> bool:
    return column.kind == "id" or column.role in ("key", "entity")


def _counts_rows(known: pl.Series, different: int) -> bool:
    """Whether whole numbers run through the rows: each once, and either in order or with few
    gaps."""
    if not known.dtype.is_integer() or different < len(known):
        return False
    span = int(known.max()) - int(known.min()) + 1  # type: ignore[arg-type]
    return span <= 2 * different or known.is_sorted() or known.is_sorted(descending=True)


def _issue(train: Dataset, shares: dict[str, float], left_out: bool) -> Issue:
    names = list(shares)
    least = min(shares.values())
    often = "in every row" if least == 1 else f"in {percent(least)} of the rows"
    if len(names) == 1:
        said = f"'{names[0]}' is different {often}: it identifies rows and cannot help to predict."
    else:
        often += " or more" if least < 1 else ""
        said = (
            f"{plural(len(names), 'column')} are different {often} ({quoted(names)}): they "
            "identify rows and cannot help to predict."
        )
    it = "it" if len(names) == 1 else "them"
    action = f"kept in the table; models leave {it} out"
    if not left_out:
        options = f"option 'id={names[0]}' or option 'ignore={names[0]}'"
        action = f"kept; models can learn nothing from {it}: say {options}"
        if len(names) > 1:
            action += ", and so for the others"
    return Issue(
        "unique",
        said,
        tuple(names),
        len(train),
        mask(str(train[names[0]].drop_nulls()[0])),
        action=action,
    )


CHECK = Check(diagnose)

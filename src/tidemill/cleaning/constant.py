"""Columns that are empty, or that hold one value in all or nearly all rows, are reported."""

from __future__ import annotations

from typing import Any

import polars as pl

from tidemill.cleaning.base import Check, Diagnosis, commonest
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.words import percent, plural, quoted

_NEARLY = 0.995
_EMPTY = 0.95
_FEWEST = 20


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Find empty, nearly empty, constant and nearly constant columns."""
    rows = len(train)
    if rows < 2:
        return Diagnosis()
    empty: list[str] = []
    sparse: dict[str, int] = {}
    constant: dict[str, Any] = {}
    gaps = False
    nearly: dict[str, tuple[Any, int]] = {}
    for column in train.schema:
        values = train[column.name]
        if column.role == "ignore" or values.dtype.is_nested():
            continue
        known = values.drop_nulls()
        if not len(known):
            empty.append(column.name)
        elif rows >= _FEWEST and len(known) <= (1 - _EMPTY) * rows:
            sparse[column.name] = len(known)
        elif known.n_unique() == 1:
            constant[column.name] = known[0]
            gaps |= len(known) < rows
        elif rows >= _FEWEST and column.role != "target":
            top = _commonest(known)
            if top[1] >= _NEARLY * rows:
                nearly[column.name] = top
    issues = _empty(empty, rows)
    issues += _sparse(sparse, rows)
    issues += _constant(constant, rows, gaps)
    issues += _nearly(nearly, rows)
    return Diagnosis(tuple(issues))


def _commonest(known: pl.Series) -> tuple[Any, int]:
    if known.n_unique() > 1 + (1 - _NEARLY) * len(known):
        return None, 0
    return commonest(known)


def _issue(
    names: list[str], one: str, more: str, count: int, example: str, action: str
) -> list[Issue]:
    """One issue about columns that share a fault; none where there are none."""
    if not names:
        return []
    said = f"{plural(len(names), 'column')} {more}: {quoted(names)}"
    if len(names) == 1:
        said = f"'{names[0]}' {one}"
    return [Issue("constant", f"{said}.", tuple(names), count, example, action=f"kept; {action}")]


def _empty(names: list[str], rows: int) -> list[Issue]:
    return _issue(
        names,
        "holds no value at all",
        "hold no value at all",
        rows * len(names),
        "",
        "nothing can be learned from such a column",
    )


def _sparse(known: dict[str, int], rows: int) -> list[Issue]:
    names = sorted(known, key=lambda name: known[name])
    least = percent(known[names[0]], rows) if names else ""
    missing = sum(rows - count for count in known.values())
    return _issue(
        names,
        f"is missing in nearly every row; only {least} of the rows hold a value",
        f"are missing in at least {percent(_EMPTY)} of the rows",
        missing,
        "",
        "what is learned from such a column rests on few rows",
    )


def _constant(values: dict[str, Any], rows: int, gaps: bool) -> list[Issue]:
    names = list(values)
    shown = f"'{values[names[0]]}'" if names else ""
    return _issue(
        names,
        f"is the same in every row{' where it is known' if gaps else ''}",
        f"are the same in every row{' where they are known' if gaps else ''}",
        rows * len(names),
        shown,
        "such a column sets no row apart from another",
    )


def _nearly(tops: dict[str, tuple[Any, int]], rows: int) -> list[Issue]:
    names = sorted(tops, key=lambda name: tops[name][1])
    value, count = tops[names[0]] if names else (None, 0)
    others = sum(rows - count for _, count in tops.values())
    return _issue(
        names,
        f"is {value} in {percent(count, rows)} of the rows",
        f"hold one and the same value in at least {percent(_NEARLY)} of the rows",
        others,
        str(value),
        "the few other rows may be what matters, or noise",
    )


CHECK = Check(diagnose)

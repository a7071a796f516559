"""Rows that repeat another row, and keys that are not unique, are reported."""

from __future__ import annotations

import polars as pl

from tidemill.cleaning.base import Check, Diagnosis, counted
from tidemill.core.change import Issue
from tidemill.core.columns import by_name
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.words import percent, plural, quoted
from tidemill.personal.masking import mask

_FEWEST_COLUMNS = 5  # rows that are alike in fewer columns are alike by chance
# beyond this share, rows are alike since their columns tell little, not since they were entered
# twice
_COARSE = 0.05
_FEWEST_ROWS = 100  # of fewer, each is looked at by whoever reads them
_CHANCE = 3  # times as many as such columns would give by chance


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Count repeated rows, and repeated and missing keys."""
    if not len(train):
        return Diagnosis()
    issues = _rows(train)
    for column in train.schema.of_role("key"):
        issues += _key(train, column)
    return Diagnosis(tuple(issues))


def _rows(train: Dataset) -> list[Issue]:
    """Rows that occur again in every column, or else in every column but those that number the
    rows."""
    if train.schema.medium:  # another check shows images and sounds that are repeated
        return []
    keys = [column.name for column in train.schema if column.role == "key" or column.kind == "id"]
    numbering = [name for name in keys if train[name].is_unique().all()]
    others = [name for name in train.schema.names if name not in numbering]
    if len(others) < (_FEWEST_COLUMNS if numbering else 1):
        return []
    repeated = ~train.frame.select(by_name(*others)).hash_rows(seed=0).is_first_distinct()
    count = int(repeated.sum())
    if not count or (numbering and count > _COARSE * len(train)):
        return []
    by_chance = _CHANCE * _by_chance(train.frame.select(by_name(*others)))
    if len(train) >= _FEWEST_ROWS and count <= by_chance:
        return []
    where = f"in every column but {quoted(numbering)}" if numbering else "in every column"
    said = (
        f"{plural(count, 'row repeats', 'rows repeat')} an earlier row {where} "
        f"({percent(count, len(train))})."
    )
    return [
        Issue(
            "duplicates",
            said,
            (),
            count,
            f"row {repeated.arg_true()[0] + 1:,}",
            action="kept; if they are mistakes, remove them: repeats make every score look better "
            "than it is",
        )
    ]


def _by_chance(frame: pl.DataFrame) -> float:
    """Pairs of rows that would be alike if no column had to do with another."""
    pairs = frame.height**2 / 2
    for name in frame.columns:
        shares = counted(frame.select(by_name(name)).hash_rows(seed=0))["count"] / frame.height
        pairs *= float(shares.pow(2).sum())
    return pairs


def _key(train: Dataset, column: Column) -> list[Issue]:
    issues = []
    known = train[column.name].drop_nulls()
    repeated, missing = len(known) - known.n_unique(), len(train) - len(known)
    if repeated:
        said = (
            f"The key '{column.name}' is not unique: "
            f"{plural(repeated, 'row carries', 'rows carry')} a key that an "
            f"earlier row has ({percent(repeated, len(train))})."
        )
        issues.append(
            Issue(
                "duplicates",
                said,
                (column.name,),
                repeated,
                mask(str(known.filter(known.is_duplicated())[0])),
                severity="warning",
                action="kept; find out which of the rows is right",
            )
        )
    if missing:
        said = f"The key '{column.name}' is missing in {plural(missing, 'row')}."
        issues.append(
            Issue("duplicates", said, (column.name,), missing, severity="warning", action="kept")
        )
    return issues


CHECK = Check(diagnose)

"""Ids of things, each of which has a name in another column, are learned as codes: made afresh they
would belong to no name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tidemill.cleaning import changes
from tidemill.cleaning.base import Check, Diagnosis, Repaired
from tidemill.core.change import Issue
from tidemill.core.column_words import says, words_of
from tidemill.core.columns import by_name
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.sensitive import may_be_sensitive

_MOST = 1_000
_ROWS = 5.0  # rows that each code must have on average
# what the ids of may point to persons, and is always made afresh
_PERSONS = frozenset(
    """
customer cust client user patient pat employee emp member person people student pupil account acct
subject household passenger driver owner host guest visitor applicant borrower holder citizen voter
staff doctor physician teacher nurse worker buyer seller reviewer rater author contact lead
subscriber player participant respondent visit session order invoice transaction txn booking
ticket case claim
policy loan contract ssn passport phone mobile email mail kunde kunden mitarbeiter personal
patienten schueler konto cliente empleado paciente usuario salarie utilisateur
""".split()  # noqa: SIM905 - so many quoted words would be harder to read
)
_PERSONS_IN_CHINESE = (
    "客户",
    "用户",
    "会员",
    "患者",
    "病人",
    "员工",
    "学生",
    "账",
    "身份",
    "订单",
    "人员",
    "卡号",
)


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Look for ids each of which always comes with one name, and each name with one of them."""
    issues = []
    found = {}
    for column in train.schema.of_kind("id"):
        named = _named(train, column)
        if named is None:
            continue
        levels = train[column.name].n_unique()
        found[column.name] = {"named": named}
        issues.append(
            Issue(
                "codes",
                f"'{column.name}' holds {levels:,} codes that each stand for one '{named}'.",
                (column.name, named),
                levels,
                action="learned as a category that goes with its names, not made afresh",
            )
        )
    return Diagnosis(tuple(issues), found)


def _named(train: Dataset, column: Column) -> str | None:
    """The column of the names that an id stands for; None where it may point to persons, or stands
    for nothing."""
    values = train[column.name]
    known = len(values) - values.null_count()
    levels = values.drop_nulls().n_unique()
    if column.role != "feature" or not 2 <= levels <= _MOST or known < _ROWS * levels:
        return None
    if _points_to_persons(column.name):
        return None
    sensitive = may_be_sensitive(train.schema)
    names = []
    for other in _decided(train, column.name, levels):
        if _points_to_persons(other.name) or other.name in sensitive or other.personal:
            return None  # what decides a birth or a person's name is a person
        if 2 * train[other.name].drop_nulls().n_unique() >= levels:
            names.append(other.name)
    return names[0] if names else None


def _points_to_persons(name: str) -> bool:
    if any(says(name, phrase) for phrase in _PERSONS_IN_CHINESE):
        return True
    return any(word.removesuffix("id") in _PERSONS for word in words_of(name))


def _decided(train: Dataset, key: str, levels: int) -> Iterator[Column]:
    """Columns of which each value of the key always comes with one."""
    for column in train.schema:
        named = column.personal or column.kind in ("category", "text", "datetime")
        if not named or column.role == "ignore" or column.name == key:
            continue
        pairs = train.frame.select(by_name(key, column.name)).drop_nulls()
        if pairs.head(2_000).unique().height > pairs.head(2_000)[key].n_unique():
            continue
        different = pairs.unique()
        if different.height == different[key].n_unique() and 2 * different.height >= levels:
            yield column


def repair(data: Dataset, learned: Mapping[str, Any]) -> Repaired:
    """Take the ids for categories; no cell is changed."""
    columns = []
    for name, state in learned.items():
        reason = f"codes that each stand for one '{state['named']}'"
        columns.append(replace(data.schema[name], kind="category", reason=reason))
    return Repaired(replace(data, schema=data.schema.replacing(*columns)), changes.none())


CHECK = Check(diagnose, repair)

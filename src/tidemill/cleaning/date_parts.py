"""Columns that tell one date together: a date and its month or weekday, or a year, a month and a
day."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import numpy as np
import polars as pl

from tidemill.core.column_words import words_of
from tidemill.core.columns import by_name
from tidemill.core.dataset import Dataset
from tidemill.core.date_parts import (
    moments,
    months_named,
    of_numbers,
    part_keys,
    whole_numbers,
)
from tidemill.core.schema import DATE_PARTS, YEAR_MONTH_DAY, DatePart, Rule

_FEWEST = 50
_MOST_LEVELS = 400
_SCREENED = 2_000
_IN_EVERY_MONTH = 28
_SURPRISE = 20.0
"""Minus the logarithm of the chance that rows of one part have one value by accident."""
_NAMES: dict[DatePart, frozenset[str]] = {
    "year": frozenset(
        ["year", "yr", "yyyy", "jahr", "année", "annee", "an", "año", "ano", "anno", "rok", "år"]
    ).union(["jaar", "год", "年", "年份"]),
    "month": frozenset(
        ["month", "mon", "mth", "mm", "monat", "mois", "mes", "mese", "mês", "maand", "miesiąc"]
    ).union(["месяц", "月", "月份"]),
    "day": frozenset(
        ["day", "dd", "dom", "mday", "tag", "jour", "día", "dia", "giorno", "dag", "dzień", "день"]
    ).union(["日", "日期"]),
}
_BESIDE = frozenset(
    ["date", "of", "the", "in", "no", "nr", "number", "num", "du", "de", "la", "des", "le"]
).union(["datum", "fecha", "data", "month"])
"""Words that say nothing of what is dated."""
_PARTED: Sequence[DatePart] = [part for part in DATE_PARTS if part != "date"]


def one_dates(train: Dataset) -> list[Rule]:
    """The rules "one date" that hold in all rows: of each date what else tells a part of it. Year,
    month and day make a date where they are called so."""
    rules: list[Rule] = []
    taken: set[str] = set()
    bases: list[tuple[tuple[str, ...], tuple[DatePart, ...]]] = []
    for column in train.schema.modelled:
        if column.kind == "datetime" and train[column.name].dtype in (pl.Date, pl.Datetime):
            bases.append(((column.name,), ("date",)))
    bases += [(triple, YEAR_MONTH_DAY) for triple in _triples(train)]
    told = _told(train) if bases else []
    for columns, parts in bases:
        if taken & set(columns):
            continue
        day, time, known = _moments(train, columns)
        if known.sum() < _FEWEST:
            continue
        others = [name for name in told if name not in taken | set(columns)]
        more = _parts_of(train, others, day, time, known, parts)
        if not more and len(columns) == 1:
            continue
        columns, parts = (*columns, *more), (*parts, *more.values())
        there = train.frame.select(pl.all_horizontal(by_name(*columns).is_not_null()))
        rules.append(Rule("one date", columns, int(there.to_series().sum()), parts=parts))
        taken |= set(columns)
    return rules


def _moments(train: Dataset, columns: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if len(columns) == 1:
        return moments(train[columns[0]])
    year, month, day = (_numbers(train[name]) for name in columns)
    assert year is not None
    assert month is not None
    assert day is not None
    return of_numbers(year, month, day)


def _numbers(values: pl.Series) -> pl.Series | None:
    return months_named(values) if values.dtype == pl.String else whole_numbers(values)


def _triples(train: Dataset) -> list[tuple[str, ...]]:
    """Columns that are called year, month and day, of one thing, and always make a date."""
    found: dict[DatePart, dict[frozenset[str], str]] = {part: {} for part in YEAR_MONTH_DAY}
    for column in train.schema.modelled:
        words = words_of(column.name)
        for part in YEAR_MONTH_DAY:
            if not _NAMES[part] & set(words) or (part == "month" and "day" in words):
                continue
            values = train[column.name]
            if values.dtype == pl.String and part != "month":
                continue
            if _numbers(values) is not None:
                found[part].setdefault(frozenset(set(words) - _NAMES[part] - _BESIDE), column.name)
    triples = []
    for about in found["year"]:
        if not all(about in found[part] for part in YEAR_MONTH_DAY):
            continue
        triple = tuple(found[part][about] for part in YEAR_MONTH_DAY)
        days, _, known = _moments(train, triple)
        if part_keys("day", days, days).max(initial=0) <= _IN_EVERY_MONTH:
            continue  # any numbers so small make a date: a weekday may be called day
        there = train.frame.select(pl.all_horizontal(by_name(*triple).is_not_null()))
        if known.sum() >= _FEWEST and known.sum() == there.to_series().sum():
            triples.append(triple)
    return triples


def _told(train: Dataset) -> list[str]:
    """Columns that may tell a part of a date."""
    names = []
    for column in train.schema.modelled:
        values = train[column.name]
        if column.kind not in ("number", "category", "boolean") or values.dtype.is_nested():
            continue
        if 2 <= values.drop_nulls().n_unique() <= _MOST_LEVELS:
            names.append(column.name)
    return names


def _parts_of(
    train: Dataset,
    names: Sequence[str],
    day: np.ndarray,
    time: np.ndarray,
    known: np.ndarray,
    base: tuple[DatePart, ...],
) -> dict[str, DatePart]:
    """What each column tells of a date, of those that always tell it."""
    found: dict[str, DatePart] = {}
    keys: dict[DatePart, np.ndarray] = {}
    count: dict[DatePart, int] = {}
    for part in _PARTED:
        if part in base or (part == "hour" and not time.any()):
            continue
        key = part_keys(part, day, time)
        count[part] = len(np.unique(key[known]))
        if count[part] > 1:
            keys[part] = key
    coarsest_first = sorted(keys, key=count.__getitem__)  # the month tells the quarter, too
    for name in names:
        values = train[name]
        rows = known & values.is_not_null().to_numpy()
        if rows.sum() < _FEWEST:
            continue
        level = values.filter(rows).rank("dense").to_numpy()
        few = slice(None, None, max(len(level) // _SCREENED, 1))
        for part in coarsest_first:
            key = keys[part][rows]
            if _is_told(key[few], level[few]) and _tells(key, level):
                found[name] = part
                break
    return found


def _is_told(key: np.ndarray, level: np.ndarray) -> bool:
    """Whether rows of one key always have one level."""
    _, first, place = np.unique(key, return_index=True, return_inverse=True)
    return bool((level[first][place] == level).all())


def _tells(key: np.ndarray, level: np.ndarray) -> bool:
    """The same, where it would be a strange accident."""
    if not _is_told(key, level):
        return False
    shares = np.unique(level, return_counts=True)[1] / len(level)
    alike = float((shares**2).sum())
    if alike >= 1:
        return False
    again = len(key) - len(np.unique(key))
    return again * -log(alike) >= _SURPRISE

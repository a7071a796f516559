"""Columns that add up to another: two, or more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from tidemill.core.lawful import NOISE, adds_up

_SCREENED = 12
_SHUFFLED = 2_000
_FEWEST = 25
_BROKEN = 15.0
_NONZERO = 0.02
_MOST_TERMS = 60
_GAPS = 0.3  # of a column's cells, at most, for it to be looked at among many
_SOLVED = 500
_NOTHING = 1e-9
_WEIGHT = 1e-3  # how far from 0 or 1 the weights of a sum may be found


@dataclass(frozen=True, slots=True)
class SumRule:
    """``first`` + ``second`` = ``total``.

    Attributes:
        first, second, total: Positions of the columns.
        support: Rows in which all three are known.
    """

    first: int
    second: int
    total: int
    support: int


def sums(values: np.ndarray, rng: np.random.Generator) -> list[SumRule]:
    """Every a + b = c that always holds and that would often be broken if a were shuffled.

    Args:
        values: (n, m) Numbers; NaN where missing.
        rng: Draws the rows on which most triples are ruled out, and the shuffling.
    """
    many = values[rng.permutation(len(values))[:_SHUFFLED]]
    missing = np.isnan(many).sum(axis=1)
    few = many[np.argsort(missing, kind="stable")[:_SCREENED]]
    moving = np.flatnonzero((np.nan_to_num(many) != 0).mean(axis=0) >= _NONZERO)
    found = []
    for first, second in combinations(moving.tolist(), 2):
        for total in _possible(few, first, second):
            columns = [first, second, total]
            support = _support(values[:, columns], many[:, columns], rng)
            if support:
                found.append(SumRule(first, second, total, support))
    return found


@dataclass(frozen=True, slots=True)
class TotalRule:
    """Three parts or more, of which some may be subtracted, make a total.

    Attributes:
        parts, total: Positions of the columns.
        support: Rows in which all are known.
        signs: 1 or -1 for each part; empty where all are added.
    """

    parts: tuple[int, ...]
    total: int
    support: int
    signs: tuple[int, ...] = ()


def totals(values: np.ndarray, rng: np.random.Generator) -> list[TotalRule]:
    """Columns that are the sum of three others or more in all rows: what is left of the columns'
    freedom says so.

    Args:
        values: (n, m) Numbers; none a sum of two others, or a multiple of one. NaN where missing.
        rng: Draws the rows that are looked at.
    """
    full = np.flatnonzero(np.isnan(values).mean(axis=0) <= _GAPS) if len(values) else np.arange(0)
    known = values[~np.isnan(values[:, full]).any(axis=1)]
    if not 4 <= len(full) <= _MOST_TERMS or len(known) < max(_FEWEST, 2 * len(full)):
        return []
    some = known[rng.permutation(len(known))[:_SOLVED]]
    size = np.nan_to_num(np.abs(some).mean(axis=0))
    used = full[size[full] > 0]
    if len(used) < 4:
        return []
    _, strength, directions = np.linalg.svd(some[:, used] / size[used], full_matrices=False)
    found = []
    for weights in _row_reduced(directions[strength <= _NOTHING * strength[0]]):
        weights = weights / size[used]
        large = np.abs(weights) * size[used] > _WEIGHT * np.abs(weights * size[used]).max()
        weights = weights / np.median(np.abs(weights[large]))
        signs = np.where(large, np.sign(weights), 0)
        if (np.abs(weights - signs)[large] > _WEIGHT).any() or large.sum() < 4:
            continue
        rule = _as_total(used[large], signs[large])
        support = _total_support(values, rule)
        if support:
            found.append(replace(rule, support=support))
    return found


def _as_total(columns: np.ndarray, signs: np.ndarray) -> TotalRule:
    """What makes 0 with these signs as a total and its parts: the total is what stands alone on one
    side, else the last column."""
    alone = [side for side in (1, -1) if (signs == side).sum() == 1]
    at = int(np.flatnonzero(signs == alone[0])[0]) if alone else len(columns) - 1
    others = np.arange(len(columns)) != at
    own = (-signs[others] * signs[at]).astype(int).tolist()
    parts = tuple(columns[others].tolist())
    return TotalRule(parts, int(columns[at]), 0, () if min(own) > 0 else tuple(own))


def _row_reduced(rows: np.ndarray) -> np.ndarray:
    """Combinations of the rows of which each has a column of its own."""
    rows = rows.copy()
    for at in range(len(rows)):
        column = int(np.abs(rows[at]).argmax())
        rows[at] /= rows[at, column]
        others = np.arange(len(rows)) != at
        rows[others] -= rows[others, column][:, None] * rows[at]
    return rows


def _total_support(values: np.ndarray, rule: TotalRule) -> int:
    """The rows on which a sum of many holds; 0 if it is broken once, or a part hardly differs."""
    known = values[~np.isnan(values[:, [*rule.parts, rule.total]]).any(axis=1)]
    signs = rule.signs or (1,) * len(rule.parts)
    columns = [sign * known[:, at] for at, sign in zip(rule.parts, signs, strict=True)]
    if not adds_up(columns, known[:, rule.total]).all():
        return 0
    if any((column != np.median(column)).mean() < _NONZERO for column in columns):
        return 0
    return len(known)


def _possible(few: np.ndarray, first: int, second: int) -> list[int]:
    """Columns that are the sum in all screened rows in which the three are known, and in at least
    one."""
    together = few[:, [first]] + few[:, [second]]
    known = ~np.isnan(together) & ~np.isnan(few)
    size = np.abs(few[:, [first]]) + np.abs(few[:, [second]]) + np.abs(few)
    with np.errstate(invalid="ignore"):
        wrong = np.abs(together - few) > NOISE * size
    fits = ~wrong.any(axis=0) & known.any(axis=0)
    fits[[first, second]] = False
    return [int(at) for at in np.flatnonzero(fits)]


def _support(values: np.ndarray, some: np.ndarray, rng: np.random.Generator) -> int:
    """The rows on which the sum holds; 0 if it is broken once, or would seldom be broken by
    shuffling.

    Args:
        values: (n, 3) The two parts and their sum in all rows.
        some: (k, 3) The same in the rows that are shuffled.
        rng: Shuffles them.
    """
    known = values[~np.isnan(values).any(axis=1)]
    if len(known) < _FEWEST or not adds_up([*known.T[:2]], known[:, 2]).all():
        return 0
    first, second, total = some[~np.isnan(some).any(axis=1)].T
    if len(np.unique(first)) < 3 or len(np.unique(second)) < 3:
        return 0
    probability = adds_up([rng.permutation(first), second], total).mean()
    if probability > 0.9 or len(known) * (1 - probability) < _BROKEN:
        return 0
    return len(known)

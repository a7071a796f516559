"""Columns that are known only beside some values of another, as questions of a survey that most
people skip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tidemill.core.lawful import MOST_KEYS

_FEWEST = 20
_EXPECTED = 30.0
_EACH = 3.0  # known values that a skipped value of the key would have by chance
_WEAK = 0.1


@dataclass(frozen=True, slots=True)
class SkipRule:
    """``column`` is missing wherever ``key`` has one of some values.

    Attributes:
        key, column: Positions.
        skipped: Levels of the key beside which the column is always missing; -1 where it is missing
            itself.
        shown: The others.
        support: Rows in which it is missing for that.
        sure: Whether each of the skipped values is frequent enough to tell.
    """

    key: int
    column: int
    skipped: tuple[int, ...]
    shown: tuple[int, ...]
    support: int
    sure: bool


def skips(levels: Sequence[np.ndarray], known: np.ndarray) -> list[SkipRule]:
    """For each column with gaps the key that says most of them, where there is one.

    Args:
        levels: For each column the levels of its values, counted from 0, -1 where missing; of one
            with many values only 0 for a value.
        known: (n, m) whether it has a value.
    """
    found: dict[int, SkipRule] = {}
    for column in range(known.shape[1]):
        here = known[:, column]
        gaps = int((~here).sum())
        if gaps < _FEWEST or len(here) - gaps < _FEWEST:
            continue
        best = None
        for rule in _keys(levels, known, column):
            if _leads_to(rule.key, column, found):
                continue
            if best is None or (rule.sure, rule.support) > (best.sure, best.support):
                best = rule
        if best is not None:
            found[column] = best
    return list(found.values())


def _keys(levels: Sequence[np.ndarray], known: np.ndarray, column: int) -> Iterator[SkipRule]:
    here = known[:, column]
    share = float(here.mean())
    for key, values in enumerate(levels):
        if key == column:
            continue
        size = np.bincount(values + 1)
        if len(size) > MOST_KEYS + 1:
            continue
        shown = np.bincount(values[here] + 1, minlength=len(size))
        skipped = (size > 0) & (shown == 0)
        support = int(size[skipped].sum())
        if support < _FEWEST or not (shown > 0).any() or support * share < _EXPECTED:
            continue
        weak = skipped & (size * share < _EACH)
        if size[weak].sum() > _WEAK * support:
            continue
        yield SkipRule(
            key,
            column,
            tuple(int(level) - 1 for level in np.flatnonzero(skipped)),
            tuple(int(level) - 1 for level in np.flatnonzero(shown)),
            support,
            not weak.any(),
        )


def _leads_to(key: int, column: int, found: dict[int, SkipRule]) -> bool:
    """Whether a key is itself skipped by a column, directly or through others."""
    while key in found:
        key = found[key].key
        if key == column:
            return True
    return False

"""Pairs of columns of which one decides the other (functional dependencies)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

_SCREENED = 2_000
_GROUP = 5.0  # rows that each level of the deciding column must have on average
_MOST_LEVELS = 5_000
_SHUFFLED_COUNT = 20.0
_MINORITY = 20


@dataclass(frozen=True, slots=True)
class Dependency:
    """``decider`` decides ``decided``.

    Attributes:
        decider, decided: Positions of the columns.
        support: Rows in which both are known and that share their decider with an earlier row.
        both: Whether the second decides the first, too.
    """

    decider: int
    decided: int
    support: int
    both: bool = False


def dependencies(codes: np.ndarray, rng: np.random.Generator) -> list[Dependency]:
    """Every a -> b that always holds, is not a matter of course, and does not follow from others.

    Left out are deciders that differ in nearly every row (they would decide anything), decided
    columns that hardly vary, and what follows: of columns that decide each other the first speaks
    for all, and a -> b -> c says a -> c.

    Args:
        codes: (n, m) Levels counted from 0; -1 where missing.
        rng: Draws the rows on which most pairs are ruled out.
    """
    rows, width = codes.shape
    few = codes
    if rows > _SCREENED:
        few = codes[rng.choice(rows, _SCREENED, replace=False)]
    found = {}
    for decider in range(width):
        if not _may_decide(codes[:, decider]):
            continue
        for decided in _possible(few, decider):
            dependency = _checked(codes, decider, decided)
            if dependency is not None:
                found[decider, decided] = dependency
    return _reduced(found)


def image(decider: np.ndarray, decided: np.ndarray) -> np.ndarray:
    """(levels,) For each level of the decider the level that it decides (-1 where none is known).

    Args:
        decider, decided: (n,) Levels counted from 0; -1 where missing.
    """
    known = (decider >= 0) & (decided >= 0)
    out = np.full(int(decider.max(initial=-1)) + 1, -1, dtype=np.int64)
    out[decider[known]] = decided[known]
    return out


def _may_decide(codes: np.ndarray) -> bool:
    levels = int(codes.max(initial=-1)) + 1
    known = int((codes >= 0).sum())
    return 2 <= levels <= _MOST_LEVELS and known >= _GROUP * levels


def _possible(few: np.ndarray, decider: int) -> Iterator[int]:
    """Columns that never differ between neighbouring rows of one level of the decider, in the
    screened rows."""
    known = few[few[:, decider] >= 0]
    ordered = known[np.argsort(known[:, decider], kind="stable")]
    same = ordered[1:, decider] == ordered[:-1, decider]
    before, after = ordered[:-1][same], ordered[1:][same]
    differs = ((before != after) & (before >= 0) & (after >= 0)).any(axis=0)
    yield from (int(at) for at in np.flatnonzero(~differs) if at != decider)


def _checked(codes: np.ndarray, decider: int, decided: int) -> Dependency | None:
    """The dependency on all rows, if it holds and shuffling would break it often."""
    known = (codes[:, decider] >= 0) & (codes[:, decided] >= 0)
    a, b = codes[known, decider], codes[known, decided]
    if not len(a) or (image(a, b)[a] != b).any():
        return None
    sizes, parts = np.bincount(a), np.bincount(b)
    levels = int((sizes > 0).sum())
    repeated = sizes[a] > 1
    support = len(a) - levels
    minority = int(repeated.sum()) - int(np.bincount(b[repeated], minlength=1).max())
    differing = 1 - float(np.square(parts / len(a)).sum())
    if support * differing < _SHUFFLED_COUNT or minority < _MINORITY:
        return None
    return Dependency(decider, decided, support)


def _reduced(found: Mapping[tuple[int, int], Dependency]) -> list[Dependency]:
    """Those that do not follow from others on as many rows."""
    first: dict[int, int] = {}  # of columns that decide each other: the first of these
    for one, other in sorted(found):
        if one < other and (other, one) in found:
            first.setdefault(other, first.get(one, one))
    both = []
    others = {}
    for (one, other), dependency in found.items():
        if first.get(other) == one:
            both.append(replace(dependency, both=True))
        if one not in first and other not in first:
            others[one, other] = dependency
    return both + [one for one in others.values() if not _follows(one, others)]


def _follows(dependency: Dependency, others: Mapping[tuple[int, int], Dependency]) -> bool:
    for decider, middle in others:
        if decider != dependency.decider or (middle, dependency.decided) not in others:
            continue
        one, other = others[decider, middle], others[middle, dependency.decided]
        if min(one.support, other.support) >= dependency.support:
            return True
    return False

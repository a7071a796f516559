"""The few tests that tell some rows from the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.core.condition import Condition, Test
from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column
from tidemill.mining.binning import Bins, Codes, NumberBins, learn_bins

Masks = NDArray[np.bool_]

OFTEN = 0.2
"""A value that this share of rows has may also be ruled out by a test."""


@dataclass(frozen=True)
class TestCandidates:
    """Single tests, and the training rows that pass each.

    Attributes:
        tests: The tests.
        masks: Who passes, (tests, n).
    """

    tests: tuple[Test, ...]
    masks: Masks


def candidate_tests(
    train: Dataset, columns: Sequence[Column], *, parts: int = 8, levels: int = 15
) -> TestCandidates:
    """Every test that a description may be made of: round-numbered bounds, frequent levels, missing
    values."""
    tests: list[Test] = []
    masks: list[Masks] = []
    for column in columns:
        bins = learn_bins(train[column.name], column, parts=parts, levels=levels)
        for test, mask in _tests_of(bins, bins.codes(train[column.name])):
            tests.append(test)
            masks.append(mask)
    kept = _different(masks, len(train))
    if not kept:
        return TestCandidates((), np.empty((0, len(train)), bool))
    return TestCandidates(tuple(tests[at] for at in kept), np.array([masks[at] for at in kept]))


def _tests_of(bins: Bins, codes: Codes) -> Iterator[tuple[Test, Masks]]:
    """The tests of one column, and the rows that pass each.

    Args:
        bins: Of its values; the last is the one for missing values.
        codes: The bin of each row, (n,).
    """
    single: dict[int, Test] = {}
    for code in range(bins.size):
        tests = bins.tests(code)
        if len(tests) == 1 and tests[0].operator in ("=", "missing"):
            single[code] = tests[0]
    for code, test in single.items():
        yield test, codes == code
    present = codes < bins.size - 1
    if isinstance(bins, NumberBins):
        for cut in range(len(bins.cuts)):
            below, above = codes <= cut, (codes > cut) & present
            # a bound that all known values keep says that there is one, and no more
            if below.any() and above.any():
                yield bins.below(cut), below
                yield bins.above(cut), above
    if not present.all():
        yield Test(bins.column, "present"), present
    for code, test in single.items():
        others = codes != code
        if test.operator == "=" and (~others).mean() >= OFTEN:
            yield Test(test.column, "!=", test.value), others & present


def _different(masks: list[Masks], width: int) -> list[int]:
    """The masks that select some rows but not all, the first of those that select the same ones."""
    first: dict[bytes, int] = {}
    for at, mask in enumerate(masks):
        if 0 < np.count_nonzero(mask) < width:
            first.setdefault(np.packbits(mask).tobytes(), at)
    return list(first.values())


Quality = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]
"""How good descriptions are, from how many rows each selects and what it sums up over them; both
(descriptions,)."""


class Description(NamedTuple):
    """How good a conjunction of tests is, and their positions, in order."""

    quality: float
    tests: tuple[int, ...]


def describe(
    candidates: TestCandidates,
    worth: NDArray[np.float64],
    quality: Quality,
    *,
    depth: int = 3,
    width: int = 8,
    gain: float = 0.03,
) -> tuple[Condition, Masks] | None:
    """The best conjunction of at most ``depth`` tests, found by a beam search (subgroup discovery,
    Klösgen 1996).

    Args:
        candidates: The tests to choose from.
        worth: What each training row counts for, (n,).
        quality: Of a description, from its row count and its sum of worth.
        depth: Most tests.
        width: Descriptions kept after each round.
        gain: A further test must better the quality by at least this share.

    Returns:
        The condition and the training rows it selects, or None where nothing has a positive
        quality.
    """
    if not candidates.tests:
        return None
    grid = candidates.masks.astype(np.float32)
    best = Description(0.0, ())
    beam = [best]
    for _ in range(depth):
        beam = _refined(grid, worth, quality, beam, width)
        if not beam or beam[0].quality <= best.quality * (1 + gain):
            break
        best = beam[0]
    if not best.tests:
        return None
    inside = np.logical_and.reduce(candidates.masks[list(best.tests)])
    return Condition(_ordered([candidates.tests[at] for at in best.tests])), inside


def _refined(
    grid: NDArray[np.float32],
    worth: NDArray[np.float64],
    quality: Quality,
    beam: list[Description],
    width: int,
) -> list[Description]:
    """The best descriptions with one test more than those of the beam, the best first."""
    refined: dict[tuple[int, ...], float] = {}
    for _, chosen in beam:
        inside = grid[list(chosen)].all(axis=0) if chosen else np.ones(grid.shape[1], bool)
        # one product gives both the counts and the sums of every refinement: (tests, n) @ (n, 2)
        ones_and_worth = np.column_stack([np.ones(inside.sum()), worth[inside]])
        sums = (grid[:, inside] @ ones_and_worth.astype(np.float32)).astype(np.float64)
        scores = quality(sums[:, 0], sums[:, 1])
        for at in np.argsort(-scores, kind="stable")[: 2 * width]:
            if int(at) not in chosen and np.isfinite(scores[at]):
                refined.setdefault(tuple(sorted((*chosen, int(at)))), float(scores[at]))
    ranked = [Description(score, tests) for tests, score in refined.items()]
    ranked.sort(key=lambda each: (-each.quality, each.tests))
    return ranked[:width]


def _ordered(tests: list[Test]) -> tuple[Test, ...]:
    """Tests of one column beside each other, a weaker bound dropped where a stronger stands beside
    it."""
    kept: list[Test] = []
    for test in tests:
        for at, other in enumerate(kept):
            if _bounds_alike(test, other):
                kept[at] = _stronger(other, test)
                break
        else:
            kept.append(test)
    first: dict[str, int] = {}
    for at, test in enumerate(kept):
        first.setdefault(test.column, at)
    kept.sort(key=lambda test: (first[test.column], test.operator not in (">", ">=")))
    return tuple(kept)


def _bounds_alike(test: Test, other: Test) -> bool:
    """Whether both are bounds of one column from the same side."""
    side = test.operator[0]
    return side in "<>" and test.column == other.column and other.operator[0] == side


def _stronger(test: Test, other: Test) -> Test:
    """The one of two such bounds that leaves fewer values; the first where they are equal."""
    pick = min if test.operator[0] == "<" else max
    return pick((test, other), key=lambda each: each.value)

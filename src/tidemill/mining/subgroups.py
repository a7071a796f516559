"""The few tests that tell some rows from the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidemill.core.condition import Condition, Test
from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column
from tidemill.mining.binning import NumberBins, learn_bins

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
        codes = bins.codes(train[column.name])
        for code in range(bins.size):
            each = bins.tests(code)
            if len(each) == 1 and each[0].operator in ("=", "missing"):
                tests.append(each[0])
                masks.append(codes == code)
        if isinstance(bins, NumberBins):
            present = codes < bins.size - 1
            for cut in range(len(bins.cuts)):
                tests += [bins.below(cut), bins.above(cut)]
                masks += [codes <= cut, (codes > cut) & present]
        for code in range(bins.size - 1):
            each = bins.tests(code)
            if len(each) == 1 and each[0].operator == "=" and (codes == code).mean() >= OFTEN:
                tests.append(Test(column.name, "!=", each[0].value))
                masks.append((codes != code) & (codes < bins.size - 1))
    width = len(train)
    kept = _different(masks, width)
    return TestCandidates(
        tuple(tests[at] for at in kept),
        np.array([masks[at] for at in kept]) if kept else np.empty((0, width), bool),
    )


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
    beam: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    best: tuple[float, tuple[int, ...]] = (0.0, ())
    for _ in range(depth):
        beam = _refined(grid, worth, quality, beam, width)
        if not beam or beam[0][0] <= best[0] * (1 + gain):
            break
        best = beam[0]
    if not best[1]:
        return None
    chosen = best[1]
    inside = np.logical_and.reduce(candidates.masks[list(chosen)])
    return Condition(_ordered([candidates.tests[at] for at in chosen])), inside


def _refined(
    grid: NDArray[np.float32],
    worth: NDArray[np.float64],
    quality: Quality,
    beam: list[tuple[float, tuple[int, ...]]],
    width: int,
) -> list[tuple[float, tuple[int, ...]]]:
    found: dict[tuple[int, ...], float] = {}
    for _, chosen in beam:
        inside = grid[list(chosen)].all(axis=0) if chosen else np.ones(grid.shape[1], bool)
        # one product gives both the counts and the sums of every refinement: (tests, n) @ (n, 2)
        both = grid[:, inside] @ np.column_stack([np.ones(inside.sum()), worth[inside]]).astype(
            np.float32
        )
        scores = quality(both[:, 0].astype(np.float64), both[:, 1].astype(np.float64))
        for at in np.argsort(-scores, kind="stable")[: 2 * width]:
            if int(at) not in chosen and np.isfinite(scores[at]):
                found.setdefault(tuple(sorted((*chosen, int(at)))), float(scores[at]))
    ranked = sorted(
        ((score, tests) for tests, score in found.items()), key=lambda pair: (-pair[0], pair[1])
    )
    return ranked[:width]


def _ordered(tests: list[Test]) -> tuple[Test, ...]:
    """Tests of one column beside each other, a weaker bound dropped where a stronger stands beside
    it."""
    kept: list[Test] = []
    for test in tests:
        same = [
            other
            for other in kept
            if other.column == test.column
            and other.operator[0] == test.operator[0]
            and test.operator[0] in "<>"
        ]
        if same:
            stronger = (min if test.operator[0] == "<" else max)(
                (same[0], test), key=lambda each: each.value
            )
            kept[kept.index(same[0])] = stronger
        else:
            kept.append(test)
    first = {column: at for at, column in reversed(list(enumerate(test.column for test in kept)))}
    return tuple(
        sorted(kept, key=lambda test: (first[test.column], test.operator not in (">", ">=")))
    )

"""Sets of whole numbers as (k, 2) arrays of inclusive intervals: disjoint, ascending, not
touching."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

LARGEST = 2**62
"""Ticks, and sums of ticks, lie between -LARGEST and LARGEST."""


def between(low: int, high: int) -> np.ndarray:
    """All numbers from low to high, as far as they are ticks; none where low is above high.

    Example:
        >>> between(3, 5).tolist(), len(between(5, 3))
        ([[3, 5]], 0)
    """
    return union([(low, high)])


def everything() -> np.ndarray:
    """All ticks."""
    return between(-LARGEST, LARGEST)


def union(parts: Iterable[tuple[int, int]]) -> np.ndarray:
    """The numbers of any of these intervals; those that overlap or touch become one.

    Example:
        >>> union([(7, 9), (1, 2), (3, 4), (20, 19)]).tolist()
        [[1, 4], [7, 9]]
    """
    kept: list[list[int]] = []
    for low, high in sorted((max(low, -LARGEST), min(high, LARGEST)) for low, high in parts):
        if low > high:
            continue
        if kept and low <= kept[-1][1] + 1:
            kept[-1][1] = max(kept[-1][1], high)
        else:
            kept.append([low, high])
    return np.array(kept, np.int64).reshape(-1, 2)


def meet(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The numbers of both.

    Example:
        >>> meet(union([(1, 5), (8, 9)]), union([(4, 8)])).tolist()
        [[4, 5], [8, 8]]
    """
    first, second = one.tolist(), other.tolist()
    shared = []
    i = j = 0
    while i < len(first) and j < len(second):
        low = max(first[i][0], second[j][0])
        high = min(first[i][1], second[j][1])
        if low <= high:
            shared.append((low, high))
        if first[i][1] < second[j][1]:
            i += 1
        else:
            j += 1
    return union(shared)


def without(number: int) -> np.ndarray:
    """All ticks but one."""
    return union([(-LARGEST, number - 1), (number + 1, LARGEST)])


def holds(intervals: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """(n,) whether each number lies in one of the intervals."""
    if not len(intervals):
        return np.zeros(len(numbers), bool)
    at = np.searchsorted(intervals[:, 0], numbers, side="right") - 1
    return np.asarray((at >= 0) & (numbers <= intervals[np.maximum(at, 0), 1]))

"""Frequent itemsets by intersecting bit sets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tidemill.supervised.arrays import Ints

Bits = NDArray[np.uint64]
Extended = tuple[tuple[int, ...], Ints, Ints]
"""Items that stand before others, the items that may follow them, and the rows of each such set."""


def pack(rows_of: Sequence[Ints], rows: int) -> Bits:
    """Bit sets of rows, one per item, (items, words).

    Args:
        rows_of: Per item, the rows that hold it.
        rows: Rows in all.
    """
    words = max((rows + 63) // 64, 1)
    packed = np.zeros((len(rows_of), words * 8), np.uint8)
    for at, held in enumerate(rows_of):
        flags = np.zeros(words * 64, bool)
        flags[held] = True
        packed[at] = np.packbits(flags)
    return packed.view(np.uint64)


def count(bits: Bits) -> Ints:
    """Rows in each bit set, (...,)."""
    return np.asarray(np.bitwise_count(bits).sum(axis=-1, dtype=np.int64))


def frequent_itemsets(
    bits: Bits, least: int, longest: int = 3, group: Ints | None = None
) -> list[tuple[NDArray[np.int32], Ints]]:
    """All itemsets that at least so many rows hold (Eclat, Zaki 2000, on bit sets).

    Args:
        bits: Rows of each item, (items, words).
        least: Fewest rows.
        longest: Most items of an itemset.
        group: Items of one group never stand in the same itemset, (items,).

    Returns:
        For each length from 1: the itemsets in lexicographic order (m, length), and the rows of
        each (m,).

    Example:
        >>> bits = pack([np.array([0, 1, 2]), np.array([1, 2]), np.array([2])], 3)
        >>> [(sets.tolist(), rows.tolist()) for sets, rows in frequent_itemsets(bits, 2, 2)]
        [([[0], [1]], [3, 2]), ([[0, 1]], [2])]
    """
    groups = np.arange(len(bits)) if group is None else group
    levels: list[list[Extended]] = [[] for _ in range(longest)]
    counts = count(bits)
    items = np.flatnonzero(counts >= least)
    levels[0].append(((), items, counts[items]))
    _extend((), bits[items], items, least, groups, levels)
    return [_joined(level, length) for length, level in enumerate(levels, start=1)]


def _extend(
    prefix: tuple[int, ...],
    bits: Bits,
    items: Ints,
    least: int,
    groups: Ints,
    levels: list[list[Extended]],
) -> None:
    """Grow each item behind the prefix by the items after it.

    Args:
        prefix: The items of the set.
        bits: Rows of prefix and item together, (items, words).
        items: The items behind it.
        least: Fewest rows.
        groups: Items of one group never stand in the same itemset.
        levels: What is found, by length.
    """
    depth = len(prefix) + 2
    if depth > len(levels):
        return
    for at in range(len(items) - 1):
        later = np.flatnonzero(groups[items[at + 1 :]] != groups[items[at]]) + at + 1
        if not len(later):
            continue
        both = bits[later] & bits[at]
        counts = count(both)
        kept = np.flatnonzero(counts >= least)
        if len(kept):
            grown = (*prefix, int(items[at]))
            levels[depth - 1].append((grown, items[later[kept]], counts[kept]))
            _extend(grown, both[kept], items[later[kept]], least, groups, levels)


def _joined(level: list[Extended], length: int) -> tuple[NDArray[np.int32], Ints]:
    if not level:
        return np.empty((0, length), np.int32), np.empty(0, np.int64)
    sets = []
    for prefix, items, _ in level:
        prefixes = np.tile(np.array(prefix, np.int32), (len(items), 1))
        sets.append(np.column_stack([prefixes, items]))
    return np.vstack(sets).astype(np.int32), np.concatenate([counts for _, _, counts in level])

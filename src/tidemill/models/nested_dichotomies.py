"""A symbol drawn by yes-no questions: nested dichotomies, each answered by boosted trees.

The symbols of a variable are the leaves of a binary tree: ordered symbols are halved by their
training counts, unordered ones joined as Huffman does, so that a row passes about as many questions
as the variable has bits. Each inner node asks "left or right?" of the rows that reach it, and the
product of the answers along a path is the symbol's probability.

Sources: Frank and Kramer, "Ensembles of nested dichotomies for multi-class problems" (ICML 2004),
for the decomposition; Huffman (1952) for the order of joining. Answering them in sequence for every
column of a table is ours.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

MAX_DEPTH = 8
"""Ordered symbols are halved this often at most; what is left is drawn by its training counts."""
MIN_HALF = 8
"""An ordered group is halved only while each half would hold as many rows."""


@dataclass(frozen=True, slots=True)
class NestedDichotomies:
    """A binary tree over the symbols of one variable; node 0 is the root, children come behind
    their parents.

    Attributes:
        left, right: (q,) int32, the child of each node; -1 at a leaf.
        rows: (q,) int64, training rows that reach each node.
        symbols: (s,) int32, all symbols such that each node's stand together.
        start, stop: (q,) int32, each node's slice of ``symbols``.
    """

    left: np.ndarray
    right: np.ndarray
    rows: np.ndarray
    symbols: np.ndarray
    start: np.ndarray
    stop: np.ndarray

    def __len__(self) -> int:
        return len(self.left)

    def rank(self, size: int) -> np.ndarray:
        """(size,) the position of each symbol in ``symbols``: node q holds symbol s if start <=
        rank[s] < stop."""
        rank = np.empty(size, np.int32)
        rank[self.symbols] = np.arange(size, dtype=np.int32)
        return rank


def halved(count: np.ndarray, depth: int = MAX_DEPTH) -> NestedDichotomies:
    """Questions over (s,) ordered symbols, each group cut where its training counts are most even,
    so often at most."""
    # a list, since single numbers are looked up in it
    total = [0, *np.cumsum(count).tolist()]
    left, right = [-1], [-1]
    start, stop = [0], [len(count)]
    level = [0]
    node = 0
    while node < len(left):
        low, high = start[node], stop[node]
        cut = _even_cut(total, low, high) if level[node] < depth else None
        if cut is not None:
            left[node], right[node] = len(left), len(left) + 1
            left += [-1, -1]
            right += [-1, -1]
            start += [low, cut]
            stop += [cut, high]
            level += [level[node] + 1] * 2
        node += 1
    rows = [total[last] - total[first] for first, last in zip(start, stop, strict=True)]
    return NestedDichotomies(
        np.array(left, np.int32),
        np.array(right, np.int32),
        np.array(rows, np.int64),
        np.arange(len(count), dtype=np.int32),
        np.array(start, np.int32),
        np.array(stop, np.int32),
    )


def _even_cut(total: list[int], low: int, high: int) -> int | None:
    """Where to cut the group [low, high), or None where a half would be too small."""
    if high - low < 2:
        return None
    middle = bisect_left(total, (total[low] + total[high]) / 2)
    near = [cut for cut in (middle - 1, middle, middle + 1) if low < cut < high]
    if not near:
        near = [low + 1]
    cut = min(near, key=lambda c: abs(2 * total[c] - total[low] - total[high]))
    smaller = min(total[cut] - total[low], total[high] - total[cut])
    # a lone value beside a heavy atom is worth a question of its own even if few rows have it
    if smaller < MIN_HALF and high - low > 2:
        return None
    return cut


def joined(count: np.ndarray) -> NestedDichotomies:
    """Questions over (s,) unordered symbols by Huffman's code: frequent symbols are asked about
    first."""
    size = len(count)
    # symbols in the order in which they are joined, and groups of them, which get no smaller
    waiting = np.argsort(count, kind="stable").tolist()
    rows = count.tolist()
    left, right = array("q"), array("q")
    symbol = group = 0

    def rarest() -> int:
        nonlocal symbol, group
        left_over = symbol < size
        if left_over and (group == len(left) or rows[waiting[symbol]] <= rows[size + group]):
            symbol += 1
            return int(waiting[symbol - 1])
        group += 1
        return size + group - 1

    for _ in range(size - 1):
        one, other = rarest(), rarest()
        left.append(one)
        right.append(other)
        rows.append(rows[one] + rows[other])
    return _laid_out(np.array(left, np.int64), np.array(right, np.int64), count)


def _laid_out(left: np.ndarray, right: np.ndarray, count: np.ndarray) -> NestedDichotomies:
    """Number the nodes breadth-first and give each its slice of the symbols in depth-first order.

    Args:
        left, right: (s - 1,) the children of each group: a symbol, or s and the group's place.
        count: (s,) training rows of the symbols.
    """
    size, nodes = len(count), 2 * len(count) - 1
    own = np.ones(nodes, np.int64)  # how many symbols each holds
    for at, (one, other) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        own[size + at] = own[one] + own[other]
    number, order, start = np.zeros(nodes, np.int32), [nodes - 1], np.zeros(nodes, np.int64)
    for place, node in enumerate(order):
        number[node] = place
        if node >= size:
            one, other = int(left[node - size]), int(right[node - size])
            start[one], start[other] = start[node], start[node] + own[one]
            order += (one, other)
    node_at = np.array(order)
    is_leaf = node_at < size
    groups = node_at[~is_leaf] - size
    first_child, second_child = np.full((2, nodes), -1, np.int32)
    first_child[~is_leaf], second_child[~is_leaf] = number[left[groups]], number[right[groups]]
    symbols = np.zeros(size, np.int32)
    symbols[start[node_at[is_leaf]]] = node_at[is_leaf]
    first, last = start[node_at], start[node_at] + own[node_at]
    total = np.r_[0, np.cumsum(count[symbols])]
    rows = (total[last] - total[first]).astype(np.int64)
    return NestedDichotomies(
        first_child, second_child, rows, symbols, first.astype(np.int32), last.astype(np.int32)
    )

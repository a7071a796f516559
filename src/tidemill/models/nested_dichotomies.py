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

import heapq
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
    total = np.r_[0, np.cumsum(count)]
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
    rows = total[stop] - total[start]
    return NestedDichotomies(
        np.array(left, np.int32),
        np.array(right, np.int32),
        rows.astype(np.int64),
        np.arange(len(count), dtype=np.int32),
        np.array(start, np.int32),
        np.array(stop, np.int32),
    )


def _even_cut(total: np.ndarray, low: int, high: int) -> int | None:
    """Where to cut the group [low, high), or None where a half would be too small."""
    if high - low < 2:
        return None
    middle = int(np.searchsorted(total, (total[low] + total[high]) / 2))
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
    heap = [(int(c), s) for s, c in enumerate(count)]
    heapq.heapify(heap)
    children: dict[int, tuple[int, int]] = {}
    while len(heap) > 1:
        rows, rarest = heapq.heappop(heap)
        other_rows, other = heapq.heappop(heap)
        parent = size + len(children)
        children[parent] = (rarest, other)
        heapq.heappush(heap, (rows + other_rows, parent))
    return _laid_out(heap[0][1], children, count)


def _laid_out(
    root: int, children: dict[int, tuple[int, int]], count: np.ndarray
) -> NestedDichotomies:
    """Number the nodes breadth-first and give each its slice of the symbols in depth-first
    order."""
    symbols, span = _depth_first(root, children)
    order = [root]
    for node in order:
        order += children.get(node, ())
    number = {node: i for i, node in enumerate(order)}
    left = np.full(len(order), -1, np.int32)
    right = np.full(len(order), -1, np.int32)
    for node, (one, other) in children.items():
        left[number[node]] = number[one]
        right[number[node]] = number[other]
    start = np.array([span[node][0] for node in order], np.int32)
    stop = np.array([span[node][1] for node in order], np.int32)
    total = np.r_[0, np.cumsum(count[symbols])]
    rows = (total[stop] - total[start]).astype(np.int64)
    return NestedDichotomies(left, right, rows, np.array(symbols, np.int32), start, stop)


def _depth_first(
    root: int, children: dict[int, tuple[int, int]]
) -> tuple[list[int], dict[int, tuple[int, int]]]:
    """The symbols from left to right, and each node's slice of them."""
    span: dict[int, tuple[int, int]] = {}
    symbols: list[int] = []
    stack = [(root, False)]
    while stack:
        node, done = stack.pop()
        if node not in children:
            span[node] = (len(symbols), len(symbols) + 1)
            symbols.append(node)
            continue
        left, right = children[node]
        if done:
            span[node] = (span[left][0], span[right][1])
        else:
            stack += [(node, True), (right, False), (left, False)]
    return symbols, span

"""How good lists of proposals are, by what customers took afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tidemill.supervised.arrays import Floats

LENGTH, LONGER = 10, 20
"""Proposals of a list, and of the longer one that recall is also told of."""
TOGETHER = 1 << 23
"""Scores that are held at a time."""


@dataclass(frozen=True)
class ListQuality:
    """How good the lists of some customers are, all (k,).

    Attributes:
        ndcg: Normalised discounted cumulative gain of the first 10 (Järvelin and Kekäläinen 2002),
            each item that was taken counting the same.
        recall: Of what a customer took, the share among the first 20.
        hits: How many of the first 10 were taken.
        proposed: (k, 20) the items, the best first; -1 where there are no more.
    """

    ndcg: Floats
    recall: Floats
    hits: Floats
    proposed: NDArray[np.int64]


def best(scores: Floats, given: sparse.csr_array, length: int) -> NDArray[np.int64]:
    """(k, length) the items with the highest scores, but those that are given; -1 where there are
    no more. Of equal scores the item that stands first.

    Args:
        scores: (k, m); -inf for items that are never proposed.
        given: (k, m) what each customer took.
        length: Of a list.

    Example:
        >>> given = sparse.csr_array(np.array([[1.0, 0, 0]]))
        >>> best(np.array([[9.0, 1.0, 2.0]]), given, 3).tolist()
        [[2, 1, -1]]
    """
    open_scores = np.where(given.toarray() > 0, -np.inf, scores)
    order = np.argsort(-open_scores, axis=1, kind="stable")[:, :length]
    found = np.where(np.isneginf(np.take_along_axis(open_scores, order, axis=1)), -1, order)
    short = length - found.shape[1]
    return np.pad(found, ((0, 0), (0, max(short, 0))), constant_values=-1)


def quality(proposed: NDArray[np.int64], held: sparse.csr_array) -> ListQuality:
    """How good lists are.

    Args:
        proposed: (k, at least 20) items, the best first.
        held: (k, m) what each customer took afterwards; at least one item each.

    Example:
        >>> lists = np.array([[1, 0, *[-1] * 18]])
        >>> found = quality(lists, sparse.csr_array(np.array([[1.0, 0, 1.0]])))
        >>> found.hits.tolist(), found.recall.tolist(), found.ndcg.round(3).tolist()
        ([1.0], [0.5], [0.387])
    """
    right = proposed >= 0
    step = max(TOGETHER // held.shape[1], 1)
    for start in range(0, len(proposed), step):
        part = slice(start, start + step)
        took = held[part].toarray() > 0
        right[part] &= np.take_along_axis(took, np.maximum(proposed[part], 0), axis=1)
    wanted = np.diff(held.indptr)
    discount = 1 / np.log2(np.arange(2, LENGTH + 2))
    gained = right[:, :LENGTH] @ discount
    ideal = np.cumsum(discount)[np.minimum(wanted, LENGTH) - 1]
    return ListQuality(
        gained / ideal,
        right[:, :LONGER].sum(axis=1) / wanted,
        right[:, :LENGTH].sum(axis=1).astype(np.float64),
        proposed[:, :LONGER],
    )

"""Items that nobody took yet, proposed by what their columns say."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tidemill.core.run import Run
from tidemill.supervised.arrays import Floats
from tidemill.supervised.auc import NORMAL_95

FOLDS = 5
LENGTH = 10
FEWEST_HIDDEN = 30
"""Items that are hidden in turn, and customers who took some, without whom nothing is measured."""
MOST_MEASURED = 5_000
"""Customers that are measured on; more make it no surer."""
COMMON = (3.0, 30.0, 300.0)
OWN = (3.0, 30.0, 300.0, 3000.0)
ColumnSetting = tuple[float, float]
"""Penalties of what columns say to everybody, and to each customer."""


class ByColumns:
    """A weight for each column, for everybody and for each customer, by ridge regressions of what
    was taken; the score of an item is the sum of the weights of its columns.

    Args:
        design: (m, d) the columns of the items that are learned from, around 0.
        pairs: (n, m) which customer took which of them.

    Example:
        >>> design = np.array([[1.0, -1], [1, -1], [-1, 1], [-1, 1]])
        >>> pairs = sparse.csr_array(np.array([[1.0, 1, 0, 0], [0, 0, 1, 1]]))
        >>> model = ByColumns(design, pairs, (1, 1))
        >>> (model.scores(pairs, np.array([[1.0, -1]])) > 0).ravel().tolist()
        [True, False]
    """

    def __init__(self, design: Floats, pairs: sparse.csr_array, setting: ColumnSetting) -> None:
        common, own = setting
        square, unit = design.T @ design, np.eye(design.shape[1])
        counts = np.asarray(pairs.sum(axis=0), np.float64)
        self._share = counts / max(counts.sum(), 1)
        even = 1 / max(len(counts), 1)
        self._common = np.linalg.solve(square + common * unit, design.T @ (self._share - even))
        self._own = np.linalg.inv(square + own * unit)
        self._design = design

    def scores(self, given: sparse.csr_array, design: Floats) -> Floats:
        """(k, c) how much each of c other items suits each customer, by the (k, m) given ones."""
        each = np.maximum(np.asarray(given.sum(axis=1)), 1)[:, None]
        taken = np.asarray(given @ self._design) / each
        weights = (taken - self._share @ self._design) @ self._own + self._common
        return np.asarray(weights @ design.T)


@dataclass(frozen=True)
class ColdGain:
    """What lists of items bring that were hidden wholly from learning.

    Attributes:
        length: Of a list.
        taken: How many of it were taken on average.
        by_chance: How many of a list in random order are expected.
        error: The standard error of the difference, over customers and over items.
        items, customers: That were measured on.
    """

    length: int
    taken: float
    by_chance: float
    error: float
    items: int
    customers: int

    @property
    def gain(self) -> float:
        """How many more than in random order."""
        return self.taken - self.by_chance

    @property
    def low(self) -> float:
        """The lower end of its 95 % interval."""
        return self.gain - NORMAL_95 * self.error

    @property
    def high(self) -> float:
        """The upper end of its 95 % interval."""
        return self.gain + NORMAL_95 * self.error


class _Lists(NamedTuple):
    """Of lists of hidden items, a row for each hidden item that a customer took: whose it is, which
    item, whether it is in the list, the chance that it is, and how many hidden ones the customer
    took."""

    customer: NDArray[np.int64]
    item: NDArray[np.int64]
    hit: Floats
    chance: Floats
    of: Floats


def cold_gain(pairs: sparse.csr_array, design: Floats, run: Run) -> ColdGain | None:
    """Hide a fifth of the items in turn, and propose them by their columns; None where there are
    too few.

    The penalties are chosen on another fifth, which is hidden then, too.

    Args:
        pairs: (n, m) which customer took which item.
        design: (m, d) the items' columns.
        run: Draws the fifths.
    """
    rng = run.rng("recommend", "cold")
    sold = np.flatnonzero(np.asarray(pairs.sum(axis=0)) > 0)
    length = min(LENGTH, len(sold) // FOLDS // 5)
    if len(sold) < FEWEST_HIDDEN or not length:
        return None
    if pairs.shape[0] > MOST_MEASURED:
        pairs = pairs[np.sort(rng.permutation(pairs.shape[0])[:MOST_MEASURED])]
    fold = rng.permutation(len(sold)) % FOLDS
    parts = []
    for k in run.track(range(FOLDS), "recommend", "hiding items"):
        setting = _chosen(pairs, design, sold[fold != k], fold[fold != k] == (k + 1) % FOLDS)
        parts.append(_lists(pairs, design, sold[fold != k], sold[fold == k], length, setting))
    found = _Lists(*(np.concatenate(each) for each in zip(*parts, strict=True)))
    lists = float((1 / found.of).sum())
    if lists < FEWEST_HIDDEN:
        return None
    taken, by_chance = float(found.hit.sum()) / lists, float(found.chance.sum()) / lists
    off = found.hit - found.chance - (taken - by_chance) / found.of
    error = sqrt(_spread(off, found.customer) + _spread(off, found.item)) / lists
    customers = len(np.unique(found.customer))
    return ColdGain(length, taken, by_chance, error, len(sold), customers)


def chosen_setting(pairs: sparse.csr_array, design: Floats, run: Run) -> ColumnSetting:
    """The penalties that do best where a fifth of the items is hidden.

    Args:
        pairs, design: As of :func:`cold_gain`.
        run: Draws the fifth.
    """
    sold = np.flatnonzero(np.asarray(pairs.sum(axis=0)) > 0)
    hidden = run.rng("recommend", "cold", "chosen").permutation(len(sold)) % FOLDS == 0
    return _chosen(pairs, design, sold, hidden)


def _chosen(
    pairs: sparse.csr_array, design: Floats, items: NDArray[np.int64], hidden: NDArray[np.bool_]
) -> ColumnSetting:
    """The penalties by which lists of hidden ones of these items are best."""
    length = max(min(LENGTH, int(hidden.sum()) // 5), 1)
    reached = {}
    for setting in product(COMMON, OWN):
        lists = _lists(pairs, design, items[~hidden], items[hidden], length, setting)
        reached[setting] = lists.hit.sum()
    return max(reached, key=lambda one: reached[one])


def _lists(
    pairs: sparse.csr_array,
    design: Floats,
    known: NDArray[np.int64],
    hidden: NDArray[np.int64],
    length: int,
    setting: ColumnSetting,
) -> _Lists:
    """Lists of hidden items for customers who took some of them, and some of the known ones."""
    given, asked = pairs[:, known], pairs[:, hidden]
    rows = np.flatnonzero((np.diff(given.indptr) > 0) & (np.diff(asked.indptr) > 0))
    given, asked = given[rows], asked[rows]
    scores = ByColumns(design[known], given, setting).scores(given, design[hidden])
    first = np.argpartition(-scores, length - 1, axis=1)[:, :length]
    listed = np.zeros(asked.shape)
    np.put_along_axis(listed, first, 1.0, axis=1)
    each = np.diff(asked.indptr)
    row = np.repeat(np.arange(len(rows)), each)
    return _Lists(
        rows[row],
        hidden[asked.indices],
        listed[row, asked.indices],
        np.full(len(row), length / len(hidden)),
        each[row].astype(np.float64),
    )


def _spread(off: Floats, whose: NDArray[np.int64]) -> float:
    """The variance of a sum over independent groups, with mean 0."""
    _, place = np.unique(whose, return_inverse=True)
    sums = np.bincount(place, off)
    return float((sums**2).sum()) * len(sums) / max(len(sums) - 1, 1)

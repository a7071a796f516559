"""The sorts of the rows of a table that others point to: what these are alike in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tidemill.core import checked_values as checked
from tidemill.core.dataset import Dataset
from tidemill.core.one_thread import one_thread
from tidemill.core.persons import FEWEST_PERSONS, level_counts, sharing
from tidemill.core.run import Run
from tidemill.supervised.groups import as_numbers, between, most_frequent, numbers_of

if TYPE_CHECKING:
    from tidemill.relational.model import LinkModel

MOST_SORTS = 64
MOST_LEVELS = 20
"""Of a category of rows that are pointed to, so many levels are asked."""
MOST_TRAITS = 8
LEAST_SHARE = 0.01
"""Less of the variance between groups is not worth a direction."""
MISSING, TINY = -1e30, 1e-12
"""In the place of a missing number; in that of no variance."""
COUNT_WEIGHT = 0.1
"""What the number of rows that point counts for beside a column that tells groups apart."""


@dataclass(frozen=True)
class Sorts:
    """Rows of a table by what they are alike in: a tree over their columns, in the leaves of which
    they are pointed to by rows that are alike.

    Without anything said, all rows are of one sort.

    Attributes:
        asked: Column and level of each feature; no level for the number or time itself.
        feature, threshold, left, right: Of each node of the tree; a feature below 0 is a leaf.
        number: The sort of each leaf, counted along the tree: the sorts below each of its nodes
            stand together.
        places: In the place of a tree, where rows stay as they are: the sort of each row.
        traits: Of each sort, where it stands along the directions in which groups of rows that
            point differ most.
    """

    asked: tuple[tuple[str, str | None], ...] = ()
    feature: tuple[int, ...] = (-1,)
    threshold: tuple[float, ...] = (0.0,)
    left: tuple[int, ...] = (-1,)
    right: tuple[int, ...] = (-1,)
    number: tuple[int, ...] = (0,)
    places: tuple[int, ...] | None = None
    traits: tuple[tuple[float, ...], ...] = ((),)

    def of(self, frame: pl.DataFrame) -> np.ndarray:
        """(rows,) the sort of each row."""
        if self.places is not None:
            return np.array(self.places)
        x = self.matrix(frame)
        node = np.zeros(len(x), np.int64)
        feature, threshold = np.array(self.feature), np.array(self.threshold)
        left, right = np.array(self.left), np.array(self.right)
        for _ in self.feature:
            open_ = np.flatnonzero(feature[node] >= 0)
            if not len(open_):
                break
            at = node[open_]
            goes_left = x[open_, feature[at]] <= threshold[at]
            node[open_] = np.where(goes_left, left[at], right[at])
        return np.array(self.number)[node]

    @property
    def of_traits(self) -> np.ndarray:
        """(sorts, k) where each sort stands."""
        return np.array(self.traits, np.float64).reshape(len(self.traits), -1)

    def matrix(self, frame: pl.DataFrame) -> np.ndarray:
        """(rows, features) what the tree asks of each row."""
        parts = np.zeros((frame.height, len(self.asked)))
        for at, (column, level) in enumerate(self.asked):
            parts[:, at] = np.nan_to_num(as_numbers(frame[column], level), nan=MISSING)
        return parts

    def to_state(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "asked": [list(one) for one in self.asked],
            "places": None if self.places is None else list(self.places),
            "traits": [list(one) for one in self.traits],
            "nodes": [
                list(node)
                for node in zip(
                    self.feature, self.threshold, self.left, self.right, self.number, strict=True
                )
            ],
        }

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> Sorts:
        """What :meth:`to_state` wrote.

        Raises:
            ValueError: It is no tree.
        """
        asked = []
        for column, level in state["asked"]:
            asked.append((checked.text(column), None if level is None else checked.text(level)))
        nodes = state["nodes"]
        for at, (feature, _, left, right, _) in enumerate(nodes):
            is_leaf = feature == -1
            leads_on = at < left < len(nodes) and at < right < len(nodes)
            if not is_leaf and not (0 <= feature < len(asked) and leads_on):
                raise ValueError("the sorts of rows are no tree")
        if not nodes:
            raise ValueError("the sorts of rows are no tree")
        return Sorts(
            tuple(asked),
            tuple(int(node[0]) for node in nodes),
            tuple(float(node[1]) for node in nodes),
            tuple(int(node[2]) for node in nodes),
            tuple(int(node[3]) for node in nodes),
            tuple(int(node[4]) for node in nodes),
            None if state["places"] is None else tuple(map(int, state["places"])),
            tuple(tuple(map(float, one)) for one in state["traits"]),
        )


def sorts_of(
    parent: Dataset,
    persons_of_parent: np.ndarray,
    child: Dataset,
    at: np.ndarray,
    persons: np.ndarray,
    group: np.ndarray,
    run: Run,
    *,
    kept: bool,
) -> Sorts:
    """The sorts of the rows of a table by those that point to them.

    Rows are alike where those that point to them are alike, and where the same groups of rows point
    to them (who buys one, buys the other), as far as the columns of the rows foretell it.

    Args:
        parent: The rows that are pointed to, with what is told of them.
        persons_of_parent: Whose each of these is.
        child: Those that point.
        at: (rows of the child,) where to; below 0 for nowhere.
        persons: (rows of the child,) whose each is: a sort is of at least five persons' rows.
        group: (rows of the child,) the row that each is made for; below 0 for none.
        run: Its seed decides between splits that are equally good.
        kept: Whether the rows that are pointed to stay as they are, so that each to which rows of
            five persons point can be a sort.
    """
    here = at >= 0
    rows = np.bincount(at[here], minlength=len(parent))
    asked = _asked(parent, persons_of_parent)
    used = np.flatnonzero(rows)
    if not asked or len(used) < 2 * FEWEST_PERSONS:
        return Sorts(places=(0,) * len(parent)) if kept else Sorts()
    x = Sorts(asked).matrix(parent.frame)
    with one_thread():  # so that sums, and what is decided by them, are the same on any machine
        liked = _liked(x, rows, at, group, run.rng("by chance"))
        told = np.column_stack([_told(child, at, here, len(parent)), liked])
        sorts = _by_columns(asked, x, told, rows, at[here], persons[here], run)
        if kept:
            known = sharing(at[here], len(parent), persons[here]) >= FEWEST_PERSONS
            sorts = _by_rows(sorts.of(parent.frame), told, rows, known)
    number = sorts.of(parent.frame)
    sizes = np.maximum(np.bincount(number, rows), 1)
    traits = [np.round(np.bincount(number, rows * one) / sizes, 6) for one in liked.T]
    return replace(sorts, traits=tuple(zip(*traits, strict=True)) if traits else ((),) * len(sizes))


def _asked(parent: Dataset, persons: np.ndarray) -> tuple[tuple[str, str | None], ...]:
    """What can be asked of the rows: numbers and times, and levels that five persons have; others
    may be a person each."""
    asked: list[tuple[str, str | None]] = []
    for column in parent.schema.modelled:
        if column.kind != "category":
            asked.append((column.name, None))
            continue
        values = parent.frame[column.name].cast(pl.String)
        counted = level_counts(values, persons)
        named = set(counted.filter(pl.col("persons") >= FEWEST_PERSONS)["level"])
        levels = sorted(most_frequent(values, MOST_LEVELS))
        asked += [(column.name, level) for level in levels if level in named]
    return tuple(asked)


def _liked(
    x: np.ndarray, rows: np.ndarray, at: np.ndarray, group: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """(rows, k) where rows stand along the directions in which groups of those that point differ
    more than groups drawn by chance do (a principal component analysis of the variance between
    groups), each in units of its spread times the root of the share of the variance that is between
    groups.

    Args:
        x: (rows, f) what is asked of each row.
        rows: (rows,) how many point to each.
        at, group: Of each that points, where to and for which row it is made.
        rng: Draws groups by chance.
    """
    both = (at >= 0) & (group >= 0)
    of, number = at[both], np.unique(group[both], return_inverse=True)[1]
    if len(np.unique(number)) < 2 or len(of) - number.max(initial=0) < 3:
        return np.zeros((len(x), 0))
    told = np.column_stack([_in_spreads(_filled(one), rows) for one in x.T])
    shares, directions = _apart(told, of, number)
    chance = max(_apart(told, of, rng.permutation(number))[0][0], LEAST_SHARE)
    found = []
    for share, along in zip(shares[:MOST_TRAITS], directions.T, strict=False):
        if share > chance:
            found.append(np.sqrt(share) * _in_spreads(told @ along, rows))
    return np.array(found).reshape(len(found), len(x)).T


def _apart(told: np.ndarray, of: np.ndarray, number: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(f,) the share of the variance between groups along each direction, and (f, f) the
    directions, those along which groups differ most first.

    Args:
        told: (rows, f) features of the rows that are pointed to.
        of, number: Of each that points, where to, and its group.
    """
    n, sizes = len(of), np.bincount(number)
    sums = np.column_stack([np.bincount(number, one[of]) for one in told.T])
    total = (told * np.bincount(of, minlength=len(told))[:, None]).T @ told / n
    sums -= sizes[:, None] * (sums.sum(axis=0) / n)
    explained = (sums / np.maximum(sizes, 1)[:, None]).T @ sums / n
    noise = (total - explained) * n / (n - len(sizes))
    values, directions = np.linalg.eigh(explained - (len(sizes) - 1) / n * noise)
    order = np.argsort(-values)
    directions = directions[:, order]
    largest = directions[np.abs(directions).argmax(axis=0), np.arange(len(order))]
    directions = directions * np.where(largest < 0, -1.0, 1.0)
    spread = np.einsum("fk,fg,gk->k", directions, total, directions)
    return values[order] / np.maximum(spread, TINY), directions


def _by_columns(
    asked: tuple[tuple[str, str | None], ...],
    x: np.ndarray,
    told: np.ndarray,
    rows: np.ndarray,
    at: np.ndarray,
    persons: np.ndarray,
    run: Run,
) -> Sorts:
    """Sorts by a tree over the columns of the rows that are pointed to, which foretells what is
    told of these."""
    from sklearn.tree import DecisionTreeRegressor

    used = np.flatnonzero(rows)
    if not told[used].any():
        return Sorts()
    tree = DecisionTreeRegressor(
        max_leaf_nodes=MOST_SORTS,
        min_samples_leaf=FEWEST_PERSONS,
        random_state=run.seed_of("sorts"),
    )
    tree.fit(x[used], told[used], sample_weight=rows[used])
    nodes = tree.tree_
    leaf = tree.apply(x)
    order = _walked(nodes.children_left, nodes.children_right, _along(told, rows), leaf, rows)
    return Sorts(
        asked,
        tuple(np.where(nodes.children_left < 0, -1, nodes.feature).tolist()),
        tuple(nodes.threshold.tolist()),
        tuple(nodes.children_left.tolist()),
        tuple(nodes.children_right.tolist()),
        tuple(_numbered(order, leaf[at], persons, nodes.node_count).tolist()),
    )


def _walked(
    left: np.ndarray, right: np.ndarray, along: np.ndarray, leaf: np.ndarray, rows: np.ndarray
) -> list[int]:
    """The leaves of a tree from one side to the other; of two nodes the one whose rows stand lower
    is the first."""
    nodes = len(left)
    weight, sums = np.bincount(leaf, rows, nodes), np.bincount(leaf, rows * along, nodes)
    for node in reversed(range(nodes)):  # the nodes below one have higher numbers
        if left[node] >= 0:
            weight[node] = weight[left[node]] + weight[right[node]]
            sums[node] = sums[left[node]] + sums[right[node]]
    mean = sums / np.maximum(weight, 1)
    found, open_ = [], [0]
    while open_:
        node = open_.pop()
        if left[node] < 0:
            found.append(node)
            continue
        below = sorted((int(left[node]), int(right[node])), key=lambda one: -mean[one])
        open_ += below
    return found


def _numbered(order: list[int], leaf: np.ndarray, persons: np.ndarray, nodes: int) -> np.ndarray:
    """(nodes,) the number of the sort of each, neighbours that fewer than five persons' rows point
    to being one sort.

    Args:
        order: The leaves, those that are alike beside each other.
        leaf, persons: Of each row that points, the leaf that it points to, and whose it is.
        nodes: Of the tree.
    """
    number = np.zeros(nodes, np.int64)
    open_, current = set[int](), 0
    for node in order:
        number[node] = current
        open_ |= set(persons[leaf == node].tolist())
        if len(open_) >= FEWEST_PERSONS:
            open_, current = set(), current + 1
    if open_ and current:  # the last ones are too few for a sort of their own
        number[number == current] = current - 1
    return number


def _by_rows(number: np.ndarray, told: np.ndarray, rows: np.ndarray, known: np.ndarray) -> Sorts:
    """Each row that is known well enough a sort of its own, beside the others of its sort.

    Args:
        number: The sort of each row.
        told, rows: What is told of each, and how many point to it.
        known: Whether rows of enough persons do.
    """
    along = np.where(known, _along(told, rows), -np.inf)  # the others stand first, as one sort
    pairs = np.column_stack([number, np.round(along, 6)])
    return Sorts(places=tuple(np.unique(pairs, axis=0, return_inverse=True)[1].tolist()))


def _along(told: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(rows,) where rows stand along the direction in which they differ most."""
    if not weight.sum():
        return np.zeros(len(told))
    centred = told - np.average(told, axis=0, weights=weight)
    _, _, directions = np.linalg.svd(np.sqrt(weight)[:, None] * centred, full_matrices=False)
    first = directions[0]
    return np.asarray(centred @ (first * np.sign(first[np.argmax(np.abs(first))])))


def _told(child: Dataset, at: np.ndarray, here: np.ndarray, rows: int) -> np.ndarray:
    """(rows, f) the mean of each feature of the rows that point to each, and how many these are, in
    units of their spread times the root of the share of the variance that is between rows."""
    number = np.bincount(at[here], minlength=rows)
    parts = [COUNT_WEIGHT * _in_spreads(np.log1p(number), number)]
    for column in child.schema.modelled:
        for values in numbers_of(child, column):
            known = here & np.isfinite(values)
            sizes = np.bincount(at[known], minlength=rows)
            sums = np.bincount(at[known], values[known], minlength=rows)
            overall = values[known].mean() if known.any() else 0.0
            means = (sums + overall) / (sizes + 1)  # of few rows nearer to the mean of all
            share = between(values[here], at[here])
            parts.append(np.sqrt(share) * _in_spreads(means, number))
    return np.column_stack(parts)


def _filled(values: np.ndarray) -> np.ndarray:
    """The values, those that are missing at the mean of the others."""
    there = values != MISSING
    return np.where(there, values, values[there].mean() if there.any() else 0.0)


def _in_spreads(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    centred = values - np.average(values, weights=weight)
    spread = np.sqrt(np.average(centred**2, weights=weight))
    return centred / spread if spread else np.zeros(len(values))


def traits_of(links: Iterable[LinkModel], table: str) -> dict[str, np.ndarray]:
    """Columns of a table that say a sort -> (sorts, k) where each sort stands."""
    own = [one for one in links if one.link.child == table]
    return {one.column: one.sorts.of_traits for one in own if one.sorts is not None}

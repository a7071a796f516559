"""Which row of a further table a row points to: of what sort is drawn with it, and the rows of a
sort are dealt out by the shares that they have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from tidemill.core import checked_values as checked
from tidemill.core.dataset import Dataset
from tidemill.core.persons import FEWEST_PERSONS, level_counts, sharing
from tidemill.core.run import Run
from tidemill.supervised.groups import as_numbers, between, levels_of, numbers_of

MOST_SORTS = 64
MISSING = -1e30
"""In the place of a missing number."""
COUNT_WEIGHT = 0.1
"""What the number of rows that point counts for beside a column that tells groups apart."""
NEAR, TRIES = 50, 50
"""A row that would repeat one swaps with one of so many that stand near, of which so many are
looked at."""


@dataclass(frozen=True)
class Sorts:
    """Rows of a table by what they are alike in: a tree over their columns, in the leaves of which
    they are pointed to by rows that are alike.

    Without anything said, all rows are of one sort.

    Attributes:
        asked: Column and level of each feature; no level for the number or time itself.
        feature, threshold, left, right: Of each node of the tree; a feature below 0 is a leaf.
        number: The sort of each leaf; sorts that are alike have numbers that are near.
        places: In the place of a tree, where rows stay as they are: what each row is alike in, as a
            number.
    """

    asked: tuple[tuple[str, str | None], ...] = ()
    feature: tuple[int, ...] = (-1,)
    threshold: tuple[float, ...] = (0.0,)
    left: tuple[int, ...] = (-1,)
    right: tuple[int, ...] = (-1,)
    number: tuple[int, ...] = (0,)
    places: tuple[float, ...] | None = None

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
            None if state["places"] is None else tuple(map(float, state["places"])),
        )


def sorts_of(
    parent: Dataset,
    persons_of_parent: np.ndarray,
    child: Dataset,
    at: np.ndarray,
    persons: np.ndarray,
    run: Run,
    *,
    kept: bool,
) -> Sorts:
    """The sorts of the rows of a table by those that point to them.

    Args:
        parent: The rows that are pointed to, with what is told of them.
        persons_of_parent: Whose each of these is.
        child: Those that point.
        at: (rows of the child,) where to; below 0 for nowhere.
        persons: (rows of the child,) whose each is: a sort is of at least five persons' rows.
        run: Its seed decides between splits that are equally good.
        kept: Whether the rows that are pointed to stay as they are, so that each to which rows of
            five persons point can be a sort.
    """
    here = at >= 0
    rows = np.bincount(at[here], minlength=len(parent))
    told = _told(child, at, here, len(parent))
    sorts = _by_columns(parent, persons_of_parent, told, rows, at[here], persons[here], run)
    if not kept:
        return sorts
    number, along = sorts.of(parent.frame), _along(told, rows)
    of_sort = np.bincount(number, rows * along) / np.maximum(np.bincount(number, rows), 1)
    few = sharing(at[here], len(parent), persons[here]) < FEWEST_PERSONS
    places = np.round(np.where(few, of_sort[number], along), 6)
    return Sorts(places=tuple(places.tolist()))


def _by_columns(
    parent: Dataset,
    persons_of_parent: np.ndarray,
    told: np.ndarray,
    rows: np.ndarray,
    at: np.ndarray,
    persons: np.ndarray,
    run: Run,
) -> Sorts:
    """Sorts by a tree over the columns of the rows that are pointed to, which foretells what those
    that point tell of them."""
    from sklearn.tree import DecisionTreeRegressor

    asked: list[tuple[str, str | None]] = []
    for column in parent.schema.modelled:
        if column.kind != "category":
            asked.append((column.name, None))
            continue
        counted = level_counts(parent.frame[column.name].cast(pl.String), persons_of_parent)
        named = set(counted.filter(pl.col("persons") >= FEWEST_PERSONS)["level"])
        # others may be a person each
        asked += [(column.name, level) for level in levels_of(parent, column) if level in named]
    used = np.flatnonzero(rows)
    if not asked or len(used) < 2 * FEWEST_PERSONS or not told.any():
        return Sorts()
    tree = DecisionTreeRegressor(
        max_leaf_nodes=MOST_SORTS,
        min_samples_leaf=FEWEST_PERSONS,
        random_state=run.seed_of("sorts"),
    )
    x = Sorts(tuple(asked)).matrix(parent.frame)
    tree.fit(x[used], told[used], sample_weight=rows[used])
    nodes = tree.tree_
    number = _numbered(tree.apply(x), nodes.node_count, told, rows, at, persons)
    return Sorts(
        tuple(asked),
        tuple(np.where(nodes.children_left < 0, -1, nodes.feature).tolist()),
        tuple(nodes.threshold.tolist()),
        tuple(nodes.children_left.tolist()),
        tuple(nodes.children_right.tolist()),
        tuple(number.tolist()),
    )


def _numbered(
    leaf: np.ndarray,
    nodes: int,
    told: np.ndarray,
    rows: np.ndarray,
    at: np.ndarray,
    persons: np.ndarray,
) -> np.ndarray:
    """(nodes,) the number of the sort of each: along the direction in which leaves differ most,
    neighbours that fewer than five persons' rows point to being one sort."""
    weight = np.bincount(leaf, rows, nodes)
    sums = np.column_stack([np.bincount(leaf, rows * one, nodes) for one in told.T])
    means = sums / np.maximum(weight, 1)[:, None]
    leaves = np.flatnonzero(weight)
    along = _along(means[leaves], weight[leaves])
    number = np.zeros(nodes, np.int64)
    open_, current = set[int](), 0
    ordered = leaves[np.argsort(along, kind="stable")]
    of_row = leaf[at]
    for node in ordered.tolist():
        number[node] = current
        open_ |= set(persons[of_row == node].tolist())
        if len(open_) >= FEWEST_PERSONS:
            open_, current = set(), current + 1
    if open_ and current:  # the last ones are too few for a sort of their own
        number[number == current] = current - 1
    return number


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
    units of their spread and by how much groups differ in it."""
    counts = np.log1p(np.bincount(at[here], minlength=rows))
    parts = [COUNT_WEIGHT * _in_spreads(counts)]
    for column in child.schema.modelled:
        for values in numbers_of(child, column):
            known = here & np.isfinite(values)
            sizes = np.bincount(at[known], minlength=rows)
            sums = np.bincount(at[known], values[known], minlength=rows)
            overall = values[known].mean() if known.any() else 0.0
            means = (sums + overall) / (sizes + 1)  # of few rows nearer to the mean of all
            parts.append(between(values[here], at[here]) * _in_spreads(means))
    return np.column_stack(parts)


def _in_spreads(values: np.ndarray) -> np.ndarray:
    spread = values.std()
    return (values - values.mean()) / spread if spread else np.zeros(len(values))


def dealt(
    wanted: np.ndarray,
    sort: np.ndarray,
    weight: np.ndarray,
    group: np.ndarray | None,
    rng: np.random.Generator,
) -> np.ndarray:
    """(n,) the row that each of n rows points to; -1 where all are taken.

    Rows are dealt in the shares of their weights, exactly but for rounding: both sides stand in the
    order of their sorts, and each row gets what stands in its place.

    Args:
        wanted: (n,) the sort that each asks for.
        sort: (m,) the sort of each row that can be pointed to.
        weight: (m,) how often each is pointed to, in proportion.
        group: (n,) rows of one group do not point to the same row; None where they may.
        rng: Source of chance.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> at = dealt(np.array([1, 0, 0, 1]), np.array([0, 1, 1]), np.array([2, 1, 1]), None, rng)
        >>> np.bincount(at).tolist(), at[1:3].tolist()
        ([2, 1, 1], [0, 0])
    """
    n, m = len(wanted), len(sort)
    found = np.full(n, -1)
    if not n or not m:
        return found
    able = np.lexsort((rng.random(m), sort))
    share = np.maximum(weight[able].astype(np.float64), 0)
    if not share.sum():
        share = np.ones(m, np.float64)
    passed = np.floor(np.cumsum(share) / share.sum() * n + rng.random())
    passed[-1] = n
    times = np.diff(np.r_[0, np.minimum(passed, n)]).astype(np.int64)
    turn = np.zeros(n, np.int64) if group is None else _turns(wanted, group, rng)
    order = np.lexsort((rng.random(n), turn, wanted))
    found[order] = np.repeat(able, times)
    return found if group is None else _without_repeats(found, order, group, weight, rng)


def _turns(wanted: np.ndarray, group: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n,) which of the rows of its group that want the same sort each row is, 0 for the first."""
    order = np.lexsort((rng.random(len(wanted)), wanted, group))
    first = np.r_[True, (np.diff(wanted[order]) != 0) | (np.diff(group[order]) != 0)]
    start = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    turn = np.empty(len(wanted), np.int64)
    turn[order] = np.arange(len(order)) - start
    return turn


def _without_repeats(
    found: np.ndarray,
    order: np.ndarray,
    group: np.ndarray,
    weight: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """The rows, of which those that repeat one of their group have swapped with another that stands
    near in an order, or point to any other; -1 where their group points to all."""
    taken: Counter[tuple[int, int]] = Counter()
    repeats = []
    for row, pair in enumerate(zip(group.tolist(), found.tolist(), strict=True)):
        if taken[pair]:
            repeats.append(row)
        taken[pair] += 1
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    for row in repeats:
        own = int(group[row])
        if taken[own, int(found[row])] == 1:  # the other one has swapped already
            continue
        for reach in (NEAR, 10 * NEAR, len(order)):
            first = max(int(place[row]) - reach, 0)
            near = order[first : first + 2 * reach]
            other = _partner(row, rng.choice(near, TRIES), found, group, taken)
            if other >= 0:
                for one in (row, other):
                    taken[int(group[one]), int(found[one])] -= 1
                found[row], found[other] = found[other], found[row]
                for one in (row, other):
                    taken[int(group[one]), int(found[one])] += 1
                break
        else:
            taken[own, int(found[row])] -= 1
            found[row] = _free(own, weight, taken, rng)
            taken[own, int(found[row])] += 1
    return found


def _partner(
    row: int,
    others: np.ndarray,
    found: np.ndarray,
    group: np.ndarray,
    taken: Counter[tuple[int, int]],
) -> int:
    """One of some rows with which a row can swap so that neither repeats one of its group; -1 where
    none is."""
    for other in others.tolist():
        gives = int(group[row]), int(found[other])
        takes = int(group[other]), int(found[row])
        if group[other] != group[row] and not taken[gives] and not taken[takes]:
            return int(other)
    return -1


def _free(
    own: int, weight: np.ndarray, taken: Counter[tuple[int, int]], rng: np.random.Generator
) -> int:
    """A row that a group does not point to yet; -1 where there is none."""
    free = np.array([k for k in range(len(weight)) if not taken[own, k]], np.int64)
    if not len(free):
        return -1
    chance = np.maximum(weight[free].astype(float), 0) + 1e-9
    return int(rng.choice(free, p=chance / chance.sum()))


def depths(at: np.ndarray) -> np.ndarray:
    """(n,) how many links lead from each row of a table to one that points to none in it; of rows
    whose links go round in a circle 0.

    Example:
        >>> depths(np.array([-1, 0, 1, 0])).tolist()
        [0, 1, 2, 1]
    """
    depth = np.where(at < 0, 0, -1)
    for step in range(len(at)):
        next_ = np.flatnonzero((depth < 0) & (depth[np.maximum(at, 0)] == step))
        if not len(next_):
            break
        depth[next_] = step + 1
    return np.maximum(depth, 0)


def dealt_by_depth(depth: np.ndarray, weight: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n,) the row that each row of a table points to in it: one that is a step less deep, in the
    shares of the weights; -1 for rows of depth 0.

    Args:
        depth: (n,) of each row; gaps are closed.
        weight: (n,) how often each is pointed to, in proportion.
        rng: Source of chance.
    """
    level = np.unique(depth, return_inverse=True)[1]
    found = np.full(len(depth), -1)
    names: Sequence[int] = range(1, int(level.max(initial=0)) + 1)
    for step in names:
        below, above = np.flatnonzero(level == step), np.flatnonzero(level == step - 1)
        one = np.zeros(len(below), np.int64)
        picked = dealt(one, np.zeros(len(above), np.int64), weight[above], None, rng)
        found[below] = above[picked]
    return found

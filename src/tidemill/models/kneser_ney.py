"""What counted runs of units say of the next unit: Kneser-Ney smoothing, modified and interpolated
(Chen and Goodman 1998, An empirical study of smoothing techniques for language modeling, TR-10-98,
section 3.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tidemill.core import checked_arrays
from tidemill.models.ngram_counts import NONE, RunTable

MOST_COUNT = 2**31 - 1
FEW_COUNTS = (0.5, 0.75, 0.9)
"""What is taken off counts where they do not tell it."""
LEAST_OFF = 0.05

Term = tuple[np.ndarray, np.ndarray]
"""What the runs of one length say of (n,) units: the chance that they give each, 0 where there is
no such run, and what they leave to shorter runs, 1 where there is no such history."""


@dataclass(frozen=True)
class RunLevel:
    """What is kept of the runs of one length.

    Attributes:
        children: (histories of the next shorter length,) how many histories extend each; of
            histories without units, one entry: how many classes there are.
        unit: (h,) the unit farthest back of each history, ascending within those that extend the
            same one.
        followers: (h,) how many different units follow each.
        follower: (g,) these, ascending within a history.
        count: (g,) how often each follows.
        total: (h,) how often anything does, what is not kept included.
    """

    children: np.ndarray
    unit: np.ndarray
    followers: np.ndarray
    follower: np.ndarray
    count: np.ndarray
    total: np.ndarray


_FIELDS = ("children", "unit", "followers", "follower", "count", "total")


class KneserNey:
    """The chances of units behind histories; the longest run of a history that is known says the
    most, and what it leaves over the next shorter one divides.

    Args:
        size: Units that there are.
        levels: What is kept of runs of 1, 2, ... units.
        discount: (levels, 3) what is taken off a count of 1, of 2, and of 3 or more.
    """

    def __init__(self, size: int, levels: Sequence[RunLevel], discount: np.ndarray) -> None:
        self.size, self.levels, self.discount = size, levels, discount
        self._history: list[np.ndarray] = []  # ascending keys of histories, and of runs
        self._run: list[np.ndarray] = []
        self._first: list[np.ndarray] = []  # of each history, its first run
        self._mass: list[np.ndarray] = []  # the chance that a run itself gives its last unit
        self._edge: list[np.ndarray] = []  # these added up
        self._rest: list[np.ndarray] = []  # what a history leaves to the next shorter one
        for level, off in zip(levels, discount, strict=True):
            histories = len(level.unit)
            parent = np.repeat(np.arange(len(level.children)), level.children)
            self._history.append(parent * self.width + level.unit)
            own = np.repeat(np.arange(histories), level.followers)
            self._run.append(own * self.width + level.follower)
            self._first.append(np.concatenate([[0], np.cumsum(level.followers)]))
            total = np.maximum(level.total, 1)
            mass = (level.count - off[np.minimum(level.count, 3) - 1]) / total[own]
            self._mass.append(mass)
            self._edge.append(np.concatenate([[0.0], np.cumsum(mass)]))
            rest = 1.0 - np.bincount(own, mass, minlength=histories)
            self._rest.append(np.clip(rest, 0.0, 1.0))

    @property
    def width(self) -> int:
        """Units, and the marks of ends and of beginnings."""
        return self.size + 2

    @property
    def order(self) -> int:
        """The length of the longest runs."""
        return len(self.levels)

    @staticmethod
    def learned(size: int, tables: Sequence[RunTable]) -> KneserNey:
        """The model of counted runs; the longest are counted as they occur, shorter ones by what
        they stand behind."""
        levels, discount = [], []
        renamed = np.zeros(1, np.int64)
        for k, table in enumerate(tables):
            counts = table.seen if k == len(tables) - 1 else table.continued
            discount.append(discounts(counts))
            level, renamed = _level(table, counts, renamed, whole=k == 0)
            levels.append(level)
        return KneserNey(size, levels, np.stack(discount))

    def histories(self, root: np.ndarray, recent: np.ndarray) -> list[np.ndarray]:
        """For each length from 0 on (n,) which history stands before the next unit; NONE where
        there is none so long.

        Args:
            root: (n,) the class of each, or NONE.
            recent: (n, order - 1 or more) the units before, the nearest first; NONE where there is
                none.
        """
        found = [root]
        for k in range(1, self.order):
            key, keys = found[-1] * self.width + recent[:, k - 1], self._history[k]
            known = (found[-1] >= 0) & (recent[:, k - 1] >= 0)
            found.append(np.where(known, _place(keys, key), NONE))
        return found

    def terms(self, root: np.ndarray, recent: np.ndarray, unit: np.ndarray) -> list[Term]:
        """For each length of runs, from 1 on, what it gives each of (n,) units and what it leaves
        over; root and recent are as in :meth:`histories`."""
        terms = []
        for k, history in enumerate(self.histories(root, recent)):
            known = history >= 0
            at = _place(self._run[k], np.where(known, history * self.width + unit, NONE))
            own, rest = np.zeros(len(unit)), np.ones(len(unit))
            own[at >= 0] = self._mass[k][at[at >= 0]]
            rest[known] = self._rest[k][history[known]]
            terms.append((own, rest))
        return terms

    def spread(self, k: int, history: np.ndarray, chances: np.ndarray) -> np.ndarray:
        """(n, size + 1) chances under shorter histories -> those under histories of k units."""
        known = np.flatnonzero(history >= 0)
        chances = chances.copy()
        chances[known] *= self._rest[k][history[known], None]
        first = self._first[k][history[known]]
        count = self._first[k][history[known] + 1] - first
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        run = np.repeat(first, count) + within
        chances[np.repeat(known, count), self.levels[k].follower[run]] += self._mass[k][run]
        return chances

    def draw(self, k: int, history: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(n,) the unit that each history of k units gives; NONE where it is left to the next
        shorter one."""
        drawn = np.full(len(history), NONE, np.int64)
        known = np.flatnonzero(history >= 0)
        uniform = rng.random(len(known))
        own = uniform < 1.0 - self._rest[k][history[known]]
        known, uniform = known[own], uniform[own]
        first, last = self._first[k][history[known]], self._first[k][history[known] + 1] - 1
        edge = self._edge[k]
        run = np.searchsorted(edge, edge[first] + uniform, side="right") - 1
        drawn[known] = self.levels[k].follower[np.clip(run, first, last)]
        return drawn

    def to_arrays(self, prefix: str) -> dict[str, np.ndarray]:
        """For storing, under names that begin with the prefix."""
        arrays = {f"{prefix}.discount": self.discount}
        for k, level in enumerate(self.levels):
            for name in _FIELDS:
                arrays[f"{prefix}.{k}.{name}"] = getattr(level, name).astype(np.int32)
        return arrays

    @staticmethod
    def from_arrays(
        size: int, prefix: str, arrays: Mapping[str, np.ndarray], order: int, classes: int
    ) -> KneserNey:
        """The model of stored arrays.

        Args:
            size: Units that there are.
            prefix: With which the names of the arrays begin.
            arrays: The arrays.
            order: The length of the longest runs.
            classes: How many there are.

        Raises:
            KeyError, ValueError: The arrays are no such model.
        """
        discount = checked_arrays.reals(arrays, f"{prefix}.discount", np.float64, (order, 3))
        if np.any(discount < 0) or np.any(discount > np.array([1.0, 2.0, 3.0])):
            raise ValueError("more is taken off a count than it is")
        levels: list[RunLevel] = []
        for k in range(order):
            shorter = 1 if k == 0 else len(levels[-1].unit)
            limit = classes - 1 if k == 0 else size + 1
            levels.append(_stored_level(arrays, f"{prefix}.{k}", shorter, limit, size))
        if len(levels[0].unit) != classes:
            raise ValueError("the counts are of other classes")
        return KneserNey(size, levels, discount)


def discounts(counts: np.ndarray) -> np.ndarray:
    """(3,) what is taken off counts of 1, of 2, and of 3 or more, by how many there are of each
    (Chen and Goodman 1998, equation 17).

    Example:
        >>> discounts(np.repeat([1, 2, 3, 4], [80, 40, 20, 10])).tolist()
        [0.5, 1.25, 2.0]
    """
    n1, n2, n3, n4 = (int(np.count_nonzero(counts == c)) for c in (1, 2, 3, 4))
    if min(n1, n2, n3, n4) == 0:
        return np.array(FEW_COUNTS)
    share = n1 / (n1 + 2 * n2)
    off = [1 - 2 * share * n2 / n1, 2 - 3 * share * n3 / n2, 3 - 4 * share * n4 / n3]
    return np.clip(off, LEAST_OFF, [1.0, 2.0, 3.0])


def _level(
    table: RunTable, counts: np.ndarray, renamed: np.ndarray, *, whole: bool
) -> tuple[RunLevel, np.ndarray]:
    """What is kept of a table, and (h,) the new number of each of its histories.

    Args:
        table: Counted runs.
        counts: (g,) the counts to be kept.
        renamed: The new number of each shorter history.
        whole: Whether histories stay that nothing follows.
    """
    histories = len(table.unit)
    followers = np.bincount(table.history[table.kept], minlength=histories)
    stays = np.full(histories, whole) | (followers > 0)
    total = np.bincount(table.history, counts, minlength=histories).astype(np.int64)
    parent = renamed[table.parent[stays]]
    level = RunLevel(
        np.bincount(parent, minlength=int(renamed.max(initial=-1)) + 1),
        table.unit[stays],
        followers[stays],
        table.follower[table.kept],
        counts[table.kept],
        total[stays],
    )
    return level, np.where(stays, np.cumsum(stays) - 1, NONE)


def _place(keys: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """(n,) where each stands among ascending keys; NONE where it does not."""
    if not len(keys):
        return np.full(len(wanted), NONE)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, at, NONE)


def _stored_level(
    arrays: Mapping[str, np.ndarray], name: str, shorter: int, limit: int, size: int
) -> RunLevel:
    """A level, checked.

    Args:
        arrays: Stored arrays.
        name: With which their names begin.
        shorter: Histories of the next shorter length.
        limit: The largest unit of a history.
        size: Units that there are.

    Raises:
        KeyError, ValueError: It is no such level.
    """

    def whole(field: str, length: int | None, low: int, high: int) -> np.ndarray:
        found = checked_arrays.integers(arrays, f"{name}.{field}", np.int32, (length,), low, high)
        return found.astype(np.int64)

    unit = whole("unit", None, 0, limit)
    follower = whole("follower", None, 0, size)
    level = RunLevel(
        whole("children", shorter, 0, len(unit)),
        unit,
        whole("followers", len(unit), 0, len(follower)),
        follower,
        whole("count", len(follower), 1, MOST_COUNT),
        whole("total", len(unit), 0, MOST_COUNT),
    )
    for group, value in ((level.children, unit), (level.followers, follower)):
        if group.sum() != len(value):
            raise ValueError(f"the runs of '{name}' are of other histories")
        key = np.repeat(np.arange(len(group)), group) * (size + 2) + value
        if np.any(np.diff(key) <= 0):
            raise ValueError(f"the runs of '{name}' do not ascend")
    own = np.repeat(np.arange(len(unit)), level.followers)
    if np.any(np.bincount(own, level.count, minlength=len(unit)) > level.total):
        raise ValueError(f"the runs of '{name}' are more than all")
    return level

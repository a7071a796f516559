"""What is learned about one variable, and every way of going down its questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import lightgbm as lgb
import numpy as np

from tidemill.models.forest import Forest
from tidemill.models.linear_scores import LinearScores
from tidemill.models.nested_dichotomies import NestedDichotomies


@dataclass
class BinaryForest:
    """The questions of one variable and the chances of their answers.

    Places are positions of symbols among ``questions.symbols``; for ordered symbols they are the
    symbols themselves.

    Attributes:
        questions: The binary tree over its symbols.
        count: (s,) training rows of each symbol.
        features: (f,) the earlier variables it is drawn from.
        share: (q,) the proportion of rows that go right at each node.
        forest_of: (q,) which forest answers each node; -1 for none.
        forest: The forests.
        scores: Of rows, behind the features; None where there are none.
        boosters: LightGBM's predictor of each forest; loaded when the first rows are drawn.
    """

    questions: NestedDichotomies
    count: np.ndarray
    features: np.ndarray
    share: np.ndarray
    forest_of: np.ndarray
    forest: Forest | None = None
    scores: LinearScores | None = None
    boosters: list[lgb.Booster] = field(default_factory=list, repr=False)

    @staticmethod
    def planned(
        questions: NestedDichotomies, count: np.ndarray, features: np.ndarray
    ) -> BinaryForest:
        """Nothing learned yet: every question is answered by the proportion of its training
        rows."""
        with np.errstate(invalid="ignore", divide="ignore"):
            right = questions.rows[questions.right] / questions.rows
        share = np.nan_to_num(np.where(questions.left >= 0, right, 0.0), nan=0.5)
        no_forest = np.full(len(questions), -1, np.int32)
        return BinaryForest(questions, count, features, share, no_forest)

    def load(self) -> None:
        """Hand the forests to LightGBM, if that was not done yet."""
        if self.forest is not None and not self.boosters:
            self.boosters = self.forest.boosters(self.width)

    @property
    def width(self) -> int:
        """How many numbers the forests see of a row."""
        return len(self.features) + (0 if self.scores is None else self.scores.size)

    def seen(self, x: np.ndarray) -> np.ndarray:
        """(n, f) features -> (n, width) with the scores behind them."""
        return x if self.scores is None else np.concatenate([x, self.scores(x)], axis=1)

    def right_chance(self, node: int, x: np.ndarray) -> np.ndarray:
        """(n, width) what is seen -> (n,) the chance that each row goes right at the node."""
        which = int(self.forest_of[node])
        if which < 0:
            return np.full(len(x), self.share[node])
        # one thread, since chunks are the parallel unit
        return np.asarray(self.boosters[which].predict(x, num_threads=1))

    def draw(
        self, x: np.ndarray, rng: np.random.Generator, *, balanced: bool = False
    ) -> np.ndarray:
        """(n, f) features -> (n,) symbols.

        Args:
            x: The rows.
            rng: Source of chance.
            balanced: Draw systematically along the rows: each row keeps its chances, but of
                neighbouring rows as many go right as their chances add up to (Madow 1949), so that
                rows in a meaningful order give a balanced sample.
        """
        x = self.seen(x)

        def choose(node: int, rows: np.ndarray) -> np.ndarray:
            chance = self.right_chance(node, x[rows])
            if not balanced:
                return np.asarray(rng.random(len(rows)) < chance)
            turns = np.floor(np.cumsum(np.r_[rng.random(), chance]))
            return np.asarray(turns[1:] > turns[:-1])

        leaf = self._down(len(x), choose)
        symbols, _ = self._of_group(leaf, rng.random(len(x)), self._edges(self.count))
        return symbols

    def chance_of(self, x: np.ndarray, symbols: np.ndarray) -> np.ndarray:
        """(n, f) features, (n,) symbols -> (n,) the chance of each row's symbol."""
        place = self.questions.rank(len(self.count))[symbols]
        reach, _, leaf = self._along(x, place)
        q, edges = self.questions, self._edges(self.count)
        rows_of_leaf = edges[q.stop[leaf]] - edges[q.start[leaf]]
        return np.asarray(reach * self.count[symbols] / np.maximum(rows_of_leaf, 1))

    def below(self, x: np.ndarray, place: np.ndarray, part: np.ndarray) -> np.ndarray:
        """(n, f) features -> (n,) the chance of the ordered symbols below ``place``, and of a part
        of that symbol."""
        reach, low, leaf = self._along(x, place)
        q, edges = self.questions, self._edges(self.count)
        first, last = edges[q.start[leaf]], edges[q.stop[leaf]]
        into = edges[place] - first + part * (edges[place + 1] - edges[place])
        return np.asarray(low + reach * into / np.maximum(last - first, 1))

    def chances(self, x: np.ndarray) -> np.ndarray:
        """(n, f) features -> (n, s) the chance of each symbol."""
        x, q, edges = self.seen(x), self.questions, self._edges(self.count)
        reach = np.ones((len(q), len(x)))
        found = np.zeros((len(x), len(self.count)))
        for node in range(len(q)):  # children come behind their parents
            if q.left[node] >= 0:
                right = self.right_chance(node, x)
                reach[q.left[node]] = reach[node] * (1 - right)
                reach[q.right[node]] = reach[node] * right
                continue
            first, last = q.start[node], q.stop[node]
            symbols = q.symbols[first:last]
            share = self.count[symbols] / max(edges[last] - edges[first], 1)
            found[:, symbols] = reach[node][:, None] * share
        return found

    def at(self, x: np.ndarray, u: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The inverse of :meth:`below`.

        Args:
            x: (n, f) features.
            u: (m,) chances.
            row: (m,) which row of features each chance is of, ascending.

        Returns:
            (m,) ordered symbols, and the part of each that lies below its chance.
        """
        rest, x = u.copy(), self.seen(x)

        def choose(node: int, rows: np.ndarray) -> np.ndarray:
            # each row of features is asked about once
            own = row[rows]
            apart = np.r_[True, own[1:] != own[:-1]]
            chance = self.right_chance(node, x[own[apart]])[np.cumsum(apart) - 1]
            u_here = rest[rows]
            right = u_here >= 1 - chance
            with np.errstate(invalid="ignore", divide="ignore"):
                inner = np.where(right, (u_here - (1 - chance)) / chance, u_here / (1 - chance))
            rest[rows] = np.clip(np.nan_to_num(inner), 0, np.nextafter(1, 0))
            return np.asarray(right)

        return self._of_group(self._down(len(u), choose), rest, self._edges(self.count))

    def within(
        self, x: np.ndarray, allowed: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """(n, f) features, (s,) bool -> (n,) the chance of the allowed symbols together, and (n,)
        one of them each."""
        q, x = self.questions, self.seen(x)
        edges, kept = self._edges(self.count), self._edges(self.count * allowed)
        # of each node, its training rows and those of them that have an allowed symbol
        reached, let = edges[q.stop] - edges[q.start], kept[q.stop] - kept[q.start]
        chance: dict[int, np.ndarray] = {}
        mass: dict[int, np.ndarray] = {}

        def allowed_below(node: int) -> np.ndarray:
            """(n,) the chance of an allowed symbol among those of a node."""
            if node in mass:
                return mass[node]
            share = let[node] / reached[node] if reached[node] else 0.0
            return np.broadcast_to(share, (len(x),))

        for node in range(len(q) - 1, -1, -1):  # children come behind their parents
            if q.left[node] >= 0 and 0 < let[node] < reached[node]:
                chance[node] = self.right_chance(node, x)
                right = chance[node] * allowed_below(int(q.right[node]))
                mass[node] = right + (1 - chance[node]) * allowed_below(int(q.left[node]))

        def choose(node: int, rows: np.ndarray) -> np.ndarray:
            if node not in chance:
                return np.asarray(rng.random(len(rows)) < self.right_chance(node, x[rows]))
            right = chance[node][rows] * allowed_below(int(q.right[node]))[rows]
            return np.asarray(rng.random(len(rows)) * mass[node][rows] < right)

        leaf = self._down(len(x), choose)
        symbols, _ = self._of_group(leaf, rng.random(len(x)), kept)
        return allowed_below(0), symbols

    def _down(self, n: int, choose: Callable[[int, np.ndarray], np.ndarray]) -> np.ndarray:
        """(n,) the leaf that each row ends in; ``choose`` says which of the rows at a node go
        right."""
        q = self.questions
        leaf = np.empty(n, np.int32)
        waiting = {0: np.arange(n)}
        for node in range(len(q)):
            rows = waiting.pop(node, None)
            if rows is None or not len(rows):
                continue
            if q.left[node] < 0:
                leaf[rows] = node
                continue
            right = choose(node, rows)
            waiting[int(q.left[node])], waiting[int(q.right[node])] = rows[~right], rows[right]
        return leaf

    def _along(self, x: np.ndarray, place: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(n,) the chance of reaching the leaf of each place, of ending left of that leaf, and the
        leaf."""
        q, x = self.questions, self.seen(x)
        reach, low = np.ones(len(x)), np.zeros(len(x))

        def choose(node: int, rows: np.ndarray) -> np.ndarray:
            chance = self.right_chance(node, x[rows])
            right = place[rows] >= q.start[q.right[node]]
            low[rows] += np.where(right, reach[rows] * (1 - chance), 0)
            reach[rows] *= np.where(right, chance, 1 - chance)
            return np.asarray(right)

        leaf = self._down(len(x), choose)
        return reach, low, leaf

    def _edges(self, count: np.ndarray) -> np.ndarray:
        """(s + 1,) rows that stand before each place."""
        return np.r_[0, np.cumsum(count[self.questions.symbols])]

    def _of_group(
        self, leaf: np.ndarray, u: np.ndarray, edges: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """(n,) leaves, (n,) chances -> (n,) symbols by their counts within the leaf, and the part
        below each chance."""
        q = self.questions
        first, last = q.start[leaf], q.stop[leaf]
        target = edges[first] + u * (edges[last] - edges[first])
        place = np.clip(np.searchsorted(edges, target, side="right") - 1, first, last - 1)
        width = edges[place + 1] - edges[place]
        part = np.where(width > 0, (target - edges[place]) / np.maximum(width, 1), 0.5)
        return q.symbols[place], part

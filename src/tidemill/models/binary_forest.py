"""What is learned about one variable, and every way of going down its questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import lightgbm as lgb
import numpy as np

from tidemill.models.forest import Forest
from tidemill.models.linear_scores import STEPS, LinearScores
from tidemill.models.nested_dichotomies import NestedDichotomies
from tidemill.supervised.log_odds import chances_of, log_odds

ASKED = 3
"""Numbers that tell a forest of several nodes which of them it is asked about."""
FARTHEST = 12.0
"""Log-odds farther from 0 are not taken for granted before trees are asked."""
ALONE = -1
"""The turn of rows that are drawn one by one."""


def cuts(questions: NestedDichotomies, value: np.ndarray) -> np.ndarray:
    """(q, 2) where the questions over ordered symbols cut, in the steps of a score, and the log of
    how many rows they cut.

    Args:
        questions: These.
        value: (s + 1,) the standardised values of the symbols.
    """
    q = questions
    at = q.start[np.where(q.left >= 0, q.right, 0)]
    between = (value[np.maximum(at - 1, 0)] + value[at]) / 2
    return np.stack([np.rint(STEPS * between), np.rint(np.log2(np.maximum(q.rows, 1)))], axis=1)


def odds_on_line(start: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """(n, 1 + s) constants and weights, (n, s) scores -> (n,) log-odds."""
    odds = start[:, 0] + np.einsum("ns,ns->n", scores / STEPS, start[:, 1:])
    return np.clip(odds, -FARTHEST, FARTHEST)


@dataclass
class BinaryForest:
    """The questions of one variable and the chances of their answers.

    Places are positions of symbols among ``questions.symbols``; for ordered symbols they are the
    symbols themselves.

    Attributes:
        questions: The binary tree over its symbols.
        count: (s,) training rows of each symbol.
        features: (f,) the earlier variables it is drawn from.
        share: (q,) the proportion of rows that go right at each node; a forest says what is beyond
            its log-odds.
        forest_of: (q,) which forest answers each node; -1 for none. Several nodes may share one.
        forest: The forests.
        scores: Of rows, behind the features; None where there are none.
        start: (q, 1 + scores) what the log-odds are at each node before its forest is asked: a
            constant, and weights of the scores; None where they are those of its proportion.
        asked: (q, ASKED - 1) what tells nodes apart that share a forest, as :func:`cuts` does; None
            where none do.
        boosters: LightGBM's predictor of each forest; loaded when the first rows are drawn.
    """

    questions: NestedDichotomies
    count: np.ndarray
    features: np.ndarray
    share: np.ndarray
    forest_of: np.ndarray
    forest: Forest | None = None
    scores: LinearScores | None = None
    start: np.ndarray | None = None
    asked: np.ndarray | None = None
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
            self.boosters = self.forest.boosters(self.widths)

    @property
    def shared(self) -> np.ndarray:
        """(forests,) whether several nodes share each."""
        return np.bincount(self.forest_of[self.forest_of >= 0]) > 1

    @property
    def widths(self) -> np.ndarray:
        """(forests,) how many numbers each sees of a row, and of what it is asked."""
        scores = 0 if self.scores is None else self.scores.size
        return len(self.features) + scores + ASKED * self.shared

    def seen(self, x: np.ndarray) -> np.ndarray:
        """(n, f) features -> (n, f + scores) with the scores behind them."""
        if self.scores is None:
            return x
        return np.concatenate([x, self.scores(x).astype(x.dtype)], axis=1)

    def asking(self, nodes: np.ndarray, x: np.ndarray) -> np.ndarray:
        """(n,) nodes that share a forest, (n, w) what is seen -> (n, w + ASKED) with what tells the
        nodes apart, and how far the first score lies from where the node cuts."""
        assert self.asked is not None
        asked = self.asked[nodes]
        beyond = np.zeros(len(x)) if self.scores is None else x[:, len(self.features)] - asked[:, 0]
        return np.column_stack([x, asked, beyond])

    def right_chance(self, nodes: np.ndarray | int, x: np.ndarray) -> np.ndarray:
        """(n,) nodes or one, (n, w) what is seen -> (n,) the chance that each row goes right at
        its node."""
        nodes = np.broadcast_to(nodes, len(x))
        chance = self.share[nodes]
        which = self.forest_of[nodes]
        order = np.argsort(which, kind="stable")
        parts = [order[part] for part in _runs(which[order])]
        for rows in parts:
            forest = int(which[rows[0]])
            if forest >= 0:
                own = x if len(parts) == 1 else x[rows]
                chance[rows] = self._answered(forest, nodes[rows], own)
        return chance

    def _answered(self, forest: int, nodes: np.ndarray, x: np.ndarray) -> np.ndarray:
        odds = self.odds_before(nodes, x)
        if self.shared[forest]:
            x = self.asking(nodes, x)
        # one thread, since chunks are the parallel unit
        odds += np.asarray(self.boosters[forest].predict(x, num_threads=1, raw_score=True))
        return chances_of(odds)

    def odds_before(self, nodes: np.ndarray, x: np.ndarray) -> np.ndarray:
        """(n,) nodes, (n, w) what is seen -> (n,) log-odds before a forest is asked."""
        if self.start is None:
            return log_odds(self.share[nodes])
        first = len(self.features)
        return odds_on_line(self.start[nodes], x[:, first : first + self.start.shape[1] - 1])

    def draw(
        self, x: np.ndarray, rng: np.random.Generator, turn: np.ndarray | None = None
    ) -> np.ndarray:
        """(n, f) features -> (n,) symbols.

        Args:
            x: The rows.
            rng: Source of chance.
            turn: (n,) ascending. Draw systematically along the rows of a turn: each row keeps its
                chances, but of neighbouring rows as many go right as their chances add up to (Madow
                1949), so that rows in a meaningful order give a balanced sample. Rows of different
                turns are drawn independently, and those of turn ALONE one by one, as all rows are
                where there are no turns.
        """
        x = self.seen(x)

        def choose(nodes: np.ndarray, rows: np.ndarray) -> np.ndarray:
            chance = self.right_chance(nodes, x[rows])
            if turn is None:
                return np.asarray(rng.random(len(rows)) < chance)
            own = turn[rows]
            parts = []
            for here in _runs(nodes, own):
                if own[here.start] == ALONE:
                    parts.append(rng.random(here.stop - here.start) < chance[here])
                    continue
                passed = np.floor(np.cumsum(np.r_[rng.random(), chance[here]]))
                parts.append(passed[1:] > passed[:-1])
            return np.concatenate(parts)

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

        def choose(nodes: np.ndarray, rows: np.ndarray) -> np.ndarray:
            # each row of features is asked about once
            own = row[rows]
            apart = np.r_[True, (own[1:] != own[:-1]) | (nodes[1:] != nodes[:-1])]
            asked = self.right_chance(nodes[apart], x[own[apart]])
            chance = asked[np.cumsum(apart) - 1]
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

        def choose(nodes: np.ndarray, rows: np.ndarray) -> np.ndarray:
            odds = np.empty((2, len(rows)))  # of the allowed symbols to the right, and of all
            for here in _runs(nodes):
                node = int(nodes[here.start])
                if node not in chance:
                    odds[0, here], odds[1, here] = self.right_chance(node, x[rows[here]]), 1
                    continue
                right = chance[node][rows[here]]
                odds[0, here] = right * allowed_below(int(q.right[node]))[rows[here]]
                odds[1, here] = mass[node][rows[here]]
            return np.asarray(rng.random(len(rows)) * odds[1] < odds[0])

        leaf = self._down(len(x), choose)
        symbols, _ = self._of_group(leaf, rng.random(len(x)), kept)
        return allowed_below(0), symbols

    def _down(self, n: int, choose: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
        """(n,) the leaf that each row ends in; ``choose`` says which rows go right, given the nodes
        that they are at, all as far from the root."""
        q = self.questions
        at = np.zeros(n, np.int32)
        rows = np.arange(n)
        while True:
            rows = rows[q.left[at[rows]] >= 0]
            if not len(rows):
                return at
            rows = rows[np.argsort(at[rows], kind="stable")]
            right = choose(at[rows], rows)
            at[rows] = np.where(right, q.right[at[rows]], q.left[at[rows]])
            rows = np.sort(rows)

    def _along(self, x: np.ndarray, place: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(n,) the chance of reaching the leaf of each place, of ending left of that leaf, and the
        leaf."""
        q, x = self.questions, self.seen(x)
        reach, low = np.ones(len(x)), np.zeros(len(x))

        def choose(nodes: np.ndarray, rows: np.ndarray) -> np.ndarray:
            chance = self.right_chance(nodes, x[rows])
            right = place[rows] >= q.start[q.right[nodes]]
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


def _runs(*values: np.ndarray) -> list[slice]:
    """Where rows of equal values stand one behind the other."""
    n = len(values[0])
    is_other = np.zeros(max(n - 1, 0), bool)
    for own in values:
        is_other |= own[1:] != own[:-1]
    ends = np.flatnonzero(is_other) + 1
    starts = [0, *ends.tolist()] if n else []
    return [slice(a, b) for a, b in zip(starts, [*ends.tolist(), n], strict=False)]

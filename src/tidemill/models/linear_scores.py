"""What a straight line says of a variable, as further features of the trees that draw it.

Trees of few leaves that add up many small effects flatten each of them; a linear model does not.
With its prediction among their features the trees only have to learn how the variable lies around
it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tidemill.core.one_thread import one_thread
from tidemill.models.variables import ABSENT, Variables

MOST_LEVELS = 12
"""Levels of an unordered code that have a term each; the others share one."""
MOST_SCORED = 6
"""Levels of an unordered code that have a score each, the most frequent ones."""
MOST_ROWS = 20_000
CELLS = 2_000_000
"""Rows that the lines are learned from at most, fewer where there are many terms."""
ROWS_A_TERM = 20
"""A line is learned from so many rows a term at least."""
EXPLAINED = 0.02
"""A score that explains a smaller part of the variance is left out."""
RIDGE = 2.0
STEPS = 256
"""Steps of a score in a standard deviation."""
FAR = 4.0
"""Standard deviations at which a number's distance from the mean is cut off."""


@dataclass(frozen=True)
class LinearScores:
    """Scores of rows: the sum, over the features, of a table's entry for the row's symbol.

    Attributes:
        tables: For each feature (symbols + 1, scores); the last row is for no number.
        line: (terms + 1, scores) what they are made of: the weight of each term, and the constant.
    """

    tables: tuple[np.ndarray, ...]
    line: np.ndarray

    @property
    def size(self) -> int:
        """How many scores a row has."""
        return self.tables[0].shape[1]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """(n, f) features, NaN where there is no number -> (n, scores)."""
        total = np.zeros((len(x), self.size))
        for j, table in enumerate(self.tables):
            column = x[:, j]
            total += table[np.where(np.isnan(column), ABSENT, column).astype(np.int64)]
        # whole numbers, as the thresholds of stored trees are between
        return np.rint(total * STEPS)


class Terms:
    """The terms that each variable has in a line: standardised numbers, or flags of levels.

    Args:
        variables: The model's.
    """

    def __init__(self, variables: Variables) -> None:
        self.tables: list[np.ndarray] = []
        """For each variable (symbols + 1, terms); the last row is for no number."""
        self.scored: list[np.ndarray] = []
        """The same of what is predicted of it."""
        for v, count in enumerate(variables.count):
            kind, i = variables.channels[v]
            if kind == "real":
                own = variables.pieces[i]
                value = _standardised((own.low + own.high) / 2, count)
                flag = np.zeros(len(value) + 1)
                flag[ABSENT] = 1
                terms = np.column_stack([np.r_[value, 0.0], flag])
                if variables.presence[v] is None:
                    terms = terms[:, :1]
                self.tables.append(terms)
                self.scored.append(terms[:, :1])
                continue
            code = variables.spec.codes[i]
            if code.ordered:
                value = np.r_[_standardised(np.arange(len(count)), count), 0.0]
                self.tables.append(value[:, None])
                self.scored.append(value[:, None])
                continue
            frequent = np.argsort(-count, kind="stable")
            terms = np.zeros((len(count) + 1, min(max(len(count) - 1, 0), MOST_LEVELS)))
            for k, level in enumerate(frequent[: terms.shape[1]]):
                terms[level, k] = 1
            self.tables.append(terms)
            self.scored.append(terms[:, : 1 if len(count) == 2 else MOST_SCORED])

    def learned(
        self,
        v: int,
        features: np.ndarray,
        symbols: np.ndarray,
        rng: np.random.Generator,
        repeats: float = 1.0,
        caution: float = 1.0,
    ) -> LinearScores | None:
        """The scores of variable v; None where a line says next to nothing of it.

        Args:
            v: The variable.
            features: Those that it is told by.
            symbols: (n, variables) of the training rows.
            rng: Draws rows where there are many.
            repeats: Rows of a person, of whom as many stand behind a term as of rows else.
            caution: How many times RIDGE is taken.
        """
        wide = int(self._sizes(features).sum())
        if wide < 2 or not self.scored[v].shape[1]:
            return None
        rows = np.flatnonzero(symbols[:, v] != ABSENT)
        most = min(MOST_ROWS, max(CELLS // wide, 1000))
        rows = np.sort(rng.permutation(rows)[:most])
        if len(rows) < ROWS_A_TERM * repeats * wide:
            return None
        with one_thread():
            x = self._terms(features, symbols[rows])
            y = self.scored[v][symbols[rows, v]]
            line = _solved(x.T @ x, x.T @ y, caution)
            left = ((y - x @ line) ** 2).sum(axis=0) / (len(rows) - wide - 1)
        explained = 1 - left / np.maximum(y.var(axis=0, ddof=1), 1e-12)
        told = explained >= EXPLAINED
        return self.scores(features, line[:, told]) if told.any() else None

    def _terms(self, features: Sequence[int] | np.ndarray, symbols: np.ndarray) -> np.ndarray:
        parts = [self.tables[u][symbols[:, u]] for u in features]
        return np.concatenate([*parts, np.ones((len(symbols), 1))], axis=1)

    def _sizes(self, features: np.ndarray) -> np.ndarray:
        return np.array([self.tables[u].shape[1] for u in features], int)

    def scores(self, features: np.ndarray, line: np.ndarray) -> LinearScores:
        """The scores of a line.

        Raises:
            ValueError: It does not fit the features.
        """
        if line.ndim != 2 or not 1 <= line.shape[1] <= MOST_SCORED:
            raise ValueError("a line has no scores, or more than there can be")
        if len(line) != self._sizes(features).sum() + 1:
            raise ValueError("a line does not fit its features")
        parts = np.split(line[:-1], np.cumsum(self._sizes(features))[:-1])
        tables = [self.tables[u] @ part for u, part in zip(features, parts, strict=True)]
        tables[0] = tables[0] + line[-1]
        return LinearScores(tuple(tables), line)


def _solved(gram: np.ndarray, cross: np.ndarray, caution: float) -> np.ndarray:
    penalty = np.full(len(gram), RIDGE * caution)
    penalty[-1] = 1e-6
    return np.linalg.solve(gram + np.diag(penalty), cross)


def _standardised(value: np.ndarray, count: np.ndarray) -> np.ndarray:
    weight = count / max(count.sum(), 1)
    centred = value - (weight * value).sum()
    spread = np.sqrt((weight * centred**2).sum())
    return np.clip(centred / spread, -FAR, FAR) if spread > 0 else np.zeros(len(value))

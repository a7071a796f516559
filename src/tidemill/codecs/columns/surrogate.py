"""What is made afresh, and free text: of single texts nothing is learned but their words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from string import ascii_lowercase
from typing import Any, Self

import numpy as np
import polars as pl

from tidemill.codecs.columns.base import FIRST, Allowed, ColumnCodec, SurrogateStream, none_passes
from tidemill.codecs.columns.presence import Presence
from tidemill.core import checked_values as checked
from tidemill.core.condition import Test
from tidemill.core.errors import ConditionError
from tidemill.core.grid import Batch, Spec
from tidemill.core.persons import shared_items
from tidemill.core.run import Run
from tidemill.core.schema import Column

MOST_IN_A_TEXT = 200
"""Words of a text at most."""
LONGEST_WORD = 1_000
"""Characters of a word that is kept, at most."""
SAMPLE = 20_000
"""Rows that words are learned from."""


class SurrogateCodec(ColumnCodec):
    """Makes values afresh; only whether there is one is learned."""

    exact = False
    presence: Presence

    def encode(self, values: pl.Series) -> Batch:

        return Batch(np.zeros((len(values), 0), np.int64), self.presence.encode(values))

    @property
    def missing_level(self) -> int | None:

        return self.presence.missing_level

    def unknown(self, values: pl.Series) -> np.ndarray:

        return np.zeros(len(values), bool)

    def allowed(self, column: Column, tests: Sequence[Test]) -> Allowed:
        """Whether there is a value; single ones cannot be asked for."""
        if any(test.operator not in ("missing", "present") for test in tests):
            raise ConditionError(
                f"values of kind {column.kind} are made afresh and cannot be asked for",
                where=f"column '{column.name}'",
                hint="ask for a value of another column",
            )
        levels = np.ones(len(self.presence.absences) + 1, bool)
        for test in tests:
            levels &= self.presence.passing(column, test)
        if not levels.any():
            raise none_passes(column, tests)
        return Allowed(levels if self.presence.absences else None)


class TextCodec(SurrogateCodec):
    """Fresh texts of frequent words: as many words as real texts have, each drawn by how often it
    follows the last.

    What is kept: words and pairs of words of at least FEWEST_PERSONS persons. The texts have the
    column's form, not its meaning; a text model is another codec's work.
    """

    inexact_because = "texts are made afresh, so that none is a real one"

    words: list[str]
    lengths: list[int]
    follows: list[tuple[list[int], list[int]]]

    @property
    def dtype(self) -> pl.DataType:

        return pl.String()

    def fit(
        self, column: Column, values: pl.Series, run: Run, persons: np.ndarray | None = None
    ) -> Self:
        """Count frequent words, pairs of them, and lengths."""
        here = values.is_not_null()
        texts = [text.split() for text in values.filter(here).head(SAMPLE).cast(pl.String)]
        whose = None if persons is None else persons[here.to_numpy()].tolist()
        frequent = shared_items(map(set, texts), whose)
        self.words = sorted(one for one in frequent if len(one) <= LONGEST_WORD)
        self.follows = _followers(texts, self.words, whose)
        lengths = [min(len(text), MOST_IN_A_TEXT) for text in texts]
        shared = shared_items(([length] for length in lengths), whose)
        self.lengths = []
        for length, count in sorted(Counter(lengths).items()):
            if length in shared:
                percent = -(-100 * count // len(texts))  # rounded up
                self.lengths += [length] * percent
        self.presence = Presence.of(values)
        self.spec = Spec(codes=self.presence.codes(column.name))
        return self

    def decode(
        self, batch: Batch, rng: np.random.Generator, fresh: SurrogateStream = FIRST
    ) -> pl.Series:
        """Fresh texts."""
        n = len(batch)
        lengths = rng.choice(self.lengths, n) if self.lengths else np.ones(n, np.int64)
        texts = pl.Series([""] * n, dtype=pl.String)
        for length in np.unique(lengths[lengths > 0]).tolist():
            rows = np.flatnonzero(lengths == length)
            words = self._words(len(rows), length, rng)
            texts = texts.scatter(rows, pl.select(pl.concat_str(words, separator=" ")).to_series())
        return self.presence.decode(texts, batch.code)

    def _words(self, n: int, length: int, rng: np.random.Generator) -> list[pl.Series]:
        """Words for n texts: one series for each place."""
        if not self.words:
            letters = np.array(list(ascii_lowercase))
            return [_joined(list(letters[rng.integers(26, size=(6, n))]), n) for _ in range(length)]
        vocabulary = pl.Series(self.words, dtype=pl.String)
        chains = self._chains()
        words = []
        last = np.zeros(n, np.int64)
        for _ in range(length):
            last = chains.draw(last, rng)
            words.append(vocabulary[last - 1])
        return words

    def _chains(self) -> _Chains:
        """What follows what; a word that nothing follows is followed by what texts begin with."""
        first = self.follows[0]
        if not first[0]:
            first = list(range(1, len(self.words) + 1)), [1] * len(self.words)
        followers: list[int] = []
        frequencies: list[int] = []
        edges: list[int] = []
        for words, counts in self.follows:
            followers += words or first[0]
            frequencies += counts or first[1]
            edges.append(len(followers))
        ends = np.cumsum(frequencies)
        return _Chains(np.array(followers), ends, ends[np.array(edges) - 1])

    def to_state(self) -> dict[str, Any]:

        return {
            "words": self.words,
            "lengths": self.lengths,
            "follows": [[words, counts] for words, counts in self.follows],
            "absences": list(self.presence.absences),
        }

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> Self:

        codec = cls()
        codec.words = [checked.text(word, LONGEST_WORD) for word in state["words"]]
        codec.lengths = checked.wholes(state["lengths"], 0, MOST_IN_A_TEXT)
        codec.follows = []
        fits = len(state["follows"]) == len(codec.words) + 1
        for followers, frequencies in state["follows"]:
            words = checked.wholes(followers, 1, len(codec.words))
            counts = checked.wholes(frequencies, 1, checked.MOST_COUNTED)
            fits &= len(words) == len(counts)
            codec.follows.append((words, counts))
        if not fits:
            raise ValueError("words and their followers do not fit together")
        codec.presence = Presence.from_state(state["absences"])
        codec.spec = Spec(codes=codec.presence.codes(column.name))
        return codec


@dataclass(frozen=True, slots=True)
class _Chains:
    """All followers of all words in one row, so that many are drawn at once.

    Attributes:
        word: (followers,) of word 0, then of word 1, and so on.
        end: (followers,) counts added up.
        total: (words,) the last of these for each word.
    """

    word: np.ndarray
    end: np.ndarray
    total: np.ndarray

    def draw(self, last: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(n,) words -> (n,) words that follow them."""
        begin = np.where(last > 0, self.total[last - 1], 0)
        drawn = rng.integers(begin, self.total[last])
        return np.asarray(self.word[np.searchsorted(self.end, drawn, side="right")])


def _followers(
    texts: list[list[str]], words: list[str], whose: list[int] | None
) -> list[tuple[list[int], list[int]]]:
    """For a text's beginning, and then for each word: the words (counted from 1) that follow it in
    the texts of enough persons, and in how many places."""
    place = {word: k for k, word in enumerate(words, 1)}
    pairs: Counter[tuple[int, int]] = Counter()
    of_texts = []
    for text in texts:
        known = [0, *(place[word] for word in text if word in place)]  # 0 is the text's beginning
        of_texts.append(list(pairwise(known)))
        pairs.update(of_texts[-1])
    follows: list[tuple[list[int], list[int]]] = [([], []) for _ in range(len(words) + 1)]
    for last, word in sorted(shared_items(of_texts, whose)):
        follows[last][0].append(word)
        follows[last][1].append(pairs[last, word])
    return follows


def _joined(places: list[np.ndarray], n: int) -> pl.Series:
    """(n,) texts of the letters of each place."""
    if not places:
        return pl.Series([""] * n, dtype=pl.String)
    letters = np.stack(places, axis=1).astype("<U1")
    texts = letters.view(f"<U{len(places)}")[:, 0]
    return pl.Series(texts.tolist(), dtype=pl.String)

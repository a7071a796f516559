"""What counts of real texts say of the order of words: how likely each is behind those before it,
and whether a text ends with what it began with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tidemill.core.one_thread import one_thread
from tidemill.core.run import Run
from tidemill.core.text_tokens import text_words
from tidemill.metrics.texts.terms import MOST_WORDS
from tidemill.supervised.arrays import Floats

ORDER = 4
"""Words of the longest runs."""
OFF = 0.75
"""What is taken off each count, for runs that were not seen (absolute discounting, Ney et al.
1994)."""
MOST_WORDS_KNOWN = 60_000
"""Runs of ORDER of so many different words have different keys of 64 bits."""
TOPICS = 24
FAR = 3
"""Words between two that are said to be far from each other."""
FIGURES = (
    *(f"nats a word, runs of {k}" for k in range(1, ORDER + 1)),
    "likeness of both halves",
    "words said again",
    "words",
)
"""What :meth:`WordOrder.figures` tells of a text."""


class _Runs(NamedTuple):
    """The runs of one length: their keys in order and how often each occurs; and the same of their
    histories, with how many different words follow each."""

    run: np.ndarray
    often: np.ndarray
    history: np.ndarray
    total: np.ndarray
    followers: np.ndarray


class WordOrder:
    """An interpolated model of runs of words, learned from real texts, and directions of words that
    occur in the same texts.

    Runs alone cannot see that a text loses its thread, as the texts of a model of short runs do;
    the likeness of a text's two halves can.
    """

    def __init__(self, texts: Sequence[str], run: Run) -> None:
        split = [text_words(text)[:MOST_WORDS] for text in texts]
        texts_of = Counter(word for text in split for word in sorted(set(text)))
        words = [word for word, often in texts_of.most_common(MOST_WORDS_KNOWN) if often > 1]
        self._number = {word: k + 2 for k, word in enumerate(words)}  # 0 ends a text, 1 is unknown
        self._size = len(words) + 2
        unit, row = self._stream(split)
        self._levels = []
        for length in range(1, ORDER + 1):
            history, key = self._keys(unit, row, length)
            runs, count = np.unique(key, return_counts=True)
            pasts, total = np.unique(history, return_counts=True)
            followers = np.bincount(
                np.searchsorted(pasts, _without_last(runs, self._size)), minlength=len(pasts)
            )
            self._levels.append(_Runs(runs, count, pasts, total, followers))
        self._topic = self._topics(split, run)

    def figures(self, texts: Sequence[str]) -> Floats:
        """(n, len(FIGURES)) of each text."""
        split = [text_words(text)[:MOST_WORDS] for text in texts]
        unit, row = self._stream(split)
        chance = np.full(len(unit), 1.0 / self._size)
        units = np.maximum(np.bincount(row, minlength=len(texts)), 1)
        found = []
        for length, level in enumerate(self._levels, start=1):
            history, key = self._keys(unit, row, length)
            count, _ = _looked_up(level.run, key, level.often)
            total, known = _looked_up(level.history, history, level.total)
            followers, _ = _looked_up(level.history, history, level.followers)
            own = np.maximum(count - OFF, 0) + OFF * followers * chance
            chance = np.where(known, own / np.maximum(total, 1), chance)
            found.append(np.bincount(row, -np.log(chance), minlength=len(texts)) / units)
        threads = np.array([self._thread(text) for text in split]).reshape(len(texts), 2)
        return np.column_stack([*found, threads, np.log(units)])

    def _stream(self, split: Sequence[Sequence[str]]) -> tuple[np.ndarray, np.ndarray]:
        """Words of all texts, each with its end, and which text each is of."""
        numbers = [self._number.get(word, 1) for text in split for word in (*text, "")]
        length = [len(text) + 1 for text in split]
        unit = np.array(numbers, np.int64)
        unit[np.cumsum(length) - 1] = 0
        return unit, np.repeat(np.arange(len(split)), length)

    def _keys(
        self, unit: np.ndarray, row: np.ndarray, length: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """A key of the words before each, and of these with itself; before a text stands its
        end."""
        history = np.zeros(len(unit), np.uint64)
        for back in range(length - 1, 0, -1):
            before = np.zeros(len(unit), np.int64)
            inside = row[back:] == row[:-back]
            before[back:][inside] = unit[:-back][inside]
            history = history * np.uint64(self._size) + before.astype(np.uint64)
        return history, history * np.uint64(self._size) + unit.astype(np.uint64)

    def _topics(self, split: Sequence[Sequence[str]], run: Run) -> Floats:
        """(words, TOPICS) what each word is about: words that occur in the same texts point the
        same way; frequent ones say less."""
        from scipy import sparse
        from sklearn.utils.extmath import randomized_svd

        known = [sorted({self._number[w] for w in text if w in self._number}) for text in split]
        row = np.repeat(np.arange(len(split)), [len(text) for text in known])
        column = np.array([number for text in known for number in text], np.int64)
        there = sparse.csr_array((np.ones(len(row)), (row, column)), (len(split), self._size))
        shared = np.bincount(column, minlength=self._size)
        rarity = np.where(shared > 1, np.log(len(split) / np.maximum(shared, 1)), 0.0)
        axes = min(TOPICS, min(there.shape) - 1)
        if axes < 1 or not rarity.any():
            return np.zeros((self._size, 1))
        seed = int(run.rng("metrics", "texts", "topics").integers(1 << 31))
        weighted = there.multiply(rarity[None, :]).tocsr()
        with one_thread():
            _, _, words = randomized_svd(weighted, axes, n_iter=3, random_state=seed)
        topic: Floats = words.T * rarity[:, None]
        return topic

    def _thread(self, text: Sequence[str]) -> tuple[float, float]:
        """The cosine of a text's two halves, and the share of words that stood far before."""
        half = len(text) // 2
        numbers = np.array([self._number.get(word, 1) for word in text], np.int64)
        first, last = (self._topic[part].sum(axis=0) for part in (numbers[:half], numbers[half:]))
        size = float(np.linalg.norm(first) * np.linalg.norm(last))
        seen: dict[str, int] = {}
        again = 0
        for place, word in enumerate(text):
            again += place - seen.setdefault(word, place) > FAR
        likeness = float(first @ last) / size if size > 0 else 0.0
        return likeness, again / max(len(text), 1)


def _without_last(runs: np.ndarray, size: int) -> np.ndarray:
    return runs // np.uint64(size)


def _looked_up(
    keys: np.ndarray, wanted: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The values of wanted keys, 0 where there is none; and whether there is one."""
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    known = keys[at] == wanted
    return np.where(known, values[at], 0), known

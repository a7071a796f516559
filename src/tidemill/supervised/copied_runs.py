"""How much of texts is copied from others: whole texts, and the longest run of words that stands in
one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.persons import persons_of, shared_items, sharing
from tidemill.core.text_tokens import (
    FEWEST_OF_RUN,
    RUN_OF_CHARACTERS,
    RUN_OF_WORDS,
    is_unspaced,
    text_words,
)

MOSTLY = 0.8
"""Texts of which one run has more than this part are mostly copied."""
LARGELY = 2 / 3
"""Texts of which more than this part stands in runs of a few persons are largely theirs."""
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


class CopiedParts(NamedTuple):
    """How much of each text is copied.

    Attributes:
        whole: (n,) whether it is a training text, word by word.
        longest: (n,) the part of its words that its longest run of words has that stands in a
            training text.
        covered: (n,) the part of its words that stand in runs of RUN_OF_WORDS words or more which
            training texts of fewer than FEWEST_OF_RUN persons have; 1 of a training text.
    """

    whole: np.ndarray
    longest: np.ndarray
    covered: np.ndarray

    @property
    def mostly(self) -> np.ndarray:
        """(n,) whether one run is more than MOSTLY of the text."""
        return self.longest > MOSTLY

    @property
    def largely(self) -> np.ndarray:
        """(n,) whether more than LARGELY of the text are other persons' runs."""
        return self.covered > LARGELY


def copied_parts(
    texts: Sequence[tuple[str, ...]],
    train: Sequence[tuple[str, ...]],
    persons: np.ndarray | None = None,
) -> CopiedParts:
    """How much of each text stands in training texts.

    Runs are compared by hashes of 64 bits: a run is one word longer in each round, and only places
    whose shorter run was found, in texts and in training texts, are looked at again.

    Args:
        texts, train: Their words.
        persons: (train,) whose each training text is; None where each is of a person of its own.

    Example:
        >>> parts = copied_parts([("a", "b", "c", "z")], [("x", "a", "b", "c")])
        >>> bool(parts.whole[0]), float(parts.longest[0])
        (False, 0.75)
    """
    known = set(train)
    whole = np.array([text in known for text in texts], bool)
    number: dict[str, int] = {}
    theirs = _Places(train, number)
    mine = _Places([() if same else t for t, same in zip(texts, whole, strict=True)], number)
    longest = np.zeros(len(texts), np.int64)
    covered = np.zeros(len(mine.words), bool)
    run = np.array([RUN_OF_CHARACTERS if is_unspaced("".join(t)) else RUN_OF_WORDS for t in texts])
    whose = np.arange(len(train)) if persons is None else persons
    length = 0
    while len(mine.start) and len(theirs.start):
        length += 1
        mine.lengthen(length)
        theirs.lengthen(length)
        mine.keep(np.isin(mine.rolled, theirs.rolled))
        theirs.keep(np.isin(theirs.rolled, mine.rolled))
        longest[mine.of_text[mine.start]] = length
        if length in (RUN_OF_WORDS, RUN_OF_CHARACTERS):
            rare = (run[mine.of_text[mine.start]] == length) & np.isin(
                mine.rolled, theirs.of_few(whose)
            )
            here = mine.start[rare]
            covered[(here[:, None] + np.arange(length)).ravel()] = True
    words = np.maximum([len(text) for text in texts], 1)
    of_runs = np.bincount(mine.of_text, covered, minlength=len(texts)) / words
    return CopiedParts(whole, np.where(whole, 1.0, longest / words), np.where(whole, 1.0, of_runs))


class _Places:
    """Where runs begin among the words of texts, with their hashes so far."""

    def __init__(self, texts: Sequence[Sequence[str]], number: dict[str, int]) -> None:
        words = [number.setdefault(word, len(number)) for text in texts for word in text]
        # mixed, so that a rolled hash of consecutive numbers does not meet another's
        self.words = (np.array(words, np.uint64) + np.uint64(1)) * np.uint64(0xBF58476D1CE4E5B9)
        self.words ^= self.words >> np.uint64(31)
        length = [len(text) for text in texts]
        self.of_text = np.repeat(np.arange(len(texts)), length)
        self.end = np.cumsum(length)
        self.start = np.arange(len(words))
        self.rolled = np.zeros(len(words), np.uint64)

    def lengthen(self, length: int) -> None:
        """Make runs one word longer; those that reach their text's end are left out."""
        self.keep(self.start + length <= self.end[self.of_text[self.start]])
        self.rolled = self.rolled * _FACTOR + self.words[self.start + length - 1]

    def keep(self, chosen: np.ndarray) -> None:
        self.start, self.rolled = self.start[chosen], self.rolled[chosen]

    def of_few(self, persons: np.ndarray) -> np.ndarray:
        """The different runs that texts of fewer than FEWEST_OF_RUN persons have."""
        runs, place = np.unique(self.rolled, return_inverse=True)
        whose = persons[self.of_text[self.start]]
        return runs[sharing(place, len(runs), whose) < FEWEST_OF_RUN]


class WordsOfTexts(NamedTuple):
    """The words of texts that have some, and of which row each is."""

    words: list[tuple[str, ...]]
    row: np.ndarray


def words_of_texts(data: Dataset, names: Sequence[str]) -> WordsOfTexts:
    """The words of every text of these columns that has some."""
    found: list[tuple[str, ...]] = []
    rows: list[int] = []
    for name in names:
        for row, text in enumerate(data[name].cast(pl.String).fill_null("")):
            words = tuple(text_words(text))
            if words:
                found.append(words)
                rows.append(row)
    return WordsOfTexts(found, np.array(rows, np.int64))


def common_phrases(data: Dataset, names: Sequence[str]) -> set[tuple[str, ...]]:
    """Whole texts that enough persons have written."""
    persons = persons_of(data)
    numbers = None if persons is None else persons.tolist()
    columns = [data[name].cast(pl.String).fill_null("").to_list() for name in names]
    return shared_items(
        ({tuple(text_words(text)) for text in row} for row in zip(*columns, strict=True)), numbers
    )

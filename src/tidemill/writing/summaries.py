"""Summaries of sentences that stand in the text, so that they say nothing that it does not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tidemill.core.text_tokens import is_unspaced, text_words
from tidemill.writing.stop_words import CHINESE_STOP_WORDS, STOP_WORDS

_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s)|[。！？…]+[」』”’）]*|[\r\n]+")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[A-Za-z]|mr|mrs|ms|dr|prof|st|no|vs|etc|inc|ltd|co|corp|approx|e\.g|i\.e|a\.m|"
    r"p\.m|u\.s|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec)\.$",
    re.IGNORECASE,
)
_DAMPING = 0.85
"""Of PageRank (Brin and Page, 1998)."""
_ROUNDS = 100
_ENOUGH = 1e-9
_REDUNDANT = 0.5
"""How much likeness to a chosen sentence weighs, beside rank (Carbonell and Goldstein, 1998)."""
_FEWEST_WORDS = 3
"""Words of a sentence that says something by itself."""
_MOST_SENTENCES = 1_000
"""That are ranked; of a longer text the first."""


@dataclass(frozen=True, slots=True)
class Rouge:
    """F-scores of a summary beside a reference (Lin, 2004).

    Attributes:
        one, two: Of words, and of pairs of words.
        longest: Of the longest common subsequence of words.
    """

    one: float
    two: float
    longest: float


def sentences_of(text: str) -> list[str]:
    """The sentences of a text in their order, as they stand in it.

    Example:
        >>> sentences_of("Dr. Li paid 3.50 EUR. It works! 很好。真的")
        ['Dr. Li paid 3.50 EUR.', 'It works!', '很好。', '真的']
    """
    found, begin = [], 0
    for match in _END.finditer(text):
        part = text[begin : match.end()]
        if match[0] == "." and _ABBREVIATION.search(part.strip()):
            continue
        found.append(part.strip())
        begin = match.end()
    found.append(text[begin:].strip())
    return [part for part in found if part]


def summary_of(text: str, sentences: int = 3) -> list[str]:
    """The sentences that most others of the text are like, in their order in it.

    They are ranked by PageRank over the likeness of their words (TextRank: Mihalcea and Tarau,
    2004), and one that says what a chosen one says is passed over for another.

    Args:
        text: In any language; of unspaced scripts pairs of characters are the words.
        sentences: How many at most.

    Example:
        >>> text = "The tram was late. Late trams are a nuisance. My cat sleeps. Trams came late."
        >>> summary_of(text, 1)
        ['Late trams are a nuisance.']
    """
    parts = list(dict.fromkeys(sentences_of(text)))[:_MOST_SENTENCES]
    telling = [part for part in parts if len(_terms(part)) >= _FEWEST_WORDS] or parts
    if len(telling) <= sentences:
        return telling
    likeness = _likeness(telling)
    chosen = _apart(_ranks(likeness), likeness, sentences)
    return [telling[index] for index in sorted(chosen)]


def lead_of(text: str, sentences: int = 3) -> list[str]:
    """The first sentences of a text: what a summary is measured beside."""
    return sentences_of(text)[:sentences]


def rouge(summary: str, reference: str) -> Rouge:
    """How much of a reference a summary has, and of it of the reference.

    Example:
        >>> found = rouge("the cat sat", "the cat ran home")
        >>> round(found.one, 3), round(found.two, 3), round(found.longest, 3)
        (0.571, 0.4, 0.571)
    """
    one, other = text_words(summary), text_words(reference)
    return Rouge(
        one=_f_score(_common(one, other, 1), len(one), len(other)),
        two=_f_score(_common(one, other, 2), len(one) - 1, len(other) - 1),
        longest=_f_score(_longest_common(one, other), len(one), len(other)),
    )


def _terms(sentence: str) -> list[str]:
    """Words that say what a sentence is about; of unspaced scripts, pairs of characters."""
    words = text_words(sentence)
    if is_unspaced(sentence):
        words = [one for one in words if one not in CHINESE_STOP_WORDS]
        return ["".join(pair) for pair in pairwise(words)]
    return [one for one in words if not any(one in own for own in STOP_WORDS.values())]


def _likeness(parts: Sequence[str]) -> np.ndarray:
    """(n, n) cosines of the sentences' TF-IDF weights."""
    counts = [Counter(_terms(part)) for part in parts]
    places = {term: place for place, term in enumerate(sorted(set().union(*counts)))}
    weights = np.zeros((len(parts), max(len(places), 1)))
    for row, counted in enumerate(counts):
        for term, number in counted.items():
            weights[row, places[term]] = 1 + np.log(number)
    within = np.count_nonzero(weights, axis=0)
    weights *= np.log((1 + len(parts)) / (1 + within)) + 1
    lengths = np.linalg.norm(weights, axis=1, keepdims=True)
    weights /= np.where(lengths > 0, lengths, 1)
    return weights @ weights.T


def _ranks(likeness: np.ndarray) -> np.ndarray:
    """(n,) PageRank of sentences that point to each other as much as they are alike."""
    links = likeness.copy()
    np.fill_diagonal(links, 0)
    total = links.sum(axis=1, keepdims=True)
    size = len(links)
    links = np.where(total > 0, links / np.where(total > 0, total, 1), 1 / size)
    ranks = np.full(size, 1 / size)
    for _ in range(_ROUNDS):
        before = ranks
        ranks = (1 - _DAMPING) / size + _DAMPING * (before @ links)
        if np.abs(ranks - before).max() < _ENOUGH:
            break
    return ranks


def _apart(ranks: np.ndarray, likeness: np.ndarray, number: int) -> list[int]:
    """The places of high-ranking sentences that are little alike."""
    chosen: list[int] = []
    scale = ranks / ranks.max()
    near = np.zeros(len(ranks))
    for _ in range(min(number, len(ranks))):
        score = (1 - _REDUNDANT) * scale - _REDUNDANT * near
        score[chosen] = -np.inf
        best = int(np.argmax(np.round(score, 9)))  # ties, up to rounding, go to the first
        chosen.append(best)
        near = np.maximum(near, likeness[:, best])
    return chosen


def _common(one: Sequence[str], other: Sequence[str], size: int) -> int:
    counted = [
        Counter(tuple(words[at : at + size]) for at in range(len(words) - size + 1))
        for words in (one, other)
    ]
    return (counted[0] & counted[1]).total()


def _longest_common(one: Sequence[str], other: Sequence[str]) -> int:
    row = [0] * (len(other) + 1)
    for word in one:
        above = row.copy()
        for place, beside in enumerate(other, 1):
            longer = max(above[place], row[place - 1])
            row[place] = above[place - 1] + 1 if word == beside else longer
    return row[-1]


def _f_score(common: int, one: int, other: int) -> float:
    return 2 * common / (one + other) if common else 0.0

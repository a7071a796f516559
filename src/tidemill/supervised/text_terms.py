"""Words and word pairs of texts as counts, one column a term."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.text_tokens import text_words

if TYPE_CHECKING:
    from scipy import sparse

MOST_WORDS = 400
"""Of a longer text, so many words from its begin on are looked at."""
FEWEST_ROWS = 2
"""A term of fewer rows says nothing of another row."""
NO_WORDS = ""
"""The one term of a text that has no words, or is missing."""


def text_terms(text: str | None) -> list[str]:
    """The words of a text and the pairs of words that stand side by side; of scripts without blanks
    single characters and pairs of them.

    Example:
        >>> text_terms("Never again!")
        ['never', 'again', 'never again']
        >>> text_terms("很好"), text_terms(None)
        (['很', '好', '很 好'], [''])
    """
    words = text_words(text or "")[:MOST_WORDS]
    if not words:
        return [NO_WORDS]
    return words + [f"{first} {second}" for first, second in pairwise(words)]


class TermReader:
    """Reads texts, each different one once: rows that are compared again and again, as in folds,
    share most of them."""

    def __init__(self) -> None:
        self._place: dict[str, int] = {}
        self._rank: list[int] = []
        self._read: dict[str | None, NDArray[np.int32]] = {}

    def counts(self, parts: Sequence[pl.Series]) -> tuple[sparse.csr_array, ...]:
        """How often each term is in each text, (n, terms) for each part.

        Terms of fewer than FEWEST_ROWS rows of all parts together are left out. They are ordered by
        how many rows have them, so that no part can be told by its columns, and the order does not
        depend on what was read before.
        """
        from scipy import sparse

        rows = [self._places(text) for part in parts for text in part.cast(pl.String)]
        ends = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
        places = np.concatenate([np.empty(0, np.int32), *rows])
        used, terms = np.unique(places, return_inverse=True)
        shape = (len(rows), len(used))
        # liblinear knows 32-bit places only
        indices, ends = terms.astype(np.int32), ends.astype(np.int32)
        counts = sparse.csr_array((np.ones(len(terms)), indices, ends), shape=shape)
        counts.sum_duplicates()
        shared = np.bincount(counts.indices, minlength=len(used))
        order = np.lexsort((np.array(self._rank, np.uint64)[used], -shared))
        kept = order[shared[order] >= FEWEST_ROWS].astype(np.int32)
        counts = counts[:, kept].tocsr()
        counts.sort_indices()
        cuts = np.concatenate([[0], np.cumsum([len(part) for part in parts])])
        return tuple(counts[first:last] for first, last in pairwise(cuts))

    def _places(self, text: str | None) -> NDArray[np.int32]:
        """The number of each term of a text."""
        found = self._read.get(text)
        if found is None:
            found = np.array([self._number(term) for term in text_terms(text)], np.int32)
            self._read[text] = found
        return found

    def _number(self, term: str) -> int:
        place = self._place.get(term)
        if place is None:
            place = self._place[term] = len(self._rank)
            self._rank.append(int.from_bytes(blake2b(term.encode(), digest_size=8).digest()))
        return place

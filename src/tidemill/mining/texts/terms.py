"""Words and phrases of texts, and which texts hold which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfTransformer

from tidemill.core.persons import shared_items
from tidemill.core.text_tokens import is_unspaced, text_tokens

MOST_TOKENS = 400
"""Of a longer text, so many tokens from its beginning are looked at."""


def terms_of(text: str) -> set[str]:
    """The words of a text in lower case, and the pairs of words that stand side by side without a
    mark between them; of scripts without blanks such pairs of characters only, which are most of
    their words.

    Example:
        >>> sorted(terms_of("Never again, sorry!"))
        ['again', 'never', 'never again', 'sorry']
        >>> sorted(terms_of("很好吃 OK"))
        ['ok', '好吃', '很好']
    """
    tokens = [token.casefold() for token in text_tokens(text)[:MOST_TOKENS]]
    found = {token for token in tokens if _is_word(token)}
    for first, second in pairwise(tokens):
        if _is_character(first) and _is_character(second):
            found.add(first + second)
        elif _is_word(first) and _is_word(second):
            found.add(f"{first} {second}")
    return found


def _is_character(token: str) -> bool:
    return len(token) == 1 and is_unspaced(token)


def _is_word(token: str) -> bool:
    return token[0].isalpha() and not _is_character(token)


def shared_terms(of_texts: Iterable[set[str]]) -> list[str]:
    """The terms that the texts of FEWEST_PERSONS persons or more hold, sorted; each text is of
    another person."""
    return sorted(shared_items(of_texts, None))


def held_terms(of_texts: Sequence[set[str]], terms: Sequence[str]) -> sparse.csr_array:
    """(n, terms) 1 where a text holds a term."""
    place = {term: at for at, term in enumerate(terms)}
    columns = [sorted(place[term] for term in held if term in place) for held in of_texts]
    starts = np.cumsum([0, *(len(row) for row in columns)])
    joined = np.array([at for row in columns for at in row], np.int32)
    ones = np.ones(len(joined))
    return sparse.csr_array((ones, joined, starts), shape=(len(of_texts), len(terms)))


def weighed(seen: sparse.csr_array, held: sparse.csr_array) -> tuple[sparse.csr_array, ...]:
    """Both with TF-IDF weights, learned from the first, and rows of length 1."""
    weights = TfidfTransformer().fit(seen)
    return tuple(sparse.csr_array(weights.transform(part)) for part in (seen, held))


def counts(held: sparse.csr_array, rows: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(terms,) How many of the texts under a mask hold each term."""
    return np.asarray(held[np.flatnonzero(rows)].sum(axis=0)).ravel().astype(np.int64)

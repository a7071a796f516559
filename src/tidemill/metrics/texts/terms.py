"""Texts as rows of numbers: the weights of their words and pairs of words, and an embedding of
their runs of characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tidemill.core.one_thread import one_thread
from tidemill.core.run import Run
from tidemill.core.text_tokens import text_words
from tidemill.supervised.arrays import Floats
from tidemill.supervised.text_weights import TermWeights

if TYPE_CHECKING:
    from scipy import sparse

MOST_WORDS, MOST_CHARACTERS = 400, 1_000
"""Of a longer text only its begin is looked at."""
LONGEST_RUN = 4
"""Characters."""
BUCKETS = 1 << 16
AXES = 32
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


def word_numbers(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray, int]:
    """The words of all texts as numbers, one after the other; how many each text has, (n,); and
    how many different ones there are."""
    number: dict[str, int] = {}
    found: list[int] = []
    length = np.zeros(len(texts), np.int64)
    for k, text in enumerate(texts):
        words = text_words(text)[:MOST_WORDS]
        found += [number.setdefault(word, len(number)) for word in words]
        length[k] = len(words)
    return np.array(found, np.int64), length, len(number)


def word_weights(texts: Sequence[str]) -> sparse.csr_array:
    """(n, terms) TF-IDF of words and pairs of words side by side that two texts have; of scripts
    without blanks, of characters and pairs of them."""
    words, length, different = word_numbers(texts)
    row = np.repeat(np.arange(len(texts)), length)
    within = row[1:] == row[:-1]
    pairs = (different + words[:-1] * different + words[1:])[within]
    return _weighted(
        np.concatenate([row, row[1:][within]]), np.concatenate([words, pairs]), len(texts)
    )


def embedded(texts: Sequence[str], run: Run) -> Floats:
    """(n, axes) texts in few numbers, such that texts which share runs of up to 4 characters lie
    near each other: latent semantic analysis (Deerwester et al. 1990) of hashed runs.

    Args:
        texts: All that shall be compared, whichever sort they are of.
        run: Its stream "metrics/texts/embedding" begins the decomposition.
    """
    from sklearn.utils.extmath import randomized_svd

    weights = _weighted(*_character_runs(texts), len(texts))
    axes = min(AXES, min(weights.shape) - 1)
    if axes < 1:
        return np.zeros((len(texts), 1))
    seed = int(run.rng("metrics", "texts", "embedding").integers(1 << 31))
    with one_thread():
        left, size, _ = randomized_svd(weights, axes, n_iter=3, random_state=seed)
    points: Floats = left * size
    return points


def _character_runs(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Of all runs of 1 to LONGEST_RUN characters their text and their bucket."""
    cut = [text[:MOST_CHARACTERS].casefold() for text in texts]
    letters = np.frombuffer("".join(cut).encode("utf-32-le", "surrogatepass"), "<u4")
    row = np.repeat(np.arange(len(cut)), [len(text) for text in cut])
    rows, buckets = [], []
    rolled = np.zeros(len(letters), np.uint64)
    for length in range(1, LONGEST_RUN + 1):
        count = max(len(letters) - length + 1, 0)
        rolled = rolled[:count] * _FACTOR + letters[length - 1 :].astype(np.uint64) + np.uint64(1)
        inside = row[:count] == row[length - 1 :]
        mixed = (rolled ^ (rolled >> np.uint64(29))) * _FACTOR
        rows.append(row[:count][inside])
        buckets.append((mixed >> np.uint64(48)).astype(np.int64)[inside])
    return np.concatenate(rows), np.concatenate(buckets)


def _weighted(row: np.ndarray, term: np.ndarray, texts: int) -> sparse.csr_array:
    """TF-IDF of terms, each text of length 1 (Salton and Buckley 1988); terms of a single text are
    left out.

    Args:
        row, term: (m,) of each occurrence its text and which term it is.
        texts: How many there are.
    """
    from scipy import sparse

    _, column = np.unique(term, return_inverse=True)
    shape = (texts, int(column.max(initial=0)) + 1)
    counts = sparse.csr_array((np.ones(len(row)), (row, column)), shape=shape)
    counts.sum_duplicates()
    # liblinear knows 32-bit places only
    counts.indices, counts.indptr = counts.indices.astype(np.int32), counts.indptr.astype(np.int32)
    weigh = TermWeights.learned((shape[1],), counts)
    if not weigh.rarity[0].size:  # no two texts have a term in common
        counts = counts[:, :1].tocsr()
        weigh = TermWeights.learned((1,), counts, fewest=0)
    return weigh(counts)

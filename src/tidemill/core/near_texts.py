"""Texts that are nearly the same, found by MinHash (Broder 1997) and compared by the runs of words
that they share."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from tidemill.core.text_tokens import is_unspaced, text_words

BANDS, A_BAND = 16, 4
"""Two texts are compared where the smallest hashes agree in all of a band: of those that share 0.8
of their runs, 99.98 % are."""
ALIKE = 0.8
"""The share of the runs of two texts that are in both (Jaccard), from which they are the same."""
RUN, RUN_UNSPACED = 3, 5
"""Words of a run, or characters of a script without blanks."""
FEWEST_WORDS, FEWEST_CHARACTERS = 8, 16
"""Of a text, beside numbers; shorter ones are alike by chance."""


def near_groups(texts: Sequence[str], rng: np.random.Generator) -> NDArray[np.int64]:
    """(n,) The first text to which each belongs: its own place where it is like no earlier one, or
    is too short to tell.

    A text joins the group of one that it is like, so the first and the last of a group may be less
    alike than :data:`ALIKE`.

    Args:
        texts: (n,)
        rng: Draws the hash functions.

    Example:
        >>> said = "my card has not arrived yet and it has been two weeks since i ordered it"
        >>> other = "how do i change the pin of my new card when i am in another country"
        >>> near_groups([said, other, said + " online"], np.random.default_rng(0)).tolist()
        [0, 1, 0]
    """
    group = np.arange(len(texts))
    runs = [_runs(text) for text in texts]
    long = [at for at, held in enumerate(runs) if len(held)]
    if len(long) < 2:
        return group
    smallest = _smallest([runs[at] for at in long], rng)
    for band in range(BANDS):
        first: dict[bytes, int] = {}
        for at, hashes in zip(long, smallest[:, band * A_BAND : (band + 1) * A_BAND], strict=True):
            other = first.setdefault(hashes.tobytes(), at)
            one, two = _root(group, other), _root(group, at)
            if one != two and _alike(runs[other], runs[at]):
                group[max(one, two)] = min(one, two)
    return np.array([_root(group, at) for at in range(len(texts))])


def _runs(text: str) -> NDArray[np.uint64]:
    """Hashes of the different runs of a text; none where it is too short."""
    words = text_words(text)
    unspaced = is_unspaced(text)
    spoken = sum(not word.isdigit() for word in words)
    if spoken < (FEWEST_CHARACTERS if unspaced else FEWEST_WORDS):
        return np.empty(0, np.uint64)
    length = RUN_UNSPACED if unspaced else RUN
    hashes = {_hash(" ".join(words[at : at + length])) for at in range(len(words) - length + 1)}
    return np.array(sorted(hashes), np.uint64)


def _hash(run: str) -> int:
    """64 bits that are the same in every process."""
    return int.from_bytes(
        blake2b(run.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big"
    )


def _smallest(runs: Sequence[NDArray[np.uint64]], rng: np.random.Generator) -> NDArray[np.uint64]:
    """(n, BANDS * A_BAND) The smallest hash of each text under each hash function."""
    starts = np.cumsum([0, *(len(held) for held in runs[:-1])])
    joined = np.concatenate(runs)
    functions = BANDS * A_BAND
    times = rng.integers(0, 1 << 63, functions, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    mask = rng.integers(0, 1 << 63, functions, dtype=np.uint64)
    smallest = np.empty((len(runs), functions), np.uint64)
    for one in range(functions):
        mixed = (joined ^ mask[one]) * times[one]  # modulo 2**64, as it shall be
        smallest[:, one] = np.minimum.reduceat((mixed >> np.uint64(29)) ^ mixed, starts)
    return smallest


def _alike(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> bool:
    both = len(np.intersect1d(one, other, assume_unique=True))
    return both >= ALIKE * (len(one) + len(other) - both)


def _root(group: NDArray[np.int64], at: int) -> int:
    while group[at] != at:
        at = int(group[at])
    return at

"""Whether made texts copy training texts, told without keeping any of these."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Self

import numpy as np

from tidemill.codecs.rare_words import (
    may_be_made_up,
    points_to_someone,
    shared_words,
    words_of_text,
)
from tidemill.core import checked_values as checked
from tidemill.core.persons import sharing
from tidemill.core.text_tokens import (
    FEWEST_OF_RUN,
    RUN_OF_CHARACTERS,
    RUN_OF_WORDS,
    is_unspaced,
    text_words,
)

MOST_COPIED = 0.8
"""The part of a text that may be one stretch of a training text."""
MOST_BYTES = 3 << 20
"""Of the filter."""
MOST_SHARED = 100_000
"""Words that enough persons share, at most."""
ALL = 1 << 31
"""In the place of a character, where a text has no word that is not to be in it."""
_BITS_A_KEY = 9.6
_HASHES = 7
"""With these, one question in a hundred is answered yes by mistake (Bloom 1970)."""
_ALL = (1 << 64) - 1
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_WORD, _RUN, _WHOLE = (np.uint64(k) for k in (1, 2, 3))
"""What a question is about, so that a run is never taken for a word."""


@dataclass(frozen=True, slots=True)
class HashedTexts:
    """Texts as hashes of their words.

    Attributes:
        words: Those of all texts, one after the other.
        length: (n,) how many each text has.
        run: (n,) of how many words a run of each text is.
    """

    words: np.ndarray
    length: np.ndarray
    run: np.ndarray


class CopyGate:
    """Knows by a Bloom filter of salted hashes what points to single training texts: words that
    fewer than FEWEST_PERSONS persons use, and runs of words and whole texts that fewer than
    FEWEST_OF_RUN share. Words are compared in lower case and without marks.

    A made text is a copy if it holds such a word, is such a whole text, or if a stretch of such
    runs is more than MOST_COPIED of it. Asked of a text that copies nothing, the filter says yes to
    one word or run in a hundred. It also knows the words that enough persons use: a word of letters
    that is none of them is one that parts of words made by chance.

    Attributes:
        salt: Begins every hash.
        bits: (bytes,) uint8, the filter.
        shared: (k,) uint64 in order, hashes of the words that enough persons use.
        every: Of very many runs only those whose hash it divides are kept and asked about.
    """

    def __init__(self, salt: int, bits: np.ndarray, shared: np.ndarray, every: int) -> None:
        self.salt = salt
        self.bits = bits
        self.shared = shared
        self.every = every

    @staticmethod
    def fit(texts: Sequence[str], persons: np.ndarray | None, salt: int) -> CopyGate:
        """The gate for some training texts.

        Args:
            texts: They.
            persons: (texts,) whose each is; None where each is a person's own.
            salt: From 0 to 2^63 - 1, drawn at random.
        """
        gate = CopyGate(salt, np.zeros(1, np.uint8), np.zeros(0, np.uint64), 1)
        shared = shared_words(texts, None if persons is None else persons.tolist())
        rare = {
            word
            for text in texts
            for word, _, _ in words_of_text(text)
            if word not in shared and points_to_someone(word)
        }
        hashed = gate._hashed(texts)
        whose = np.arange(len(texts)) if persons is None else persons
        whole = _of_few(gate._wholes(hashed), whose[hashed.length > 0])
        starts, runs = gate._runs(hashed)
        of_text = np.repeat(np.arange(len(texts)), hashed.length)[starts]
        runs = _of_few(runs, whose[of_text])
        words = gate._asked(_WORD, rare)
        room = int(8 * MOST_BYTES / _BITS_A_KEY) - len(words) - len(whole)
        gate.every = max(1, -(-len(runs) // max(room, 1)))
        keys = np.concatenate([words, whole, runs[runs % np.uint64(gate.every) == 0]])
        most = min(int(8 * MOST_BYTES / _BITS_A_KEY), len(keys))
        gate._keep(keys[:most])
        known = sorted(word for word in shared if any(map(str.isalnum, word)))[:MOST_SHARED]
        gate.shared = np.sort(gate._asked(_WORD, known))
        return gate

    def copied(self, texts: Sequence[str]) -> np.ndarray:
        """(n,) whether each text is a copy."""
        return self.judged(texts)[0]

    def judged(
        self, texts: Sequence[str], since: Sequence[int] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """(n,) whether each text is a copy, and (n,) the character with which its first word begins
        that is rare, or that no texts of enough persons hold; ALL where there is none.

        Args:
            texts: They.
            since: The character of each from which on its words are looked at; None for all.
        """
        hashed = self._hashed(texts)
        copied = np.zeros(len(texts), bool)
        copied[hashed.length > 0] = self._holds(self._wholes(hashed))
        copied |= self._longest(hashed) > MOST_COPIED * hashed.length
        found = [
            (row, at + start, word, may_be_made_up(text, at + start, at + end))
            for row, (text, at) in enumerate(zip(texts, since or [0] * len(texts), strict=True))
            for word, start, end in words_of_text(text[at:])
        ]
        words = list(dict.fromkeys(word for _, _, word, _ in found))
        asked = self._asked(_WORD, words)
        unknown = ~np.isin(asked, self.shared)
        points = np.array([points_to_someone(word) for word in words], bool)
        rare = dict(zip(words, (unknown & points & self._holds(asked)).tolist(), strict=True))
        strange = dict(zip(words, unknown.tolist(), strict=True))
        first = np.full(len(texts), ALL)
        for row, start, word, is_plain in found:
            if rare[word] or (is_plain and strange[word]):
                first[row] = min(first[row], start)
            copied[row] |= rare[word]
        return copied, first

    def _longest(self, hashed: HashedTexts) -> np.ndarray:
        """(n,) words of the longest stretch of each text whose runs are all in the filter, or are
        not asked about."""
        longest = np.zeros(len(hashed.length), np.int64)
        starts, runs = self._runs(hashed)
        asked = runs % np.uint64(self.every) == 0
        starts, held = starts[asked], self._holds(runs[asked])
        of_text = np.repeat(np.arange(len(hashed.length)), hashed.length)[starts]
        begins = np.diff(of_text, prepend=-1) != 0
        stretch = np.cumsum(begins | ~held)[held]  # each run that is none ends a stretch
        starts, of_text = starts[held], of_text[held]
        _, first = np.unique(stretch, return_index=True)
        last = np.append(first[1:], len(stretch)) - 1
        if len(first):
            words = starts[last] - starts[first] + hashed.run[of_text[first]]
            np.maximum.at(longest, of_text[first], words)
        return longest

    # --- hashes -----------------------------------------------------------------------------------

    def _hashed(self, texts: Sequence[str]) -> HashedTexts:
        split = [text_words(text) for text in texts]
        different = list(dict.fromkeys(word for words in split for word in words))
        number = {word: k for k, word in enumerate(different)}
        hashes = self._hashes(different)
        flat = np.array([number[word] for words in split for word in words], np.int64)
        length = np.array([len(words) for words in split], np.int64)
        run = [RUN_OF_CHARACTERS if is_unspaced(text) else RUN_OF_WORDS for text in texts]
        return HashedTexts(hashes[flat], length, np.array(run, np.int64))

    def _hashes(self, words: Sequence[str]) -> np.ndarray:
        """(words,) a salted hash of each."""
        salt = self.salt.to_bytes(8, "little")
        found = (blake2b(word.encode(), digest_size=8, key=salt).digest() for word in words)
        return np.frombuffer(b"".join(found), "<u8").astype(np.uint64)

    def _asked(self, about: np.uint64, words: Sequence[str] | set[str]) -> np.ndarray:
        return _mixed(self._hashes(list(words)) + about)

    def _wholes(self, hashed: HashedTexts) -> np.ndarray:
        """(texts with words,) a hash of each whole text."""
        length = hashed.length[hashed.length > 0]
        starts = np.cumsum(length) - length
        place = np.arange(len(hashed.words)) - np.repeat(starts, length)
        powers = np.cumprod(np.full(int(length.max(initial=0)) + 1, _FACTOR))
        if not len(length):
            return np.zeros(0, np.uint64)
        return _mixed(np.add.reduceat(hashed.words * powers[place], starts) + _WHOLE)

    def _runs(self, hashed: HashedTexts) -> tuple[np.ndarray, np.ndarray]:
        """Where each run begins among the words of all texts, and its hash."""
        ends = np.repeat(np.cumsum(hashed.length), hashed.length)
        run = np.repeat(hashed.run, hashed.length)
        places, hashes = [], []
        for length in (RUN_OF_WORDS, RUN_OF_CHARACTERS):
            start = np.flatnonzero((run == length) & (np.arange(len(run)) + length <= ends))
            rolled = np.zeros(len(start), np.uint64)
            for step in range(length):
                rolled = rolled * _FACTOR + hashed.words[start + step]
            places.append(start)
            hashes.append(_mixed(rolled + _RUN))
        order = np.argsort(np.concatenate(places), kind="stable")
        return np.concatenate(places)[order], np.concatenate(hashes)[order]

    # --- the filter -------------------------------------------------------------------------------

    def _keep(self, keys: np.ndarray) -> None:
        """Begin the filter anew with these keys."""
        size = max(-(-int(_BITS_A_KEY * len(keys)) // 8), 1)
        self.bits = np.zeros(size, np.uint8)
        there = np.zeros(8 * size, bool)
        for place in self._places(keys):
            there[place] = True
        self.bits = np.packbits(there)

    def _holds(self, keys: np.ndarray) -> np.ndarray:
        """(n,) whether the filter holds keys."""
        held = np.ones(len(keys), bool)
        for place in self._places(keys):
            held &= (self.bits[place >> 3] >> (7 - (place & 7)).astype(np.uint8)) & 1 == 1
        return held

    def _places(self, keys: np.ndarray) -> list[np.ndarray]:
        """The bits of some keys (Kirsch and Mitzenmacher 2006)."""
        size = np.uint64(8 * len(self.bits))
        step = _mixed(keys) | np.uint64(1)
        return [((keys + np.uint64(k) * step) % size).astype(np.int64) for k in range(_HASHES)]

    # --- storing ----------------------------------------------------------------------------------

    def to_state(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "salt": self.salt,
            "every": self.every,
            "bits": b64encode(self.bits.tobytes()).decode(),
            "shared": b64encode(self.shared.astype("<u8").tobytes()).decode(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The gate that :meth:`to_state` described.

        Raises:
            ValueError: It is none.
        """
        bits = np.frombuffer(_bytes(state["bits"], MOST_BYTES), np.uint8)
        shared = np.frombuffer(_bytes(state["shared"], 8 * MOST_SHARED), "<u8").astype(np.uint64)
        if not len(bits) or (shared[1:] <= shared[:-1]).any():
            raise ValueError("this is no gate for copies")
        return cls(
            checked.whole(state["salt"], 0),
            bits,
            shared,
            checked.whole(state["every"], 1, checked.MOST_COUNTED),
        )


def _bytes(value: Any, most: int) -> bytes:
    """Bytes that are stored as a text, so many at most.

    Raises:
        ValueError: They are none.
    """
    return b64decode(checked.text(value, 4 * (most // 3 + 1)), validate=True)


def _mixed(keys: np.ndarray) -> np.ndarray:
    """Numbers whose bits are mixed, so that each part of them is as good as random (splitmix64,
    Steele et al. 2014)."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))


def _of_few(hashes: np.ndarray, persons: np.ndarray) -> np.ndarray:
    """The different hashes that fewer than FEWEST_OF_RUN persons have.

    Args:
        hashes: (n,) uint64.
        persons: (n,) whose each is.
    """
    different, place = np.unique(hashes, return_inverse=True)
    return different[sharing(place, len(different), persons) < FEWEST_OF_RUN]

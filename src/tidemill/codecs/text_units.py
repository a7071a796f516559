"""The units that texts are spelled with: characters, or parts of words; bytes where nothing else
fits, so that any text comes back as it was."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import Any, Self

import numpy as np

from tidemill.core import checked_values as checked
from tidemill.core.persons import shared_items
from tidemill.core.text_tokens import TOKEN, is_unspaced
from tidemill.core.turns import LONGEST_SPEAKER, speakers_in

SEPARATOR, FRESH = 0, 1
"""The unit that stands between the texts of two columns, and the one that says that words are made
afresh in the place of a text."""
FIRST_BYTE = 2
FIRST_LEARNED = FIRST_BYTE + 256
"""Units: the two above, the 256 bytes, and behind them what was learned."""
MOST_UNITS = 65_000
LONGEST_UNIT = 32
"""Characters of a unit at most."""
_LONGEST_PIECE = 64
"""Characters that are merged as one word at most, so that a text without blanks is quickly
spelled."""
MOST_PARTS = 2_000
"""Parts of words, where nothing is said."""
MOST_SPEAKERS = 64
"""Whose turns begin with a unit of their own: those who speak most."""
_FEWEST_CHARACTERS = 20_000
"""Of less text parts of words would hardly ever come twice."""
_LOOKED_AT = 1_000
"""Texts by which the script is told."""
_PIECE = re.compile(rf" ?(?:{TOKEN.pattern})|\s")
_DIGIT = re.compile(r"\d")


class TextUnits:
    """Turns texts into numbers of units, and back: ``decode(encode(x)) == x`` for any Unicode.

    Texts mostly of scripts without blanks, and little text, are spelled with single characters.
    Others are spelled with parts of words by byte-pair encoding (Sennrich et al. 2016): the two
    neighbours that stand beside each other most often become one unit, again and again. A word
    carries the blank before it. Numbers are spelled digit by digit.

    What is kept: characters that texts of FEWEST_PERSONS persons hold, and parts of words that so
    many persons share. Other characters are spelled with their bytes.

    In dialogues, a line a turn, who speaks is one unit with the colon behind it, where it stands at
    the beginning of a line. These are the last units.

    Attributes:
        learned: The characters, and behind them the parts of words in the order in which they were
            merged.
        speakers: Who speaks, such as "Ann: ".
    """

    def __init__(self, learned: Iterable[str] = (), speakers: Iterable[str] = ()) -> None:
        self.learned, self.speakers = tuple(learned), tuple(speakers)
        self._number = {unit: FIRST_LEARNED + k for k, unit in enumerate(self.learned)}
        self._by_characters = all(len(unit) == 1 for unit in self.learned)
        self._bytes = [b"", b"", *(bytes([k]) for k in range(256))]
        self._bytes += [unit.encode() for unit in (*self.learned, *self.speakers)]
        first = FIRST_LEARNED + len(self.learned)
        self._of_speaker = {speaker: first + k for k, speaker in enumerate(self.speakers)}
        self._turn: re.Pattern[str] | None = None
        if self.speakers:
            heads = "|".join(map(re.escape, self.speakers))
            self._turn = re.compile(f"^(?:{heads})", re.MULTILINE)

    @staticmethod
    def fit(
        texts: Sequence[str],
        persons: np.ndarray | None = None,
        most: int | None = None,
        speakers: Iterable[str] = (),
    ) -> TextUnits:
        """Learn the units of training texts.

        Args:
            texts: They.
            persons: (texts,) whose each is; None where each is a person's own.
            most: Parts of words at most; None where the texts tell how many.
            speakers: Who speaks in them.
        """
        whose = None if persons is None else persons.tolist()
        characters = sorted(shared_items(map(set, texts), whose))[:MOST_UNITS]
        if most is None:
            most = _fitting(texts)
        if not most:
            return TextUnits(characters, speakers)
        pieces = [_PIECE.findall(text) for text in texts]
        counts = Counter(piece for text in pieces for piece in text)
        words = {
            piece: counts[piece]
            for piece in sorted(shared_items(map(set, pieces), whose))
            if 1 < len(piece) <= _LONGEST_PIECE and not _DIGIT.search(piece)
        }
        parts = _merged(words, min(most, MOST_UNITS - len(characters)))
        return TextUnits([*characters, *parts], speakers)

    @property
    def size(self) -> int:
        """How many units there are."""
        return FIRST_LEARNED + len(self.learned) + len(self.speakers)

    @property
    def widths(self) -> np.ndarray:
        """(size,) the bytes of each unit in UTF-8."""
        return np.array([len(spelled) for spelled in self._bytes], np.int64)

    def encode(self, texts: Sequence[str]) -> list[np.ndarray]:
        """For each text its units, int32."""
        known: dict[str, tuple[int, ...]] = {}
        found = []
        for text in texts:
            units: list[int] = []
            for piece in self._pieces(text):
                if piece not in known:
                    known[piece] = self._spelled(piece)
                units += known[piece]
            found.append(np.array(units, np.int32))
        return found

    def decode(self, units: Iterable[int]) -> str:
        """The text of some units; bytes that make no character are left out."""
        return b"".join(map(self._bytes.__getitem__, units)).decode(errors="ignore")

    def _pieces(self, text: str) -> Iterator[str]:
        """Who speaks, and what is said word by word, or character by character."""
        last = 0
        for turn in () if self._turn is None else self._turn.finditer(text):
            yield from self._words(text[last : turn.start()])
            yield turn.group()
            last = turn.end()
        yield from self._words(text[last:])

    def _words(self, text: str) -> Iterable[str]:
        return text if self._by_characters else _PIECE.findall(text)

    def _spelled(self, piece: str) -> tuple[int, ...]:
        """The units of a word, with the blank before it, or of what else stands by itself."""
        if piece in self._of_speaker:
            return (self._of_speaker[piece],)
        parts = list(piece)
        if not self._by_characters and not _DIGIT.search(piece):
            parts = []
            for start in range(0, len(piece), _LONGEST_PIECE):
                parts += self._joined(list(piece[start : start + _LONGEST_PIECE]))
        units: list[int] = []
        for part in parts:
            number = self._number.get(part)
            if number is None:
                units += (FIRST_BYTE + byte for byte in part.encode())
            else:
                units.append(number)
        return tuple(units)

    def _joined(self, parts: list[str]) -> list[str]:
        """Neighbours that are a unit together become it, the one that was merged first before
        others."""
        while len(parts) > 1:
            both = [one + other for one, other in pairwise(parts)]
            ranks = [self._number.get(unit, MOST_UNITS * 2) for unit in both]
            best = min(range(len(ranks)), key=ranks.__getitem__)
            if both[best] not in self._number:
                break
            parts[best : best + 2] = [both[best]]
        return parts

    def to_state(self) -> dict[str, list[str]]:
        """Plain JSON values."""
        return {"learned": list(self.learned), "speakers": list(self.speakers)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The units that :meth:`to_state` described.

        Raises:
            ValueError: They are none.
        """
        learned = [checked.text(unit, LONGEST_UNIT) for unit in state["learned"]]
        speakers = [checked.text(unit, LONGEST_SPEAKER + 2) for unit in state["speakers"]]
        if len(learned) > MOST_UNITS or len(set(learned)) < len(learned) or "" in learned:
            raise ValueError("these are no units of texts")
        is_fit = all(speakers_in(speaker) == [speaker] for speaker in speakers)
        if not is_fit or len(set(speakers)) < len(speakers) or len(speakers) > MOST_SPEAKERS:
            raise ValueError("these are no speakers of dialogues")
        return cls(learned, speakers)


def speakers_of(texts: Iterable[str], persons: Sequence[int] | None) -> list[str]:
    """Who speaks in dialogues of FEWEST_PERSONS persons or more, the most frequent first.

    Args:
        texts: Dialogues, a line a turn.
        persons: Whose each is; None where each is a person's own.
    """
    spoken = [speakers_in(text) for text in texts]
    counts = Counter(speaker for speakers in spoken for speaker in speakers)
    shared = shared_items(map(set, spoken), persons) - {": "}
    return sorted(shared, key=lambda speaker: (-counts[speaker], speaker))[:MOST_SPEAKERS]


def _fitting(texts: Sequence[str]) -> int:
    """How many parts of words suit some texts; 0 for single characters."""
    some = texts[:: max(1, len(texts) // _LOOKED_AT)]
    is_little = sum(map(len, texts)) < _FEWEST_CHARACTERS
    return 0 if is_little or is_unspaced("".join(some)) else MOST_PARTS


def _merged(words: Mapping[str, int], most: int) -> list[str]:
    """Parts of words, in the order in which they are merged.

    Args:
        words: Word -> how often it occurs.
        most: How many parts at most.
    """
    counts = list(words.values())
    spelled = [list(word) for word in words]
    together: Counter[tuple[str, str]] = Counter()
    places: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for place, parts in enumerate(spelled):
        for pair in pairwise(parts):
            together[pair] += counts[place]
            places[pair].add(place)
    queue = [(-count, pair) for pair, count in together.items()]
    heapify(queue)
    found: dict[str, None] = {}
    while queue and len(found) < most:
        count, pair = heappop(queue)
        unit = pair[0] + pair[1]
        if -count != together[pair] or not count or len(unit) > LONGEST_UNIT:
            continue  # its count has changed since, or it is too long
        found[unit] = None
        changed = set()
        for place in places.pop(pair):
            before = spelled[place]
            after = _with_pair_joined(before, pair)
            for sign, parts in ((-1, before), (1, after)):
                for neighbours in pairwise(parts):
                    together[neighbours] += sign * counts[place]
                    changed.add(neighbours)
            for neighbours in pairwise(after):
                places[neighbours].add(place)
            spelled[place] = after
        for neighbours in changed:
            heappush(queue, (-together[neighbours], neighbours))
    return list(found)


def _with_pair_joined(parts: list[str], pair: tuple[str, str]) -> list[str]:
    """The parts of a word with a pair of neighbours made one, from left to right."""
    joined = []
    at = 0
    while at < len(parts):
        if at + 1 < len(parts) and (parts[at], parts[at + 1]) == pair:
            joined.append(pair[0] + pair[1])
            at += 2
        else:
            joined.append(parts[at])
            at += 1
    return joined

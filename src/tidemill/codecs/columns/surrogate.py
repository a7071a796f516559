"""Ids and free text: of single values nothing is learned but their form; surrogates are made in
it."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import polars as pl

from tidemill.codecs.columns.base import FIRST, Allowed, ColumnCodec, SurrogateStream, none_passes
from tidemill.codecs.columns.presence import Presence
from tidemill.core.condition import Test
from tidemill.core.errors import ConditionError
from tidemill.core.grid import Batch, Spec
from tidemill.core.run import Run
from tidemill.core.schema import Column

MIN_COUNT = 5
"""A word, letter position or form of fewer training rows is not kept."""
MANY_REPEATS = 1.2
SAMPLE = 20_000
"""Rows that forms are learned from."""

_ALPHABET = {
    "9": "0123456789",
    "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "a": "abcdefghijklmnopqrstuvwxyz",
}
OTHER = "x"
"""Place of a letter or digit of another script; it is drawn from those that occur in MIN_COUNT rows
or more."""
ROOM = 1_000_000
"""Forms with so many times more possible ids than there are real ones are drawn freely; others are
counted on."""
GOLDEN = 0.6180339887498949
_ONE_PLACE = re.compile(r"\\.|[9Aax]", re.DOTALL)


def shape_of(value: str) -> str:
    r"""The form of an id: each digit as 9, each letter as A, a or (of another script) x, all else
    escaped as it is.

    Example:
        >>> print(shape_of("7590-VHVeg"), shape_of("刘丽霞"))
        9999\-AAAaa xxx
    """
    return "".join(_place(letter) for letter in value)


def _place(letter: str) -> str:
    for place, alphabet in _ALPHABET.items():
        if letter in alphabet:
            return place
    return OTHER if letter.isalnum() else f"\\{letter}"


@dataclass(frozen=True, slots=True)
class IdForm:
    """One form of text ids.

    Attributes:
        places: One entry a character: 9, A, a or x to be drawn, or a backslash and the character
            that stays.
        rows: Training ids of this form.
        largest: The largest number in the last run of digits of such ids, from which fresh ids
            count on; -1 where the form has so much room that they are drawn freely.
    """

    places: str
    rows: int
    largest: int


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


class IdCodec(SurrogateCodec):
    """Fresh ids: numbers go on behind the largest, texts are made in the forms that occur.

    A form with room for a million times more ids than there are is drawn freely, so that a real id
    is met with a chance below one in a million; else its last run of digits counts on from the
    largest; else a number is put behind it. What is kept: the largest numbers, and of frequent
    forms the characters that nearly all their ids share. Ids that repeat (an entity's) are made to
    repeat as often on average.
    """

    inexact_because = "ids are made afresh, so that none points to a real row"

    integer: bool
    largest: int
    repeats: float
    forms: list[IdForm]
    letters: str

    @property
    def dtype(self) -> pl.DataType:

        return pl.Int64() if self.integer else pl.String()

    def fit(self, column: Column, values: pl.Series, run: Run) -> Self:
        """Learn the forms, and how often an id repeats."""
        known = values.drop_nulls()
        self.repeats = max(len(known) / max(known.n_unique(), 1), 1.0)
        if self.repeats >= MANY_REPEATS:
            run.warn(
                f"Each value of '{column.name}' stands in {self.repeats:.1f} rows on average. "
                "Rows are generated one by one: what the rows of one value have in common is not "
                "learned."
            )
        self.integer = values.dtype.is_integer()
        self.largest = 0
        texts: list[str] = []
        if self.integer:
            self.largest = int(known.max() or 0)  # type: ignore[arg-type]
        else:
            texts = known.cast(pl.String).unique(maintain_order=True).to_list()
        self.letters = _frequent_letters(texts[:SAMPLE])
        self.forms = _forms(texts, self.letters)
        self.presence = Presence.of(values)
        self.spec = Spec(codes=self.presence.codes(column.name))
        return self

    def decode(
        self, batch: Batch, rng: np.random.Generator, fresh: SurrogateStream = FIRST
    ) -> pl.Series:
        """Fresh ids, each different unless ids repeat."""
        n = len(batch)
        different = max(round(n / self.repeats), min(n, 1))
        if self.integer:
            ids = self._numbers(different, fresh)
        else:
            ids = self._texts(different, rng, fresh)
        if different < n:
            ids = ids[rng.integers(0, different, n)]
        return self.presence.decode(ids, batch.code)

    def _numbers(self, n: int, fresh: SurrogateStream) -> pl.Series:
        return pl.Series(np.arange(1, n + 1, dtype=np.int64) + (self.largest + fresh.first))

    def _texts(self, n: int, rng: np.random.Generator, fresh: SurrogateStream) -> pl.Series:
        if not self.forms:
            return pl.Series([None] * n, dtype=pl.String)
        weight = np.array([form.rows for form in self.forms], float)
        pick = rng.choice(len(self.forms), n, p=weight / weight.sum())
        ids = pl.Series([None] * n, dtype=pl.String)
        for k, form in enumerate(self.forms):
            rows = np.flatnonzero(pick == k)
            if len(rows):
                # forms count on together: a longer number of one form may look like another form
                place = rows + fresh.first
                texts = _in_form(form, place, self.letters, rng, (fresh.seed, k))
                ids = ids.scatter(rows, texts)
        twice = (~ids.is_first_distinct()).arg_true()
        if not len(twice):
            return ids
        return ids.scatter(twice, ids[twice] + "-" + (twice + fresh.first).cast(pl.String))

    def to_state(self) -> dict[str, Any]:

        return {
            "integer": self.integer,
            "largest": self.largest,
            "repeats": self.repeats,
            "letters": self.letters,
            "forms": [[form.places, form.rows, form.largest] for form in self.forms],
            "absences": list(self.presence.absences),
        }

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> Self:
        codec = cls()
        codec.integer = bool(state["integer"])
        codec.largest = int(state["largest"])
        codec.letters = str(state["letters"])
        codec.repeats = max(float(state["repeats"]), 1.0)
        codec.forms = []
        for places, rows, largest in state["forms"]:
            form = IdForm(str(places), int(rows), int(largest))
            drawn_freely = form.largest < 0
            if form.rows < 1 or (drawn_freely and _room(form.places, codec.letters) < ROOM):
                raise ValueError("a form has no rows, or no room")
            codec.forms.append(form)
        codec.presence = Presence.from_state(state["absences"])
        codec.spec = Spec(codes=codec.presence.codes(column.name))
        return codec


class TextCodec(SurrogateCodec):
    """Fresh texts of frequent words: as many words as real texts have, each drawn by how often it
    follows the last.

    What is kept: words and pairs of words of at least MIN_COUNT training rows. The texts have the
    column's form, not its meaning; a text model is another codec's work.
    """

    inexact_because = "texts are made afresh, so that none is a real one"

    words: list[str]
    lengths: list[int]
    follows: list[tuple[list[int], list[int]]]

    @property
    def dtype(self) -> pl.DataType:

        return pl.String()

    def fit(self, column: Column, values: pl.Series, run: Run) -> Self:
        """Count frequent words, pairs of them, and lengths."""
        sample = values.drop_nulls().cast(pl.String).head(SAMPLE)
        texts = [text.split() for text in sample.to_list()]
        rows: Counter[str] = Counter()
        for text in texts:
            rows.update(set(text))
        self.words = sorted(word for word, count in rows.items() if count >= MIN_COUNT)
        self.follows = _followers(texts, self.words)
        counted = Counter(min(len(text), 200) for text in texts)
        self.lengths = []
        for length, count in sorted(counted.items()):
            if count >= MIN_COUNT:
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
            letters = np.array(list(_ALPHABET["a"]))
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
        codec.words = [str(word) for word in state["words"]]
        codec.lengths = [min(max(int(length), 0), 200) for length in state["lengths"]]
        codec.follows = []
        fits = len(state["follows"]) == len(codec.words) + 1
        for followers, frequencies in state["follows"]:
            words = [int(word) for word in followers]
            counts = [int(count) for count in frequencies]
            fits &= len(words) == len(counts)
            fits &= min(words, default=1) >= 1 and max(words, default=0) <= len(codec.words)
            fits &= min(counts, default=1) > 0
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


def _followers(texts: list[list[str]], words: list[str]) -> list[tuple[list[int], list[int]]]:
    """For a text's beginning, and then for each word: the words (counted from 1) that follow it in
    MIN_COUNT places or more, and in how many."""
    place = {word: k for k, word in enumerate(words, 1)}
    pairs: list[Counter[int]] = [Counter() for _ in range(len(words) + 1)]
    for text in texts:
        last = 0  # the text's beginning
        for word in text:
            if word in place:
                pairs[last][place[word]] += 1
                last = place[word]
    follows = []
    for counted in pairs:
        frequent = {word: count for word, count in counted.items() if count >= MIN_COUNT}
        followers = sorted(frequent)
        follows.append((followers, [frequent[word] for word in followers]))
    return follows


def _frequent_letters(ids: list[str]) -> str:
    """Letters of other scripts that MIN_COUNT ids or more hold."""
    counted: Counter[str] = Counter()
    for text in ids:
        counted.update(set(text))
    frequent = [letter for letter, count in counted.items() if count >= MIN_COUNT]
    return "".join(sorted(letter for letter in frequent if _place(letter) == OTHER))


def _forms(ids: list[str], letters: str) -> list[IdForm]:
    """The forms of at least MIN_COUNT ids; where there are none, the most frequent form."""
    by_shape: dict[str, list[str]] = {}
    for text in ids[:SAMPLE]:
        by_shape.setdefault(shape_of(text), []).append(text)
    frequent = {shape: texts for shape, texts in by_shape.items() if len(texts) >= MIN_COUNT}
    if by_shape and not frequent:
        shape = max(sorted(by_shape), key=lambda one: len(by_shape[one]))
        frequent = {shape: by_shape[shape]}
    # numbers count on from the largest of all ids, not only of those of the sample or of one length
    largest = max((_last_number(text) for text in ids), default=0)
    return [
        _form(shape, texts, len(ids), largest, letters) for shape, texts in sorted(frequent.items())
    ]


def _form(shape: str, texts: list[str], ids: int, largest: int, letters: str) -> IdForm:
    places = []
    for i, place in enumerate(_ONE_PLACE.findall(shape)):
        letter, count = Counter(text[i] for text in texts).most_common(1)[0]
        shared = place in _ALPHABET and count >= max(0.99 * len(texts), MIN_COUNT)
        places.append(f"\\{letter}" if shared else place)
    form = "".join(places)
    return IdForm(form, len(texts), -1 if _room(form, letters) >= ROOM * ids else largest)


def _room(places: str, letters: str) -> float:
    """How many different ids a form allows."""
    room = 1.0
    for place in _ONE_PLACE.findall(places):
        room *= len(_letters(place, letters))
    return room


def _last_number(text: str) -> int:
    runs = re.findall(r"[0-9]{1,15}", text)
    return int(runs[-1]) if runs else 0


def _in_form(
    form: IdForm, row: np.ndarray, letters: str, rng: np.random.Generator, key: tuple[int, int]
) -> pl.Series:
    """(n,) different rows -> (n,) fresh texts in a form, each different.

    Where the form counts on, the last run of digits is the largest number and the row's own behind
    it; else rows have places of their own among all texts of the form, so that the parts of a draw,
    which share the key, meet no text twice.
    """
    places = _ONE_PLACE.findall(form.places)
    if form.largest < 0:
        return _joined(_scattered(places, row, letters, rng, key), len(row))
    number = pl.Series(form.largest + 1 + row).cast(pl.String)
    drawn = []
    for place in places:
        alphabet = _letters(place, letters)
        drawn.append(alphabet[rng.integers(len(alphabet), size=len(row))])
    last = len(places)
    while last > 0 and not _is_digit(places[last - 1]):
        last -= 1
    first = last
    while first > 0 and _is_digit(places[first - 1]):
        first -= 1
    if first == last:
        return _joined(drawn, len(row)) + "-" + number
    before = _joined(drawn[:first], len(row))
    behind = _joined(drawn[last:], len(row))
    return before + number.str.zfill(last - first) + behind


def _is_digit(place: str) -> bool:
    """Whether a digit stands in a place: any, or always the same."""
    return place == "9" or (len(place) == 2 and place[1] in _ALPHABET["9"])


def _scattered(
    places: list[str], row: np.ndarray, letters: str, rng: np.random.Generator, key: tuple[int, int]
) -> list[np.ndarray]:
    """The letters of each place; the rows are spread over all texts of the form by steps of the
    golden ratio."""
    alphabets = [_letters(place, letters) for place in places]
    room = math.prod(map(len, alphabets))
    if room > 2**62:  # so much that no text is met twice by chance
        return [alphabet[rng.integers(len(alphabet), size=len(row))] for alphabet in alphabets]
    step = int(room * GOLDEN) or 1
    while math.gcd(step, room) > 1:
        step += 1
    keyed = np.random.default_rng(key)
    at = np.full(len(row), int(keyed.integers(room)))
    for bit in range(int(row.max(initial=0)).bit_length()):  # row * step itself would leave int64
        at = np.where(row >> bit & 1, (at - room + (step << bit) % room) % room, at)
    drawn = []
    for alphabet in reversed(alphabets):
        drawn.append(alphabet[at % len(alphabet)])
        at //= len(alphabet)
    return drawn[::-1]


def _letters(place: str, letters: str) -> np.ndarray:
    """The letters that may stand in a place."""
    if len(place) == 2:
        return np.array([place[1]])
    return np.array(list(_ALPHABET.get(place) or letters or _ALPHABET["a"]))


def _joined(places: list[np.ndarray], n: int) -> pl.Series:
    """(n,) texts of the letters of each place."""
    if not places:
        return pl.Series([""] * n, dtype=pl.String)
    letters = np.stack(places, axis=1).astype("<U1")
    texts = letters.view(f"<U{len(places)}")[:, 0]
    return pl.Series(texts.tolist(), dtype=pl.String)

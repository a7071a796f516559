"""Ids and free text: nothing is learned of single values, only their form; fresh values are made in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import polars as pl

from tidemill.codecs.base import ColumnCodec
from tidemill.codecs.presence import ABSENCES, Presence
from tidemill.core.grid import Batch, Spec
from tidemill.core.run import Run
from tidemill.core.schema import Column

MIN_COUNT = 5
"""A word, letter position or form of fewer training rows is not kept."""
MANY_REPEATS = 1.2
SAMPLE = 20_000
"""Rows that forms are learned from."""

_ALPHABET = {"9": "0123456789", "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "a": "abcdefghijklmnopqrstuvwxyz"}
OTHER = "x"
"""Place of a letter or digit of another script; it is drawn from those that occur in MIN_COUNT rows or more."""
ROOM = 1_000_000
"""Forms with so many times more possible ids than there are real ones are drawn freely; others are counted on."""
_ONE_PLACE = re.compile(r"\\.|[9Aax]", re.DOTALL)


def shape_of(value: str) -> str:
    r"""The form of an id: each digit as 9, each letter as A, a or (of another script) x, all else escaped as it is.

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
class Form:
    """One form of text ids.

    Attributes:
        places: One entry a character: 9, A, a or x to be drawn, or a backslash and the character that stays.
        rows: Training ids of this form.
        largest: The largest number in the last run of digits of such ids, from which fresh ids count on; -1 where the
            form has so much room that they are drawn freely.
    """

    places: str
    rows: int
    largest: int


class IdCodec(ColumnCodec):
    """Fresh ids: numbers go on behind the largest, texts are made in the forms that occur.

    A form with room for a million times more ids than there are is drawn freely, so that a real id is met with a chance
    below one in a million; else its last run of digits counts on from the largest; else a number is put behind it.
    What is kept: the largest numbers, and of frequent forms the characters that nearly all their ids share. Ids that
    repeat (an entity's) are made to repeat as often on average.
    """

    exact = False
    inexact_because = "ids are made afresh, so that none points to a real row"

    integer: bool
    largest: int
    repeats: float
    forms: list[Form]
    letters: str
    presence: Presence

    def fit(self, column: Column, values: pl.Series, run: Run) -> Self:
        """Learn the forms, and how often an id repeats."""
        known = values.drop_nulls()
        self.repeats = max(len(known) / max(known.n_unique(), 1), 1.0)
        if self.repeats >= MANY_REPEATS:
            run.warn(f"Each value of '{column.name}' stands in {self.repeats:.1f} rows on average. Rows are generated one "
                     "by one: what the rows of one value have in common is not learned.")
        self.integer = values.dtype.is_integer()
        self.largest = int(known.max() or 0) if self.integer else 0  # type: ignore[arg-type]
        texts = [] if self.integer else known.cast(pl.String).unique(maintain_order=True).to_list()
        self.letters = _frequent_letters(texts[:SAMPLE])
        self.forms = _forms(texts, self.letters)
        self.presence = Presence.of(values)
        self.spec = Spec(codes=self.presence.codes(column.name))
        return self

    def encode(self, values: pl.Series) -> Batch:
        """Only whether there is an id."""
        return Batch(np.zeros((len(values), 0), np.int64), self.presence.encode(values))

    def decode(self, batch: Batch, rng: np.random.Generator) -> pl.Series:
        """Fresh ids, each different unless ids repeat."""
        n = len(batch)
        different = max(round(n / self.repeats), min(n, 1))
        ids = self._numbers(different) if self.integer else self._texts(different, rng)
        row = np.arange(n) if different >= n else rng.integers(0, different, n)
        return self.presence.decode(ids[row], batch.code)

    def _numbers(self, n: int) -> pl.Series:
        return pl.Series(np.arange(1, n + 1, dtype=np.int64) + self.largest)

    def _texts(self, n: int, rng: np.random.Generator) -> pl.Series:
        if not self.forms:
            return pl.Series([None] * n, dtype=pl.String)
        weight = np.array([form.rows for form in self.forms], float)
        given = [form.largest for form in self.forms]
        made: dict[str, None] = {}
        for pick in rng.choice(len(self.forms), n, p=weight / weight.sum()).tolist():
            form, size = self.forms[pick], len(made)
            while len(made) == size:  # only a form that is drawn freely can meet an id twice, and rarely does
                given[pick] += 1
                made[_in_form(form, given[pick], self.letters, rng)] = None
        return pl.Series(list(made), dtype=pl.String)

    def to_state(self) -> dict[str, Any]:
        """Forms, largest number, repeats."""
        return {"integer": self.integer, "largest": self.largest, "repeats": self.repeats, "letters": self.letters,
                "forms": [[form.places, form.rows, form.largest] for form in self.forms],
                "absences": list(self.presence.absences)}

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> Self:
        """Restored from :meth:`to_state`."""
        codec = cls()
        codec.integer, codec.largest, codec.letters = bool(state["integer"]), int(state["largest"]), str(state["letters"])
        codec.repeats = max(float(state["repeats"]), 1.0)
        codec.forms = [Form(str(places), int(rows), int(largest)) for places, rows, largest in state["forms"]]
        if any(form.rows < 1 or (form.largest < 0 and _room(form.places, codec.letters) < ROOM) for form in codec.forms):
            raise ValueError("a form has no rows, or no room")
        codec.presence = Presence(tuple(ABSENCES[ABSENCES.index(name)] for name in state["absences"]))
        codec.spec = Spec(codes=codec.presence.codes(column.name))
        return codec


class TextCodec(ColumnCodec):
    """Fresh texts of frequent words: as many words as real texts have, each drawn by how often it follows the last.

    What is kept: words and pairs of words of at least MIN_COUNT training rows. The texts have the column's form, not its
    meaning; a text model is another codec's work.
    """

    exact = False
    inexact_because = "texts are made afresh, so that none is a real one"

    words: list[str]
    lengths: list[int]
    follows: list[tuple[list[int], list[int]]]
    presence: Presence

    def fit(self, column: Column, values: pl.Series, run: Run) -> Self:
        """Count frequent words, pairs of them, and lengths."""
        texts = [text.split() for text in values.drop_nulls().cast(pl.String).head(SAMPLE).to_list()]
        rows = Counter(word for text in texts for word in set(text))
        self.words = sorted(word for word, count in rows.items() if count >= MIN_COUNT)
        place = {word: i + 1 for i, word in enumerate(self.words)}
        pairs: dict[int, Counter[int]] = {}
        for text in texts:
            last = 0  # 0 stands for the text's beginning
            for word in (place[w] for w in text if w in place):
                pairs.setdefault(last, Counter())[word] += 1
                last = word
        kept = [{w: c for w, c in sorted(pairs.get(i, Counter()).items()) if c >= MIN_COUNT}
                for i in range(len(self.words) + 1)]
        self.follows = [(list(pair), list(pair.values())) for pair in kept]
        counted = Counter(min(len(text), 200) for text in texts)
        self.lengths = [length for length, count in sorted(counted.items()) if count >= MIN_COUNT for _ in
                        range(-(-100 * count // max(len(texts), 1)))]
        self.presence = Presence.of(values)
        self.spec = Spec(codes=self.presence.codes(column.name))
        return self

    def encode(self, values: pl.Series) -> Batch:
        """Only whether there is a text."""
        return Batch(np.zeros((len(values), 0), np.int64), self.presence.encode(values))

    def decode(self, batch: Batch, rng: np.random.Generator) -> pl.Series:
        """Fresh texts."""
        lengths = rng.choice(self.lengths, len(batch)).tolist() if self.lengths else [1] * len(batch)
        texts = pl.Series([self._text(length, rng) for length in lengths], dtype=pl.String)
        return self.presence.decode(texts, batch.code)

    def _text(self, length: int, rng: np.random.Generator) -> str:
        if not self.words:
            return " ".join("".join(rng.choice(list(_ALPHABET["a"]), 6)) for _ in range(length))
        last, text = 0, []
        for _ in range(length):
            nexts, counts = self.follows[last]
            if not nexts:
                nexts, counts = self.follows[0]
            if not nexts:
                last = int(rng.integers(1, len(self.words) + 1))
            else:
                edges = np.cumsum(counts)
                last = nexts[int(np.searchsorted(edges, rng.integers(edges[-1]), side="right"))]
            text.append(self.words[last - 1])
        return " ".join(text)

    def to_state(self) -> dict[str, Any]:
        """Words, pairs, lengths."""
        return {"words": self.words, "lengths": self.lengths, "follows": [[list(w), list(c)] for w, c in self.follows],
                "absences": list(self.presence.absences)}

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> Self:
        """Restored from :meth:`to_state`."""
        codec = cls()
        codec.words = [str(word) for word in state["words"]]
        codec.lengths = [min(max(int(length), 0), 200) for length in state["lengths"]]
        codec.follows = [([int(w) for w in words], [int(c) for c in counts]) for words, counts in state["follows"]]
        if len(codec.follows) != len(codec.words) + 1 or any(
                len(w) != len(c) or not all(1 <= i <= len(codec.words) for i in w) or not all(k > 0 for k in c)
                for w, c in codec.follows):
            raise ValueError("words and their followers do not fit together")
        codec.presence = Presence(tuple(ABSENCES[ABSENCES.index(name)] for name in state["absences"]))
        codec.spec = Spec(codes=codec.presence.codes(column.name))
        return codec


def _frequent_letters(ids: list[str]) -> str:
    """Letters of other scripts that MIN_COUNT ids or more hold."""
    counted = Counter(letter for text in ids for letter in set(text) if _place(letter) == OTHER)
    return "".join(sorted(letter for letter, count in counted.items() if count >= MIN_COUNT))


def _forms(ids: list[str], letters: str) -> list[Form]:
    """The forms of at least MIN_COUNT ids; where there are none, the most frequent form."""
    by_shape: dict[str, list[str]] = {}
    for text in ids[:SAMPLE]:
        by_shape.setdefault(shape_of(text), []).append(text)
    frequent = {shape: texts for shape, texts in by_shape.items() if len(texts) >= MIN_COUNT}
    if by_shape and not frequent:
        shape = max(sorted(by_shape), key=lambda one: len(by_shape[one]))
        frequent = {shape: by_shape[shape]}
    # numbers count on from the largest of all ids, not only of the sample's or of those of the same length
    largest = max((_last_number(text) for text in ids), default=0)
    return [_form(shape, texts, len(ids), largest, letters) for shape, texts in sorted(frequent.items())]


def _form(shape: str, texts: list[str], ids: int, largest: int, letters: str) -> Form:
    places = []
    for i, place in enumerate(_ONE_PLACE.findall(shape)):
        letter, count = Counter(text[i] for text in texts).most_common(1)[0]
        shared = place in _ALPHABET and count >= max(0.99 * len(texts), MIN_COUNT)
        places.append(f"\\{letter}" if shared else place)
    form = "".join(places)
    return Form(form, len(texts), -1 if _room(form, letters) >= ROOM * ids else largest)


def _room(places: str, letters: str) -> float:
    """How many different ids a form allows."""
    sizes = [len(_alphabet(place, letters)) for place in _ONE_PLACE.findall(places) if len(place) == 1]
    return float(np.prod(np.array(sizes, float)))


def _alphabet(place: str, letters: str) -> str:
    return _ALPHABET.get(place) or letters or _ALPHABET["a"]


def _last_number(text: str) -> int:
    runs = re.findall(r"[0-9]{1,15}", text)
    return int(runs[-1]) if runs else 0


def _in_form(form: Form, number: int, letters: str, rng: np.random.Generator) -> str:
    """A fresh text in a form, its last run of digits replaced by the number where the form counts on."""
    drawn = [place[1] if len(place) == 2 else _alphabet(place, letters)[rng.integers(len(_alphabet(place, letters)))]
             for place in _ONE_PLACE.findall(form.places)]
    text = "".join(drawn)
    if form.largest < 0:
        return text
    runs = list(re.finditer(r"[0-9]+", text))
    if not runs:
        return f"{text}-{number}"
    return f"{text[:runs[-1].start()]}{number:0{len(runs[-1][0])}d}{text[runs[-1].end():]}"

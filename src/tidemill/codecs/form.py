"""Ids and free text: nothing is learned of single values, only their form; fresh values are made in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
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

_DIGITS, _UPPER, _LOWER = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
_ALPHABET = {"9": _DIGITS, "A": _UPPER, "a": _LOWER}


def shape_of(value: str) -> str:
    """The form of an id: each digit as 9, each letter as A or a, all else as it is.

    Example:
        >>> shape_of("7590-VHVeg")
        '9999-AAAaa'
    """
    return re.sub(r"[a-z]", "a", re.sub(r"[A-Z]", "A", re.sub(r"[0-9]", "9", value)))


class IdCodec(ColumnCodec):
    """Fresh ids: whole numbers go on behind the largest, texts are drawn in the forms that occur.

    What is kept: the largest number, or the frequent forms with the characters that are the same in nearly all ids of a
    form. Ids that repeat (an entity's) are made to repeat as often on average.
    """

    exact = False
    inexact_because = "ids are made afresh, so that none points to a real row"

    integer: bool
    largest: int
    repeats: float
    forms: list[tuple[str, float]]
    presence: Presence

    def fit(self, column: Column, values: pl.Series, run: Run) -> Self:
        """Learn the forms, and how often an id repeats."""
        known = values.drop_nulls()
        self.repeats = max(len(known) / max(known.n_unique(), 1), 1.0)
        if self.repeats >= MANY_REPEATS:
            run.warn(f"Each value of '{column.name}' stands in {self.repeats:.1f} rows on average. Rows are generated one by "
                     "one: what the rows of one value have in common is not learned.")
        self.integer = values.dtype.is_integer()
        self.largest = int(known.max() or 0) if self.integer else 0  # type: ignore[arg-type]
        self.forms = [] if self.integer else _forms(known.cast(pl.String).unique(maintain_order=True).to_list()[:SAMPLE])
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
        weight = np.array([share for _, share in self.forms])
        made: dict[str, None] = {}
        for _ in range(64):
            pick = rng.choice(len(self.forms), n - len(made), p=weight / weight.sum())
            made |= dict.fromkeys(_in_form(self.forms[k][0], rng) for k in pick)
            if len(made) >= n:
                break
        texts = list(made)
        # forms with too little room for n different ids get a running number behind them
        texts += [f"{_in_form(self.forms[0][0], rng)}-{i}" for i in range(1, n - len(texts) + 1)]
        return pl.Series(texts, dtype=pl.String)

    def to_state(self) -> dict[str, Any]:
        """Forms, largest number, repeats."""
        return {"integer": self.integer, "largest": self.largest, "repeats": self.repeats,
                "forms": [list(form) for form in self.forms], "absences": list(self.presence.absences)}

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> Self:
        """Restored from :meth:`to_state`."""
        codec = cls()
        codec.integer, codec.largest = bool(state["integer"]), int(state["largest"])
        codec.repeats = max(float(state["repeats"]), 1.0)
        codec.forms = [(str(form), float(share)) for form, share in state["forms"]]
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
            return " ".join("".join(rng.choice(list(_LOWER), 6)) for _ in range(length))
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


def _forms(ids: list[str]) -> list[tuple[str, float]]:
    """The frequent forms and their shares; characters that nearly all ids of a form share stay, escaped by a backslash."""
    by_shape: dict[str, list[str]] = {}
    for text in ids:
        by_shape.setdefault(shape_of(text), []).append(text)
    frequent = {shape: texts for shape, texts in by_shape.items() if len(texts) >= MIN_COUNT}
    if not frequent:  # too few ids of any one form: the characters of the most frequent form, none kept
        return [(shape, float(len(texts))) for shape, texts in
                sorted(by_shape.items(), key=lambda item: (-len(item[1]), item[0]))[:1]]
    return [(_form(shape, texts), len(texts) / len(ids)) for shape, texts in sorted(frequent.items())]


def _form(shape: str, texts: list[str]) -> str:
    out = []
    for i, place in enumerate(shape):
        letter, count = Counter(text[i] for text in texts).most_common(1)[0]
        fixed = place not in _ALPHABET or count >= 0.99 * len(texts)
        out.append(f"\\{letter}" if fixed else place)
    return "".join(out)


def _in_form(form: str, rng: np.random.Generator) -> str:
    """A fresh text in a form: 9, A and a are drawn, what stands behind a backslash is kept."""
    return re.sub(r"\\(.)|([9Aa])", lambda m: m[1] or _ALPHABET[m[2]][rng.integers(len(_ALPHABET[m[2]]))], form,
                  flags=re.DOTALL)

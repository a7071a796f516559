"""Names that nobody in the training rows has, in the forms of theirs.

Each name has a word that stands in none of the training texts: where there is a family name it is
this one, else the given name. So no name is a real one, whatever else it is made of. Which words
were left out for that is not kept: of those that are free only a part is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import polars as pl

from tidemill.core.states import from_state, to_state
from tidemill.personal.name_forms import PLACE, NameForm
from tidemill.personal.word_lists import (
    WITHOUT_BLANKS,
    NameWords,
    all_folded,
    in_ascii,
    name_words,
)

MOST_WORDS = 1_000
ENOUGH = 150
"""Fewer free words are filled up with composed ones."""
FREE_PART = 4
"""One in so many of the free words is kept. A word that never comes may be a training one or a free
one that was not kept: that it never comes makes it 4/3 times as likely that somebody has it."""
_PIECE = re.compile(r"(\{[^}]*\})")
_LARGEST_ROOM = 2**31


@dataclass(frozen=True, slots=True)
class FreshNames:
    """Makes names by number: the same number always gives the same name.

    Attributes:
        forms: How names are written.
        words: What they are made of, by language.
        ascii: Whether they are written without accents.
        salt: Tells apart what is made of the same numbers.
    """

    forms: tuple[NameForm, ...]
    words: Mapping[str, tuple[NameWords, ...]]
    ascii: bool = False
    salt: int = 0

    def made(self, number: np.ndarray, seed: int) -> pl.Series:
        """(n,) numbers of persons -> (n,) their names, different ones while there are any."""
        names = pl.Series([""] * len(number), dtype=pl.String)
        seed = (seed + self.salt) % 2**63
        rows = np.array([form.rows for form in self.forms], float)
        ends = np.cumsum(rows / rows.sum())
        form_of = np.searchsorted(ends, scrambled(number, seed, 1) / 2**63, side="right")
        for at, form in enumerate(self.forms):
            words = self.words[form.language]
            sex = scrambled(number, seed, 2) % len(words)
            for k, own in enumerate(words):
                here = np.flatnonzero((np.minimum(form_of, len(self.forms) - 1) == at) & (sex == k))
                if len(here):
                    names = names.scatter(here, self._written(form, own, number[here], seed))
        return names

    def _written(
        self, form: NameForm, words: NameWords, number: np.ndarray, seed: int
    ) -> pl.Series:
        """(n,) names of one form."""
        if self.ascii:
            words = NameWords(*map(in_ascii, (words.given, words.family, words.middle)))
        lengths = [int(place[-1]) for place in form.places() if place[:-1] == "given"]
        given = words.given
        if lengths:
            given = tuple(word for word in given if len(word) == lengths[0]) or given
        at, round_number = places(number, len(words.family) * len(given), seed)
        chosen = {"family": at % len(words.family), "given": at // len(words.family)}
        parts: list[pl.Series] = []
        for k, piece in enumerate(_PIECE.split(form.pattern)):
            found = PLACE.fullmatch(piece)
            if found is None:
                parts.append(pl.Series([piece], dtype=pl.String))
                continue
            any_of = scrambled(number, seed, 3 + k)
            chosen["initial"] = any_of % len(given) if _has_given(form) else chosen["given"]
            text = _word(found[1], given, words, chosen, any_of)
            if found[1].startswith("given") or (found[1] == "family" and not _has_given(form)):
                text = _longer(text, form, words, round_number)
            parts.append(_cased(text, found[2]))
        names = pl.select(pl.concat_str(parts)).to_series()
        return _masked(names, form) if form.mask else names

    def to_state(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "forms": [to_state(form) for form in self.forms],
            "words": {
                language: [to_state(one) for one in words] for language, words in self.words.items()
            },
            "ascii": self.ascii,
            "salt": self.salt,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The ones that :meth:`to_state` described.

        Raises:
            ValueError: A form has no words.
        """
        forms = tuple(from_state(NameForm, form) for form in state["forms"])
        words = {
            str(language): tuple(from_state(NameWords, one) for one in own)
            for language, own in state["words"].items()
        }
        if not forms or any(form.rows < 1 or not words.get(form.language) for form in forms):
            raise ValueError("a form of names has no words")
        if any(not one.given or not one.family for own in words.values() for one in own):
            raise ValueError("there are no names to draw from")
        return cls(forms, words, bool(state["ascii"]), int(state["salt"]))


def _word(
    place: str,
    given: tuple[str, ...],
    words: NameWords,
    chosen: Mapping[str, np.ndarray],
    any_of: np.ndarray,
) -> pl.Series:
    """(n,) what stands in one place.

    Args:
        place: Its name.
        given: Given names of the form's length.
        words: All words.
        chosen: (n,) which word is the person's own.
        any_of: (n,) large numbers, for what is nobody's own.
    """
    if place in ("9", "n"):  # n is the first digit of a number
        digits = any_of % 10 if place == "9" else 1 + any_of % 9
        return pl.Series(digits).cast(pl.String)
    if place == "family":
        return pl.Series(words.family)[chosen["family"]]
    if place.startswith("given"):
        return pl.Series(given)[chosen["given"]]
    if place == "mother":
        step = 1 + any_of % max(len(words.family) - 1, 1)
        return pl.Series(words.family)[(chosen["family"] + step) % len(words.family)]
    if place == "middle" and words.middle:
        return pl.Series(words.middle)[any_of % len(words.middle)]
    if place in ("second", "middle"):
        step = 1 + any_of % max(len(given) - 1, 1)
        return pl.Series(given)[(chosen["given"] + step) % len(given)]
    if place == "f":
        return pl.Series(words.family)[chosen["family"]].str.slice(0, 1)
    return pl.Series(given)[chosen["initial"]].str.slice(0, 1)


def scrambled(number: np.ndarray, seed: int, salt: int) -> np.ndarray:
    """(n,) numbers -> (n,) int64 from 0 below 2**63 that look random, always the same (after
    splitmix64)."""
    mixed = np.asarray(number).astype(np.uint64)
    with np.errstate(over="ignore"):
        mixed += np.uint64((seed * 0x9E3779B97F4A7C15 + salt * 0xD1B54A32D192ED03) % 2**64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(1)).astype(np.int64)


def places(number: np.ndarray, room: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(n,) different numbers -> (n,) places below the room, each once in a round, and (n,) the
    rounds."""
    room = max(min(room, _LARGEST_ROOM), 1)
    step = int(room * 0.6180339887498949) | 1
    while np.gcd(step, room) > 1:
        step += 2
    offset = int(scrambled(np.zeros(1, np.int64), seed, 1)[0]) % room
    return (number % room * step + offset) % room, number // room


def free_words(
    language: str,
    forms: Sequence[NameForm],
    texts: pl.Series,
    rng: np.random.Generator,
) -> tuple[NameWords, ...]:
    """Words of a language from which names in these forms are made, none of them a training one.

    Args:
        language: Of the forms.
        forms: All forms of the column, and of those whose names are of the same persons.
        texts: Their training values.
        rng: Draws which of the free words are taken.
    """
    known = texts.drop_nulls().unique(maintain_order=True)
    own = [form for form in forms if form.language == language]
    found = name_words(language)
    if language in WITHOUT_BLANKS:
        return (_free_eastern(found[0], own, known, rng),)
    plain = all_folded(known)
    without_family = any(not {"family", "mother"} & set(form.places()) for form in own)
    chosen = []
    for one in found:
        free = _free(one.family, plain, rng)
        mine = _free(one.given, plain, rng) if without_family else _some(one.given, rng)
        chosen.append(NameWords(mine, free, one.middle))
    return tuple(chosen)


def _free(words: Sequence[str], texts: pl.Series, rng: np.random.Generator) -> tuple[str, ...]:
    """Some of the words that stand in no text, filled up with pairs of words that stand in none."""
    single = _absent(words, texts)
    kept = _some(single, rng, -(-len(single) // FREE_PART))
    if len(kept) >= ENOUGH:
        return kept
    first, second = rng.integers(0, len(words), (2, 4 * MOST_WORDS))
    pairs = dict.fromkeys(
        f"{words[a]}-{words[b]}" for a, b in zip(first, second, strict=True) if a != b
    )
    composed = _absent(list(pairs), texts)
    return (*kept, *_some(composed, rng, ENOUGH - len(kept)))


def _some(
    words: Sequence[str], rng: np.random.Generator, most: int = MOST_WORDS
) -> tuple[str, ...]:
    count = min(len(words), most, MOST_WORDS)
    return tuple(words[at] for at in rng.permutation(len(words))[:count].tolist())


def _absent(words: Sequence[str], texts: pl.Series) -> list[str]:
    """The words that stand in none of the folded texts, not as a part of another word either."""
    patterns = all_folded(pl.Series(words, dtype=pl.String)).to_list()
    found = texts.str.extract_many(list(dict.fromkeys(patterns)), overlapping=True)
    met = set(found.explode(empty_as_null=False).unique().to_list())
    return [word for word, pattern in zip(words, patterns, strict=True) if pattern not in met]


def _free_eastern(
    words: NameWords, forms: Sequence[NameForm], names: pl.Series, rng: np.random.Generator
) -> NameWords:
    """Given names of the lengths of the forms, composed of the characters of listed ones, with
    which no training name ends; where there is none, family names that no training name is."""
    bare = names.str.replace_all(r"[\s\u3000・]", "")
    ends: set[str] = set(bare.to_list())
    for length in range(1, 4):
        ends.update(bare.str.slice(length).unique().to_list())
    given: dict[str, None] = {}
    every = [form.places() for form in forms]
    with_length = [place for own in every for place in own if place[:-1] == "given"]
    lengths = sorted({int(place[-1]) for place in with_length})
    for length in lengths or [2]:
        for word in composed_words(words.given, length, ends, rng):
            given[word] = None
    family: Sequence[str] = words.family
    if not all(map(_has_given, forms)):
        family = [word for word in words.family if word not in ends]
        family = [*_some(family, rng, -(-len(family) // FREE_PART))]
        if len(family) < 50:
            family += composed_words(words.family, 2, ends, rng)
    return NameWords(tuple(given), tuple(family))


def composed_words(
    words: Sequence[str], length: int, taken: set[str], rng: np.random.Generator
) -> tuple[str, ...]:
    """Words of so many characters, each character of the place that it has in the listed words."""
    long = [word for word in words if len(word) > 1] or list(words)
    first = sorted({word[0] for word in (long if length > 1 else words)})
    behind = sorted({letter for word in long for letter in word[1:]}) or first
    if length == 1:
        first = sorted({*first, *behind})
    found: dict[str, None] = {}
    for _ in range(8):
        columns = [rng.choice(first, MOST_WORDS)]
        columns += [rng.choice(behind, MOST_WORDS) for _ in range(length - 1)]
        for letters in zip(*columns, strict=True):
            word = "".join(letters)
            if word not in taken:
                found[word] = None
        if len(found) >= MOST_WORDS:
            break
    if not found:  # all of this length are taken
        return composed_words(words, length + 1, taken, rng)
    return tuple(found)[:MOST_WORDS]


def _has_given(form: NameForm) -> bool:
    return any(place.startswith("given") for place in form.places())


def _longer(
    text: pl.Series, form: NameForm, words: NameWords, round_number: np.ndarray
) -> pl.Series:
    """(n,) words with a further one behind those of later rounds, so that none comes twice."""
    if not round_number.any():
        return text
    more = pl.Series(words.given)[(round_number - 1) % len(words.given)]
    sign = " " if _has_given(form) and "{family" in form.pattern else "-"
    if form.language in WITHOUT_BLANKS:
        sign = ""
    lower = form.pattern.islower() and ":l" in form.pattern
    longer = text + ("" if lower else sign) + more
    return text.zip_with(pl.Series(round_number == 0), longer)


def _cased(text: pl.Series, case: str | None) -> pl.Series:
    if case == "u":
        return text.str.to_uppercase()
    return text.str.to_lowercase() if case == "l" else text


def _masked(names: pl.Series, form: NameForm) -> pl.Series:
    """(n,) names with signs in the place of the hidden characters."""
    parts = []
    for at, hidden in enumerate(form.mask):
        parts.append(
            pl.Series([form.sign], dtype=pl.String) if hidden == "1" else names.str.slice(at, 1)
        )
    return pl.select(pl.concat_str(parts)).to_series()

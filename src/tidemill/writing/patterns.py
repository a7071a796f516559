"""Sentences of training texts with slots where the values of their rows stood."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tidemill.core.persons import shared_items
from tidemill.writing.carrying import spans_of
from tidemill.writing.quantities import plain_form, quantities

_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])\s*|[\r\n]+")
_VOWEL = re.compile(r"[aeiouAEIOU]")
_LONGEST = 400
"""Characters of a sentence that may become a pattern."""
_USUAL = 0.5
"""The share of the rows that a sentence fits that have it: what is said of a few among its like,
such as a note on one product, is no way to describe the others."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A sentence with slots.

    Attributes:
        literals: (slots + 1,) what stands before, between and behind the slots.
        slots: The attributes whose values stand in it, in order.
        place: Where it stood in its texts on average, from 0 for their beginning to 1.
        rows: How many training rows have it.
        always: Attribute -> the value that all those rows have; what it says beside its slots is
            known to be true of no others.
    """

    literals: tuple[str, ...]
    slots: tuple[str, ...]
    place: float = 0.0
    rows: int = 0
    always: Mapping[str, str] = field(default_factory=dict)

    def fits(self, attributes: Mapping[str, str]) -> bool:
        """Whether it can be filled, and was used of such rows."""
        return all(name in attributes for name in self.slots) and all(
            attributes.get(name) == value for name, value in self.always.items()
        )

    def filled(self, attributes: Mapping[str, str]) -> str:
        """The sentence with values, and "a" or "an" as the value behind it begins.

        Example:
            >>> Pattern(("It is an ", " cup."), ("colour",)).filled({"colour": "red"})
            'It is a red cup.'
        """
        text = self.literals[0]
        for name, literal in zip(self.slots, self.literals[1:], strict=True):
            value = " ".join(attributes[name].split())
            article = re.search(r"(?:^|\s)([Aa]n?)\s$", text)
            if article and value[:1].isascii() and value[:1].isalpha():
                right = article[1][0] + ("n" if _VOWEL.match(value) else "")
                text = f"{text[: article.start(1)]}{right} "
            text += value + literal
        return text[:1].upper() + text[1:]


def mined_patterns(
    texts: Sequence[str],
    attributes: Sequence[Mapping[str, str]],
    persons: Sequence[int] | None = None,
) -> tuple[Pattern, ...]:
    """The sentences with slots that texts of enough persons share, those of most rows first.

    A sentence without a slot is none, nor is one with a number that no attribute gives, or one that
    most rows that it fits do without.

    Args:
        texts: (n,) training texts.
        attributes: (n,) name -> value of each text's row.
        persons: (n,) whose each row is; None where each is a person of its own.

    Example:
        >>> colours = ["red", "blue", "green", "grey", "black"]
        >>> rows = [{"colour": one} for one in colours]
        >>> [made] = mined_patterns([f"A {one} cup. Nice!" for one in colours], rows)
        >>> made.literals, made.slots
        (('A ', ' cup.'), ('colour',))
    """
    of_rows = [
        [(_slotted(sentence, row), place) for sentence, place in _sentences(text)]
        for text, row in zip(texts, attributes, strict=True)
    ]
    shared = shared_items(([one for one, _ in row if one] for row in of_rows), persons)
    rows_of: dict[Slotted, list[int]] = {one: [] for one in shared}
    places: dict[Slotted, list[float]] = {one: [] for one in shared}
    for row, taken in enumerate(of_rows):
        for one, place in taken:
            if one is not None and one in shared:
                rows_of[one].append(row)
                places[one].append(place)
    made = []
    for (literals, slots), rows in rows_of.items():
        own = [attributes[row] for row in rows]
        place = sum(places[literals, slots]) / len(rows)
        pattern = Pattern(literals, slots, place, len(rows), _always(own))
        if len(set(rows)) >= _USUAL * sum(map(pattern.fits, attributes)):
            made.append(pattern)
    return tuple(sorted(made, key=lambda one: (-one.rows, one.slots, one.literals)))


Slotted = tuple[tuple[str, ...], tuple[str, ...]]
"""Literals and slots of a sentence."""


def _sentences(text: str) -> list[tuple[str, float]]:
    """Sentences with their place in the text, from 0 to 1."""
    parts = [" ".join(part.split()) for part in _SENTENCE.split(text)]
    parts = [part for part in parts if part and len(part) <= _LONGEST]
    return [(part, index / max(len(parts) - 1, 1)) for index, part in enumerate(parts)]


def _slotted(sentence: str, attributes: Mapping[str, str]) -> Slotted | None:
    """A sentence taken apart at the values of its row; None where none stands in it, or it says a
    number that is none of them."""
    spans: list[tuple[int, int, str]] = []
    values = {name: " ".join(value.split()) for name, value in attributes.items() if value.strip()}
    folded = [value.casefold() for value in values.values()]
    for name in sorted(values, key=lambda one: (-len(values[one]), one)):
        if folded.count(values[name].casefold()) > 1 or len(values[name]) < 2:
            continue  # which of two attributes stands there cannot be told
        for begin, end in _spans_of(sentence, values[name]):
            if not any(begin < other_end and other < end for other, other_end, _ in spans):
                spans.append((begin, end, name))
    if not spans:
        return None
    spans.sort()
    ends = [0, *(end for _, end, _ in spans)]
    begins = [*(begin for begin, _, _ in spans), len(sentence)]
    literals = tuple(sentence[end:begin] for end, begin in zip(ends, begins, strict=True))
    if quantities(plain_form(" | ".join(literals))):
        return None
    return literals, tuple(name for _, _, name in spans)


def _spans_of(sentence: str, value: str) -> list[tuple[int, int]]:
    """Where a value stands in a sentence, as it is or as another spelling of the same number."""
    found = spans_of(sentence, value)
    amounts = quantities(value)
    if not found and len(amounts) == 1 and not re.search(r"[^\d.,-]", value):
        same = [one for one in quantities(sentence) if one.number == amounts[0].number]
        found = [(one.begin, one.end) for one in same]
    return found


def _always(rows: Sequence[Mapping[str, str]]) -> dict[str, str]:
    first = rows[0]
    return {
        name: value for name, value in first.items() if all(row.get(name) == value for row in rows)
    }

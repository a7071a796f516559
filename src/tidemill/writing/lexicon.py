"""What the texts and rows that a writer learns from have in common: their ordinary words, and the
values of their attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tidemill.core.persons import shared_items
from tidemill.core.text_tokens import text_tokens


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What a check knows of the texts of one set.

    Attributes:
        words: Ordinary words: those that texts of enough persons write in lower case.
        values: Attribute -> the values that rows of enough persons have.
    """

    words: frozenset[str] = frozenset()
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)


def lexicon_of(
    texts: Sequence[str],
    attributes: Sequence[Mapping[str, str]],
    persons: Sequence[int] | None = None,
) -> Lexicon:
    """The lexicon of training texts; it holds nothing that fewer than five persons share.

    Args:
        texts: (n,) training texts.
        attributes: (n,) name -> value of each text's row.
        persons: (n,) whose each row is; None where each is a person of its own.

    Example:
        >>> made = lexicon_of(["A red cup by Nordia."] * 5, [{"maker": "Nordia"}] * 5)
        >>> sorted(made.words), made.values["maker"]
        (['by', 'cup', 'red'], frozenset({'Nordia'}))
    """
    words = shared_items((_lower_words(text) for text in texts), persons)
    pairs = shared_items((tuple(row.items()) for row in attributes), persons)
    return Lexicon(frozenset(words), _by_name(pairs))


def _lower_words(text: str) -> set[str]:
    return {token for token in text_tokens(text) if token.isalpha() and token.islower()}


def _by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    values: dict[str, set[str]] = {}
    for name, value in pairs:
        values.setdefault(name, set()).add(value)
    return {name: frozenset(values[name]) for name in sorted(values)}

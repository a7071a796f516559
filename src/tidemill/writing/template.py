"""A writer that fills in sentences of the training texts: dull, and true of its row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.core.states import from_state, to_state
from tidemill.writing.carrying import words_of_name
from tidemill.writing.checks import refusals
from tidemill.writing.lexicon import Lexicon, lexicon_of
from tidemill.writing.patterns import Pattern, mined_patterns
from tidemill.writing.writer import Ask, Language, Writer, WrittenText

_TRIES = 4
"""Choices of sentences of which the first that passes the check is taken."""
_REPEATED = 0.5
"""What a value that was said already takes from a sentence, of what a new one gives."""
_MARKS: Mapping[Language, tuple[str, str, str, str]] = {
    "en": (": ", "; ", ".", " "),
    "zh": ("：", "；", "。", ""),
}
"""What stands behind a name, between two attributes, at the end, and between two sentences."""


@dataclass(frozen=True)
class StoredTemplate:
    """A template as it is stored: its sentences, ordinary words and values in order."""

    patterns: tuple[Pattern, ...]
    words: tuple[str, ...]
    values: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Template(Writer):
    """Fills in sentences that training texts share; what none of them says it lists by name.

    Attributes:
        patterns: The sentences with slots.
        lexicon: What the check knows of the training rows.
    """

    patterns: tuple[Pattern, ...] = ()
    lexicon: Lexicon = field(default_factory=Lexicon)
    name: str = "template"

    def write(self, asks: Sequence[Ask], run: Run) -> list[WrittenText | None]:
        """A text for each ask that says each attribute and nothing else; None where even the list
        of attributes is no text that was asked for, such as one that is too long."""
        rng = run.rng("writing", self.name)
        texts = [self._text(ask, rng) for ask in run.track(asks, "write", "fills in sentences")]
        return [None if text is None else WrittenText(text, self.name) for text in texts]

    def to_state(self) -> dict[str, Any]:
        """The template as plain JSON values."""
        values = {name: tuple(sorted(known)) for name, known in self.lexicon.values.items()}
        words = tuple(sorted(self.lexicon.words))
        stored: dict[str, Any] = to_state(StoredTemplate(self.patterns, words, values))
        return stored

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> Template:
        """The template that :meth:`to_state` wrote.

        Raises:
            InputError: The state is not one of a template.
        """
        stored: StoredTemplate = from_state(StoredTemplate, state)
        if any(len(one.literals) != len(one.slots) + 1 for one in stored.patterns):
            raise InputError(
                "a sentence of the stored template has not one part more than slots",
                hint="learn the template from its texts again",
            )
        values = {name: frozenset(known) for name, known in stored.values.items()}
        return Template(stored.patterns, Lexicon(frozenset(stored.words), values))

    def tells(self) -> str | None:
        return None

    def counts(self) -> Mapping[str, int]:
        return {}

    def _text(self, ask: Ask, rng: np.random.Generator) -> str | None:
        ask = replace(ask, own_words=None)  # its words are those of the training texts
        fitting = [one for one in self.patterns if one.fits(ask.attributes)]
        for _ in range(_TRIES if fitting else 0):
            text = _composed(fitting, ask, rng)
            if not refusals(text, ask, self.lexicon):
                return text
        text = listed_text(ask.attributes, ask.language)
        return None if refusals(text, ask, self.lexicon) else text


def template_of(
    texts: Sequence[str],
    attributes: Sequence[Mapping[str, str]],
    persons: Sequence[int] | None = None,
) -> Template:
    """The template of training texts; it holds nothing that fewer than five persons share.

    Args:
        texts: (n,) training texts.
        attributes: (n,) name -> value of each text's row, without those that are missing.
        persons: (n,) whose each row is; None where each is a person of its own.

    Example:
        >>> colours = ["red", "blue", "green", "grey", "black"]
        >>> rows = [{"colour": one, "size": "big"} for one in colours]
        >>> made = template_of([f"This cup is {one} and big." for one in colours], rows)
        >>> made.write([Ask("Describe it.", {"colour": "pink", "size": "big"})], Run())[0].text
        'This cup is pink and big.'
        >>> made.write([Ask("Describe it.", {"shape": "round"})], Run())[0].text
        'Shape: round.'
    """
    patterns = mined_patterns(texts, attributes, persons)
    return Template(patterns, lexicon_of(texts, attributes, persons))


def listed_text(attributes: Mapping[str, str], language: Language) -> str:
    """The attributes with their names, as one sentence.

    Example:
        >>> listed_text({"maker": "Nordia", "price_eur": "24.90"}, "en")
        'Maker: Nordia; price eur: 24.90.'
    """
    of, between, end, _ = _MARKS[language]
    parts = [
        f"{words_of_name(name)}{of}{' '.join(value.split())}"
        for name, value in attributes.items()
        if value.strip()
    ]
    text = between.join(parts)
    return f"{text[:1].upper()}{text[1:]}{end}" if text else ""


def _composed(patterns: Sequence[Pattern], ask: Ask, rng: np.random.Generator) -> str:
    """Sentences that say as many attributes as they can, each with one that is new, in the order in
    which they stand in training texts; then a list of the others."""
    left = {name for name, value in ask.attributes.items() if value.strip()}
    chosen: list[Pattern] = []
    noise = rng.gumbel(size=len(patterns)) * _REPEATED / 2
    while left:
        gains = [
            sum(name in left for name in set(one.slots))
            - _REPEATED * sum(name not in left for name in set(one.slots))
            for one in patterns
        ]
        best = max(
            range(len(patterns)),
            key=lambda index: (gains[index] > 0, gains[index] + noise[index]),
        )
        if gains[best] <= 0:
            break
        chosen.append(patterns[best])
        left -= set(patterns[best].slots)
    sentences = [one.filled(ask.attributes) for one in sorted(chosen, key=lambda one: one.place)]
    others = {name: value for name, value in ask.attributes.items() if name in left}
    if others:
        sentences.append(listed_text(others, ask.language))
    return _MARKS[ask.language][3].join(sentences)

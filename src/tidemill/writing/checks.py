"""What a written text is refused for: what it leaves out, what it adds, and how it is written.

A text that passes carries each attribute that was asked for and no number, unit, name or value of
another row that was not. What no list can tell it may still say: an ordinary word that is not true
("sturdy"), a name in small letters or Chinese characters that stands in no row, or two words of one
sort in each other's place (a steel lid on a glass bottle for a glass lid on a steel bottle).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tidemill.core.text_tokens import UNSPACED, is_unspaced, text_tokens, text_words
from tidemill.writing.carrying import (
    not_carried,
    same_unit,
    same_word,
    spans_of,
    words_beside,
    words_of_name,
)
from tidemill.writing.lexicon import Lexicon
from tidemill.writing.names import foreign_names
from tidemill.writing.quantities import plain_form, quantities, unit_words
from tidemill.writing.stop_words import CHINESE_STOP_WORDS, OPENERS, PLAIN_WORDS, STOP_WORDS
from tidemill.writing.writer import Ask

SLOT = "\ufffc"
"""Stands for a value in a text of which only the rest is looked at."""
_FEWEST_WORDS = 8
"""Words (twice as many Chinese characters) that show the language of a text."""
_MARKUP = re.compile(
    r"```|<\|?/?[a-zA-Z_][^>]{0,40}>|\*\*|^\s*#{1,6}\s|\[[^\]]*\]\([^)]*\)|\\n|[{}]|\[/?INST\]"
    r"|https?://|www\.|@\w|[\ufffd\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
    # what cannot be seen: joiners, marks of direction, and characters of private use
    r"|[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ue000-\uf8ff]",
    re.MULTILINE,
)
_CHATTER = re.compile(
    r"^\s*(?:sure|certainly|of course|okay|here (?:is|are|'s)|as an ai|i'm sorry|i cannot|note:|"
    r"(?:user|assistant|system|human|output|answer|instruction|draft)\s*:|"
    r"当然|好的[,，!！]|以下是|这是一|作为(?:一个)?ai|抱歉|(?:用户|助手|草稿|答案|说明)\s*[:：])",
    re.IGNORECASE,
)
_LENGTH = re.compile(
    r"[\w-]+(?: (?:or|to) [\w-]+)? (?:sentence|word|character|line|paragraph)s?\b"
    r"|[\w-]+?(?:句|字|行|段)",
    re.IGNORECASE,
)
"""How long a text is to be, which is no number that it may say."""
_KANA = re.compile("[\u3040-\u30ff]")
_ECHOED, _ECHOED_UNSPACED = 8, 16
"""Tokens of the instruction, and Chinese characters, that in a row are its echo."""
_COPIED, _COPIED_UNSPACED, _COPIED_SHARE = 6, 12, 0.8
"""Tokens of an example in a row that are copied, and the share of a text that makes it a copy."""


def refusals(text: str, ask: Ask, lexicon: Lexicon | None = None) -> tuple[str, ...]:
    """Why a text is no answer to what was asked, a sentence each; none for one that passes.

    Args:
        text: What was written.
        ask: What was asked for.
        lexicon: The ordinary words and the values of the training rows; with none, every word that
            is not asked for and may be a name is taken for one.

    Example:
        >>> ask = Ask("Describe the product.", {"maker": "Nordia", "volume": "750 ml"})
        >>> refusals("This bottle by Nordia holds 750 ml.", ask)
        ()
        >>> for reason in refusals("This bottle by Acme holds 700 ml.", ask):
        ...     print(reason)
        does not say maker 'Nordia'
        does not say volume '750 ml'
        says the number '700 ml', which was not given
        says the name 'Acme', which was not given
    """
    lexicon = lexicon or Lexicon()
    size = len(text.strip())
    if size > ask.longest:  # and so not looked at: it may be of any size
        return (f"has {size} characters, more than {ask.longest}",)
    if ask.schema is not None:
        unfit = tuple(_unfit(text, ask.schema))
        if unfit:
            return unfit
        text = " ".join(_texts_within(json.loads(text)))
    plain = plain_form(text)
    if not plain:
        return ("is empty",) if ask.attributes or ask.schema is None else ()
    bare = without_values(plain.replace(SLOT, "\ufffd"), ask.attributes)
    return (
        *not_carried(plain, ask.attributes),
        *_foreign_numbers(plain, ask),
        *_stray_numbers(plain, bare, ask),
        *_foreign_names(bare, ask, lexicon),
        *_foreign_values(plain, ask, lexicon),
        *_own_words(bare, ask),
        *_wrong_form(bare, ask),
        *_wrong_language(_without_names(bare, ask), ask),
        *_copied(plain, ask),
    )


def without_values(text: str, attributes: Mapping[str, str]) -> str:
    """A plain text with a slot for each value that stands in it as it is.

    Example:
        >>> without_values("A blue mug, blueish.", {"colour": "Blue"}).replace(SLOT, "_")
        'A _ mug, blueish.'
    """
    forms = {plain_form(value) for value in attributes.values()} - {""}
    if not forms:
        return text
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    return re.sub("|".join(map(_whole, longest_first)), SLOT, text, flags=re.IGNORECASE)


def _whole(form: str) -> str:
    before = r"(?<![A-Za-z0-9])" if form[0].isascii() and form[0].isalnum() else ""
    after = r"(?![A-Za-z0-9])" if form[-1].isascii() and form[-1].isalnum() else ""
    return f"{before}{re.escape(form)}{after}"


def _given(ask: Ask) -> str:
    """All that a text may say, as one text."""
    names = map(words_of_name, ask.attributes)
    return plain_form(" | ".join((ask.instruction, *names, *ask.attributes.values())))


def _foreign_numbers(plain: str, ask: Ask) -> Iterator[str]:
    known: dict[str, set[str]] = {}
    for name, value in ask.attributes.items():
        of_name = unit_words(name)
        for one in quantities(plain_form(value)):
            known.setdefault(one.number, set()).update({one.unit or ""}, of_name)
    for one in quantities(_LENGTH.sub("", _given(ask))):
        known.setdefault(one.number, set()).add(one.unit)
    for one in quantities(plain):
        shown = plain[one.begin : one.end]
        units = known.get(one.number)
        if units is None:
            unit = f" {one.unit}" if one.unit else ""
            yield f"says the number '{shown}{unit}', which was not given"
        elif one.unit and not any(same_unit(one.unit, unit) for unit in units):
            yield f"says '{shown}' in {one.unit}, which was not given"


def _stray_numbers(plain: str, bare: str, ask: Ask) -> Iterator[str]:
    """Numbers that a row gives inside of a longer value alone, such as a title, and that stand
    by themselves in a text that has this value: "a can of 24 gal" for "Step Can 24 gal"."""
    inside: dict[str, str] = {}
    free = {one.number for one in quantities(_LENGTH.sub("", plain_form(ask.instruction)))}
    for name, value in ask.attributes.items():
        form = plain_form(value)
        found = quantities(form)
        is_longer = bool(words_beside(form, found)) and bool(spans_of(plain, form))
        for one in found:
            if is_longer:
                inside[one.number] = name
            else:
                free.add(one.number)
        free.update(one.number for one in quantities(words_of_name(name)))
    for one in quantities(bare):
        if one.number in inside and one.number not in free:
            shown = bare[one.begin : one.end]
            yield f"says a part of {inside[one.number]} by itself: '{shown}'"


def _foreign_names(bare: str, ask: Ask, lexicon: Lexicon) -> Iterator[str]:
    given = _given(ask)
    known = frozenset((*text_words(given), *_chunks(given)))
    for name in dict.fromkeys(foreign_names(bare, known, lexicon.words, ask.language)):
        yield f"says the name '{name}', which was not given"


def _chunks(text: str) -> list[str]:
    """Runs of letters and digits, and of two Chinese characters, in lower case."""
    pairs = [text[at : at + 2] for at in range(len(text) - 1) if is_unspaced(text[at : at + 2])]
    return [*re.findall(r"[a-z0-9]+", text.casefold()), *pairs]


def _foreign_values(plain: str, ask: Ask, lexicon: Lexicon) -> Iterator[str]:
    """Values that other rows have for an attribute that was asked for: the longest first, as
    "stainless steel" is not the steel that was given."""
    given = _given(ask)
    own = {plain_form(value) for value in ask.attributes.values()} - {""}
    for name, values in lexicon.values.items():
        if name not in ask.attributes:
            continue
        left = plain
        for form in sorted(own | set(map(plain_form, values)), key=lambda one: (-len(one), one)):
            if form.casefold() not in left.casefold():
                continue
            found = spans_of(left, form)
            if found and spans_of(given, form):
                left = without_values(left, {name: form})
            elif found and _is_telling(form):
                yield f"says {name} '{form}', which another row has"


def _own_words(bare: str, ask: Ask) -> Iterator[str]:
    """Words that a writer added, where there are more of them than it may: "luxurious"."""
    if ask.own_words is None or ask.language != "en":
        return
    texts = [_given(ask), ask.draft, *(text for _, text in ask.examples)]
    known = {word for text in texts for word in text_words(plain_form(text))}
    known |= STOP_WORDS["en"] | PLAIN_WORDS
    words = [word for word in text_words(bare) if not word.isdigit() and len(word) > 1]
    own = [
        word
        for word in dict.fromkeys(words)
        if word not in known and not any(same_word(word, one) for one in known)
    ]
    if len(own) > ask.own_words:
        yield from (f"says '{word}' of its own accord" for word in own)


def _is_telling(form: str) -> bool:
    """Whether a value is more than a number, or a word that any text may have."""
    if not re.search(r"[^\W\d_]", form):
        return False
    words = text_words(form)
    ordinary = STOP_WORDS["en"] | OPENERS | CHINESE_STOP_WORDS
    return bool(words) and not all(word in ordinary for word in words) and len(form) > 1


def _wrong_form(bare: str, ask: Ask) -> Iterator[str]:
    if _MARKUP.search(bare):
        yield "has marks that belong in no plain text"
    if _CHATTER.search(_without_names(bare, ask)):
        yield "speaks of itself, or to whoever asked"
    if _is_echo(bare, ask):
        yield "repeats the instruction"
    if _is_loop(bare):
        yield "repeats itself"


def _is_echo(bare: str, ask: Ask) -> bool:
    wanted = _ECHOED_UNSPACED if ask.language == "zh" else _ECHOED
    runs = _runs(text_words(plain_form(ask.instruction)), wanted)
    return not runs.isdisjoint(_runs(text_words(bare), wanted))


def _is_loop(bare: str) -> bool:
    tokens = [token.casefold() for token in text_tokens(bare)]
    long = 9 if is_unspaced(bare) else 5
    for size in range(1, 2 * long):
        for at in range(len(tokens) - 3 * size + 1):
            part = tokens[at : at + size]
            if tokens[at : at + 3 * size] == part * 3 and any(one.isalpha() for one in part):
                return True
    runs = Counter(tuple(tokens[at : at + long]) for at in range(len(tokens) - long + 1))
    said = Counter(
        sentence.strip().casefold()
        for sentence in re.split(r"[.!?。！？]+\s*", bare)
        if len(text_words(sentence)) >= 4
    )
    return max(runs.values(), default=0) >= 3 or max(said.values(), default=0) >= 2


def _without_names(bare: str, ask: Ask) -> str:
    """The text with a slot also for each name of an attribute."""
    return without_values(bare, {name: words_of_name(name) for name in ask.attributes})


def _wrong_language(bare: str, ask: Ask) -> Iterator[str]:
    """A sentence where what stands about the values is of another language."""
    han = len(re.findall(f"[{UNSPACED}]", bare))
    latin = len(re.findall(r"[A-Za-z\u00c0-\u024f]+", bare))
    others = len(re.findall(r"[^\W\d_]", re.sub(f"[A-Za-z\u00c0-\u024f{UNSPACED}]", "", bare)))
    if ask.language == "zh":
        is_long = han >= 2 * _FEWEST_WORDS
        has_stop_words = any(one in CHINESE_STOP_WORDS for one in bare)
        if _KANA.search(bare) or others or latin > han or (is_long and not has_stop_words):
            yield "is not in Chinese"
        return
    words = text_words(bare)
    counts = {name: sum(word in own for word in words) for name, own in STOP_WORDS.items()}
    foreign = max(count for name, count in counts.items() if name != "en")
    unclear = len(words) >= _FEWEST_WORDS and not counts["en"]
    if han or others or unclear or (foreign > counts["en"] and foreign > 1):
        yield "is not in English"


def _copied(plain: str, ask: Ask) -> Iterator[str]:
    tokens = text_words(plain)
    size = _COPIED_UNSPACED if is_unspaced(plain) else _COPIED
    for _, example in ask.examples:
        of_example = text_words(plain_form(example))
        if tokens == of_example:
            yield "is the copy of an example"
            return
        runs = _runs(of_example, size)
        covered: set[int] = set()
        for at in range(len(tokens) - size + 1):
            if tuple(tokens[at : at + size]) in runs:
                covered.update(range(at, at + size))
        if len(covered) > _COPIED_SHARE * len(tokens):
            yield "is the copy of an example"
            return


def _runs(tokens: Sequence[str], size: int) -> set[tuple[str, ...]]:
    return {tuple(tokens[at : at + size]) for at in range(len(tokens) - size + 1)}


_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def _texts_within(value: Any) -> Iterator[str]:
    """The texts and numbers in a JSON value, in their order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts_within(one)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _unfit(text: str, schema: Mapping[str, Any]) -> Iterator[str]:
    """Why a text is no JSON of the form that was asked for: types, and names that must be there."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        yield "is no JSON"
        return
    kind = _TYPES.get(str(schema.get("type", "")))
    if kind is not None and not isinstance(value, kind):
        yield "is JSON of another form than was asked for"
    elif isinstance(value, dict):
        missing = [name for name in schema.get("required", ()) if name not in value]
        wrong = [
            name
            for name, inner in schema.get("properties", {}).items()
            if name in value
            and isinstance(inner, Mapping)
            and not isinstance(value[name], _TYPES.get(str(inner.get("type", "")), object))
        ]
        if missing or wrong:
            yield "is JSON of another form than was asked for"

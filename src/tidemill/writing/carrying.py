"""Whether a text says an attribute: its numbers with their units, its words in any common form."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from tidemill.core.text_tokens import is_unspaced, text_tokens
from tidemill.writing.quantities import NumberInText, known_unit, plain_form, quantities, unit_words
from tidemill.writing.stop_words import (
    AFFIRMED,
    CHINESE_NEGATIONS,
    DENIED,
    NEGATIONS,
    STOP_WORDS,
)

_GAP = 2
"""Tokens that may stand between two words of a value."""
_ENDINGS = ("", "s", "es", "ed", "d", "ing", "ly", "y", "er", "'s", "’s")
_CLAUSE = re.compile(r"[,;.!?](?!\d)|。")
_YUAN = {"yuan", "yen", "yuan or yen"}


def not_carried(text: str, attributes: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with how a text says its attributes, a sentence each.

    Args:
        text: In :func:`tidemill.writing.quantities.plain_form`.
        attributes: Name -> value.

    Example:
        >>> list(not_carried("A blue mug of 350 ml.", {"colour": "Blue", "volume": "0.5 l"}))
        ["does not say volume '0.5 l'"]
        >>> list(not_carried("This mug is not waterproof.", {"kind": "waterproof"}))
        ["denies kind 'waterproof'"]
    """
    forms = {name: plain_form(value) for name, value in attributes.items()}
    alike = Counter(map(_folded, forms.values()))
    amounts = quantities(text)
    wanted = [one for form in forms.values() for one in quantities(form)]
    for name, form in forms.items():
        if not form:
            continue
        if form.casefold() in AFFIRMED | DENIED:
            yield from _unsaid_answer(text, name, form)
            continue
        places = _places(text, name, form)
        said = len(places) >= alike[_folded(form)] and all(
            _count_of(amounts, one) >= _count_of(wanted, one) for one in quantities(form)
        )
        if not said:
            yield f"does not say {name} '{form}'"
        elif _stated(text, name, form):
            continue
        elif places and all(_is_denied(text[:begin]) for begin in places):
            yield f"denies {name} '{form}'"
    yield from _mixed_up(text, forms, amounts)


def same_unit(one: str, other: str) -> bool:
    """Whether two units are one; "¥" is that of yuan and of yen."""
    return one == other or (one in _YUAN and other in _YUAN and "yuan or yen" in (one, other))


def _folded(form: str) -> str:
    """What values are compared by: "S" and "s" alone are two."""
    return form if len(form) == 1 else form.casefold()


def _count_of(amounts: list[NumberInText], wanted: NumberInText) -> int:
    return sum(
        one.number == wanted.number and (not wanted.unit or same_unit(one.unit, wanted.unit))
        for one in amounts
    )


def _places(text: str, name: str, form: str) -> list[int]:
    """Where a text has a value: as it is, or its words in order with few others between."""
    exact = [begin for begin, _ in spans_of(text, form)]
    if exact and not _is_weak(form):
        return exact
    if _is_weak(form):  # "it", "a": told from an ordinary word by its name beside it
        return _stated(text, name, form)
    amounts = quantities(form)
    words = words_beside(form, amounts)
    if not words and amounts:
        return [one.begin for one in quantities(text) if _count_of([one], amounts[0])]
    if not words or is_unspaced("".join(words)):
        return []
    return _in_order(text, words)


def words_beside(form: str, amounts: list[NumberInText]) -> list[str]:
    """The words of a value that are no numbers, units of numbers, or words that any text has."""
    letters = list(form)
    for one in amounts:
        letters[one.begin : one.end] = " " * (one.end - one.begin)
    words = re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", "".join(letters))
    words = [word for word in words if word.casefold() not in STOP_WORDS["en"]]
    return [word for word in words if not (amounts and _is_unit(word))]


def _is_unit(word: str) -> bool:
    return known_unit(word) != "" and not (is_unspaced(word) and known_unit(word[:-1]) != "")


def spans_of(text: str, form: str) -> list[tuple[int, int]]:
    """Where a text has a value as it is, in any case, with no letter or digit beside it; Chinese
    has no blank there. One letter alone is looked for in its own case.

    Example:
        >>> spans_of("A red cup, redder than Red.", "red"), spans_of("1750 ml, 750 ml", "750 ml")
        ([(2, 5), (23, 26)], [(9, 15)])
    """
    flags = re.IGNORECASE if len(form) > 1 else 0
    found = (match.span() for match in re.finditer(re.escape(form), text, flags))
    return [
        (begin, end)
        for begin, end in found
        if not _goes_on(text[begin - 1 : begin], text[begin])
        and not _goes_on(text[end : end + 1], text[end - 1], text[end + 1 : end + 2])
    ]


def _goes_on(beside: str, edge: str, further: str = "0") -> bool:
    """Whether what stands beside the edge of a value belongs to the same word or number.

    Args:
        beside: The character beside it; "" at an end of the text.
        edge: The value's own first or last character.
        further: The character behind that beside it.
    """
    if not beside or not edge.isalnum() or is_unspaced(edge) or is_unspaced(beside):
        return False
    if edge.isdigit() and beside in ".,-":
        return further.isdigit()
    return beside.isalnum() or beside == "_"


def _is_weak(form: str) -> bool:
    """Whether a value is made of words that any text has."""
    words = [word.casefold() for word in text_tokens(form) if word[0].isalnum()]
    return bool(words) and all(word in STOP_WORDS["en"] for word in words) and form.islower()


def _stated(text: str, name: str, form: str) -> list[int]:
    """Where a text has the name of an attribute and its value beside it, as lists do."""
    words = re.escape(words_of_name(name))
    beside = re.compile(rf"{words}\s?[:=]?\s?{re.escape(form)}(?!\w)", re.IGNORECASE)
    return [match.start() for match in beside.finditer(text)]


def words_of_name(name: str) -> str:
    """The name of an attribute as a text says it.

    Example:
        >>> words_of_name("price_eur")
        'price eur'
    """
    return plain_form(re.sub(r"[_\s]+", " ", name))


def _in_order(text: str, words: list[str]) -> list[int]:
    tokens = [
        (match.start(), match[0]) for match in re.finditer(r"[^\W_]+(?:['’][^\W_]+)*|[^\w\s]", text)
    ]
    found = []
    for start, (place, token) in enumerate(tokens):
        if not same_word(token, words[0]):
            continue
        at = start
        for word in words[1:]:
            later = range(at + 1, min(at + 2 + _GAP, len(tokens)))
            at = next((one for one in later if same_word(tokens[one][1], word)), -1)
            if at < 0:
                break
        if at >= 0:
            found.append(place)
    return found


def same_word(token: str, word: str) -> bool:
    """Whether two words differ in their endings only: bottle and bottles, bake and baked."""
    one, other = sorted((token.casefold(), word.casefold()), key=len)
    if one == other:
        return True
    if len(one) < 3:
        return False
    stems = (one, one[:-1]) if one[-1] in "ey" and len(one) > 3 else (one,)
    return any(other == stem + ending for stem in stems for ending in (*_ENDINGS, "ies", "ied"))


def _is_denied(before: str) -> bool:
    """Whether what stands before a value says that it is not so."""
    if before[-1:] and is_unspaced(before.rstrip()[-1:]):
        return before.rstrip().endswith(CHINESE_NEGATIONS)
    clause = _CLAUSE.split(before)[-1]
    words = [token.casefold().replace("’", "'") for token in text_tokens(clause)][-2:]
    return any(word in NEGATIONS or word == "non" for word in words)


def _unsaid_answer(text: str, name: str, form: str) -> Iterator[str]:
    """What is wrong with how a text says yes or no of an attribute's name."""
    if _stated(text, name, form):
        return
    words = words_of_name(name)
    holds = form.casefold() in AFFIRMED
    if is_unspaced(words):
        places = [match.start() for match in re.finditer(re.escape(words), text)]
    else:
        parts = [word for word in text_tokens(words) if word.casefold() not in ("is", "has")]
        places = _in_order(text, parts) if parts else []
    if not places:
        yield f"does not say {name} '{form}'"
    elif any(_is_denied(text[:begin]) == holds for begin in places):
        yield f"denies {name} '{form}'"


def _mixed_up(text: str, forms: Mapping[str, str], amounts: list[NumberInText]) -> Iterator[str]:
    """Numbers of the same unit that the text gives to another attribute, or to none; a number in
    words of its own, as in a title, is told by these."""
    sole = {}
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, form in forms.items():
        found = quantities(form)
        if len(found) == 1:
            sole[name] = found[0]
            beside = (word.casefold() for word in words_beside(form, found))
            groups.setdefault((found[0].unit, *beside), []).append(name)
    for alike in groups.values():
        units = Counter(unit for name in alike for unit in unit_words(name))
        names = [
            name
            for name in alike
            if not any(  # "250 ml" for volume_ml is told by its unit
                one.unit in unit_words(name) and units[one.unit] == 1
                for one in amounts
                if _count_of([one], sole[name])
            )
        ]
        if len({sole[name].number for name in names}) < 2:
            continue
        for name in names:
            places = [one for one in amounts if _count_of([one], sole[name])]
            if _stated(text, name, forms[name]):
                continue
            if places and not any(_nearest(text, one, names) == name for one in places):
                yield f"does not say that '{forms[name]}' is {name}"


def _nearest(text: str, amount: NumberInText, names: list[str]) -> str | None:
    """The attribute whose name stands nearest to a number, in its clause."""
    breaks = [0, *(match.end() for match in _CLAUSE.finditer(text)), len(text) + 1]
    begin = max(place for place in breaks if place <= amount.begin)
    end = min(place for place in breaks if place > amount.begin)
    found = []
    for name in names:
        for place in _mentions(text[begin:end], name):
            where = begin + place
            between = (
                text[amount.end : where] if where > amount.begin else text[where : amount.begin]
            )
            found.append((len(between.split()), len(between), name))
    return min(found)[2] if found else None


def _mentions(clause: str, name: str) -> list[int]:
    words = words_of_name(name)
    if is_unspaced(words):
        return [match.start() for match in re.finditer(re.escape(words), clause)]
    parts = [word for word in text_tokens(words) if not unit_words(word) and word.isalpha()]
    if not parts:
        found = re.finditer(rf"(?<!\w){re.escape(words)}(?!\w)", clause, re.IGNORECASE)
        return [match.start() for match in found]
    return [place for part in parts for place in _in_order(clause, [part])]

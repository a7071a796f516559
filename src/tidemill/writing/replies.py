"""Replies to questions: the answer of the most similar answered question, with what was about its
own customer replaced by what is known of the new one.

An answer is taken apart at all that is specific in it: numbers, codes, names, personal data, values
of its row. What a sentence has in five persons' answers, and hardly ever with something else in its
place, is everybody's, such as an opening hour. All else has to
stand in the answer's own row or question, and so becomes a slot; an answer in which something does
not is about its own customer alone, and is no reply to anybody else.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from tidemill.core.persons import FEWEST_PERSONS, shared_items
from tidemill.core.text_tokens import IDEOGRAPHS, is_unspaced, text_words
from tidemill.personal.in_text import personal_spans
from tidemill.personal.masking import mask
from tidemill.personal.people import CHINESE_FAMILY, GIVEN
from tidemill.writing.carrying import spans_of
from tidemill.writing.checks import SLOT
from tidemill.writing.lexicon import Lexicon, lexicon_of
from tidemill.writing.quantities import plain_form, quantities
from tidemill.writing.stop_words import OPENERS, STOP_WORDS

GREETED = "the person who is greeted"
_NAME = "a name"
_NEIGHBOURS = 10
"""Most similar answered questions, which say together what is asked."""
_POWER = 2
"""Of a likeness, for its weight among them."""
_CONSTANT = 0.9
"""The share of the persons whose answers have a sentence that have it with the same thing."""
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n")
_SHORTEST = 2
"""Characters of a value that can be told from an ordinary letter."""
_GREETING = re.compile(
    r"\b(?:dear|hi|hello|hey|good (?:morning|afternoon|evening)|thanks|thank you),?\s+"
    r"((?:[A-Z][\w'’-]+)(?:\s+[A-Z][\w'’-]+){0,2})",
    re.IGNORECASE,
)
_CHINESE_GREETING = re.compile(
    rf"(?:^|[。！!，,]|尊敬的|亲爱的)((?:{'|'.join(sorted(CHINESE_FAMILY))})[{IDEOGRAPHS}]{{1,2}}?)"
    r"(?=您好|你好|先生|女士|小姐|[，,：:！!])"
)
_CODE = re.compile(
    r"(?<![A-Za-z0-9])(?=[A-Za-z0-9\-./:_#]*\d)"
    r"[A-Za-z0-9]+(?:(?:[-./:_#]|(?<=\d),(?=\d))[A-Za-z0-9]+)*"
)
_CAPITAL = re.compile(r"(?<![\w'’])[^\W\d_a-z][^\W\d_]*(?:['’-][^\W\d_]+)*")
_BEGIN = re.compile(r"(?:^|[.!?:;\n]['\"”’)]*\s*)['\"“‘(]*$")
_NO_NAME = frozenset(
    """all customer customers client madam sir team there everyone friend friends guest i i'm i'll
    i've member sirs valued you user""".split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class SpecificSpan:
    """Something in a text that may be about one person alone.

    Attributes:
        begin, end: Where it stands.
        sort: What it is: its form with letters as x and digits as 0, or what personal data.
    """

    begin: int
    end: int
    sort: str


def specific_spans(text: str, ordinary: frozenset[str]) -> list[SpecificSpan]:
    """Numbers, codes, names and personal data in a text, in order; none overlaps another.

    Args:
        text: A question or an answer.
        ordinary: Words in lower case that texts of many have.

    Example:
        >>> said = "Dear Anna, order A-47 left with Parcelon on 3 May."
        >>> [said[one.begin : one.end] for one in specific_spans(said, frozenset())]
        ['Anna', 'A-47', 'Parcelon', '3', 'May']
    """
    found = sorted(_specific(text, ordinary), key=lambda one: (one.begin, -one.end))
    kept: list[SpecificSpan] = []
    for one in found:
        if not kept or one.begin >= kept[-1].end:
            kept.append(one)
    return kept


def _greeted(text: str, ordinary: frozenset[str]) -> Iterator[SpecificSpan]:
    for pattern in (_GREETING, _CHINESE_GREETING):
        for match in pattern.finditer(text):
            words = match[1].casefold().split()
            if match[1][:1].islower() or any(word in _NO_NAME for word in words):
                continue
            if words[0] not in ordinary or words[0] in GIVEN or pattern is _CHINESE_GREETING:
                yield SpecificSpan(*match.span(1), GREETED)


def _specific(text: str, ordinary: frozenset[str]) -> Iterator[SpecificSpan]:
    yield from _greeted(text, ordinary)
    for one in personal_spans(text):
        yield SpecificSpan(one.start, one.end, one.what)
    for match in _CODE.finditer(text):
        yield SpecificSpan(*match.span(), mask(match[0]))
    for number in quantities(text):  # in words, too
        yield SpecificSpan(number.begin, number.end, mask(text[number.begin : number.end]))
    for match in _CAPITAL.finditer(text):
        word = match[0].casefold()
        if not match[0][0].isupper():  # of a script without capitals
            continue
        begins = _BEGIN.search(text[: match.start()]) is not None
        known = word in ordinary or word in OPENERS or word in STOP_WORDS["en"] or word in _NO_NAME
        if word in GIVEN or not (known and (begins or len(word) < 2 or word in _NO_NAME)):
            yield SpecificSpan(*match.span(), _NAME)


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """An answer with slots.

    Attributes:
        parts: (slots + 1,) what stands before, between and behind the slots.
        slots: Of each: ("row", the column) or ("question", the sort of what stands there).
    """

    parts: tuple[str, ...]
    slots: tuple[tuple[str, str], ...]

    def filled(
        self, question: str, values: Mapping[str, str], ordinary: frozenset[str]
    ) -> str | None:
        """The answer for another question; None where a slot has nothing, or two things, to be
        filled with."""
        text = self.parts[0]
        for (source, name), part in zip(self.slots, self.parts[1:], strict=True):
            if source == "row":
                value = values.get(name, "")
            else:
                value = sole_of_sort(question, name, ordinary)
            if not value:
                return None
            text += value + part
        return text


def sole_of_sort(text: str, sort: str, ordinary: frozenset[str]) -> str:
    """The one thing of a sort that a text has; "" where it has none or several."""
    found = {
        text[one.begin : one.end] for one in specific_spans(text, ordinary) if one.sort == sort
    }
    return next(iter(found)) if len(found) == 1 else ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is replied to a question.

    Attributes:
        text: The reply; None where no similar answer could be filled.
        row: The answered question that it is from, of those that were learned; the nearest one
            where there is no text.
        sureness: From 0 to 1: how far similar questions have the same answer, and how similar they
            are.
    """

    text: str | None
    row: int
    sureness: float


@dataclass(frozen=True, eq=False)
class Replies:
    """Answered questions, and what of their answers may be said to others.

    Attributes:
        forms: (n,) the answers with slots; None for one that is about its own customer alone.
        groups: (n,) what tells answers that say the same.
        shared: Specific things that are everybody's.
        lexicon: The ordinary words of questions and answers.
        vectorizer: scikit-learn's, fitted on the questions.
        weights: (n, terms) sparse, rows of length one.
    """

    forms: Sequence[AnswerForm | None]
    groups: Sequence[Hashable]
    shared: frozenset[str]
    lexicon: Lexicon
    vectorizer: Any
    weights: Any

    def to(self, question: str, values: Mapping[str, str]) -> Reply:
        """The reply to a question: the answer that weighs most among those of its neighbours.

        Args:
            question: Of a customer.
            values: Name -> value of what else is known of it, such as a name and a number.
        """
        likeness = (self.weights @ self.vectorizer.transform([question]).T).toarray().ravel()
        nearest = np.argsort(-likeness, kind="stable")[:_NEIGHBOURS].tolist()
        weight: dict[Hashable, float] = {}
        for row in nearest:
            weight[self.groups[row]] = weight.get(self.groups[row], 0) + likeness[row] ** _POWER
        best = max(weight, key=lambda group: weight[group])
        rows = [row for row in nearest if self.groups[row] == best]
        total = sum(weight.values())
        sure = weight[best] / total * likeness[rows[0]] ** 0.5 if total else 0.0
        sureness = round(float(sure), 6)  # so that equal questions are equally sure
        for row in rows:
            form = self.forms[row]
            text = form and form.filled(question, values, self.lexicon.words)
            if text and not self.foreign(text, question, values):
                return Reply(text, row, sureness)
        return Reply(None, rows[0], sureness)

    def foreign(self, text: str, question: str, values: Mapping[str, str]) -> list[str]:
        """What a reply says that neither the question nor its row says, and that is not
        everybody's: numbers, also in words, and names."""
        known = plain_form(" | ".join((question, *values.values()))).casefold()
        given = {one.number for one in quantities(known)}
        own = {one.number for thing in self.shared for one in quantities(plain_form(thing))}
        numbers = [
            one.number for one in quantities(plain_form(text)) if one.number not in given | own
        ]
        names = [
            text[one.begin : one.end]
            for one in specific_spans(text, self.lexicon.words)
            if (text[one.begin : one.end] not in self.shared or one.sort == GREETED)
            and plain_form(text[one.begin : one.end]).casefold() not in known
        ]
        return [*numbers, *names]


def replies_of(
    questions: Sequence[str],
    answers: Sequence[str],
    values: Sequence[Mapping[str, str]],
    persons: Sequence[int] | None = None,
    intents: Sequence[str] | None = None,
) -> Replies:
    """What answered questions teach.

    Args:
        questions, answers: (n,) texts.
        values: (n,) name -> value of what else is known of each.
        intents: (n,) what each question is about, where that is known; else answers say the same
            that are the same but for their slots.
        persons: (n,) whose each row is; None where each is a person of its own.

    Example:
        >>> names = ["Anna", "Tom", "Lena", "Ivo", "Mia"]
        >>> asked = [f"My card is lost, says {name}" for name in names]
        >>> told = [f"Dear {name}, we block your card within 24 hours." for name in names]
        >>> made = replies_of(asked, told, [{"name": name} for name in names])
        >>> made.to("i lost my card", {"name": "Zoe"}).text
        'Dear Zoe, we block your card within 24 hours.'
        >>> made.to("i lost my card", {}).text is None
        True
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    lexicon = lexicon_of([*questions, *answers], [{}] * (2 * len(answers)), _twice(persons))
    apart = [
        _TakenApart.of(answer, row, lexicon.words)
        for answer, row in zip(answers, values, strict=True)
    ]
    general = _general(apart, persons, intents)
    private = _private_parts(values, persons, lexicon.words)
    forms = [
        one.form(question, known, lexicon.words, private)
        for one, question, known in zip(apart, questions, general, strict=True)
    ]
    shared = frozenset(
        one.text[span.begin : span.end]
        for one, known in zip(apart, general, strict=True)
        for span, is_general in zip(one.spans, known, strict=True)
        if is_general
    )
    groups: list[Hashable] = [form or row for row, form in enumerate(forms)]
    vectorizer = TfidfVectorizer(analyzer=_terms, sublinear_tf=True)
    weights = vectorizer.fit_transform(questions)
    return Replies(forms, intents or groups, shared, lexicon, vectorizer, weights)


def general_text(answer: str, ordinary: frozenset[str]) -> str:
    """An answer without what is specific in it.

    Example:
        >>> general_text("Dear Anna, call 0800 12.", frozenset({"call"}))
        'Dear , call .'
    """
    for one in reversed(specific_spans(answer, ordinary)):
        answer = answer[: one.begin] + answer[one.end :]
    return " ".join(answer.split())


def _twice(persons: Sequence[int] | None) -> Sequence[int] | None:
    return None if persons is None else [*persons, *persons]


def _terms(text: str) -> list[str]:
    """Words, pairs of words and runs of three or four letters; of unspaced scripts characters and
    pairs of them."""
    words = text_words(text)
    pairs = [" ".join(pair) for pair in pairwise(words)]
    if is_unspaced(text):
        return [*words, *pairs]
    letters = [
        f"_{word}_"[at : at + size]
        for word in words
        for size in (3, 4)
        for at in range(len(word) + 3 - size)
    ]
    return [*words, *pairs, *letters]


@dataclass(frozen=True, slots=True)
class _TakenApart:
    """An answer and what is specific in it.

    Attributes:
        text: The answer.
        slots: (begin, end, column) of values of its row.
        spans: Other specific things.
    """

    text: str
    slots: tuple[tuple[int, int, str], ...]
    spans: tuple[SpecificSpan, ...]

    @staticmethod
    def of(answer: str, values: Mapping[str, str], ordinary: frozenset[str]) -> _TakenApart:
        """An answer taken apart at the values of its row, the longest first, and all else."""
        slots: list[tuple[int, int, str]] = []
        for name in sorted(values, key=lambda one: (-len(values[one]), one)):
            if len(values[name]) < _SHORTEST:
                continue
            for begin, end in spans_of(answer, values[name]):
                if not _overlap(slots, begin, end):
                    slots.append((begin, end, name))
        spans = specific_spans(answer, ordinary)
        left = tuple(one for one in spans if not _overlap(slots, one.begin, one.end))
        return _TakenApart(answer, tuple(sorted(slots)), left)

    def places(self) -> list[tuple[str, int]]:
        """Of each of the spans its sentence, with slots for all that is specific, and its place in
        that."""
        cuts = sorted(
            [(begin, end, False) for begin, end, _ in self.slots]
            + [(one.begin, one.end, True) for one in self.spans]
        )
        masked, at = "", 0
        for begin, end, _ in cuts:
            masked += self.text[at:begin] + SLOT
            at = end
        sentences = _SENTENCE_END.split(masked + self.text[at:])
        where = [
            (sentence, place) for sentence in sentences for place in range(sentence.count(SLOT))
        ]
        return [one for one, (_, _, is_span) in zip(where, cuts, strict=True) if is_span]

    def form(
        self,
        question: str,
        general: Sequence[bool],
        ordinary: frozenset[str],
        private: frozenset[str],
    ) -> AnswerForm | None:
        """The answer with slots; None where something specific in it is neither everybody's nor in
        the question, or a value of few rows is left in it, be it in small letters."""
        slots = [(begin, end, ("row", name)) for begin, end, name in self.slots]
        for one, is_general in zip(self.spans, general, strict=True):
            if is_general:
                continue
            sort = _sort_in(question, self.text[one.begin : one.end], ordinary)
            if not sort:
                return None
            slots.append((one.begin, one.end, ("question", sort)))
        slots.sort()
        ends = [0, *(end for _, end, _ in slots)]
        begins = [*(begin for begin, _, _ in slots), len(self.text)]
        parts = tuple(self.text[end:begin] for end, begin in zip(ends, begins, strict=True))
        if any(not private.isdisjoint(parts_of(part)) for part in parts):
            return None
        return AnswerForm(parts, tuple(slot for _, _, slot in slots))


def _general(
    answers: Sequence[_TakenApart], persons: Sequence[int] | None, intents: Sequence[str] | None
) -> list[list[bool]]:
    """Of each specific thing in each answer whether it is everybody's: five persons' answers have
    its sentence with it, and hardly any has that sentence with another thing. "10:30" that stands
    in five answers by chance, each time in the place of another hour, is not."""
    seen: dict[Hashable, dict[str, set[int]]] = {}
    keys = []
    for row, one in enumerate(answers):
        about = "" if intents is None else intents[row]
        places = [((place, ""), (place, about)) for place in one.places()]
        keys.append(places)
        for span, both in zip(one.spans, places, strict=True):
            for key in {*both}:
                known = seen.setdefault(key, {}).setdefault(one.text[span.begin : span.end], set())
                known.add(row if persons is None else persons[row])
    totals = {key: len(set().union(*things.values())) for key, things in seen.items()}

    def is_constant(key: Hashable, thing: str) -> bool:
        own = len(seen[key][thing])
        return own >= FEWEST_PERSONS and own >= _CONSTANT * totals[key]

    return [
        [
            span.sort != GREETED
            and any(is_constant(key, one.text[span.begin : span.end]) for key in both)
            for span, both in zip(one.spans, places, strict=True)
        ]
        for one, places in zip(answers, keys, strict=True)
    ]


def _private_parts(
    values: Sequence[Mapping[str, str]], persons: Sequence[int] | None, ordinary: frozenset[str]
) -> frozenset[str]:
    """Values that rows of few persons have, and their words that are no ordinary ones."""
    folded = [{value.casefold() for value in row.values()} for row in values]
    found = {one for row in folded for one in row if len(one) > _SHORTEST or is_unspaced(one)}
    found -= shared_items(folded, persons)
    words = {word for one in found for word in one.split() if len(word) > _SHORTEST}
    return frozenset(found | words) - ordinary


def parts_of(text: str) -> set[str]:
    """Runs of one to three words in lower case; of Chinese characters runs of two to four.

    Example:
        >>> sorted(parts_of("Ask Ostrander."))
        ['ask', 'ask ostrander', 'ostrander']
    """
    words = [word.strip(".,;:!?()'\"") for word in text.casefold().split()]
    found = {" ".join(words[at : at + size]) for size in (1, 2, 3) for at in range(len(words))}
    for run in re.findall(f"[{IDEOGRAPHS}]+", text):
        found |= {run[at : at + size] for size in (2, 3, 4) for at in range(len(run) - size + 1)}
    return found


def _overlap(slots: Sequence[tuple[int, int, Any]], begin: int, end: int) -> bool:
    return any(begin < other_end and other < end for other, other_end, _ in slots)


def _sort_in(question: str, thing: str, ordinary: frozenset[str]) -> str:
    """The sort of a thing in a question that has no other thing of that sort; "" for none."""
    for one in specific_spans(question, ordinary):
        if question[one.begin : one.end] == thing:
            return one.sort if sole_of_sort(question, one.sort, ordinary) == thing else ""
    return ""

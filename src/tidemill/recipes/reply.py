"""Replies to customers' questions, from the answers that were given to similar ones."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.persons import FEWEST_PERSONS, persons_of
from tidemill.core.run import Run
from tidemill.core.schema import MEDIA
from tidemill.core.split import MIN_ROWS, split
from tidemill.core.text_tokens import text_words
from tidemill.core.words import count, number, percent, plural, quoted, share_interval
from tidemill.personal.masking import mask
from tidemill.recipes.base import (
    Assumption,
    Recipe,
    RecipeColumn,
    RecipeOutput,
    RecipePage,
    Refused,
)
from tidemill.recipes.texts import (
    SHOWN,
    shown_text,
    some_rows,
    texts_of,
    values_of,
    with_columns_behind,
)
from tidemill.reporting.blocks import (
    Block,
    Callout,
    Figures,
    Heading,
    Level,
    Listing,
    Paragraph,
    TableBlock,
    Tile,
)
from tidemill.supervised.intervals import wilson
from tidemill.writing.carrying import spans_of
from tidemill.writing.replies import Replies, Reply, general_text, parts_of, replies_of

_CALLED = {
    "question": re.compile(r"question|query|message|request|问题|提问|咨询", re.IGNORECASE),
    "answer": re.compile(r"answer|reply|response|回答|答复|回复", re.IGNORECASE),
}
"""What columns of questions and of answers are called."""
_HELD = 0.25
_MOST_HELD = 2_000
"""Held-out questions that are asked."""
_ALIKE = 0.5
"""Cosine of the telling words of two answers from which they are taken to say the same, where no
column says what a question is about."""
_FEWEST_TOLD = 30
"""Answered questions from the threshold on by which it is believed."""
_DIGITS = re.compile(r"\d+")
_BEFORE = 12
"""Characters before digits by which a second look tells whether they are usual there."""


@dataclass(frozen=True)
class Desk:
    """A table of questions and answers.

    Attributes:
        data: The table.
        columns: What its columns are: "question", "answer" and, where there is one, "intent".
        questions, answers, intents: (rows,) "" where there is none.
        values: (rows,) name -> value of what else is known.
    """

    data: Dataset
    columns: Mapping[str, str]
    questions: Sequence[str]
    answers: Sequence[str]
    intents: Sequence[str]
    values: Sequence[Mapping[str, str]]

    def rows(self, index: Sequence[int]) -> Desk:
        """Some of its rows."""
        return Desk(
            self.data.rows(np.asarray(index, dtype=np.int64)),
            self.columns,
            [self.questions[row] for row in index],
            [self.answers[row] for row in index],
            [self.intents[row] for row in index],
            [self.values[row] for row in index],
        )

    def learned(self) -> Replies:
        """What its answers teach."""
        persons = persons_of(self.data)
        return replies_of(
            self.questions,
            self.answers,
            self.values,
            None if persons is None else persons.tolist(),
            self.intents if self.has_intents else None,
        )

    @property
    def has_intents(self) -> bool:
        """Whether a column says what each question is about."""
        return "intent" in self.columns


@dataclass(frozen=True)
class ReplyProof:
    """How well held-out questions are replied to.

    Attributes:
        train, held: Answered questions that were learned from, and those that were not.
        replies: One for each held-out question, however sure.
        right: (n,) whether it says what the answer that was really given says.
        threshold: The sureness from which a reply is given; None where none is good enough.
        floor: How often the answer that is given most often would be right.
        foreign: Replies in which a second look finds something of another customer.
        private: Answers that were learned from and are about their own customer alone.
    """

    train: Desk
    held: Desk
    replies: Sequence[Reply]
    right: np.ndarray
    threshold: float | None
    floor: float
    foreign: int
    private: int

    @property
    def given(self) -> np.ndarray:
        """(n,) which held-out questions get a reply; the others go to a person."""
        return np.array([_is_given(one, self.threshold) for one in self.replies], dtype=bool)

    @property
    def hits(self) -> int:
        """Replies that are right."""
        return int(self.right[self.given].sum())


def _is_given(reply: Reply, threshold: float | None) -> bool:
    return threshold is not None and reply.text is not None and reply.sureness >= threshold


def reply(
    data: Dataset,
    run: Run,
    *,
    columns: Mapping[str, tuple[str, ...]],
    assumed: Mapping[str, float | str],
    output: RecipeOutput,
) -> RecipePage:
    """The page for whoever answers for a service desk."""
    del output  # nothing of it is needed before the page is made
    desk = _desk(data, columns)
    answered = [row for row, one in enumerate(desk.answers) if one and desk.questions[row]]
    if len(answered) < 2 * MIN_ROWS:
        raise DataError(
            f"{plural(len(answered), 'answered question')} are too few to learn from",
            where=data.name,
            hint=f"give at least {2 * MIN_ROWS} rows with a question and its answer",
        )
    wanted = float(assumed["right"])
    proof = _proof(desk.rows(answered), wanted, run)
    new = [row for row, one in enumerate(desk.answers) if not one and desk.questions[row]]
    asked = desk.rows(new)
    taught = desk.rows(answered)
    learned = taught.learned() if new else None
    made = [
        learned.to(question, values)
        for question, values in zip(asked.questions, asked.values, strict=True)
        if learned is not None
    ]
    shown = (asked, made, taught) if new else (proof.held, proof.replies, proof.train)
    return RecipePage(
        "Which questions can be answered at once, and how",
        (
            *_head(proof, wanted, len(new), made),
            Heading("How often is the reply right?", 2, "right"),
            *_quality(proof, wanted),
            Heading("Some of them", 2, "some"),
            *_some(proof, shown, bool(new), run),
            Heading("Does a reply say anything of another customer?", 2, "others"),
            *_others(proof),
            Heading("What this page cannot say", 2, "limits"),
            Listing(_limits(proof)),
        ),
        _text(proof, len(new), made),
        subtitle=f"{desk.columns['question']} and {desk.columns['answer']}",
        figures=_figures(proof, len(new), made),
        tables={"replies": _table(proof, *shown)},
        made=(
            ("Answered questions", count(len(answered))),
            ("Learned from, for the proof", count(len(proof.train.questions))),
            ("Held out", f"{count(len(proof.held.questions))}, none learned from"),
            ("What a question is about", desk.columns.get("intent", "not said by any column")),
            ("Filled into replies", ", ".join(_filled(data, desk.columns)) or "no column"),
            ("What left this machine", "nothing"),
        ),
    )


REPLY = Recipe(
    reply,
    columns=(
        RecipeColumn("question", "what customers ask", required=False),
        RecipeColumn("answer", "what they were answered", required=False),
        RecipeColumn("intent", "what a question is about", required=False),
    ),
    assumptions=(
        Assumption(
            "right", 0.9, "the share of replies that has to be right; fewer are given", 0.01, 1.0
        ),
    ),
    tables=("replies",),
)


# --- the table ------------------------------------------------------------------------------------


def _desk(data: Dataset, columns: Mapping[str, tuple[str, ...]]) -> Desk:
    named = {what: columns[what][0] for what in columns if columns[what]}
    for what in _CALLED:
        if what not in named:
            named[what] = _found(data, what, {*named.values()})
    empty = [""] * len(data)
    return Desk(
        data,
        named,
        texts_of(data, named["question"]),
        texts_of(data, named["answer"]),
        texts_of(data, named["intent"]) if "intent" in named else empty,
        values_of(data, _filled(data, named)),
    )


def _found(data: Dataset, what: str, taken: set[str]) -> str:
    found = [
        column.name
        for column in data.schema
        if _CALLED[what].search(column.name)
        and column.name not in taken
        and column.kind in ("text", "category", "id")
    ]
    if len(found) != 1:
        which = f": {quoted(found)} may be it" if found else ""
        raise DataError(
            f"the column of the {what}s cannot be told{which}",
            where=data.name,
            hint=f"name it with option 'column={what}=COL'",
        )
    return found[0]


def _filled(data: Dataset, columns: Mapping[str, str]) -> tuple[str, ...]:
    """What may be filled into a reply: all other columns, names and numbers of customers too."""
    return tuple(
        column.name
        for column in data.schema
        if column.name not in columns.values()
        and column.kind not in ("boolean", *MEDIA)
        and column.role != "ignore"
        and column.choice is None
    )


# --- the proof ------------------------------------------------------------------------------------


def _proof(answered: Desk, wanted: float, run: Run) -> ReplyProof:
    train, held = _divided(answered, run.child("proof"))
    threshold = _threshold(train, wanted, run)
    learned = train.learned()
    replies, right = _replied(learned, train, held, run)
    foreign = _foreign(replies, threshold, held, train)
    private = sum(one is None for one in learned.forms)
    floor = _floor(learned, train, held)
    return ReplyProof(train, held, replies, right, threshold, floor, foreign, private)


def _divided(desk: Desk, run: Run) -> tuple[Desk, Desk]:
    """Answered questions to learn from, and those that are held out."""
    train, held = split(replace(desk.data, places=None), run, _HELD)
    assert train.places is not None
    assert held.places is not None
    asked = some_rows(held.places.tolist(), _MOST_HELD, run)
    return desk.rows(train.places.tolist()), desk.rows(asked)


def _replied(
    learned: Replies, train: Desk, asked: Desk, run: Run
) -> tuple[list[Reply], np.ndarray]:
    """A reply to each question, and whether it is right."""
    replies = []
    pairs = list(zip(asked.questions, asked.values, strict=True))
    for question, values in run.track(pairs, "reply", "replies to questions with known answers"):
        run.check()
        replies.append(learned.to(question, values))
    same = _Sameness(train, learned.lexicon.words)
    right = [_is_right(one, train, asked, row, same) for row, one in enumerate(replies)]
    return replies, np.array(right, dtype=bool)


class _Sameness:
    """Whether two answers say the same: by the words that tell one from another, so neither by a
    greeting that all have nor by a customer's name."""

    def __init__(self, train: Desk, ordinary: frozenset[str]) -> None:
        self.ordinary = ordinary
        words = [self._words(answer) for answer in train.answers]
        self.rows = len(words)
        self.within = Counter(word for one in words for word in one)

    def _words(self, answer: str) -> set[str]:
        return {*text_words(general_text(answer, self.ordinary))}

    def _weights(self, answer: str) -> dict[str, float]:
        """Word -> its weight, 0 for one that all answers have; of length one."""
        known = {
            word: math.log((1 + self.rows) / (1 + self.within[word]))
            for word in self._words(answer)
        }
        length = math.hypot(*known.values())
        return {word: value / length for word, value in known.items()} if length else {}

    def of(self, one: str, other: str) -> bool:
        """Whether the answers share most of what they say."""
        first, second = self._weights(one), self._weights(other)
        return sum(value * second.get(word, 0.0) for word, value in first.items()) >= _ALIKE


def _is_right(made: Reply, train: Desk, asked: Desk, row: int, same: _Sameness) -> bool:
    if asked.has_intents:
        return train.intents[made.row] == asked.intents[row]
    return same.of(train.answers[made.row], asked.answers[row])


def _threshold(train: Desk, wanted: float, run: Run) -> float | None:
    """The lowest sureness from which surely enough replies are right: by training rows alone, of
    which some are held out once more."""
    if len(train.data) < 2 * MIN_ROWS:
        return None
    inner, asked = _divided(train, run.child("threshold"))
    replies, right = _replied(inner.learned(), inner, asked, run)
    sureness = np.array([one.sureness for one in replies])
    filled = np.array([one.text is not None for one in replies], dtype=bool)
    order = np.argsort(-sureness[filled], kind="stable")
    hits = np.cumsum(right[filled][order])
    # by the lower end: the best of many likely thresholds would promise too much
    sure = np.array([wilson(int(hit), rank)[0] for rank, hit in enumerate(hits, 1)])
    good = np.flatnonzero(sure >= wanted)
    if not len(good) or good[-1] + 1 < min(_FEWEST_TOLD, len(asked.questions)):
        return None
    return float(sureness[filled][order][good[-1]])


def _floor(learned: Replies, train: Desk, held: Desk) -> float:
    """How often the answer that is given most often would be right."""
    if train.has_intents:
        most = Counter(train.intents).most_common(1)[0][0]
        return float(np.mean([one == most for one in held.intents]))
    groups = Counter(learned.groups)
    row = max(range(len(learned.groups)), key=lambda row: groups[learned.groups[row]])
    same = _Sameness(train, learned.lexicon.words)
    return float(np.mean([same.of(train.answers[row], one) for one in held.answers]))


def _digits_by_what_is_before(answers: Sequence[str]) -> dict[str, Counter[str]]:
    """What stands before digits -> these, with how many answers have them so."""
    found: dict[str, Counter[str]] = {}
    for answer in answers:
        for words, digit in _digits_behind(answer):
            found.setdefault(words, Counter())[digit] += 1
    return found


def _digits_behind(text: str) -> set[tuple[str, str]]:
    """Runs of digits with what stands before them."""
    return {
        (text[max(0, match.start() - _BEFORE) : match.start()], match[0])
        for match in _DIGITS.finditer(text)
    }


def _is_usual(digits: Counter[str], one: str) -> bool:
    """Whether these digits, and hardly any others, follow the same words in answers."""
    return digits[one] >= FEWEST_PERSONS and digits[one] >= 0.8 * digits.total()


def _foreign(replies: Sequence[Reply], threshold: float | None, held: Desk, train: Desk) -> int:
    """Replies that say something of another customer, as a second look finds by other means than
    those that fill them: by the table's own values, and by digits."""
    of_rows = Counter(value.casefold() for row in train.values for value in {*row.values()})
    rare = {value for value, rows in of_rows.items() if rows < FEWEST_PERSONS and len(value) > 2}
    before = _digits_by_what_is_before(train.answers)
    found = 0
    for row, one in enumerate(replies):
        if one.text is None or not _is_given(one, threshold):
            continue
        own = " | ".join((held.questions[row], *held.values[row].values()))
        known = {*_DIGITS.findall(own)}
        digits = [
            digit
            for words, digit in _digits_behind(one.text)
            if digit not in known and not _is_usual(before.get(words, Counter()), digit)
        ]
        values = (parts_of(one.text) & rare) - parts_of(own)
        found += bool(digits or values)
    return found


# --- the page -------------------------------------------------------------------------------------


def _head(
    proof: ReplyProof, wanted: float, new: int, made: Sequence[Reply]
) -> list[Block | Refused]:
    given, hits = int(proof.given.sum()), proof.hits
    if not given:
        return [
            Refused(
                "No question can be answered at once.",
                f"From no sureness on would {percent(wanted)} of the replies be right: the best "
                "that is found in questions with known answers stays below that.",
                "more answered questions that are like each other, or a lower share with option "
                "'assume=right=0.8'.",
            )
        ]
    low, high = wilson(hits, given)
    all_held = len(proof.replies)
    level: Level = "good" if low > proof.floor and not proof.foreign else "warning"
    tiles = [
        Tile(percent(given, all_held), "of questions get a reply", "the others go to a person"),
        Tile(
            percent(hits, given),
            "of these replies are right",
            f"{share_interval(low, high)}",
        ),
        Tile(percent(proof.floor), "would be right without", "the most frequent answer for all"),
    ]
    if new:
        replied = sum(_is_given(one, proof.threshold) for one in made)
        tiles.append(
            Tile(count(replied), "new questions got a reply", f"of {count(new)} without an answer")
        )
    return [Callout(level, _lead(proof), _how_right(proof)), Figures(tuple(tiles))]


def _lead(proof: ReplyProof) -> str:
    if proof.given.all():
        return "All questions can be answered at once."
    share = percent(int(proof.given.sum()), len(proof.replies))
    return f"{share} of questions can be answered at once; the others go to a person."


def _how_right(proof: ReplyProof) -> str:
    given = int(proof.given.sum())
    low, high = wilson(proof.hits, given)
    what = _meaning(proof)
    return (
        f"Of {plural(given, 'reply', 'replies')} to held-out questions, "
        f"{percent(proof.hits, given)} {what} ({share_interval(low, high)}); the "
        f"most frequent answer for all would be right in {percent(proof.floor)}."
    )


def _meaning(proof: ReplyProof) -> str:
    if proof.train.has_intents:
        return f"are about the same '{proof.train.columns['intent']}' as the question"
    return "say the same as the answer that was given, by the words that tell answers apart"


def _quality(proof: ReplyProof, wanted: float) -> list[Block | Refused]:
    sureness = np.array([one.sureness for one in proof.replies])
    filled = np.array([one.text is not None for one in proof.replies], dtype=bool)
    rows = []
    for least in (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        at = filled & (sureness >= least)
        if not at.any():
            continue
        low, high = wilson(int(proof.right[at].sum()), int(at.sum()))
        rows.append(
            (
                f"a sureness of {number(least)} or more",
                percent(float(at.mean())),
                percent(float(proof.right[at].mean())),
                share_interval(low, high).removeprefix("95 % interval "),
            )
        )
    columns = ("Replies with", "Questions", "Right", "95 % interval")
    told = (
        "A reply is the answer that weighs most among those to the ten most similar questions. "
        f"{count(len(sureness))} questions with known answers were held out and asked. "
    )
    if proof.train.has_intents:
        told += f"Replies are right that {_meaning(proof)}."
    else:
        told += (
            "Two answers are taken to say the same where they agree in most of the words that tell "
            "answers apart (cosine of 0.5); the same said in other words counts as wrong. With "
            "option 'column=intent=COL' what questions are about is compared instead."
        )
    chosen = (
        f"Replies are given from a sureness of {number(proof.threshold)} on: the lowest from which "
        f"surely {percent(wanted)} were right among training rows. The held-out "
        "questions had no part in that choice."
        if proof.threshold is not None
        else f"No sureness gives {percent(wanted)} of right replies among training rows."
    )
    return [Paragraph(told), TableBlock(columns, tuple(rows), stacked=True), Paragraph(chosen)]


Shown = tuple[Desk, Sequence[Reply], Desk]
"""Questions, their replies, and the answered questions that these are from."""


def _some(proof: ReplyProof, shown: Shown, are_new: bool, run: Run) -> list[Block | Refused]:
    asked, made, taught = shown
    rows = some_rows(range(len(made)), SHOWN, run)
    what = "new questions" if are_new else "held-out questions"
    said = (
        f"{count(len(rows))} {what} drawn at random, none chosen. What is filled in from the row, "
        "and personal data that are found, are masked here; the file replies.csv has all."
    )
    columns = ["Question", "Reply", "Sureness", "The question that it is from"]
    cells = []
    for row in rows:
        one = made[row]
        is_given = _is_given(one, proof.threshold)
        cells.append(
            (
                shown_text(asked.questions[row]),
                _masked(one.text or "", asked.values[row]) if is_given else "goes to a person",
                number(one.sureness, 2),
                shown_text(taught.questions[one.row]) if is_given else "",
            )
        )
    return [Paragraph(said), TableBlock(tuple(columns), tuple(cells), stacked=True)]


def _masked(text: str, values: Mapping[str, str]) -> str:
    """A reply as the page shows it: what is filled in made unreadable."""
    for value in sorted(values.values(), key=len, reverse=True):
        if len(value) > 1:
            for begin, end in reversed(spans_of(text, value)):
                text = text[:begin] + mask(text[begin:end]) + text[end:]
    return shown_text(text)


def _others(proof: ReplyProof) -> list[Block | Refused]:
    level: Level = "warning" if proof.foreign else "good"
    given = int(proof.given.sum())
    title = (
        f"A second look finds nothing of another customer in {plural(given, 'reply', 'replies')}."
        if not proof.foreign
        else f"A second look finds something of another customer in {count(proof.foreign)} of "
        f"{plural(given, 'reply', 'replies')}: read them before they are sent."
    )
    told = (
        "What is specific in an answer (numbers, codes, names, dates, personal data) is replaced "
        "by what the new question or its row says, unless its sentence has it in answers to five "
        "persons or more, and hardly ever something else. "
        f"{plural(proof.private, 'answer')} of {count(len(proof.train.answers))} had something "
        "that could not be replaced, and no reply is made of them. The second look compares "
        "digits and the values of all other rows."
    )
    return [Callout(level, title, told)]


def _limits(proof: ReplyProof) -> tuple[str, ...]:
    said = [
        "A reply is as good as the answer that it is from: a wrong answer is given again.",
        "A name in small letters that no column has and nothing announces is not told from an "
        "ordinary word.",
        "Whether customers are content with the reply is not known; let a person read the first "
        "ones.",
    ]
    if not proof.train.has_intents:
        said.append(
            "Two answers that say the same in other words count as different, and two that differ "
            "in one word that matters as the same."
        )
    return tuple(said)


def _text(proof: ReplyProof, new: int, made: Sequence[Reply]) -> tuple[str, ...]:
    if not proof.given.any():
        return ()
    lines = [f"Replies: {_lead(proof)}", f"Right: {_how_right(proof)}"]
    if new:
        replied = sum(_is_given(one, proof.threshold) for one in made)
        lines.append(f"New: {count(replied)} of {plural(new, 'new question')} got a reply.")
    return tuple(lines)


def _figures(proof: ReplyProof, new: int, made: Sequence[Reply]) -> dict[str, float]:
    given = int(proof.given.sum())
    low, high = wilson(proof.hits, given)
    figures: dict[str, float] = {
        "held_out": len(proof.replies),
        "replied": given,
        "replied_share": given / len(proof.replies),
        "right": proof.hits / given if given else float("nan"),
        "right_low": low,
        "right_high": high,
        "right_without_threshold": float(proof.right.mean()),
        "floor": proof.floor,
        "replies_with_something_foreign": proof.foreign,
        "new": new,
        "new_replied": sum(_is_given(one, proof.threshold) for one in made),
    }
    if proof.threshold is not None:
        figures["threshold"] = proof.threshold
    return figures


def _table(proof: ReplyProof, asked: Desk, made: Sequence[Reply], taught: Desk) -> pl.DataFrame:
    """Questions with their replies; without new ones the held-out questions, for comparison."""
    given = [_is_given(one, proof.threshold) for one in made]
    return with_columns_behind(
        asked.data,
        {
            "reply": [
                one.text if is_given else None for one, is_given in zip(made, given, strict=True)
            ],
            "goes to": ["the customer" if is_given else "a person" for is_given in given],
            "sureness": [round(one.sureness, 4) for one in made],
            "from row": [taught.data.row_number(one.row) for one in made],
        },
    )

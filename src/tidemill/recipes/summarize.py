"""What each text says, in sentences of its own: nothing is written anew, so nothing is made up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.run import Run
from tidemill.core.text_tokens import is_unspaced
from tidemill.core.words import count, number, percent, plural
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
    longest_texts,
    shown_text,
    some_rows,
    texts_of,
    with_columns_behind,
)
from tidemill.reporting.blocks import (
    Block,
    Callout,
    Heading,
    Level,
    Listing,
    Paragraph,
    TableBlock,
)
from tidemill.writing.summaries import lead_of, rouge, sentences_of, summary_of

_MEASURED = 500
"""Rows that are measured beside their reference."""
_DRAWS = 2_000
_OF_GROUP = 300
"""Texts of a group that are read for its summary."""
_SENTENCE = 200
"""Characters of a group's sentence that are shown."""
_MOST_GROUPS = 50
_FEWEST_MEASURED = 20


@dataclass(frozen=True)
class Summaries:
    """The texts of a table and what they were cut to.

    Attributes:
        name: The column.
        texts: (n,) as they are; "" for none.
        sentences: (n,) of each summary.
        most: How many sentences a summary may have.
    """

    name: str
    texts: Sequence[str]
    sentences: Sequence[Sequence[str]]
    most: int

    @property
    def there(self) -> list[int]:
        """Rows that have a text."""
        return [row for row, text in enumerate(self.texts) if text]

    @property
    def shortened(self) -> list[int]:
        """Rows whose summary leaves something out."""
        return [
            row
            for row in self.there
            if len(self.sentences[row]) < len(sentences_of(self.texts[row]))
        ]

    @property
    def share(self) -> float:
        """What is left of the texts that were shortened, of their characters."""
        rows = self.shortened
        whole = sum(len(self.texts[row]) for row in rows)
        kept = sum(len(sentence) for row in rows for sentence in self.sentences[row])
        return kept / whole if whole else 1.0

    def joined(self, row: int) -> str:
        """A summary as one text."""
        return _joined(self.sentences[row])

    def unfound(self) -> int:
        """Sentences that do not stand in their texts, each looked up again."""
        return sum(
            sentence not in self.texts[row]
            for row in self.there
            for sentence in self.sentences[row]
        )


def summarize(
    data: Dataset,
    run: Run,
    *,
    columns: Mapping[str, tuple[str, ...]],
    assumed: Mapping[str, float | str],
    output: RecipeOutput,
) -> RecipePage:
    """The page for whoever has more texts than time."""
    del output  # nothing of it is needed before the page is made
    [name] = columns["text"] or (longest_texts(data, "text"),)
    most = round(float(assumed["sentences"]))
    made = _summaries(data, name, most, run)
    reference, group = columns["summary"], columns["group"]
    measured = _measured(made, texts_of(data, reference[0]), run) if reference else None
    groups = _groups(made, data, group[0], run) if group else None
    blocks: list[Block | Refused] = [
        _head(made),
        *([Heading(f"What each {group[0]} says", 2, "groups"), *groups[0]] if groups else ()),
        Heading("Some of them", 2, "some"),
        *_some(made, run),
        Heading("How good are they?", 2, "quality"),
        *_quality(measured, reference),
        Heading("What this page cannot say", 2, "limits"),
        Listing(_limits(made)),
    ]
    tables = {"summaries": _table(made, data)} | ({"groups": groups[1]} if groups else {})
    return RecipePage(
        "What the texts say, in their own sentences",
        tuple(blocks),
        _text(made, measured),
        subtitle=name,
        figures=_figures(made, measured),
        tables=tables,
        made=(
            ("Texts", f"{plural(len(made.there), 'text')} of '{name}'"),
            ("Sentences", f"{plural(most, 'sentence')} of each text at most"),
        ),
    )


SUMMARIZE = Recipe(
    summarize,
    columns=(
        RecipeColumn("text", "what is to be told shortly", required=False),
        RecipeColumn("summary", "the same in few words, by a person", required=False),
        RecipeColumn("group", "which texts belong together", required=False),
    ),
    assumptions=(Assumption("sentences", 3.0, "sentences of a summary at most", 1, 20),),
    tables=("summaries", "groups"),
)


def _summaries(data: Dataset, name: str, most: int, run: Run) -> Summaries:
    texts = texts_of(data, name)
    if not any(texts):
        raise DataError(
            f"the column '{name}' holds no text",
            where=data.name,
            hint="name another one with option 'column=text=COL'",
        )
    found: list[Sequence[str]] = []
    for text in run.track(texts, "summarize", "picks sentences"):
        run.check()
        found.append(summary_of(text, most) if text else ())
    return Summaries(name, texts, found, most)


def _joined(sentences: Sequence[str]) -> str:
    parts = "".join(sentences)
    return parts if is_unspaced(parts) else " ".join(sentences)


def _table(made: Summaries, data: Dataset) -> pl.DataFrame:
    joined = [made.joined(row) or None for row in range(len(made.texts))]
    return with_columns_behind(data, {"summary": joined})


# --- the head -------------------------------------------------------------------------------------


def _verified(made: Summaries) -> str:
    unfound = made.unfound()
    total = sum(len(made.sentences[row]) for row in made.there)
    if unfound:
        return f"{count(unfound)} of {plural(total, 'sentence')} do not stand in their text."
    return (
        f"All {plural(total, 'sentence')} stand in their text, character by character: each was "
        "looked up again."
    )


def _lead(made: Summaries) -> str:
    shorter = len(made.shortened)
    if not shorter:
        return (
            f"None of the {plural(len(made.there), 'text')} has more than "
            f"{plural(made.most, 'sentence')}, so all stay as they are."
        )
    return (
        f"{plural(shorter, 'text')} with more than {plural(made.most, 'sentence')} can be read in "
        f"{percent(made.share)} of their length."
    )


def _head(made: Summaries) -> Block:
    level: Level = "warning" if made.unfound() else "good"
    return Callout(level, _lead(made), _verified(made))


def _quality(measured: Measured | None, reference: tuple[str, ...]) -> list[Block | Refused]:
    if not reference:
        return [
            Refused(
                "How good the summaries are cannot be said.",
                "No column holds summaries by a person to compare with.",
                "such a column, named with option 'column=summary=COL'; some "
                f"{_FEWEST_MEASURED} rows of it are enough.",
            )
        ]
    if measured is None:
        return [
            Refused(
                "How good the summaries are cannot be said.",
                f"Fewer than {_FEWEST_MEASURED} texts that were shortened have a summary in "
                f"'{reference[0]}'.",
                f"summaries by a person of at least {_FEWEST_MEASURED} texts.",
            )
        ]
    return measured.blocks()


# --- beside a person's summaries ------------------------------------------------------------------


@dataclass(frozen=True)
class Measured:
    """Summaries beside those of a person, and so the first sentences of the same texts.

    Attributes:
        rows: How many were compared.
        own, lead: ROUGE-1, ROUGE-2 and ROUGE-L on average, of the summaries and of as many first
            sentences.
        low, high: The 95 % interval of how much more of the words (ROUGE-1) the summaries share.
    """

    rows: int
    own: tuple[float, float, float]
    lead: tuple[float, float, float]
    low: float
    high: float

    def sentence(self) -> str:
        """What it comes to."""
        gain = self.own[0] - self.lead[0]
        between = f"(95 % interval of the difference {number(self.low)} to {number(self.high)})"
        if self.low > 0:
            said = "They share more words with a person's summary than the first sentences do"
        elif self.high < 0:
            said = "The first sentences share more words with a person's summary than these do"
        else:
            said = "No difference to simply the first sentences is sure"
        return (
            f"{said}: ROUGE-1 {number(self.own[0])} beside {number(self.lead[0])}, "
            f"{number(abs(gain))} {'more' if gain >= 0 else 'less'} {between}."
        )

    def blocks(self) -> list[Block | Refused]:
        """The figures, and what to do where the first sentences are better."""
        level: Level = "good" if self.low > 0 else "note"
        rows = tuple(
            (name, number(own), number(lead))
            for name, own, lead in zip(
                ("ROUGE-1: words", "ROUGE-2: pairs of words", "ROUGE-L: words in their order"),
                self.own,
                self.lead,
                strict=True,
            )
        )
        advice = ""
        if self.high < 0:
            level = "warning"
            advice = "For texts like these, whose beginning says it all, read the first sentences."
        return [
            Callout(level, self.sentence(), advice),
            TableBlock(
                ("What is shared with a person's summary", "These summaries", "First sentences"),
                rows,
                f"{plural(self.rows, 'text')} that were shortened and have a person's summary; "
                "1 would be the same words",
            ),
        ]


def _measured(made: Summaries, references: Sequence[str], run: Run) -> Measured | None:
    rows = [row for row in made.shortened if references[row]]
    if len(rows) < _FEWEST_MEASURED:
        return None
    rows = some_rows(rows, _MEASURED, run)
    scores = np.array(
        [
            [
                _rouges(made.joined(row), references[row]),
                _rouges(_lead_of(made, row), references[row]),
            ]
            for row in run.track(rows, "measure", "compares with a person's summaries")
        ]
    )
    gain = scores[:, 0, 0] - scores[:, 1, 0]
    rng = run.rng("recipes", "resampling")
    drawn = [float(gain[rng.integers(len(gain), size=len(gain))].mean()) for _ in range(_DRAWS)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    own, lead = scores.mean(axis=0).tolist()
    return Measured(len(rows), tuple(own), tuple(lead), float(low), float(high))


def _rouges(summary: str, reference: str) -> tuple[float, float, float]:
    found = rouge(summary, reference)
    return found.one, found.two, found.longest


def _lead_of(made: Summaries, row: int) -> str:
    return _joined(lead_of(made.texts[row], len(made.sentences[row])))


# --- groups and some of the texts -----------------------------------------------------------------


def _groups(
    made: Summaries, data: Dataset, group: str, run: Run
) -> tuple[list[Block | Refused], pl.DataFrame]:
    """The sentences that texts of a group have most in common, with the rows that they stand in."""
    of_group: dict[str, list[int]] = {}
    for row, value in enumerate(data[group].cast(pl.String).to_list()):
        if made.texts[row] and value is not None:
            of_group.setdefault(value, []).append(row)
    largest = sorted(of_group, key=lambda value: (-len(of_group[value]), value))[:_MOST_GROUPS]
    found = []
    for value in run.track(largest, "groups", "picks sentences of groups"):
        rows = run.rng("recipes", "group", value).permutation(of_group[value])[:_OF_GROUP]
        for sentence in summary_of("\n".join(made.texts[row] for row in rows), made.most):
            row = next(row for row in rows if sentence in made.texts[row])
            found.append((value, len(of_group[value]), sentence, data.row_number(int(row))))
    table = pl.DataFrame(found, (group, "texts", "sentence", "row"), orient="row")
    left = len(of_group) - len(largest)
    said = (
        "The sentences that most others of a group are like, and the row that each stands in. "
        f"Of a group up to {plural(_OF_GROUP, 'text')} drawn at random are read."
    )
    if left:
        said += f" {plural(left, 'smaller group')} are left out."
    shown = tuple(
        (value, texts, shown_text(sentence, _SENTENCE), row)
        for value, texts, sentence, row in found
    )
    block = TableBlock((group, "Texts", "Sentence", "Row"), shown, stacked=True)
    return [Paragraph(said), block], table


def _some(made: Summaries, run: Run) -> list[Block | Refused]:
    rows = some_rows(made.shortened, SHOWN, run)
    if not rows:
        return [Paragraph("No text was shortened.")]
    said = (
        f"{plural(len(rows), 'text')} drawn at random, none chosen; long ones are cut. Personal "
        "data that are found in them are masked here; the file summaries.csv has all as it is."
    )
    shown = tuple((shown_text(made.texts[row]), shown_text(made.joined(row))) for row in rows)
    return [Paragraph(said), TableBlock(("Text", "Summary"), shown, stacked=True)]


def _limits(made: Summaries) -> tuple[str, ...]:
    whole = len(made.there) - len(made.shortened)
    empty = len(made.texts) - len(made.there)
    said = [
        "A sentence that stands in its text may still mislead out of its place: what 'it' or 'but' "
        "speaks of may be left out.",
        "Whether what a text says is true is not looked at.",
        "The sentences are those that most others of the text are like. Something that is said "
        "once only, such as a single complaint, is the first thing to be left out.",
    ]
    if whole:
        said.append(f"{plural(whole, 'text')} were short already, and stand as they are.")
    if empty:
        said.append(f"{plural(empty, 'row')} have no text.")
    return tuple(said)


def _text(made: Summaries, measured: Measured | None) -> tuple[str, ...]:
    lines = [f"Summaries: {_lead(made)}", f"Checked: {_verified(made)}"]
    if measured is not None:
        lines.append(f"Quality: {measured.sentence()}")
    return tuple(lines)


def _figures(made: Summaries, measured: Measured | None) -> dict[str, float]:
    figures: dict[str, float] = {
        "texts": len(made.there),
        "shortened": len(made.shortened),
        "share_left": made.share,
        "sentences": sum(len(made.sentences[row]) for row in made.there),
        "sentences_not_found": made.unfound(),
    }
    if measured is not None:
        names = ("rouge_1", "rouge_2", "rouge_l")
        figures["measured"] = measured.rows
        figures |= dict(zip(names, measured.own, strict=True))
        figures |= {f"lead_{name}": value for name, value in zip(names, measured.lead, strict=True)}
        figures |= {"rouge_1_gain_low": measured.low, "rouge_1_gain_high": measured.high}
    return figures

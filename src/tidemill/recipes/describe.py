"""Descriptions for the rows of a catalogue, each checked to be true of its row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from tidemill import verbs
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.persons import persons_of
from tidemill.core.run import Run
from tidemill.core.words import count, listing, percent, plural, quoted
from tidemill.recipes.base import Assumption, Recipe, RecipeColumn, RecipeOutput, RecipePage
from tidemill.recipes.texts import (
    SHOWN,
    language_of,
    shown_text,
    shown_values,
    some_rows,
    texts_of,
    values_of,
    with_columns_behind,
)
from tidemill.recipes.writers import TEMPLATE, WRITER_OPTIONS, opened_writer
from tidemill.reporting.blocks import (
    Block,
    Callout,
    Figures,
    Heading,
    Level,
    Listing,
    Pairs,
    Paragraph,
    TableBlock,
    Tile,
)
from tidemill.synthesis.synthesizer import Synthesizer
from tidemill.writing.checks import refusals
from tidemill.writing.drafting import Drafted, DraftingAccount, drafted, drafting_account
from tidemill.writing.examples import Examples, examples_of
from tidemill.writing.template import Template, template_of
from tidemill.writing.writer import LANGUAGES, Ask, Language

_CALLED = re.compile(r"descri|text$|blurb|caption|描述|介绍|文案|说明|简介", re.IGNORECASE)
"""What columns of descriptions are called."""
_SAID = ("number", "category", "boolean", "datetime", "text")
"""Kinds whose values are said where the user names no columns."""
_INSTRUCTION: Mapping[Language, str] = {
    "en": "Describe the product for a customer in one or two sentences.",
    "zh": "用一两句话向顾客介绍这件商品。",
}
_HELD = 0.1
"""Of rows that all have a description: the share that is written anew, unseen."""
_SHOTS = 2
_LOOKED_AT = 2_000
"""Written descriptions among which examples are looked for."""


@dataclass(frozen=True)
class Catalogue:
    """The rows that get a description, and those that have one to learn from.

    Attributes:
        data: The table.
        text: The column of descriptions; None for none.
        attributes: The columns that are said.
        values: (rows,) name -> value of each row.
        texts: (rows,) the descriptions; "" for none.
        asked, taught: Rows that get one, and rows that are learned from.
        held: Whether the asked rows have a description of their own, which nothing has seen.
        language: Of what is written.
    """

    data: Dataset
    text: str | None
    attributes: tuple[str, ...]
    values: Sequence[Mapping[str, str]]
    texts: Sequence[str]
    asked: Sequence[int]
    taught: Sequence[int]
    held: bool
    language: Language


@dataclass(frozen=True)
class WrittenCatalogue:
    """What was written, and what a look by other means finds in it.

    Attributes:
        catalogue: What was asked for.
        texts: One for each asked row.
        account: What came of them.
        template: What drafted them.
        again: What the second look finds.
    """

    catalogue: Catalogue
    texts: Sequence[Drafted]
    account: DraftingAccount
    template: Template
    again: SecondLook

    @property
    def delivered(self) -> list[tuple[int, Drafted]]:
        """The asked rows that have a text now, with it."""
        pairs = zip(self.catalogue.asked, self.texts, strict=True)
        return [(row, one) for row, one in pairs if one.text is not None]


@dataclass(frozen=True)
class SecondLook:
    """What is found in delivered texts by plainer means than those of the check.

    Attributes:
        texts, values: How many texts and values were looked at.
        as_they_are: Values that stand in their text letter by letter.
        foreign_numbers: Texts with a run of digits that their row does not have.
        foreign_values: Texts with a value of another row's, of a column with few values.
    """

    texts: int
    values: int
    as_they_are: int
    foreign_numbers: int
    foreign_values: int


def describe(
    data: Dataset,
    run: Run,
    *,
    columns: Mapping[str, tuple[str, ...]],
    assumed: Mapping[str, float | str],
    output: RecipeOutput,
    writer: str = TEMPLATE,
    model_options: Mapping[str, Any] | None = None,
) -> RecipePage:
    """The page for whoever answers for a catalogue."""
    del output  # nothing of it is needed before the page is made
    catalogue = _catalogue(data, columns, assumed, run)
    written = _written(catalogue, writer, model_options, assumed, run)
    blocks = (
        *_head(written),
        Heading("Some of them", 2, "some"),
        *_some(written, run),
        Heading("Who wrote them?", 2, "who"),
        *_who(written),
        Heading("Are they true?", 2, "check"),
        *_check(written),
        Heading("What this page cannot say", 2, "limits"),
        Listing(_limits(written, round(float(assumed["words"])))),
    )
    return RecipePage(
        "Descriptions for a catalogue",
        blocks,
        _text(written),
        subtitle=f"{plural(len(catalogue.asked), 'row')}, in {LANGUAGES[catalogue.language]}",
        figures=_figures(written),
        tables={"descriptions": _table(written)},
        made=_made(written, writer),
    )


DESCRIBE = Recipe(
    describe,
    columns=(
        RecipeColumn("text", "how rows are described already", required=False),
        RecipeColumn(
            "attribute", "something that each description has to say", False, several=True
        ),
    ),
    options=WRITER_OPTIONS,
    assumptions=(
        Assumption("most", 1_000.0, "rows that are described at most", 1),
        Assumption("tries", 3.0, "texts that the writer is asked for at most, for each row", 1, 20),
        Assumption(
            "words",
            0.0,
            "words that a text may have and neither its row nor a text that was shown has",
            0,
            1_000,
        ),
        Assumption("longest", 600.0, "characters of a description at most", 40, 5_000),
    ),
    tables=("descriptions",),
)


# --- what is asked for ----------------------------------------------------------------------------


def _catalogue(
    data: Dataset,
    columns: Mapping[str, tuple[str, ...]],
    assumed: Mapping[str, float | str],
    run: Run,
) -> Catalogue:
    text = columns["text"][0] if columns["text"] else _found_text(data)
    attributes = columns["attribute"] or _found_attributes(data, text)
    if not attributes:
        raise DataError(
            "no column holds what a description could say",
            where=data.name,
            hint="name one with option 'column=attribute=COL'",
        )
    values = values_of(data, attributes)
    texts = texts_of(data, text) if text else [""] * len(data)
    taught = [row for row, one in enumerate(texts) if one]
    asked = [row for row, one in enumerate(texts) if not one and values[row]]
    most = round(float(assumed["most"]))
    held = not asked
    if held:
        number = min(most, max(1, round(_HELD * len(taught))))
        asked = some_rows(taught, number, run)
        taught = sorted({*taught} - {*asked})
    elif len(asked) > most:
        asked = some_rows(asked, most, run)
    said = [texts[row] for row in taught] or [" ".join(values[row].values()) for row in asked]
    return Catalogue(
        data, text, attributes, values, texts, asked, taught, held, language_of(said, data)
    )


def _found_text(data: Dataset) -> str | None:
    """The column of free text that is called as descriptions are; None where there is none."""
    named = [
        column.name
        for column in data.schema
        if column.kind == "text" and column.role != "ignore" and _CALLED.search(column.name)
    ]
    if len(named) > 1:
        raise DataError(
            f"which column holds the descriptions, {quoted(named)}, cannot be told",
            where=data.name,
            hint="name it with option 'column=text=COL'",
        )
    return named[0] if named else None


def _found_attributes(data: Dataset, text: str | None) -> tuple[str, ...]:
    return tuple(
        column.name
        for column in data.schema
        if column.kind in _SAID
        and column.role not in ("ignore", "key", "entity")
        and column.choice is None
        and not column.personal
        and column.name != text
    )


# --- writing --------------------------------------------------------------------------------------


def _written(
    catalogue: Catalogue,
    said: str,
    given: Mapping[str, Any] | None,
    assumed: Mapping[str, float | str],
    run: Run,
) -> WrittenCatalogue:
    taught = catalogue.taught
    texts = [catalogue.texts[row] for row in taught]
    rows = [catalogue.values[row] for row in taught]
    persons = persons_of(catalogue.data.rows(np.array(taught, dtype=np.int64))) if taught else None
    template = template_of(texts, rows, None if persons is None else persons.tolist())
    asks = [
        Ask(
            _INSTRUCTION[catalogue.language],
            catalogue.values[row],
            language=catalogue.language,
            longest=round(float(assumed["longest"])),
            own_words=round(float(assumed["words"])),
        )
        for row in catalogue.asked
    ]
    with opened_writer(said, given, _OwnTexts(catalogue)) as writer:
        made = drafted(
            asks,
            template,
            writer,
            run,
            tries=round(float(assumed["tries"])),
            examples=_true_examples(catalogue, template, run) if writer else None,
            shots=_SHOTS,
        )
        account = drafting_account(made, writer)
    return WrittenCatalogue(catalogue, made, account, template, _second_look(catalogue, made))


def _true_examples(catalogue: Catalogue, template: Template, run: Run) -> Examples | None:
    """Written descriptions that would pass the check themselves: one that says what its row does
    not have shows a writer how to invent."""
    passing = []
    for row in some_rows(catalogue.taught, _LOOKED_AT, run):
        ask = Ask(
            _INSTRUCTION[catalogue.language], catalogue.values[row], language=catalogue.language
        )
        if not refusals(catalogue.texts[row], ask, template.lexicon):
            passing.append(row)
    return examples_of(
        [catalogue.texts[row] for row in passing], [catalogue.values[row] for row in passing]
    )


class _OwnTexts:
    """Texts of a model that learns from the descriptions, when it is asked first."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._model: Synthesizer | None = None
        self._row_of = {_key(catalogue.values[row]): row for row in catalogue.asked}

    def __call__(self, rows: Sequence[Mapping[str, str]], run: Run) -> list[str | None]:
        catalogue = self.catalogue
        if catalogue.text is None or not catalogue.taught:
            raise DataError(
                "a model of your own texts has none to learn from",
                where=catalogue.data.name,
                hint="name the column of written descriptions with option 'column=text=COL', "
                "or leave option 'writer' out",
            )
        if self._model is None:
            train = catalogue.data.rows(np.array(catalogue.taught, dtype=np.int64))
            wanted = [*catalogue.attributes, catalogue.text]
            self._model = verbs.fit(train.select(wanted), run=run.child("own"))
        at = np.array([self._row_of[_key(row)] for row in rows], dtype=np.int64)
        asked = catalogue.data.rows(at).select(catalogue.attributes)
        parts = self._model.infill_parts(asked, run=run)
        return [text or None for part in parts for text in texts_of(part, catalogue.text)]


def _key(values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(values.items()))


# --- a second look --------------------------------------------------------------------------------


def _second_look(catalogue: Catalogue, made: Sequence[Drafted]) -> SecondLook:
    """Counts by letters and digits alone what the check tells by words, units and names."""
    few = {
        name: frozenset(row[name] for row in catalogue.values if name in row)
        for name in catalogue.attributes
        if catalogue.data.schema[name].kind == "category"
    }
    texts = values = as_they_are = foreign_numbers = foreign_values = 0
    for row, one in zip(catalogue.asked, made, strict=True):
        if one.text is None:
            continue
        own = catalogue.values[row]
        said = _plain(one.text)
        given = " | ".join(_plain(part) for part in (*own, *own.values()))
        texts += 1
        values += len(own)
        as_they_are += sum(_plain(value) in said for value in own.values())
        foreign_numbers += not _numbers(said) <= _numbers(given)
        foreign_values += any(
            _has(said, _plain(value)) and not _has(given, _plain(value))
            for name, levels in few.items()
            for value in levels
            if value != own.get(name) and len(value) > 2
        )
    return SecondLook(texts, values, as_they_are, foreign_numbers, foreign_values)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _numbers(text: str) -> set[str]:
    """Numbers in digits, without marks between them or zeros at their ends; it knows no units and
    no number in words.

    Example:
        >>> sorted(_numbers("1,234.50 EUR, not 1234.5 or 8 x 007"))
        ['1234.5', '7', '8']
    """
    found = set()
    for run in re.findall(r"\d+(?:[.,]\d+)*", text):
        whole, decimals = run, ""
        if mark := re.search(r"[.,](\d{1,2})$", run):
            whole, decimals = run[: mark.start()], mark[1].rstrip("0")
        digits = re.sub("[.,]", "", whole).lstrip("0") or "0"
        found.add(f"{digits}.{decimals}" if decimals else digits)
    return found


def _has(text: str, part: str) -> bool:
    return re.search(rf"(?<![a-z0-9]){re.escape(part)}(?![a-z0-9])", text) is not None


# --- the page -------------------------------------------------------------------------------------


def _head(written: WrittenCatalogue) -> list[Block]:
    account, again = written.account, written.again
    delivered = len(written.delivered)
    by_template = account.delivered.get(TEMPLATE, 0)
    only_lists = by_template == delivered and not written.template.patterns
    is_good = delivered == account.asked and not _doubts(again) and not only_lists
    level: Level = "good" if is_good else "note"
    tiles = [
        Tile(count(delivered), "descriptions", f"of {plural(account.asked, 'row')} without one")
        if not written.catalogue.held
        else Tile(count(delivered), "descriptions", "of rows that have one, for comparison"),
        *(
            Tile(percent(number, delivered), f"by {_NAMES.get(origin, origin)}", count(number))
            for origin, number in account.delivered.items()
        ),
    ]
    blocks: list[Block] = [Callout(level, _lead(written), _sure(again)), Figures(tuple(tiles))]
    zeros = _zeros(written.catalogue)
    if zeros:
        blocks.append(Callout("warning", "Before you use them", items=zeros))
    if only_lists and delivered:
        blocks.append(
            Callout(
                "note",
                "These are lists, as no sentence could be learned.",
                "A sentence becomes part of the template where five rows or more have it, with "
                "their own values in it, and most rows that it fits. Write some descriptions "
                "yourself, or let a model reword the lists with option 'writer=local=FILE.gguf'.",
            )
        )
    return blocks


_NAMES = {"template": "the template", "local": "a model on this machine", "endpoint": "a server",
          "own": "a model of your own texts"}  # fmt: skip


def _zeros(catalogue: Catalogue) -> tuple[str, ...]:
    """Warnings of zeros among amounts, which may stand for what is not known."""
    asked = catalogue.data.rows(np.array(catalogue.asked, dtype=np.int64))
    said = []
    for name in catalogue.attributes:
        known = catalogue.data[name].drop_nulls()
        if catalogue.data.schema[name].kind != "number" or known.min() != 0:
            continue
        zeros = int((asked[name] == 0).sum())
        if zeros:
            said.append(
                f"'{name}' is 0 in {plural(zeros, 'row')}, and their descriptions say so. If that "
                "means that it is not known, leave these cells empty."
            )
    return tuple(said)


def _lead(written: WrittenCatalogue) -> str:
    account = written.account
    delivered = len(written.delivered)
    if delivered == account.asked:
        return f"{plural(delivered, 'description')}, one for each row that was asked for."
    left = account.asked - delivered
    return (
        f"{plural(delivered, 'description')}; {plural(left, 'row')} got none, as nothing passed "
        "the check."
    )


def _doubts(again: SecondLook) -> int:
    return again.foreign_numbers + again.foreign_values


def _sure(again: SecondLook) -> str:
    if not again.texts:
        return "Nothing was delivered."
    said = (
        "Each says all values of its row and passed the check. A second look by letters and digits "
        f"alone finds {percent(again.as_they_are, again.values)} of the values as they are"
    )
    if not _doubts(again):
        return f"{said}, no number and no value of another row."
    found = [
        f"{plural(number, 'text')} with {what}"
        for number, what in (
            (again.foreign_numbers, "a number that it cannot find in the row"),
            (again.foreign_values, "a value of another row"),
        )
        if number
    ]
    return f"{said}, and {listing(found)}: read these before you use them."


def _some(written: WrittenCatalogue, run: Run) -> list[Block]:
    catalogue = written.catalogue
    text_of = dict(written.delivered)
    rows = some_rows([*text_of], SHOWN, run)
    if not rows:
        return [Paragraph("There is none.")]
    said = f"{plural(len(rows), 'description')} drawn at random, none chosen."
    columns = ["Row", "Description", "By"]
    if catalogue.held:
        columns.insert(2, "Its own description")
        said += " Their rows have descriptions of their own, which no writer has seen."
    shown = []
    for row in rows:
        one = text_of[row]
        cells = [shown_values(catalogue.values[row]), shown_text(one.text or "", 1_000)]
        if catalogue.held:
            cells.append(shown_text(catalogue.texts[row]))
        shown.append((*cells, one.origin))
    return [Paragraph(said), TableBlock(tuple(columns), tuple(shown), stacked=True)]


def _who(written: WrittenCatalogue) -> list[Block]:
    account = written.account
    rows = tuple(
        (model, number, percent(number, account.asked)) for model, number in account.models.items()
    )
    blocks: list[Block] = [
        TableBlock(("Written by", "Descriptions", "Of all that were asked for"), rows),
        Listing(account.sentences()[1:]),
    ]
    if account.refused:
        refused = tuple((reason, number) for reason, number in account.refused.items())
        blocks += [
            Heading("What was refused, and why"),
            Paragraph(
                "A text that is refused is written again, and in the end the template's is taken. "
                "A text may have several reasons."
            ),
            TableBlock(("A text", "Times"), refused[:SHOWN]),
        ]
    return [block for block in blocks if not (isinstance(block, Listing) and not block.items)]


def _check(written: WrittenCatalogue) -> list[Block]:
    again = written.again
    numbers = (
        ("Descriptions looked at", count(again.texts)),
        ("Values of their rows", count(again.values)),
        ("Values that stand in them letter by letter", percent(again.as_they_are, again.values)),
        ("Descriptions with a number that their row has not", count(again.foreign_numbers)),
        ("Descriptions with a value of another row", count(again.foreign_values)),
    )
    told = (
        "Each text passed a check before it was delivered: it says every value, with its unit, "
        "in any common form, and no other number, name or value. The second look below is made by "
        "other means: it compares letters and runs of digits, and knows no units, forms or words "
        "for numbers, so it counts 'two' for 2 as a value that it does not find."
    )
    return [Paragraph(told), Pairs(numbers if again.values else numbers[:1])]


def _free_words(catalogue: Catalogue, words: int) -> str:
    if catalogue.language == "zh" or words:
        return (
            "An ordinary word that is not true, such as 'sturdy' or 'discounted', may pass the "
            "check. A writer other than the template may say one: read what it wrote."
        )
    return (
        "All words are those of the row, of its draft or of the descriptions that the writer was "
        "shown, or claim nothing; still a word of these may not be true of the row."
    )


def _limits(written: WrittenCatalogue, words: int) -> tuple[str, ...]:
    said = [
        _free_words(written.catalogue, words),
        "Whether the table is right is not looked at: a wrong price is described as it stands.",
        "Two values of one sort in each other's place, such as the materials of a lid and of a "
        "cup, are not told apart.",
    ]
    catalogue = written.catalogue
    left = sum(not one for one in catalogue.texts) - len(catalogue.asked)
    if not catalogue.held and left > 0:
        said.append(
            f"{plural(left, 'row')} without a description were left out: they have no value to be "
            "said, or are more than option 'assume=most=N' allows."
        )
    return tuple(said)


def _made(written: WrittenCatalogue, writer: str) -> tuple[tuple[str, str], ...]:
    catalogue = written.catalogue
    tells = written.account.tells
    used = ", ".join(f"{name} {number:,}" for name, number in written.account.counts.items())
    learned = plural(len(catalogue.taught), "written description")
    return (
        ("Said of each row", ", ".join(catalogue.attributes)),
        ("Learned from", f"{learned} of '{catalogue.text}'" if catalogue.text else "none"),
        ("Sentences of the template", count(len(written.template.patterns))),
        ("Writer", writer.partition("=")[0]),
        ("What writing took", used),
        ("What left this machine", tells or "nothing"),
    )


def _text(written: WrittenCatalogue) -> tuple[str, ...]:
    return (
        f"Written: {written.account.sentences()[0]}",
        f"Checked: {_sure(written.again)}",
    )


def _figures(written: WrittenCatalogue) -> dict[str, float]:
    account, again = written.account, written.again
    return {
        "asked": account.asked,
        "delivered": len(written.delivered),
        **{f"by_{origin}": number for origin, number in account.delivered.items()},
        "texts_tried": account.tries,
        **{f"writer_{name}": number for name, number in account.counts.items()},
        "values": again.values,
        "values_as_they_are": again.as_they_are,
        "texts_with_a_foreign_number": again.foreign_numbers,
        "texts_with_a_foreign_value": again.foreign_values,
    }


def _table(written: WrittenCatalogue) -> pl.DataFrame:
    catalogue = written.catalogue
    rows = catalogue.data.rows(np.array(catalogue.asked, dtype=np.int64))
    return with_columns_behind(
        rows,
        {
            "description": [one.text for one in written.texts],
            "origin": [one.origin for one in written.texts],
            "model": [one.model for one in written.texts],
            "tries": [one.tries for one in written.texts],
        },
    )

"""The chapter on texts: some made ones beside what their rows say, and how they are judged."""

from __future__ import annotations

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column
from tidemill.core.text_tokens import text_words
from tidemill.core.words import plural, shorten
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import Block, Details, Heading, Paragraph, TableBlock
from tidemill.reporting.trust import TEXTS, evidence, gauges
from tidemill.supervised.copied_runs import common_phrases, copied_parts, words_of_texts

SHOWN = 12
LONGEST = 400
"""Characters of a text that are shown."""
BESIDE = 3
"""Other columns that are shown beside texts."""
FEWEST_WORDS = 6
"""A shorter run of words is no text of somebody, unless it is a whole one."""
WITHHELD = "not shown: it is mostly a real text"
JUDGED = "text_detection"


def texts(account: ReportInput) -> list[Block]:
    """The first made texts, and their scores; no real text is shown."""
    made = account.synthetic
    columns = account.text_columns
    if made is None or not columns:
        return []
    blocks = _first(account, made, columns)
    found = account.scores or ()
    scores = [one for one in found if one.metric.startswith(TEXTS) and one.light is None]
    if not scores:
        return blocks
    main = [score for score in scores if score.metric == JUDGED] or scores
    others = [score for score in scores if score not in main]
    blocks += [
        Heading("Beside real texts"),
        Paragraph(
            "Left, the floor: words of training texts drawn one by one; of variety one text again "
            "and again, of agreement texts beside other rows, of copies the training texts. Green: "
            "real texts. Dot: the generated texts."
        ),
        *gauges(main),
    ]
    if others:
        blocks.append(Details("Variety, agreement and copies", tuple(gauges(others))))
    return [*blocks, *evidence(scores)]


def _first(account: ReportInput, made: Dataset, columns: list[str]) -> list[Block]:
    """The first rows that have texts, as cards on narrow pages."""
    shown = [made[name].cast(pl.String).to_list() for name in columns]
    there = [k for k in range(len(made)) if any(part[k] for part in shown)][:SHOWN]
    if not there:
        return []
    head = made.rows(np.array(there))
    beside = _beside(account, head)
    cells = [
        *([_value(value) for value in head[column.name]] for column in beside),
        *(_readable(account, head, name) for name in columns),
    ]
    titles = (*(column.name for column in beside), *columns)
    text = (
        f"The first {plural(len(there), 'generated text')}, none chosen. No real text is shown, "
        "and no generated one of which more than 80 % is one run of words of a real text."
    )
    return [Paragraph(text), TableBlock(titles, tuple(zip(*cells, strict=True)), stacked=True)]


def _beside(account: ReportInput, made: Dataset) -> list[Column]:
    """What is shown of the rows: the target, then categories, then numbers."""
    columns = [c for c in made.schema.modelled if c.name not in account.private_columns]
    order = ("category", "boolean", "number", "datetime")
    columns.sort(key=lambda c: (c.role != "target", order.index(c.kind)))
    return columns[:BESIDE]


def _readable(account: ReportInput, made: Dataset, name: str) -> list[str]:
    """The texts of a column, without those that are copied from real texts that few share."""
    parts = [part for part in (account.train, account.holdout) if part is not None]
    parts = [part for part in parts if name in part.schema]
    real = [words for part in parts for words in words_of_texts(part, [name]).words]
    common = {words for part in parts for words in common_phrases(part, [name])}
    found = [text or "" for text in made[name].cast(pl.String)]
    words = [tuple(text_words(text)) for text in found]
    parts_copied = copied_parts(words, real)
    long = np.array([len(text) >= FEWEST_WORDS for text in words])
    copied = parts_copied.whole | (parts_copied.mostly & long)
    return [
        WITHHELD if same and own not in common else _value(text)
        for text, own, same in zip(found, words, copied, strict=True)
    ]


def _value(value: object) -> str:
    return "missing" if value is None or value == "" else shorten(str(value), LONGEST)
